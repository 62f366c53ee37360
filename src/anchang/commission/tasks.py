"""Jobs of pay: it follows what happens to deals, and every night whatever slipped by."""

from __future__ import annotations

from anchang.commission import queries
from anchang.commission.commands import follow
from anchang.platform.context import Context
from anchang.platform.jobs import after
from anchang.platform.project_jobs import project_job


@project_job("commission.follow")
def follow_deal(ctx: Context, deal: int) -> None:
    follow(ctx, [deal])


@project_job("commission.keep_up", every="40 3 * * *")
def keep_up(ctx: Context) -> None:
    """Milestones that come with time (retention), and deals that no event told of."""
    follow(ctx, queries.deals_unfinished(ctx.here))


after(
    "commission.follow", "deal", "contract.signed", "contract.filed", "contract.terminated", "money.received",
    "receipt.reversed", "refund.paid", "change.executed",
)  # fmt: skip
