"""Sales report on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.insight.blocks import Blocks, Chart, Figure, Table
from anchang.insight.presenting.words import (
    Answer,
    named,
    number,
    text,
)
from anchang.platform.ui import formats
from anchang.platform.ui.components import Series

_SALES_LINES = (
    (_("Leads"), "leads", "integer"),
    (_("New customers"), "new_customers", "integer"),
    (_("Follow-ups"), "follow_ups", "integer"),
    (_("Calls"), "calls", "integer"),
    (_("First calls"), "first_calls", "integer"),
    (_("Visits"), "visits", "integer"),
    (_("First visits"), "first_visits", "integer"),
    (_("Repeat visits"), "repeat_visits", "integer"),
    (_("Share of repeat visits"), "repeat_rate", "percent"),
    (_("Subscribed: new units"), "subscriptions.new.units", "integer"),
    (_("Subscribed: cancelled units"), "subscriptions.cancelled.units", "integer"),
    (_("Subscribed: net units"), "subscriptions.net.units", "integer"),
    (_("Subscribed: net area (㎡)"), "subscriptions.net.area", "area"),
    (_("Subscribed: net amount (yuan)"), "subscriptions.net.amount", "money"),
    (_("Signed: new units"), "signing.new.units", "integer"),
    (_("Signed: cancelled units"), "signing.cancelled.units", "integer"),
    (_("Signed: exchange and price changes (yuan)"), "signing.changes.amount", "money"),
    (_("Signed: net units"), "signing.net.units", "integer"),
    (_("Signed: net area (㎡)"), "signing.net.area", "area"),
    (_("Signed: net amount (yuan)"), "signing.net.amount", "money"),
    (_("Average price (yuan/㎡)"), "signing.net.average_price", "money"),
    (_("Received (yuan)"), "collection.received", "money"),
    (_("Refunded (yuan)"), "collection.refunded", "money"),
    (_("Collection (yuan)"), "collection.net", "money"),
)
_BY_COLUMNS = (
    number("leads", _("Leads")),
    number("calls", _("Calls")),
    number("visits", _("Visits")),
    number("first_visits", _("First visits")),
    number("repeat_visits", _("Repeat visits")),
    number("subscribed", _("Net subscribed units")),
    number("signed", _("Net signed units")),
    number("signed_amount", _("Net signed amount"), "money"),
    number("collection", _("Collection"), "money"),
)


def at(answer: Mapping[str, Any], path: str) -> Any:
    found: Any = answer
    for part in path.split("."):
        found = found[part]
    return found


def sales(answer: Answer) -> Blocks:
    period, month, year = answer, answer["to_date"]["month"], answer["to_date"]["year"]
    lines = [
        {
            "line": label,
            "period": _shown(period, path, kind),
            "month": _shown(month, path, kind),
            "year": _shown(year, path, kind),
        }
        for label, path, kind in _SALES_LINES
    ]
    called = answer["call_to_visit"]
    channels = answer["by_channel"]
    return Blocks(
        figures=[
            Figure(_("Visits"), answer["visits"], drill="visits"),
            Figure(
                _("Net subscribed"),
                at(answer, "subscriptions.net.units"),
                unit=_("units"),
                drill="subscriptions.new",
            ),
            Figure(_("Net signed"), at(answer, "signing.net.units"), unit=_("units"), drill="signing.new"),
            Figure(
                _("Net signed amount"),
                at(answer, "signing.net.amount"),
                "wan",
                _("10k yuan"),
                drill="signing.new",
            ),
            Figure(
                _("Collection"),
                at(answer, "collection.net"),
                "wan",
                _("10k yuan"),
                drill="collection.received",
            ),
            Figure(
                _("Callers who came"),
                called["rate"],
                "percent",
                note=_("%(came)s of %(callers)s") % {"came": called["came"], "callers": called["callers"]},
            ),
            *_attained(answer["attainment"]),
        ],
        charts=[
            Chart(
                "bar",
                _("Leads, calls and visits by channel"),
                [named(r["channel"]) for r in channels],
                [
                    Series(_("Leads"), [r["leads"] for r in channels]),
                    Series(_("Calls"), [r["calls"] for r in channels]),
                    Series(_("Visits"), [r["visits"] for r in channels]),
                ],
            ),
        ]
        if channels
        else [],
        tables=[
            Table(
                _("Figures"),
                [
                    text("line", _("Figure"), True),
                    text("period", _("Period")),
                    text("month", _("Month to date")),
                    text("year", _("Year to date")),
                ],
                lines,
            ),
            _by_table(_("By channel"), "channel", _("Channel"), channels),
            _by_table(_("By person"), "person", _("Staff member"), answer["by_person"]),
        ],
    )


def _attained(attainment: Mapping[str, Any] | None) -> list[Figure]:
    if not attainment:
        return []
    found = []
    if attainment["units_rate"]:
        found.append(Figure(_("Attainment (units)"), attainment["units_rate"], "percent"))
    if attainment["amount_rate"]:
        found.append(Figure(_("Attainment (amount)"), attainment["amount_rate"], "percent"))
    return found


def _shown(answer: Mapping[str, Any], path: str, kind: str) -> str:
    value = at(answer, path)
    if kind == "percent":
        return formats.percent(value)
    return formats.number(value, 0 if kind == "integer" else 2)


def _by_table(title: Any, key: str, label: Any, rows: Iterable[Mapping[str, Any]]) -> Table:
    shown = [
        {
            key: named(r[key]),
            "leads": r["leads"],
            "calls": r["calls"],
            "visits": r["visits"],
            "first_visits": r["first_visits"],
            "repeat_visits": r["repeat_visits"],
            "subscribed": at(r, "subscriptions.net.units"),
            "signed": at(r, "signing.net.units"),
            "signed_amount": at(r, "signing.net.amount"),
            "collection": at(r, "collection.net"),
        }
        for r in rows
    ]
    return Table(title, [text(key, label, True), *_BY_COLUMNS], shown, tuple(c.key for c in _BY_COLUMNS))
