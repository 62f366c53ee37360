"""Jobs of finance."""

from __future__ import annotations

from anchang.finance.commands.charging import compute_late_fees
from anchang.finance.commands.vouchers import make_vouchers
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job


@job("finance.make_vouchers", every="* * * * *")
def make_vouchers_of_new_documents(run: JobRun) -> None:
    """Every posted document has its voucher within a minute, where the project keeps its books here."""
    ctx = Context(run.access, run.here)
    make_vouchers(ctx)
    ctx.flush()


@job("finance.compute_late_fees", every="40 1 * * *")
def compute_fees_of_the_day(run: JobRun) -> None:
    """Fees grow with every day of delay."""
    ctx = Context(run.access, run.here)
    compute_late_fees(ctx)
    ctx.flush()
