"""A month's figures of a project from the records, beside those that were frozen (F10); the year's budget (F18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from anchang.finance.models import Expense, ExpensePlan
from anchang.insight import rules
from anchang.insight.models import MonthStatement
from anchang.insight.queries import drill, plans, sums
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.facts import live_sums
from anchang.insight.rules import NOTHING, Sums
from anchang.kernel.clock import period_of
from anchang.kernel.money import ZERO

Figures = list[dict[str, Any]]

_SALES = ("subscribe", "unsubscribe", "subscribe_change", "sign", "terminate", "sign_change")
_MONEY = ("receive", "refund")

_RECEIVABLES = """
    SELECT sum(amount) FILTER (WHERE due_on >= %(first)s), sum(paid) FILTER (WHERE due_on >= %(first)s),
           sum(amount), sum(paid)
      FROM (SELECT l.due_on, l.amount, coalesce((
                SELECT sum(a.amount) FROM finance_allocation a
                 WHERE a.project_id = l.project_id AND a.receivable_id = l.id
                   AND a.business_date <= %(last)s), 0) AS paid
              FROM finance_receivable l
             WHERE l.project_id = %(project)s AND l.due_on <= %(last)s AND NOT l.voided AND l.house
               AND l.deleted_at IS NULL) lines"""

_EXPENSES = """
    SELECT s.code, s.name, sum(e.incurred), sum(e.paid)
      FROM (SELECT subject_id, amount AS incurred, 0::numeric AS paid FROM finance_expense
             WHERE project_id = %(project)s AND incurred_on BETWEEN %(first)s AND %(last)s AND state = 'approved'
               AND deleted_at IS NULL
            UNION ALL
            SELECT e.subject_id, 0, p.amount FROM finance_expensepayment p
              JOIN finance_expense e ON e.project_id = p.project_id AND e.id = p.expense_id
             WHERE p.project_id = %(project)s AND p.paid_on BETWEEN %(first)s AND %(last)s) e
      JOIN finance_expensesubject s ON s.project_id = %(project)s AND s.id = e.subject_id
     GROUP BY 1, 2 ORDER BY 1"""


def figures_of(project_id: int, first: dt.date, last: dt.date) -> Figures:
    """Sales, collection, receivables and expenses between two days. Three statements."""
    items: dict[str, Sums] = {}
    for item, _key, one in live_sums([project_id], first, last, (*_SALES, *_MONEY)):
        items[item] = items.get(item, NOTHING) + one
    params: dict[str, Any] = {"project": project_id, "first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVABLES, params)
        due, due_paid, due_ever, paid_ever = (value or ZERO for value in cursor.fetchone())
        cursor.execute(_EXPENSES, params)
        expenses = cursor.fetchall()
    sales = {item: items.get(item, NOTHING) for item in _SALES}
    sales |= {"subscribe_net": rules.net_subscribed(items), "sign_net": rules.net_signed(items)}
    received, refunded = (items.get(item, NOTHING).amount for item in _MONEY)
    money = {"received": received, "refunded": refunded, "collected": received - refunded}
    owed = {"due": due, "due_collected": due_paid, "due_to_date": due_ever, "overdue": due_ever - paid_ever}
    spent = {"incurred": sum((r[2] for r in expenses), ZERO), "paid": sum((r[3] for r in expenses), ZERO)}
    return [
        *(_line("sales", code, units=one.count, area=one.area, amount=one.amount) for code, one in sales.items()),
        *(_line("collection", code, amount=amount) for code, amount in money.items()),
        *(_line("receivables", code, amount=amount) for code, amount in owed.items()),
        *(_line("expenses", code, amount=amount) for code, amount in spent.items()),
        *(_line("subjects", code, name, amount=amount) for code, name, amount, _paid in expenses if amount),
    ]  # fmt: skip


def _line(
    section: str, code: str, name: str = "", *, units: int = 0, area: Decimal = ZERO, amount: Decimal = ZERO
) -> dict[str, Any]:
    return {
        "section": section, "code": code, "name": name, "units": units, "area": f"{area:.2f}", "amount": f"{amount:.2f}"
    }


def statement_report(asked: Asked) -> dict[str, Any]:
    """The month that holds the day, by project: as frozen, as the records say now, and the difference. A month that
    isn't frozen has its figures of now alone."""
    month = period_of("month", asked.day)
    rows: Figures = []
    frozen_at = None
    for project in asked.projects:
        held = MonthStatement.objects.filter(project=project, month=month.start).first()
        now = figures_of(project.pk, month.start, month.end)
        rows += [{"project": project.name} | row for row in compared(held.figures if held else None, now)]
        frozen_at = held.frozen_at.isoformat() if held else frozen_at
    return {
        "projects": asked.named_projects, "month": f"{month.start:%Y-%m}", "date": asked.day.isoformat(),
        "basis": "business_date", "scope": asked.scope, "frozen_at": frozen_at, "closed": frozen_at is not None,
        "differences": sum(1 for row in rows if row["difference"] not in (None, "0.00") or row["units_difference"]),
        "rows": rows,
        "drill": {"sign_net": drill.rows("contracts", drill.between("signed_on", month.start, month.end))},
    }  # fmt: skip


def compared(frozen: Figures | None, now: Figures) -> Figures:
    """Line by line: `amount` as frozen (as now, where nothing is), `now`, and what has changed since."""
    if frozen is None:
        return [row | {"now": row["amount"], "difference": None, "units_difference": 0} for row in now]
    found = []
    held, current = ({(r["section"], r["code"]): r for r in side} for side in (frozen, now))
    for key in dict.fromkeys([*held, *current]):
        row = held.get(key) or _line(*key, str(current[key]["name"]))
        other = current.get(key) or _line(*key)
        found.append(row | {
            "now": other["amount"], "difference": str(Decimal(other["amount"]) - Decimal(row["amount"])),
            "units_difference": int(other["units"]) - int(row["units"]),
        })  # fmt: skip
    return found


# --- the budget -----------------------------------------------------------------------------------

MEASURES = ("sales", "collection", "expense")


def planned(project_ids: Sequence[int], year: int) -> dict[int, dict[str, Decimal]]:
    """month -> planned sales and collection by the plan in force, and approved expense plans. Two statements."""
    targets = plans.targets_of(project_ids, year)
    spent = ExpensePlan.objects.filter(project__in=project_ids, month__year=year, state=ExpensePlan.State.APPROVED)
    found = {m: dict.fromkeys(MEASURES, ZERO) for m in range(1, 13)}
    for month, cell in found.items():
        measure = plans.project_target(targets, month)
        cell["sales"], cell["collection"] = measure.amount, measure.collection
    for day, amount in spent.values_list("month", "amount"):
        found[day.month]["expense"] += amount
    return found


def actual_of(figures: Figures) -> dict[str, Decimal]:
    """The budget's measures out of a month's figures."""
    by_key = {(row["section"], row["code"]): Decimal(str(row["amount"])) for row in figures}
    return {
        "sales": by_key.get(("sales", "sign_net"), ZERO),
        "collection": by_key.get(("collection", "collected"), ZERO),
        "expense": by_key.get(("expenses", "incurred"), ZERO),
    }


def budget_report(asked: Asked) -> dict[str, Any]:
    """The year that holds the day: planned and actual sales, collection and expenses by month. Frozen months have
    their frozen figures, past ones that aren't frozen those of now, later ones none."""
    year = asked.day.year
    plan = planned(asked.project_ids, year)
    actual = _actuals(asked, year)
    rows = [
        {"month": f"{year}-{month:02d}", "frozen": actual[month][1]}
        | _measures(plan[month], actual[month][0])
        for month in range(1, 13)
    ]
    total = {m: sum((p[m] for p in plan.values()), ZERO) for m in MEASURES}
    done = {m: sum((a[m] for a, _frozen in actual.values() if a), ZERO) for m in MEASURES}
    return {
        "projects": asked.named_projects, "year": year, "date": asked.day.isoformat(), "basis": "business_date",
        "scope": asked.scope, "total": _measures(total, done), "rows": rows,
        "drill": {"expense": drill.rows("expenses", drill.between("incurred_on", dt.date(year, 1, 1), asked.day))},
    }  # fmt: skip


def _measures(plan: Mapping[str, Decimal], done: Mapping[str, Decimal] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in MEASURES:
        found[f"{name}_plan"] = f"{plan[name]:.2f}"
        found[f"{name}_actual"] = f"{done[name]:.2f}" if done else None
        rate = rules.rate(done[name], plan[name]) if done else None
        found[f"{name}_rate"] = None if rate is None else str(rate)
    return found


def _actuals(asked: Asked, year: int) -> dict[int, tuple[dict[str, Decimal] | None, bool]]:
    """month -> its measures, and whether every project has frozen it; None for months to come. Two statements, and
    three for every project that has open months."""
    held: dict[int, dict[int, Figures]] = {}
    for one in MonthStatement.objects.filter(project__in=asked.project_ids, month__year=year):
        held.setdefault(one.project_id, {})[one.month.month] = one.figures
    past = [m for m in range(1, 13) if dt.date(year, m, 1) <= asked.today]
    sums_: dict[int, dict[str, Decimal]] = {m: dict.fromkeys(MEASURES, ZERO) for m in past}
    spent = _spent(asked.project_ids, year)
    for pk in asked.project_ids:
        frozen = held.get(pk, {})
        opened = [m for m in past if m not in frozen]
        for month, found in (_open_months(pk, year, opened, spent) | _frozen(frozen, past)).items():
            for name in MEASURES:
                sums_[month][name] += found[name]
    return {
        m: (sums_.get(m), m in sums_ and all(m in held.get(pk, {}) for pk in asked.project_ids)) for m in range(1, 13)
    }


def _frozen(figures: Mapping[int, Figures], months: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    return {m: actual_of(figures[m]) for m in months if m in figures}


def _open_months(
    project_id: int, year: int, months: Sequence[int], spent: Mapping[tuple[int, int], Decimal]
) -> dict[int, dict[str, Decimal]]:
    """Months that aren't frozen, as the daily figures and the records say."""
    if not months:
        return {}
    spans = [(p.start, p.end) for p in (period_of("month", dt.date(year, m, 1)) for m in months)]
    cells = sums.Days([project_id]).in_spans(spans, ())
    found = {}
    for month, by_key in zip(months, cells, strict=True):
        items = by_key.get((), {})
        found[month] = {
            "sales": rules.net_signed(items).amount, "collection": rules.collected(items),
            "expense": spent.get((project_id, month), ZERO),
        }  # fmt: skip
    return found


def _spent(project_ids: Sequence[int], year: int) -> dict[tuple[int, int], Decimal]:
    """(project, month) -> approved expenses."""
    rows = Expense.objects.filter(project__in=project_ids, incurred_on__year=year, state=Expense.State.APPROVED)
    added = rows.order_by().values_list("project_id", "incurred_on__month").annotate(sum=Sum("amount"))
    return {(project, month): amount for project, month, amount in added}
