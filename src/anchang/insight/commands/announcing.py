"""The reports of a closed day, week and month are told to those who read them, when they are closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from anchang.insight.models import ReportClose
from anchang.insight.queries.asked import ask
from anchang.insight.queries.sales import sales_report
from anchang.kernel.clock import PeriodKind, period_of
from anchang.platform.context import Context
from anchang.processes.people import with_permission

KINDS: tuple[PeriodKind, ...] = ("day", "week", "month")


def announce_reports(ctx: Context, through: dt.date, before: dt.date) -> None:
    """A message with the main figures for each period that ended after `before`, up to `through`: the last
    day, and the weeks and months that are whole now. Its figures are the closed ones: they never change."""
    people = with_permission(ctx, "reports.sales-daily")
    close = ReportClose.objects.get(project=ctx.here, through=through)
    for kind, last in ended(through, before):
        given = {"project": ctx.here.code, "date": last.isoformat(), "period": kind}
        told = sales_report(ask(ctx.access, "sales-daily", given))
        ctx.notify(
            people, f"report_{kind}", close, **{"from": told["period"]["from"], "to": told["period"]["to"]},
            visits=told["visits"], subscribed=told["subscriptions"]["net"]["units"],
            signed=told["signing"]["net"]["units"], amount=told["signing"]["net"]["amount"],
        )  # fmt: skip


def ended(through: dt.date, before: dt.date) -> Iterator[tuple[PeriodKind, dt.date]]:
    """(kind, last day) of the newest period of each kind that ended after `before` and by `through`."""
    for kind in KINDS:
        last = period_of(kind, through).end
        if last > through:
            last = period_of(kind, through).start - dt.timedelta(days=1)
        if last > before:
            yield kind, last
