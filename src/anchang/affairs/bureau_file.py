"""The bureau's list as a file: the columns that bureaus use, and rows as checked values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.affairs.rules_bureau import DRAFT, FILED, FREE, REVOKED, SIGNED
from anchang.platform.importing import cells
from anchang.platform.importing.mapping import ImportField
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, parse_rows

BUREAU_FIELDS = (
    ImportField("building", _("Building"), ("幢号", "栋号", "楼栋", "楼号", "楼幢", "幢", "栋", "楼栋号", "座号")),
    ImportField("section", _("Section"), ("单元", "单元号", "梯号")),
    ImportField(
        "room", _("Room"), ("室号", "房号", "房间号", "户号", "房屋编号", "房源", "房屋坐落", "坐落", "车位号"),
        required=True,
    ),
    ImportField(
        "state", pgettext_lazy("bureau", "At the bureau"),
        ("合同状态", "网签状态", "备案状态", "房屋状态", "销售状态", "状态", "签约状态"), required=True,
    ),
    ImportField(
        "online_number", _("Online signing number"), ("合同编号", "网签合同号", "合同号", "网签编号", "网签号")
    ),
    ImportField("filing_number", _("Filing number"), ("备案号", "备案编号", "备案登记号", "登记备案号")),
)  # fmt: skip
STATES = {
    "未售": FREE, "可售": FREE, "未签": FREE, "未签约": FREE, "未网签": FREE, "待售": FREE, "不可售": FREE,
    "草签": DRAFT, "草稿": DRAFT, "暂存": DRAFT, "拟定": DRAFT, "已草签": DRAFT,
    "网签": SIGNED, "已网签": SIGNED, "已签": SIGNED, "已签约": SIGNED, "签约": SIGNED, "待备案": SIGNED,
    "已售": SIGNED, "备案": FILED, "已备案": FILED, "备案完成": FILED, "已登记备案": FILED,
    "撤销": REVOKED, "已撤销": REVOKED, "撤销备案": REVOKED, "已注销": REVOKED, "注销": REVOKED,
    "已退房": REVOKED, "作废": REVOKED,
}  # fmt: skip


@dataclass(frozen=True)
class BureauFileRow:
    row: int
    building: str
    section: str
    room: str
    state: str
    online_number: str = ""
    filing_number: str = ""


@dataclass(frozen=True)
class BureauLine:
    row: int
    cells: list[str]
    value: BureauFileRow | None
    problems: list[Problem]
    sheet: str = ""


_PLANS = [
    Plan("building", partial(cells.text, longest=50)), Plan("section", partial(cells.text, longest=20)),
    Plan("room", partial(cells.text, longest=140), required=True),
    Plan("state", lambda value: cells.choice(value, STATES), required=True),
    Plan("online_number", cells.identifier), Plan("filing_number", cells.identifier),
]  # fmt: skip


def read_bureau_list(sheets: list[OpenSheet]) -> Iterator[BureauLine]:
    """A building's sheet may do without the building column: it has the building's name."""
    for opened in sheets:
        for parsed in parse_rows(opened, _PLANS, several=len(sheets) > 1):
            yield _line(parsed, opened.layout.sheet.name if len(sheets) > 1 else "")


def _line(parsed: Parsed, sheet: str) -> BureauLine:
    if parsed.refused:
        return BureauLine(parsed.row, parsed.cells, None, parsed.problems, parsed.sheet)
    v = parsed.values
    row = BureauFileRow(
        row=parsed.row, building=v["building"] or sheet, section=v["section"] or "", room=v["room"], state=v["state"],
        online_number=(v["online_number"] or "")[:60], filing_number=(v["filing_number"] or "")[:60],
    )  # fmt: skip
    return BureauLine(parsed.row, parsed.cells, row, parsed.problems, parsed.sheet)
