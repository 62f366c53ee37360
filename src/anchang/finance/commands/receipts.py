"""Receipts and the ledger: taking money, spreading it, reversing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal, QueueTicket
from anchang.finance import rules
from anchang.finance.commands.banking import release_receipt_matches
from anchang.finance.models import Allocation, DayClose, PeriodClose, Receipt, Receivable
from anchang.inventory.models import Licence, Unit
from anchang.inventory.rules import Licence as LicenceFacts
from anchang.inventory.rules import why_no_licence
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Line, Reason

_COUNTED = ("posted", "day_closed")
_WAYS = {
    "cash": _("Cash"), "pos": _("POS"), "transfer": _("Bank transfer"), "mortgage": _("Mortgage payout"),
    "fund": _("Housing fund payout"), "online": _("Online payment"), "cheque": _("Cheque"),
}  # fmt: skip


class AllocationRow(Input):
    """What of the money goes to which receivable."""

    receivable: Annotated[Any, Label(_("Receivable"), "ref:receivables")]
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]


class MoneyInput(Input):
    """Money that a payer brings. `allocations`: [{receivable, amount}]; without them oldest due first."""

    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    way: Annotated[
        Literal["cash", "pos", "transfer", "mortgage", "fund", "online", "cheque"],
        Label(_("Way"), kind="choice", choices=_WAYS),
    ]
    account: Annotated[Line, Label(_("Account"))] = ""
    received_on: Annotated[Day | None, Label(_("Received on"))] = None
    payer: Annotated[Line, Label(_("Payer"))] = ""
    reference: Annotated[Line, Label(_("Bank reference"))] = ""
    allocations: Annotated[list[dict[str, Any]] | None, Label(_("Allocations"), rows=AllocationRow)] = None
    confirm_surplus: Annotated[bool, Label(_("Keep more than is due as an advance"))] = False
    book_today: Annotated[
        bool, Label(_("Book today"), help=_("Money of a closed day or month is booked today, with its own date."))
    ] = False


class StatementMoney(MoneyInput):
    """Money that a bank statement proves: its day may lie as far back as the statement's."""


class ReverseInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def take_money(
    ctx: Context, deal: Deal, data: MoneyInput, contract: Contract | None = None, *, expected: Decimal = ZERO
) -> Receipt:
    """Book a receipt of the deal and spread it. The deal comes locked. `expected`: money that may come without
    an open line (a small deposit).

    Refuses without a licence valid on the day (invariant 6), on an ended deal, a day out of bounds or closed.
    More than is due needs the payer's word (`confirm_surplus`); it stays free as an advance.
    """
    if deal.state == Deal.State.ENDED:
        raise DomainError("deal_ended")
    received_on = _received_on(ctx, data.received_on, proven=isinstance(data, StatementMoney))
    licence = _licence_of(deal, received_on)
    lines, found = _open_lines(ctx, deal)
    spread = rules.allocate(data.amount, data.way, lines, rules.read_allocations(data.allocations))
    expected = max(expected, ZERO) + rules.still_open(lines, data.way, spread.parts)
    if why := rules.why_confirm_surplus(spread.unallocated, expected, data.confirm_surplus):
        raise DomainError(why.code, status=422, fields={"confirm_surplus": why.code}, **why.params)
    receipt = Receipt(
        project=ctx.here, deal=deal, contract=contract, amount=data.amount, way=data.way,
        money=rules.WAY_MONEY[data.way], kind=_kind(found, spread.parts, bool(data.allocations)),
        payer=data.payer[:100], reference=data.reference[:60], received_on=received_on,
        business_date=_business_date(ctx, received_on, data.book_today), cashier_id=ctx.user_id,
        created_by_id=ctx.user_id,
    )  # fmt: skip
    receipt.account = _account(ctx, licence, receipt, data.account)
    _post(ctx, receipt)
    _write(ctx, receipt, spread.parts)
    _note_settled(ctx, [line_id for line_id, _part in spread.parts], received_on)
    ctx.event(
        "money.received", receipt, customer_id=deal.customer_id, deal=deal.pk, number=receipt.number,
        amount=str(receipt.amount), way=receipt.way,
    )  # fmt: skip
    ctx.index([receipt], fresh=True)
    return receipt


def _business_date(ctx: Context, received_on: dt.date, book_today: bool) -> dt.date:
    """The day on which money stands in the books. A closed day never changes: money of it that turns up late
    stands on today, with its own date. Raises day_closed, period_closed unless that is wanted."""
    if received_on == ctx.business_date:
        return received_on
    closed = {"project": ctx.here}
    why = ""
    if PeriodClose.objects.filter(**closed, last_day__gte=received_on).exists():
        why = "period_closed"
    elif DayClose.objects.filter(**closed, day=received_on, cashier_id=ctx.user_id).exists():
        why = "day_closed"
    if why and not book_today:
        raise DomainError(why, fields={"received_on": why})
    return ctx.business_date if why else received_on


def _received_on(ctx: Context, day: dt.date | None, *, proven: bool = False) -> dt.date:
    if day is None or day == ctx.business_date:
        return ctx.business_date
    limit = int(ctx.param("finance.backdate_days"))
    if day > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"received_on": "date_in_future"})
    if not proven and (ctx.business_date - day).days > limit:
        raise DomainError("date_too_old", status=422, fields={"received_on": "date_too_old"}, days=limit)
    return day


def _licence_of(deal: Deal, on: dt.date) -> Licence:
    if deal.unit_id is None:  # of a queue ticket
        licence = QueueTicket.objects.select_related("scheme__licence").get(deal_id=deal.pk).scheme.licence
    else:
        licence = Unit.everything.select_related("licence").get(pk=deal.unit_id).licence
    facts = LicenceFacts(licence.number, licence.issued_on, licence.valid_to) if licence else None
    if why := why_no_licence(facts, on):
        raise DomainError.of(why)
    assert licence is not None
    return licence


def plain_account(account: str) -> str:
    """An account's number as it is compared: banks group the digits as they like."""
    return account.replace(" ", "").replace("-", "")


def _account(ctx: Context, licence: Licence, receipt: Receipt, account: str) -> str:
    """House money of presold units goes into the escrow account (invariant 5); cash is banked later."""
    escrow = licence.escrow_account if licence.kind == Licence.Kind.PRESALE else ""
    if receipt.kind != Receipt.Kind.HOUSE or not escrow:
        return account[:60]
    if account and plain_account(account) != plain_account(escrow) and ctx.param("finance.escrow_only"):
        raise DomainError(
            "not_escrow_account", status=422, fields={"account": "not_escrow_account"}, account=escrow
        )
    return (account or ("" if receipt.way == "cash" else escrow))[:60]


def _open_lines(ctx: Context, deal: Deal) -> tuple[list[rules.OpenLine], dict[int, Receivable]]:
    """The deal's open lines, locked by id."""
    rows = Receivable.objects.select_for_update(no_key=True).filter(
        project=ctx.here, deal=deal, voided=False, balance__gt=0
    )
    found = {row.pk: row for row in rows.order_by("id")}
    lines = [
        rules.OpenLine(r.pk, r.seq, r.item, r.money, r.due_on, r.balance)
        for r in found.values()
        if r.item != "forfeiture"
    ]
    return lines, found


def _kind(found: dict[int, Receivable], parts: Iterable[tuple[int, Decimal]], named: bool) -> str:
    """House money unless the payer names other lines; kinds of money are not mixed in one receipt."""
    if not named:
        return Receipt.Kind.HOUSE
    kinds = set()
    for line_id, _part in parts:
        line = found[line_id]
        if line.house or line.item == "area_difference":
            kinds.add(Receipt.Kind.HOUSE)
        elif line.item.startswith(rules.AGENCY_PREFIX):
            kinds.add(Receipt.Kind.AGENCY)
        else:
            kinds.add(Receipt.Kind.LATE_FEE)
    if len(kinds) > 1:
        raise DomainError("mixed_money", status=422, fields={"allocations": "mixed_money"})
    return kinds.pop()


def _post(ctx: Context, receipt: Receipt) -> None:
    """Number the receipt from its book and write it. The book's row lock is the last of all locks."""
    book = f"{receipt.business_date:%Y}"
    receipt.book, receipt.book_seq = book, ctx.number("receipt", book)
    receipt.number = f"{ctx.param('finance.receipt_prefix')}{book}{receipt.book_seq:06d}"
    # Asked after the lock: closing a day takes the same lock.
    if DayClose.objects.filter(
        project=ctx.here, day=receipt.business_date, cashier_id=receipt.cashier_id
    ).exists():
        raise DomainError("day_closed", fields={"received_on": "day_closed"})
    receipt.save(force_insert=True)


def _write(ctx: Context, receipt: Receipt, parts: Sequence[tuple[int, Decimal]]) -> None:
    """Append to the ledger; its trigger updates both sides."""
    Allocation.objects.bulk_create(
        Allocation(
            project=ctx.here, receipt=receipt, receivable_id=line_id, amount=part, at=ctx.now,
            business_date=max(receipt.business_date,
            ctx.business_date) if part < 0 else receipt.business_date,
        )
        for line_id, part in parts
    )  # fmt: skip
    receipt.allocated += sum((part for _line, part in parts), ZERO)


def _note_settled(ctx: Context, line_ids: Sequence[int], on: dt.date) -> None:
    """Remember the day on which lines were paid in full, and close the reminders about them."""
    if not line_ids:
        return
    rows = Receivable.objects.filter(project=ctx.here, id__in=line_ids)
    rows.filter(balance__gt=0, settled_on__isnull=False).update(settled_on=None)
    settled = list(rows.filter(balance=0).values_list("id", flat=True))
    rows.filter(id__in=settled, settled_on__isnull=True).update(settled_on=on)
    ctx.finish_tasks("receivables", settled, "payment_due")


def allocate_open_money(ctx: Context, deal: Deal) -> Decimal:
    """Spread what receipts of the deal still have free over its open lines, oldest receipt first.

    The deal comes locked. Used when new lines come into force (subscription, signing). Answers the sum.
    """
    lines, _found = _open_lines(ctx, deal)
    moved = ZERO
    touched: list[int] = []
    for receipt in free_receipts(ctx, deal).filter(kind=Receipt.Kind.HOUSE):
        spread = rules.allocate(receipt.amount - receipt.allocated, receipt.way, lines)
        if not spread.parts:
            continue
        taken = dict(spread.parts)
        lines = [replace(line, balance=line.balance - taken.get(line.id, ZERO)) for line in lines]
        lines = [line for line in lines if line.balance > 0]
        Allocation.objects.bulk_create(
            Allocation(
                project=ctx.here, receipt=receipt, receivable_id=line_id, amount=part, at=ctx.now,
                business_date=ctx.business_date,
            )
            for line_id, part in spread.parts
        )  # fmt: skip
        moved += sum(taken.values(), ZERO)
        touched += taken
    _note_settled(ctx, touched, ctx.business_date)
    return moved


def free_receipts(ctx: Context, deal: Deal) -> Any:
    """Counted receipts of the deal with money left, locked, oldest first."""
    return (
        Receipt.objects.select_for_update(no_key=True)
        .filter(project=ctx.here, deal=deal, state__in=_COUNTED, amount__gt=F("allocated"))
        .order_by("received_on", "id")
    )


def release_allocations(ctx: Context, deal: Deal) -> Decimal:
    """Take all money off the deal's receivables again (negative ledger rows): before they are voided."""
    # Locked by id before the ledger's trigger touches them.
    list(
        Receivable.objects.select_for_update(no_key=True)
        .filter(project=ctx.here, deal=deal, allocated__gt=0)
        .order_by("id")
        .values_list("id", flat=True)
    )
    used = (
        Allocation.objects.filter(project=ctx.here, receipt__deal=deal, receivable__isnull=False)
        .values("receipt_id", "receivable_id")
        .annotate(net=Sum("amount"))
        .filter(net__gt=0)
        .order_by("receivable_id", "receipt_id")
    )
    rows = [
        Allocation(
            project=ctx.here, receipt_id=u["receipt_id"], receivable_id=u["receivable_id"], amount=-u["net"],
            at=ctx.now, business_date=ctx.business_date,
        )
        for u in used
    ]  # fmt: skip
    Allocation.objects.bulk_create(rows)
    return -sum((row.amount for row in rows), ZERO)


def why_not_reverse(receipt: Receipt) -> Refusal | None:
    return rules.why_not_reverse(receipt.state, receipt.reverses_id is not None)


@command(
    Receipt, verb="reverse", label=_("Reverse"), icon="arrow-back-up", shape="danger", lock=False,
    refuses=why_not_reverse,
)  # fmt: skip
def reverse_receipt(ctx: Context, receipt: Receipt, data: ReverseInput) -> Receipt:
    """Undo a receipt by its mirror: opposite amount, own number; what it settled is owed again.

    Money that was refunded, or is about to be, is not reversed. Answers the reversed receipt.
    """
    deal = Deal.objects.select_for_update(no_key=True).get(pk=receipt.deal_id)
    receipt = Receipt.objects.select_for_update(no_key=True).get(pk=receipt.pk)
    if why := why_not_reverse(receipt):
        raise DomainError.of(why)
    release_receipt_matches(ctx, receipt, data.reason)
    parts = _net_parts(receipt)
    Receivable.objects.select_for_update(no_key=True).filter(id__in=parts).order_by("id").count()
    _write(ctx, receipt, rules.mirror(parts.items()))
    Receipt.objects.filter(pk=receipt.pk).update(state=Receipt.State.REVERSED)
    mirror = Receipt(
        project=ctx.here, deal=deal, contract_id=receipt.contract_id, amount=-receipt.amount, way=receipt.way,
        money=receipt.money, kind=receipt.kind, account=receipt.account, payer=receipt.payer,
        reference=receipt.reference, received_on=ctx.business_date, business_date=ctx.business_date,
        cashier_id=ctx.user_id, created_by_id=ctx.user_id, reverses=receipt, reason=data.reason,
    )  # fmt: skip
    _post(ctx, mirror)
    _note_settled(ctx, list(parts), ctx.business_date)
    ctx.event(
        "receipt.reversed", receipt, customer_id=deal.customer_id, deal=deal.pk, number=receipt.number,
        amount=str(receipt.amount), reason=data.reason, mirror=mirror.number,
    )  # fmt: skip
    ctx.index([mirror], fresh=True)
    receipt.refresh_from_db()
    return receipt


def _net_parts(receipt: Receipt) -> dict[int, Decimal]:
    """Receivable id -> what the receipt still settles there. Refuses when refunds took from it."""
    net: dict[tuple[int | None, int | None], Decimal] = defaultdict(lambda: ZERO)
    for line, refund, amount in Allocation.objects.filter(
        project_id=receipt.project_id, receipt=receipt
    ).values_list("receivable_id", "refund_id", "amount"):
        net[line, refund] += amount
    if any(refund and amount for (_line, refund), amount in net.items()):
        raise DomainError("receipt_refunded")
    return {line: amount for (line, _refund), amount in sorted(net.items(), key=str) if line and amount}
