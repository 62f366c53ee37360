"""Jobs of the reports."""

from __future__ import annotations

from anchang.insight.commands import close_report_days
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job


@job("insight.close_days", every="20 * * * *")
def close_days(run: JobRun) -> None:
    """Close yesterday's report once the project's clock has passed the closing hour."""
    ctx = Context(run.access, run.here)
    if ctx.now.astimezone(ctx.zone).hour >= int(ctx.param("insight.close_hour")):
        close_report_days(ctx)
        ctx.flush()
