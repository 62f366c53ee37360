"""Discounts, slow and withheld units, sales by mode on the page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Deal
from anchang.deals.words import COSTS
from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.presenting.words import UNIT_STATES, Answer, number, text
from anchang.inventory.words import reason_text
from anchang.platform.ui.components import Column, Series

_MODES = dict(Deal.SalesMode.choices)
_STANDINGS = {
    "in_time": _("Published in time"), "late": _("Published late"), "running": _("Still to be published"),
    "overdue": _("Publication overdue"),
}  # fmt: skip


def discounts(answer: Answer) -> Blocks:
    kinds = [row | {"purpose": COSTS.get(row["purpose"], row["purpose"])} for row in answer["kinds"]]
    named = [row | {"purpose": COSTS.get(row["purpose"], row["purpose"])} for row in answer["rows"]]
    counted = (
        number("deals", _("Deals")), number("amount", _("Taken off"), "money"), number("share", _("Share"), "percent"),
    )  # fmt: skip
    return Blocks(
        [Figure(_("Taken off by discounts"), answer["total"], "wan", _("10k yuan"), drill="total")],
        [
            Chart("bar", _("Taken off by kind"), [row["purpose"] for row in kinds],
                  [Series(_("Taken off"), [row["amount"] for row in kinds])], unit=_("yuan"))
        ] if kinds else [],
        [
            Table(_("By kind"), [text("purpose", _("Discount kind"), True), *counted], kinds, ("amount",)),
            Table(
                _("By discount"), [text("name", _("Discount"), True), text("purpose", _("Discount kind")), *counted],
                named, ("amount",),
            ),
        ],
    )  # fmt: skip


def slow(answer: Answer) -> Blocks:
    return Blocks(
        [
            Figure(_("Slow-moving units"), answer["count"]),
            Figure(_("List total"), answer["list_total"], "wan", _("10k yuan")),
            Figure(_("Suggested cut"), answer["cut"], "wan", _("10k yuan")),
        ],
        [],
        [
            Table(
                _("Slow-moving units"),
                [
                    text("unit", _("Unit"), True),
                    number("days", _("Days on sale")),
                    number("list_total", _("List total"), "money"),
                    number("percent", _("Suggested change, percent"), "decimal"),
                    number("suggested_total", _("New price"), "money"),
                ],
                answer["rows"],
                ("list_total", "suggested_total"),
            )
        ],
    )


def withheld(answer: Answer) -> Blocks:
    licences = [row | {"standing": _STANDINGS[row["standing"]]} for row in answer["licences"]]
    rows = [
        row | {"state": UNIT_STATES[row["state"]], "reason": reason_text(row["reason"])} for row in answer["rows"]
    ]
    return Blocks(
        [
            Figure(_("Units withheld from sale"), answer["withheld"], drill="withheld"),
            Figure(_("Lists late or overdue"), answer["late"]),
        ],
        [],
        [
            Table(
                _("Publication of price lists"),
                [
                    text("number", _("Licence"), True),
                    Column("issued_on", _("Issued on"), "date"),
                    Column("publish_by", _("Publish by"), "date"),
                    Column("published_on", _("Published on"), "date"),
                    text("standing", _("Standing")),
                    number("units", _("Units")),
                    number("unlisted", _("Without a published price")),
                ],
                licences,
                ("units", "unlisted"),
            ),
            Table(
                _("Units withheld from sale"),
                [
                    text("unit", _("Unit"), True),
                    text("licence", _("Licence")),
                    number("days", _("Days since the licence")),
                    text("state", _("State")),
                    text("reason", _("Reason")),
                    number("list_total", _("List total"), "money"),
                ],
                rows,
                ("list_total",),
            ),
        ],
    )


def modes(answer: Answer) -> Blocks:
    rows = [
        {
            "mode": _MODES[row["mode"]], "agency": row["agency"],
            "subscribed": row["subscriptions"]["net"]["units"], "signed": row["signing"]["net"]["units"],
            "area": row["signing"]["net"]["area"], "amount": row["signing"]["net"]["amount"],
            "average": row["signing"]["net"]["average_price"], "collection": row["collection"]["net"],
        }
        for row in answer["rows"]
    ]  # fmt: skip
    return Blocks(
        [],
        [
            Chart("bar", _("Net signed amount by sales mode"),
                  [f"{row['mode']} {row['agency']}".strip() for row in rows],
                  [Series(_("Net signed amount"), [row["amount"] for row in rows])], unit=_("yuan"))
        ] if rows else [],
        [
            Table(
                _("By sales mode"),
                [
                    text("mode", _("Sales mode"), True), text("agency", _("Agency")),
                    number("subscribed", _("Net subscribed units")), number("signed", _("Net signed units")),
                    number("area", _("Net signed area (㎡)"), "area"),
                    number("amount", _("Net signed amount"), "money"),
                    number("average", _("Average price (yuan/㎡)"), "money"),
                    number("collection", _("Collection"), "money"),
                ],
                rows, ("subscribed", "signed", "area", "amount", "collection"),
            )
        ],
    )  # fmt: skip
