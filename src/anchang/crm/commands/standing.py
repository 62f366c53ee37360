"""Who has a customer and whether he is still one: owner, freeze, loss, and the reminders of idleness."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm import dictionaries
from anchang.crm.commands.hooks import hand_over_hooks
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Appointment, Customer, OwnerChange
from anchang.crm.queries.people import check_consultants, managers_by_team, names_of, teams_of
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason, Ref
from anchang.platform.models import Task


class TransferInput(Input):
    owner: Annotated[Ref("users"), Label(_("New owner"))]
    reason: Annotated[str, Field(max_length=200), Label(_("Reason"))] = ""


@command(
    Customer, verb="transfer", label=_("Hand over"), icon="arrows-exchange", refuses=why_not_write, bulk=True
)
def transfer_customer(ctx: Context, customer: Customer, data: TransferInput) -> Customer:
    """Give the customer to another consultant; open to-dos and appointments go along. Raises same_owner,
    owner_not_here."""
    if customer.owner_id == data.owner.pk:
        raise DomainError("same_owner")
    check_consultants(ctx, [data.owner])
    give(ctx, [(customer, data.owner.pk)], reason=data.reason)
    ctx.notify([data.owner.pk], "customer_received", customer, name=customer.name)
    return customer


def give(ctx: Context, changes: list[tuple[Customer, int | None]], *, reason: str = "") -> None:
    """Write new owners of locked customers: log, event, to-dos, open appointments. No notice."""
    heirs = {owner for _c, owner in changes}
    teams = teams_of(ctx, heirs)
    names = names_of({c.owner_id for c, _o in changes} | heirs)
    logs = []
    for customer, owner in changes:
        old, customer.owner_id, customer.idle_since = customer.owner_id, owner, ctx.now
        customer.team_id = teams.get(owner) if owner else None
        logs.append(
            OwnerChange(
                project=ctx.here,
                customer=customer,
                old_id=old,
                new_id=owner,
                by_id=ctx.user_id,
                reason=reason,
                at=ctx.now,
            )
        )
        ctx.event(
            "customer.owner_changed",
            customer,
            customer_id=customer.pk,
            old=names.get(old, ""),
            new=names.get(owner, ""),
        )
    OwnerChange.objects.bulk_create(logs, batch_size=2000)
    for heir in heirs:
        ids = [c.pk for c, owner in changes if owner == heir]
        lost = {"pool_since": ctx.now, "last_owner": F("owner")} if heir is None else {"pool_since": None}
        Customer.objects.filter(project=ctx.here, pk__in=ids).update(
            owner=heir, team=teams.get(heir) if heir else None, idle_since=ctx.now, updated_at=ctx.now, **lost
        )
        if heir:
            _hand_on(ctx, ids, heir, teams.get(heir))


def _hand_on(ctx: Context, customer_ids: list[int], heir: int, team_id: int | None) -> None:
    about = Task.objects.filter(
        project=ctx.here, resource="customers", record_id__in=customer_ids, state="open"
    )
    # The heir may have had the same to-do before; then his own stands.
    have = Task.objects.filter(
        project=ctx.here, assignee=heir, resource="customers", record_id__in=customer_ids
    )
    taken = set(have.values_list("code", "record_id", "period_key"))
    for task in about.exclude(assignee=heir).values_list("pk", "code", "record_id", "period_key"):
        if task[1:] in taken:
            Task.objects.filter(pk=task[0]).update(state="cancelled")
        else:
            taken.add(task[1:])
    about.filter(state="open").update(assignee=heir, updated_at=ctx.now)
    Appointment.objects.filter(project=ctx.here, customer__in=customer_ids, state="open").update(
        consultant=heir, team=team_id, updated_at=ctx.now
    )


class HandOverInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    leaver: Annotated[Ref("users"), Label(_("From"))]
    heirs: Annotated[list[Ref("users")], Label(_("To"))]
    reason: Annotated[Reason, Label(_("Reason"))]


@project_command(
    Customer, verb="hand-over", label=_("Hand over all of a person"), permission="customers.transfer"
)
def hand_over_all(ctx: Context, data: HandOverInput) -> dict[str, Any]:
    """All customers of a leaver to the heirs in turn (Z04), and what the other apps hold for him."""
    people = [h for h in dict.fromkeys(data.heirs) if h.pk != data.leaver.pk]
    if not people:
        raise DomainError("bad_input", status=422, fields={"heirs": "leaver_needs_heirs"})
    check_consultants(ctx, people, "heirs")
    heirs = [h.pk for h in people]
    rows = list(
        Customer.objects.select_for_update(no_key=True).filter(project=ctx.here, owner=data.leaver.pk)
        .exclude(state__in=("merged", "erased")).order_by("pk")
    )  # fmt: skip
    give(ctx, [(c, heirs[i % len(heirs)]) for i, c in enumerate(rows)], reason=data.reason)
    for pk in heirs:
        ctx.notify([pk], "customers_received", count=sum(c.owner_id == pk for c in rows))
    for hook in hand_over_hooks:
        hook(ctx, data.leaver.pk, heirs)
    return {"handed_over": len(rows)}


# --- still a customer? ---------------------------------------------------------------------------


class FreezeInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def _must_be_active(customer: Customer) -> Refusal | None:
    if customer.state != "active":
        return Refusal("customer_not_active", {"state": customer.get_state_display()})
    return None


def _must_be_closed(customer: Customer) -> Refusal | None:
    return None if customer.state in ("lost", "frozen") else Refusal("customer_not_lost")


def _close(ctx: Context, customer: Customer, state: str, reason: str) -> Customer:
    customer.state, customer.state_reason, customer.next_follow_at = state, reason, None
    customer.save(update_fields=["state", "state_reason", "next_follow_at", "updated_at"])
    ctx.finish_tasks("customers", [customer.pk])
    ctx.event(f"customer.{state}", customer, customer_id=customer.pk, reason=reason)
    return customer


@command(Customer, verb="freeze", label=_("Freeze"), icon="snowflake", refuses=_must_be_active,
         show=lambda c: c.state == "active")  # fmt: skip
def freeze_customer(ctx: Context, customer: Customer, data: FreezeInput) -> Customer:
    """Nobody follows up a frozen customer; his phone stays taken."""
    return _close(ctx, customer, "frozen", data.reason)


class LostInput(Input):
    reason: Annotated[Reason, Label(_("Reason"), choices=dictionaries.choices("lost_reason"))]


@command(Customer, verb="mark-lost", label=_("Lost"), icon="mood-sad", refuses=_must_be_active,
         show=lambda c: c.state == "active", shape="danger")  # fmt: skip
def mark_lost(ctx: Context, customer: Customer, data: LostInput) -> Customer:
    return _close(ctx, customer, "lost", data.reason)


@command(Customer, verb="reopen", label=_("Reopen"), icon="refresh", refuses=_must_be_closed,
         show=lambda c: c.state in ("lost", "frozen"))  # fmt: skip
def reopen_customer(ctx: Context, customer: Customer) -> Customer:
    reopen(ctx, customer)
    return customer


def reopen(ctx: Context, customer: Customer) -> None:
    """Active again; its clock starts now. The customer is locked."""
    customer.state, customer.state_reason, customer.idle_since = "active", "", ctx.now
    customer.save(update_fields=["state", "state_reason", "idle_since", "updated_at"])
    ctx.event("customer.reopened", customer, customer_id=customer.pk)


# --- idleness ------------------------------------------------------------------------------------

# Once per period: the key holds the moment since which nothing happened, which only a contact moves.
_REMIND = """
WITH due AS (
    SELECT c.id, c.name, c.owner_id, c.team_id, u.name AS owner_name, c.idle_since
      FROM crm_customer c JOIN platform_user u ON u.id = c.owner_id
     WHERE c.project_id = %(project)s AND c.grade = %(grade)s AND c.idle_since <= %(limit)s
       AND c.state = 'active' AND c.owner_id IS NOT NULL AND c.deleted_at IS NULL
       AND c.stage IN ('visitor', 'prospect')
), told AS (
    INSERT INTO platform_task (project_id, version, created_at, updated_at, assignee_id, code, params,
                               resource, record_id, due_at, state, period_key)
    SELECT %(project)s, 1, %(now)s, %(now)s, owner_id, 'customer_idle',
           jsonb_build_object('name', name, 'days', %(days)s::int), 'customers', id, %(now)s, 'open',
           %(grade)s || ':' || extract(epoch FROM idle_since)::bigint
      FROM due
    ON CONFLICT (project_id, code, resource, record_id, assignee_id, period_key) DO NOTHING
    RETURNING record_id
), copied AS (
    INSERT INTO platform_notice (project_id, user_id, code, params, resource, record_id, at)
    SELECT %(project)s, m.user_id, 'customer_idle',
           jsonb_build_object('name', d.name, 'owner', d.owner_name, 'days', %(days)s::int),
           'customers', d.id, %(now)s
      FROM told JOIN due d ON d.id = told.record_id
      JOIN unnest(%(teams)s::bigint[], %(users)s::bigint[]) AS m (team_id, user_id)
        ON m.team_id = coalesce(d.team_id, 0)
     WHERE m.user_id <> d.owner_id
)
SELECT count(*) FROM told
"""


def remind_idle(ctx: Context) -> int:
    """To-do for the owner and a copy to the manager for customers whose grade's patience ended (L18), once
    per overdue period; one statement per grade. Returns the number of to-dos."""
    pairs = [(team or 0, user) for team, users in managers_by_team(ctx).items() for user in users]
    count = 0
    for grade, days in ctx.param("crm.idle_days").items():
        with connection.cursor() as cursor:
            cursor.execute(_REMIND, {
                "project": ctx.here.pk, "grade": grade, "days": int(days), "now": ctx.now,
                "limit": ctx.now - dt.timedelta(days=int(days)),
                "teams": [team for team, _user in pairs], "users": [user for _team, user in pairs],
            })  # fmt: skip
            count += cursor.fetchone()[0]
    return count
