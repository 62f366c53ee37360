"""The inventory tree: buildings, units and their areas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field as PydanticField

from anchang.inventory import rules
from anchang.inventory.commands.states import announce, state_row
from anchang.inventory.models import (
    Building,
    DictionaryEntry,
    Unit,
    UnitStateChange,
)
from anchang.inventory.models.units import PriceBasis
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.binning import put_in_bin, restorable
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Day, Input, Label, Quantity, Ref

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
    set_sent(building, data, empty={"structure": "", "building_type": ""})
    if building.name != named:
        units = list(
            Unit.objects.filter(project=ctx.here, building=building).only("pk", "code", "project_id")
        )
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
    return put_in_bin(ctx, building)


def set_sent(
    record: Any, data: Input, *, empty: Mapping[str, Any] | None = None, skip: Iterable[str] = ()
) -> list[str]:
    """Write the sent fields of an edit. A null for a column without nulls is its empty value or 422."""
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


# --- units ---------------------------------------------------------------------------------------


class UnitFields(Input):
    product_type: Annotated[Word, Label(_("Product type"))] = "housing"
    layout: Annotated[Ref("layouts") | None, Label(_("Layout"))] = None
    orientation: Annotated[Word, Label(_("Orientation"))] = ""
    view: Annotated[Word, Label(pgettext_lazy("unit", "View"))] = ""
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
    view: Annotated[Word | None, Label(pgettext_lazy("unit", "View"))] = None
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
            product_type=row.product_type, layout=row.layout, orientation=row.orientation, view=row.view,
            usage=row.usage,
            storey_height=row.storey_height, predicted_gross_area=row.gross_area,
            predicted_inner_area=row.inner_area, licence=row.licence, release_batch=row.release_batch,
            price_basis=row.price_basis or basis_of(types, row.product_type), note=row.note,
        )  # fmt: skip
        check_product_type(types, unit)
        units.append(unit)
    check_words(ctx, units, ("orientation", "usage"))
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
    UnitStateChange.objects.bulk_create([state_row(ctx, unit, unit.state) for unit in units], batch_size=2000)
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


def check_words(ctx: Context, units: Iterable[Unit], names: Iterable[str]) -> None:
    """Orientation and usage are words of the project's dictionary, once it has any of that kind."""
    for name in names:
        known = set(
            DictionaryEntry.objects.filter(project=ctx.here, kind=name, active=True).values_list("code", flat=True)
        )
        if known and any(getattr(unit, name) not in {"", *known} for unit in units):
            raise DomainError("bad_input", status=422, fields={name: "bad_choice"})


@edits(Unit, label=_("Edit"))
def edit_unit(ctx: Context, unit: Unit, data: UnitEdit) -> Unit:
    """State and prices have their own commands. What a published price rests on (areas, basis, licence) is
    refused with `unit_priced`: it needs the next edition of the list."""
    sent = data.model_fields_set
    fixed = {"predicted_gross_area", "predicted_inner_area", "price_basis", "licence"} & sent
    if unit.price_list_id and any(_differs(unit, data, name) for name in fixed):
        raise DomainError("unit_priced", unit=unit.label, fields=dict.fromkeys(sorted(fixed), "unit_priced"))
    texts = dict.fromkeys(("section", "orientation", "view", "usage", "decoration", "note"), "")
    changed = set_sent(unit, data, empty=texts)
    if {"predicted_gross_area", "predicted_inner_area"} & set(changed):
        unit.predicted_shared_area = None
        _check_areas(unit)
        unit.save(update_fields=["predicted_shared_area"])
    check_words(ctx, [unit], {"orientation", "usage"} & set(changed))
    if "product_type" in changed:
        check_product_type(product_types(ctx), unit)
    unit.refresh_from_db()
    ctx.event("record.edited", unit, fields=", ".join(sorted(changed)))
    announce(ctx, [unit])
    return unit


def _differs(unit: Unit, data: UnitEdit, name: str) -> bool:
    value = getattr(data, name)
    return (
        getattr(unit, f"{name}_id") != getattr(value, "pk", None)
        if name == "licence"
        else getattr(unit, name) != value
    )


def why_not_delete_unit(unit: Unit) -> Refusal | None:
    if unit.state not in (rules.UNRELEASED, rules.CONTROLLED) or unit.price_list_id:
        return Refusal("unit_in_use", {"unit": unit.label})
    return None


@command(Unit, verb="delete", label=_("Delete"), shape="danger", refuses=why_not_delete_unit)
def delete_unit(ctx: Context, unit: Unit) -> dict[str, Any]:
    """Into the recycle bin: only a unit that was never priced in public."""
    return put_in_bin(ctx, unit)


restorable(Unit, "restore_unit")


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
