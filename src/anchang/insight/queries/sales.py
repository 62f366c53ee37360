"""Sales report of a day, week, month or year (销售日/周/月报) with calls and visits (来电来访)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import drill, labels, sums
from anchang.insight.queries.asked import Asked
from anchang.insight.rules import NOTHING, Sums
from anchang.kernel.clock import period_of

BASIS = "business_date"


def sales_report(asked: Asked) -> dict[str, Any]:
    """The figures of DOMAIN §9 for the period that holds the day, to date for month and year, by channel and
    by person. Closed days come from what the closing stored, so they never change; the share of callers who
    came is exempt from that, as their days run on."""
    period = asked.period
    days = sums.of(asked)
    month, year = period_of("month", asked.day).start, period_of("year", asked.day).start
    spans = ((period.start, period.end), (month, asked.day), (year, asked.day))
    cells, to_month, to_year = days.in_spans(spans, ("user_id", "channel_id"), asked.who)
    total = _added(cells.values())
    answer = {
        "projects": asked.named_projects,
        "date": asked.day.isoformat(),
        "period": {
            "kind": period.kind,
            "key": period.key,
            "from": period.start.isoformat(),
            "to": period.end.isoformat(),
        },
        "basis": BASIS,
        "scope": asked.scope,
        "closed": days.all_closed(period.end),
        **figures(total),
        "call_to_visit": _call_to_visit(asked, period.start, period.end),
        "by_channel": _grouped(_with_channel(cells), 1, labels.channels, "channel"),
        "by_person": _grouped(cells, 0, labels.people, "person"),
        "to_date": {
            "month": {"from": month.isoformat(), **figures(_added(to_month.values()))},
            "year": {"from": year.isoformat(), **figures(_added(to_year.values()))},
        },
        "drill": drill.sales(period.start, period.end, asked),
    }
    return answer | {"attainment": _attainment(asked, total)}


def figures(items: Mapping[str, Sums]) -> dict[str, Any]:
    """Every figure of one column of the report, as JSON values."""

    def count(item: str) -> int:
        return items.get(item, NOTHING).count

    received, refunded = items.get("receive", NOTHING).amount, items.get("refund", NOTHING).amount
    repeats = rules.repeat_visits(items)
    return {
        "leads": count("lead"),
        "new_customers": count("customer"),
        "follow_ups": count("follow_up"),
        "calls": count("call"),
        "first_calls": count("first_call"),
        "visits": count("visit"),
        "first_visits": count("first_visit"),
        "repeat_visits": repeats,
        "repeat_rate": text(rules.rate(repeats, count("visit"))),
        "subscriptions": _flow(items, "subscribe", "unsubscribe", "subscribe_change", rules.net_subscribed(items)),
        "signing": _flow(items, "sign", "terminate", "sign_change", rules.net_signed(items)),
        "collection": {"received": str(received), "refunded": str(refunded), "net": str(received - refunded)},
    }


def _flow(items: Mapping[str, Sums], new: str, cancelled: str, change: str, net: Sums) -> dict[str, Any]:
    return {
        "new": measure(items.get(new, NOTHING)),
        "cancelled": measure(items.get(cancelled, NOTHING)),
        "changes": measure(items.get(change, NOTHING)),
        "net": measure(net) | {"average_price": text(rules.average_price(net))},
    }


def measure(sums_: Sums) -> dict[str, Any]:
    return {"units": sums_.count, "area": str(sums_.area), "amount": str(sums_.amount)}


def text(value: object) -> str | None:
    return None if value is None else str(value)


def _added(parts: Any) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for items in parts:
        for item, one in items.items():
            found[item] = found.get(item, NOTHING) + one
    return found


def _with_channel(cells: sums.ByKey) -> sums.ByKey:
    """Without the items that have no channel."""
    found = {key: {i: s for i, s in items.items() if i != "follow_up"} for key, items in cells.items()}
    return {key: items for key, items in found.items() if items}


def _grouped(cells: sums.ByKey, at: int, names: Any, word: str) -> list[dict[str, Any]]:
    groups: dict[int | None, list[Mapping[str, Sums]]] = {}
    for key, items in cells.items():
        groups.setdefault(key[at], []).append(items)
    known = names(groups)
    rows = [
        {
            word: known.get(key) or (None if key is None else {"id": key, "label": str(key)}),
            **figures(_added(parts)),
        }
        for key, parts in groups.items()
    ]
    return sorted(rows, key=lambda r: (r[word] is None, r[word]["label"] if r[word] else ""))


_CALLERS = """
    SELECT count(*), count(*) FILTER (WHERE came) FROM (
        SELECT bool_or(x.customer_id IS NOT NULL AND EXISTS (
            SELECT FROM crm_visit v WHERE v.project_id = x.project_id AND v.customer_id = x.customer_id
               AND v.deleted_at IS NULL
               AND v.business_date BETWEEN x.business_date AND x.business_date + %(days)s)) AS came
          FROM crm_callin x
         WHERE x.project_id = ANY(%(projects)s) AND x.business_date BETWEEN %(first)s AND %(last)s
           AND x.deleted_at IS NULL AND {who}
         GROUP BY x.project_id, CASE WHEN x.customer_id IS NOT NULL THEN 'c' || x.customer_id
                                     WHEN x.phone_digest <> '' THEN x.phone_digest
                                     ELSE 'i' || x.id END) callers"""


def _call_to_visit(asked: Asked, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Callers of the period, and those who came within the days of the parameter."""
    days = int(asked.param("insight.call_visit_days"))
    sql = _CALLERS.format(who=asked.who.sql("coalesce(x.passed_to_id, x.taken_by_id)", "x.team_id"))
    params = {"projects": asked.project_ids, "first": first, "last": last, "days": days, **asked.who.params()}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        callers, came = cursor.fetchone()
    return {"callers": callers, "came": came, "within_days": days, "rate": text(rules.rate(came, callers))}


def _attainment(asked: Asked, total: Mapping[str, Sums]) -> dict[str, Any] | None:
    """Net signing ÷ target of the month; None for other periods and where no target is set."""
    if asked.kind != "month" or len(asked.projects) != 1 or asked.who.users or asked.who.team_id:
        return None
    units, amount = asked.param("insight.target_units"), asked.param("insight.target_amount")
    net = rules.net_signed(total)
    return {
        "target_units": units,
        "units_rate": text(rules.rate(net.count, int(units))) if units else None,
        "target_amount": text(amount),
        "amount_rate": text(rules.rate(net.amount, rules.Decimal(str(amount)))) if amount else None,
    }
