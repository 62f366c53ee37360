"""Collection (回款) from the ledger, collection rate (回款率), unsigned subscriptions, overdue money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import boards, drill, labels
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.sales import text
from anchang.kernel.clock import period_of
from anchang.kernel.money import ZERO

#: House money that counts as collection (DOMAIN §10): receipts and their mirrors, without offsets.
_HOUSE = "r.kind = 'house' AND r.way <> 'offset' AND r.state <> 'draft' AND r.deleted_at IS NULL"

_LEDGER = f"""
    SELECT {{receipt_key}} AS key, sum(r.amount) AS received, 0::numeric AS refunded, count(*) AS receipts
      FROM finance_receipt r JOIN deals_deal d ON d.project_id = r.project_id AND d.id = r.deal_id
     WHERE r.project_id = ANY(%(projects)s) AND r.business_date BETWEEN %(first)s AND %(last)s
       AND {_HOUSE} AND {{who}}
     GROUP BY 1
    UNION ALL
    SELECT {{refund_key}}, 0, sum(a.amount), 0
      FROM finance_refund f JOIN deals_deal d ON d.project_id = f.project_id AND d.id = f.deal_id
      JOIN finance_allocation a ON a.project_id = f.project_id AND a.refund_id = f.id
      JOIN finance_receipt r ON r.project_id = a.project_id AND r.id = a.receipt_id
     WHERE f.project_id = ANY(%(projects)s) AND f.paid_on BETWEEN %(first)s AND %(last)s AND f.state = 'paid'
       AND f.kind = 'return' AND f.deleted_at IS NULL AND {_HOUSE} AND {{who}}
     GROUP BY 1"""

_ITEMS = f"""
    SELECT l.item AS key, sum(a.amount) AS amount
      FROM finance_allocation a
      JOIN finance_receipt r ON r.project_id = a.project_id AND r.id = a.receipt_id
      JOIN finance_receivable l ON l.project_id = a.project_id AND l.id = a.receivable_id
      JOIN deals_deal d ON d.project_id = r.project_id AND d.id = r.deal_id
     WHERE a.project_id = ANY(%(projects)s) AND a.business_date BETWEEN %(first)s AND %(last)s
       AND {_HOUSE} AND {{who}}
     GROUP BY 1"""

_KEYS = {
    "day": ("r.business_date", "f.paid_on"),
    "way": ("r.way", "f.way"),
    "person": ("d.consultant_id", "d.consultant_id"),
    "project": ("r.project_id", "f.project_id"),
    "cashier": ("r.cashier_id", "f.paid_by_id"),
}
COLLECTION_GROUPS = ("day", "item", "way", "person", "project", "cashier")


def collection_report(asked: Asked) -> dict[str, Any]:
    """Received, refunded and net by day, way, person, project and cashier, and by item. Every grouping adds
    up to the same total, the ledger's. By item, `unallocated` is what was received and not yet set against a
    line on these days; refunds stand apart."""
    by = asked.given.get("group") or "day"
    groups = _ledger(asked, by if by in _KEYS else "day")
    received = sum((g[0] for g in groups.values()), ZERO)
    refunded = sum((g[1] for g in groups.values()), ZERO)
    receipts = sum(g[2] for g in groups.values())
    rows = _items(asked, received, refunded) if by == "item" else _named(asked, by, groups)
    return {
        **asked.over_span(),
        "group": by,
        "received": str(received),
        "refunded": str(refunded),
        "net": str(received - refunded),
        "receipts": receipts,
        "rows": rows,
        "drill": {
            "received": drill.rows(
                "receipts",
                drill.between("business_date", asked.first, asked.last),
                {"field": "kind", "op": "eq", "value": "house"},
                {"field": "way", "op": "ne", "value": "offset"},
            ),
            "refunded": drill.rows(
                "refunds",
                drill.between("paid_on", asked.first, asked.last),
                {"field": "kind", "op": "eq", "value": "return"},
            ),
        },
    }


def _params(asked: Asked, **more: Any) -> dict[str, Any]:
    return {
        "projects": asked.project_ids,
        "first": asked.first,
        "last": asked.last,
        **asked.who.params(),
        **more,
    }


def _fetch(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _ledger(asked: Asked, by: str) -> dict[Any, tuple[Decimal, Decimal, int]]:
    receipt_key, refund_key = _KEYS[by]
    who = asked.who.sql("d.consultant_id", "d.team_id")
    found: dict[Any, tuple[Decimal, Decimal, int]] = {}
    sql = _LEDGER.format(receipt_key=receipt_key, refund_key=refund_key, who=who)
    for key, received, refunded, receipts in _fetch(sql, _params(asked)):
        had = found.get(key, (ZERO, ZERO, 0))
        found[key] = (had[0] + received, had[1] + refunded, had[2] + receipts)
    return found


def _items(asked: Asked, received: Decimal, refunded: Decimal) -> list[dict[str, Any]]:
    sql = _ITEMS.format(who=asked.who.sql("d.consultant_id", "d.team_id"))
    items = {item: amount for item, amount in _fetch(sql, _params(asked)) if amount}
    items["unallocated"] = received - sum(items.values(), ZERO)
    rows = [_row(item, amount, ZERO, 0) for item, amount in sorted(items.items()) if amount]
    return rows + ([_row("refunds", ZERO, refunded, 0)] if refunded else [])


def _named(asked: Asked, by: str, groups: Mapping[Any, tuple[Decimal, Decimal, int]]) -> list[dict[str, Any]]:
    if by in ("person", "cashier"):
        names = labels.people(groups)
        keys: dict[Any, Any] = {k: names.get(k) for k in groups}
    elif by == "project":
        keys = {p.pk: {"id": p.pk, "label": p.name} for p in asked.projects}
    else:
        keys = {k: k.isoformat() if isinstance(k, dt.date) else k for k in groups}
    return [_row(keys.get(k), *groups[k]) for k in sorted(groups, key=str)]


def _row(key: Any, received: Decimal, refunded: Decimal, receipts: int) -> dict[str, Any]:
    return {
        "key": key,
        "received": str(received),
        "refunded": str(refunded),
        "net": str(received - refunded),
        "receipts": receipts,
    }


# --- collection rate -----------------------------------------------------------------------------

_DUE = """
    SELECT {key}, sum(l.amount), sum(coalesce(t.amount, 0)), count(*)
      FROM finance_receivable l JOIN deals_deal d ON d.project_id = l.project_id AND d.id = l.deal_id
      LEFT JOIN LATERAL (
           SELECT sum(a.amount) AS amount FROM finance_allocation a
            WHERE a.project_id = l.project_id AND a.receivable_id = l.id AND a.business_date <= {until}) t
        ON true
     WHERE l.project_id = ANY(%(projects)s) AND l.due_on BETWEEN %(first)s AND %(last)s AND l.house
       AND NOT l.voided AND l.deleted_at IS NULL AND {who}
     GROUP BY 1"""
_MONTH_END = "(date_trunc('month', l.due_on) + interval '1 month - 1 day')::date"
_DUE_KEYS = {
    "person": "d.consultant_id",
    "project": "l.project_id",
    "month": "date_trunc('month', l.due_on)::date",
}


def collection_rate_report(asked: Asked) -> dict[str, Any]:
    """House lines due in the period, and what of them was collected by its end, in total, by person and
    project; by month each month counts to its own end. Net of reversals."""
    total = _due(asked, "NULL::bigint", "%(last)s").get(None, (ZERO, ZERO, 0))
    people, projects = (
        _due(asked, _DUE_KEYS["person"], "%(last)s"),
        _due(asked, _DUE_KEYS["project"], "%(last)s"),
    )
    months = _due(asked, _DUE_KEYS["month"], f"least({_MONTH_END}, %(last)s)")
    names = labels.people(people)
    codes = {p.pk: {"id": p.pk, "label": p.name} for p in asked.projects}
    return {
        **asked.over_span("due_on"),
        **_rate(*total),
        "by_person": [{"person": names.get(k), **_rate(*people[k])} for k in sorted(people, key=str)],
        "by_project": [{"project": codes.get(k), **_rate(*projects[k])} for k in sorted(projects)],
        "by_month": [{"month": f"{k:%Y-%m}", **_rate(*months[k])} for k in sorted(months)],
        "drill": {"due": drill.rows("receivables", drill.between("due_on", asked.first, asked.last))},
    }


def _due(asked: Asked, key: str, until: str) -> dict[Any, tuple[Decimal, Decimal, int]]:
    sql = _DUE.format(key=key, until=until, who=asked.who.sql("d.consultant_id", "d.team_id"))
    return {row[0]: (row[1], row[2], row[3]) for row in _fetch(sql, _params(asked))}


def _rate(due: Decimal, collected: Decimal, lines: int) -> dict[str, Any]:
    return {
        "lines": lines,
        "due": str(due),
        "collected": str(collected),
        "rate": text(rules.rate(collected, due)),
    }


# --- small boards --------------------------------------------------------------------------------

_UNSIGNED = """
    SELECT x.id, x.number, u.label, k.name, x.total, x.sign_by, d.consultant_id, x.deal_id
      FROM deals_subscription x
      JOIN deals_deal d ON d.project_id = x.project_id AND d.id = x.deal_id
      JOIN inventory_unit u ON u.project_id = x.project_id AND u.id = x.unit_id
      JOIN crm_customer k ON k.project_id = x.project_id AND k.id = x.customer_id
     WHERE x.project_id = ANY(%(projects)s) AND x.state IN ('active', 'overdue')
       AND x.deleted_at IS NULL AND {who}
     ORDER BY x.sign_by, x.id"""
UNSIGNED_ORDER = (*(name for _, name in rules.UNSIGNED_BUCKETS), ">30")


def unsigned_report(asked: Asked) -> dict[str, Any]:
    """Subscribed, not signed (认购未签约): the subscriptions in force with their overdue days today."""
    rows = _fetch(_UNSIGNED.format(who=asked.who.sql("d.consultant_id", "d.team_id")), _params(asked))
    names, said = labels.people(r[6] for r in rows), boards.reasons(asked, [r[7] for r in rows])
    buckets: dict[str, list[Any]] = {name: [0, ZERO] for name in UNSIGNED_ORDER}
    listed = []
    for pk, number, unit, customer, total, sign_by, person, deal in rows:
        name = rules.unsigned_bucket(sign_by, asked.today)
        buckets[name][0] += 1
        buckets[name][1] += total
        listed.append(
            {
                "id": pk,
                "number": number,
                "unit": unit,
                "customer": customer,
                "total": str(total),
                "sign_by": sign_by.isoformat(),
                "overdue_days": max((asked.today - sign_by).days, 0),
                "bucket": name,
                "person": names.get(person),
                "deal": deal,
                **said.get(deal, boards.NO_REASON),
            }
        )
    return {
        **asked.as_of_today(),
        "count": len(listed),
        "amount": str(sum((r[4] for r in rows), ZERO)),
        "buckets": [{"bucket": n, "count": c, "amount": str(a)} for n, (c, a) in buckets.items()],
        "rows": listed,
        "drill": {"count": drill.rows("subscriptions", {"field": "state", "op": "in", "value": ["active", "overdue"]})},
    }


_OVERDUE = """
    SELECT l.due_on, l.amount, l.balance FROM finance_receivable l
      JOIN deals_deal d ON d.project_id = l.project_id AND d.id = l.deal_id
     WHERE l.project_id = ANY(%(projects)s) AND l.due_on < %(today)s AND NOT l.voided AND l.house
       AND l.deleted_at IS NULL AND l.balance > 0 AND {who}"""
_DUE_SO_FAR = """
    SELECT coalesce(sum(l.amount), 0) FROM finance_receivable l
      JOIN deals_deal d ON d.project_id = l.project_id AND d.id = l.deal_id
     WHERE l.project_id = ANY(%(projects)s) AND l.due_on < %(today)s AND NOT l.voided AND l.house
       AND l.deleted_at IS NULL AND {who}"""
_COMING = """
    SELECT count(*), coalesce(sum(l.balance), 0) FROM finance_receivable l
      JOIN deals_deal d ON d.project_id = l.project_id AND d.id = l.deal_id
     WHERE l.project_id = ANY(%(projects)s) AND l.due_on BETWEEN %(today)s AND %(month_end)s AND NOT l.voided
       AND l.house AND l.deleted_at IS NULL AND l.balance > 0 AND {who}"""
OVERDUE_ORDER = (*(name for _, name in rules.OVERDUE_BUCKETS), ">90")


def overdue_report(asked: Asked) -> dict[str, Any]:
    """Overdue house receivables today by age (应收逾期), the overdue rate, what is due this month."""
    who = asked.who.sql("d.consultant_id", "d.team_id")
    params = _params(asked, today=asked.today, month_end=period_of("month", asked.today).end)
    buckets: dict[str, list[Any]] = {name: [0, ZERO] for name in OVERDUE_ORDER}
    for due_on, _, balance in _fetch(_OVERDUE.format(who=who), params):
        name = rules.overdue_bucket(due_on, asked.today)
        buckets[name][0] += 1
        buckets[name][1] += balance
    ((due,),) = _fetch(_DUE_SO_FAR.format(who=who), params)
    ((coming, coming_amount),) = _fetch(_COMING.format(who=who), params)
    late = sum((b[1] for b in buckets.values()), ZERO)
    return {
        **asked.as_of_today(),
        "lines": sum(b[0] for b in buckets.values()),
        "overdue": str(late),
        "due_to_date": str(due),
        "overdue_rate": text(rules.rate(late, due)),
        "due_this_month": {"lines": coming, "amount": str(coming_amount)},
        "buckets": [{"bucket": n, "lines": c, "amount": str(a)} for n, (c, a) in buckets.items()],
        "drill": {
            "overdue": drill.rows(
                "receivables",
                {"field": "due_on", "op": "lt", "value": asked.today.isoformat()},
                {"field": "balance", "op": "gt", "value": "0.00"},
            ),
        },
    }
