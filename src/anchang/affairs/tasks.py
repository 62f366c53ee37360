"""Jobs after signing: mortgages are opened with the contract, late steps become to-dos (K13)."""

from __future__ import annotations

import datetime as dt

from anchang.affairs import rules
from anchang.affairs.commands import liabilities, open_of_contract
from anchang.affairs.commands.bureau import compare
from anchang.affairs.commands.mortgages import take_back_unpaid
from anchang.affairs.commands.steps import TASK
from anchang.affairs.commands.titles import open_title_of
from anchang.affairs.models import BureauList, CopyLoan, Mortgage, Provision, TitleRegistration
from anchang.deals.models import Contract
from anchang.platform.context import Context
from anchang.platform.jobs import after
from anchang.platform.project_jobs import project_job


@project_job("affairs.open")
def open_affairs(ctx: Context, deal: int) -> None:
    """The loans of a contract that was just signed."""
    if not ctx.param("affairs.open_mortgages"):
        return
    for contract in Contract.objects.select_for_update(no_key=True).filter(project=ctx.here, deal=deal):
        open_of_contract(ctx, contract)


after("affairs.open", "deal", "contract.signed")


@project_job("affairs.open_title")
def open_title(ctx: Context, deal: int) -> None:
    """The title registration of a unit that was just handed over (D11)."""
    if not ctx.param("affairs.open_titles"):
        return
    rows = Contract.objects.select_for_update(no_key=True).filter(project=ctx.here, deal=deal, state="delivered")
    for contract in rows:
        open_title_of(ctx, contract)


after("affairs.open_title", "deal", "contract.delivered")


@project_job("affairs.payout_reversed")
def payout_reversed(ctx: Context, deal: int) -> None:
    """A receipt was reversed: if it was a loan's, its mortgage waits for the money again."""
    take_back_unpaid(ctx, deal)


after("affairs.payout_reversed", "deal", "receipt.reversed")


@project_job("affairs.compare_bureau", every="50 7 * * *")
def compare_bureau(ctx: Context) -> None:
    """Our states moved since the newest list came in: what agrees now is closed, what doesn't is found."""
    newest = BureauList.objects.filter(project=ctx.here).order_by("-received_on", "-id").first()
    if newest is not None:
        compare(ctx, newest)


@project_job("affairs.remind", every="20 9 * * *")
def remind(ctx: Context) -> None:
    """A to-do for the consultant of every step that is overdue, and for whoever keeps a copy too long; once per
    step."""
    for kind, model in (("mortgage", Mortgage), ("title", TitleRegistration)):
        rows = model._default_manager.filter(project=ctx.here, due_on__lt=ctx.business_date)
        for row in rows.select_related("contract__deal"):
            contract = row.contract
            if contract.deal.consultant_id and row.due_on:
                ctx.task(
                    contract.deal.consultant_id, TASK, row, due_at=_morning(ctx, row.due_on),
                    period_key=f"{row.state}:{row.due_on.isoformat()}", number=contract.number,
                    step=f"{kind}.{rules.next_step(kind, row.state)}", due_on=row.due_on.isoformat(),
                )  # fmt: skip
    loans = CopyLoan.objects.filter(project=ctx.here, returned_on__isnull=True, due_on__lt=ctx.business_date)
    for loan in loans.select_related("copy__contract"):
        ctx.task(
            loan.borrower_id, "copy_overdue", loan, due_at=_morning(ctx, loan.due_on),
            period_key=loan.due_on.isoformat(), number=loan.copy.contract.number, due_on=loan.due_on.isoformat(),
        )  # fmt: skip


@project_job("affairs.seller_delays", every="50 3 * * *")
def seller_delays(ctx: Context) -> None:
    """Bring the ledger of the seller's delays up to yesterday; on the set day of a month provide for the one before.
    A run that was missed is made up by the next."""
    if ctx.business_date.day >= int(ctx.param("affairs.provision_day")):
        through = ctx.business_date.replace(day=1) - dt.timedelta(days=1)
        if not Provision.objects.filter(project=ctx.here, through=through).exists():
            liabilities.provide(ctx, through)
    liabilities.compute(ctx, ctx.business_date - dt.timedelta(days=1))


def _morning(ctx: Context, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), ctx.zone)
