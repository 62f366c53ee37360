"""The import of price lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.inventory.commands import import_price_list, undo_price_list
from anchang.inventory.models import Unit
from anchang.inventory.price_list_file import PriceListFile, open_price_list, read_price_list
from anchang.inventory.price_list_words import PRICE_FIELDS
from anchang.platform.context import Context
from anchang.platform.importing.kinds import ImportKind, Line, Reading, Where, register_kind
from anchang.platform.importing.rows import OpenSheet, Problem
from anchang.platform.models import ImportJob


def read(sheets: list[OpenSheet], where: Where) -> Reading:
    """A price list is one thing: its rows are checked against each other and against its footers."""
    parsed = read_price_list(sheets)
    return Reading(_lines(parsed, sheets), whole=parsed)


def _lines(parsed: PriceListFile, sheets: list[OpenSheet]) -> Iterator[Line]:
    """Rows in the file's order, with their units or what is wrong with them."""
    said: dict[tuple[str, int], list[Problem]] = {}
    for problem in (*parsed.refused, *parsed.warnings):
        said.setdefault((problem.sheet, problem.row), []).append(problem)
    taken = {(row.sheet, row.row): row for row in parsed.rows}
    for opened in sheets:
        sheet = opened.layout.sheet.name if len(sheets) > 1 else ""
        for number, cells in opened.layout.rows():
            key = sheet, number
            if key in taken or key in said:
                yield Line(number, cells, taken.get(key), said.get(key, []), sheet)


def write(ctx: Context, lines: Sequence[Line], job: ImportJob, found: Reading) -> Mapping[str, Any]:
    result = import_price_list(ctx, found.whole)
    # Refused rows and warnings of single cells are in the lines already.
    footers = [problem.as_dict() for problem in found.whole.footer_problems]
    return {name: result[name] for name in ("created", "updated", "unchanged")} | {"warnings": footers}


def undo(ctx: Context, job: ImportJob, ids: Mapping[str, Sequence[int]]) -> None:
    undo_price_list(ctx, ids.get(Unit._meta.db_table, ()))


register_kind(ImportKind(
    name="price-list", label=_("Price list"), resource="units", permission="price-lists.import",
    fields=PRICE_FIELDS, open=open_price_list, read=read, write=write, undo=undo, batch=0, keeps_updates=False,
    order=10,
    help=_("The statutory price list: buildings, units, areas, prices, permit and states."),
))  # fmt: skip
