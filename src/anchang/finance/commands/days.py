"""Closing a cashier's day by count (收款日结)."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _

from anchang.finance.models import DayClose, Receipt
from anchang.finance.queries import booked_by_way
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO
from anchang.platform import numbering
from anchang.platform.commands import project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Line, Money, Ref


class CloseDayInput(Input):
    """What was counted, by way. Ways left out count as nothing."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    day: Annotated[Day | None, Label(_("Day"))] = None
    cash: Annotated[Money, Label(_("Cash"), kind="money")] = ZERO
    pos: Annotated[Money, Label(_("POS"), kind="money")] = ZERO
    transfer: Annotated[Money, Label(_("Bank transfer"), kind="money")] = ZERO
    cheque: Annotated[Money, Label(_("Cheque"), kind="money")] = ZERO
    online: Annotated[Money, Label(_("Online payment"), kind="money")] = ZERO
    mortgage: Annotated[Money, Label(_("Mortgage payout"), kind="money")] = ZERO
    fund: Annotated[Money, Label(_("Housing fund payout"), kind="money")] = ZERO
    note: Annotated[Line, Label(_("Note"))] = ""


_WAYS = ("cash", "pos", "transfer", "cheque", "online", "mortgage", "fund")


@project_command(
    DayClose,
    verb="close",
    label=_("Close my day"),
    permission="day-closes.close",
    icon="lock",
    shape="primary",
)
def close_day(ctx: Context, data: CloseDayInput) -> DayClose:
    """Close the caller's day: booked (cash less what was paid back in cash) against counted by way; a difference needs
    a note.

    Takes the receipt book's lock, so that no receipt slips in between count and close.
    """
    day = data.day or ctx.business_date
    if day > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"day": "date_in_future"})
    if ctx.user_id is None:
        raise DomainError("forbidden", status=403)
    numbering.take(ctx.here.pk, "receipt", f"{day:%Y}", count=0)
    if DayClose.objects.filter(project=ctx.here, day=day, cashier_id=ctx.user_id).exists():
        raise DomainError("day_closed_before")
    receipts = Receipt.objects.filter(project=ctx.here, cashier_id=ctx.user_id, business_date=day).exclude(
        state=Receipt.State.DRAFT
    )
    booked = dict.fromkeys(_WAYS, ZERO) | booked_by_way(ctx.here, ctx.user_id, day)
    counted = {way: getattr(data, way) for way in _WAYS}
    difference = sum((abs(counted.get(way, ZERO) - amount) for way, amount in booked.items()), ZERO)
    if difference and not data.note:
        raise DomainError(
            "difference_needs_note",
            status=422,
            fields={"note": "difference_needs_note"},
            difference=str(difference),
        )
    close = DayClose(
        project=ctx.here, day=day, cashier_id=ctx.user_id, receipts=receipts.count(),
        booked={way: str(amount) for way, amount in booked.items()},
        counted={way: str(amount) for way, amount in counted.items()},
        difference=difference, note=data.note, closed_at=ctx.now,
    )  # fmt: skip
    close.save(force_insert=True)
    receipts.filter(state=Receipt.State.POSTED).update(state=Receipt.State.DAY_CLOSED, day_close=close)
    ctx.finish_tasks("receipts", list(receipts.values_list("id", flat=True)), "day_unclosed")
    ctx.event("day.closed", close, day=day.isoformat(), receipts=close.receipts)
    return close
