"""Small workbooks and packages made in memory."""

import io
import zipfile
from collections.abc import Iterable, Sequence

import openpyxl


def workbook(sheets: dict[str, Sequence[Sequence[object]]], merges: Iterable[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for area in merges:
            sheet.merge_cells(area)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def replaced(package: bytes, part: str, content: bytes, **info: object) -> bytes:
    """The package with one part replaced or added."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename != part:
                new.writestr(entry.filename, old.read(entry.filename))
        new.writestr(part, content)
    return stream.getvalue()
