"""Follow-ups (跟进): what was said, what comes next, and what it does to grade, to-dos and clocks."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm.commands.criteria import require_criteria
from anchang.crm.commands.customers import GRADE, GRADES
from anchang.crm.commands.filing import grade_end
from anchang.crm.commands.grades import rule_grade, set_grades
from anchang.crm.commands.hooks import follow_up_hooks
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Customer, FollowUp
from anchang.crm.queries.criteria import unmet
from anchang.crm.queries.people import teams_of
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Moment, Ref

METHOD = Literal["phone", "wechat", "visit", "other"]
RESULT = Literal["answered", "no_answer", "refused", "wrong_number"]
INTENT = Literal["strong", "normal", "weak"]
INTENTS = {"strong": _("Strong"), "normal": _("Ordinary"), "weak": _("Weak")}
Content = Annotated[str, Field(min_length=1, max_length=4000), Label(_("Content"), "longtext")]
Next = Annotated[Moment | None, Label(_("Next plan"))]


class FollowUpData(Input):
    method: Annotated[METHOD, Label(_("Method"), choices=dict(FollowUp.Method.choices))]
    content: Content
    next_at: Next = None
    grade: Annotated[GRADE | None, Label(_("Grade"), choices=GRADES)] = None
    intent: Annotated[INTENT | None, Label(_("Intent"), choices=INTENTS)] = None
    result: Annotated[RESULT | None, Label(_("Result"), choices=dict(FollowUp.Result.choices))] = None
    duration: Annotated[int | None, Between(0, 86400), Label(_("Duration in seconds"))] = None


class FollowUpInput(FollowUpData):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    customer: Annotated[Ref("customers"), Label(_("Customer"))]


@creates(FollowUp, label=_("Record a follow-up"), shape="primary", icon="message-plus")
def add_follow_ups(ctx: Context, rows: list[FollowUpInput]) -> list[FollowUp]:
    """Method, content and next plan (L17); without a date the grade's usual interval is the plan.

    Sets the customer's last follow-up and its clock, closes what was due, makes the next to-do, and changes
    the grade as said or by rule (L19). Raises customer_not_active, next_in_past, grade_criteria_unmet. Locks the
    customers by id.
    """
    ids = sorted({row.customer.pk for row in rows})
    locked = (
        Customer.objects.select_for_update(no_key=True).filter(project=ctx.here, pk__in=ids).order_by("pk")
    )
    customers = {c.pk: c for c in locked}
    teams = teams_of(ctx, [ctx.user_id])
    made = []
    for row in rows:
        customer = customers[row.customer.pk]
        _check(ctx, customer, row)
        made.append(_record(ctx, customer, row, teams.get(ctx.user_id) if ctx.user_id else None))
    FollowUp.objects.bulk_create(made, batch_size=1000)
    last = {f.customer_id: f for f in made}
    ctx.finish_tasks("customers", ids, "follow_up_due", "customer_idle")
    for customer_id, follow_up in last.items():
        _plan(ctx, customers[customer_id], follow_up)
    Customer.objects.bulk_update(
        customers.values(),
        ["last_follow_up_at", "idle_since", "next_follow_at", "updated_at"],
        batch_size=500,
    )
    _regrade(ctx, [(customers[f.customer_id], f) for f in last.values()])
    for hook in follow_up_hooks:
        hook(ctx, made)
    return made


def _check(ctx: Context, customer: Customer, row: FollowUpData) -> None:
    if customer.state != "active":
        raise DomainError("customer_not_active", state=customer.get_state_display())
    if row.next_at and row.next_at.astimezone(ctx.zone).date() < ctx.business_date:
        raise DomainError("bad_input", status=422, fields={"next_at": "next_in_past"})


def _record(ctx: Context, customer: Customer, row: FollowUpData, team_id: int | None) -> FollowUp:
    return FollowUp(
        project=ctx.here, customer=customer, author_id=ctx.user_id, team_id=team_id, method=row.method,
        content=row.content, next_at=row.next_at or _usual_next(ctx, row.grade or customer.grade),
        grade=row.grade or "", intent=row.intent or "", result=row.result or "", duration=row.duration,
        effective=_effective(ctx, row), identity_confirmed=getattr(row, "confirmed", False), at=ctx.now,
        business_date=ctx.business_date,
    )  # fmt: skip


def _usual_next(ctx: Context, grade: str) -> dt.datetime | None:
    days = ctx.param("crm.follow_up_days").get(grade)
    return None if days is None else ctx.now + dt.timedelta(days=int(days))


def _effective(ctx: Context, row: FollowUpData) -> bool:
    """A visit, or a call that was answered for long enough where its length is known (DOMAIN §10)."""
    if row.method != "phone":
        return row.result in (None, "answered")
    if row.result not in (None, "answered"):
        return False
    return row.duration is None or row.duration >= ctx.param("crm.effective_call_seconds")


def _regrade(ctx: Context, pairs: list[tuple[Customer, FollowUp]]) -> None:
    """As said, within the grade's criteria; else by the project's rule, which lifts nobody who doesn't fulfil them.
    Comes after the contact was written: it counts for the criteria."""
    said = [(c, f.grade) for c, f in pairs if f.grade and f.grade != c.grade]
    require_criteria(ctx, said)
    set_grades(ctx, said)
    by_rule: dict[tuple[str, str], list[Customer]] = {}
    for customer, follow_up in pairs:
        if not follow_up.grade and (found := rule_grade(ctx, customer.grade, follow_up.intent)):
            by_rule.setdefault(found, []).append(customer)
    for (grade, rule_id), customers in by_rule.items():
        short = unmet(ctx, grade, [c.pk for c in customers])
        set_grades(ctx, [(c, grade) for c in customers if c.pk not in short], rule_id=rule_id)
    again = [c for c, f in pairs if f.grade and (c, f.grade) not in said]
    for grade in {c.grade for c in again}:  # said again: the grade's validity starts anew
        ids = [c.pk for c in again if c.grade == grade]
        Customer.objects.filter(project=ctx.here, pk__in=ids).update(grade_until=grade_end(ctx, grade))


def _plan(ctx: Context, customer: Customer, follow_up: FollowUp) -> None:
    customer.last_follow_up_at = customer.idle_since = customer.updated_at = ctx.now
    customer.next_follow_at = follow_up.next_at
    assignee = customer.owner_id or ctx.user_id
    if follow_up.next_at and assignee:
        ctx.task(assignee, "follow_up_due", customer, due_at=follow_up.next_at, period_key=f"f{follow_up.pk}",
                 name=customer.name)  # fmt: skip
    ctx.event("follow_up.added", follow_up, customer_id=customer.pk, method=follow_up.method,
              effective=follow_up.effective)  # fmt: skip


class QuickInput(FollowUpData):
    pass


@command(Customer, verb="follow-up", label=_("Follow up"), icon="message-plus", shape="primary",
         permission="follow-ups.create", refuses=why_not_write)  # fmt: skip
def follow_up_customer(ctx: Context, customer: Customer, data: QuickInput) -> FollowUp:
    """From the customer's page."""
    return add_follow_ups(ctx, [_for(customer, data)])[0]


def _for(customer: Customer, data: FollowUpData) -> FollowUpInput:
    row = FollowUpInput.model_construct(**{n: getattr(data, n) for n in FollowUpData.model_fields})
    row.customer = customer
    return row


class CallInput(Input):
    confirmed: Annotated[bool, Label(_("Identity confirmed"))]
    result: Annotated[RESULT, Label(_("Result"), choices=dict(FollowUp.Result.choices))]
    duration: Annotated[int, Between(0, 86400), Label(_("Duration in seconds"))]
    next_at: Annotated[Moment, Label(_("Next plan"))]
    content: Content
    intent: Annotated[INTENT | None, Label(_("Intent"), choices=INTENTS)] = None
    grade: Annotated[GRADE | None, Label(_("Grade"), choices=GRADES)] = None


class _Call(FollowUpInput):
    confirmed: bool = False


@command(Customer, verb="log-call", label=_("Log a call"), icon="phone", permission="follow-ups.create",
         refuses=why_not_write)  # fmt: skip
def log_call(ctx: Context, customer: Customer, data: CallInput) -> FollowUp:
    """A call from the record: duration, result, who was on the phone, and the next date (L22).

    Raises identity_unconfirmed for an answered call in which nobody was identified.
    """
    if data.result == "answered" and not data.confirmed:
        raise DomainError("bad_input", status=422, fields={"confirmed": "identity_unconfirmed"})
    row = _Call.model_construct(**{n: getattr(data, n) for n in CallInput.model_fields}, method="phone")
    row.customer = customer
    return add_follow_ups(ctx, [row])[0]
