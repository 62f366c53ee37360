"""Control of the bank: house money outside the escrow account (BS06), and the daily compare of card lists, bank and
receipts (BS21)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight.queries import drill
from anchang.insight.queries.asked import Asked
from anchang.kernel.money import ZERO

_BARE = "translate({0}, ' -', '')"
_IN_ESCROW = f"{_BARE.format('b.account')} = {_BARE.format('l.escrow_account')}"
SHOWN = 500

#: House receipts of presold units; `found`: what bank lines of the escrow account say of them.
_ESCROW = f"""
    SELECT r.number, u.label, k.name, r.business_date, r.way, r.account, r.amount, coalesce(m.amount, 0), m.other,
           {_BARE.format("l.escrow_account")} <> {_BARE.format("r.account")} AND r.account <> '', r.project_id
      FROM finance_receipt r
      JOIN deals_deal d ON d.project_id = r.project_id AND d.id = r.deal_id
      JOIN inventory_unit u ON u.project_id = d.project_id AND u.id = d.unit_id
      JOIN inventory_licence l ON l.project_id = u.project_id AND l.id = u.licence_id
      JOIN crm_customer k ON k.project_id = d.project_id AND k.id = d.customer_id
      LEFT JOIN LATERAL (
           SELECT sum(x.amount) FILTER (WHERE {_IN_ESCROW}) AS amount,
                  sum(x.amount) FILTER (WHERE NOT {_IN_ESCROW}) AS other
             FROM finance_bankmatch x JOIN finance_bankline b ON b.project_id = x.project_id AND b.id = x.line_id
            WHERE x.project_id = r.project_id AND x.receipt_id = r.id AND x.source = 'bank') m ON true
     WHERE r.project_id = ANY(%(projects)s) AND r.business_date BETWEEN %(first)s AND %(last)s
       AND r.kind = 'house' AND r.way NOT IN ('offset', 'transfer_in') AND r.state IN ('posted', 'day_closed')
       AND r.reverses_id IS NULL AND l.kind = 'presale' AND l.escrow_account <> ''
       AND coalesce(m.amount, 0) < r.amount AND {{who}}
     ORDER BY r.business_date, r.id"""
_ELSEWHERE = f"""
    SELECT b.day, b.account, b.counterparty, b.open_amount, b.note FROM finance_bankline b
     WHERE b.project_id = ANY(%(projects)s) AND b.day BETWEEN %(first)s AND %(last)s AND b.source = 'bank'
       AND b.amount > 0 AND b.open_amount <> 0 AND b.deleted_at IS NULL
       AND NOT EXISTS (SELECT FROM inventory_licence l WHERE l.project_id = b.project_id AND l.escrow_account <> ''
                         AND {_BARE.format("l.escrow_account")} = {_BARE.format("b.account")})
     ORDER BY b.day, b.id LIMIT {SHOWN}"""


def _fetch(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _head(asked: Asked) -> dict[str, Any]:
    return {
        "projects": asked.named_projects,
        "scope": asked.scope, "basis": "business_date",
    }  # fmt: skip


def escrow_report(asked: Asked) -> dict[str, Any]:
    """House money of presold units that was booked or found outside its escrow account, and money that the account
    doesn't show within the days that it may take."""
    params = {"projects": asked.project_ids, "first": asked.first, "last": asked.last, **asked.who.params()}
    days = int(asked.param("finance.escrow_days"))
    rows = []
    for number, unit, customer, day, way, account, amount, found, other, wrong, _ in _fetch(
        _ESCROW.format(who=asked.who.sql("d.consultant_id", "d.team_id")), params
    ):
        age = (asked.today - day).days
        problem = "elsewhere" if wrong or other else "late" if age > days else ""
        if problem:
            rows.append({
                "number": number, "unit": unit, "customer": customer, "day": day.isoformat(), "way": way,
                "account": account, "amount": str(amount), "found": str(found), "days": age, "problem": problem,
            })  # fmt: skip
    lines = [
        {"day": day.isoformat(), "account": account, "name": name, "amount": str(amount), "note": note}
        for day, account, name, amount, note in (_fetch(_ELSEWHERE, params) if asked.scope == "project" else ())
    ]

    def missing(problem: str) -> str:
        return str(sum((Decimal(r["amount"]) - Decimal(r["found"]) for r in rows if r["problem"] == problem), ZERO))

    return {
        **_head(asked), "from": asked.first.isoformat(), "to": asked.last.isoformat(), "count": len(rows),
        "elsewhere": missing("elsewhere"), "late": missing("late"), "rows": rows[:SHOWN], "lines": lines,
        "drill": {},
    }  # fmt: skip


_DAY_RECEIPTS = """
    SELECT r.number, r.way, r.payer, r.amount, coalesce(m.amount, 0), r.state = 'reversed' OR r.reverses_id IS NOT NULL
      FROM finance_receipt r JOIN deals_deal d ON d.project_id = r.project_id AND d.id = r.deal_id
      LEFT JOIN LATERAL (
           SELECT sum(x.amount) AS amount FROM finance_bankmatch x
            WHERE x.project_id = r.project_id AND x.receipt_id = r.id AND x.source = 'bank') m ON true
     WHERE r.project_id = ANY(%(projects)s) AND r.business_date = %(day)s AND r.state <> 'draft'
       AND r.way NOT IN ('offset', 'transfer_in') AND {who}
     ORDER BY r.id"""
_DAY_LINES = """
    SELECT b.counterparty, b.note, b.amount, b.open_amount, b.source FROM finance_bankline b
     WHERE b.project_id = ANY(%(projects)s) AND b.day = %(day)s AND b.amount > 0 AND b.deleted_at IS NULL
     ORDER BY b.id"""
_COUNTED = """
    SELECT c.key, sum(c.value::numeric) FROM finance_dayclose x, jsonb_each_text(x.counted) c
     WHERE x.project_id = ANY(%(projects)s) AND x.day = %(day)s GROUP BY 1"""

_PAID_BACK = """
    SELECT coalesce(sum(amount), 0) FROM finance_refund
     WHERE project_id = ANY(%(projects)s) AND state = 'paid' AND way = 'cash' AND paid_on = %(day)s"""


def bank_day_report(asked: Asked) -> dict[str, Any]:
    """A day's receipts by way against the card list, the bank and the count. The difference is zero when every
    receipt was found and every line of the day is explained; cash is compared with its count."""
    params = {"projects": asked.project_ids, "day": asked.day, **asked.who.params()}
    receipts = _fetch(_DAY_RECEIPTS.format(who=asked.who.sql("d.consultant_id", "d.team_id")), params)
    whole = asked.scope == "project"  # lines and counts are nobody's own
    lines = _fetch(_DAY_LINES, params) if whole else []
    counted = dict(_fetch(_COUNTED, params)) if whole else {}
    back = _fetch(_PAID_BACK, params)[0][0] if whole else ZERO
    pos = sum((line[2] for line in lines if line[4] == "pos"), ZERO)
    ways = [_way(way, receipts, counted, pos, back) for way in sorted({r[1] for r in receipts})]
    without = [r for r in receipts if r[1] != "cash" and not r[5] and r[4] < r[3]]
    unexplained = [line for line in lines if line[3] and line[4] == "bank"]
    missing = sum((r[3] - r[4] for r in without), ZERO)
    open_lines = sum((line[3] for line in unexplained), ZERO)
    cash = sum((abs(Decimal(w["difference"])) for w in ways if w["way"] == "cash"), ZERO)
    return {
        **_head(asked), "date": asked.day.isoformat(), "ways": ways, "missing": str(missing),
        "unexplained": str(open_lines), "difference": str(missing + open_lines + cash),
        "receipts": [
            {"number": n, "way": way, "payer": payer, "amount": str(a), "found": str(f)}
            for n, way, payer, a, f, _ in without[:SHOWN]
        ],
        "lines": [
            {"name": name, "note": note, "amount": str(amount), "open": str(left)}
            for name, note, amount, left, _ in unexplained[:SHOWN]
        ],
        "drill": {"booked": drill.rows("receipts", drill.between("business_date", asked.day, asked.day))},
    }  # fmt: skip


def _way(
    way: str, receipts: list[tuple[Any, ...]], counted: dict[str, Decimal], pos: Decimal, back: Decimal
) -> dict[str, Any]:
    """`back`: what was paid back in cash, which the count doesn't hold any more."""
    mine = [r for r in receipts if r[1] == way]
    booked, bank = sum((r[3] for r in mine), ZERO), sum((r[4] for r in mine), ZERO)
    against = counted.get("cash", ZERO) + back if way == "cash" else bank
    return {
        "way": way, "receipts": len(mine), "booked": str(booked), "bank": str(bank),
        "pos": str(pos) if way == "pos" else "0.00", "counted": str(counted.get(way, ZERO)),
        "difference": str(booked - against),
    }  # fmt: skip
