"""Reception: visits, tours, feedback, incoming calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field

from anchang.crm import rules
from anchang.crm.commands.channels import ChannelKey
from anchang.crm.commands.criteria import require_criteria
from anchang.crm.commands.customers import GRADE, GRADES, check_free, write_need
from anchang.crm.commands.filing import AnyNeed, NeedInput, channel_ids, ensure_customer, need_columns
from anchang.crm.commands.grades import set_grades, settle_stages
from anchang.crm.commands.hooks import visit_hooks
from anchang.crm.commands.numbers import PhoneText, holders, split
from anchang.crm.commands.standing import give, reopen
from anchang.crm.dictionaries import check_feedback, feedback_asked
from anchang.crm.models import Appointment, CallIn, Customer, Tour, Visit
from anchang.crm.queries.people import managers_by_team, teams_of
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.phone import mask
from anchang.org.commands import begin_reception, end_reception, next_consultant
from anchang.platform import personal
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Line, Moment, Name, Note, Ref


class VisitInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    phone: Annotated[PhoneText, Label(_("Phone"), "phone")]
    name: Annotated[Name, Label(_("Full name"))]
    purpose: Annotated[str | None, Field(max_length=50), Label(pgettext_lazy("purchase", "Purpose"))] = None
    need: AnyNeed = None
    channel: Annotated[ChannelKey | None, Label(_("Channel"))] = None
    consultant: Annotated[Ref("users") | None, Label(_("Consultant"))] = None
    assistant: Annotated[Ref("users") | None, Label(_("Assistant"))] = None
    content: Annotated[Note | None, Label(_("Content"), "longtext")] = None
    people: Annotated[int | None, Between(1, 99), Label(_("Number of people"))] = None
    companions: Annotated[Line, Label(_("Companions"))] = ""
    grade: Annotated[GRADE | None, Label(_("Grade"), choices=GRADES)] = None
    feedback: Annotated[dict[str, str] | None, Label(_("Feedback"), parts=feedback_asked)] = None
    arrived_at: Annotated[Moment | None, Label(_("Arrived at"))] = None


@creates(Visit, label=_("Register a visit"), shape="primary", icon="door-enter")
def register_visits(ctx: Context, rows: list[VisitInput]) -> list[Visit]:
    """Somebody came: find or make the customer, choose who receives, number the visit (R01, DOMAIN §3).

    The owner receives an owned customer, else the named consultant, else the consultant who registers, else
    the rotation; the receiver is busy from now until the visit ends, if it is a visit of today. Visits of one
    customer are numbered one after the other (his row is locked)."""
    visits = [_register(ctx, row) for row in rows]
    for hook in visit_hooks:
        hook(ctx, visits)
    return visits


def _register(ctx: Context, row: VisitInput) -> Visit:
    arrived = row.arrived_at or ctx.now
    if arrived > ctx.now:
        raise DomainError("bad_input", status=422, fields={"arrived_at": "visit_in_future"})
    feedback = check_feedback(ctx, row.feedback or {})
    channel_id = channel_ids(ctx, [row.channel]).get(row.channel)
    found, new = ensure_customer(
        ctx, split(row.phone), row.name, source="visit", captured_at=arrived, channel_id=channel_id
    )
    customer = Customer.objects.select_for_update(no_key=True).get(pk=found.pk)
    if new or customer.visit_count == 0:
        _first_is_complete(ctx, row)
    if customer.state == Customer.State.LOST:
        reopen(ctx, customer)
    consultant_id = _receiver(ctx, customer, row.consultant)
    team_id = teams_of(ctx, [consultant_id]).get(consultant_id) if consultant_id else None
    if customer.owner_id is None and consultant_id is not None:
        give(ctx, [(customer, consultant_id)], reason="visit")
    if row.need and need_columns(row.need):
        write_need(ctx, customer, row.need)
    seq, _kind = rules.next_visit(_last_seq(customer))
    visit = Visit.objects.create(
        project=ctx.here,
        customer=customer,
        seq=seq,
        arrived_at=arrived,
        business_date=arrived.astimezone(ctx.zone).date(),
        receptionist_id=ctx.user_id,
        consultant_id=consultant_id,
        assistant=row.assistant,
        team_id=team_id,
        channel_id=channel_id,
        purpose=row.purpose or "",
        content=row.content or "",
        people=row.people,
        companions=row.companions,
        feedback=feedback,
        grade_before=customer.grade,
        grade_after=row.grade or customer.grade,
        created_by_id=ctx.user_id,
    )
    count_visits(ctx, [customer], {customer.pk: visit})
    if row.grade and row.grade != customer.grade:
        require_criteria(ctx, [(customer, row.grade)])
        set_grades(ctx, [(customer, row.grade)], reason="visit")
    ctx.event("visit.registered", visit, customer_id=customer.pk, seq=seq, consultant=consultant_id)
    if consultant_id is None:
        ctx.notify(managers_by_team(ctx)[None], "visitor_waiting", visit, name=customer.name)
    ctx.notify([consultant_id], "visitor_arrived", visit, name=customer.name)
    ctx.finish_tasks("customers", [customer.pk], "follow_up_due", "customer_idle", "appointment_soon")
    _meet_appointment(ctx, visit)
    if consultant_id is not None and visit.business_date == ctx.business_date:
        begin_reception(ctx, consultant_id)
    return visit


def _last_seq(customer: Customer) -> int:
    return Visit.everything.filter(customer=customer).aggregate(last=Max("seq"))["last"] or 0


def _receiver(ctx: Context, customer: Customer, named: Any) -> int | None:
    """None: nobody is there; the visit is recorded all the same and the managers are told."""
    sells = ctx.here.pk in ctx.access.teams
    user_id, _reason = rules.receiver(customer.owner_id, named.pk if named else None, ctx.user_id if sells else None)
    if user_id is not None:
        return user_id
    user, _turn = next_consultant(ctx)
    return user.pk if user else None


def _first_is_complete(ctx: Context, row: VisitInput) -> None:
    """The project's mandatory fields of a first visit (R05)."""
    need = row.need or NeedInput()
    said = {
        "purpose": row.purpose, "content": row.content, "channel": row.channel, "layouts": need.layouts,
        "budget": need.budget_low or need.budget_high, "area": need.area_low or need.area_high,
        "need_purpose": need.purpose, "heard_from": need.heard_from, "family": need.family,
    }  # fmt: skip
    missing = [name for name in ctx.param("crm.visit_required") if not said.get(name)]
    if missing:
        raise DomainError("bad_input", status=422, fields=dict.fromkeys(missing, "required"))


def count_visits(ctx: Context, customers: Sequence[Customer], newest: dict[int, Visit]) -> None:
    """Bring a locked customer's counters up to date after one visit each, and his stage."""
    for customer in customers:
        visit = newest[customer.pk]
        customer.visit_count += 1
        customer.last_visit_at = max(filter(None, (customer.last_visit_at, visit.arrived_at)))
        customer.idle_since = max(customer.idle_since, visit.arrived_at)
        customer.save(update_fields=["visit_count", "last_visit_at", "idle_since", "updated_at"])
    settle_stages(ctx, customers)


def _meet_appointment(ctx: Context, visit: Visit) -> None:
    """The customer's open appointment of that day is closed as arrived or late (R09)."""
    found = (
        Appointment.objects.select_for_update(no_key=True)
        .filter(project=ctx.here, customer=visit.customer_id, state="open", business_date=visit.business_date)
        .order_by("starts_at").first()
    )  # fmt: skip
    if found is not None:
        from anchang.crm.commands.appointments import close_as_arrived

        close_as_arrived(ctx, found, visit)


# --- what is learned during a visit --------------------------------------------------------------


class VisitEdit(Input):
    purpose: Annotated[str | None, Field(max_length=50), Label(pgettext_lazy("purchase", "Purpose"))] = None
    content: Annotated[Note | None, Label(_("Content"), "longtext")] = None
    people: Annotated[int | None, Between(1, 99), Label(_("Number of people"))] = None
    companions: Annotated[str | None, Field(max_length=200), Label(_("Companions"))] = None
    loss_reason: Annotated[str | None, Field(max_length=200), Label(_("Reason for no deal"))] = None
    assistant: Annotated[Ref("users") | None, Label(_("Assistant"))] = None


@edits(Visit, label=_("Edit"), icon="edit")
def edit_visit(ctx: Context, visit: Visit, data: VisitEdit) -> Visit:
    sent = sorted(data.model_fields_set)
    for name in sent:
        value = getattr(data, name)
        setattr(visit, name, "" if value is None and name not in ("people", "assistant") else value)
    if sent:
        visit.save(update_fields=[*sent, "updated_at"])
        ctx.event("visit.edited", visit, customer_id=visit.customer_id, fields=", ".join(sent))
    return visit


class FeedbackInput(Input):
    feedback: Annotated[dict[str, str], Field(max_length=20), Label(_("Feedback"), parts=feedback_asked)]
    loss_reason: Annotated[str | None, Field(max_length=200), Label(_("Reason for no deal"))] = None


@command(Visit, verb="feedback", label=_("Feedback"), icon="message")
def record_feedback(ctx: Context, visit: Visit, data: FeedbackInput) -> Visit:
    """Answers by the project's list (R10); an answer given before is replaced, others stay."""
    visit.feedback = {**visit.feedback, **check_feedback(ctx, data.feedback)}
    if data.loss_reason is not None:
        visit.loss_reason = data.loss_reason
    visit.save(update_fields=["feedback", "loss_reason", "updated_at"])
    ctx.event("visit.feedback", visit, customer_id=visit.customer_id, **visit.feedback)
    return visit


class LeaveInput(Input):
    left_at: Annotated[Moment | None, Label(_("Left at"))] = None


def _still_inside(visit: Visit) -> Refusal | None:
    return Refusal("visit_ended") if visit.left_at else None


@command(Visit, verb="leave", label=_("Visitor has left"), icon="door-exit", refuses=_still_inside,
         show=lambda v: v.left_at is None)  # fmt: skip
def visitor_left(ctx: Context, visit: Visit, data: LeaveInput) -> Visit:
    """The reception is over: with his last visitor gone, the consultant is free again (BS08)."""
    left = data.left_at or ctx.now
    if left < visit.arrived_at:
        raise DomainError("bad_input", status=422, fields={"left_at": "left_before_arrival"})
    if left > ctx.now:
        raise DomainError("bad_input", status=422, fields={"left_at": "visit_in_future"})
    visit.left_at = left
    visit.save(update_fields=["left_at", "updated_at"])
    ctx.event("visit.left", visit, customer_id=visit.customer_id)
    _free(ctx, visit.consultant_id)
    return visit


def _free(ctx: Context, consultant_id: int | None) -> None:
    if consultant_id is None:
        return
    today = Visit.objects.filter(project=ctx.here, business_date=ctx.business_date, left_at=None)
    if not today.filter(consultant=consultant_id).exists():
        end_reception(ctx, consultant_id)


# --- tours ---------------------------------------------------------------------------------------


class TourData(Input):
    unit: Annotated[Ref("units") | None, Label(_("Unit"))] = None
    place: Annotated[str, Field(max_length=50), Label(_("Place"))] = ""
    started_at: Annotated[Moment | None, Label(_("From"))] = None
    ended_at: Annotated[Moment | None, Label(_("To"))] = None
    reaction: Annotated[Line, Label(_("Reaction"))] = ""


class TourInput(TourData):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    visit: Annotated[Ref("visits"), Label(_("Visit"))]


@creates(Tour, label=_("New tour"), shape="primary", icon="walk")
def add_tours(ctx: Context, rows: list[TourInput]) -> list[Tour]:
    """What was shown during a visit, when, and how it was taken (R06)."""
    return [_add_tour(ctx, row.visit, row) for row in rows]


@command(Visit, verb="add-tour", label=_("Add a tour"), icon="walk", permission="tours.create")
def add_tour(ctx: Context, visit: Visit, data: TourData) -> Tour:
    return _add_tour(ctx, visit, data)


def _add_tour(ctx: Context, visit: Visit, data: TourData) -> Tour:
    if data.unit is None and not data.place:
        raise DomainError("bad_input", status=422, fields={"unit": "unit_or_place"})
    start = data.started_at or ctx.now
    if data.ended_at and data.ended_at < start:
        raise DomainError("bad_input", status=422, fields={"ended_at": "left_before_arrival"})
    tour = Tour.objects.create(
        project=ctx.here, visit=visit, unit=data.unit, place=data.place, consultant_id=visit.consultant_id,
        started_at=start, ended_at=data.ended_at, reaction=data.reaction, created_by_id=ctx.user_id,
    )  # fmt: skip
    place = data.place or str(data.unit)
    ctx.event("tour.added", tour, customer_id=visit.customer_id, visit=visit.pk, place=place)
    return tour


class TourEdit(Input):
    ended_at: Annotated[Moment | None, Label(_("To"))] = None
    reaction: Annotated[str | None, Field(max_length=200), Label(_("Reaction"))] = None


@edits(Tour, label=_("Edit"), icon="edit")
def edit_tour(ctx: Context, tour: Tour, data: TourEdit) -> Tour:
    if data.ended_at and data.ended_at < tour.started_at:
        raise DomainError("bad_input", status=422, fields={"ended_at": "left_before_arrival"})
    for name in sorted(data.model_fields_set):
        value = getattr(data, name)
        setattr(tour, name, "" if value is None and name == "reaction" else value)
    tour.save(update_fields=[*sorted(data.model_fields_set), "updated_at"])
    return tour


# --- incoming calls ------------------------------------------------------------------------------


class CallInInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    caller: Annotated[Name, Label(_("Caller"))]
    phone: Annotated[PhoneText | None, Label(_("Phone"), "phone")] = None
    question: Annotated[str, Field(min_length=1, max_length=500), Label(_("Question"))]
    channel: Annotated[ChannelKey | None, Label(_("Channel"))] = None
    passed_to: Annotated[Ref("users") | None, Label(_("Passed to"))] = None
    called_at: Annotated[Moment | None, Label(_("Called at"))] = None


@creates(CallIn, label=_("Incoming call"), shape="primary", icon="phone-incoming")
def add_call_ins(ctx: Context, rows: list[CallInInput]) -> list[CallIn]:
    """Caller, question, channel, and to whom the call was passed (R02). A known phone names the customer; an
    owned customer's call goes to the owner unless somebody else is named."""
    return [_take_call(ctx, row) for row in rows]


def _take_call(ctx: Context, row: CallInInput) -> CallIn:
    number = next(iter(split(row.phone or "")), "")
    digest = personal.digest(number) if number else ""
    holder = holders(ctx, [digest]).get(digest) if digest else None
    called = row.called_at or ctx.now
    passed = row.passed_to.pk if row.passed_to else holder.owner_id if holder else ctx.user_id
    known = bool(digest) and CallIn.objects.filter(project=ctx.here, phone_digest=digest).exists()
    call = CallIn.objects.create(
        project=ctx.here,
        caller=row.caller,
        question=row.question,
        called_at=called,
        channel_id=channel_ids(ctx, [row.channel]).get(row.channel),
        business_date=called.astimezone(ctx.zone).date(),
        passed_to_id=passed,
        taken_by_id=ctx.user_id,
        team_id=teams_of(ctx, [passed]).get(passed) if passed else None,
        first=not known,
        customer_id=holder.customer_id if holder else None,
        phone_digest=digest,
        phone_cipher=personal.encrypt(number) if number else None,
        phone_masked=mask(number) if number else "",
        created_by_id=ctx.user_id,
    )
    ctx.event("call_in.taken", call, customer_id=call.customer_id, passed_to=passed)
    ctx.notify([passed], "call_passed", call, name=row.caller)
    return call


def _may_become(call: CallIn) -> Refusal | None:
    return Refusal("already_exists") if call.customer_id else None


@command(CallIn, verb="make-customer", label=_("Make a customer file"), icon="user-plus", refuses=_may_become,
         permission="customers.create", show=lambda c: c.customer_id is None)  # fmt: skip
def call_to_customer(ctx: Context, call: CallIn) -> Customer:
    """The caller's file, with the call as its source."""
    if not call.phone_cipher:
        raise DomainError("bad_input", status=422, fields={"phone": "required"})
    number = personal.decrypt(call.phone_cipher)
    check_free(ctx, [number])
    customer, _new = ensure_customer(
        ctx, [number], call.caller, source="call", captured_at=call.called_at, owner_id=call.passed_to_id,
        team_id=call.team_id, channel_id=call.channel_id,
    )  # fmt: skip
    call.customer = customer
    call.save(update_fields=["customer", "updated_at"])
    return customer


__all__ = ["add_call_ins", "add_tours", "register_visits"]
