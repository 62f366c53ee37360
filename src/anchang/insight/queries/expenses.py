"""The ledger of marketing expenses (费用台账, F14): target, plans, incurred, paid and left, by subject and month.
Spending whose subject has no target is in it too: the sums are those of the expenses and payments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight.queries import drill
from anchang.insight.queries.asked import Asked
from anchang.insight.rules import rate
from anchang.kernel.money import ZERO

#: What each row adds to, by subject and month; a target is of the year, month 0.
_LEDGER = """
    SELECT s.code, s.name, x.month, sum(x.target), sum(x.planned), sum(x.incurred), sum(x.paid)
      FROM (SELECT project_id, subject_id, 0 AS month, amount AS target, 0::numeric AS planned, 0::numeric AS incurred,
                   0::numeric AS paid
              FROM finance_expensetarget
             WHERE project_id = ANY(%(projects)s) AND year = %(year)s AND state = 'approved' AND deleted_at IS NULL
            UNION ALL
            SELECT project_id, subject_id, extract(month FROM month)::int, 0, amount, 0, 0 FROM finance_expenseplan
             WHERE project_id = ANY(%(projects)s) AND month BETWEEN %(first)s AND %(last)s AND state = 'approved'
               AND deleted_at IS NULL
            UNION ALL
            SELECT project_id, subject_id, extract(month FROM incurred_on)::int, 0, 0, amount, 0 FROM finance_expense
             WHERE project_id = ANY(%(projects)s) AND incurred_on BETWEEN %(first)s AND %(last)s AND state <> 'voided'
               AND deleted_at IS NULL
            UNION ALL
            SELECT p.project_id, e.subject_id, extract(month FROM p.paid_on)::int, 0, 0, 0, p.amount
              FROM finance_expensepayment p
              JOIN finance_expense e ON e.project_id = p.project_id AND e.id = p.expense_id
             WHERE p.project_id = ANY(%(projects)s) AND p.paid_on BETWEEN %(first)s AND %(last)s) x
      JOIN finance_expensesubject s ON s.project_id = x.project_id AND s.id = x.subject_id
     GROUP BY 1, 2, 3 ORDER BY 1, 3"""
_PARTS = ("target", "planned", "incurred", "paid")


def expenses_report(asked: Asked) -> dict[str, Any]:
    """The year that holds the day. One statement."""
    year = asked.day.year
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    with connection.cursor() as cursor:
        cursor.execute(_LEDGER, {"projects": asked.project_ids, "year": year, "first": first, "last": last})
        found = cursor.fetchall()
    subjects: dict[tuple[str, str], list[Decimal]] = {}
    months: dict[int, list[Decimal]] = {month: [ZERO] * 4 for month in range(1, 13)}
    for code, name, month, *amounts in found:
        for sums in (subjects.setdefault((code, name), [ZERO] * 4), months.get(month)):
            if sums is not None:
                sums[:] = [a + b for a, b in zip(sums, amounts, strict=True)]
    total = [sum(column, ZERO) for column in zip(*subjects.values(), strict=True)] or [ZERO] * 4
    return {
        "projects": asked.named_projects, "year": year, "date": asked.day.isoformat(), "basis": "incurred_on",
        "scope": asked.scope, "total": _cells(total),
        "without_target": str(sum((s[2] for s in subjects.values() if not s[0]), ZERO)),
        "rows": list(_rows(subjects)),
        "months": [{"month": f"{year}-{m:02d}", **_cells(sums)} for m, sums in months.items()],
        "drill": {
            "incurred": drill.rows(
                "expenses", drill.between("incurred_on", first, last), {"field": "state", "op": "ne", "value": "voided"}
            ),
            "target": drill.rows("expense-targets", {"field": "year", "op": "eq", "value": year}),
        },
    }  # fmt: skip


def _rows(subjects: dict[tuple[str, str], list[Decimal]]) -> Iterator[dict[str, Any]]:
    for (code, name), sums in subjects.items():
        yield {"code": code, "subject": name, "has_target": bool(sums[0]), **_cells(sums)}


def _cells(sums: list[Decimal]) -> dict[str, Any]:
    """Amounts, what is left of the target (below zero beyond it), and how much of it is used; None without a target."""
    target, _planned, incurred, _paid = sums
    used = rate(incurred, target)
    return {
        **{name: f"{amount:.2f}" for name, amount in zip(_PARTS, sums, strict=True)},
        "remaining": f"{target - incurred:.2f}", "used": None if used is None else str(used),
    }  # fmt: skip
