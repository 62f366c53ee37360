"""Funnels on the page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.presenting.words import (
    RATE_WORDS,
    STAGE_WORDS,
    Answer,
    floats,
    named,
    number,
    text,
)
from anchang.insight.rules import STAGES
from anchang.platform.ui import formats
from anchang.platform.ui.components import Series


def funnel(answer: Answer) -> Blocks:
    stages = [number(s, STAGE_WORDS[s]) for s in STAGES]
    rates = [number(r, word, "percent") for r, word in RATE_WORDS.items()]
    cycle = [number("median", _("Median days"), "number"), number("mean", _("Mean days"), "number")]
    parts = [(_("Period"), answer)]
    if "compare" in answer:
        parts.append((_("Compared with"), answer["compare"]))
    rows = [
        {
            "what": f"{word} {part.get('from', '')} – {part.get('to', '')}",
            **part["stages"],
            **part["rates"],
            **part["cycle"],
        }
        for word, part in parts
    ]
    tables = [Table(_("Funnel"), [text("what", _("Period"), True), *stages, *rates, *cycle], rows)]
    for word, part in parts:
        if part.get("groups"):
            shown = [
                {
                    "what": named(g["key"]),
                    **g["stages"],
                    **g["rates"],
                    **g["cycle"],
                    **{f"{s}_share": g["shares"].get(s) for s in STAGES},
                }
                for g in part["groups"]
            ]
            share = [number(f"{s}_share", _("Share: %(stage)s") % {"stage": STAGE_WORDS[s]}, "percent") for s in STAGES]
            tables.append(Table(word, [text("what", _("Grouped by"), True), *stages, *rates, *cycle, *share], shown))
    if answer["basis"] == "period" and any(answer["walk_ins"].values()):
        tables.append(
            Table(
                _("Walk-ins who never were a lead"),
                [number(s, STAGE_WORDS[s]) for s in STAGES[2:]],
                [answer["walk_ins"]],
            )
        )
    return Blocks(_funnel_figures(answer), _funnel_charts(answer), tables)


def _funnel_figures(answer: Answer) -> list[Figure]:
    figures = [Figure(word, answer["rates"][name], "percent") for name, word in RATE_WORDS.items()]
    return [
        *figures,
        Figure(_("Median days to sign"), answer["cycle"]["median"], "number"),
        Figure(_("Mean days to sign"), answer["cycle"]["mean"], "number"),
    ]


def _funnel_charts(answer: Answer) -> list[Chart]:
    words = [STAGE_WORDS[s] for s in STAGES]
    charts = [Chart("funnel", _("Funnel"), words, [Series(_("Customers"), [answer["stages"][s] for s in STAGES])])]
    if answer.get("groups"):
        top = answer["groups"][:6]
        charts.append(
            Chart(
                "bar",
                _("Side by side"),
                words,
                [Series(named(g["key"]), [g["stages"][s] for s in STAGES]) for g in top],
            )
        )
    elif "compare" in answer:
        charts.append(
            Chart(
                "bar",
                _("Side by side"),
                words,
                [
                    Series(_("Period"), [answer["stages"][s] for s in STAGES]),
                    Series(_("Compared with"), [answer["compare"]["stages"][s] for s in STAGES]),
                ],
            )
        )
    return charts


def personal(answer: Answer) -> Blocks:
    mine, team = answer["mine"], answer["team"]
    rows = [
        *({"line": STAGE_WORDS[s], "mine": mine["stages"][s], "team": team["average"][s]} for s in STAGES),
        *(
            {"line": word, "mine": _percent(mine["rates"][r]), "team": _percent(team["rates"][r])}
            for r, word in RATE_WORDS.items()
        ),
        {"line": _("Median days to sign"), "mine": mine["cycle"]["median"], "team": team["cycle"]["median"]},
        {"line": _("Mean days to sign"), "mine": mine["cycle"]["mean"], "team": team["cycle"]["mean"]},
    ]
    return Blocks(
        [
            Figure(
                word,
                mine["rates"][r],
                "percent",
                note=_("Team: %(rate)s") % {"rate": _percent(team["rates"][r])},
            )
            for r, word in RATE_WORDS.items()
        ],
        [
            Chart(
                "bar",
                _("Mine and the team's mean"),
                [STAGE_WORDS[s] for s in STAGES],
                [
                    Series(named(answer["person"]), [mine["stages"][s] for s in STAGES]),
                    Series(_("Team average"), floats(team["average"][s] for s in STAGES)),
                ],
            )
        ],
        [
            Table(
                _("Figures"),
                [
                    text("line", _("Figure"), True),
                    text("mine", named(answer["person"])),
                    text("team", _("Team average")),
                ],
                rows,
            )
        ],
    )


def _percent(value: Any) -> str:
    return formats.percent(value)
