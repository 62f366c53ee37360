"""Jobs of finance."""

from __future__ import annotations

from anchang.finance.commands.vouchers import make_vouchers
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job


@job("finance.make_vouchers", every="* * * * *")
def make_vouchers_of_new_documents(run: JobRun) -> None:
    """Every posted document has its voucher within a minute, where the project keeps its books here."""
    ctx = Context(run.access, run.here)
    make_vouchers(ctx)
    ctx.flush()
