"""Attainment of the year's plan (计划完成率): targets of the first and of the newest version beside the books."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import drill, labels, sums
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.facts import live_sums
from anchang.insight.queries.sales import text
from anchang.insight.rules import NOTHING, Sums
from anchang.kernel.clock import period_of
from anchang.kernel.money import ZERO

_TARGETS = """
    SELECT p.edition = 1, t.month, t.product_type, t.user_id, sum(t.units), sum(t.area), sum(t.amount),
           sum(t.collection)
      FROM insight_salesplan p JOIN insight_plantarget t ON t.project_id = p.project_id AND t.plan_id = p.id
     WHERE p.project_id = ANY(%(projects)s) AND p.year = %(year)s AND p.deleted_at IS NULL
       AND p.state IN ('approved', 'replaced') AND {which}
     GROUP BY 1, 2, 3, 4"""
_FIRST = "p.edition = 1"
_IN_FORCE = "p.state = 'approved'"


@dataclass(frozen=True)
class Measure:
    """Units, ㎡, yuan signed net, and yuan collected."""

    units: int = 0
    area: Decimal = ZERO
    amount: Decimal = ZERO
    collection: Decimal = ZERO

    def __add__(self, other: Measure) -> Measure:
        return Measure(
            self.units + other.units, self.area + other.area, self.amount + other.amount,
            self.collection + other.collection,
        )  # fmt: skip


NONE = Measure()
Targets = dict[tuple[int, str, int | None], Measure]


def plan_report(asked: Asked) -> dict[str, Any]:
    """The year that holds the day: by month, product type and person what was planned (first and current
    version), net signed and collected, and the attainment by either version. The project's target is the sum of
    targets without a person; persons' targets stand beside them."""
    year = period_of("year", asked.day)
    first = _targets(asked.project_ids, year.start.year, _FIRST)
    current = targets_of(asked.project_ids, year.start.year)
    months = _months(asked, year.start.year)
    people = _people(asked, year.start, year.end)
    products = _products(asked, year.start, year.end)
    names = labels.people([*people, *(user for _m, _p, user in current), *(user for _m, _p, user in first)])
    by_month = [
        {"month": f"{year.start.year}-{month:02d}", **_compared(
            _pick(first, month=month), _pick(current, month=month), done
        )}
        for month, done in months.items()
    ]  # fmt: skip
    total = sum(months.values(), NONE)
    return {
        "projects": asked.named_projects,
        "date": asked.day.isoformat(),
        "year": year.start.year,
        "basis": "business_date",
        "scope": asked.scope,
        "planned": bool(current),
        "total": _compared(_pick(first), _pick(current), total),
        "to_date": _compared(
            _until(first, asked.day.month), _until(current, asked.day.month),
            sum((done for month, done in months.items() if month <= asked.day.month), NONE),
        ),
        "by_month": by_month,
        "by_product": [
            {"product_type": name, **_compared(
                _pick(first, product=name), _pick(current, product=name), products.get(name, NONE)
            )}
            for name in sorted({*products, *(p for _m, p, user in current if user is None)})
        ],
        "by_person": [
            {"person": names.get(user), **_compared(_of(first, user), _of(current, user), people.get(user, NONE))}
            for user in sorted({*people, *(u for _m, _p, u in current if u is not None)}, key=str)
        ],
        "drill": {
            "signed": drill.rows("contracts", drill.between("signed_on", year.start, year.end)),
            "collection": drill.rows("receipts", drill.between("business_date", year.start, year.end)),
        },
    }  # fmt: skip


def targets_of(project_ids: Sequence[int], year: int) -> Targets:
    """The targets of the plans in force."""
    return _targets(project_ids, year, _IN_FORCE)


def project_target(targets: Targets, month: int) -> Measure:
    """What the whole project is to reach in a month."""
    return _pick(targets, month=month)


def _targets(project_ids: Sequence[int], year: int, which: str) -> Targets:
    with connection.cursor() as cursor:
        cursor.execute(_TARGETS.format(which=which), {"projects": list(project_ids), "year": year})
        return {
            (month, product, user): Measure(int(units), area, amount, collection)
            for _first, month, product, user, units, area, amount, collection in cursor.fetchall()
        }


def _pick(targets: Targets, month: int | None = None, product: str | None = None) -> Measure:
    """The project's own targets. Rows of product types count only where none is given for all types."""
    own = {key: value for key, value in targets.items() if key[2] is None}
    if product is not None:
        return sum((v for (_m, p, _u), v in own.items() if p == product), NONE)
    found = NONE
    for at in {m for m, _p, _u in own}:
        if month in (None, at):
            whole = own.get((at, "", None))
            found += whole or sum((v for (m, _p, _u), v in own.items() if m == at), NONE)
    return found


def _until(targets: Targets, month: int) -> Measure:
    return sum((_pick(targets, month=m) for m in range(1, month + 1)), NONE)


def _of(targets: Targets, user: int | None) -> Measure:
    if user is None:
        return NONE
    return sum((v for (_m, _p, u), v in targets.items() if u == user), NONE)


def _measure(items: Mapping[str, Sums]) -> Measure:
    net = rules.net_signed(items)
    return Measure(net.count, net.area, net.amount, rules.collected(items))


def _months(asked: Asked, year: int) -> dict[int, Measure]:
    spans = [(p.start, p.end) for p in (period_of("month", dt.date(year, m, 1)) for m in range(1, 13))]
    found = sums.of(asked).in_spans(spans, (), asked.who)
    return {month: _measure(by_key.get((), {})) for month, by_key in enumerate(found, 1)}


def _people(asked: Asked, first: dt.date, last: dt.date) -> dict[int | None, Measure]:
    cells = sums.of(asked).sums(first, last, keys=("user_id",), items=_USED, who=asked.who)
    return {key[0]: _measure(items) for key, items in cells.items() if key[0] is not None}


_USED = ("sign", "terminate", "sign_change", "receive", "refund")


def _products(asked: Asked, first: dt.date, last: dt.date) -> dict[str, Measure]:
    """From the records, also of closed days: those are not kept by product type."""
    cells: dict[str, dict[str, Sums]] = defaultdict(dict)
    for item, (product,), one in live_sums(asked.project_ids, first, last, _USED, ("product_type",), asked.who):
        cells[product][item] = cells[product].get(item, NOTHING) + one
    return {product: _measure(items) for product, items in cells.items()}


def _compared(first: Measure, current: Measure, done: Measure) -> dict[str, Any]:
    return {
        "first": _shown(first), "current": _shown(current), "done": _shown(done),
        "attainment": {name: text(rules.rate(getattr(done, name), getattr(current, name))) for name in _NAMES},
        "attainment_first": {name: text(rules.rate(getattr(done, name), getattr(first, name))) for name in _NAMES},
    }  # fmt: skip


_NAMES = ("units", "area", "amount", "collection")


def _shown(measure: Measure) -> dict[str, Any]:
    return {name: v if isinstance(v := getattr(measure, name), int) else str(v) for name in _NAMES}
