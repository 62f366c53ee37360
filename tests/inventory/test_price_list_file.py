from decimal import Decimal

import pytest

from anchang.inventory.price_list_file import PriceListFile, layout_parts, open_price_list, read_price_list
from anchang.kernel.errors import DomainError
from anchang.platform.importing.reader import read_table
from tests.platform.importing.workbooks import workbook

HEAD = [
    ["商品房销售价目表"],
    ["开发企业：某某置业有限公司", None, None, None, None, "楼盘名称：某某花园", None, None, None, None, "坐落：滨江大道1号"],
    ["预售许可证号：滨房预售证第2026001号", None, None, None, None, "土地性质：出让 住宅70年"],
    ["容积率：2.2  绿化率：35%  车位配比：1:1.1", None, None, None, None, "前期物业服务费：3.20元/㎡·月"],
    [
        "序号", "幢号", "单元", "楼层", "室号", "户型", "层高(米)", "建筑面积(㎡)", "套内建筑面积(㎡)", "公摊面积(㎡)", "计价单位",
        "销售单价(元/㎡)", None, "房屋总价(元)", "优惠折扣及享受条件", "销售状态", "备注",
    ],
    [None] * 11 + ["建筑面积单价", "套内面积单价"],
]  # fmt: skip
MERGES = ["A1:O1", "L5:M5", *(f"{letter}5:{letter}6" for letter in "ABCDEFGHIJKNOPQ")]
NOTE = ["注：本表一次性公开全部房源。"]


def unit(number: int, room: str = "101", **changes: object) -> list[object]:
    cells = {
        "number": number, "building": "1幢", "section": "1单元", "floor": 1, "room": room,
        "layout": "A户型 三室两厅两卫", "height": 2.95, "gross": 120.36, "inner": 96.28, "shared": 24.08,
        "basis": "建筑面积", "gross_price": 23200, "inner_price": 29002.41, "total": 2792352, "discounts": "一次性付款98折",
        "state": "未售", "note": None,
    }  # fmt: skip
    assert changes.keys() <= cells.keys()
    return list((cells | changes).values())


def total(area: object, amount: object, first: str = "合计") -> list[object]:
    return [first, *[None] * 6, area, *[None] * 5, amount]


def read_form(*rows: list[object]) -> PriceListFile:
    content = workbook({"价目表": [*HEAD, *rows]}, MERGES)
    return read_price_list(open_price_list(read_table(content)))


def codes(found: PriceListFile) -> list[tuple[int, str, str, str]]:
    return [(one.row, one.column, one.value, one.code) for one in found.refused]


def test_the_statutory_form() -> None:
    found = read_form(
        unit(1), unit(2, "102", state="预留"), unit(3, "103", state="已售"), total(361.08, 8377056), NOTE
    )
    facts = found.facts
    assert (facts.developer, facts.project, facts.location) == ("某某置业有限公司", "某某花园", "滨江大道1号")
    assert (facts.permit, facts.land, facts.land_years) == ("滨房预售证第2026001号", "出让 住宅70年", 70)
    assert (facts.plot_ratio, facts.greening, facts.parking_ratio) == ("2.2", "35%", "1:1.1")
    assert facts.property_fee == "3.20元/㎡·月"
    assert (found.read, len(found.rows), found.total) == (3, 3, Decimal("8377056.00"))
    assert found.refused == found.warnings == found.footer_problems == []
    row = found.rows[0]
    assert (row.row, row.building, row.building_code, row.section, row.room, row.code) == (
        7,
        "1幢",
        "1",
        "1",
        "101",
        "101",
    )
    assert (row.floor, row.layout_code, row.layout_name, row.rooms) == (1, "A", "A户型 三室两厅两卫", 3)
    assert (row.storey_height, row.gross_area, row.inner_area, row.shared_area) == (
        Decimal("2.95"), Decimal("120.36"), Decimal("96.28"), Decimal("24.08"),
    )  # fmt: skip
    assert (row.basis, row.gross_unit_price, row.inner_unit_price, row.total) == (
        "gross", Decimal(23200), Decimal("29002.41"), Decimal(2792352),
    )  # fmt: skip
    assert [one.state for one in found.rows] == ["unsold", "reserved", "sold"]


def test_rows_whose_arithmetic_fails_are_refused() -> None:
    found = read_form(
        unit(1),
        unit(2, "102", shared=25.08),
        unit(3, "103", total=2792400),
        unit(4, "104", total=2792352.9),
        unit(5, "105", inner=None, shared=None, inner_price=None),
    )
    assert [one.room for one in found.rows] == ["101", "104", "105"]
    assert codes(found) == [
        (8, "建筑面积(㎡)", "120.36", "areas_disagree"),
        (9, "房屋总价(元)", "2792400", "total_disagrees"),
    ]
    assert found.refused[0].as_dict()["message"] != "areas_disagree"
    assert found.refused_cells["", 9][4] == "103"


def test_cells_that_cannot_be_taken_are_refused() -> None:
    found = read_form(
        unit(1, total=-2792352),
        unit(2, "102", gross="大"),
        unit(3, "103", state="再说"),
        unit(4, None),  # type: ignore[arg-type]
        unit(5, "105", total=None),
        unit(6, "106", total=None, gross_price=None, inner_price=None, state="已售"),
        unit(7, "107", floor="顶层"),
    )
    assert codes(found) == [
        (7, "房屋总价(元)", "-2792352", "negative"),
        (8, "建筑面积(㎡)", "大", "not_a_number"),
        (9, "销售状态", "再说", "not_in_list"),
        (10, "室号", "", "required"),
        (11, "房屋总价(元)", "", "required"),
        (13, "楼层", "顶层", "floor_invalid"),
    ]
    assert [(one.room, one.total) for one in found.rows] == [("106", None)]


def test_a_unit_twice_is_refused_once() -> None:
    found = read_form(unit(1), unit(2), unit(3, building="2幢"))
    assert codes(found) == [(8, "室号", "101", "duplicate_unit")]
    assert found.refused[0].params == {"first": 7}
    assert len(found.rows) == 2


def test_codes_carry_the_section_where_a_building_has_several() -> None:
    found = read_form(
        unit(1), unit(2, section="2单元"), unit(3, building="2幢"), unit(4, "2-102", section="2单元")
    )
    assert [(one.building_code, one.code) for one in found.rows] == [
        ("1", "1-101"),
        ("1", "2-101"),
        ("2", "101"),
        ("1", "2-102"),
    ]


def test_footer_that_disagrees() -> None:
    found = read_form(unit(1), unit(2, "102"), total(240.73, 5584705, "合计"), ["总计", "共3套"])
    assert [(one.row, one.code, one.value, one.params["counted"]) for one in found.footer_problems] == [
        (9, "footer_area_disagrees", "240.73", Decimal("240.72")),
        (9, "footer_total_disagrees", "5584705.00", Decimal("5584704.00")),
        (10, "footer_units_disagree", "3", 2),
    ]


def test_footer_counts_refused_rows_too() -> None:
    found = read_form(unit(1), unit(2, "102", state="再说"), total(240.72, 5584704))
    assert len(found.refused) == 1
    assert found.footer_problems == []


def test_another_bureau_s_columns_as_csv() -> None:
    text = (
        "房号,栋号,层,总价（万元）,面积,单价,套内面积,朝向,用途\r\n"
        '101室,3号楼,1,279.2352,120.36,"23,200.00",96.28,南北,住宅\r\n'
        "102室,,1,279.2352,120.36,23200,96.28,南,猪圈\r\n"
    )
    found = read_price_list(open_price_list(read_table(text.encode("gb18030"), "list.csv")))
    assert found.refused == []
    first, second = found.rows
    assert (first.building, first.building_code, first.room, first.floor) == ("3号楼", "3", "101", 1)
    assert (first.total, first.gross_unit_price, first.inner_area) == (
        Decimal("2792352.00"), Decimal("23200.00"), Decimal("96.28"),
    )  # fmt: skip
    assert (first.orientation, first.product_type) == ("南北", "housing")
    assert second.building_code == "3"
    assert [(one.column, one.code) for one in found.warnings] == [("用途", "not_in_list")]
    assert second.note == "用途：猪圈"


def test_one_sheet_per_building() -> None:
    head = ["房号", "建筑面积", "单价", "总价"]
    content = workbook(
        {
            "1幢": [head, ["1单元101", 100, 20000, 2000000], ["合计", 100, None, 2000000]],
            "2幢": [
                head,
                ["1单元101", 100, 20000, 2000000],
                ["2单元101", 100, 20000, 2000000],
                ["合计", 300, None, 6000000],
            ],
            "填表说明": [["一、按幢填写"]],
        }
    )
    found = read_price_list(open_price_list(read_table(content)))
    assert [(one.sheet, one.row, one.building_code, one.code) for one in found.rows] == [
        ("1幢", 2, "1", "101"),
        ("2幢", 2, "2", "1-101"),
        ("2幢", 3, "2", "2-101"),
    ]
    assert found.footer_problems == []


def test_a_list_without_buildings_is_refused_row_by_row() -> None:
    found = read_price_list(open_price_list(read_table("房号,建筑面积,总价\n101,100,2000000\n".encode())))
    assert [(one.row, one.code) for one in found.refused] == [(2, "building_missing")]


def test_price_by_unit_is_not_multiplied() -> None:
    found = read_form(
        unit(
            1,
            basis="套",
            gross_price=150000,
            inner_price=None,
            total=150000,
            gross=12.5,
            inner=None,
            shared=None,
        )
    )
    assert found.refused == []
    assert found.rows[0].basis == "unit"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A户型 三室两厅两卫", ("A", "A户型 三室两厅两卫", 3)),
        ("B2户型", ("B2", "B2户型", None)),
        ("C1", ("C1", "C1", None)),
        ("三室两厅", ("三室两厅", "三室两厅", 3)),
        ("", ("", "", None)),
    ],
)
def test_layout_parts(text: str, expected: tuple[str, str, int | None]) -> None:
    assert layout_parts(text) == expected


def test_header_only_and_nothing() -> None:
    assert read_form().rows == []
    with pytest.raises(DomainError) as caught:
        open_price_list(read_table("名称,数量\n甲,1\n".encode()))
    assert caught.value.code == "mapping_wrong"
