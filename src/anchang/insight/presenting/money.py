"""Units, money and feedback on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.dictionaries import word as dictionary_word
from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.presenting.words import (
    ITEM_WORDS,
    UNIT_STATES,
    WAY_WORDS,
    Answer,
    days_word,
    floats,
    named,
    number,
    text,
)
from anchang.platform.ui.components import Column, Series

REASON_COLUMNS = (
    text("reason", _("Reason")), text("next_action", _("Next action")), Column("next_on", _("Next date"), "date"),
)  # fmt: skip


def units(answer: Answer) -> Blocks:
    totals = answer["totals"]
    measures = [
        number("units", _("Units")),
        number("area", _("Area (㎡)"), "area"),
        number("amount", _("List total (yuan)"), "money"),
    ]
    rows = [
        {
            "project": one["project"]["label"],
            "building": named(r["building"]),
            "layout": named(r["layout"]),
            "state": UNIT_STATES.get(r["state"], r["state"]),
            "units": r["units"],
            "area": r["area"],
            "amount": r["amount"],
        }
        for one in answer["by_project"]
        for r in one["rows"]
    ]
    sums = ("units", "area", "amount")
    states = [UNIT_STATES.get(t["state"], t["state"]) for t in totals]
    return Blocks(
        [
            Figure(_("Sold"), answer["sold"], unit=_("units")),
            Figure(_("Sold ÷ all but retained"), answer["sold_rate"], "percent"),
            Figure(_("Sell-through by units"), answer["sell_through"]["units"], "percent"),
            Figure(_("Sell-through by area"), answer["sell_through"]["area"], "percent"),
            Figure(_("Sell-through by value"), answer["sell_through"]["amount"], "percent"),
            Figure(_("Value of the stock"), answer["stock_value"], "wan", _("10k yuan")),
        ],
        [
            Chart(
                "pie",
                _("Units by state"),
                states,
                [Series(_("Units"), [t["units"] for t in totals], states=[t["state"] for t in totals])],
            )
        ]
        if totals
        else [],
        [
            Table(
                _("By state"),
                [text("state", _("State"), True), *measures],
                [t | {"state": UNIT_STATES.get(t["state"], t["state"])} for t in totals],
                sums,
            ),
            Table(
                _("By building and layout"),
                [
                    text("building", _("Building"), True),
                    text("project", _("Project")),
                    text("layout", _("Layout")),
                    text("state", _("State")),
                    *measures,
                ],
                rows,
                sums,
            ),
        ],
    )


def collection(answer: Answer) -> Blocks:
    words = {"way": WAY_WORDS, "item": ITEM_WORDS}.get(answer["group"], {})

    def group_word(key: Any) -> Any:
        return named(key) if key is None or isinstance(key, Mapping) else words.get(key, key)

    rows = [{**r, "key": group_word(r["key"])} for r in answer["rows"]]
    columns = [
        text("key", _("Grouped by"), True),
        number("received", _("Received (yuan)"), "money"),
        number("refunded", _("Refunded (yuan)"), "money"),
        number("net", _("Collection (yuan)"), "money"),
        number("receipts", _("Receipts")),
    ]
    return Blocks(
        [
            Figure(_("Received"), answer["received"], "wan", _("10k yuan"), drill="received"),
            Figure(_("Refunded"), answer["refunded"], "wan", _("10k yuan"), drill="refunded"),
            Figure(_("Collection"), answer["net"], "wan", _("10k yuan")),
            Figure(_("Receipts"), answer["receipts"]),
        ],
        [
            Chart(
                "bar",
                _("Collection"),
                [r["key"] for r in rows],
                [Series(_("Collection"), floats(r["net"] for r in rows))],
                _("yuan"),
            )
        ]
        if rows
        else [],
        [Table(_("Collection"), columns, rows, ("received", "refunded", "net", "receipts"))],
    )


def collection_rate(answer: Answer) -> Blocks:
    measures = [
        number("lines", _("Lines due")),
        number("due", _("Due (yuan)"), "money"),
        number("collected", _("Collected (yuan)"), "money"),
        number("rate", _("Collection rate"), "percent"),
    ]
    sums = ("lines", "due", "collected")
    months = answer["by_month"]
    return Blocks(
        [
            Figure(_("Collection rate"), answer["rate"], "percent"),
            Figure(_("Due amount"), answer["due"], "wan", _("10k yuan"), drill="due"),
            Figure(_("Collected"), answer["collected"], "wan", _("10k yuan")),
        ],
        [
            Chart(
                "bar",
                _("Due and collected by month"),
                [m["month"] for m in months],
                [
                    Series(_("Due amount"), floats(m["due"] for m in months)),
                    Series(_("Collected"), floats(m["collected"] for m in months)),
                ],
                _("yuan"),
            )
        ]
        if months
        else [],
        [
            Table(_("By month"), [text("month", _("Month"), True), *measures], months, sums),
            Table(
                _("By person"),
                [text("person", _("Staff member"), True), *measures],
                [r | {"person": named(r["person"])} for r in answer["by_person"]],
                sums,
            ),
            Table(
                _("By project"),
                [text("project", _("Project"), True), *measures],
                [r | {"project": named(r["project"])} for r in answer["by_project"]],
                sums,
            ),
        ],
    )


def unsigned(answer: Answer) -> Blocks:
    buckets = [b | {"bucket": days_word(b["bucket"])} for b in answer["buckets"]]
    rows = [r | {"person": named(r["person"]), "bucket": days_word(r["bucket"])} for r in answer["rows"]]
    return Blocks(
        [
            Figure(_("Subscribed, not signed"), answer["count"], drill="count"),
            Figure(_("Amount"), answer["amount"], "wan", _("10k yuan")),
        ],
        [
            Chart(
                "bar",
                _("By overdue days"),
                [b["bucket"] for b in buckets],
                [Series(_("Subscriptions"), [b["count"] for b in buckets])],
            )
        ],
        [
            Table(
                _("By overdue days"),
                [
                    text("bucket", _("Overdue"), True),
                    number("count", _("Subscriptions")),
                    number("amount", _("Amount"), "money"),
                ],
                buckets,
                ("count", "amount"),
            ),
            Table(
                _("Subscriptions"),
                [
                    text("number", _("Number"), True),
                    text("unit", _("Unit")),
                    text("customer", _("Customer")),
                    number("total", pgettext_lazy("price", "Total"), "money"),
                    Column("sign_by", _("Sign by"), "date"),
                    number("overdue_days", _("Overdue days")),
                    text("person", _("Consultant")),
                    *REASON_COLUMNS,
                ],
                rows,
                ("total",),
            ),
        ],
    )


def overdue(answer: Answer) -> Blocks:
    buckets = [b | {"bucket": days_word(b["bucket"])} for b in answer["buckets"]]
    coming = answer["due_this_month"]
    return Blocks(
        [
            Figure(_("Overdue"), answer["overdue"], "wan", _("10k yuan"), drill="overdue"),
            Figure(_("Overdue rate"), answer["overdue_rate"], "percent"),
            Figure(
                _("Due until the end of the month"),
                coming["amount"],
                "wan",
                _("10k yuan"),
                _("%(lines)s lines") % {"lines": coming["lines"]},
            ),
        ],
        [
            Chart(
                "bar",
                _("Overdue by age"),
                [b["bucket"] for b in buckets],
                [Series(_("Amount"), floats(b["amount"] for b in buckets))],
                _("yuan"),
            )
        ],
        [
            Table(
                _("Overdue by age"),
                [
                    text("bucket", _("Overdue"), True),
                    number("lines", _("Lines")),
                    number("amount", _("Amount"), "money"),
                ],
                buckets,
                ("lines", "amount"),
            )
        ],
    )


def feedback(answer: Answer) -> Blocks:
    rows = [
        r | {"question": dictionary_word(r["question"]), "answer": dictionary_word(r["answer"])} for r in answer["rows"]
    ]
    columns = [
        text("question", _("Asked about"), True),
        text("answer", _("Answer")),
        number("count", _("Count")),
        number("share", _("Share"), "percent"),
    ]
    chart = Chart(
        "bar",
        _("Answers"),
        [f"{r['question']}: {r['answer']}" for r in rows],
        [Series(_("Count"), [r["count"] for r in rows])],
        horizontal=True,
    )
    return Blocks((), [chart] if rows else [], [Table(_("Answers"), columns, rows)])
