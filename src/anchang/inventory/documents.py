"""The statutory price list (商品房销售价目表): PDF for posting, XLSX for filing and re-import.

Pure functions over values: no model, no database. Columns follow the provincial form; labels such as the
state of a unit come worded by the caller. Amounts are yuan, areas square metres, Decimal with two places.
"""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from anchang.kernel.money import ZERO, unit_price
from anchang.platform.documents.sheets import cell_text
from anchang.platform.documents.typst import render_long

FORMS = Path(__file__).parent / "forms"
TITLE = "商品房销售价目表"
REMARK = "本表一次性公开全部房源，销售价格不得高于本表标价；代收代缴税费自愿选择。"


@dataclass(frozen=True, kw_only=True)
class PriceListHead:
    """What the form says about developer and project; empty facts are left out."""

    developer: str
    project: str
    location: str = ""
    licence: str = ""
    land_use: str = ""
    plot_ratio: str = ""
    greening: str = ""
    parking_ratio: str = ""
    building_type: str = ""
    structure: str = ""
    finish: str = ""
    utilities: str = ""
    property_fee: str = ""
    complaint_line: str = ""


@dataclass(frozen=True, kw_only=True)
class PriceListRow:
    """One unit. Unit prices are those of the filing; `list_total` is what may be charged at most."""

    building: str
    code: str
    list_total: Decimal
    section: str = ""
    floor: str = ""
    layout: str = ""
    storey_height: Decimal | None = None
    gross_area: Decimal | None = None
    inner_area: Decimal | None = None
    shared_area: Decimal | None = None
    price_basis: str = ""
    gross_unit_price: Decimal | None = None
    inner_unit_price: Decimal | None = None
    discounts: str = ""
    state: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """A published version of the list. Parking and annexes are lists of their own with their own `title`."""

    head: PriceListHead
    rows: Sequence[PriceListRow]
    version: str
    published_on: date
    title: str = TITLE
    remark: str = REMARK
    printed_at: datetime | None = None
    printed_by: str = ""


@dataclass(frozen=True)
class PriceListTotals:
    """The footer: `average` is Σ total ÷ Σ gross area, None without areas."""

    units: int
    gross_area: Decimal
    inner_area: Decimal
    shared_area: Decimal
    list_total: Decimal
    average: Decimal | None


def price_list_totals(rows: Sequence[PriceListRow]) -> PriceListTotals:
    gross = sum((row.gross_area or ZERO for row in rows), ZERO)
    total = sum((row.list_total for row in rows), ZERO)
    return PriceListTotals(
        units=len(rows),
        gross_area=gross,
        inner_area=sum((row.inner_area or ZERO for row in rows), ZERO),
        shared_area=sum((row.shared_area or ZERO for row in rows), ZERO),
        list_total=total,
        average=unit_price(total, gross),
    )


def price_list_pdf(price_list: PriceList, paper: Literal["a3", "a4"] = "a3") -> bytes:
    """Render the list, landscape, its head on every page. Raises DomainError as `render_long` does."""
    data = asdict(price_list) | {
        "paper": paper,
        "facts": head_facts(price_list.head),
        "totals": asdict(price_list_totals(price_list.rows)),
        "printed_by": price_list.printed_by or None,
    }
    return render_long(FORMS / "price_list.typ", data)


def head_facts(head: PriceListHead) -> list[tuple[str, str]]:
    """Label and value of every fact that is known, in the order of the form."""
    labelled = (
        ("开发企业", head.developer),
        ("楼盘名称", head.project),
        ("坐落", head.location),
        ("预售许可证号", head.licence),
        ("土地性质", head.land_use),
        ("价格举报电话", head.complaint_line),
        ("容积率", head.plot_ratio),
        ("绿化率", head.greening),
        ("车位配比", head.parking_ratio),
        ("建筑类型", head.building_type),
        ("建筑结构", head.structure),
        ("装修状况", head.finish),
        ("基础设施", head.utilities),
        ("前期物业服务费", head.property_fee),
    )
    return [(label, value) for label, value in labelled if value]


# (title, second row under it, width, number format) in the order of the form.
XLSX_COLUMNS: tuple[tuple[str, str, int, str], ...] = (
    ("序号", "", 6, "0"),
    ("幢号", "", 9, "@"),
    ("单元", "", 9, "@"),
    ("楼层", "", 7, "@"),
    ("室号", "", 9, "@"),
    ("户型", "", 22, "@"),
    ("层高(米)", "", 9, "0.00"),
    ("建筑面积(㎡)", "", 13, "0.00"),
    ("套内建筑面积(㎡)", "", 17, "0.00"),
    ("公摊面积(㎡)", "", 13, "0.00"),
    ("计价单位", "", 12, "@"),
    ("销售单价(元/㎡)", "建筑面积单价", 15, "#,##0.00"),
    ("", "套内面积单价", 15, "#,##0.00"),
    ("房屋总价(元)", "", 17, "#,##0.00"),
    ("优惠折扣及享受条件", "", 30, "@"),
    ("销售状态", "", 10, "@"),
    ("备注", "", 20, "@"),
)
FACTS_PER_LINE = 3
FACT_COLUMNS = (1, 6, 11)
HEAD_FILL = PatternFill("solid", fgColor="EEF1F4")
THIN = Side(style="thin", color="888888")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)


def write_statutory_price_list_xlsx(price_list: PriceList, target: str | Path | BinaryIO) -> None:
    """Write the list as the statutory form: merged two-row head, totals, remark. It can be imported again.

    A project has thousands of units at most, so the sheet is built in memory.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "价目表"
    _put(sheet, 1, 1, price_list.title).font = Font(bold=True, size=16)
    sheet.cell(1, 1).alignment = MIDDLE
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(XLSX_COLUMNS))
    head_row = _write_facts(sheet, price_list) + 1
    _write_head(sheet, head_row)
    row_number = head_row + 2
    for number, row in enumerate(price_list.rows, 1):
        _write_row(sheet, row_number, _row_values(number, row))
        row_number += 1
    _write_footer(sheet, row_number, price_list)
    _set_up_page(sheet, head_row)
    book.save(target)


def statutory_price_list_xlsx(price_list: PriceList) -> bytes:
    """As `write_statutory_price_list_xlsx`, in memory."""
    buffer = io.BytesIO()
    write_statutory_price_list_xlsx(price_list, buffer)
    return buffer.getvalue()


def _put(sheet: Worksheet, row: int, column: int, value: Any, number_format: str = "") -> Cell:
    """Set a cell. Text is stored as text whatever it starts with: no formula comes out of a name."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    if isinstance(value, str):
        cell.value = cell_text(value)
        cell.data_type = "s"
    elif value is not None:
        cell.value = value
    if number_format:
        cell.number_format = number_format
    return cell


def _write_facts(sheet: Worksheet, price_list: PriceList) -> int:
    """Write the facts below the title, three to a line; returns the last row used."""
    facts = [
        *head_facts(price_list.head),
        ("版本", price_list.version),
        ("公布日期", f"{price_list.published_on:%Y-%m-%d}"),
    ]
    for index, (label, value) in enumerate(facts):
        row = 2 + index // FACTS_PER_LINE
        _put(sheet, row, FACT_COLUMNS[index % FACTS_PER_LINE], f"{label}：{value}")
    return 1 + -(-len(facts) // FACTS_PER_LINE)


def _write_head(sheet: Worksheet, row: int) -> None:
    for column, (title, under, width, _) in enumerate(XLSX_COLUMNS, 1):
        for line, text in ((row, title), (row + 1, under)):
            cell = _put(sheet, line, column, text or None)
            cell.font, cell.fill, cell.border, cell.alignment = Font(bold=True), HEAD_FILL, BOX, MIDDLE
        sheet.column_dimensions[get_column_letter(column)].width = width
    # Merging comes last: merged cells can't be written any more.
    for column, (title, under, _, _) in enumerate(XLSX_COLUMNS, 1):
        if title and not under:
            sheet.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)
        elif title:
            sheet.merge_cells(start_row=row, end_row=row, start_column=column, end_column=column + 1)


def _row_values(number: int, row: PriceListRow) -> tuple[Any, ...]:
    return (
        number,
        row.building,
        row.section,
        row.floor,
        row.code,
        row.layout,
        row.storey_height,
        row.gross_area,
        row.inner_area,
        row.shared_area,
        row.price_basis,
        row.gross_unit_price,
        row.inner_unit_price,
        row.list_total,
        row.discounts,
        row.state,
        row.note,
    )


def _write_row(sheet: Worksheet, row: int, values: Sequence[Any]) -> None:
    for column, value in enumerate(values, 1):
        _put(sheet, row, column, value, XLSX_COLUMNS[column - 1][3]).border = BOX


def _write_footer(sheet: Worksheet, row: int, price_list: PriceList) -> None:
    totals = price_list_totals(price_list.rows)
    average = "" if totals.average is None else f"，均价 {totals.average:,.2f} 元/㎡"
    values: list[Any] = [None] * len(XLSX_COLUMNS)
    values[0] = "合计"
    values[7:10] = totals.gross_area, totals.inner_area, totals.shared_area
    values[13] = totals.list_total
    values[16] = f"共 {totals.units} 套{average}"
    _write_row(sheet, row, values)
    for column in range(1, len(XLSX_COLUMNS) + 1):
        sheet.cell(row, column).font = Font(bold=True)
    _put(sheet, row + 1, 1, f"注：{price_list.remark}")


def _set_up_page(sheet: Worksheet, head_row: int) -> None:
    sheet.freeze_panes = sheet.cell(head_row + 2, 6)
    sheet.print_title_rows = f"{head_row}:{head_row + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 8  # A3
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.right.text = "&P / &N"
