"""The ledger of marketing expenses on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.insight.blocks import Blocks, Figure, Table
from anchang.insight.presenting.words import Answer, number, text
from anchang.platform.ui.components import Column


def expenses(answer: Answer) -> Blocks:
    total = answer["total"]
    amounts: list[Column] = [
        number("planned", _("Monthly plans"), "money"), number("incurred", _("Incurred"), "money"),
        number("paid", _("Paid"), "money"),
    ]  # fmt: skip
    sums = ("target", "planned", "incurred", "paid", "remaining")
    return Blocks(
        [
            Figure(pgettext_lazy("expense", "Target"), total["target"], "wan", _("10k yuan"), drill="target"),
            Figure(_("Incurred"), total["incurred"], "wan", _("10k yuan"), drill="incurred"),
            Figure(_("Paid"), total["paid"], "wan", _("10k yuan")),
            Figure(_("Used of the target"), total["used"], "percent"),
            Figure(_("Spent without a target"), answer["without_target"], "wan", _("10k yuan")),
        ],
        (),
        [
            Table(
                _("By expense subject"),
                [
                    text("code", _("Code")), text("subject", _("Expense subject"), True),
                    number("target", pgettext_lazy("expense", "Target"), "money"), *amounts,
                    number("remaining", _("Left of the target"), "money"),
                    number("used", _("Used of the target"), "percent"),
                ],
                answer["rows"], sums,
            ),
            Table(_("By month"), [text("month", _("Month"), True), *amounts], answer["months"], sums[1:4]),
        ],
    )  # fmt: skip
