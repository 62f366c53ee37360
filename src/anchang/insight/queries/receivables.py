"""Receivables by age and collection (应收账龄与回款), per project and for the group, in six statements.

Lines are read from one index that holds all that is added up; receipts from the index of their days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import drill
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.sales import text
from anchang.kernel.money import ZERO

MONEY = ("cash", "bank", "fund")
BUCKETS = ("not_due", *(name for _, name in rules.OVERDUE_BUCKETS), ">90")

_DEALS = "JOIN deals_deal d ON d.project_id = {0}.project_id AND d.id = {0}.deal_id"
#: Bounds of the overdue classes, as days before today; `width_bucket` counts from the oldest.
_AGES = """
    SELECT l.project_id, l.money, width_bucket(l.due_on, %(bounds)s::date[]) AS class, count(*), sum(l.balance)
      FROM finance_receivable l {deals}
     WHERE l.project_id = ANY(%(projects)s) AND NOT l.voided AND l.house AND l.deleted_at IS NULL AND l.balance > 0
       AND {who}
     GROUP BY 1, 2, 3"""
#: All lines are added up once; what is not due yet, and what of it is open, are few and give the rest.
_LINES = """
    SELECT l.project_id, sum(l.amount) FROM finance_receivable l {deals}
     WHERE l.project_id = ANY(%(projects)s) AND NOT l.voided AND l.house AND l.deleted_at IS NULL AND {who}
     GROUP BY 1"""
_COMING = """
    SELECT l.project_id, sum(l.amount) FROM finance_receivable l {deals}
     WHERE l.project_id = ANY(%(projects)s) AND l.due_on >= %(today)s AND NOT l.voided AND l.house
       AND l.deleted_at IS NULL AND {who}
     GROUP BY 1"""
_DUE = """
    SELECT l.project_id, sum(l.amount), sum(l.allocated) FROM finance_receivable l {deals}
     WHERE l.project_id = ANY(%(projects)s) AND l.due_on BETWEEN %(first)s AND %(last)s AND NOT l.voided AND l.house
       AND l.deleted_at IS NULL AND {who}
     GROUP BY 1"""
_RECEIVED = """
    SELECT r.project_id, sum(r.amount), count(*) FROM finance_receipt r {deals}
     WHERE r.project_id = ANY(%(projects)s) AND r.business_date BETWEEN %(first)s AND %(last)s AND r.kind = 'house'
       AND r.way NOT IN ('offset', 'transfer_in') AND r.state <> 'draft' AND r.deleted_at IS NULL AND {who}
     GROUP BY 1"""
_REFUNDED = """
    SELECT f.project_id, sum(f.amount), count(*) FROM finance_refund f {deals}
     WHERE f.project_id = ANY(%(projects)s) AND f.paid_on BETWEEN %(first)s AND %(last)s AND f.state = 'paid'
       AND f.kind = 'return' AND f.way <> 'transfer_out' AND f.deleted_at IS NULL AND {who}
     GROUP BY 1"""


def receivables_report(asked: Asked) -> dict[str, Any]:
    """Open house money by age and class of money today; dues and collection of the period; collected of all that
    was agreed. By project, and added up. Every figure drills to its rows."""
    params = _params(asked)
    ages = _rows(asked, _AGES, "l", params)
    sums = {
        name: {row[0]: row[1:] for row in _rows(asked, sql, alias, params)}
        for name, sql, alias in (
            ("lines", _LINES, "l"), ("coming", _COMING, "l"), ("due", _DUE, "l"), ("received", _RECEIVED, "r"),
            ("refunded", _REFUNDED, "f"),
        )
    }  # fmt: skip
    rows = [
        _project(p.pk, p.name, [a for a in ages if a[0] == p.pk], {n: s.get(p.pk) for n, s in sums.items()})
        for p in asked.projects
    ]
    buckets = [_bucket(ages, index) for index in range(len(BUCKETS))]
    return {
        "projects": asked.named_projects,
        "date": asked.today.isoformat(), "from": asked.first.isoformat(), "to": asked.last.isoformat(),
        "basis": "today", "scope": asked.scope,
        **_summed(rows),
        "buckets": buckets,
        "by_money": [_money(ages, money) for money in MONEY],
        "by_project": rows,
        "drill": _drill(asked),
    }  # fmt: skip


def _params(asked: Asked) -> dict[str, Any]:
    """Day N counts in the class that ends with N: a line due 30 days ago is in 1-30."""
    bounds = [asked.today - dt.timedelta(days=days) for days, _name in reversed(rules.OVERDUE_BUCKETS)]
    return {
        "projects": asked.project_ids, "today": asked.today, "first": asked.first, "last": asked.last,
        "bounds": [*bounds, asked.today], **asked.who.params(),
    }  # fmt: skip


def _rows(asked: Asked, sql: str, alias: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    who = asked.who.sql("d.consultant_id", "d.team_id")
    deals = "" if who == "true" else _DEALS.format(alias)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(deals=deals, who=who), params)
        return list(cursor.fetchall())


def _class_of(index: int) -> int:
    """The class of `width_bucket` that bucket `index` of BUCKETS is: the oldest is 0, not due the last."""
    return len(BUCKETS) - 1 - index


def _bucket(ages: list[tuple[Any, ...]], index: int) -> dict[str, Any]:
    mine = [row for row in ages if row[2] == _class_of(index)]
    found: dict[str, Any] = {"bucket": BUCKETS[index], "lines": sum(row[3] for row in mine)}
    for money in MONEY:
        found[money] = str(sum((row[4] for row in mine if row[1] == money), ZERO))
    return found | {"amount": str(sum((row[4] for row in mine), ZERO))}


def _money(ages: list[tuple[Any, ...]], money: str) -> dict[str, Any]:
    mine = [row for row in ages if row[1] == money]
    late = [row for row in mine if row[2] != _class_of(0)]
    return {
        "money": money, "lines": sum(row[3] for row in mine), "open": str(sum((row[4] for row in mine), ZERO)),
        "overdue": str(sum((row[4] for row in late), ZERO)),
    }  # fmt: skip


def _project(
    pk: int, name: str, ages: list[tuple[Any, ...]], sums: Mapping[str, tuple[Any, ...] | None]
) -> dict[str, Any]:
    agreed = (sums["lines"] or (ZERO,))[0]
    due_to_date = agreed - (sums["coming"] or (ZERO,))[0]
    due, paid = sums["due"] or (ZERO, ZERO)
    outstanding = sum((row[4] for row in ages), ZERO)
    allocated = agreed - outstanding
    late = sum((row[4] for row in ages if row[2] != _class_of(0)), ZERO)
    got, back = (sums["received"] or (ZERO, 0)), (sums["refunded"] or (ZERO, 0))
    return {
        "project": {"id": pk, "label": name}, "agreed": str(agreed), "allocated": str(allocated),
        "open": str(outstanding), "overdue": str(late), "due_to_date": str(due_to_date),
        "overdue_rate": text(rules.rate(late, due_to_date)), "due": str(due), "due_paid": str(paid),
        "collection_rate": text(rules.rate(paid, due)), "received": str(got[0]), "refunded": str(back[0]),
        "net": str(got[0] - back[0]), "receipts": got[1], "cumulative": text(rules.rate(allocated, agreed)),
    }  # fmt: skip


_ADDED = ("agreed", "allocated", "open", "overdue", "due_to_date", "due", "due_paid", "received", "refunded", "net")


def _summed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum((Decimal(row[name]) for row in rows), ZERO) for name in _ADDED}
    return {name: str(amount) for name, amount in sums.items()} | {
        "receipts": sum(row["receipts"] for row in rows),
        "overdue_rate": text(rules.rate(sums["overdue"], sums["due_to_date"])),
        "collection_rate": text(rules.rate(sums["due_paid"], sums["due"])),
        "cumulative": text(rules.rate(sums["allocated"], sums["agreed"])),
    }


def _drill(asked: Asked) -> dict[str, Any]:
    open_house = (
        {"field": "house", "op": "eq", "value": True},
        {"field": "voided", "op": "eq", "value": False},
        {"field": "balance", "op": "gt", "value": "0.00"},
    )
    late = {"field": "due_on", "op": "lt", "value": asked.today.isoformat()}
    return {
        "open": drill.rows("receivables", *open_house),
        "overdue": drill.rows("receivables", *open_house, late),
        "due": drill.rows("receivables", *open_house[:2], drill.between("due_on", asked.first, asked.last)),
        "net": drill.rows(
            "receipts", drill.between("business_date", asked.first, asked.last),
            {"field": "kind", "op": "eq", "value": "house"},
            {"not": {"field": "way", "op": "in", "value": ["offset", "transfer_in"]}},
        ),
        **{name: drill.rows("receivables", *open_house, *_aged(asked, name)) for name in BUCKETS},
    }  # fmt: skip


def _aged(asked: Asked, bucket: str) -> list[drill.Condition]:
    """The due days of a bucket."""
    ends = [days for days, _name in rules.OVERDUE_BUCKETS]
    at = BUCKETS.index(bucket)
    if at == 0:
        return [{"field": "due_on", "op": "gte", "value": asked.today.isoformat()}]
    youngest = 1 if at == 1 else ends[at - 2] + 1
    last = asked.today - dt.timedelta(days=youngest)
    if at > len(ends):
        return [{"field": "due_on", "op": "lte", "value": last.isoformat()}]
    return [drill.between("due_on", asked.today - dt.timedelta(days=ends[at - 1]), last)]
