"""Jobs of pay: it follows what happens to deals, and every night whatever slipped by."""

from __future__ import annotations

from anchang.commission import queries
from anchang.commission.commands import follow
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, after, job


@job("commission.follow")
def follow_deal(run: JobRun, deal: int) -> None:
    ctx = Context(run.access, run.here)
    follow(ctx, [deal])
    ctx.flush()


@job("commission.keep_up", every="40 3 * * *")
def keep_up(run: JobRun) -> None:
    """Milestones that come with time (retention), and deals that no event told of."""
    ctx = Context(run.access, run.here)
    follow(ctx, queries.deals_unfinished(run.here))
    ctx.flush()


after(
    "commission.follow", "deal", "contract.signed", "contract.filed", "contract.terminated", "money.received",
    "receipt.reversed", "refund.paid", "change.executed",
)  # fmt: skip
