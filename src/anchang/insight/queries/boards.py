"""Boards of late deals (逾期台账): signed, not collected, and why."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import drill, labels
from anchang.insight.queries.asked import Asked
from anchang.insight.words import delay_reasons
from anchang.kernel.money import ZERO

#: Rows on the page; the sums are of all.
LISTED = 500

_REASONS = """
    SELECT DISTINCT ON (x.deal_id) x.deal_id, x.reason, x.next_action, x.next_on, x.by_id
      FROM insight_delayreason x WHERE x.project_id = ANY(%(projects)s) AND x.deal_id = ANY(%(deals)s)
     ORDER BY x.deal_id, x.id DESC"""


def reasons(asked: Asked, deals: Iterable[int]) -> dict[int, dict[str, Any]]:
    """deal -> the newest word about its delay."""
    words = delay_reasons(asked.projects[0].pk if asked.projects else None)
    with connection.cursor() as cursor:
        cursor.execute(_REASONS, {"projects": asked.project_ids, "deals": list(deals)})
        return {
            deal: {"reason": str(words.get(reason, reason)), "next_action": action, "next_on": day.isoformat()}
            for deal, reason, action, day, _by in cursor.fetchall()
        }


NO_REASON = {"reason": None, "next_action": None, "next_on": None}

_UNCOLLECTED = """
    WITH lines AS MATERIALIZED (
        SELECT l.project_id, l.deal_id, sum(l.balance) AS open,
               sum(l.balance) FILTER (WHERE l.money = 'cash') AS cash,
               sum(l.balance) FILTER (WHERE l.money = 'bank') AS bank,
               sum(l.balance) FILTER (WHERE l.money = 'fund') AS fund,
               sum(l.balance) FILTER (WHERE l.due_on < %(today)s) AS late, min(l.due_on) AS due
          FROM finance_receivable l
         WHERE l.project_id = ANY(%(projects)s) AND NOT l.voided AND l.house AND l.balance > 0
           AND l.deleted_at IS NULL AND l.contract_id IS NOT NULL
         GROUP BY 1, 2)
    SELECT x.id, x.deal_id, x.number, u.label, k.name, x.total, l.open, l.cash, l.bank, l.fund, l.late, l.due,
           d.consultant_id, x.signed_on
      FROM lines l
      JOIN deals_contract x ON x.project_id = l.project_id AND x.deal_id = l.deal_id
       AND x.state IN ('signed', 'filed', 'delivered', 'titled', 'change_pending') AND x.deleted_at IS NULL
      JOIN deals_deal d ON d.project_id = x.project_id AND d.id = x.deal_id
      JOIN inventory_unit u ON u.project_id = x.project_id AND u.id = x.unit_id
      JOIN crm_customer k ON k.project_id = x.project_id AND k.id = x.customer_id
     WHERE {who}
     ORDER BY l.due, x.id"""


def uncollected_report(asked: Asked) -> dict[str, Any]:
    """Signed, not collected (签约未回款): what contracts still owe, by who pays it, and for each late one its days,
    amount, reason and next step. The sums equal the open lines of the ledger."""
    who = asked.who.sql("d.consultant_id", "d.team_id")
    params = {"projects": asked.project_ids, "today": asked.today, **asked.who.params()}
    with connection.cursor() as cursor:
        cursor.execute(_UNCOLLECTED.format(who=who), params)
        rows = cursor.fetchall()
    names = labels.people(r[12] for r in rows)
    said = reasons(asked, [r[1] for r in rows[:LISTED]])
    buckets: dict[str, list[Any]] = {"not_due": [0, ZERO], **{n: [0, ZERO] for _d, n in rules.OVERDUE_BUCKETS}}
    buckets[">90"] = [0, ZERO]
    for row in rows:
        one = buckets["not_due" if row[11] >= asked.today else rules.overdue_bucket(row[11], asked.today)]
        one[0] += 1
        one[1] += row[6]
    return {
        **asked.as_of_today(),
        "contracts": len(rows),
        "open": str(_sum(rows, 6)),
        "cash": str(_sum(rows, 7)),
        "bank": str(_sum(rows, 8)),
        "fund": str(_sum(rows, 9)),
        "late": str(_sum(rows, 10)),
        "buckets": [{"bucket": n, "contracts": c, "amount": str(a)} for n, (c, a) in buckets.items()],
        "listed": min(len(rows), LISTED),
        "rows": [
            {
                "id": r[0], "deal": r[1], "number": r[2], "unit": r[3], "customer": r[4], "total": str(r[5]),
                "open": str(r[6]), "late": str(r[10] or ZERO), "due_on": r[11].isoformat(),
                "overdue_days": max((asked.today - r[11]).days, 0), "person": names.get(r[12]),
                "signed_on": r[13].isoformat() if r[13] else None, **said.get(r[1], NO_REASON),
            }
            for r in rows[:LISTED]
        ],
        "drill": {
            "open": drill.rows("receivables", {"field": "balance", "op": "gt", "value": "0.00"}),
            "late": drill.rows(
                "receivables",
                {"field": "due_on", "op": "lt", "value": asked.today.isoformat()},
                {"field": "balance", "op": "gt", "value": "0.00"},
            ),
        },
    }  # fmt: skip


def _sum(rows: Iterable[Any], at: int) -> Decimal:
    return sum((r[at] or ZERO for r in rows), ZERO)
