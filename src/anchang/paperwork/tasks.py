"""What time ends in paperwork."""

from __future__ import annotations

from anchang.paperwork.commands import expire_requests
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job


@job("paperwork.expire", every="*/10 * * * *")
def expire(run: JobRun) -> None:
    ctx = Context(run.access, run.here)
    expire_requests(ctx)
    ctx.flush()
