"""The statutory price list: PDF and the form that can be imported again."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import python_calamine
from pypdf import PdfReader

from anchang.inventory.documents import (
    PriceList,
    PriceListHead,
    PriceListRow,
    price_list_pdf,
    price_list_totals,
    statutory_price_list_xlsx,
)

HEAD = PriceListHead(
    developer="云栖置业有限公司",
    project="云栖花园",
    location="滨江大道88号",
    licence="滨房预售证第2026018号",
    land_use="出让 住宅70年",
    plot_ratio="2.2",
    property_fee="3.20元/㎡·月",
    complaint_line="12315",
)
ROW = PriceListRow(
    building="1幢",
    section="1单元",
    floor="1",
    code="101",
    layout="A户型 三室两厅两卫",
    storey_height=Decimal("2.95"),
    gross_area=Decimal("120.36"),
    inner_area=Decimal("96.28"),
    shared_area=Decimal("24.08"),
    price_basis="建筑面积",
    gross_unit_price=Decimal("23200.00"),
    inner_unit_price=Decimal("29002.41"),
    list_total=Decimal("2792352.00"),
    discounts="一次性付款98折；按揭99折",
    state="未售",
)
ROWS = [
    replace(ROW, floor=str(number // 4 + 1), code=f"{number // 4 + 1}0{number % 4 + 1}")
    for number in range(220)
]
PRICE_LIST = PriceList(
    head=HEAD,
    rows=ROWS,
    version="V3",
    published_on=date(2026, 3, 1),
    printed_at=datetime(2026, 3, 12, 9, 0, tzinfo=UTC),
)


def pages(pdf: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_pdf_repeats_its_head_and_ends_with_totals() -> None:
    texts = pages(price_list_pdf(PRICE_LIST))
    assert len(texts) > 1
    for number, text in enumerate(texts, 1):
        assert "房屋总价" in text and "套内面积单价" in text and "优惠折扣及享受条件" in text
        assert f"第{number}页共{len(texts)}页" in text and "版本V3" in text
    assert "开发企业：云栖置业有限公司" in texts[0] and "前期物业服务费：3.20元/㎡·月" in texts[0]
    assert "合计220套" in texts[-1] and "614,317,440.00" in texts[-1] and "26,479.20" in texts[-1]
    assert "23,200.00元/㎡" in texts[-1]
    assert "5504" in "".join(texts)


def test_pdf_pages_are_landscape_in_both_sizes() -> None:
    for paper, width in (("a3", 1190), ("a4", 841)):
        page = PdfReader(io.BytesIO(price_list_pdf(replace(PRICE_LIST, rows=ROWS[:3]), paper))).pages[0]
        assert int(page.mediabox.width) == width and page.mediabox.width > page.mediabox.height


def test_units_without_area_or_unit_price_are_printed() -> None:
    parking = PriceListRow(
        building="地下车库", code="B1-001", list_total=Decimal("180000.00"), price_basis="按个"
    )
    price_list = replace(PRICE_LIST, rows=[parking], title="车位销售价目表")
    (text,) = pages(price_list_pdf(price_list))
    assert "车位销售价目表" in text and "B1-001" in text and "—" in text
    assert price_list_totals([parking]).average is None
    statutory_price_list_xlsx(price_list)


def test_totals_add_every_row() -> None:
    totals = price_list_totals(ROWS)
    assert (totals.units, totals.list_total) == (220, Decimal("614317440.00"))
    assert (totals.gross_area, totals.average) == (Decimal("26479.20"), Decimal("23200.00"))


def test_xlsx_has_the_form_of_the_filing() -> None:
    data = statutory_price_list_xlsx(replace(PRICE_LIST, rows=[ROW, replace(ROW, code="102", note="=1+1")]))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    head = next(number for number, row in enumerate(rows) if row[0] == "序号")
    assert rows[0][0] == "商品房销售价目表" and rows[1][0] == "开发企业：云栖置业有限公司"
    assert rows[head][11] == "销售单价(元/㎡)" and rows[head + 1][11:13] == ["建筑面积单价", "套内面积单价"]
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert {f"A{head + 1}:A{head + 2}", f"L{head + 1}:M{head + 1}", "A1:Q1"} <= merged
    assert rows[head + 2] == [
        1, "1幢", "1单元", "1", "101", "A户型 三室两厅两卫", 2.95, 120.36, 96.28, 24.08, "建筑面积",
        23200, 29002.41, 2792352, "一次性付款98折；按揭99折", "未售", "",
    ]  # fmt: skip
    assert rows[head + 4][0] == "合计" and rows[head + 4][7] == 240.72 and rows[head + 4][13] == 5584704
    assert rows[head + 5][0].startswith("注：")
    assert sheet.cell(head + 4, 17).value == "=1+1" and sheet.cell(head + 4, 17).data_type == "s"
