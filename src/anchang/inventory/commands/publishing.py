"""Reminders that the whole price list of a licence is to be public within its days (一次性公开, 建房〔2010〕53号)."""

from __future__ import annotations

import datetime as dt

from anchang.inventory.models import Licence
from anchang.inventory.queries import publication_clock
from anchang.platform.context import Context
from anchang.platform.people import with_permission

TASK = "price_list_due"


def remind_of_publication(ctx: Context) -> int:
    """A to-do for those who publish, some days before the last one, until the list is public. Once per licence."""
    before = dt.timedelta(days=int(ctx.param("inventory.publish_reminder_days")))
    clocks = publication_clock(ctx.here, ctx.business_date)
    due = [
        clock for clock in clocks
        if clock["standing"] in ("running", "overdue") and clock["units"]
        and ctx.business_date + before >= dt.date.fromisoformat(clock["publish_by"])
    ]  # fmt: skip
    public = [clock["licence"] for clock in clocks if clock["published_on"] is not None]
    ctx.finish_tasks("licences", public, TASK)
    people = with_permission(ctx, "price-lists.publish") if due else []
    licences = Licence.objects.in_bulk([clock["licence"] for clock in due])
    for clock in due:
        last = dt.date.fromisoformat(clock["publish_by"])
        for user_id in people:
            ctx.task(
                user_id, TASK, licences[clock["licence"]],
                due_at=dt.datetime.combine(last, dt.time(18), ctx.zone), period_key=clock["publish_by"],
                number=clock["number"], day=clock["publish_by"],
            )  # fmt: skip
    return len(due)
