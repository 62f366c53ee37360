"""The year's plan and the board of what contracts still owe, on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.presenting.money import REASON_COLUMNS
from anchang.insight.presenting.words import Answer, days_word, floats, named, number, text
from anchang.inventory.dictionaries import BUILT_IN_TYPES
from anchang.platform.ui.components import Column, Series

_MEASURES = (
    ("units", _("units"), "integer"), ("amount", pgettext_lazy("plan", "signed amount"), "money"),
    ("collection", pgettext_lazy("plan", "collected"), "money"),
)  # fmt: skip


def plan(answer: Answer) -> Blocks:
    months, total, to_date = answer["by_month"], answer["total"], answer["to_date"]
    return Blocks(
        [
            Figure(_("Net signed amount"), total["done"]["amount"], "wan", _("10k yuan"), drill="signed"),
            Figure(_("Planned for the year"), total["current"]["amount"], "wan", _("10k yuan")),
            Figure(_("Attainment of the year"), total["attainment"]["amount"], "percent"),
            Figure(_("Attainment to date"), to_date["attainment"]["amount"], "percent"),
            Figure(_("Attainment by the first version"), total["attainment_first"]["amount"], "percent"),
            Figure(_("Collection attainment"), total["attainment"]["collection"], "percent", drill="collection"),
        ],
        [
            Chart(
                "bar",
                _("Planned and signed by month"),
                [m["month"] for m in months],
                [
                    Series(pgettext_lazy("plan", "Planned"), floats(m["current"]["amount"] for m in months)),
                    Series(_("Signed"), floats(m["done"]["amount"] for m in months)),
                ],
                _("yuan"),
            )
        ]
        if answer["planned"]
        else [],
        [
            _table(_("By month"), "month", _("Month"), months),
            _table(_("By product type"), "name", _("Product type"), [
                r | {"name": BUILT_IN_TYPES.get(r["product_type"], r["product_type"]) or _("All types")}
                for r in answer["by_product"]
            ]),
            _table(_("By person"), "name", _("Staff member"), [
                r | {"name": named(r["person"])} for r in answer["by_person"]
            ]),
        ],
    )  # fmt: skip


def _table(title: Any, key: str, label: Any, rows: list[Mapping[str, Any]]) -> Table:
    columns, flat = [text(key, label, True)], [{key: r[key]} for r in rows]
    for name, word, kind in _MEASURES:
        for part, part_word in (("current", pgettext_lazy("plan", "Planned")), ("done", _("Done"))):
            columns.append(number(f"{name}_{part}", _("%(part)s: %(what)s") % {"part": part_word, "what": word}, kind))
            for shown, row in zip(flat, rows, strict=True):
                shown[f"{name}_{part}"] = row[part][name]
        columns.append(number(f"{name}_rate", _("Attainment: %(what)s") % {"what": word}, "percent"))
        columns.append(number(f"{name}_first", _("By the first version: %(what)s") % {"what": word}, "percent"))
        for shown, row in zip(flat, rows, strict=True):
            shown[f"{name}_rate"] = row["attainment"][name]
            shown[f"{name}_first"] = row["attainment_first"][name]
    sums = tuple(f"{name}_{part}" for name, _word, _kind in _MEASURES for part in ("current", "done"))
    return Table(title, columns, flat, sums)


def uncollected(answer: Answer) -> Blocks:
    buckets = [b | {"bucket": days_word(b["bucket"])} for b in answer["buckets"]]
    rows = [r | {"person": named(r["person"])} for r in answer["rows"]]
    return Blocks(
        [
            Figure(_("Signed, not collected"), answer["open"], "wan", _("10k yuan"), drill="open"),
            Figure(_("Overdue"), answer["late"], "wan", _("10k yuan"), drill="late"),
            Figure(_("From the buyer"), answer["cash"], "wan", _("10k yuan")),
            Figure(_("From the bank"), answer["bank"], "wan", _("10k yuan")),
            Figure(_("From the housing fund"), answer["fund"], "wan", _("10k yuan")),
            Figure(_("Contracts"), answer["contracts"]),
        ],
        [
            Chart(
                "bar",
                _("By overdue days"),
                [b["bucket"] for b in buckets],
                [Series(_("Amount"), floats(b["amount"] for b in buckets))],
                _("yuan"),
            )
        ],
        [
            Table(
                _("By overdue days"),
                [
                    text("bucket", _("Overdue"), True),
                    number("contracts", _("Contracts")),
                    number("amount", _("Amount"), "money"),
                ],
                buckets,
                ("contracts", "amount"),
            ),
            Table(
                _("Contracts"),
                [
                    text("number", _("Number"), True),
                    text("unit", _("Unit")),
                    text("customer", _("Customer")),
                    number("total", pgettext_lazy("price", "Total"), "money"),
                    number("open", _("Not collected"), "money"),
                    number("late", _("Overdue"), "money"),
                    Column("due_on", _("Due on"), "date"),
                    number("overdue_days", _("Overdue days")),
                    text("person", _("Consultant")),
                    *REASON_COLUMNS,
                ],
                rows,
                ("total", "open", "late"),
            ),
        ],
    )
