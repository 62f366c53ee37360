"""Making and voiding what a deal owes. The caller holds the deal's lock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max

from anchang.deals.models import Contract, Deal
from anchang.finance import rules
from anchang.finance.models import Receivable
from anchang.platform.context import Context


@dataclass(frozen=True)
class NewLine:
    """A receivable to make. `money`: cash, bank or fund."""

    item: str
    money: str
    amount: Decimal
    due_on: dt.date
    bank: str = ""
    note: str = ""


#: Owed on top of the deal's total: not house money, though rules.is_house_item knows only two kinds.
_BESIDE_TOTAL = frozenset({"forfeiture", "penalty", "area_difference"})


def is_house(item: str) -> bool:
    """Whether an item is part of the deal's total."""
    return rules.is_house_item(item) and item not in _BESIDE_TOTAL


def add_receivables(
    ctx: Context, deal: Deal, contract: Contract | None, lines: Sequence[NewLine]
) -> list[Receivable]:
    """Put lines in force, numbered after those that the deal already has."""
    last = Receivable.objects.filter(project=ctx.here, deal=deal).aggregate(last=Max("seq"))["last"] or 0
    return Receivable.objects.bulk_create(
        Receivable(
            project=ctx.here, deal=deal, contract=contract, seq=seq, item=line.item, money=line.money,
            house=is_house(line.item), due_on=line.due_on, amount=line.amount, bank=line.bank, note=line.note,
            created_by_id=ctx.user_id,
        )
        for seq, line in enumerate(lines, last + 1)
    )  # fmt: skip


def void_receivables(ctx: Context, deal: Deal) -> int:
    """Void what the deal still owes. Allocated money must have been released before."""
    live = Receivable.objects.filter(project=ctx.here, deal=deal, voided=False)
    ids = list(live.order_by("id").values_list("id", flat=True))
    ctx.finish_tasks("receivables", ids)
    return live.update(voided=True)
