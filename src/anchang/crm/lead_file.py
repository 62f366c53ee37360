"""Leads out of a file: advertising platforms' exports, brokers' lists, an office's own sheet.

A row is refused for its phone alone (and for texts that can't be stored); any other bad cell is kept in the
note and reported as a warning.
"""

# ruff: noqa: E501 - lists of words that files use read better in long lines

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.importing import cells
from anchang.platform.importing.mapping import ImportField, unit_in
from anchang.platform.importing.reader import Table
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, extras, open_sheets, parse_rows

LEAD_FIELDS = (
    ImportField("external_id", _("Number at the source"), (
        "线索ID", "线索编号", "线索号", "编号", "ID", "lead id", "leadid", "external id")),
    ImportField("captured_at", _("Captured at"), (
        "线索创建时间", "创建时间", "留资时间", "提交时间", "获取时间", "线索时间", "录入时间", "登记时间", "时间", "日期",
        "created at", "captured at", "created time", "submit time", "date", "time"), looks_like=cells.looks_like_date),
    ImportField("name", _("Full name"), (
        "姓名", "客户姓名", "客户名称", "联系人", "名字", "称呼", "用户姓名", "客户", "name", "full name",
        "customer name")),
    ImportField("phone", _("Phone"), (
        "手机号", "手机号码", "手机", "联系电话", "电话", "电话号码", "联系方式", "移动电话", "客户电话", "联系号码", "phone",
        "mobile", "phone number", "tel"), required=True, looks_like=cells.looks_like_phone),
    ImportField("channel", _("Channel"), (
        "渠道", "来源", "来源渠道", "线索来源", "获客渠道", "渠道名称", "媒体", "平台", "channel", "source")),
    ImportField("campaign", _("Campaign"), (
        "广告计划名称", "计划名称", "推广计划", "广告名称", "活动名称", "营销活动", "广告计划", "活动", "campaign",
        "campaign name", "ad name")),
    ImportField("city", _("City"), ("城市", "所在城市", "所在地", "省市", "city")),
    ImportField("region", _("Region"), ("区域", "居住区域", "所在区域", "意向区域", "片区", "地区", "region", "district")),
    ImportField("layout_wish", _("Layout wanted"), (
        "意向户型", "户型", "需求户型", "户型需求", "意向房型", "layout", "bedrooms")),
    ImportField("area_wish", _("Area wanted"), ("意向面积", "需求面积", "面积", "面积需求", "area")),
    ImportField("budget", _("Budget"), (
        "预算", "购房预算", "总价预算", "意向总价", "价格预算", "预算区间", "budget")),
    ImportField("purpose", pgettext_lazy("purchase", "Purpose"), ("购房目的", "置业目的", "用途", "目的", "purpose")),
    ImportField("consultant", _("Consultant"), ("置业顾问", "顾问", "归属人", "跟进人", "负责人", "consultant", "owner")),
    ImportField("note", _("Note"), ("备注", "留言", "客户留言", "说明", "备注信息", "note", "remark", "message")),
)  # fmt: skip
"""What an import of leads takes. Labels are in the reader's language, names are those that files use."""


@dataclass(slots=True)
class LeadRow:
    """One lead. Budgets in yuan, areas in square metres, ends may be open; `phones` is never empty, main
    one first. `name` is empty when the file has none. `extra` keeps the other columns by their labels."""

    row: int
    phones: list[str]
    name: str = ""
    sex: str = ""
    external_id: str = ""
    captured_at: datetime | None = None
    channel: str = ""
    campaign: str = ""
    city: str = ""
    region: str = ""
    layout_wish: str = ""
    area_low: Decimal | None = None
    area_high: Decimal | None = None
    budget_low: Decimal | None = None
    budget_high: Decimal | None = None
    purpose: str = ""
    consultant: str = ""
    note: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    enquiry: Any = None  # what the import makes of it, ahead of writing it


@dataclass(slots=True)
class ReadLead:
    """What became of one row: a lead, or none when a problem refuses it; warnings stand beside the lead."""

    row: int
    cells: list[str]
    lead: LeadRow | None
    problems: list[Problem]
    sheet: str = ""


def open_leads(table: Table, columns: Mapping[str, int] | None = None, **options: object) -> list[OpenSheet]:
    """The sheets with leads and their columns; for a preview and for `read_leads`. Errors as
    `open_sheets`."""
    return open_sheets(table, LEAD_FIELDS, columns, **options)  # type: ignore[arg-type]


def read_leads(sheets: list[OpenSheet], reference: date, zone: ZoneInfo) -> Iterator[ReadLead]:
    """Each row in turn, in bounded memory. Dates without a year are the latest ones up to `reference`;
    times are the project's, in `zone`."""
    for opened in sheets:
        beyond = extras(opened)
        for parsed in parse_rows(opened, _plans(opened, reference, zone), several=len(sheets) > 1):
            lead = None if parsed.refused else _lead(parsed, beyond)
            yield ReadLead(parsed.row, parsed.cells, lead, parsed.problems, parsed.sheet)


def _plans(opened: OpenSheet, reference: date, zone: ZoneInfo) -> list[Plan]:
    return [
        Plan("phone", cells.phones, required=True),
        Plan("name", cells.person, strict=True),
        Plan("external_id", cells.identifier),
        Plan("captured_at", partial(cells.office_datetime, reference=reference, zone=zone)),
        Plan("channel", cells.text),
        Plan("campaign", cells.text),
        Plan("city", cells.text),
        Plan("region", cells.text),
        Plan("layout_wish", cells.text),
        Plan("area_wish", cells.area_range),
        Plan("budget", partial(cells.budget, unit=unit_in(opened.label("budget")))),
        Plan("purpose", cells.text),
        Plan("consultant", cells.text),
        Plan("note", partial(cells.text, longest=4000), strict=True),
    ]


def _lead(parsed: Parsed, beyond: list[tuple[str, int]]) -> LeadRow:
    values = parsed.values
    name, sex = values["name"] or ("", "")
    low, high = values["budget"] or cells.UNBOUNDED
    area_low, area_high = values["area_wish"] or area_in_wish(values["layout_wish"] or "")
    note = values["note"] or ""
    if parsed.problems:
        note = "\n".join(filter(None, (note, parsed.left_over())))
    row = parsed.cells
    return LeadRow(
        row=parsed.row,
        phones=values["phone"],
        name=name,
        sex=sex,
        external_id=values["external_id"] or "",
        captured_at=values["captured_at"],
        channel=values["channel"] or "",
        campaign=values["campaign"] or "",
        city=values["city"] or "",
        region=values["region"] or "",
        layout_wish=values["layout_wish"] or "",
        area_low=area_low,
        area_high=area_high,
        budget_low=low,
        budget_high=high,
        purpose=values["purpose"] or "",
        consultant=values["consultant"] or "",
        note=note,
        extra={label: row[column] for label, column in beyond if column < len(row) and row[column]},
    )


def area_in_wish(wish: str) -> cells.Range:
    """An area that was written where the layout belongs: `120平左右`. A number without unit isn't taken for
    one."""
    if not any(unit in wish for unit in ("平", "㎡", "m2", "m²")):
        return cells.UNBOUNDED
    try:
        return cells.area_range(wish)
    except cells.CellError:
        return cells.UNBOUNDED
