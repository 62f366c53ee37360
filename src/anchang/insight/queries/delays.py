"""The seller's delays (逾期交房、逾期办证): days, amount and provision by unit, from the ledger."""

from __future__ import annotations

from typing import Any

from django.db import connection

from anchang.insight.queries import drill
from anchang.insight.queries.asked import Asked
from anchang.kernel.money import ZERO

#: Rows on the page; the sums are of all.
LISTED = 500

_DELAYS = """
    SELECT l.kind, u.label, x.number, k.name, l.due_on, l.ended_on, l.days, l.excused_days, l.amount, l.provided,
           l.through, p.name
      FROM affairs_sellerliability l
      JOIN deals_contract x ON x.project_id = l.project_id AND x.id = l.contract_id
      JOIN deals_deal d ON d.project_id = l.project_id AND d.id = l.deal_id
      JOIN inventory_unit u ON u.project_id = x.project_id AND u.id = x.unit_id
      JOIN crm_customer k ON k.project_id = x.project_id AND k.id = x.customer_id
      JOIN platform_project p ON p.id = l.project_id
     WHERE l.project_id = ANY(%(projects)s) AND l.deleted_at IS NULL AND (l.days > 0 OR l.provided <> 0) AND {who}
     ORDER BY l.amount DESC, l.id"""


def delays_report(asked: Asked) -> dict[str, Any]:
    """For every unit what the seller owes for being late, and what is provided for. Sums equal the ledger's."""
    who = asked.who.sql("d.consultant_id", "d.team_id")
    with connection.cursor() as cursor:
        cursor.execute(_DELAYS.format(who=who), {"projects": asked.project_ids, **asked.who.params()})
        rows = cursor.fetchall()
    kinds = {kind: [r for r in rows if r[0] == kind] for kind in ("delivery", "title")}
    return {
        **asked.as_of_today(),
        "amount": str(sum((r[8] for r in rows), ZERO)), "provided": str(sum((r[9] for r in rows), ZERO)),
        "open": str(sum((r[8] - r[9] for r in rows), ZERO)),
        "kinds": [
            {"kind": kind, "units": len(found), "amount": str(sum((r[8] for r in found), ZERO)),
             "provided": str(sum((r[9] for r in found), ZERO))}
            for kind, found in kinds.items()
        ],
        "listed": min(len(rows), LISTED),
        "rows": [
            {
                "kind": r[0], "unit": r[1], "number": r[2], "customer": r[3], "due_on": r[4].isoformat(),
                "ended_on": r[5].isoformat() if r[5] else None, "days": r[6], "excused_days": r[7],
                "amount": str(r[8]), "provided": str(r[9]), "open": str(r[8] - r[9]), "through": r[10].isoformat(),
                "project": r[11],
            }
            for r in rows[:LISTED]
        ],
        "drill": {"open": drill.rows("seller-liabilities", {"field": "days", "op": "gt", "value": 0})},
    }  # fmt: skip
