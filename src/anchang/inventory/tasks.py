"""Jobs of the inventory."""

from __future__ import annotations

from anchang.inventory.commands import publish_due_lists
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job


@job("inventory.publish_due_lists", every="* * * * *")
def publish_lists(run: JobRun) -> None:
    """Price lists come into force at the project's midnight."""
    ctx = Context(run.access, run.here)
    publish_due_lists(ctx)
    ctx.flush()
