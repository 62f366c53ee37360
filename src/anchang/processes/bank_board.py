"""What the page of bank matching shows: the proposals of one finding, and what their candidates are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _

from anchang.deals.models import Deal
from anchang.finance.models import BankLine, BankProposal, Receipt, Receivable, Refund
from anchang.platform.models import Project
from anchang.processes.offers import item_label

SHOWN = 100


@dataclass(frozen=True)
class Board:
    """`counts` by finding; `unseen`: open lines that no matching looked at yet; `sum` of all lines of the finding."""

    rows: list[BankProposal]
    counts: dict[str, int]
    unseen: int
    sum: Decimal


def board_of(project: Project, finding: str) -> Board:
    """Four queries."""
    found = BankProposal.objects.filter(project=project, line__deleted_at__isnull=True).exclude(line__open_amount=0)
    counts = dict(found.order_by().values_list("finding").annotate(count=Count("pk")))
    mine = found.filter(finding=finding)
    return Board(
        rows=list(mine.select_related("line").order_by("line__day", "line_id")[:SHOWN]), counts=counts,
        unseen=BankLine.objects.filter(project=project).exclude(open_amount=0).count() - sum(counts.values()),
        sum=mine.aggregate(sum=Sum("line__open_amount"))["sum"] or Decimal(0),
    )  # fmt: skip


def labels_of(project: Project, rows: Sequence[BankProposal]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """What the candidates of the page are called: one query per kind."""
    ids: dict[str, set[int]] = {}
    for row in rows:
        for one in row.candidates:
            if one["kind"] != "batch":
                ids.setdefault(one["kind"], set()).add(one["id"])
                ids.setdefault("deal", set()).add(one["deal"])
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    here = {"project": project}
    deals = Deal.objects.filter(Q(**here), pk__in=ids.get("deal", ())).values("pk", "unit__label", "customer__name")
    found |= {("deal", d["pk"]): d for d in deals}
    dues = Receivable.objects.filter(Q(**here), pk__in=ids.get("due", ())).values("pk", "item", "balance")
    found |= {("due", r["pk"]): {**r, "label": item_label(r["item"]), "amount": r["balance"]} for r in dues}
    receipts = Receipt.objects.filter(Q(**here), pk__in=ids.get("receipt", ()))
    found |= {("receipt", r["pk"]): r for r in receipts.values("pk", "amount", label=F("number"))}
    refunds = Refund.objects.filter(Q(**here), pk__in=ids.get("refund", ())).values("pk", "amount", "payee")
    found |= {("refund", r["pk"]): {**r, "label": f"{_('Refund')} {r['payee']}"} for r in refunds}
    return found
