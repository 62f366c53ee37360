"""The inventory tree: buildings, licences, release batches, dictionaries' use, units and their areas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory import rules
from anchang.inventory.commands.states import announce, state_row
from anchang.inventory.models import (
    Building,
    DictionaryEntry,
    Layout,
    Licence,
    LicenceBuilding,
    ReleaseBatch,
    Unit,
    UnitStateChange,
)
from anchang.inventory.models.units import PriceBasis
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates, edits, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Day, Input, Label, Line, Quantity, Ref

Code = Annotated[str, PydanticField(min_length=1, max_length=20)]
Word = Annotated[str, PydanticField(max_length=30)]
Text50 = Annotated[str, PydanticField(min_length=1, max_length=50)]
Height = Annotated[Decimal, PydanticField(gt=0, lt=100, max_digits=6, decimal_places=2)]


def sort_key(label: str) -> str:
    """Numbers padded, so that texts sort as people count."""
    return re.sub(r"\d+", lambda m: m.group().zfill(6), label)[:200]


def unit_label(building: Building, code: str) -> str:
    return f"{building.name}-{code}"


# --- buildings -----------------------------------------------------------------------------------


class BuildingEdit(Input):
    phase: Annotated[Ref("phases") | None, Label(_("Phase"))] = None
    code: Annotated[Code | None, Label(_("Code"))] = None
    name: Annotated[Text50 | None, Label(_("Name"))] = None
    floors_above: Annotated[int | None, Label(_("Floors above ground")), Between(0, 300)] = None
    floors_below: Annotated[int | None, Label(_("Floors below ground")), Between(0, 30)] = None
    structure: Annotated[Text50 | None, Label(_("Structure"))] = None
    building_type: Annotated[Text50 | None, Label(_("Building type"))] = None
    handover_due_on: Annotated[Day | None, Label(_("Handover due"))] = None
    position: Annotated[int | None, Label(_("Position")), Between(0, 10_000)] = None


@edits(Building, label=_("Edit"))
def edit_building(ctx: Context, building: Building, data: BuildingEdit) -> Building:
    """A new name also renames its units' labels."""
    named = building.name
    _set(building, data, empty={"structure": "", "building_type": ""})
    if building.name != named:
        units = list(Unit.objects.filter(project=ctx.here, building=building).only("pk", "code", "project_id"))
        for unit in units:
            unit.label = unit_label(building, unit.code)
            unit.sort_key = sort_key(unit.label)
        Unit.objects.bulk_update(units, ["label", "sort_key"], batch_size=1000)
        ctx.index(units)
    ctx.event("record.edited", building, fields=", ".join(sorted(data.model_fields_set)))
    return building


def why_not_delete_building(building: Building) -> Refusal | None:
    return Refusal("building_has_units") if Unit.objects.filter(building=building).exists() else None


@command(Building, verb="delete", label=_("Delete"), shape="danger", refuses=why_not_delete_building)
def delete_building(ctx: Context, building: Building) -> dict[str, Any]:
    building.deleted_at = ctx.now
    building.save(update_fields=["deleted_at", "updated_at"])
    ctx.event("record.deleted", building)
    return {"id": building.pk, "deleted_at": ctx.now.isoformat()}


def _set(record: Any, data: Input, *, empty: Mapping[str, Any] | None = None, skip: Iterable[str] = ()) -> list[str]:
    """Write the sent fields of an edit. A null where the column can't be null is the empty value, else 422."""
    changed = []
    for name in data.model_fields_set - set(skip):
        value = getattr(data, name)
        if value is None and not record._meta.get_field(name).null:
            if name not in (empty or {}):
                raise DomainError("bad_input", status=422, fields={name: "required"})
            value = (empty or {})[name]
        setattr(record, name, value)
        changed.append(name)
    if changed:
        record.save(update_fields=[*changed, "updated_at"])
    return changed


# --- licences ------------------------------------------------------------------------------------


class LicenceInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    kind: Annotated[Licence.Kind, Label(_("Kind"), kind="choice", choices=dict(Licence.Kind.choices))] = (
        Licence.Kind.PRESALE
    )
    number: Annotated[str, Label(_("Number")), PydanticField(min_length=1, max_length=60)]
    issued_on: Annotated[Day, Label(_("Issued on"))]
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    buildings: Annotated[list[Ref("buildings")], Label(_("Buildings"))] = []  # noqa: RUF012 (pydantic copies it)
    escrow_bank: Annotated[str, Label(_("Escrow bank")), PydanticField(max_length=100)] = ""
    escrow_account: Annotated[str, Label(_("Escrow account")), PydanticField(max_length=60)] = ""
    escrow_name: Annotated[str, Label(_("Escrow account name")), PydanticField(max_length=100)] = ""
    note: Annotated[Line, Label(_("Note"))] = ""


class LicenceEdit(Input):
    kind: Annotated[
        Licence.Kind | None, Label(_("Kind"), kind="choice", choices=dict(Licence.Kind.choices))
    ] = None
    number: Annotated[str | None, Label(_("Number")), PydanticField(min_length=1, max_length=60)] = None
    issued_on: Annotated[Day | None, Label(_("Issued on"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    buildings: Annotated[list[Ref("buildings")] | None, Label(_("Buildings"))] = None
    escrow_bank: Annotated[str | None, Label(_("Escrow bank")), PydanticField(max_length=100)] = None
    escrow_account: Annotated[str | None, Label(_("Escrow account")), PydanticField(max_length=60)] = None
    escrow_name: Annotated[str | None, Label(_("Escrow account name")), PydanticField(max_length=100)] = None
    note: Annotated[Line | None, Label(_("Note"))] = None


@creates(Licence, label=_("New licence"))
def add_licences(ctx: Context, rows: list[LicenceInput]) -> list[Licence]:
    """A licence covers the units of its buildings that have none yet."""
    made = []
    for row in rows:
        _check_period(row.issued_on, row.valid_to)
        values = row.model_dump(exclude={"project", "buildings"})
        licence = Licence.objects.create(project=ctx.here, created_by_id=ctx.user_id, **values)
        cover(ctx, licence, row.buildings)
        ctx.event("record.created", licence)
        made.append(licence)
    ctx.index(made, fresh=True)
    return made


@edits(Licence, label=_("Edit"))
def edit_licence(ctx: Context, licence: Licence, data: LicenceEdit) -> Licence:
    """Buildings are added; a building stays covered while units of it are on sale under the licence."""
    _check_period(data.issued_on or licence.issued_on, data.valid_to or licence.valid_to)
    texts = dict.fromkeys(("escrow_bank", "escrow_account", "escrow_name", "note"), "")
    _set(licence, data, empty=texts, skip=["buildings"])
    if data.buildings is not None:
        LicenceBuilding.objects.filter(project=ctx.here, licence=licence).exclude(
            building_id__in=Unit.objects.filter(project=ctx.here, licence=licence).values("building_id")
        ).delete()
        cover(ctx, licence, data.buildings)
    ctx.event("record.edited", licence, fields=", ".join(sorted(data.model_fields_set)))
    ctx.index([licence])
    return licence


def _check_period(start: Any, end: Any) -> None:
    if end is not None and end < start:
        raise DomainError("bad_input", status=422, fields={"valid_to": "ends_before_start"})


def cover(ctx: Context, licence: Licence, buildings: Sequence[Building]) -> None:
    """Put buildings under the licence, and their units that have no licence."""
    LicenceBuilding.objects.bulk_create(
        [LicenceBuilding(project=ctx.here, licence=licence, building=building) for building in buildings],
        ignore_conflicts=True,
    )
    Unit.objects.filter(project=ctx.here, building__in=[b.pk for b in buildings], licence=None).update(
        licence=licence, updated_at=ctx.now
    )


# --- release batches -----------------------------------------------------------------------------


class BatchInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    code: Annotated[Code, Label(_("Code"))]
    name: Annotated[Text50, Label(_("Name"))]
    planned_on: Annotated[Day | None, Label(_("Planned for"))] = None


class TickInput(Input):
    item: Annotated[str, Label(_("Item")), PydanticField(min_length=1, max_length=60)]
    done: Annotated[bool, Label(_("Done"))] = True


@creates(ReleaseBatch, label=_("New release batch"))
def add_release_batches(ctx: Context, rows: list[BatchInput]) -> list[ReleaseBatch]:
    """A batch starts with the checklist of the project's parameter."""
    checks = [
        {"item": c["item"], "mandatory": bool(c.get("mandatory")), "done_on": None, "done_by": None}
        for c in ctx.param("inventory.release_checklist")
    ]
    made = [
        ReleaseBatch(
            project=ctx.here, created_by_id=ctx.user_id, code=row.code, name=row.name,
            planned_on=row.planned_on, checks=checks,
        )
        for row in rows
    ]  # fmt: skip
    ReleaseBatch.objects.bulk_create(made)
    for batch in made:
        ctx.event("record.created", batch)
    return made


@command(ReleaseBatch, verb="tick", label=_("Tick an item"))
def tick_check(ctx: Context, batch: ReleaseBatch, data: TickInput) -> ReleaseBatch:
    """Tick or untick one item of the checklist; who and when is kept with it."""
    found = [c for c in batch.checks if c["item"] == data.item]
    if not found:
        raise DomainError("bad_input", status=422, fields={"item": "not_found"})
    found[0]["done_on"] = ctx.business_date.isoformat() if data.done else None
    found[0]["done_by"] = ctx.actor.name if data.done else None
    batch.save(update_fields=["checks", "updated_at"])
    ctx.event("batch.ticked", batch, item=data.item, done=data.done)
    return batch


# --- units ---------------------------------------------------------------------------------------


class UnitFields(Input):
    product_type: Annotated[Word, Label(_("Product type"))] = "housing"
    layout: Annotated[Ref("layouts") | None, Label(_("Layout"))] = None
    orientation: Annotated[Word, Label(_("Orientation"))] = ""
    usage: Annotated[Word, Label(_("Usage"))] = ""
    storey_height: Annotated[Height | None, Label(_("Storey height"), kind="decimal")] = None
    price_basis: Annotated[
        PriceBasis | None, Label(_("Price basis"), kind="choice", choices=dict(PriceBasis.choices))
    ] = None
    licence: Annotated[Ref("licences") | None, Label(_("Licence"))] = None
    release_batch: Annotated[Ref("release-batches") | None, Label(_("Release batch"))] = None


class UnitInput(UnitFields):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    building: Annotated[Ref("buildings"), Label(_("Building"))]
    section: Annotated[Word, Label(_("Section"))] = ""
    floor: Annotated[int | None, Label(_("Floor")), Between(-20, 300)] = None
    room: Annotated[str, Label(_("Room")), PydanticField(min_length=1, max_length=60)]
    code: Annotated[str, Label(_("Code")), PydanticField(max_length=80)] = ""
    gross_area: Annotated[Quantity | None, Label(_("Gross area"), kind="area")] = None
    inner_area: Annotated[Quantity | None, Label(_("Inner area"), kind="area")] = None
    note: Annotated[str, Label(_("Note"), kind="longtext"), PydanticField(max_length=2000)] = ""


class UnitEdit(Input):
    section: Annotated[Word | None, Label(_("Section"))] = None
    floor: Annotated[int | None, Label(_("Floor")), Between(-20, 300)] = None
    product_type: Annotated[Word | None, Label(_("Product type"))] = None
    layout: Annotated[Ref("layouts") | None, Label(_("Layout"))] = None
    orientation: Annotated[Word | None, Label(_("Orientation"))] = None
    usage: Annotated[Word | None, Label(_("Usage"))] = None
    storey_height: Annotated[Height | None, Label(_("Storey height"), kind="decimal")] = None
    price_basis: Annotated[
        PriceBasis | None, Label(_("Price basis"), kind="choice", choices=dict(PriceBasis.choices))
    ] = None
    predicted_gross_area: Annotated[Quantity | None, Label(_("Predicted gross area"), kind="area")] = None
    predicted_inner_area: Annotated[Quantity | None, Label(_("Predicted inner area"), kind="area")] = None
    licence: Annotated[Ref("licences") | None, Label(_("Licence"))] = None
    release_batch: Annotated[Ref("release-batches") | None, Label(_("Release batch"))] = None
    decoration: Annotated[str | None, Label(_("Decoration")), PydanticField(max_length=100)] = None
    decoration_price: Annotated[Quantity | None, Label(_("Decoration price"), kind="money")] = None
    note: Annotated[str | None, Label(_("Note"), kind="longtext"), PydanticField(max_length=2000)] = None


@creates(Unit, label=_("New unit"))
def add_units(ctx: Context, rows: list[UnitInput]) -> list[Unit]:
    """Unreleased units. Price basis and required fields come from the product type's dictionary entry."""
    types = product_types(ctx)
    units = []
    for row in rows:
        unit = new_unit(
            ctx, row.building, room=row.room, code=row.code or row.room, section=row.section, floor=row.floor,
            product_type=row.product_type, layout=row.layout, orientation=row.orientation, usage=row.usage,
            storey_height=row.storey_height, predicted_gross_area=row.gross_area,
            predicted_inner_area=row.inner_area, licence=row.licence, release_batch=row.release_batch,
            price_basis=row.price_basis or basis_of(types, row.product_type), note=row.note,
        )  # fmt: skip
        check_product_type(types, unit)
        units.append(unit)
    save_new_units(ctx, units)
    for unit in units:
        ctx.event("record.created", unit)
    announce(ctx, units)
    return units


def new_unit(ctx: Context, building: Building, *, code: str, **values: Any) -> Unit:
    """An unsaved unit; its shared area follows from the other two."""
    unit = Unit(project=ctx.here, building=building, code=code, created_by_id=ctx.user_id, **values)
    unit.label = unit_label(building, code)
    unit.sort_key = sort_key(unit.label)
    unit.state_since = ctx.now
    _check_areas(unit)
    return unit


def _check_areas(unit: Unit) -> None:
    gross, inner = unit.predicted_gross_area, unit.predicted_inner_area
    if gross is not None and inner is not None:
        if inner > gross:
            raise DomainError("inner_above_gross", status=422, fields={"inner_area": "inner_above_gross"})
        if unit.predicted_shared_area is None:
            unit.predicted_shared_area = gross - inner


def save_new_units(ctx: Context, units: Sequence[Unit]) -> None:
    """Insert units with the first line of their history, and make them findable."""
    Unit.objects.bulk_create(units, batch_size=500)
    UnitStateChange.objects.bulk_create(
        [state_row(ctx, unit, unit.state) for unit in units], batch_size=2000
    )
    ctx.index(units, fresh=True)


def product_types(ctx: Context) -> dict[str, DictionaryEntry]:
    rows = DictionaryEntry.objects.filter(project=ctx.here, kind="product_type", active=True)
    return {entry.code: entry for entry in rows}


def basis_of(types: Mapping[str, DictionaryEntry], code: str) -> str:
    entry = types.get(code)
    return (entry.price_basis if entry else "") or PriceBasis.GROSS.value


def check_product_type(types: Mapping[str, DictionaryEntry], unit: Unit) -> None:
    """The type must stand in the project's dictionary, once it has one, and its required fields be filled."""
    if types and unit.product_type not in types:
        raise DomainError("bad_input", status=422, fields={"product_type": "bad_choice"})
    entry = types.get(unit.product_type)
    for name in entry.required_fields if entry else ():
        if hasattr(unit, name) and getattr(unit, name) in (None, ""):
            raise DomainError("bad_input", status=422, fields={name: "required"})


@edits(Unit, label=_("Edit"))
def edit_unit(ctx: Context, unit: Unit, data: UnitEdit) -> Unit:
    """State and prices have their own commands. What a published price rests on (areas, basis, licence) is
    refused with `unit_priced`: it needs the next edition of the list."""
    sent = data.model_fields_set
    fixed = {"predicted_gross_area", "predicted_inner_area", "price_basis", "licence"} & sent
    if unit.price_list_id and any(_differs(unit, data, name) for name in fixed):
        raise DomainError("unit_priced", unit=unit.label, fields=dict.fromkeys(sorted(fixed), "unit_priced"))
    texts = dict.fromkeys(("section", "orientation", "usage", "decoration", "note"), "")
    changed = _set(unit, data, empty=texts)
    if {"predicted_gross_area", "predicted_inner_area"} & set(changed):
        unit.predicted_shared_area = None
        _check_areas(unit)
        unit.save(update_fields=["predicted_shared_area"])
    if "product_type" in changed:
        check_product_type(product_types(ctx), unit)
    unit.refresh_from_db()
    ctx.event("record.edited", unit, fields=", ".join(sorted(changed)))
    announce(ctx, [unit])
    return unit


def _differs(unit: Unit, data: UnitEdit, name: str) -> bool:
    value = getattr(data, name)
    return getattr(unit, f"{name}_id") != getattr(value, "pk", None) if name == "licence" else getattr(unit, name) != value


def why_not_delete_unit(unit: Unit) -> Refusal | None:
    if unit.state not in (rules.UNRELEASED, rules.CONTROLLED) or unit.price_list_id:
        return Refusal("unit_in_use", {"unit": unit.label})
    return None


@command(Unit, verb="delete", label=_("Delete"), shape="danger", refuses=why_not_delete_unit)
def delete_unit(ctx: Context, unit: Unit) -> dict[str, Any]:
    """Into the recycle bin: only a unit that was never priced in public."""
    unit.deleted_at = ctx.now
    unit.save(update_fields=["deleted_at", "updated_at"])
    ctx.event("record.deleted", unit)
    return {"id": unit.pk, "deleted_at": ctx.now.isoformat()}


# --- quick generation ----------------------------------------------------------------------------


class PositionInput(Input):
    layout: Annotated[str, Label(_("Layout")), PydanticField(max_length=20)] = ""
    gross_area: Annotated[Quantity, Label(_("Gross area"))]
    inner_area: Annotated[Quantity, Label(_("Inner area"))]


class GenerateInput(Input):
    first_floor: Annotated[int, Label(_("First floor")), Between(-20, 300)] = 1
    last_floor: Annotated[int, Label(_("Last floor")), Between(-20, 300)]
    skip_floors: Annotated[list[int], Label(_("Floors left out"), kind="json")] = []  # noqa: RUF012
    sections: Annotated[list[Word], Label(_("Sections"), kind="json"), PydanticField(max_length=50)] = [""]  # noqa: RUF012
    positions: Annotated[
        list[PositionInput], Label(_("Units of a floor"), kind="json"), PydanticField(min_length=1, max_length=200)
    ]
    pattern: Annotated[str, Label(_("Numbering pattern")), PydanticField(max_length=60)] = "{floor}{index2}"
    continue_index: Annotated[bool, Label(_("Number on through the sections"))] = False
    product_type: Annotated[Word, Label(_("Product type"))] = "housing"
    preview: Annotated[bool, Label(_("Preview only"))] = False


@command(Building, verb="generate-units", label=_("Generate units"))
def generate_units(ctx: Context, building: Building, data: GenerateInput) -> dict[str, Any]:
    """All units of a building in one go (快速建房). With `preview` nothing is written.

    Raises `unit_exists` when a code is taken, `too_many_units`, `unit_codes_repeat`, `no_units_in_pattern`.
    """
    made = rules.generate_units(_pattern(data), int(ctx.param("inventory.max_units_generated")))
    layouts = _layouts_named(ctx, {unit.layout for unit in made} - {""})
    types = product_types(ctx)
    several = len(set(data.sections)) > 1
    units = [
        new_unit(
            ctx, building, room=u.code, section=u.section, floor=u.floor, layout=layouts.get(u.layout),
            code=f"{u.section}-{u.code}" if several and u.section else u.code, product_type=data.product_type,
            predicted_gross_area=u.gross_area, predicted_inner_area=u.inner_area,
            price_basis=basis_of(types, data.product_type),
        )
        for u in made
    ]  # fmt: skip
    codes = [unit.code for unit in units]
    taken = Unit.objects.filter(project=ctx.here, building=building, code__in=codes).order_by("sort_key")
    if first := taken.first():
        raise DomainError("unit_exists", unit=first.label)
    for unit in units:
        check_product_type(types, unit)
    if not data.preview:
        save_new_units(ctx, units)
        ctx.event("building.generated", building, building=building.name, count=len(units))
    return {"count": len(units), "units": [_preview(unit) for unit in units], "written": not data.preview}


def _pattern(data: GenerateInput) -> rules.BuildingPattern:
    return rules.BuildingPattern(
        first_floor=data.first_floor, last_floor=data.last_floor, sections=tuple(data.sections),
        positions=tuple(rules.Position(p.layout, p.gross_area, p.inner_area) for p in data.positions),
        code=data.pattern, skip_floors=frozenset(data.skip_floors), continue_index=data.continue_index,
    )  # fmt: skip


def _layouts_named(ctx: Context, codes: set[str]) -> dict[str, Layout]:
    found = {each.code: each for each in Layout.objects.filter(project=ctx.here, code__in=codes)}
    if missing := sorted(codes - set(found)):
        raise DomainError("layout_unknown", status=422, fields={"positions": "layout_unknown"}, layout=missing[0])
    return found


def _preview(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.pk, "code": unit.code, "section": unit.section, "floor": unit.floor,
        "layout": unit.layout.code if unit.layout else "",
        "gross_area": str(unit.predicted_gross_area), "inner_area": str(unit.predicted_inner_area),
    }  # fmt: skip


# --- surveyed areas ------------------------------------------------------------------------------


class MeasureInput(Input):
    gross_area: Annotated[Quantity, Label(_("Measured gross area"), kind="area")]
    inner_area: Annotated[Quantity, Label(_("Measured inner area"), kind="area")]


@command(Unit, verb="measure", label=_("Enter measured area"))
def measure_unit(ctx: Context, unit: Unit, data: MeasureInput) -> Unit:
    """Enter the completion survey's areas. They count once approved; entering anew takes approval back."""
    if data.inner_area > data.gross_area or not data.gross_area:
        raise DomainError("inner_above_gross", status=422, fields={"inner_area": "inner_above_gross"})
    unit.measured_gross_area, unit.measured_inner_area = data.gross_area, data.inner_area
    unit.measured_shared_area = data.gross_area - data.inner_area
    unit.measured_state, unit.measured_by_id = Unit.Measured.ENTERED, ctx.user_id
    unit.measured_approved_by_id, unit.measured_approved_on = None, None
    unit.save(update_fields=[
        "measured_gross_area", "measured_inner_area", "measured_shared_area", "measured_state", "measured_by",
        "measured_approved_by", "measured_approved_on", "updated_at",
    ])  # fmt: skip
    ctx.event("unit.measured", unit, unit=unit.label, area=str(data.gross_area))
    unit.refresh_from_db()
    return unit


def why_not_approve_area(unit: Unit) -> Refusal | None:
    return None if unit.measured_state == Unit.Measured.ENTERED else Refusal("nothing_measured")


@command(
    Unit, verb="approve-area", label=_("Approve measured area"), bulk=True, refuses=why_not_approve_area,
    show=lambda unit: unit.measured_state == Unit.Measured.ENTERED,
)  # fmt: skip
def approve_area(ctx: Context, unit: Unit) -> Unit:
    """From now on the measured areas are the unit's areas. Contracts keep theirs."""
    unit.measured_state = Unit.Measured.APPROVED
    unit.measured_approved_by_id, unit.measured_approved_on = ctx.user_id, ctx.business_date
    unit.save(update_fields=["measured_state", "measured_approved_by", "measured_approved_on", "updated_at"])
    unit.refresh_from_db()
    ctx.event("unit.area_approved", unit, unit=unit.label, area=str(unit.gross_area))
    announce(ctx, [unit])
    return unit
