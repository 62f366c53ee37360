"""A statutory price list (商品房销售价目表, 一房一价) out of a file, with its own arithmetic checked.

Sources of the form: 发改价检〔2011〕548号 and its provincial versions; columns stand in any order and go by
several names, a building may have its own sheet. Prices are yuan, areas square metres, all Decimal with two
places.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext_lazy as _

from anchang.inventory.price_list_words import (
    BASES,
    FACT_NAMES,
    GROSS,
    INNER,
    PRICE_FIELDS,
    PRODUCT_TYPES,
    SOLD,
    STATES,
    UNIT,
    UNSOLD,
)
from anchang.kernel import money
from anchang.platform.importing import cells
from anchang.platform.importing.cells import CellError
from anchang.platform.importing.mapping import unit_in
from anchang.platform.importing.reader import Table
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, open_sheets, parse_rows
from anchang.platform.wording import say

AREA_TOLERANCE = Decimal("0.01")
"""Inner, shared and gross area are each rounded to 0.01 ㎡, so their sum may differ by one unit of it."""
PRICE_TOLERANCE = Decimal("0.01")
"""A cent per square metre: unit prices are printed rounded to the cent."""
TOTAL_TOLERANCE = Decimal("1.00")
"""Bureaus let a total be rounded to the yuan."""

say(
    {
        "areas_disagree": _("Inner area %(inner)s and shared area %(shared)s do not add up to %(gross)s."),
        "total_disagrees": _("%(area)s ㎡ at %(price)s make %(expected)s, not this total."),
        "duplicate_unit": _("Row %(first)s of this file has the same unit."),
        "building_missing": _("No building is named in the row, the sheet or its head."),
        "footer_units_disagree": _("The footer says %(stated)s units, the rows are %(counted)s."),
        "footer_area_disagrees": _("The footer says %(stated)s ㎡, the rows add up to %(counted)s."),
        "footer_total_disagrees": _("The footer says %(stated)s, the rows add up to %(counted)s."),
    }
)


@dataclass(frozen=True, slots=True)
class PriceListFacts:
    """What stands above the table. Texts as they are written; empty when the form has none."""

    developer: str = ""
    project: str = ""
    location: str = ""
    permit: str = ""
    land: str = ""
    land_years: int | None = None
    plot_ratio: str = ""
    greening: str = ""
    parking_ratio: str = ""
    building_type: str = ""
    structure: str = ""
    finish: str = ""
    utilities: str = ""
    property_fee: str = ""
    complaint_line: str = ""


@dataclass(slots=True)
class PriceRow:
    """One unit. `code` is unique in its building: the room, or section-room where the building has several
    sections; a unit is the same as in another file when building, section and room are. Sold units may have
    no price."""

    row: int
    building: str
    building_code: str
    section: str
    room: str
    code: str
    gross_area: Decimal
    total: Decimal | None
    floor: int | None = None
    layout_code: str = ""
    layout_name: str = ""
    rooms: int | None = None
    storey_height: Decimal | None = None
    inner_area: Decimal | None = None
    shared_area: Decimal | None = None
    basis: str = GROSS
    gross_unit_price: Decimal | None = None
    inner_unit_price: Decimal | None = None
    discounts: str = ""
    state: str = UNSOLD
    product_type: str = ""
    orientation: str = ""
    note: str = ""
    sheet: str = ""


@dataclass
class PriceListFile:
    """A whole list. `refused` and `warnings` are single cells; `footer_problems` say where the rows
    disagree with the list's own totals, counting refused rows too."""

    facts: PriceListFacts
    rows: list[PriceRow] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    footer_problems: list[Problem] = field(default_factory=list)
    refused_cells: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    read: int = 0

    @property
    def total(self) -> Decimal:
        return sum((row.total for row in self.rows if row.total is not None), money.ZERO)


@dataclass
class _Sums:
    """Of the rows as they stand in the file, refused or not."""

    units: int = 0
    area: Decimal = money.ZERO
    total: Decimal = money.ZERO

    def add(self, area: Decimal | None, total: Decimal | None) -> None:
        self.units += 1
        self.area += area or money.ZERO
        self.total += total or money.ZERO


def open_price_list(
    table: Table, columns: Mapping[str, int] | None = None, **options: object
) -> list[OpenSheet]:
    """The sheets with units and their columns; for a preview and for `read_price_list`. Errors as
    `open_sheets`."""
    return open_sheets(table, PRICE_FIELDS, columns, **options)  # type: ignore[arg-type]


def read_price_list(sheets: list[OpenSheet]) -> PriceListFile:
    """All rows, each checked by itself, against the others and against the footers."""
    several = len(sheets) > 1
    result = PriceListFile(read_facts(sheets))
    grand = _Sums()
    for opened in sheets:
        sums = _Sums()
        home = _building_of_sheet(opened, several)
        for parsed in parse_rows(opened, _plans(opened), several):
            result.read += 1
            for amounts in (sums, grand):
                amounts.add(parsed.values["gross_area"], parsed.values["total"])
            # Where a merged building cell was lost on the way (CSV), the rows below belong to the last one
            # named.
            home = parsed.values["building"] or home
            _take(parsed, opened, home, result)
        result.footer_problems += _footer_problems(opened, sums, grand, several)
    _refuse_duplicates(result, sheets[0])
    _name_units(result.rows)
    return result


def read_facts(sheets: list[OpenSheet]) -> PriceListFacts:
    """Facts of all sheets, the first word on each counts."""
    stated: dict[str, str] = {}
    for opened in sheets:
        for key, value in opened.layout.facts.items():
            stated.setdefault(re.sub(r"\s", "", key), value)
    found = {
        name: next((stated[key] for key in keys if key in stated), "") for name, keys in FACT_NAMES.items()
    }
    years = re.search(r"(\d{2,3})\s*年", found["land"])
    return PriceListFacts(**found, land_years=int(years.group(1)) if years else None)


def _plans(opened: OpenSheet) -> list[Plan]:
    def amount(name: str) -> Callable[[str], Decimal]:
        return partial(cells.amount, unit=unit_in(opened.label(name)))

    return [
        Plan("building", cells.text, strict=True),
        Plan("section", cells.text, strict=True),
        Plan("floor", cells.floor, strict=True),
        Plan("room", partial(cells.text, longest=60), required=True),
        Plan("layout", cells.text, strict=True),
        Plan("storey_height", cells.area),
        Plan("gross_area", cells.area, required=True),
        Plan("inner_area", cells.area, strict=True),
        Plan("shared_area", _shared_area, strict=True),
        Plan("basis", partial(cells.choice, words=BASES), strict=True),
        Plan("gross_unit_price", amount("gross_unit_price"), strict=True),
        Plan("inner_unit_price", amount("inner_unit_price"), strict=True),
        Plan("total", amount("total"), strict=True),
        Plan("discounts", partial(cells.text, longest=1000), strict=True),
        Plan("state", partial(cells.choice, words=STATES), strict=True),
        Plan("product_type", partial(cells.choice, words=PRODUCT_TYPES)),
        Plan("orientation", cells.text),
        Plan("note", partial(cells.text, longest=2000), strict=True),
    ]


def _shared_area(value: str) -> Decimal:
    """A shed or parking space may share nothing."""
    return money.ZERO if re.fullmatch(r"0(\.0+)?", value) else cells.area(value)


def _building_of_sheet(opened: OpenSheet, several: bool) -> str:
    """The building that a sheet is about, for sheets without such a column: from its head, else its
    name."""
    for key, value in opened.layout.facts.items():
        if key in ("幢号", "栋号", "楼栋", "楼号", "楼幢", "幢"):
            return value
    name = opened.layout.sheet.name.strip()
    return name if several or re.search(r"\d.*(幢|栋|号楼|#|座)", name) else ""


_PLACE = re.compile(
    r"(?:(?P<building>[^单元室]{1,12}?(?:幢|栋|号楼|#楼|#|座))[-—]?)?"
    r"(?:(?P<section>[^幢栋]{1,4}?)单元)?(?P<room>.+?)室?"
)
_BUILDING_END = re.compile(r"(号楼|#楼|幢|栋|#|座|楼)$")


def _place(parsed: Parsed, home: str) -> tuple[str, str, str]:
    """Building, section and room; where a room is written whole (1幢2单元301室), taken apart."""
    values = parsed.values
    building, section, room = values["building"] or "", values["section"] or "", values["room"]
    match = _PLACE.fullmatch(room)
    if match:
        building = building or match.group("building") or home
        section = section or match.group("section") or ""
        room = match.group("room")
    else:
        building = building or home
    if not building:
        raise CellError("building_missing")
    return building, re.sub(r"(单元|梯)$", "", section), room


def _take(parsed: Parsed, opened: OpenSheet, home: str, result: PriceListFile) -> None:
    """Put one row among the rows or the refused."""
    problems = list(parsed.problems)
    if not parsed.refused:
        for check in (_check_price, _check_areas, _check_total):
            found = check(parsed, opened)
            if found:
                problems.append(found)
    row = None
    if not any(problem.refuses for problem in problems):
        try:
            row = _row(parsed, home)
        except CellError as error:
            problems.append(_problem(parsed, opened, "building", error.code))
    result.warnings += [problem for problem in problems if not problem.refuses]
    if row is not None:
        result.rows.append(row)
        return
    result.refused += [problem for problem in problems if problem.refuses]
    result.refused_cells[parsed.sheet, parsed.row] = parsed.cells


def _problem(parsed: Parsed, opened: OpenSheet, name: str, code: str, **params: object) -> Problem:
    column = opened.columns.get(name)
    value = parsed.cells[column] if column is not None and column < len(parsed.cells) else ""
    return Problem(parsed.row, opened.label(name) or name, value, code, params, True, parsed.sheet)


def _check_price(parsed: Parsed, opened: OpenSheet) -> Problem | None:
    """Every unit that isn't sold has a total: one price per unit, made public."""
    if parsed.values["total"] is None and parsed.values["state"] != SOLD:
        return _problem(parsed, opened, "total", "required")
    return None


def _check_areas(parsed: Parsed, opened: OpenSheet) -> Problem | None:
    gross, inner, shared = (parsed.values[name] for name in ("gross_area", "inner_area", "shared_area"))
    if inner is None:
        return None
    if (shared is None and inner <= gross) or (
        shared is not None and abs(inner + shared - gross) <= AREA_TOLERANCE
    ):
        return None
    return _problem(
        parsed, opened, "gross_area", "areas_disagree", inner=inner, shared=shared or money.ZERO, gross=gross
    )


def _check_total(parsed: Parsed, opened: OpenSheet) -> Problem | None:
    total = parsed.values["total"]
    if total is None or parsed.values["basis"] == UNIT:
        return None
    for area_name, price_name in (("gross_area", "gross_unit_price"), ("inner_area", "inner_unit_price")):
        area, price = parsed.values[area_name], parsed.values[price_name]
        if area is None or price is None:
            continue
        expected = money.yuan(area * price)
        if abs(expected - total) > max(area * PRICE_TOLERANCE, TOTAL_TOLERANCE):
            return _problem(
                parsed, opened, "total", "total_disagrees", area=area, price=price, expected=expected
            )
    return None


def _row(parsed: Parsed, home: str) -> PriceRow:
    values = parsed.values
    building, section, room = _place(parsed, home)
    layout_code, layout_name, rooms = layout_parts(values["layout"] or "")
    note = "\n".join(filter(None, (values["note"] or "", parsed.left_over())))
    return PriceRow(
        row=parsed.row,
        building=building,
        building_code=_BUILDING_END.sub("", building) or building,
        section=section,
        room=room,
        code=room,
        gross_area=values["gross_area"],
        total=values["total"],
        floor=values["floor"] if values["floor"] is not None else floor_in_room(room),
        layout_code=layout_code,
        layout_name=layout_name,
        rooms=rooms,
        storey_height=values["storey_height"],
        inner_area=values["inner_area"],
        shared_area=values["shared_area"],
        basis=values["basis"] or (INNER if _only_inner_price(values) else GROSS),
        gross_unit_price=values["gross_unit_price"],
        inner_unit_price=values["inner_unit_price"],
        discounts=values["discounts"] or "",
        state=values["state"] or UNSOLD,
        product_type=values["product_type"] or "",
        orientation=values["orientation"] or "",
        note=note,
        sheet=parsed.sheet,
    )


def _only_inner_price(values: Mapping[str, object]) -> bool:
    return values["gross_unit_price"] is None and values["inner_unit_price"] is not None


_LAYOUT_CODE = re.compile(r"([^\s户室厅房]{1,10})户型|([A-Za-z][A-Za-z0-9'+-]{0,5})(?=\s|$|[（(])")
_ROOMS = re.compile(r"([一二两三四五六七八九\d])(?:室|房)")
_COUNTS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def layout_parts(text: str) -> tuple[str, str, int | None]:
    """Code, name and number of bedrooms: `A户型 三室两厅两卫` -> A, the whole text, 3. Without a code the
    text is it."""
    if not text:
        return "", "", None
    code = _LAYOUT_CODE.match(text)
    rooms = _ROOMS.search(text)
    count = rooms.group(1) if rooms else ""
    number = (_COUNTS.get(count) or int(count)) if count else None
    return ((code.group(1) or code.group(2)) if code else text), text, number


def floor_in_room(room: str) -> int | None:
    """The storey that a plain room number names: 101 -> 1, 1203 -> 12."""
    return int(room[:-2]) if re.fullmatch(r"[1-9]\d{2,3}", room, re.ASCII) else None


def _refuse_duplicates(result: PriceListFile, first_sheet: OpenSheet) -> None:
    """Keep the first row of each building, section and room."""
    seen: dict[tuple[str, str, str], PriceRow] = {}
    kept: list[PriceRow] = []
    for row in result.rows:
        first = seen.setdefault((row.building_code, row.section, row.room), row)
        if first is row:
            kept.append(row)
            continue
        label = first_sheet.label("room") or "room"
        params = {"first": first.row}
        result.refused.append(Problem(row.row, label, row.room, "duplicate_unit", params, True, row.sheet))
    result.rows[:] = kept


def _name_units(rows: list[PriceRow]) -> None:
    """Give each unit a code that is unique in its building, judged over the whole file."""
    sections: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        sections[row.building_code].add(row.section)
    for row in rows:
        several = len(sections[row.building_code]) > 1
        prefix = f"{row.section}-"
        row.code = (
            prefix + row.room if several and row.section and not row.room.startswith(prefix) else row.room
        )
    # A room may already be written with a section that another row has in its own column.
    counts = Counter((row.building_code, row.code) for row in rows)
    for row in rows:
        if counts[row.building_code, row.code] > 1 and row.section:
            row.code = f"{row.section}-{row.room}"


def _footer_problems(opened: OpenSheet, sums: _Sums, grand: _Sums, several: bool) -> Iterator[Problem]:
    """Where a total row disagrees with the sheet's rows (and, on a last sheet, with all rows so far)."""
    for footer in opened.layout.footers:
        if footer.kind != "total":
            continue
        stated = {
            "units": _stated_units(footer.cells),
            "area": _stated(opened, footer.cells, "gross_area"),
            "total": _stated(opened, footer.cells, "total"),
        }
        for name, value in stated.items():
            counted, so_far = getattr(sums, name), getattr(grand, name)
            if value is None or value in (counted, so_far):
                continue
            code = {"units": "footer_units_disagree", "area": "footer_area_disagrees"}.get(
                name, "footer_total_disagrees"
            )
            label = opened.label({"units": "room", "area": "gross_area"}.get(name, "total"))
            params = {"stated": value, "counted": counted}
            sheet = opened.layout.sheet.name if several else ""
            yield Problem(footer.row, label, str(value), code, params, True, sheet)


def _stated(opened: OpenSheet, row: list[str], name: str) -> Decimal | None:
    column = opened.columns.get(name)
    if column is None or column >= len(row) or not row[column]:
        return None
    try:
        if name == "total":
            return cells.amount(row[column], unit_in(opened.label(name)))
        return cells.area(row[column])
    except CellError:
        return None


def _stated_units(row: list[str]) -> int | None:
    for value in row:
        match = re.search(r"(\d+)\s*[套户个]", value)
        if match:
            return int(match.group(1))
    return None
