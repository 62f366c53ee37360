"""Spreadsheets read back: values, formats, totals, and nothing that Excel would run."""

import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from anchang.kernel.errors import DomainError
from anchang.platform.documents import sheets
from anchang.platform.documents.sheets import Column, Sheet, write_xlsx, xlsx_bytes

COLUMNS = [
    Column("编号"),
    Column("金额", "money", total=True),
    Column("面积", "area"),
    Column("套数", "int", total=True),
    Column("优惠", "percent"),
    Column("签约日", "date"),
    Column("时间", "datetime"),
]
DAY = date(2026, 3, 1)
MOMENT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
ROWS = [
    ("YQ-1", Decimal("2696170.00"), Decimal("120.36"), 1, Decimal("0.0468"), DAY, MOMENT),
    ("YQ-2", None, None, None, None, None, None),
    ("YQ-3", Decimal("0.10"), Decimal("98.52"), 2, Decimal("0"), DAY, MOMENT),
]


def book(*parts: Sheet) -> Any:
    return openpyxl.load_workbook(io.BytesIO(xlsx_bytes(*parts)))


def values(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def test_values_types_and_totals_come_back() -> None:
    sheet = book(Sheet("签约", COLUMNS, iter(ROWS), note="导出人 张三 & 李四"))["签约"]
    read = values(sheet)
    assert read[0] == ("编号", "金额", "面积", "套数", "优惠", "签约日", "时间")
    assert read[1] == ("YQ-1", 2696170, 120.36, 1, 0.0468, datetime(2026, 3, 1), datetime(2026, 3, 1, 8, 30))  # noqa: DTZ001
    assert read[2] == ("YQ-2", None, None, None, None, None, None)
    assert read[4] == ("合计", 2696170.1, None, 3, None, None, None)
    assert read[-1][0] == "导出人 张三 & 李四"
    assert sheet.freeze_panes == "A2"
    assert [cell.number_format for cell in sheet[2]] == [
        sheets.NUMBER_FORMATS[column.kind] for column in COLUMNS
    ]
    assert "张三 && 李四" in sheet.oddFooter.left.text or "张三 & 李四" in sheet.oddFooter.left.text


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1"]
)
def test_text_never_becomes_a_formula(text: str) -> None:
    data = xlsx_bytes(Sheet(text, [Column(text), Column("金额", "money")], [(text, text)], note=text))
    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert not re.search(r"<f[ >]", xml) and "<hyperlink" not in xml
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert sheet["A2"].value == text and sheet["A2"].data_type == "s" and sheet["A2"].number_format == "@"
    assert sheet["B2"].value == text and sheet["B2"].data_type == "s"


def test_odd_names_and_texts_are_accepted() -> None:
    long = "长" * 40_000
    parts = [Sheet("a/b:c*?[x]" * 5, [Column("列"), Column("列")], [(long, "a\x00\x0bb")]) for _ in range(2)]
    result = book(*parts)
    assert len(set(result.sheetnames)) == 2 and all(len(name) <= 31 for name in result.sheetnames)
    first = result.worksheets[0]
    assert [cell.value for cell in first[1]] == ["列", "列 (2)"]
    assert len(first["A2"].value) == sheets.CELL_CHARACTERS and first["B2"].value == "ab"


def test_an_empty_sheet_keeps_its_header() -> None:
    result = book(Sheet("空", COLUMNS[:1], []), Sheet("空", COLUMNS, []))
    assert values(result.worksheets[0])[0] == ("编号",)
    assert values(result.worksheets[1])[:2][1][:2] == ("合计", 0)


def test_widths_follow_titles_and_texts() -> None:
    sheet = book(
        Sheet("宽", [Column("备注"), Column("定", width=30)], [("云栖花园一期一幢", "x")])
    ).worksheets[0]
    assert 16 <= sheet.column_dimensions["A"].width < 24
    assert round(sheet.column_dimensions["B"].width) == 31


def test_long_exports_stream(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(20_000):
            yield (f"YQ-{number}", *ROWS[0][1:])

    tracemalloc.start()
    written = write_xlsx(tmp_path / "long.xlsx", Sheet("长", COLUMNS, rows()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written == 20_000 and peak < 5_000_000
    sheet = openpyxl.load_workbook(tmp_path / "long.xlsx", read_only=True).worksheets[0]
    last = next(sheet.iter_rows(min_row=20_002, values_only=True))
    assert last[1] == 20_000 * 2696170


def test_too_many_rows_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_PER_SHEET", 500)
    target = tmp_path / "many.xlsx"
    with pytest.raises(DomainError) as caught:
        write_xlsx(target, Sheet("多", [Column("a")], ((n,) for n in range(600))))
    assert (caught.value.code, caught.value.status) == ("too_many_rows", 413)
    assert not target.exists()
