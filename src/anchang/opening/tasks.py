"""What time ends in openings."""

from __future__ import annotations

from anchang.opening.commands.claims import settle_openings
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job


@job("opening.settle", every="* * * * *")
def settle(run: JobRun) -> None:
    ctx = Context(run.access, run.here)
    settle_openings(ctx)
    ctx.flush()
