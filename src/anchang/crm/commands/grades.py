"""Grades and stages: who or which rule changes them, and whom it tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm import rules
from anchang.crm.commands.criteria import require_criteria
from anchang.crm.commands.customers import GRADE, GRADES
from anchang.crm.commands.filing import grade_end
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Customer, GradeChange, Visit
from anchang.crm.queries.people import managers_by_team
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label

EXPIRY_BATCH = 2000


class GradeInput(Input):
    grade: Annotated[GRADE, Label(_("Grade"), choices=GRADES)]
    reason: Annotated[str, Field(max_length=200), Label(_("Reason"))] = ""


@command(Customer, verb="change-grade", label=_("Change the grade"), icon="stars", refuses=why_not_write, bulk=True)
def change_grade(ctx: Context, customer: Customer, data: GradeInput) -> Customer:
    """Tells the manager (L20). Raises same_grade, grade_criteria_unmet."""
    if customer.grade == data.grade:
        raise DomainError("same_grade")
    require_criteria(ctx, [(customer, data.grade)], reason=data.reason)
    set_grades(ctx, [(customer, data.grade)], reason=data.reason)
    return customer


def set_grades(
    ctx: Context, changes: Sequence[tuple[Customer, str]], *, rule_id: str = "", reason: str = ""
) -> None:
    """Write the grades of locked customers, with log, event, notice to the managers and stage.

    The newest visit of today shows the new grade as the one after it (R07).
    """
    if not changes:
        return
    managers = managers_by_team(ctx)
    ends = {grade: grade_end(ctx, grade) for grade in {g for _c, g in changes}}
    by = rule_id or ctx.actor.name
    logs = []
    for customer, new in changes:
        old, customer.grade, customer.grade_until = customer.grade, new, ends[new]
        logs.append(GradeChange(project=ctx.here, customer=customer, old=old, new=new, by_id=ctx.user_id,
                                rule_id=rule_id, reason=reason, at=ctx.now))  # fmt: skip
        ctx.event("customer.grade_changed", customer, customer_id=customer.pk, old=old, new=new, rule=rule_id)
        ctx.notify(managers.get(customer.team_id, managers[None]), "customer_grade_changed", customer,
                   name=customer.name, old=old, new=new, by=by)  # fmt: skip
    for new in {grade for _c, grade in changes}:
        ids = [c.pk for c, grade in changes if grade == new]
        Customer.objects.filter(project=ctx.here, pk__in=ids).update(
            grade=new, grade_until=ends[new], updated_at=ctx.now
        )
        todays = Visit.objects.filter(project=ctx.here, customer__in=ids, business_date=ctx.business_date)
        todays.update(grade_after=new)
    GradeChange.objects.bulk_create(logs, batch_size=2000)
    settle_stages(ctx, [c for c, _g in changes])


#: The fact that stands for each stage that active deals give.
_FACT = {"prospect": "holds", "subscriber": "subscriptions", "buyer": "contracts", "owner": "handovers"}


def settle_stages(ctx: Context, customers: Iterable[Customer]) -> None:
    """Bring `stage` in line with deals, visits and grade; only those that change are written."""
    moved: dict[str, list[int]] = {}
    for customer in customers:
        facts = rules.StageFacts(visits=customer.visit_count, grade=customer.grade)
        if customer.deal_stage:
            facts = rules.StageFacts(customer.visit_count, customer.grade, **{_FACT[customer.deal_stage]: 1})
        old, new = customer.stage, rules.stage(facts)
        if old != new:
            customer.stage = new
            moved.setdefault(new, []).append(customer.pk)
            ctx.event("customer.stage_changed", customer, customer_id=customer.pk, old=old, new=new)
    for stage, ids in moved.items():
        Customer.objects.filter(project=ctx.here, pk__in=ids).update(stage=stage, updated_at=ctx.now)


def recompute_stage(ctx: Context, customer_ids: Iterable[int], highest: Mapping[int, str]) -> None:
    """Called by deals after deals began or ended: `highest` gives each customer's highest stage of active
    deals (prospect for tickets and holds, subscriber, buyer, owner); missing or empty: none. Locks the
    customers."""
    rows = list(
        Customer.objects.select_for_update(no_key=True)
        .filter(project=ctx.here, pk__in=set(customer_ids)).order_by("pk")
    )  # fmt: skip
    groups: dict[str, list[int]] = {}
    for customer in rows:
        stage = highest.get(customer.pk) or ""
        if customer.deal_stage != stage:
            customer.deal_stage = stage
            groups.setdefault(stage, []).append(customer.pk)
    for stage, ids in groups.items():
        Customer.objects.filter(project=ctx.here, pk__in=ids).update(deal_stage=stage, updated_at=ctx.now)
    settle_stages(ctx, rows)


def rule_grade(ctx: Context, grade: str, intent: str) -> tuple[str, str] | None:
    """(new grade, rule id) by the first rule of the project that fits a follow-up's intent (L19)."""
    for rule in ctx.param("crm.grade_rules"):
        if rule["intent"] == intent and rule["from"] == grade and rule["to"] != grade:
            return rule["to"], rule["id"]
    return None


def expire_grades(ctx: Context) -> int:
    """One step down for grades past their last valid day (C08); a batch that somebody edits is left for the
    next run. Returns how many."""
    count = 0
    while True:
        rows = list(
            Customer.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(
                project=ctx.here,
                grade_until__lt=ctx.business_date,
                state="active",
                stage__in=("visitor", "prospect"),
            )
            .order_by("pk")[:EXPIRY_BATCH]
        )
        if not rows:
            return count
        set_grades(
            ctx, [(c, rules.lower_grade(c.grade)) for c in rows if c.grade != "D"], rule_id="grade-expired"
        )
        stuck = [c.pk for c in rows if c.grade_until and c.grade_until < ctx.business_date]
        Customer.objects.filter(pk__in=stuck).update(grade_until=None)
        count += len(rows)
