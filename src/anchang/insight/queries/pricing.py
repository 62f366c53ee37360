"""What prices cost and where they stand still: discounts by kind (P07), slow-moving units (P15), units withheld from
sale and lists published late (BS02, 捂盘), sales by mode."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from anchang.deals.queries import named_discount_costs
from anchang.insight import rules
from anchang.insight.queries import drill
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.facts import live_sums
from anchang.insight.queries.sales import figures, text
from anchang.inventory.commands import slow_movers
from anchang.inventory.queries import hoarded_units, publication_clock
from anchang.kernel.money import ZERO
from anchang.platform.context import Context

#: Rows on the page; counts and sums are of all.
LISTED = 500
_SOLD = {"field": "state", "op": "in", "value": ["active", "overdue", "change_pending", "terminating", "signed"]}
_FLOWS = (
    "subscribe", "unsubscribe", "subscribe_change", "sign", "terminate", "sign_change", "receive", "refund",
)  # fmt: skip


def discounts_report(asked: Asked) -> dict[str, Any]:
    """What each kind of discount took off the subscriptions of the period, and each discount by its name."""
    costs = named_discount_costs(
        asked.project_ids, asked.first, asked.last, of=asked.who.sql("d.consultant_id", "d.team_id"),
        params=asked.who.params(),
    )  # fmt: skip
    kinds = [row for row in costs if row["name"] is None]
    named = [row for row in costs if row["name"] is not None]
    total = sum((row["amount"] for row in kinds), ZERO)

    def shown(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"amount": str(row["amount"]), "share": text(rules.rate(row["amount"], total))}

    return {
        **asked.over_span("activated_on"),
        "total": str(total),
        "kinds": [{k: v for k, v in shown(row).items() if k != "name"} for row in kinds],
        "rows": [shown(row) for row in named[:LISTED]],
        "drill": {
            "total": drill.rows("subscriptions", drill.between("activated_on", asked.first, asked.last), _SOLD)
        },
    }


def slow_report(asked: Asked) -> dict[str, Any]:
    """Units on sale for long, longest first, with the cut that the parameter suggests. Nobody's own: whole projects."""
    rows = []
    for project in asked.projects if asked.scope == "project" else ():
        for one in slow_movers(Context(asked.access, project)):
            unit = one["unit"]
            rows.append({
                "id": unit.pk, "unit": unit.label, "days": one["days"], "list_total": str(one["old"]),
                "percent": str(one["percent"]), "suggested_total": str(one["new"]),
            })  # fmt: skip
    rows.sort(key=lambda row: -row["days"])
    return {
        **asked.as_of_today(),
        "count": len(rows),
        "list_total": _sum(rows, "list_total"),
        "cut": str(sum((Decimal(r["list_total"]) - Decimal(r["suggested_total"]) for r in rows), ZERO)),
        "rows": rows[:LISTED],
        "drill": {"count": drill.rows("units", {"field": "days_on_sale", "op": "gt", "value": 0})},
    }


def _sum(rows: list[dict[str, Any]], name: str) -> str:
    return str(sum((Decimal(row[name]) for row in rows), ZERO))


def withheld_report(asked: Asked) -> dict[str, Any]:
    """Licences with the day by which their whole list is to be public, and licensed units that are past the limit
    neither on sale nor in a deal, without a reason that somebody gave."""
    clocks, rows = [], []
    for project in asked.projects if asked.scope == "project" else ():
        clocks += publication_clock(project, asked.today)
        rows += [
            {
                "id": unit.pk, "unit": unit.label, "licence": unit.licence.number, "state": unit.state,
                "reason": unit.control_reason, "days": (asked.today - unit.licence.issued_on).days,
                "list_total": None if unit.list_total is None else str(unit.list_total),
            }
            for unit in hoarded_units(project, asked.today) if unit.licence is not None
        ]  # fmt: skip
    return {
        **asked.as_of_today(),
        "withheld": len(rows),
        "late": sum(1 for clock in clocks if clock["standing"] in ("overdue", "late")),
        "licences": clocks,
        "rows": rows[:LISTED],
        "drill": {"withheld": drill.rows("units", {"field": "id", "op": "in", "value": [r["id"] for r in rows[:200]]})}
        if rows
        else {},
    }


def modes_report(asked: Asked) -> dict[str, Any]:
    """Subscription, signing and collection by sales mode (own, agency, online, set off) and agency. Read from the
    records, so a deal whose mode is set right later counts where it belongs."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    keys = ("sales_mode", "agency")
    for item, key, sums in live_sums(asked.project_ids, asked.first, asked.last, _FLOWS, keys, asked.who):
        found.setdefault(key, {})[item] = sums
    wanted = ("subscriptions", "signing", "collection")
    rows = [
        {"mode": mode, "agency": agency, **{name: part for name, part in figures(items).items() if name in wanted}}
        for (mode, agency), items in sorted(found.items())
    ]
    return {
        **asked.over_span(),
        "rows": rows,
        "drill": {},
    }
