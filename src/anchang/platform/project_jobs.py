"""Jobs whose work is done in one project with the hands of a command.

    project_job("crm.expire_grades", every="10 1 * * *")(expire_grades)

    @project_job("crm.apply_tag")                   # deferred by ctx.defer("crm.apply_tag", tag=7)
    def apply_rule_of_tag(ctx: Context, tag: int) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job


def project_job(name: str, *, every: str = "") -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Register a job that calls `work(ctx, **ids)` in its project and writes what `ctx` collected at the end.
    Gives back what the job runs, which takes a `JobRun`."""

    def wrap(work: Callable[..., Any]) -> Callable[..., None]:
        def run(here: JobRun, **ids: Any) -> None:
            ctx = Context(here.access, here.here)
            work(ctx, **ids)
            ctx.flush()

        run.__doc__ = work.__doc__
        return job(name, every=every)(run)

    return wrap
