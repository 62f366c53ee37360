"""The seller's delays on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.insight.blocks import Blocks, Figure, Table
from anchang.insight.presenting.words import Answer, number, text
from anchang.platform.ui.components import Column

KIND_WORDS = {"delivery": _("Late handover"), "title": _("Late title")}


def delays(answer: Answer) -> Blocks:
    kinds = [k | {"kind": KIND_WORDS[k["kind"]]} for k in answer["kinds"]]
    rows = [r | {"kind": KIND_WORDS[r["kind"]]} for r in answer["rows"]]
    return Blocks(
        [
            Figure(_("Owed for delays"), answer["amount"], "money", _("yuan"), drill="open"),
            Figure(_("Provided for"), answer["provided"], "money", _("yuan")),
            Figure(_("Not provided for"), answer["open"], "money", _("yuan")),
            *(Figure(k["kind"], k["units"], "integer", _("units")) for k in kinds),
        ],
        (),
        [
            Table(
                _("By kind"),
                [
                    text("kind", _("Kind"), True), number("units", _("Units")), number("amount", _("Amount"), "money"),
                    number("provided", _("Provided for"), "money"),
                ],
                kinds, ("units", "amount", "provided"),
            ),
            Table(
                _("Unit by unit"),
                [
                    text("unit", _("Unit"), True), text("kind", _("Kind")), text("number", _("Contract")),
                    text("customer", _("Customer")), Column("due_on", pgettext_lazy("seller", "Due on"), "date"),
                    Column("ended_on", pgettext_lazy("seller", "Done on"), "date"),
                    number("days", _("Days late")), number("excused_days", _("Excused days")),
                    number("amount", _("Amount"), "money"), number("provided", _("Provided for"), "money"),
                    number("open", _("Not provided for"), "money"),
                ],
                rows, ("amount", "provided", "open"),
            ),
        ],
    )  # fmt: skip
