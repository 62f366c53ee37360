"""Appointments (预约): made, moved, met or missed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm.commands.telling import ToCustomer, tell_customers
from anchang.crm.messages import APPOINTMENT_SOON
from anchang.crm.models import Appointment, Customer, Visit
from anchang.crm.queries.people import names_of, teams_of
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Moment, Reason, Ref


class AppointmentInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    starts_at: Annotated[Moment, Label(_("From"))]
    minutes: Annotated[int, Between(10, 600), Label(_("Minutes"))] = 60
    consultant: Annotated[Ref("users") | None, Label(_("Consultant"))] = None
    purpose: Annotated[str, Field(max_length=100), Label(_("Purpose"))] = ""


@creates(Appointment, label=_("New appointment"), shape="primary", icon="calendar-plus")
def add_appointments(ctx: Context, rows: list[AppointmentInput]) -> list[Appointment]:
    """A slot with the owner of the customer unless somebody else is named. Raises appointment_in_past."""
    made = [_made(ctx, row) for row in rows]
    teams = teams_of(ctx, [a.consultant_id for a in made])
    for one in made:
        one.team_id = teams.get(one.consultant_id)
    Appointment.objects.bulk_create(made, batch_size=1000)
    for one in made:
        ctx.event("appointment.made", one, customer_id=one.customer_id, starts_at=one.starts_at.isoformat())
    return made


def _made(ctx: Context, row: AppointmentInput) -> Appointment:
    _check_time(ctx, row.starts_at)
    consultant_id = row.consultant.pk if row.consultant else row.customer.owner_id or ctx.user_id
    if consultant_id is None:
        raise DomainError("bad_input", status=422, fields={"consultant": "required"})
    if row.customer.state in (Customer.State.MERGED, Customer.State.ERASED):
        raise DomainError("customer_not_active", state=row.customer.get_state_display())
    return Appointment(
        project=ctx.here, customer=row.customer, consultant_id=consultant_id, starts_at=row.starts_at,
        ends_at=row.starts_at + dt.timedelta(minutes=row.minutes), purpose=row.purpose,
        business_date=row.starts_at.astimezone(ctx.zone).date(), created_by_id=ctx.user_id,
    )  # fmt: skip


def _check_time(ctx: Context, starts_at: dt.datetime) -> None:
    if starts_at < ctx.now:
        raise DomainError("bad_input", status=422, fields={"starts_at": "appointment_in_past"})


def _must_be_open(appointment: Appointment) -> Refusal | None:
    return None if appointment.state == "open" else Refusal("appointment_closed")


def _is_open(appointment: Appointment) -> bool:
    return appointment.state == "open"


class MoveInput(Input):
    starts_at: Annotated[Moment, Label(_("From"))]
    minutes: Annotated[int | None, Between(10, 600), Label(_("Minutes"))] = None


@command(
    Appointment,
    verb="reschedule",
    label=_("Move"),
    icon="calendar-time",
    refuses=_must_be_open,
    show=_is_open,
)
def move_appointment(ctx: Context, appointment: Appointment, data: MoveInput) -> Appointment:
    """Another time; it will be reminded of again."""
    _check_time(ctx, data.starts_at)
    length = (
        dt.timedelta(minutes=data.minutes) if data.minutes else appointment.ends_at - appointment.starts_at
    )
    appointment.starts_at, appointment.ends_at = data.starts_at, data.starts_at + length
    appointment.business_date = data.starts_at.astimezone(ctx.zone).date()
    appointment.reminded_at = None
    appointment.moved_times += 1
    appointment.save(
        update_fields=["starts_at", "ends_at", "business_date", "reminded_at", "moved_times", "updated_at"]
    )
    ctx.finish_tasks("appointments", [appointment.pk], "appointment_soon")
    ctx.event("appointment.moved", appointment, customer_id=appointment.customer_id,
              starts_at=data.starts_at.isoformat())  # fmt: skip
    return appointment


@command(Appointment, verb="arrive", label=_("Arrived"), icon="check", shape="primary", refuses=_must_be_open,
         show=_is_open)  # fmt: skip
def arrive_appointment(ctx: Context, appointment: Appointment) -> Appointment:
    """Arrived, or late by the project's minutes. A visit registration does this by itself."""
    return close_as_arrived(ctx, appointment, None)


def close_as_arrived(ctx: Context, appointment: Appointment, visit: Visit | None) -> Appointment:
    came = visit.arrived_at if visit else ctx.now
    limit = appointment.starts_at + dt.timedelta(minutes=ctx.param("crm.late_minutes"))
    appointment.visit = visit
    return _close(ctx, appointment, "late" if came > limit else "arrived", "")


@command(
    Appointment, verb="no-show", label=_("No-show"), icon="user-off", refuses=_must_be_open, show=_is_open
)
def miss_appointment(ctx: Context, appointment: Appointment) -> Appointment:
    """Raises appointment_too_early before its time."""
    if ctx.now < appointment.starts_at:
        raise DomainError("appointment_too_early")
    return _close(ctx, appointment, "no_show", "")


class CancelInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@command(
    Appointment,
    verb="cancel",
    label=_("Cancel"),
    icon="x",
    shape="danger",
    refuses=_must_be_open,
    show=_is_open,
)
def cancel_appointment(ctx: Context, appointment: Appointment, data: CancelInput) -> Appointment:
    return _close(ctx, appointment, "cancelled", data.reason)


def _close(ctx: Context, appointment: Appointment, state: str, reason: str) -> Appointment:
    appointment.state, appointment.state_reason = state, reason
    appointment.save(update_fields=["state", "state_reason", "visit", "updated_at"])
    ctx.finish_tasks("appointments", [appointment.pk], "appointment_soon")
    ctx.event(f"appointment.{state}", appointment, customer_id=appointment.customer_id)
    return appointment


def remind_appointments(ctx: Context) -> int:
    """R09: to-dos and notices for those that begin soon, and a message to their customers; missed ones are closed as
    no-show after the project's hours."""
    until = ctx.now + dt.timedelta(hours=ctx.param("crm.remind_hours"))
    rows = Appointment.objects.select_for_update(no_key=True, skip_locked=True).filter(
        project=ctx.here, state="open"
    )
    soon = list(
        rows.filter(starts_at__gte=ctx.now, starts_at__lte=until, reminded_at__isnull=True).order_by("pk")[
            :5000
        ]
    )
    names = dict(Customer.objects.filter(pk__in={a.customer_id for a in soon}).values_list("pk", "name"))
    for one in soon:
        said = {
            "name": names.get(one.customer_id, ""),
            "time": f"{one.starts_at.astimezone(ctx.zone):%m-%d %H:%M}",
        }
        ctx.task(
            one.consultant_id,
            "appointment_soon",
            one,
            due_at=one.starts_at,
            period_key=str(one.moved_times),
            **said,
        )
        ctx.notify([one.consultant_id], "appointment_soon", one, **said)
    _remind_customers(ctx, soon)
    Appointment.objects.filter(pk__in=[a.pk for a in soon]).update(reminded_at=ctx.now)
    late = ctx.now - dt.timedelta(hours=ctx.param("crm.no_show_hours"))
    missed = list(rows.filter(starts_at__lt=late).order_by("pk")[:5000])
    Appointment.objects.filter(pk__in=[a.pk for a in missed]).update(state="no_show", updated_at=ctx.now)
    ctx.finish_tasks("appointments", [a.pk for a in missed], "appointment_soon")
    for one in missed:
        ctx.event("appointment.no_show", one, customer_id=one.customer_id)
    return len(soon)


def _remind_customers(ctx: Context, soon: list[Appointment]) -> None:
    """By the consultant's name; of no use once the appointment has begun. A moved one is reminded of again."""
    names = names_of({one.consultant_id for one in soon})
    tell_customers(ctx, APPOINTMENT_SOON, [
        ToCustomer(
            customer_id=one.customer_id, record=one, key=f"{one.pk}:{one.moved_times}", expires_at=one.starts_at,
            owner_id=one.consultant_id,
            values={
                "time": f"{one.starts_at.astimezone(ctx.zone):%m-%d %H:%M}", "consultant": names[one.consultant_id],
            },
        )
        for one in soon
    ])  # fmt: skip
