"""A statutory price list from a file becomes buildings, units, licence and a published edition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _now

from anchang.inventory import rules
from anchang.inventory.commands import prices
from anchang.inventory.commands.licences import cover
from anchang.inventory.commands.states import announce, move_units, state_row
from anchang.inventory.commands.tree import save_new_units, sort_key, unit_label
from anchang.inventory.models import (
    Building,
    DictionaryEntry,
    Layout,
    Licence,
    Phase,
    PriceList,
    PriceRow,
    Unit,
    UnitStateChange,
)
from anchang.inventory.price_list_file import PriceListFile
from anchang.inventory.price_list_file import PriceRow as FileRow
from anchang.inventory.price_list_words import RESERVED, SOLD
from anchang.platform.context import Context

#: Called with (ctx, units) for units that the file says are sold and that have no deal of ours: the app that
#: owns deals puts a legacy claim on them.
after_import: list[Callable[[Context, list[Unit]], None]] = []
#: Called with (ctx, ids) of the units that an undone import takes back.
after_undo: list[Callable[[Context, Sequence[int]], None]] = []


@dataclass
class _Outcome:
    """What became of each unit."""

    created: list[Unit] = field(default_factory=list)
    changed: dict[int, Unit] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    by_row: dict[int, Unit] = field(default_factory=dict)  # position in the file -> unit


def import_price_list(ctx: Context, parsed: PriceListFile) -> dict[str, Any]:
    """Bring a read price list in, as one set of statements per table. The second time changes nothing.

    With a permit in its head the list is published as the licence's next edition (only when a price differs
    from the edition in force); without one it stays a draft and its units stay held back. States of units
    that are on sale or in a deal are not touched. Result: the import report, with `warnings` for footers that
    disagree and the ids of `licence` and `price_list`.
    """
    rows = parsed.rows
    licence = _licence(ctx, parsed)
    buildings = _buildings(ctx, rows)
    layouts = _layouts(ctx, rows)
    _orientations(ctx, rows)
    outcome = _units(ctx, rows, buildings, layouts, licence)
    if licence is not None:
        cover(ctx, licence, list(buildings.values()))
    price_list, repriced = _price_list(ctx, parsed, outcome, licence)
    sold = _states(ctx, rows, outcome, licence)
    for hook in after_import if sold else ():
        hook(ctx, sold)
    touched = (set(outcome.changed) | repriced) - {unit.pk for unit in outcome.created}
    if outcome.created or touched:
        _tell(ctx, price_list, outcome, touched)
    created = len(outcome.created)
    return {
        "rows": parsed.read,
        "created": created,
        "updated": len(touched),
        "unchanged": len(rows) - created - len(touched),
        "refused": [problem.as_dict() for problem in parsed.refused],
        "warnings": [problem.as_dict() for problem in (*parsed.warnings, *parsed.footer_problems)],
        "licence": licence.pk if licence else None,
        "price_list": price_list.pk if price_list else None,
    }


def undo_price_list(ctx: Context, units: Sequence[int]) -> None:
    """What is left to do when the units that an import created go to the recycle bin."""
    for hook in after_undo:
        hook(ctx, units)


# --- the tree ------------------------------------------------------------------------------------


def _licence(ctx: Context, parsed: PriceListFile) -> Licence | None:
    """The form doesn't say when the permit was issued: a new one counts from today."""
    number = parsed.facts.permit.strip()[:60]
    if not number or not parsed.rows:
        return None
    licence = Licence.objects.filter(project=ctx.here, number=number).first()
    if licence is None:
        licence = Licence.objects.create(
            project=ctx.here, number=number, issued_on=ctx.business_date, created_by_id=ctx.user_id
        )
        ctx.event("record.created", licence)
        ctx.index([licence], fresh=True)
    return licence


def _phase(ctx: Context) -> Phase:
    """The form names no phase: new buildings go to the project's first one."""
    phase = Phase.objects.filter(project=ctx.here).order_by("position", "pk").first()
    if phase is None:
        name = _now("Phase %(number)s") % {"number": 1}
        phase = Phase.objects.create(
            project=ctx.here, code="1", name=name, position=1, created_by_id=ctx.user_id
        )
        ctx.event("record.created", phase)
    return phase


def _buildings(ctx: Context, rows: Sequence[FileRow]) -> dict[str, Building]:
    named = {row.building_code[:20]: row.building[:50] for row in reversed(rows)}
    found = {b.code: b for b in Building.objects.filter(project=ctx.here, code__in=named)}
    missing = sorted(set(named) - set(found), key=sort_key)
    if not missing:
        return found
    phase = _phase(ctx)
    made = [
        Building(
            project=ctx.here, phase=phase, code=code, name=named[code], created_by_id=ctx.user_id,
            position=number, **_storeys(rows, code),
        )
        for number, code in enumerate(missing, len(found) + 1)
    ]  # fmt: skip
    Building.objects.bulk_create(made)
    for building in made:
        ctx.event("record.created", building)
    return found | {b.code: b for b in made}


def _storeys(rows: Iterable[FileRow], code: str) -> dict[str, int]:
    floors = [row.floor for row in rows if row.building_code[:20] == code and row.floor is not None]
    return {
        "floors_above": max([*floors, 0]),
        "floors_below": max([*(-f for f in floors), 0]),
    }


def _layouts(ctx: Context, rows: Sequence[FileRow]) -> dict[str, Layout]:
    named = {row.layout_code[:20]: row for row in reversed(rows) if row.layout_code}
    found = {each.code: each for each in Layout.objects.filter(project=ctx.here, code__in=named)}
    made = [
        Layout(
            project=ctx.here, code=code, name=row.layout_name[:50], rooms=row.rooms,
            gross_area=row.gross_area, inner_area=row.inner_area, created_by_id=ctx.user_id,
        )
        for code, row in named.items() if code not in found
    ]  # fmt: skip
    Layout.objects.bulk_create(made)
    for layout in made:
        ctx.event("record.created", layout)
    ctx.index(made, fresh=True)
    return found | {each.code: each for each in made}


def _orientations(ctx: Context, rows: Sequence[FileRow]) -> None:
    """Words for orientations that the project doesn't have yet."""
    words = {row.orientation[:30] for row in rows if row.orientation}
    if not words:
        return
    kind = DictionaryEntry.Kind.ORIENTATION
    known = DictionaryEntry.objects.filter(project=ctx.here, kind=kind, code__in=words)
    fresh = sorted(words - set(known.values_list("code", flat=True)))
    DictionaryEntry.objects.bulk_create(
        [
            DictionaryEntry(project=ctx.here, kind=kind, code=w, name=w, created_by_id=ctx.user_id)
            for w in fresh
        ]
    )


# --- units ---------------------------------------------------------------------------------------


def _units(
    ctx: Context, rows: Sequence[FileRow], buildings: Mapping[str, Building], layouts: Mapping[str, Layout],
    licence: Licence | None,
) -> _Outcome:  # fmt: skip
    """Find each row's unit by building, section and room (or code), make or update it."""
    outcome = _Outcome()
    known = _known_units(ctx, buildings.values())
    for position, row in enumerate(rows):
        building = buildings[row.building_code[:20]]
        unit = known.get((building.pk, row.section, row.room)) or known.get((building.pk, "", row.code))
        values = _values(row, layouts.get(row.layout_code[:20]))
        if unit is None:
            unit = _new(ctx, row, building, values, licence)
            outcome.created.append(unit)
        else:
            _update(unit, values, licence, outcome)
        outcome.by_row[position] = unit
    save_new_units(ctx, outcome.created)
    if outcome.changed:
        units = list(outcome.changed.values())
        for unit in units:
            unit.updated_at = ctx.now
        Unit.objects.bulk_update(units, sorted({*outcome.columns, "updated_at"}), batch_size=500)
        ctx.index(units)
    return outcome


def _known_units(ctx: Context, buildings: Iterable[Building]) -> dict[tuple[int, str, str], Unit]:
    """By (building, section, room) and by (building, "", code). Locked, in the order of all commands."""
    found: dict[tuple[int, str, str], Unit] = {}
    rows = Unit.objects.filter(project=ctx.here, building__in=[b.pk for b in buildings]).order_by("pk")
    for unit in rows.select_for_update(no_key=True, of=("self",)):
        found[unit.building_id, unit.section, unit.room] = unit
        found.setdefault((unit.building_id, "", unit.code), unit)
    return found


def _values(row: FileRow, layout: Layout | None) -> dict[str, Any]:
    """What the file says of a unit; what it leaves out is not here, so that nothing known is emptied."""
    shared = row.shared_area
    if shared is None and row.inner_area is not None:
        shared = row.gross_area - row.inner_area
    said = {
        "floor": row.floor, "layout_id": layout.pk if layout else None, "product_type": row.product_type,
        "orientation": row.orientation[:30], "storey_height": row.storey_height,
        "predicted_gross_area": row.gross_area, "predicted_inner_area": row.inner_area,
        "predicted_shared_area": shared, "price_basis": row.basis, "note": row.note,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value not in (None, "")}


def _new(
    ctx: Context, row: FileRow, building: Building, values: Mapping[str, Any], licence: Licence | None
) -> Unit:
    unit = Unit(
        project=ctx.here, building=building, section=row.section[:20], room=row.room, code=row.code,
        label=unit_label(building, row.code), state_since=ctx.now, licence=licence,
        created_by_id=ctx.user_id, **values,
    )  # fmt: skip
    unit.sort_key = sort_key(unit.label)
    return unit


def _update(unit: Unit, values: Mapping[str, Any], licence: Licence | None, outcome: _Outcome) -> None:
    if licence is not None and unit.licence_id is None:
        values = {**values, "licence_id": licence.pk}
    changes = {name: value for name, value in values.items() if getattr(unit, name) != value}
    if not changes:
        return
    for name, value in changes.items():
        setattr(unit, name, value)
    outcome.changed[unit.pk] = unit
    outcome.columns.update(name.removesuffix("_id") for name in changes)


# --- prices --------------------------------------------------------------------------------------


def _price_list(
    ctx: Context, parsed: PriceListFile, outcome: _Outcome, licence: Licence | None
) -> tuple[PriceList | None, set[int]]:
    """The next edition when any price of the file differs from the one in force; (list, its changes)."""
    wanted = _wanted_rows(parsed, outcome)
    if not wanted:
        return None, set()
    current = {row.unit_id: row for row in prices.current_rows(ctx, licence)}
    changed = {
        pk for pk, row in wanted.items() if pk not in current or _figures(row) != _figures(current[pk])
    }
    if not changed:
        return next(iter(current.values())).price_list, set()
    price_list = prices.new_edition(ctx, licence, facts=_facts(parsed))
    for pk, row in wanted.items():
        row.price_list = price_list
        row.floor_total = current[pk].floor_total if pk in current else None
    prices.copy_current_rows(ctx, price_list, without=wanted)
    PriceRow.objects.bulk_create(list(wanted.values()), batch_size=1000)
    if licence is not None:
        published = prices.publish(ctx, price_list, on=ctx.business_date)
    else:
        published = list(Unit.objects.filter(project=ctx.here, pk__in=list(wanted), price_list=None))
        prices.mark_prices(ctx, price_list, published, price_list.name)
    _copy_back(outcome, published)
    return price_list, changed


def _wanted_rows(parsed: PriceListFile, outcome: _Outcome) -> dict[int, PriceRow]:
    found: dict[int, PriceRow] = {}
    for position, row in enumerate(parsed.rows):
        if row.total is None:
            continue
        unit = outcome.by_row[position]
        price = PriceRow(
            project_id=unit.project_id, unit=unit, basis=row.basis, gross_area=row.gross_area,
            inner_area=row.inner_area, discounts=row.discounts[:1000],
        )  # fmt: skip
        prices.fill_row(price, row.total)
        price.gross_unit_price = _first(row.gross_unit_price, price.gross_unit_price)
        price.inner_unit_price = _first(row.inner_unit_price, price.inner_unit_price)
        found[unit.pk] = price
    return found


def _first(stated: Decimal | None, computed: Decimal | None) -> Decimal | None:
    return computed if stated is None else stated


def _figures(row: PriceRow) -> tuple[Any, ...]:
    return (
        row.list_total,
        row.basis,
        row.gross_unit_price,
        row.inner_unit_price,
        row.gross_area,
        row.inner_area,
        row.discounts,
    )


def _facts(parsed: PriceListFile) -> dict[str, Any]:
    return {name: value for name, value in asdict(parsed.facts).items() if value not in (None, "")}


def _copy_back(outcome: _Outcome, priced: Iterable[Unit]) -> None:
    """The units at hand know what the price statements wrote."""
    fresh = {unit.pk: unit for unit in priced}
    for unit in outcome.by_row.values():
        if other := fresh.get(unit.pk):
            for name in (
                "list_total",
                "list_unit_price",
                "filed_total",
                "floor_total",
                "price_list_id",
                "version",
            ):
                setattr(unit, name, getattr(other, name))


# --- states --------------------------------------------------------------------------------------


def _states(ctx: Context, rows: Sequence[FileRow], outcome: _Outcome, licence: Licence | None) -> list[Unit]:
    """未售: on sale when licensed and published. 预留: held back. 已售: signed before the system.

    Only units that were unreleased until now."""
    fresh = [
        (row, unit) for position, row in enumerate(rows)
        if (unit := outcome.by_row[position]).state == rules.UNRELEASED
    ]  # fmt: skip
    if not fresh:
        return []
    kept = [unit for row, unit in fresh if row.state == RESERVED]
    sold = [unit for row, unit in fresh if row.state == SOLD]
    rest = [unit for row, unit in fresh if row.state not in (RESERVED, SOLD)]
    move_units(ctx, kept, rules.CONTROLLED, reason="reserved")
    move_units(ctx, rest, rules.CONTROLLED)
    move_units(ctx, [u for u in rest if licence is not None and u.price_list_id], rules.AVAILABLE)
    _mark_sold(ctx, sold)
    for _, unit in fresh:
        if unit.pk not in {u.pk for u in outcome.created}:
            outcome.changed[unit.pk] = unit
    return sold


def _mark_sold(ctx: Context, units: Sequence[Unit]) -> None:
    """Sold before the system (DOMAIN §10): signed without amounts, straight from unreleased."""
    UnitStateChange.objects.bulk_create(
        [state_row(ctx, unit, rules.SIGNED, reason="sold_before", cause="import") for unit in units], batch_size=2000
    )
    Unit.objects.filter(project=ctx.here, pk__in=[unit.pk for unit in units]).update(
        state=rules.SIGNED, state_since=ctx.now, legacy_sold=True, updated_at=ctx.now
    )
    for unit in units:
        unit.state, unit.state_since, unit.legacy_sold = rules.SIGNED, ctx.now, True
        unit.version += 1


def _tell(ctx: Context, price_list: PriceList | None, outcome: _Outcome, touched: set[int]) -> None:
    """One fact for the import; open boards get single cells, or are told to read themselves anew."""
    units = {unit.pk: unit for unit in outcome.by_row.values()}
    told = [*outcome.created, *(units[pk] for pk in touched if pk in units)]
    subject = price_list or (told[0] if told else None)
    if subject is None:
        return
    ctx.event("units.imported", subject, created=len(outcome.created), updated=len(touched))
    if len(told) <= prices.CELLS_PER_COMMAND:
        for unit in told:
            unit.refresh_from_db(fields=["gross_area", "inner_area"]) if unit.pk in outcome.changed else None
        announce(ctx, told)
