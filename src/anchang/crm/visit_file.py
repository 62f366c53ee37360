"""Visits out of a file: the register that a reception desk keeps.

A row is refused for its phone or its date; any other bad cell is kept in the content and reported as a
warning.
"""

# ruff: noqa: E501 - lists of words that files use read better in long lines

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.lead_file import area_in_wish
from anchang.platform.importing import cells
from anchang.platform.importing.mapping import ImportField, unit_in
from anchang.platform.importing.reader import Table
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, extras, open_sheets, parse_rows

VISIT_FIELDS = (
    ImportField("arrived_at", _("Arrived at"), (
        "日期", "来访日期", "到访日期", "来访时间", "到访时间", "登记日期", "接待日期", "首访日期", "时间", "date", "visit date",
        "arrived at"), required=True, looks_like=cells.looks_like_date),
    ImportField("name", _("Full name"), (
        "客户姓名", "姓名", "客户名称", "来访客户", "称呼", "客户", "name", "customer", "customer name")),
    ImportField("phone", _("Phone"), (
        "联系电话", "手机号", "手机号码", "手机", "电话", "电话号码", "联系方式", "客户电话", "phone", "mobile",
        "phone number", "tel"), required=True, looks_like=cells.looks_like_phone),
    ImportField("visit_kind", _("First or repeat"), (
        "首访/复访", "首复访", "来访类型", "来访性质", "首访或复访", "访问类型", "客户类型", "是否首访", "visit type", "first/repeat")),
    ImportField("consultant", _("Consultant"), (
        "置业顾问", "接待顾问", "销售顾问", "接待人", "接待人员", "销售", "顾问", "业务员", "consultant", "sales")),
    ImportField("channel", _("Way heard"), (
        "认知途径", "获知途径", "来访途径", "了解途径", "认知渠道", "渠道", "来源", "媒体途径", "信息来源", "channel", "source")),
    ImportField("layout_wish", _("Layout wanted"), ("意向户型", "需求户型", "户型", "户型需求", "意向房型", "layout")),
    ImportField("area_wish", _("Area wanted"), ("意向面积", "需求面积", "面积需求", "面积", "area")),
    ImportField("budget", _("Budget"), ("预算", "购房预算", "总价预算", "意向总价", "预算总价", "预算区间", "budget")),
    ImportField("region", _("Region"), ("居住区域", "居住地", "区域", "现居住区域", "来源区域", "居住片区", "region", "lives in")),
    ImportField("work_region", _("Works in"), ("工作区域", "工作地点", "works in")),
    ImportField("purpose", pgettext_lazy("purchase", "Purpose"), ("购房目的", "置业目的", "用途", "置业动机", "购房用途", "purpose")),
    ImportField("grade", _("Grade"), ("客户级别", "意向级别", "客户等级", "级别", "等级", "意向度", "意向等级", "grade")),
    ImportField("content", _("Content"), (
        "洽谈内容", "接待内容", "沟通内容", "跟进内容", "洽谈情况", "客户描述", "客户情况", "备注", "content", "note")),
    ImportField("loss_reason", _("Reason for no deal"), (
        "未成交原因", "未购原因", "未成交抗性", "抗性", "抗性点", "不购买原因", "loss reason")),
    ImportField("people", _("Number of people"), ("来访人数", "人数", "同行人数", "people")),
)  # fmt: skip
"""What an import of visits takes. Labels are in the reader's language, names are those that files use."""

FIRST, REPEAT = "first", "repeat"
VISIT_KINDS = {
    "首访": FIRST, "初访": FIRST, "首次": FIRST, "新客": FIRST, "新客户": FIRST, "第一次": FIRST, "是": FIRST, "首": FIRST,
    "复访": REPEAT, "回访": REPEAT, "再访": REPEAT, "老客": REPEAT, "老客户": REPEAT, "多次": REPEAT, "二访": REPEAT,
    "否": REPEAT, "复": REPEAT, "first": FIRST, "repeat": REPEAT,
}  # fmt: skip
GRADES = {grade + ending: grade for grade in "ABCD" for ending in ("", "类", "级", "类客户", "级客户")}
"""The grades that every office has. An office with B+ or S gives its own dictionary; others are
reported."""


@dataclass(slots=True)
class VisitRow:
    """One visit. `arrived_at` is midnight in the project's zone when the register has no time of day.
    Budgets in yuan, areas in square metres, ends may be open; `phones` is never empty, main one first.
    `visit_kind` is first, repeat or empty, as the register says; the system numbers visits by itself."""

    row: int
    arrived_at: datetime
    phones: list[str]
    name: str = ""
    sex: str = ""
    visit_kind: str = ""
    consultant: str = ""
    channel: str = ""
    layout_wish: str = ""
    area_low: Decimal | None = None
    area_high: Decimal | None = None
    budget_low: Decimal | None = None
    budget_high: Decimal | None = None
    region: str = ""
    work_region: str = ""
    purpose: str = ""
    grade: str = ""
    content: str = ""
    loss_reason: str = ""
    people: int | None = None
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ReadVisit:
    """What became of one row: a visit, or none when a problem refuses it; warnings stand beside the
    visit."""

    row: int
    cells: list[str]
    visit: VisitRow | None
    problems: list[Problem]
    sheet: str = ""


def open_visits(table: Table, columns: Mapping[str, int] | None = None, **options: object) -> list[OpenSheet]:
    """The sheets with visits and their columns; for a preview and for `read_visits`. Errors as
    `open_sheets`."""
    return open_sheets(table, VISIT_FIELDS, columns, **options)  # type: ignore[arg-type]


def read_visits(
    sheets: list[OpenSheet], reference: date, zone: ZoneInfo, grades: Mapping[str, str] = GRADES
) -> Iterator[ReadVisit]:
    """Each row in turn, in bounded memory. Dates without a year are the latest ones up to `reference`;
    `grades` gives the grade for each word that the register uses."""
    for opened in sheets:
        beyond = extras(opened)
        for parsed in parse_rows(opened, _plans(opened, reference, zone, grades), several=len(sheets) > 1):
            visit = None if parsed.refused else _visit(parsed, beyond)
            yield ReadVisit(parsed.row, parsed.cells, visit, parsed.problems, parsed.sheet)


def _plans(opened: OpenSheet, reference: date, zone: ZoneInfo, grades: Mapping[str, str]) -> list[Plan]:
    return [
        Plan("arrived_at", partial(cells.office_datetime, reference=reference, zone=zone), required=True),
        Plan("phone", cells.phones, required=True),
        Plan("name", cells.person, strict=True),
        Plan("visit_kind", partial(cells.choice, words=VISIT_KINDS)),
        Plan("consultant", cells.text),
        Plan("channel", cells.text),
        Plan("layout_wish", cells.text),
        Plan("area_wish", cells.area_range),
        Plan("budget", partial(cells.budget, unit=unit_in(opened.label("budget")))),
        Plan("region", cells.text),
        Plan("work_region", cells.text),
        Plan("purpose", cells.text),
        Plan("grade", partial(cells.choice, words=grades)),
        Plan("content", partial(cells.text, longest=4000), strict=True),
        Plan("loss_reason", cells.text),
        Plan("people", cells.integer),
    ]


def _visit(parsed: Parsed, beyond: list[tuple[str, int]]) -> VisitRow:
    values = parsed.values
    name, sex = values["name"] or ("", "")
    low, high = values["budget"] or cells.UNBOUNDED
    area_low, area_high = values["area_wish"] or area_in_wish(values["layout_wish"] or "")
    content = values["content"] or ""
    if parsed.problems:
        content = "\n".join(filter(None, (content, parsed.left_over())))
    row = parsed.cells
    return VisitRow(
        row=parsed.row,
        arrived_at=values["arrived_at"],
        phones=values["phone"],
        name=name,
        sex=sex,
        visit_kind=values["visit_kind"] or "",
        consultant=values["consultant"] or "",
        channel=values["channel"] or "",
        layout_wish=values["layout_wish"] or "",
        area_low=area_low,
        area_high=area_high,
        budget_low=low,
        budget_high=high,
        region=values["region"] or "",
        work_region=values["work_region"] or "",
        purpose=values["purpose"] or "",
        grade=values["grade"] or "",
        content=content,
        loss_reason=values["loss_reason"] or "",
        people=values["people"],
        extra={label: row[column] for label, column in beyond if column < len(row) and row[column]},
    )
