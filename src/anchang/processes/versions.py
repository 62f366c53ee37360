"""The next version of a subscription or contract: the old one stays as it was signed, money and claim move on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Max

from anchang.affairs.models import Mortgage
from anchang.deals import rules
from anchang.deals.models import Contract, PlanLine, Subscription
from anchang.finance.models import Receipt, Receivable, Refund
from anchang.platform.context import Context
from anchang.processes.changing import Paper

_KEPT_SUBSCRIPTION = (
    "project_id", "deal_id", "unit_id", "customer_id", "hold_id", "payment_plan_id", "loans", "list_total", "total",
    "decoration_total", "depth",
    "unit_price", "gross_area", "inner_area", "snapshot", "deposit", "subscribed_on", "activated_on",
    "sign_by",
)  # fmt: skip
_KEPT_CONTRACT = (
    "project_id", "number", "deal_id", "subscription_id", "unit_id", "customer_id", "payment_plan_id", "list_total",
    "total", "decoration_total", "unit_price",
    "gross_area", "inner_area", "snapshot", "deposit", "signed_on", "online_number",
    "filing_number", "filed_on", "filing_due_on", "area_scheme", "area_threshold", "late_fee_policy", "clauses",
)  # fmt: skip


def agreed_lines(paper: Paper) -> list[rules.PlanLine]:
    """The lines that the paper agreed on."""
    return [
        rules.PlanLine(line.seq, line.item, line.money, line.amount, line.due_on, line.bank)
        for line in PlanLine.objects.filter(**_of(paper)).order_by("seq")
    ]


def agreed_loans(paper: Paper) -> tuple[rules.Loan, ...]:
    return tuple(
        rules.Loan(line.money, line.amount, line.bank) for line in agreed_lines(paper) if line.money != rules.CASH
    )


def _of(paper: Paper) -> dict[str, Any]:
    name = "contract" if isinstance(paper, Contract) else "subscription"
    return {"project_id": paper.project_id, name: paper}


def next_version(
    ctx: Context, old: Paper, state: str, lines: Sequence[rules.PlanLine] | None = None, **changed: Any
) -> Paper:
    """Put a new version of the locked paper in its place, with `lines` (else the old ones). Deal locked."""
    lines = agreed_lines(old) if lines is None else lines
    new = _next_contract(ctx, old) if isinstance(old, Contract) else _next_subscription(ctx, old)
    new.state, new.created_by_id = state, ctx.user_id
    for name, value in changed.items():
        setattr(new, name, value)
    new.save(force_insert=True)
    PlanLine.objects.bulk_create(
        PlanLine(
            seq=seq, item=line.item, money=line.money, amount=line.amount, due_on=line.due_on, bank=line.bank,
            **_of(new),
        )
        for seq, line in enumerate(lines, 1)
    )  # fmt: skip
    if isinstance(old, Contract):
        mine = {"project": ctx.here, "contract": old}
        Receivable.objects.filter(**mine, voided=False).update(contract=new)
        Receipt.objects.filter(**mine).update(contract=new)
        Refund.objects.filter(**mine).update(contract=new)
        Mortgage.objects.filter(**mine, ended_on=None).update(contract=new)
    ctx.finish_tasks("contracts" if isinstance(old, Contract) else "subscriptions", [old.pk])
    ctx.index([new], fresh=True)
    return new


def _next_contract(ctx: Context, old: Contract) -> Contract:
    old.state = Contract.State.VOIDED
    old.save(update_fields=["state", "updated_at"])
    same = Contract.everything.filter(project=ctx.here, number=old.number)
    last = same.aggregate(last=Max("revision"))["last"] or old.revision
    return Contract(revision=last + 1, **{name: getattr(old, name) for name in _KEPT_CONTRACT})


def _next_subscription(ctx: Context, old: Subscription) -> Subscription:
    old.state, old.ended_on = Subscription.State.REPLACED, ctx.business_date
    old.save(update_fields=["state", "ended_on", "updated_at"])
    base = old.number.split("-")[0]
    versions = Subscription.everything.filter(project=ctx.here, deal=old.deal_id, number__startswith=base).count()
    return Subscription(number=f"{base}-{versions + 1}", **{name: getattr(old, name) for name in _KEPT_SUBSCRIPTION})
