"""Ranking and process indicators on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.presenting.words import (
    BOARD_WORDS,
    Answer,
    floats,
    named,
    number,
    text,
)
from anchang.platform.ui.components import Series


def ranking(answer: Answer) -> Blocks:
    figures, charts, tables = [], [], []
    for name, word in BOARD_WORDS.items():
        kind = "money" if name in ("amount", "collection") else "integer"
        rows = answer["boards"][name]
        mine = answer["mine"][name]
        if mine:
            figures.append(
                Figure(
                    word,
                    mine["value"],
                    "wan" if kind == "money" else kind,
                    _("10k yuan") if kind == "money" else "",
                    _("Place %(rank)s") % {"rank": mine["rank"]},
                    name,
                )
            )
        charts.append(
            Chart(
                "bar",
                word,
                [r["user"]["label"] for r in rows[:10]],
                [Series(word, floats(r["value"] for r in rows[:10]))],
                _("yuan") if kind == "money" else "",
                horizontal=True,
            )
        )
        shown = [
            {"rank": r["rank"], "user": r["user"]["label"], "team": named(r["team"]), "value": r["value"]} for r in rows
        ]
        columns = [
            text("user", _("Staff member"), True),
            number("rank", _("Rank")),
            text("team", _("Team")),
            number("value", word, kind),
        ]
        tables.append(Table(word, columns, shown, ("value",)))
    return Blocks(figures, charts, tables)


def process(answer: Answer) -> Blocks:
    rows = [r | {"user": r["user"]["label"], "team": named(r["team"])} for r in answer["rows"]]
    columns = [
        text("user", _("Staff member"), True),
        text("team", _("Team")),
        number("follow_ups", _("Follow-ups")),
        number("per_day", _("Per day"), "number"),
        number("per_week", _("Per week"), "number"),
        number("customers_followed", _("Customers followed")),
        number("per_customer", _("Per customer"), "number"),
        number("new_customers", _("New customers")),
        number("visits", _("Visits")),
        number("a_customers", _("A customers now")),
        number("b_customers", _("B customers now")),
    ]
    sums = ("follow_ups", "new_customers", "visits", "a_customers", "b_customers")
    chart = Chart(
        "bar",
        _("Follow-ups and new customers"),
        [r["user"] for r in rows],
        [
            Series(_("Follow-ups"), [r["follow_ups"] for r in rows]),
            Series(_("New customers"), [r["new_customers"] for r in rows]),
        ],
    )
    return Blocks((), [chart] if rows else [], [Table(_("By person"), columns, rows, sums)])


def assigning(answer: Answer) -> Blocks:
    rows = [r | {"user": r["user"]["label"]} for r in answer["rows"]]
    columns = [
        text("way", _("Rule"), True),
        text("user", _("Staff member")),
        number("leads", _("Leads")),
        number("median_minutes", _("Minutes to assignment (median)"), "number"),
        number("contacted", _("Contacted")),
        number("in_time", _("Contacted in time")),
        number("in_time_rate", _("Share in time"), "percent"),
    ]
    return Blocks((), [], [Table(_("By rule and person"), columns, rows, ("leads", "contacted", "in_time"))])


#: Dimension of the portrait -> its heading.
PORTRAIT_WORDS = {
    "occupation": _("Occupation"), "age_band": _("Age band"), "residence": _("Residence area"),
    "workplace": _("Workplace area"), "sex": _("Sex"), "grade": _("Grade"),
    "purpose": pgettext_lazy("purchase", "Purpose"), "family": _("Family structure"), "tags": _("Tags"),
}  # fmt: skip
MOST_BARS = 12


def portrait(answer: Answer) -> Blocks:
    figures = [
        Figure(_("New customers"), answer["customers"], drill="customers"),
        Figure(_("Subscribed or bought"), answer["bought"]),
        Figure(_("Share that bought"), answer["bought_rate"], "percent"),
    ]
    charts, tables = [], []
    for name, rows in answer["by"].items():
        word = PORTRAIT_WORDS[name]
        said = sorted((r for r in rows if r["value"]), key=lambda r: -r["customers"])[:MOST_BARS]
        if said:
            series = [Series(_("Customers"), [r["customers"] for r in said])]
            charts.append(Chart("bar", word, [r["label"] for r in said], series, horizontal=True))
        columns = [
            text("label", word, True),
            number("customers", _("Customers")),
            number("share", _("Share"), "percent"),
            number("bought", _("Subscribed or bought")),
            number("bought_rate", _("Share that bought"), "percent"),
        ]
        tables.append(Table(word, columns, rows, () if name == "tags" else ("customers", "bought")))
    return Blocks(figures, charts, tables)
