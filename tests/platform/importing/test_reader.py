import datetime
import io
import struct
import zipfile
from pathlib import Path

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform.importing.reader import Limits, read_table
from tests.platform.importing.workbooks import replaced, workbook


def rows_of(content: bytes, limits: Limits | None = None) -> list[tuple[int, list[str]]]:
    table = read_table(content, "file", limits or Limits())
    return list(table.sheets[0].rows())


def code_of(content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(DomainError) as caught:
        rows_of(content, limits)
    assert caught.value.status == 422
    return caught.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    text = f"姓名{delimiter}手机号{delimiter}source\r\n张三{delimiter}13800000001{delimiter}web\r\n李四{delimiter}13800000002{delimiter}call\r\n"
    assert rows_of(text.encode(encoding)) == [
        (1, ["姓名", "手机号", "source"]),
        (2, ["张三", "13800000001", "web"]),
        (3, ["李四", "13800000002", "call"]),
    ]


def test_quoted_lines_tabs_and_wide_digits() -> None:
    text = '姓名,手机号,备注\r\n张三,\t13800000001,"第一行\n第二行, 有逗号"\r\n\r\n李四,１３８００００００02,25０万\r\n'
    assert rows_of(text.encode("gb18030"))[1:] == [
        (2, ["张三", "13800000001", "第一行\n第二行, 有逗号"]),
        (4, ["李四", "13800000002", "250万"]),
    ]


def test_rows_may_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "named.xlsx"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    sheet = read_table(path).sheets[0]
    assert list(sheet.rows()) == list(sheet.rows()) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_workbook_values_become_text() -> None:
    content = workbook(
        {
            "表": [
                ["电话", "面积", "日期", "时间", "长号"],
                [
                    13925735457,
                    120.36,
                    datetime.date(2026, 10, 8),
                    datetime.datetime.fromisoformat("2026-10-08T09:05:00"),
                    "73828628766625860",
                ],
                [13925735457.0, 0.1 + 0.2, None, True, 123456789012345],
            ]
        }
    )
    assert [cells for _, cells in rows_of(content)][1:] == [
        ["13925735457", "120.36", "2026-10-08", "2026-10-08 09:05:00", "73828628766625860"],
        ["13925735457", "0.3", "", "TRUE", "123456789012345"],
    ]


def test_leading_blank_rows_and_columns_keep_row_numbers() -> None:
    content = workbook({"表": [[], [], [None, "姓名", "电话"], [], [None, "张三", "13800000001"]]})
    assert rows_of(content) == [(3, ["", "姓名", "电话"]), (5, ["", "张三", "13800000001"])]


def test_cells_merged_down_hold_for_each_row() -> None:
    content = workbook(
        {"表": [["幢号", "房号"], ["1幢", "101"], [None, "102"], [None, "103"], ["2幢", "101"]]}, ["A2:A4"]
    )
    assert [cells[0] for _, cells in rows_of(content)] == ["幢号", "1幢", "1幢", "1幢", "2幢"]


def test_formulas_are_never_evaluated() -> None:
    assert rows_of(b"name,phone\n=1+1,=cmd|'/C calc'!A0\n")[1] == (2, ["=1+1", "=cmd|'/C calc'!A0"])
    content = workbook({"表": [["a", "b"], [1, "=A2*2"]]})
    assert rows_of(content)[1][1] in (["1", ""], ["1"])


def test_hidden_sheets_are_left_out() -> None:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(workbook({"a": [["x", "y"]], "b": [["z", "w"]]})))
    book["b"].sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    assert [sheet.name for sheet in read_table(stream.getvalue()).sheets] == ["a"]


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 stuff",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"<html><table><tr><td>1",
        bytes(range(256)) * 20,
        b"\x80\xff\x81" * 50,
    ],
)
def test_other_files_are_unknown(content: bytes) -> None:
    assert code_of(content) == "file_unknown"


def test_packages_that_are_no_workbook() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("word/document.xml", "<x/>")
    assert code_of(stream.getvalue()) == "file_unknown"
    assert code_of(b"PK\x03\x04" + b"rubbish" * 30) == "file_damaged"
    assert code_of(workbook({"a": [["x"]]})[:-200]) == "file_damaged"


def test_old_containers() -> None:
    start = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    assert code_of(start + bytes(600)) == "file_damaged"
    assert code_of(start + bytes(600) + "EncryptedPackage".encode("utf-16-le")) == "file_encrypted"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \r\n\r\n", "\ufeff\r\n".encode("utf-16-le")])
def test_empty_files(content: bytes) -> None:
    assert code_of(content) == "file_empty"


def test_a_file_of_200_mb_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    with pytest.raises(DomainError) as caught:
        read_table(path, "huge.csv")
    assert caught.value.code == "file_too_large"
    assert caught.value.params == {"name": "huge.csv", "megabytes": 200, "limit": 50}


def test_zip_bomb_by_ratio_and_by_size() -> None:
    bomb = replaced(workbook({"a": [["x"]]}), "xl/media/image1.png", bytes(30 * 1024 * 1024))
    assert len(bomb) < 100_000
    assert code_of(bomb) == "file_zip_bomb"
    assert code_of(bomb, Limits(unzip_ratio=10**9, unzipped_bytes=20 * 1024 * 1024)) == "file_zip_bomb"


def test_zip_bomb_that_lies_about_its_size() -> None:
    bomb = bytearray(replaced(workbook({"a": [["x"]]}), "xl/media/image1.png", bytes(30 * 1024 * 1024)))
    at = bomb.rindex(b"PK\x01\x02")
    struct.pack_into("<I", bomb, at + 24, 1000)
    assert zipfile.ZipFile(io.BytesIO(bytes(bomb))).getinfo("xl/media/image1.png").file_size == 1000
    assert code_of(bytes(bomb)) == "file_zip_bomb"


def test_one_cell_at_the_far_corner_is_refused() -> None:
    package = workbook({"a": [["x"]]})
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    assert code_of(replaced(package, "xl/worksheets/sheet1.xml", sheet)) == "file_zip_bomb"


def test_a_long_text_repeated_by_every_cell_is_refused() -> None:
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 40_001))
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + cells
        + b"</sheetData></worksheet>"
    )
    texts = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + b"ab" * 16_000
        + b"</t></si></sst>"
    )
    package = replaced(workbook({"a": [["x"]]}), "xl/worksheets/sheet1.xml", sheet)
    assert code_of(replaced(package, "xl/sharedStrings.xml", texts)) == "file_zip_bomb"


def test_limits_on_rows_columns_and_cells() -> None:
    assert code_of(b"a,b\n" * 11, Limits(rows=10)) == "file_too_many_rows"
    assert rows_of(b"a,b\n" * 10 + b",\n" * 50, Limits(rows=10))[-1][0] == 10
    assert code_of(b"a,b\n" + b"1," * 300 + b"1\n") == "file_too_many_columns"
    assert code_of(b"a,b\n1," + b"x" * 40_000 + b"\n") == "file_cell_too_long"


def test_an_open_quote_does_not_swallow_the_file() -> None:
    content = b'name,phone\n"open,13800000001\n' + b"someone,13800000002\n" * 20_000
    assert code_of(content) == "file_cell_too_long"


def test_nul_bytes_stay_for_the_row_to_be_refused() -> None:
    assert rows_of(b"name,phone\nab\x00c,13800000001\n" + b"someone,13800000002\n" * 20)[1] == (
        2,
        ["ab\x00c", "13800000001"],
    )


def test_a_few_broken_bytes_do_not_lose_the_file() -> None:
    text = "姓名,手机号\n" + "张三丰,13800000001\n" * 2000
    content = text.encode("gb18030") + b"\xff,13800000002\n"
    assert rows_of(content)[-1] == (2002, ["\ufffd", "13800000002"])
