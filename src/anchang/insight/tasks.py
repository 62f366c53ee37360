"""Jobs of the reports."""

from __future__ import annotations

import datetime as dt

from anchang.insight.commands import announce_reports, close_report_days
from anchang.insight.commands.statements import freeze, publish
from anchang.insight.queries.sums import closed_through
from anchang.platform.context import Context
from anchang.platform.project_jobs import project_job


@project_job("insight.close_days", every="20 * * * *")
def close_days(ctx: Context) -> None:
    """Close yesterday's report once the project's clock has passed the closing hour, and tell its readers."""
    if ctx.now.astimezone(ctx.zone).hour < int(ctx.param("insight.close_hour")):
        return
    before = closed_through([ctx.here.pk])[ctx.here.pk]
    through = close_report_days(ctx)
    if through is not None:
        announce_reports(ctx, through, before)


@project_job("insight.month_statements", every="40 4 * * *")
def month_statements(ctx: Context) -> None:
    """From the set day of a month on, freeze the month before, once; give changed plans of the year to the budget."""
    if ctx.business_date.day >= int(ctx.param("insight.statement_day")):
        freeze(ctx, (ctx.business_date.replace(day=1) - dt.timedelta(days=1)).replace(day=1))
    publish(ctx, ctx.business_date.year)
