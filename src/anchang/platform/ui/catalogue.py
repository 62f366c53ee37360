"""`/ui-catalogue`: every component with sample data, to look at and to copy from."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from anchang.platform.ui.components import Action, Choice, Column, FilterChip, Pager, Row, Series, Tab

STATES = (
    ("unreleased", "未推售"),
    ("controlled", "销控"),
    ("available", "可售"),
    ("held", "锁定"),
    ("subscribed", "已认购"),
    ("signed", "已签约"),
    ("filed", "已备案"),
    ("delivered", "已交付"),
    ("retained", "自留"),
    ("draft", "草稿"),
    ("approving", "审批中"),
    ("active", "生效"),
    ("overdue", "逾期"),
    ("refused", "已拒绝"),
    ("cancelled", "已取消"),
)
NAMES = ("张三", "欧阳娜娜", "司马相如", "李小龙", "阿卜杜热合曼·吾布力卡斯木", "王五", "赵六")


def sample_rows() -> tuple[list[Column], list[Row]]:
    columns = [
        Column("customer", "客户", main=True, sort_url="?order=customer"),
        Column("phone", "电话", "phone"),
        Column("unit", "房源", "ref"),
        Column("state", "状态", "state"),
        Column("area", "建筑面积", "area", help="平方米"),
        Column("total", "成交总价(元)", "money", sort_url="?order=-total", sorted="descending"),
        Column("signed", "签约日期", "date"),
        Column("note", "备注", wrap=True),
    ]
    rows = [
        Row(
            index,
            {
                "customer": name,
                "phone": {"masked": f"138****23{index:02}", "reveal_url": f"#reveal-{index}"},
                "unit": {"label": f"3号楼-2单元-{index + 1:02}01", "url": "#unit"},
                "state": {"value": STATES[index + 2][0], "label": STATES[index + 2][1]},
                "area": Decimal("89.55") + index,
                "total": Decimal("2696170.00") + index * 10_000,
                "signed": dt.date(2025, 3, 1 + index),
                "note": "首付分两期，月底前补齐；客户要求周末办理按揭面签" if index % 3 == 0 else "",
            },
            url=f"#row-{index}",
        )
        for index, name in enumerate(NAMES)
    ]
    return columns, rows


def sample_board() -> list[dict[str, Any]]:
    floors = []
    for floor in range(12, 6, -1):
        cells = [
            {
                "key": f"unit:{floor}{door:02}",
                "code": f"{floor}{door:02}",
                "state": STATES[(floor * 3 + door) % 9][0],
                "label": STATES[(floor * 3 + door) % 9][1],
                "note": "89.55㎡ 269.6万",
                "dim": door == 5 and floor > 9,
            }
            for door in range(1, 9)
        ]
        floors.append({"number": floor, "cells": cells})
    return floors


def sample_fields() -> list[dict[str, Any]]:
    channels = [("natural", "自然来访"), ("broker", "中介渠道"), ("online", "线上"), ("referral", "老带新")]
    return [
        {"name": "name", "label": "姓名", "required": True, "placeholder": "客户姓名"},
        {
            "name": "phone",
            "label": "电话",
            "kind": "phone",
            "required": True,
            "help": "只显示后四位，查看会留痕",
        },
        {
            "name": "grade",
            "label": "等级",
            "kind": "choice",
            "value": "B",
            "choices": [(c, c) for c in "ABCD"],
        },
        {"name": "channel", "label": "渠道", "kind": "select", "choices": channels, "error": "请选择渠道"},
        {
            "name": "unit",
            "label": "意向房源",
            "kind": "ref",
            "url": "#",
            "value": {"id": 7, "label": "3-2-1201"},
        },
        {
            "name": "tags",
            "label": "关注点",
            "kind": "multi",
            "value": ["school", "metro"],
            "choices": [("school", "学区"), ("metro", "地铁"), Choice("park", "公园", "步行 5 分钟")],
        },
        {"name": "budget", "label": "预算", "kind": "money", "value": Decimal("2696170.00")},
        {"name": "size", "label": "建筑面积", "kind": "area", "value": Decimal("89.55")},
        {"name": "day", "label": "签约日期", "kind": "date", "value": dt.date(2025, 3, 1)},
        {
            "name": "at",
            "label": "下次联系",
            "kind": "datetime",
            "value": dt.datetime(2025, 3, 1, 14, 30, tzinfo=dt.UTC),
        },
        {"name": "file", "label": "附件", "kind": "file", "accept": ".pdf,.jpg,.png"},
        {"name": "agree", "label": "客户同意保存其信息", "kind": "checkbox", "value": True},
        {"name": "note", "label": "备注", "kind": "textarea", "help": "按 Ctrl+Enter 保存"},
    ]


def sample_actions() -> dict[str, Any]:
    return {
        "primary": Action("认购", "#", icon="file", opens="dialog"),
        "others": [
            Action("延期", "#", icon="clock", opens="dialog"),
            Action("签约", "#", icon="check", reason="定金未收齐，还差 20,000.00 元"),
            Action("取消锁定", "#", icon="x", opens="post", tone="danger", confirm="确定取消?"),
        ],
        "blocked": Action("退房", "#", reason="合同已备案，先撤销备案"),
        "first_steps": [Action("登记来访", "#", icon="walk"), Action("导入线索", "#", icon="upload")],
    }


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    columns, rows = sample_rows()
    now = timezone.now()
    months = [f"{month}月" for month in range(1, 7)]
    context = {
        "states": STATES,
        "columns": columns,
        "rows": rows,
        "sums": {"area": Decimal("647.85"), "total": Decimal("19083190")},
        "pages": Pager(7, next_url="?cursor=x", previous_url="?cursor=y"),
        "bulk": [Action("分配", "#", icon="user-plus"), Action("放入公海", "#", opens="post")],
        "chips": [
            FilterChip("状态", "#", "已认购、已签约", "?"),
            FilterChip("渠道", "#"),
            FilterChip("顾问", "#"),
        ],
        "tabs": [
            Tab("跟进", "#", True, 12),
            Tab("来访", "#", False, 3),
            Tab("交易", "#", False, 1),
            Tab("文件", "#"),
        ],
        "fields": sample_fields(),
        **sample_actions(),
        "line_columns": [
            {
                "name": "item",
                "label": "款项",
                "kind": "select",
                "choices": [("house", "房款"), ("fee", "代收费用")],
            },
            {"name": "due", "label": "应收日期", "kind": "date"},
            {"name": "amount", "label": "金额", "kind": "money"},
        ],
        "line_rows": [
            ["house", dt.date(2025, 3, 1), Decimal("800000")],
            ["fee", dt.date(2025, 4, 1), Decimal("24600.50")],
        ],
        "now": now,
        "yesterday": now - dt.timedelta(days=1),
        "earlier": now - dt.timedelta(days=40),
        "changes": [{"label": "等级", "before": "C", "after": "B"}],
        "floors": sample_board(),
        "legend": [{"value": value, "label": label, "count": 12} for value, label in STATES[:7]],
        "months": months,
        "bar": [
            Series("认购", [12, 18, 9, 22, 17, 25], state="subscribed"),
            Series("签约", [8, 14, 11, 15, 16, 19], state="signed"),
        ],
        "line": [Series("来访", [120, 98, 143, 132, 151, 149]), Series("来电", [60, 72, 55, 80, 77, 91])],
        "stages": ["线索", "来访", "复访", "认购", "签约"],
        "funnel": [Series("客户", [820, 410, 190, 62, 48])],
        "parts": ["可售", "锁定", "已认购", "已签约"],
        "pie": [Series("房源", [120, 8, 34, 210], states=["available", "held", "subscribed", "signed"])],
    }
    return render(request, "platform/ui_catalogue.html", context)
