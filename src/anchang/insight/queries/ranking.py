"""Ranking (龙虎榜) and process indicators (过程指标) by person."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import drill, facts, labels, sums
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.facts import EVERYBODY, Who
from anchang.insight.queries.sales import text
from anchang.insight.rules import Sums
from anchang.platform.models import Project

RANKED_ITEMS = ("sign", "terminate", "sign_change", "receive", "refund", "customer")
BOARDS = ("amount", "units", "collection", "new_customers")


def ranking_report(asked: Asked) -> dict[str, Any]:
    """Net signed amount, net units, collection and new customers of every person in the period that holds the
    day. A deal counts for its consultant. Equal values share a rank."""
    period = asked.period
    days = sums.of(asked)
    who = Who(None, asked.team) if asked.team is not None else EVERYBODY
    cells = days.sums(period.start, period.end, keys=("user_id",), items=RANKED_ITEMS, who=who)
    members = labels.members(asked.project_ids)
    if asked.team is not None:
        members = {user: team for user, team in members.items() if team["id"] == asked.team}
    values = {key[0]: _values(items) for key, items in cells.items() if key[0] is not None}
    values |= {user: _values({}) for user in members if user not in values}
    names = labels.people(values)
    boards = {name: _board(name, values, names, members) for name in BOARDS}
    me = asked.access.actor.user_id
    return {
        "projects": asked.named_projects,
        "date": asked.day.isoformat(),
        "basis": "business_date",
        "closed": days.all_closed(period.end),
        "period": {
            "kind": period.kind,
            "key": period.key,
            "from": period.start.isoformat(),
            "to": period.end.isoformat(),
        },
        "boards": boards,
        "mine": {n: next((row for row in rows if row["user"]["id"] == me), None) for n, rows in boards.items()},
        "drill": {
            "amount": drill.rows("contracts", drill.between("signed_on", period.start, period.end)),
            "units": drill.rows("contracts", drill.between("signed_on", period.start, period.end)),
            "collection": drill.rows("receipts", drill.between("business_date", period.start, period.end)),
            "new_customers": drill.rows("customers", drill.between("business_date", period.start, period.end)),
        },
    }


def standings(project: Project, board: str, first: dt.date, last: dt.date) -> dict[int, Decimal]:
    """User -> what the board of the ranking shows for these days."""
    cells: dict[int, dict[str, Sums]] = defaultdict(dict)
    for item, key, found in facts.live_sums([project.pk], first, last, RANKED_ITEMS, ("user_id",)):
        if key[0] is not None:
            cells[key[0]][item] = found
    return {user: Decimal(_values(items)[board]) for user, items in cells.items()}


def _values(items: Mapping[str, Sums]) -> dict[str, Decimal | int]:
    net = rules.net_signed(items)
    return {
        "amount": net.amount,
        "units": net.count,
        "collection": rules.collected(items),
        "new_customers": items.get("customer", rules.NOTHING).count,
    }


def _board(
    name: str,
    values: Mapping[int, Mapping[str, Decimal | int]],
    names: Mapping[Any, Any],
    members: Mapping[int, Any],
) -> list[dict[str, Any]]:
    return [
        {
            "rank": rank,
            "user": names.get(user) or {"id": user, "label": str(user)},
            "team": members.get(user),
            "value": value if isinstance(value, int) else str(value),
        }
        for rank, user, value in rules.ranked({user: one[name] for user, one in values.items()})
    ]


_PROCESS = """
    SELECT x.author_id, count(*), count(DISTINCT x.customer_id), count(DISTINCT x.business_date)
      FROM crm_followup x
     WHERE x.project_id = ANY(%(projects)s) AND x.business_date BETWEEN %(first)s AND %(last)s
       AND x.deleted_at IS NULL AND {who}
     GROUP BY 1"""
_GRADES = """
    SELECT x.owner_id, count(*) FILTER (WHERE x.grade = 'A'), count(*) FILTER (WHERE x.grade = 'B')
      FROM crm_customer x
     WHERE x.project_id = ANY(%(projects)s) AND x.grade IN ('A', 'B') AND x.state = 'active'
       AND x.deleted_at IS NULL
       AND x.owner_id IS NOT NULL AND {who}
     GROUP BY 1"""


def process_report(asked: Asked) -> dict[str, Any]:
    """Per person: follow-ups in all, per day and per week of the period; customers followed and follow-ups
    for each; new customers; A and B customers owned now."""
    params = {"projects": asked.project_ids, "first": asked.first, "last": asked.last, **asked.who.params()}
    with connection.cursor() as cursor:
        cursor.execute(_PROCESS.format(who=asked.who.sql("x.author_id", "x.team_id")), params)
        follow_ups = {row[0]: row[1:] for row in cursor.fetchall() if row[0] is not None}
        cursor.execute(_GRADES.format(who=asked.who.sql("x.owner_id", "x.team_id")), params)
        grades = {row[0]: row[1:] for row in cursor.fetchall()}
    cells = sums.of(asked).sums(
        asked.first, asked.last, keys=("user_id",), items=("customer", "first_visit", "visit"), who=asked.who
    )
    made = {key[0]: items for key, items in cells.items() if key[0] is not None}
    ids = set(follow_ups) | set(grades) | set(made)
    names, members = labels.people(ids), labels.members(asked.project_ids)
    length = (asked.last - asked.first).days + 1
    rows = [
        _process_row(
            user,
            names,
            members,
            follow_ups.get(user, (0, 0, 0)),
            made.get(user, {}),
            grades.get(user, (0, 0)),
            length,
        )
        for user in ids
    ]
    rows.sort(key=lambda r: (-r["follow_ups"], r["user"]["label"]))
    return {
        "projects": asked.named_projects,
        "from": asked.first.isoformat(),
        "to": asked.last.isoformat(),
        "days": length,
        "basis": "business_date",
        "scope": asked.scope,
        "rows": rows,
        "drill": {"follow_ups": drill.rows("follow-ups", drill.between("business_date", asked.first, asked.last))},
    }


def _process_row(
    user: int,
    names: Mapping[Any, Any],
    members: Mapping[int, Any],
    follow_ups: tuple[int, int, int],
    made: Mapping[str, Sums],
    grades: tuple[int, int],
    length: int,
) -> dict[str, Any]:
    total, customers, active_days = follow_ups
    tenth = Decimal("0.1")
    return {
        "user": names.get(user) or {"id": user, "label": str(user)},
        "team": members.get(user),
        "follow_ups": total,
        "active_days": active_days,
        "per_day": text((Decimal(total) / length).quantize(tenth)),
        "per_week": text((Decimal(total) * 7 / length).quantize(tenth)),
        "customers_followed": customers,
        "per_customer": text((Decimal(total) / customers).quantize(tenth)) if customers else None,
        "new_customers": made.get("customer", rules.NOTHING).count,
        "visits": made.get("visit", rules.NOTHING).count,
        "a_customers": grades[0],
        "b_customers": grades[1],
    }
