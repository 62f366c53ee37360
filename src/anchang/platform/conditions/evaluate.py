"""Condition on one record in Python, for forms and unsaved records: own and to-one fields only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from anchang.platform import resources
from anchang.platform.conditions.parse import Both, Negated, Node, Test, bad
from anchang.platform.conditions.values import span, typed, upper
from anchang.platform.resources import Field, Resource


def evaluate(node: Node, resource: Resource, record: Any, now: dt.datetime) -> bool:
    """The same answer as the compiled SQL gives for the stored record (a property test holds them equal)."""
    if isinstance(node, Test):
        return _test(node, resource, record, now)
    if isinstance(node, Negated):
        return not evaluate(node.part, resource, record, now)
    found = (evaluate(part, resource, record, now) for part in node.parts)
    return all(found) if isinstance(node, Both) else any(found)


def _test(test: Test, resource: Resource, record: Any, now: dt.datetime) -> bool:
    name, *rest = test.path
    if name == "id" and not rest:
        return _compare(record.pk, Field("id", kind="int"), test, now)
    f = resource.by_name.get(name)
    if f is None or not f.filter or f.expr is not None or f.kind == "many":
        raise bad("unknown_field", field=name[:60])
    value = _read(record, f.path)
    if not rest:
        return _compare(getattr(value, "pk", value) if f.kind == "ref" else value, f, test, now)
    target = resources.ref_target(resource, f)
    if target is None:
        raise bad("not_a_relation", field=name[:60])
    if value is None:
        return False
    return _test(Test(tuple(rest), test.op, test.value), target, value, now)


def _read(record: Any, path: str) -> Any:
    for part in path.split("__"):
        if record is None:
            return None
        record = getattr(record, part)
    return record


def _compare(have: Any, f: Field, test: Test, now: dt.datetime) -> bool:
    op, value = test.op, test.value
    textual = f.kind in ("text", "longtext", "choice", "phone")
    if op == "empty":
        return (have is None or (textual and have == "")) is bool(value)
    if op == "changed":
        raise bad("only_in_rules", field=f.name)
    if op in ("within", "older_than"):
        return _when(have, f, op, value, now)
    if op in ("contains", "starts"):
        if not textual or value in (None, "") or have is None:
            return False
        wanted = typed(f, value)
        return wanted in have if op == "contains" else have.startswith(wanted)
    if op == "in":
        return have is not None and have in {v for v in (typed(f, x) for x in value) if v is not None}
    if op == "between":
        low, high = typed(f, value[0]), upper(f, value[1])
        return None not in (have, low, high) and low <= have <= high
    wanted = upper(f, value) if op in ("lte", "gt") else typed(f, value)
    if have is None or wanted is None:
        return False
    return {
        "eq": lambda: have == wanted, "ne": lambda: have != wanted, "gt": lambda: have > wanted,
        "gte": lambda: have >= wanted, "lt": lambda: have < wanted, "lte": lambda: have <= wanted,
    }[op]()  # fmt: skip


def _when(have: Any, f: Field, op: str, value: Any, now: dt.datetime) -> bool:
    if f.kind not in ("date", "datetime"):
        raise bad("date_expected", field=f.name)
    edge: Any = now - span(value)
    upto: Any = now
    if f.kind == "date":
        edge, upto = timezone.localdate(edge), timezone.localdate(now)
    if have is None:
        return False
    return edge <= have <= upto if op == "within" else have < edge
