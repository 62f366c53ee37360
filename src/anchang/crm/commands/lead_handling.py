"""Steps of leads that several commands and jobs share: to an owner, to the pool, to another state. Set-based;
each writes the trace (L14), events, to-dos and one notice per person."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from anchang.crm.commands.lead_assignment import contact_due, grade_dues
from anchang.crm.commands.standing import give
from anchang.crm.models import HELD, Customer, Lead, LeadState, LeadTransfer
from anchang.crm.queries.people import names_of, teams_of
from anchang.platform import bulk
from anchang.platform.context import Context

#: States from which an owner may be given.
GIVEABLE = (LeadState.NEW, LeadState.POOL, *HELD)


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead that changed, with what it was before."""

    id: int
    owner_id: int | None
    state: str
    customer_id: int | None
    name: str
    due: dt.datetime | None = None


_GIVE = """
WITH was AS (
    SELECT x.id, x.owner_id, x.state,
           (SELECT c.grade FROM crm_customer c WHERE c.project_id = x.project_id AND c.id = x.customer_id) AS grade
      FROM crm_lead x
     WHERE x.project_id = %(project)s AND x.id = ANY(%(ids)s) AND x.state = ANY(%(states)s) AND x.deleted_at IS NULL
       AND x.owner_id IS DISTINCT FROM %(owner)s
       FOR NO KEY UPDATE
)
UPDATE crm_lead l
   SET owner_id = %(owner)s, team_id = %(team)s, rule_id = NULL, pool_since = NULL, assigned_at = %(now)s,
       state = CASE WHEN was.state IN ('new', 'pool') THEN 'assigned' ELSE was.state END,
       first_contact_due_at = CASE WHEN was.state IN ('new', 'pool', 'assigned')
                                   THEN coalesce((%(dues)s::jsonb ->> was.grade)::timestamptz, %(due)s)
                                   ELSE l.first_contact_due_at END,
       first_contacted_at = CASE WHEN was.state IN ('new', 'pool') THEN NULL ELSE l.first_contacted_at END,
       updated_at = %(now)s
  FROM was WHERE l.project_id = %(project)s AND l.id = was.id
RETURNING l.id, was.owner_id, was.state, l.customer_id, CASE l.name WHEN '' THEN l.phone_masked ELSE l.name
END, l.first_contact_due_at
"""


def give_leads(
    ctx: Context,
    ids: Sequence[int],
    owner_id: int,
    kind: str,
    *,
    reason: str = "",
    from_states: Sequence[str] = GIVEABLE,
    tell: bool = True,
) -> list[Moved]:
    """Make one person the owner of these leads: their clock starts now, progress of held ones stays. Leads
    in other states, or already his, are left alone. Customers joined to them follow. Returns what moved."""
    due = contact_due(ctx)
    with connection.cursor() as cursor:
        cursor.execute(
            _GIVE,
            {
                "project": ctx.here.pk,
                "ids": list(ids),
                "states": [str(s) for s in from_states],
                "owner": owner_id,
                "team": teams_of(ctx, [owner_id]).get(owner_id),
                "now": ctx.now,
                "due": due,
                "dues": json.dumps({grade: at.isoformat() for grade, at in grade_dues(ctx).items()}),
            },
        )
        moved = [Moved(*row) for row in cursor.fetchall()]
    if not moved:
        return []
    fresh = [m for m in moved if m.state in ("new", "pool", "assigned")]
    _trace(
        ctx,
        moved,
        kind,
        reason,
        to_owner=owner_id,
        to_states=["assigned" if m in fresh else m.state for m in moved],
    )
    name = names_of([owner_id])[owner_id]
    bulk.add_events(
        ctx,
        "lead.claimed" if kind == "claimed" else "lead.assigned",
        "leads",
        [m.id for m in moved],
        [{"to": name, "owner": owner_id, "from": m.owner_id, "reason": reason} for m in moved],
        [m.customer_id for m in moved],
    )
    ctx.finish_tasks("leads", [m.id for m in moved], "lead_first_contact")
    if fresh:
        bulk.add_tasks(
            ctx,
            "lead_first_contact",
            "leads",
            [m.id for m in fresh],
            [owner_id] * len(fresh),
            [m.due or due for m in fresh],
            [{"name": m.name} for m in fresh],
            ctx.now.isoformat(),
        )
    _customers_follow(ctx, moved, owner_id, reason or kind)
    if tell and len(moved) == 1:
        ctx.notify([owner_id], "lead_assigned", Lead(pk=moved[0].id), name=moved[0].name)
    elif tell:
        ctx.notify([owner_id], "leads_received", count=len(moved))
    return moved


_POOL = """
WITH was AS (
    SELECT l.id, l.owner_id, l.state FROM crm_lead l
     WHERE l.project_id = %s AND l.state = ANY(%s) AND l.deleted_at IS NULL AND ({where})
       FOR NO KEY UPDATE {skip}
)
UPDATE crm_lead l
   SET state = 'pool', last_owner_id = was.owner_id, owner_id = NULL, team_id = NULL, rule_id = NULL,
       pool_since = %s, barred_until = %s, first_contact_due_at = NULL, updated_at = %s
  FROM was WHERE l.project_id = %s AND l.id = was.id
RETURNING l.id, was.owner_id, was.state, l.customer_id, CASE l.name WHEN '' THEN l.phone_masked ELSE l.name
END
"""


def send_to_pool(
    ctx: Context,
    where: str,
    values: Sequence[Any],
    reason: str,
    *,
    states: Sequence[str] = HELD,
    kind: str = "recycled",
    skip_locked: bool = False,
    release_customers: bool = True,
) -> list[Moved]:
    """One statement: the leads of the project that `where` (SQL on `l`) picks go to the public pool. The last
    owner is barred for some days; customers that were his by these leads lose him as owner too."""
    barred = ctx.now + dt.timedelta(days=ctx.param("crm.barred_days"))
    sql = _POOL.format(where=where, skip="SKIP LOCKED" if skip_locked else "")
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [ctx.here.pk, [str(s) for s in states], *values, ctx.now, barred, ctx.now, ctx.here.pk],
        )
        moved = [Moved(*row) for row in cursor.fetchall()]
    if not moved:
        return []
    _trace(ctx, moved, kind, reason, to_owner=None, to_states=["pool"] * len(moved))
    bulk.add_events(
        ctx,
        "lead.recycled",
        "leads",
        [m.id for m in moved],
        [{"reason": reason, "owner": m.owner_id} for m in moved],
        [m.customer_id for m in moved],
    )
    ctx.finish_tasks("leads", [m.id for m in moved], "lead_first_contact")
    for owner_id, count in Counter(m.owner_id for m in moved).items():
        ctx.notify([owner_id], "leads_recycled", count=count)
    if release_customers:
        _customers_follow(ctx, moved, None, reason)
    return moved


def _customers_follow(ctx: Context, moved: Sequence[Moved], owner_id: int | None, reason: str) -> None:
    """A joined customer who has not bought yet goes with the lead when nobody or the lead's old owner has
    him."""
    was = {m.customer_id: m.owner_id for m in moved if m.customer_id}
    if not was:
        return
    rows = Customer.objects.select_for_update(no_key=True).filter(
        project=ctx.here, pk__in=list(was), stage__in=("visitor", "prospect"), state="active"
    )
    changes = [
        (c, owner_id)
        for c in rows.order_by("pk")
        if c.owner_id != owner_id and c.owner_id in (None, was[c.pk])
    ]
    if changes:
        give(ctx, changes, reason=reason[:200])


def _trace(
    ctx: Context,
    moved: Sequence[Moved],
    kind: str,
    reason: str,
    *,
    to_owner: int | None,
    to_states: list[str],
) -> None:
    bulk.insert(
        LeadTransfer,
        {
            "lead_id": [m.id for m in moved],
            "from_owner_id": [m.owner_id for m in moved],
            "from_state": [m.state for m in moved],
            "to_state": to_states,
        },
        {
            "project_id": ctx.here.pk,
            "kind": kind,
            "at": ctx.now,
            "actor_id": ctx.user_id,
            "to_owner_id": to_owner,
            "reason": reason[:200],
        },
    )


def change_state(ctx: Context, lead: Lead, to: str, *, reason: str = "", **columns: Any) -> Lead:
    """The next state of one locked lead, with its trace. The owner stays."""
    old = lead.state
    lead.state = to
    if to in HELD and lead.first_contacted_at is None:
        columns["first_contacted_at"] = ctx.now
    for name, value in columns.items():
        setattr(lead, name, value)
    lead.save(update_fields=["state", *columns, "updated_at"])
    LeadTransfer.objects.create(
        project=ctx.here,
        lead=lead,
        kind="state",
        at=ctx.now,
        actor_id=ctx.user_id,
        from_owner_id=lead.owner_id,
        to_owner_id=lead.owner_id,
        from_state=old,
        to_state=to,
        reason=reason[:200],
    )
    ctx.event("lead.state", lead, customer_id=lead.customer_id, old=old, new=str(to), reason=reason)
    ctx.finish_tasks("leads", [lead.pk], "lead_first_contact")
    return lead
