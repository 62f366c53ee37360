"""Unit-state report (销控报表) and the feedback of visits, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import drill
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.sales import text
from anchang.inventory.queries import unit_state_report
from anchang.kernel.money import ZERO

SOLD = ("subscribed", "signed", "delivered")
#: What was ever put on sale: what is held back or sold again counts, what was never released doesn't.
RELEASED = ("controlled", "available", "held", *SOLD)
STOCK = ("unreleased", "controlled", "available", "held")


def units_report(asked: Asked) -> dict[str, Any]:
    """Units, ㎡ and yuan at list price by building, layout and state at the end of the day asked for (now,
    when none is), with sold ÷ all but retained. One project after the other."""
    day = asked.day if asked.given.get("date") and asked.day < asked.today else None
    found = [
        {"project": {"id": p.pk, "label": p.name}, **unit_state_report(asked.access, p, day)} for p in asked.projects
    ]
    totals: dict[str, list[Any]] = {}
    for one in found:
        for row in one["totals"]:
            total = totals.setdefault(row["state"], [0, ZERO, ZERO])
            total[0] += row["units"]
            total[1] += rules.Decimal(row["area"])
            total[2] += rules.Decimal(row["amount"])
    sold = sum(totals[s][0] for s in SOLD if s in totals)
    every = sum(t[0] for s, t in totals.items() if s != "retained")
    return {
        "projects": asked.named_projects,
        "date": (day or asked.today).isoformat(),
        "basis": "state at the end of the day",
        "totals": [{"state": s, "units": t[0], "area": str(t[1]), "amount": str(t[2])} for s, t in totals.items()],
        "sold": sold,
        "sold_rate": text(rules.rate(sold, every)),
        "sell_through": {
            name: text(rules.rate(_sum_of(totals, SOLD, at), _sum_of(totals, RELEASED, at)))
            for at, name in enumerate(("units", "area", "amount"))
        },
        "stock_value": str(sum((totals[s][2] for s in STOCK if s in totals), ZERO)),
        "by_project": found,
        "drill": {s: drill.rows("units", {"field": "state", "op": "eq", "value": s}) for s in totals}
        if day is None
        else {},
    }


def _sum_of(totals: Mapping[str, Sequence[Any]], states: Sequence[str], at: int) -> Any:
    return sum(totals[s][at] for s in states if s in totals)


_FEEDBACK = """
    SELECT f.key, f.value, count(*) FROM crm_visit x CROSS JOIN LATERAL jsonb_each(x.feedback) f
     WHERE x.project_id = ANY(%(projects)s) AND x.business_date BETWEEN %(first)s AND %(last)s
       AND x.deleted_at IS NULL AND x.feedback <> '{{}}' AND {who}
     GROUP BY 1, 2"""


def feedback_report(asked: Asked) -> dict[str, Any]:
    """Answers to the questions of visits (客户反馈), counted with their shares. An answer of several words
    counts for each."""
    params = {"projects": asked.project_ids, "first": asked.first, "last": asked.last, **asked.who.params()}
    questions: dict[str, Counter[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FEEDBACK.format(who=asked.who.sql("x.consultant_id", "x.team_id")), params)
        for question, answer, count in cursor.fetchall():
            for word in _words(answer):
                questions.setdefault(question, Counter())[word] += count
    rows = []
    for question, answers in sorted(questions.items()):
        ordered = answers.most_common()
        for (answer, count), share in zip(ordered, rules.shares(c for _, c in ordered), strict=True):
            rows.append({"question": question, "answer": answer, "count": count, "share": text(share)})
    return {
        **asked.over_span(),
        "rows": rows,
        "drill": {"count": drill.rows("visits", drill.between("business_date", asked.first, asked.last))},
    }


def _words(answer: Any) -> list[str]:
    """The answers in a JSON value, which the driver may hand over as text."""
    import json

    value = json.loads(answer) if isinstance(answer, str) else answer
    values = value if isinstance(value, list) else [value]
    return [str(v) for v in values if v not in (None, "")]
