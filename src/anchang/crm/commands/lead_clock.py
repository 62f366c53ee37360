"""What time does to leads and to customers' owners (L16, BS18). Jobs call these; each is set-based."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from django.db import connection

from anchang.crm.commands.lead_assignment import opening_hours
from anchang.crm.commands.lead_handling import send_to_pool
from anchang.crm.commands.leads import recycle_policy
from anchang.crm.commands.standing import give
from anchang.crm.models import HELD, Customer, Lead
from anchang.kernel.clock import elapsed
from anchang.platform.context import Context
from anchang.platform.models import Notice


def recycle_uncontacted(ctx: Context) -> int:
    """Leads whose time for the first follow-up is over go to the pool; who is being worked on this moment
    waits for the next run. One statement for the project. Returns their number."""
    moved = send_to_pool(
        ctx,
        "l.first_contact_due_at <= %s",
        [ctx.now],
        "no_first_contact",
        states=("assigned",),
        skip_locked=True,
    )
    return len(moved)


def warn_uncontacted(ctx: Context) -> int:
    """Tell each owner once how many leads will go back soon. Returns the number of leads."""
    hours = recycle_policy(ctx).warn_hours
    until = ctx.now + dt.timedelta(hours=hours)
    rows = Lead.objects.filter(
        project=ctx.here, state="assigned", first_contact_due_at__gt=ctx.now, first_contact_due_at__lte=until
    )
    found = Counter(rows.values_list("owner_id", flat=True))
    _warn(ctx, "leads_recycle_soon", found, until)
    return sum(found.values())


def _warn(ctx: Context, code: str, owners: Mapping[int, int], until: dt.datetime) -> None:
    """At most one such warning per person and warning period."""
    since = ctx.now - dt.timedelta(hours=recycle_policy(ctx).warn_hours)
    told = set(
        Notice.objects.filter(
            project=ctx.here, code=code, user__in=[o for o in owners if o], at__gt=since
        ).values_list("user_id", flat=True)
    )
    text = until.astimezone(ctx.zone).strftime("%m-%d %H:%M")
    for owner_id, count in owners.items():
        if owner_id not in told:
            ctx.notify([owner_id], code, count=count, until=text)


def recycle_by_grade(ctx: Context) -> int:
    """Customers without effective follow-up for longer than their grade allows lose the owner, and their
    open leads go to the pool. Frozen ones, and whoever has a deal, stay. Returns the number of customers."""
    gone = _beyond(ctx, ctx.now)
    if not gone:
        return 0
    send_to_pool(
        ctx,
        "l.customer_id = ANY(%s)",
        [[c.pk for c in gone]],
        "grade_limit",
        states=HELD,
        release_customers=False,
    )
    counts = Counter(c.owner_id for c in gone)
    give(ctx, [(c, None) for c in gone], reason="grade_limit")
    for owner_id, count in counts.items():
        ctx.notify([owner_id], "customers_recycled", count=count)
    return len(gone)


def warn_by_grade(ctx: Context) -> int:
    """Tell each owner how many customers he will lose soon. Returns the number of customers."""
    until = ctx.now + dt.timedelta(hours=recycle_policy(ctx).warn_hours)
    found = Counter(c.owner_id for c in _beyond(ctx, until, lock=False) if c.owner_id)
    _warn(ctx, "customers_recycle_soon", found, until)
    return sum(found.values())


_DUE = """
SELECT id FROM crm_customer
 WHERE project_id = %s AND deleted_at IS NULL AND state = 'active' AND owner_id IS NOT NULL AND grade = %s
   AND stage IN ('visitor', 'prospect') AND idle_since <= %s ORDER BY id {lock}
"""


_UNVISITED = """
SELECT c.id FROM crm_customer c
 WHERE c.project_id = %s AND c.deleted_at IS NULL AND c.state = 'active' AND c.owner_id IS NOT NULL AND c.grade = %s
   AND c.stage IN ('visitor', 'prospect') AND coalesce(c.last_visit_at, c.captured_at) <= %s
   AND NOT EXISTS (SELECT FROM crm_ownerchange o
                    WHERE o.project_id = c.project_id AND o.customer_id = c.id AND o.at > %s)
 ORDER BY c.id {lock}
"""


# Nobody has spoken with him since he was given to his owner: that moved `idle_since`, a contact moves both.
_UNCONTACTED = """
SELECT id FROM crm_customer
 WHERE project_id = %s AND deleted_at IS NULL AND state = 'active' AND owner_id IS NOT NULL AND grade = %s
   AND stage IN ('visitor', 'prospect') AND idle_since <= %s
   AND (last_follow_up_at IS NULL OR last_follow_up_at < idle_since)
   AND (last_visit_at IS NULL OR last_visit_at < idle_since) ORDER BY id {lock}
"""


def _beyond(ctx: Context, at: dt.datetime, lock: bool = True) -> list[Customer]:
    """Owned customers without a deal whose grade's limit is over at that moment: not spoken with since they got their
    owner, too long without follow-up, or too long without a visit since the last one, the first contact and the last
    new owner; each where the office sets it."""
    lock_words = "FOR NO KEY UPDATE SKIP LOCKED" if lock else ""
    opening = opening_hours(ctx)
    hours_of = {"idle": recycle_policy(ctx).grade_hours, "first": ctx.param("crm.first_contact_grade_hours")}
    found: dict[str, set[int]] = {"idle": set(), "first": set(), "visit": set()}
    with connection.cursor() as cursor:
        for kind, sql in (("idle", _DUE), ("first", _UNCONTACTED)):
            for grade, hours in hours_of[kind].items():
                # Opening hours only lengthen the time, so the clock's hours find every candidate.
                limit = at - dt.timedelta(hours=hours)
                cursor.execute(sql.format(lock=lock_words), [ctx.here.pk, grade, limit])
                found[kind] |= {row[0] for row in cursor.fetchall()}
        for grade, days in ctx.param("crm.grade_visit_days").items():
            limit = at - dt.timedelta(days=days)
            cursor.execute(_UNVISITED.format(lock=lock_words), [ctx.here.pk, grade, limit, limit])
            found["visit"] |= {row[0] for row in cursor.fetchall()}
    ids = set().union(*found.values())
    rows = list(Customer.objects.filter(project=ctx.here, pk__in=ids).order_by("pk")) if ids else []
    if opening is None:
        return rows

    def is_late(customer: Customer, kind: str) -> bool:
        if customer.pk not in found[kind]:
            return False
        return elapsed(customer.idle_since, at, opening) >= dt.timedelta(hours=hours_of[kind][customer.grade])

    return [c for c in rows if c.pk in found["visit"] or is_late(c, "idle") or is_late(c, "first")]


def run_clock(ctx: Context) -> dict[str, int]:
    """Warnings first, then what is over. Called every ten minutes for each project."""
    return {
        "warned_leads": warn_uncontacted(ctx),
        "warned_customers": warn_by_grade(ctx),
        "recycled_leads": recycle_uncontacted(ctx),
        "recycled_customers": recycle_by_grade(ctx),
    }
