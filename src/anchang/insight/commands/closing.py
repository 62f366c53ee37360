"""Closing report days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, connection, transaction

from anchang.insight.models import ReportClose
from anchang.insight.queries.facts import ITEMS, KEYS, facts_sql
from anchang.insight.queries.sums import closed_through
from anchang.platform.context import Context

_EVER = dt.date(1900, 1, 1)

_INSERT = """
    INSERT INTO insight_dayfigure
           (project_id, day, about, item, user_id, team_id, channel_id, count, area, amount)
    SELECT %(project)s, f.about, f.about, f.item, f.user_id, f.team_id, f.channel_id,
           f.count, f.area, f.amount
      FROM ({facts}) f"""
#: What the records say now about days closed before, less what was stored about them.
_LATE = """
    INSERT INTO insight_dayfigure
           (project_id, day, about, item, user_id, team_id, channel_id, count, area, amount)
    SELECT %(project)s, %(day)s, f.about, f.item, f.user_id, f.team_id, f.channel_id,
           sum(f.count), sum(f.area), sum(f.amount)
      FROM (SELECT item, about, user_id, team_id, channel_id, count, area, amount FROM ({facts}) now
            UNION ALL
            SELECT item, about, user_id, team_id, channel_id, -count, -area, -amount FROM insight_dayfigure
             WHERE project_id = %(project)s AND about BETWEEN %(first)s AND %(last)s) f
     GROUP BY f.about, f.item, f.user_id, f.team_id, f.channel_id
    HAVING sum(f.count) <> 0 OR coalesce(sum(f.area), 0) <> 0 OR coalesce(sum(f.amount), 0) <> 0"""


def close_report_days(ctx: Context, through: dt.date | None = None) -> dt.date | None:
    """Close the project's report days up to `through` (default: yesterday), once. Answers the day, or None
    when there was nothing to close.

    Every open day gets its figures; the last of them also carries what was entered late about days
    closed before, as far back as `insight.late_days`. Never changes what is stored. Today is never closed.
    """
    project_id = ctx.here.pk
    through = min(through or ctx.business_date, ctx.business_date - dt.timedelta(days=1))
    before = closed_through([project_id])[project_id]
    if through <= before:
        return None
    try:
        with transaction.atomic():
            ReportClose.objects.create(project_id=project_id, through=through, closed_at=ctx.now)
    except IntegrityError:  # another worker closes the same days
        return None
    first_open = max(before + dt.timedelta(days=1), _EVER)
    facts = facts_sql(ITEMS, KEYS)
    params: dict[str, Any] = {
        "project": project_id, "projects": [project_id], "users": [], "team": None, "day": through,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(facts=facts), params | {"first": first_open, "last": through})
        if before > _EVER:
            late_from = through - dt.timedelta(days=int(ctx.param("insight.late_days")))
            cursor.execute(_LATE.format(facts=facts), params | {"first": late_from, "last": before})
    return through
