"""The clock of retention (BS15): idle personal files are proposed for erasure, and a person decides on each."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.db import connection
from django.utils.translation import gettext_lazy as _

from anchang.crm.commands.hooks import deal_hooks
from anchang.crm.commands.privacy import erase_file
from anchang.crm.models import IdleFile, PersonalRequest, RetentionList
from anchang.crm.queries.people import role_holders
from anchang.kernel.clock import add_months
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason

State = IdleFile.State
TASK = "idle_files"
DUE = "personal_request_due"
#: One list holds at most so many files; the next run takes the rest.
MOST = 1000

# Activity is whatever happened around the customer: every command leaves an event that names him.
_IDLE = """
SELECT c.id, greatest(c.idle_since, c.captured_at, c.last_visit_at, c.last_follow_up_at) AS since
  FROM crm_customer c
 WHERE c.project_id = %(project)s AND c.state NOT IN ('merged', 'erased') AND c.deleted_at IS NULL
   AND c.deal_stage = '' AND c.stage IN ('visitor', 'prospect')
   AND greatest(c.idle_since, c.captured_at, c.last_visit_at, c.last_follow_up_at) < %(limit)s
   AND NOT EXISTS (SELECT FROM platform_event e
                    WHERE e.project_id = c.project_id AND e.customer_id = c.id AND e.at >= %(limit)s)
   AND NOT EXISTS (SELECT FROM crm_appointment a
                    WHERE a.project_id = c.project_id AND a.customer_id = c.id AND a.state = 'open')
   AND NOT EXISTS (SELECT FROM crm_idlefile f
                    WHERE f.project_id = c.project_id AND f.customer_id = c.id
                      AND (f.state = 'proposed' OR f.decided_at >= %(limit)s))
 ORDER BY since, c.id LIMIT %(most)s
"""


def propose_erasure(ctx: Context) -> RetentionList | None:
    """One list of the files that were idle for the project's months, with a to-do for those who answer for personal
    data; None when there are none. Customers who ever had a deal are never on it."""
    months = int(ctx.param("crm.idle_file_months"))
    if not months:
        return None
    limit = dt.datetime.combine(add_months(ctx.business_date, -months), dt.time(), ctx.zone)
    with connection.cursor() as cursor:
        cursor.execute(_IDLE, {"project": ctx.here.pk, "limit": limit, "most": MOST})
        found = cursor.fetchall()
    ids = [pk for pk, _since in found]
    busy = {pk for hook in deal_hooks for pk in hook(ctx, ids)} if ids else set()
    found = [row for row in found if row[0] not in busy]
    if not found:
        return None
    made = RetentionList.objects.create(project=ctx.here, made_on=ctx.business_date, months=months, files=len(found))
    IdleFile.objects.bulk_create(
        [IdleFile(project=ctx.here, list=made, customer_id=pk, idle_since=since) for pk, since in found],
        batch_size=1000,
    )
    ctx.event("retention.proposed", made, files=len(found))
    for user_id in role_holders(ctx, ctx.param("crm.request_roles")):
        ctx.task(user_id, TASK, made, files=len(found), months=months)
    return made


def _is_open(one: IdleFile) -> bool:
    return one.state == State.PROPOSED


def _must_be_open(one: IdleFile) -> Refusal | None:
    return None if _is_open(one) else Refusal("idle_file_decided")


def _decide(ctx: Context, one: IdleFile, state: str) -> IdleFile:
    one.state, one.decided_by_id, one.decided_at = state, ctx.user_id, ctx.now
    one.save(update_fields=["state", "reason", "decided_by", "decided_at", "erased_rows", "updated_at"])
    rest = IdleFile.objects.filter(project=ctx.here, list=one.list_id, state=State.PROPOSED)
    if not rest.exists():
        RetentionList.objects.filter(pk=one.list_id).update(state="done", closed_at=ctx.now, updated_at=ctx.now)
        ctx.finish_tasks("retention-lists", [one.list_id], TASK)
    return one


class ConfirmInput(Input):
    confirmed: Annotated[bool, Label(_("Erase for good; this can't be taken back"))]


@command(IdleFile, verb="erase", label=_("Erase the data"), icon="eraser", shape="danger", refuses=_must_be_open,
         show=_is_open, bulk=True, name="erase_idle_file")  # fmt: skip
def erase_idle(ctx: Context, one: IdleFile, data: ConfirmInput) -> IdleFile:
    """As on a person's own request. Raises erase_deal_running, erase_retention while the data must be kept."""
    if not data.confirmed:
        raise DomainError("bad_input", status=422, fields={"confirmed": "required"})
    one.erased_rows = erase_file(ctx, one.customer_id)
    one.refresh_from_db(fields=["version", "reason"])
    ctx.event("retention.erased", one, customer_id=one.customer_id)
    return _decide(ctx, one, State.ERASED)


class KeepInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@command(IdleFile, verb="keep", label=_("Keep"), icon="archive", refuses=_must_be_open, show=_is_open, bulk=True,
         name="keep_idle_file")  # fmt: skip
def keep_idle(ctx: Context, one: IdleFile, data: KeepInput) -> IdleFile:
    """The clock begins again with this decision."""
    one.reason = data.reason
    ctx.event("retention.kept", one, customer_id=one.customer_id)
    return _decide(ctx, one, State.KEPT)


def remind_requests(ctx: Context) -> int:
    """Open requests about personal data that are due in some days, today, or are late: a to-do a day for those who
    answer them."""
    days = {int(d) for d in ctx.param("crm.request_remind_days")}
    rows = PersonalRequest.objects.filter(
        project=ctx.here, state="open", due_on__lte=ctx.business_date + dt.timedelta(days=max(days, default=0))
    ).select_related("customer")
    due = [one for one in rows if one.due_on < ctx.business_date or (one.due_on - ctx.business_date).days in days]
    people = role_holders(ctx, ctx.param("crm.request_roles")) if due else []
    for one in due:
        at = dt.datetime.combine(one.due_on, dt.time(18), ctx.zone)
        ctx.finish_tasks("personal-requests", [one.pk], DUE)
        for user_id in people:
            ctx.task(user_id, DUE, one, due_at=at, period_key=ctx.business_date.isoformat(), name=one.customer.name,
                     due_on=one.due_on.isoformat())  # fmt: skip
    return len(due)
