"""Spreadsheets: any number of sheets of typed columns, streamed to one .xlsx in bounded memory.

Rows come from any iterable and are read once. Text stays text: a name like "=1+1" or "@SUM(A1)" is stored as
a string in a cell of text format, so that it isn't a formula even after somebody edits the cell.
"""

import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

from rustpy_xlsxwriter import Format, write_worksheets

from anchang.kernel.errors import DomainError

Kind = Literal["text", "money", "area", "int", "percent", "date", "datetime"]

# Limits of the format itself.
ROWS_PER_SHEET = 1_048_576
CELL_CHARACTERS = 32_767
FOOTER_CHARACTERS = 250

NUMBER_FORMATS: dict[str, str] = {
    "text": "@",
    "money": "#,##0.00",
    "area": "#,##0.00",
    "int": "#,##0",
    "percent": "0.00%",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
}
KIND_WIDTHS = {"text": 8, "money": 15, "area": 11, "int": 8, "percent": 9, "date": 12, "datetime": 17}
WIDEST = 48
ROWS_MEASURED = 200

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NUMBERS = (int, Decimal, float)


@dataclass(frozen=True)
class Column:
    """One column. `percent` takes a ratio (0.0467 shows 4.67 %); `datetime` takes the reader's local time.

    `total` sums the column's numbers into the totals row.
    """

    title: str
    kind: Kind = "text"
    width: float | None = None
    total: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet. Rows are sequences in column order; `note` (who exported what and when) closes the sheet and
    stands on every printed page; `total_label` heads the totals row, when a column has one."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    note: str = ""
    total_label: str = "合计"


def write_xlsx(target: str | Path | BinaryIO, *sheets: Sheet) -> int:
    """Write sheets to a path or binary file and return how many data rows were written.

    Raises DomainError `too_many_rows` (413) beyond what a sheet can hold; then nothing is written.
    """
    if not sheets:
        raise ValueError("a workbook has at least one sheet")
    names = _unique([_sheet_name(sheet.name) for sheet in sheets], 31)
    count = _Count()
    entries: list[tuple[str, Iterable[dict[str, Any]]]] = []
    widths: dict[str, dict[str, float] | list[float]] = {}
    for name, sheet in zip(names, sheets, strict=True):
        rows = iter(sheet.rows)
        sample = list(islice(rows, ROWS_MEASURED))
        widths[name] = [
            _width(column, [row[at] for row in sample]) for at, column in enumerate(sheet.columns)
        ]
        entries.append((name, _records(sheet, chain(sample, rows), count)))
    destination = str(target) if isinstance(target, str | Path) else target
    write_worksheets(
        entries,
        destination,
        freeze_panes={"general": {"row": 1, "col": 0}},
        column_widths=widths,
        column_formats={
            name: [_format(column) for column in sheet.columns]
            for name, sheet in zip(names, sheets, strict=True)
        },
        header_format={name: _header_format() for name in names},
        page_setup={name: _page_setup(sheet) for name, sheet in zip(names, sheets, strict=True)},
    )
    return count.rows


def xlsx_bytes(*sheets: Sheet) -> bytes:
    """As `write_xlsx`, kept in memory: for sheets that a page shows anyway."""
    buffer = io.BytesIO()
    write_xlsx(buffer, *sheets)
    return buffer.getvalue()


def cell_text(value: Any) -> str:
    """Text as a cell may hold it: no control characters, cut with an ellipsis at the format's limit."""
    text = str(value)
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"


class _Count:
    """Data rows that went into the sheets so far."""

    rows = 0


def _records(sheet: Sheet, rows: Iterable[Sequence[Any]], count: _Count) -> Iterator[dict[str, Any]]:
    titles = _unique([cell_text(column.title) for column in sheet.columns], CELL_CHARACTERS)
    cells = [_CELLS[column.kind] for column in sheet.columns]
    summed = {at: Decimal(0) for at, column in enumerate(sheet.columns) if column.total}
    last = ROWS_PER_SHEET - 4  # header, totals, empty line, note
    number = 0
    for number, row in enumerate(rows, 1):
        if number > last:
            raise DomainError("too_many_rows", status=413, limit=last)
        for at in summed:
            if isinstance(row[at], (int, Decimal)):
                summed[at] += row[at]
        yield {title: cell(value) for title, cell, value in zip(titles, cells, row, strict=True)}
    count.rows += number
    blank: dict[str, Any] = dict.fromkeys(titles)
    if summed:
        first = blank if 0 in summed else blank | {titles[0]: sheet.total_label}
        yield first | {titles[at]: amount for at, amount in summed.items()}
    if sheet.note or (not number and not summed):
        yield blank
    if sheet.note:
        yield blank | {titles[0]: cell_text(sheet.note)}


def _text(value: Any) -> str | None:
    return None if value is None else cell_text(value)


def _number(value: Any) -> Any:
    # What isn't a number (a masked amount, say) is shown as text rather than refused.
    if value is None or (isinstance(value, _NUMBERS) and not isinstance(value, bool)):
        return value
    return cell_text(value)


def _day(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    return value if value is None or isinstance(value, date) else cell_text(value)


def _moment(value: Any) -> Any:
    # Excel knows no time zones; the caller has already chosen the local time.
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value if value is None or isinstance(value, date) else cell_text(value)


_CELLS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "money": _number,
    "area": _number,
    "int": _number,
    "percent": _number,
    "date": _day,
    "datetime": _moment,
}


def _format(column: Column) -> Format:
    return Format().set_num_format(NUMBER_FORMATS[column.kind])


def _header_format() -> Format:
    header = Format().set_bold().set_background_color("#EEF1F4").set_border_bottom("thin")
    return header.set_align("center").set_align("vertical_center").set_text_wrap()


def _page_setup(sheet: Sheet) -> dict[str, Any]:
    note = sheet.note.replace("&", "&&").replace("\n", " ")[:FOOTER_CHARACTERS].rstrip("&")
    return {
        "landscape": True,
        "paper_size": 9,
        "fit_to_pages": (1, 0),
        "repeat_rows": 0,
        "header": f"&L{note}" if note else "",
        "footer": f"&L{note}&R&P / &N" if note else "&R&P / &N",
    }


def _width(column: Column, values: Sequence[Any]) -> float:
    if column.width is not None:
        return column.width
    longest = max((_columns_of(line) for value in values for line in _lines(column, value)), default=0)
    return min(max(KIND_WIDTHS[column.kind], _columns_of(column.title) + 2, longest + 2), WIDEST)


def _lines(column: Column, value: Any) -> list[str]:
    return str(value).splitlines() if column.kind == "text" and value is not None else []


def _columns_of(text: str) -> int:
    """Width in digits: a Chinese character is two wide."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in str(text))


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip().strip("'")[:31] or "Sheet"


def _unique(names: Sequence[str], longest: int) -> list[str]:
    """Number repeated names, as neither sheets nor columns may share one; Excel compares without case."""
    seen: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 2
        while candidate.casefold() in seen:
            suffix = f" ({number})"
            candidate, number = name[: longest - len(suffix)] + suffix, number + 1
        seen.add(candidate.casefold())
        unique.append(candidate)
    return unique
