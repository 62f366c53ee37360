"""Deals of staff and connected buyers on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Deal
from anchang.insight.blocks import Blocks, Figure, Table
from anchang.insight.presenting.words import Answer, named, number, text
from anchang.platform.ui.components import Column

_KINDS, _STATES = dict(Deal.Connected.choices), dict(Deal.State.choices)


def connected(answer: Answer) -> Blocks:
    rows = [
        r | {"person": named(r["person"]), "connected": _KINDS[r["connected"]], "state": _STATES[r["state"]]}
        for r in answer["rows"]
    ]
    return Blocks(
        [
            Figure(_("Connected purchases"), answer["deals"], drill="deals"),
            Figure(_("Still running"), answer["running"]),
            Figure(_("Amount"), answer["total"], "wan", _("10k yuan")),
            Figure(_("Below list price"), answer["off"], "wan", _("10k yuan")),
        ],
        [],
        [
            Table(
                _("Connected purchases"),
                [
                    text("unit", _("Unit"), True),
                    text("customer", _("Customer")),
                    text("connected", _("Connection")),
                    text("person", _("Consultant")),
                    text("state", _("State")),
                    number("list_total", _("List total"), "money"),
                    number("total", pgettext_lazy("price", "Total"), "money"),
                    number("off", _("Below list price"), "money"),
                    Column("opened_on", _("Opened on"), "date"),
                    Column("signed_on", _("Signed on"), "date"),
                ],
                rows,
                ("list_total", "total", "off"),
            )
        ],
    )
