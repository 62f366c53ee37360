from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from anchang.crm.visit_file import GRADES, ReadVisit, open_visits, read_visits
from anchang.platform.importing.reader import read_table
from tests.platform.importing.workbooks import workbook

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = [
    "日期", "客户姓名", "联系电话", "首访/复访", "置业顾问", "认知途径", "意向户型", "意向面积", "预算（万）", "居住区域",
    "客户级别", "洽谈内容", "未成交原因",
]  # fmt: skip


def row(**changes: object) -> list[object]:
    cells: dict[str, object] = {
        "日期": "2026-10-08", "客户姓名": "孙静伟女士", "联系电话": 13800000001, "首访/复访": "复访", "置业顾问": "陈强",
        "认知途径": "老带新", "意向户型": "三房", "意向面积": "100-120", "预算（万）": "200-260", "居住区域": "滨江",
        "客户级别": "A", "洽谈内容": "看过样板间", "未成交原因": "价格",
    }  # fmt: skip
    return [(cells | changes)[label] for label in HEAD]


def read(*rows: list[object], grades: dict[str, str] = GRADES) -> list[ReadVisit]:
    content = workbook({"来访登记": [["某某花园来访客户登记表"], HEAD, *rows]}, ["A1:M1"])
    return list(read_visits(open_visits(read_table(content)), date(2026, 11, 21), ZONE, grades))


def test_a_full_row() -> None:
    (found,) = read(row())
    visit = found.visit
    assert visit is not None
    assert found.row == 3
    assert found.problems == []
    assert visit.arrived_at == datetime(2026, 10, 8, tzinfo=ZONE)
    assert (visit.name, visit.sex, visit.phones) == ("孙静伟", "female", ["13800000001"])
    assert (visit.visit_kind, visit.consultant, visit.channel) == ("repeat", "陈强", "老带新")
    assert (visit.area_low, visit.area_high) == (Decimal(100), Decimal(120))
    assert (visit.budget_low, visit.budget_high) == (Decimal(2000000), Decimal(2600000))
    assert (visit.layout_wish, visit.region, visit.grade) == ("三房", "滨江", "A")
    assert (visit.content, visit.loss_reason) == ("看过样板间", "价格")


@pytest.mark.parametrize(
    "written", ["2026/6/1", "2026.6.1", "2026-06-01", "6月1日", "2026年6月1日", date(2026, 6, 1)]
)
def test_dates_in_several_forms(written: object) -> None:
    (found,) = read(row(日期=written))
    assert found.visit is not None
    assert found.visit.arrived_at.date() == date(2026, 6, 1)


def test_two_phones_and_budget_numbers() -> None:
    (found,) = read(row(联系电话="13800000001/13900000002", **{"预算（万）": 250, "意向面积": "120㎡左右"}))
    assert found.visit is not None
    assert found.visit.phones == ["13800000001", "13900000002"]
    assert found.visit.budget_low == found.visit.budget_high == Decimal(2500000)
    assert found.visit.area_low == Decimal(120)


def test_a_grade_that_the_dictionary_lacks_is_reported_and_kept() -> None:
    (reported,) = read(row(客户级别="B+"))
    assert reported.visit is not None
    assert reported.visit.grade == ""
    assert reported.visit.content == "看过样板间\n客户级别：B+"
    assert [(problem.code, problem.refuses) for problem in reported.problems] == [("not_in_list", False)]
    (mapped,) = read(row(客户级别="B+"), grades=GRADES | {"B+": "B"})
    assert mapped.visit is not None
    assert (mapped.visit.grade, mapped.problems) == ("B", [])


def test_bad_dates_and_phones_refuse_the_row() -> None:
    found = read(row(日期="2月31日"), row(日期=""), row(联系电话="无"), row())
    assert [one.visit is None for one in found] == [True, True, True, False]
    assert [(one.row, one.problems[0].column, one.problems[0].code) for one in found[:3]] == [
        (3, "日期", "date_invalid"),
        (4, "日期", "required"),
        (5, "联系电话", "phone_missing"),
    ]


def test_one_sheet_per_month() -> None:
    content = workbook(
        {"10月": [HEAD, row()], "说明": [["填写说明"]], "11月": [HEAD, row(日期="2026-11-02")]}
    )
    found = list(read_visits(open_visits(read_table(content)), date(2026, 11, 21), ZONE))
    assert [(one.sheet, one.row) for one in found] == [("10月", 2), ("11月", 2)]
