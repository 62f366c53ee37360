"""The rows behind a number: which resource's list, under which condition."""

from __future__ import annotations

import datetime as dt
from typing import Any

from anchang.insight.queries.asked import Asked

Condition = dict[str, Any]


def between(field: str, first: dt.date, last: dt.date) -> Condition:
    return {"field": field, "op": "between", "value": [first.isoformat(), last.isoformat()]}


def rows(resource: str, *conditions: Condition) -> dict[str, Any]:
    return {
        "resource": resource,
        "where": conditions[0] if len(conditions) == 1 else {"all": list(conditions)},
    }


def _person(asked: Asked, field: str) -> list[Condition]:
    """The filter on persons, where the report is cut to some."""
    if asked.who.users is None:
        return []
    return [{"field": field, "op": "in", "value": list(asked.who.users)}]


def sales(first: dt.date, last: dt.date, asked: Asked) -> dict[str, Any]:
    """By figure. Numbers of closed days may differ from today's rows by late entries (see DayFigure)."""
    live = {"field": "state", "op": "in"}
    held = {"not": {"field": "state", "op": "in", "value": ["draft", "reviewed", "voided"]}}
    return {
        "leads": rows("leads", between("business_date", first, last), *_person(asked, "owner")),
        "new_customers": rows("customers", between("business_date", first, last), *_person(asked, "owner")),
        "calls": rows("call-ins", between("business_date", first, last)),
        "visits": rows("visits", between("business_date", first, last), *_person(asked, "consultant")),
        "first_visits": rows(
            "visits",
            between("business_date", first, last),
            {"field": "seq", "op": "eq", "value": 1},
            *_person(asked, "consultant"),
        ),
        "follow_ups": rows("follow-ups", between("business_date", first, last), *_person(asked, "author")),
        "subscriptions.new": rows(
            "subscriptions",
            between("subscribed_on", first, last),
            {"not": live | {"value": ["draft", "approving", "cancelled"]}},
        ),
        "subscriptions.cancelled": rows(
            "subscriptions", between("ended_on", first, last), live | {"value": ["forfeited", "refunded"]}
        ),
        "signing.new": rows("contracts", between("signed_on", first, last), held),
        "signing.cancelled": rows("contracts", between("terminated_on", first, last), live | {"value": ["terminated"]}),
        "collection.received": rows(
            "receipts",
            between("business_date", first, last),
            {"field": "kind", "op": "eq", "value": "house"},
            {"field": "way", "op": "ne", "value": "offset"},
        ),
        "collection.refunded": rows(
            "refunds", between("paid_on", first, last), {"field": "kind", "op": "eq", "value": "return"}
        ),
    }
