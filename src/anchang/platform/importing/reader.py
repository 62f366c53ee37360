"""Open a spreadsheet or text table by its content and hand out its rows as text, in bounded memory.

Nothing in a file is evaluated: a formula in a text file is text, a formula in a workbook is the value that
was saved with it. The file's name is used for messages only.
"""

import csv
import datetime
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import python_calamine

from anchang.kernel.errors import DomainError
from anchang.platform.importing.package import check_package, looks_encrypted
from anchang.platform.importing.text import Encoding, find_delimiter, find_encoding

ZIP_START = b"PK\x03\x04"
OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EXACT_FLOAT_DIGITS = 15
"""A workbook keeps numbers as binary floats, which hold 15 decimal digits."""

_ODD_DIGITS = re.compile("[０-９]")
_BLANKS = " \t\r\n\xa0\u3000\ufeff\u200b\u200e\u202a\u202c"
_HALF_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True)
class Limits:
    """What a file may ask of the machine. The caller passes other limits from its parameters."""

    file_bytes: int = 50 * 1024 * 1024
    unzipped_bytes: int = 400 * 1024 * 1024
    unzip_ratio: int = 200
    rows: int = 200_000
    columns: int = 200
    grid_cells: int = 5_000_000
    cell_chars: int = 32_767


DEFAULT_LIMITS = Limits()

Row = tuple[int, list[str]]
"""The row's own number in the file, counted from 1, and its cells as text."""


@dataclass(frozen=True)
class Sheet:
    """One sheet; `rows()` may be called again and starts from the top each time."""

    name: str
    read: Callable[[], Iterator[list[str]]] = field(repr=False)
    limits: Limits = DEFAULT_LIMITS

    def rows(self) -> Iterator[Row]:
        """Rows with anything in them. Raises file_too_many_rows, file_too_many_columns or
        file_cell_too_long."""
        limits, seen = self.limits, 0
        for number, cells in enumerate(self.read(), start=1):
            if not any(cells):
                continue
            seen += 1
            if seen > limits.rows:
                raise DomainError("file_too_many_rows", status=422, limit=limits.rows)
            if len(cells) > limits.columns:
                cells = _within_columns(cells, number, limits)
            yield number, cells


@dataclass(frozen=True)
class Table:
    """A file that was recognised: `kind` is xlsx, xls or text; hidden sheets are left out."""

    name: str
    kind: str
    sheets: tuple[Sheet, ...]
    encoding: str = ""
    delimiter: str = ""


def read_table(source: bytes | str | Path, name: str = "", limits: Limits = DEFAULT_LIMITS) -> Table:
    """Recognise a file by its content.

    Raises DomainError (422): file_empty, file_too_large, file_unknown, file_encrypted, file_zip_bomb,
    file_damaged. Size is checked before anything is read.
    """
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > limits.file_bytes:
        raise DomainError(
            "file_too_large", status=422, name=name, megabytes=size // 2**20, limit=limits.file_bytes // 2**20
        )
    if size == 0:
        raise DomainError("file_empty", status=422, name=name)
    with _open(source) as stream:
        start = stream.read(8)
        if start.startswith(ZIP_START):
            check_package(stream, name, limits)
            return _workbook(source, name, "xlsx", limits)
        if start == OLE_START:
            if looks_encrypted(stream):
                raise DomainError("file_encrypted", status=422, name=name)
            return _workbook(source, name, "xls", limits)
        encoding = find_encoding(stream, name)
    return _text(source, name, encoding, limits)


def _open(source: bytes | str | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb")


def _within_columns(cells: list[str], number: int, limits: Limits) -> list[str]:
    """Cells without the blank ones beyond the limit."""
    if any(cells[limits.columns :]):
        raise DomainError("file_too_many_columns", status=422, row=number, limit=limits.columns)
    return cells[: limits.columns]


def _text(source: bytes | str | Path, name: str, encoding: Encoding, limits: Limits) -> Table:
    def lines() -> io.TextIOWrapper:
        return io.TextIOWrapper(_open(source), encoding=encoding.name, errors=encoding.errors, newline="")

    with lines() as sample:
        text = sample.read(65_536)
    if not text.strip("\ufeff \t\r\n\0"):
        raise DomainError("file_empty", status=422, name=name)
    delimiter = find_delimiter(text)

    def read() -> Iterator[list[str]]:
        # The csv module keeps one limit for the whole process; a longer field is refused here instead.
        csv.field_size_limit(max(csv.field_size_limit(), limits.cell_chars))
        with lines() as stream:
            reader = csv.reader(stream, delimiter=delimiter)
            number = 0
            try:
                for record in reader:
                    number += 1
                    yield _cells(record, number, limits)
            except csv.Error as error:
                raise DomainError(
                    "file_cell_too_long", status=422, row=number + 1, limit=limits.cell_chars
                ) from error

    sheet = Sheet("", read, limits)
    return Table(name, "text", (sheet,), encoding.name, delimiter)


def _cells(record: list[str], number: int, limits: Limits) -> list[str]:
    # Most cells are plain; the common path is kept in one expression because it runs for every cell of a
    # file.
    return [
        value if (value := raw.strip()).isascii() else _half_width(value)
        for raw in _short_enough(record, number, limits)
    ]


def _short_enough(cells: list[str], number: int, limits: Limits) -> list[str]:
    if cells and max(map(len, cells)) > limits.cell_chars:
        raise DomainError("file_cell_too_long", status=422, row=number, limit=limits.cell_chars)
    return cells


def tidy(value: str) -> str:
    """Text without the tabs and blanks around it (exports put a tab before long numbers), digits in half
    width."""
    value = value.strip()
    return value if value.isascii() else _half_width(value)


def _half_width(value: str) -> str:
    value = value.strip(_BLANKS)
    return value.translate(_HALF_WIDTH) if _ODD_DIGITS.search(value) else value


def _workbook(source: bytes | str | Path, name: str, kind: str, limits: Limits) -> Table:
    try:
        if isinstance(source, bytes):
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(source))
        else:
            book = python_calamine.CalamineWorkbook.from_path(str(source))
    except python_calamine.PasswordError as error:
        raise DomainError("file_encrypted", status=422, name=name) from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise DomainError("file_damaged", status=422, name=name) from error
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        and sheet.visible == python_calamine.SheetVisibleEnum.Visible
    ]
    if not visible:
        raise DomainError("file_empty", status=422, name=name)
    loaded: dict[str, python_calamine.CalamineSheet] = {}
    sheets = tuple(
        Sheet(title, _sheet_reader(book, title, name, limits, loaded), limits) for title in visible
    )
    return Table(name, kind, sheets)


def _sheet_reader(
    book: python_calamine.CalamineWorkbook,
    title: str,
    name: str,
    limits: Limits,
    loaded: dict[str, python_calamine.CalamineSheet],
) -> Callable[[], Iterator[list[str]]]:
    """`loaded` keeps the sheet read last, so that header, sample and rows parse it once; only one is held."""

    def read() -> Iterator[list[str]]:
        if title not in loaded:
            loaded.clear()
            try:
                loaded[title] = book.get_sheet_by_name(title)
            except (python_calamine.CalamineError, OSError, ValueError) as error:
                raise DomainError("file_damaged", status=422, name=name) from error
        sheet = loaded[title]
        merged = _merged_down(sheet.merged_cell_ranges or [])
        # Calamine gives rows from the first, but columns only from the first that holds anything.
        left = [""] * (sheet.start[1] if sheet.start else 0)
        open_merges: dict[int, tuple[int, str]] = {}
        for index, values in enumerate(sheet.iter_rows()):
            cells = left + _short_enough([cell_text(value) for value in values], index + 1, limits)
            for column, (last, text) in list(open_merges.items()):
                if index > last:
                    del open_merges[column]
                elif column < len(cells) and not cells[column]:
                    cells[column] = text
            for column, last in merged.get(index, ()):
                if column < len(cells):
                    open_merges[column] = (last, cells[column])
            yield cells

    return read


def _merged_down(
    ranges: list[tuple[tuple[int, int], tuple[int, int]]],
) -> dict[int, list[tuple[int, int]]]:
    """First row -> (column, last row) of cells merged downwards in one column: their text holds for each
    row."""
    merged: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, right) in ranges:
        if left == right and bottom > top:
            merged.setdefault(top, []).append((left, bottom))
    return merged


def cell_text(value: object) -> str:
    """A workbook's value as it would be typed: 13925735457.0 is `13925735457`, never an exponent."""
    if isinstance(value, str):
        return tidy(value) if value else ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value))
        if value != value or value in (float("inf"), float("-inf")):
            return ""
        return format(Decimal(format(value, f".{EXACT_FLOAT_DIGITS}g")).normalize(), "f")
    if isinstance(value, datetime.datetime):
        if (value.hour, value.minute, value.second) == (0, 0, 0):
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return "" if value is None else str(value)
