"""Reads of money: dues, the collection report, rates, what receipts settled."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from anchang.finance import rules
from anchang.finance.models import Allocation, DayClose, Receipt, Receivable, Refund
from anchang.kernel.money import ZERO
from anchang.platform import parameters
from anchang.platform.models import Project


def allocations_of(receipt_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Receipt id -> what it settles, net per receivable, plus what refunds took."""
    found: dict[int, list[dict[str, Any]]] = {i: [] for i in receipt_ids}
    rows = (
        Allocation.objects.filter(receipt__in=receipt_ids)
        .order_by("receipt_id", "receivable__due_on", "receivable__seq", "refund_id")
        .values("receipt_id", "receivable_id", "receivable__item", "receivable__seq", "refund_id")
        .annotate(net=Sum("amount"))
    )
    for r in rows:
        if r["net"]:
            found[r["receipt_id"]].append({
                "receivable": r["receivable_id"], "item": r["receivable__item"] or "refund",
                "seq": r["receivable__seq"], "refund": r["refund_id"], "amount": str(r["net"]),
            })  # fmt: skip
    return found


def booked_by_way(project: Project, cashier_id: int | None, day: dt.date) -> dict[str, Decimal]:
    """What a cashier should find when he counts the day, by way: receipts less mirrors, and less the refunds that he
    paid in cash. Money that only moved between deals never passed through his hands."""
    rows = Receipt.objects.filter(project=project, cashier=cashier_id, business_date=day)
    rows = rows.exclude(Q(state=Receipt.State.DRAFT) | Q(way__in=rules.NOT_COLLECTED))
    found = {r["way"]: r["sum"] for r in rows.order_by().values("way").annotate(sum=Sum("amount"))}
    if paid := cash_paid_back(project, cashier_id, day):
        found["cash"] = found.get("cash", ZERO) - paid
    return found


def cash_paid_back(project: Project, cashier_id: int | None, day: dt.date) -> Decimal:
    rows = Refund.objects.filter(project=project, state=Refund.State.PAID, way="cash", paid_on=day, paid_by=cashier_id)
    found: Decimal = rows.aggregate(s=Coalesce(Sum("amount"), ZERO))["s"]
    return found


def unclosed_days(project: Project, before: dt.date, cashier_id: int | None = None) -> list[tuple[int, dt.date]]:
    """(cashier, day) of every day before `before` on which a cashier took money and that nobody counted."""
    closed = DayClose.objects.filter(project=project, day=OuterRef("business_date"), cashier=OuterRef("cashier"))
    rows = Receipt.objects.filter(project=project, business_date__lt=before, cashier__isnull=False)
    rows = rows.exclude(way__in=rules.NOT_COLLECTED)
    if cashier_id is not None:
        rows = rows.filter(cashier=cashier_id)
    rows = rows.exclude(state=Receipt.State.DRAFT).filter(~Exists(closed)).order_by("business_date", "cashier")
    return list(rows.values_list("cashier", "business_date").distinct())


def _line(row: Receivable, today: dt.date) -> dict[str, Any]:
    return {
        "id": row.pk, "contract": row.contract and {"id": row.contract_id, "label": row.contract.number},
        "deal": row.deal_id, "unit": {"id": row.deal.unit_id, "label": str(row.deal.unit or "")},
        "customer": {"id": row.deal.customer_id, "label": row.deal.customer.name},
        "consultant": {"id": row.deal.consultant_id, "label": str(row.deal.consultant or "")},
        "item": row.item, "seq": row.seq, "money": row.money, "due_on": row.due_on.isoformat(),
        "amount": str(row.amount), "received": str(row.allocated), "balance": str(row.balance),
        "state": rules.receivable_state(row.amount, row.allocated, row.due_on, today),
        "overdue_days": max((today - row.due_on).days, 0),
    }  # fmt: skip


def due_lines(
    project: Project, today: dt.date, until: dt.date | None = None, limit: int = 1000
) -> dict[str, Any]:
    """Open lines due by `until` (default today), oldest first, with sums and overdue classes (F01)."""
    rows = Receivable.objects.filter(
        project=project, voided=False, balance__gt=0, due_on__lte=until or today
    ).exclude(item="forfeiture")  # fmt: skip
    bounds = [int(b) for b in parameters.value("finance.overdue_buckets", project, today)]
    ages = rules.ageing(rows.values_list("due_on", "balance"), today, bounds)
    shown = rows.select_related("deal__unit", "deal__customer", "deal__consultant", "contract")
    return {
        "lines": [_line(r, today) for r in shown.order_by("due_on", "id")[:limit]],
        "total": str(sum(ages.values(), ZERO)),
        "ages": {name: str(amount) for name, amount in ages.items()},
    }


# --- collection ----------------------------------------------------------------------------------


def collected_receipts(project: Project, first: dt.date, last: dt.date) -> QuerySet[Receipt]:
    """House receipts and their mirrors booked in the period; set-off and transfers are not collection."""
    return Receipt.objects.filter(
        project=project, kind=Receipt.Kind.HOUSE, business_date__range=(first, last)
    ).exclude(Q(way__in=rules.NOT_COLLECTED) | Q(state=Receipt.State.DRAFT))  # fmt: skip


def paid_refunds(project: Project, first: dt.date, last: dt.date) -> QuerySet[Refund]:
    return Refund.objects.filter(
        project=project, kind=Refund.Kind.RETURN, state=Refund.State.PAID, paid_on__range=(first, last)
    ).exclude(way="transfer_out")


_BY: dict[str, tuple[Any, Any]] = {
    "day": (F("business_date"), F("paid_on")),
    "way": (F("way"), F("way")),
    "class": (F("money"), F("money")),
    "person": (F("deal__consultant_id"), F("deal__consultant_id")),
    "cashier": (F("cashier_id"), F("paid_by_id")),
}


def collection(project: Project, first: dt.date, last: dt.date, by: str = "day") -> dict[str, Any]:
    """Receipts less refunds of the period by day, item, way, class (own money, bank, fund), person or
    cashier. Every cut sums to the same total: the ledger's."""
    parts = _by_item(project, first, last) if by == "item" else _by_column(project, first, last, by)
    return {
        "by": by, "from": first.isoformat(), "to": last.isoformat(),
        "rows": [
            {"key": key.isoformat() if isinstance(key, dt.date) else key, "amount": str(amount),
            "receipts": count}
            for key, (amount, count) in sorted(parts.items(), key=lambda each: str(each[0]))
        ],
        "total": str(sum((amount for amount, _count in parts.values()), ZERO)),
    }  # fmt: skip


def collected_total(project: Project, first: dt.date, last: dt.date) -> Decimal:
    """House receipts less reversals less refunds paid, by business date."""
    got = collected_receipts(project, first, last).aggregate(s=Coalesce(Sum("amount"), ZERO))["s"]
    back = paid_refunds(project, first, last).aggregate(s=Coalesce(Sum("amount"), ZERO))["s"]
    return got - back


def _by_column(project: Project, first: dt.date, last: dt.date, by: str) -> dict[Any, tuple[Decimal, int]]:
    receipt_key, refund_key = _BY[by]
    parts: dict[Any, tuple[Decimal, int]] = {}
    rows = collected_receipts(project, first, last).order_by().values(key=receipt_key)
    for row in rows.annotate(sum=Sum("amount"), count=Count("pk")):
        parts[row["key"]] = (row["sum"], row["count"])
    refunds = paid_refunds(project, first, last).order_by().values(key=refund_key)
    for back in refunds.annotate(sum=Sum("amount")):
        amount, count = parts.get(back["key"], (ZERO, 0))
        parts[back["key"]] = (amount - back["sum"], count)
    return parts


def _by_item(project: Project, first: dt.date, last: dt.date) -> dict[Any, tuple[Decimal, int]]:
    """What the ledger moved to each item in the period; the rest is money not spread (negative when older
    money was spread or returned)."""
    rows = (
        Allocation.objects.filter(
            project=project, business_date__range=(first, last), receivable__isnull=False,
            receipt__kind=Receipt.Kind.HOUSE,
        )
        .exclude(receipt__way__in=rules.NOT_COLLECTED)
        .order_by()
        .values(key=F("receivable__item"))
        .annotate(sum=Sum("amount"), count=Count("receipt", distinct=True))
    )  # fmt: skip
    parts = {row["key"]: (row["sum"], row["count"]) for row in rows if row["sum"]}
    rest = collected_total(project, first, last) - sum((amount for amount, _count in parts.values()), ZERO)
    if rest:
        parts["unallocated"] = (rest, 0)
    return parts


def collection_rate(
    project: Project, first: dt.date, last: dt.date, by: str = ""
) -> dict[str, dict[str, str | None]]:
    """F19: what was allocated by the period's end to house lines due in it ÷ those lines. `by`: "" the
    project, person, month. Key -> {due, collected, rate}; the rate is null when nothing was due."""
    lines = Receivable.objects.filter(project=project, voided=False, house=True, due_on__range=(first, last))
    paid: dict[int, Decimal] = dict(
        Allocation.objects.filter(project=project, receivable__in=lines.values("id"), business_date__lte=last)
        .order_by()
        .values("receivable_id")
        .annotate(sum=Sum("amount"))
        .values_list("receivable_id", "sum")
    )
    key = _rate_key(by)
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for line_id, due_on, amount, person in lines.values_list("id", "due_on", "amount", "deal__consultant_id"):
        total = sums[key(due_on, person)]
        total[0] += amount
        total[1] += paid.get(line_id, ZERO)
    if not by and not sums:
        sums["project"] = [ZERO, ZERO]
    return {
        name: {"due": str(due), "collected": str(got), "rate": _text(rules.rate(got, due))}
        for name, (due, got) in sorted(sums.items())
    }


def _rate_key(by: str) -> Callable[[dt.date, int | None], str]:
    if by == "person":
        return lambda day, person: str(person or "")
    if by == "month":
        return lambda day, person: f"{day:%Y-%m}"
    return lambda day, person: "project"


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:.6f}"


def contract_account(contract_id: int) -> list[dict[str, Any]]:
    """Plan, received and outstanding of a contract by item and date (F01)."""
    rows = Receivable.objects.filter(contract=contract_id, voided=False).order_by("due_on", "seq")
    return [
        {
            "id": r.pk, "item": r.item, "seq": r.seq, "money": r.money, "due_on": r.due_on.isoformat(),
            "amount": str(r.amount), "received": str(r.allocated), "balance": str(r.balance),
        }
        for r in rows
    ]  # fmt: skip
