"""Deals of staff and connected buyers (员工及关联购房, BS30)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight.queries import drill, labels
from anchang.insight.queries.asked import Asked
from anchang.kernel.money import ZERO

#: Rows on the page; the sums are of all.
LISTED = 500

_KINDS = ("staff", "relative", "connected")
_DEALS = """
    SELECT d.id, d.connected, u.label, k.name, d.consultant_id, d.state, d.list_total, d.total, d.opened_on, c.signed_on
      FROM deals_deal d
      JOIN crm_customer k ON k.project_id = d.project_id AND k.id = d.customer_id
      LEFT JOIN inventory_unit u ON u.project_id = d.project_id AND u.id = d.unit_id
      LEFT JOIN LATERAL (
          SELECT max(x.signed_on) AS signed_on FROM deals_contract x
           WHERE x.project_id = d.project_id AND x.deal_id = d.id AND x.state <> 'voided' AND x.deleted_at IS NULL) c
        ON true
     WHERE d.project_id = ANY(%(projects)s) AND d.connected <> '' AND d.deleted_at IS NULL
       AND d.opened_on BETWEEN %(first)s AND %(last)s AND {who}
     ORDER BY d.opened_on DESC, d.id DESC"""


def connected_report(asked: Asked) -> dict[str, Any]:
    """Deals that were opened in the period and whose buyers are on the list, with how far below the list price."""
    who = asked.who.sql("d.consultant_id", "d.team_id")
    params = {"projects": asked.project_ids, "first": asked.first, "last": asked.last, **asked.who.params()}
    with connection.cursor() as cursor:
        cursor.execute(_DEALS.format(who=who), params)
        rows = cursor.fetchall()
    names = labels.people(r[4] for r in rows)
    return {
        **asked.over_span("opened_on"),
        "deals": len(rows),
        "running": sum(1 for r in rows if r[5] != "ended"),
        "total": str(sum((r[7] or ZERO for r in rows if r[5] != "ended"), ZERO)),
        "off": str(sum((_off(r) for r in rows if r[5] != "ended"), ZERO)),
        "rows": [
            {
                "deal": r[0], "connected": r[1], "unit": r[2], "customer": r[3], "person": names.get(r[4]),
                "state": r[5], "list_total": None if r[6] is None else str(r[6]),
                "total": None if r[7] is None else str(r[7]), "off": str(_off(r)), "opened_on": r[8].isoformat(),
                "signed_on": r[9].isoformat() if r[9] else None,
            }
            for r in rows[:LISTED]
        ],
        "drill": {"deals": drill.rows("deals", {"field": "connected", "op": "in", "value": list(_KINDS)})},
    }  # fmt: skip


def _off(row: Any) -> Decimal:
    return (row[6] - row[7]) if row[6] is not None and row[7] is not None else ZERO
