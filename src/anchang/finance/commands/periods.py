"""Closing months (关账): nothing before the close changes any more; what turns up late stands in an open month."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _

from anchang.finance.models import PeriodClose, Receipt, Refund
from anchang.finance.queries import unclosed_days
from anchang.kernel.clock import add_months
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO
from anchang.platform import numbering
from anchang.platform.commands import project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Ref

_SHOWN = 200


class CloseMonthInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    month: Annotated[Day | None, Label(_("Any day of the month"), help=_("Empty: the last month."))] = None


@project_command(
    PeriodClose, verb="close", label=_("Close a month"), permission="period-closes.close", icon="lock",
    shape="primary",
)  # fmt: skip
def close_month(ctx: Context, data: CloseMonthInput) -> PeriodClose:
    """Close a month that is over, in order, after every cashier's day of it. Its sums are kept; the database takes
    no more receipts, ledger rows or paid refunds dated in it.

    Takes the receipt book's lock, so that no receipt slips in between sum and close.
    """
    first = (data.month or add_months(ctx.business_date.replace(day=1), -1)).replace(day=1)
    last = add_months(first, 1) - dt.timedelta(days=1)
    if last >= ctx.business_date:
        raise DomainError("period_not_over", status=422, fields={"month": "period_not_over"})
    numbering.take(ctx.here.pk, "receipt", f"{first:%Y}", count=0)
    _check_order(ctx, first, last)
    if days := _open_days(ctx, last):
        raise DomainError("period_days_open", days=", ".join(days))
    close = _summed(ctx, first, last)
    close.save(force_insert=True)
    ctx.event("period.closed", close, month=close.month, receipts=close.receipts)
    return close


def _check_order(ctx: Context, first: dt.date, last: dt.date) -> None:
    newest = PeriodClose.objects.filter(project=ctx.here).order_by("-last_day").first()
    if newest is not None and newest.last_day >= last:
        raise DomainError("period_closed_before")
    if newest is not None and newest.last_day < first - dt.timedelta(days=1):
        missing = newest.last_day + dt.timedelta(days=1)
        raise DomainError("period_order", month=f"{missing:%Y-%m}")


def _open_days(ctx: Context, last: dt.date) -> list[str]:
    days = {day for _cashier, day in unclosed_days(ctx.here, last + dt.timedelta(days=1))}
    return [day.isoformat() for day in sorted(days)]


def _summed(ctx: Context, first: dt.date, last: dt.date) -> PeriodClose:
    receipts = Receipt.objects.filter(project=ctx.here, business_date__range=(first, last)).exclude(state="draft")
    refunds = Refund.objects.filter(project=ctx.here, state=Refund.State.PAID, paid_on__range=(first, last))
    by_way = receipts.order_by().values("way").annotate(sum=Sum("amount"), count=Count("pk"))
    ways = {row["way"]: row["sum"] for row in by_way}
    late = receipts.filter(
        Q(received_on__lt=first) | Q(reverses__isnull=False, reverses__business_date__lt=first)
    ).annotate(belongs=TruncMonth(F("received_on")))  # fmt: skip
    return PeriodClose(
        project=ctx.here, month=f"{first:%Y-%m}", last_day=last, receipts=receipts.count(),
        received=sum(ways.values(), ZERO), refunded=refunds.aggregate(sum=Sum("amount"))["sum"] or ZERO,
        late=late.aggregate(sum=Sum("amount"))["sum"] or ZERO,
        sums={way: str(amount) for way, amount in sorted(ways.items())},
        late_entries=[
            {
                "receipt": r.pk, "number": r.number, "amount": str(r.amount),
                "belongs_to": f"{r.reverses.business_date if r.reverses else r.received_on:%Y-%m}",
                "reverses": r.reverses and r.reverses.number,
            }
            for r in late.select_related("reverses").order_by("pk")[:_SHOWN]
        ],
        closed_by_id=ctx.user_id, closed_at=ctx.now,
    )  # fmt: skip
