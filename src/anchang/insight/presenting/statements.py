"""Monthly statements and the budget on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from anchang.insight.blocks import Blocks, Figure, Table
from anchang.insight.presenting.words import Answer, number, text

SECTIONS = {
    "sales": _("Sales"), "collection": _("Collection"), "receivables": _("Receivables"), "expenses": _("Expenses"),
    "subjects": _("Expenses by subject"),
}  # fmt: skip
CODES = {
    "subscribe": _("New subscriptions"), "unsubscribe": _("Cancelled subscriptions"),
    "subscribe_change": _("Changes of subscriptions"), "subscribe_net": _("Net subscribed"),
    "sign": _("New contracts"), "terminate": _("Terminated contracts"), "sign_change": _("Changes of contracts"),
    "sign_net": _("Net signed"), "received": _("House money received"), "refunded": _("House money refunded"),
    "collected": _("Net collection"), "due": _("Due in the month"), "due_collected": _("Collected of it"),
    "due_to_date": _("Due to the month's end"), "overdue": _("Open of it"), "incurred": _("Expenses incurred"),
    "paid": _("Expenses paid"),
}  # fmt: skip
MEASURE_WORDS = {"sales": _("Net signed amount"), "collection": _("Collection"), "expense": _("Expenses")}


def statement(answer: Answer) -> Blocks:
    wanted = ("sign_net", "collected", "overdue", "incurred")
    sums = {code: sum(float(r["amount"]) for r in answer["rows"] if r["code"] == code) for code in wanted}
    figures = [Figure(CODES[code], value, "wan", _("10k yuan")) for code, value in sums.items()]
    figures.append(Figure(_("Lines that read otherwise now"), answer["differences"]))
    return Blocks(figures, (), [_section(answer, key, word) for key, word in SECTIONS.items()])


def _section(answer: Answer, key: str, word: object) -> Table:
    rows = [
        row | {"line": row["name"] or CODES.get(row["code"], row["code"])}
        for row in answer["rows"] if row["section"] == key
    ]  # fmt: skip
    columns = [text("project", _("Project")), text("line", _("Item"), True)]
    if key == "sales":
        columns += [number("units", _("Units")), number("area", _("Area (㎡)"), "area")]
    columns += [
        number("amount", pgettext_lazy("statement", "As frozen") if answer["frozen_at"] else _("Amount"), "money"),
        number("now", pgettext_lazy("statement", "Now"), "money"), number("difference", _("Difference"), "money"),
    ]  # fmt: skip
    return Table(word, columns, rows)


def budget(answer: Answer) -> Blocks:
    figures = []
    for name, word in MEASURE_WORDS.items():
        figures.append(Figure(word, answer["total"][f"{name}_actual"], "wan", _("10k yuan")))
        figures.append(Figure(_("Attainment: %(what)s") % {"what": word}, answer["total"][f"{name}_rate"], "percent"))
    columns = [text("month", _("Month"), True), text("basis", _("State"))]
    planned = pgettext_lazy("plan", "Planned")
    for name, word in MEASURE_WORDS.items():
        columns.append(number(f"{name}_plan", _("%(part)s: %(what)s") % {"part": planned, "what": word}, "money"))
        columns.append(number(f"{name}_actual", _("%(part)s: %(what)s") % {"part": _("Done"), "what": word}, "money"))
        columns.append(number(f"{name}_rate", _("Attainment: %(what)s") % {"what": word}, "percent"))
    rows = [row | {"basis": _standing(row)} for row in answer["rows"]]
    sums = tuple(f"{name}_{part}" for name in MEASURE_WORDS for part in ("plan", "actual"))
    return Blocks(figures, (), [Table(_("By month"), columns, rows, sums)])


def _standing(row: Answer) -> object:
    if row["frozen"]:
        return pgettext("statement", "Frozen")
    return "" if row["sales_actual"] is None else _("Still moving")
