"""Receivables by age, and the control of the bank, on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.presenting.words import WAY_WORDS, Answer, days_word, floats, named, number, text
from anchang.platform.ui.components import Column, Series

MONEY_WORDS = {"cash": _("Own money"), "bank": _("Bank loan"), "fund": _("Housing fund")}
PROBLEM_WORDS = {"elsewhere": _("Not in the escrow account"), "late": _("Not found in the account")}


def _age(bucket: str) -> object:
    return _("Not due") if bucket == "not_due" else days_word(bucket)


def receivables(answer: Answer) -> Blocks:
    unit = _("10k yuan")
    figures = [
        Figure(_("Outstanding"), answer["open"], "wan", unit, drill="open"),
        Figure(_("Overdue"), answer["overdue"], "wan", unit, drill="overdue"),
        Figure(_("Overdue rate"), answer["overdue_rate"], "percent"),
        Figure(_("Collection"), answer["net"], "wan", unit, drill="net"),
        Figure(_("Due in the period"), answer["due"], "wan", unit, drill="due"),
        Figure(_("Paid of it so far"), answer["collection_rate"], "percent"),
        Figure(_("Collected of what was agreed"), answer["cumulative"], "percent"),
    ]
    buckets = [b | {"bucket": _age(b["bucket"])} for b in answer["buckets"]]
    figures += [
        Figure(_age(b["bucket"]), b["amount"], "wan", unit, drill=b["bucket"])
        for b in answer["buckets"] if b["lines"]
    ]  # fmt: skip
    series = [Series(word, floats(b[money] for b in buckets)) for money, word in MONEY_WORDS.items()]
    money_columns = [number(money, word, "money") for money, word in MONEY_WORDS.items()]
    rows = [r | {"project": named(r["project"])} for r in answer["by_project"]]
    sums = ("agreed", "allocated", "open", "overdue", "due", "due_paid", "net")
    return Blocks(
        figures,
        [Chart("bar", _("Open by age"), [b["bucket"] for b in buckets], series, _("yuan"))],
        [
            Table(
                _("Open by age"),
                [text("bucket", _("Age"), True), number("lines", _("Lines")), *money_columns,
                 number("amount", _("Amount"), "money")],
                buckets, ("lines", *MONEY_WORDS, "amount"),
            ),
            Table(
                _("By class of money"),
                [text("money", _("Paid by"), True), number("lines", _("Lines")),
                 number("open", _("Outstanding"), "money"), number("overdue", _("Overdue"), "money")],
                [r | {"money": MONEY_WORDS[r["money"]]} for r in answer["by_money"]], ("lines", "open", "overdue"),
            ),
            Table(
                _("By project"),
                [
                    text("project", _("Project"), True), number("agreed", _("Agreed"), "money"),
                    number("allocated", _("Received"), "money"), number("cumulative", _("Collected"), "percent"),
                    number("open", _("Outstanding"), "money"), number("overdue", _("Overdue"), "money"),
                    number("overdue_rate", _("Overdue rate"), "percent"),
                    number("due", _("Due in the period"), "money"), number("due_paid", _("Paid of it so far"), "money"),
                    number("net", _("Collection"), "money"),
                ],
                rows, sums,
            ),
        ],
    )  # fmt: skip


def escrow(answer: Answer) -> Blocks:
    rows = [
        r | {"problem": PROBLEM_WORDS[r["problem"]], "way": WAY_WORDS.get(r["way"], r["way"])} for r in answer["rows"]
    ]
    return Blocks(
        [
            Figure(_("Not in the escrow account"), answer["elsewhere"], "wan", _("10k yuan")),
            Figure(_("Not found in the account"), answer["late"], "wan", _("10k yuan")),
            Figure(_("Receipts"), answer["count"]),
        ],
        [],
        [
            Table(
                _("Money outside the escrow account"),
                [
                    text("number", _("Number"), True), text("unit", _("Unit")), text("customer", _("Customer")),
                    Column("day", _("Day"), "date"), text("way", _("Way")), text("account", _("Account")),
                    number("amount", _("Amount"), "money"), number("found", _("Found in the account"), "money"),
                    number("days", _("Days")), text("problem", _("Problem")),
                ],
                rows, ("amount", "found"),
            ),
            Table(
                _("Bank lines of other accounts"),
                [
                    Column("day", _("Day"), "date"), text("account", _("Account")), text("name", _("Other side")),
                    number("amount", _("Amount"), "money"), text("note", _("Note")),
                ],
                answer["lines"], ("amount",),
            ),
        ],
    )  # fmt: skip


def bank_day(answer: Answer) -> Blocks:
    rows = [r | {"way": WAY_WORDS.get(r["way"], r["way"])} for r in answer["ways"]]
    return Blocks(
        [
            Figure(_("Unexplained difference"), answer["difference"], "money", _("yuan")),
            Figure(_("Receipts without a bank line"), answer["missing"], "money", _("yuan")),
            Figure(_("Bank lines without a receipt"), answer["unexplained"], "money", _("yuan")),
        ],
        [],
        [
            Table(
                _("By way"),
                [
                    text("way", _("Way"), True), number("receipts", _("Receipts")),
                    number("booked", _("Booked"), "money"), number("pos", _("POS list"), "money"),
                    number("bank", _("In the bank"), "money"), number("counted", _("Counted"), "money"),
                    number("difference", _("Difference"), "money"),
                ],
                rows, ("receipts", "booked", "pos", "bank", "counted", "difference"),
            ),
            Table(
                _("Receipts without a bank line"),
                [text("number", _("Number"), True), text("way", _("Way")), text("payer", _("Payer")),
                 number("amount", _("Amount"), "money"), number("found", _("Found in the account"), "money")],
                [r | {"way": WAY_WORDS.get(r["way"], r["way"])} for r in answer["receipts"]], ("amount", "found"),
            ),
            Table(
                _("Bank lines without a receipt"),
                [text("name", _("Other side"), True), text("note", _("Note")),
                 number("amount", _("Amount"), "money"), number("open", _("Not explained"), "money")],
                answer["lines"], ("amount", "open"),
            ),
        ],
    )  # fmt: skip
