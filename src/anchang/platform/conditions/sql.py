"""Condition -> Django Q. SQL is the reference meaning."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import BaseExpression
from django.utils import timezone

from anchang.platform import resources, several
from anchang.platform.access import Access
from anchang.platform.conditions.parse import Both, Negated, Node, Test, bad
from anchang.platform.conditions.values import span, typed, upper
from anchang.platform.reaching import reach
from anchang.platform.resources import Field, Resource, Through

FALSE = Q(pk__in=[])
_COMPARE = {"gt": "__gt", "gte": "__gte", "lt": "__lt", "lte": "__lte"}


def compile_condition(
    node: Node, resource: Resource, access: Access | None, project_ids: tuple[int, ...], now: dt.datetime
) -> tuple[Q, dict[str, BaseExpression]]:
    """The Q and the annotations it needs. `access` None: the caller is the system (stored scopes, rules)."""
    annotations: dict[str, BaseExpression] = {}
    return _node(node, resource, access, project_ids, now, annotations), annotations


def _node(node: Node, *rest: Any) -> Q:
    if isinstance(node, Test):
        return _test(node, *rest)
    if isinstance(node, Negated):
        return ~_node(node.part, *rest)
    found = [_node(part, *rest) for part in node.parts]
    if isinstance(node, Both):
        q = Q()
        for part in found:
            q &= part
        return q
    if not found:
        return FALSE
    q = found[0]
    for part in found[1:]:
        q |= part
    return q


def readable_field(resource: Resource, name: str, access: Access | None, project_ids: tuple[int, ...]) -> Field:
    """The declared field, if the actor may read and filter by it; the same answer for a field that isn't there."""
    f = resource.by_name.get(name)
    if f is None or not f.filter or f.value is not None:
        raise bad("unknown_field", field=name[:60])
    if access is not None and access.field_mode(resource.name, name, project_ids) == "hide":
        raise bad("unknown_field", field=name[:60])
    return f


def _test(
    test: Test,
    resource: Resource,
    access: Access | None,
    project_ids: tuple[int, ...],
    now: dt.datetime,
    annotations: dict[str, BaseExpression],
) -> Q:
    name, *rest = test.path
    if name == "id" and not rest:
        return _compare("id", Field("id", kind="int"), test, now)
    if rest and (related := _to_many(resource, name)):
        return _some(related, resource, tuple(rest), test, access, project_ids, now)
    f = readable_field(resource, name, access, project_ids)
    if f.through is not None:
        return _one_of_several(f, f.through, tuple(rest), test, access, project_ids, now)
    if not rest:
        path = f.path
        if f.expr is not None:
            path = f"_{name}"
            annotations[path] = f.expr
        return _compare(path, f, test, now)
    return _hop(resource, f, tuple(rest), test, access, project_ids, now)


def _one_of_several(
    f: Field, through: Through, rest: tuple[str, ...], test: Test, access: Access | None,
    project_ids: tuple[int, ...], now: dt.datetime,
) -> Q:  # fmt: skip
    """`eq` and `in`: one of them is there, by id or by its words; `ne`: this one isn't; `empty`: there is none."""
    rows = several.pairs(through)
    if test.op == "empty" and not rest:
        return ~Q(Exists(rows)) if test.value else Q(Exists(rows))
    target = resources.get(f.to)
    if rest:
        if access is not None and not all(access.may(f"{target.name}.view", p) for p in project_ids):
            raise bad("unknown_field", field=f.name)
        notes: dict[str, BaseExpression] = {}
        inner = _test(Test(rest, test.op, test.value), target, access, project_ids, now, notes)
        others = target.model._default_manager.annotate(**notes).filter(inner)
        return Q(Exists(rows.filter(**{f"{through.other}__in": others.values("pk")})))
    if test.op not in ("eq", "in", "ne"):
        raise bad("unknown_op", op=test.op)
    values = test.value if isinstance(test.value, list) else [test.value]
    ids, words = [v for v in values if _is_id(v)], [v for v in values if not _is_id(v) and v is not None]
    of_ids = Q(**{f"{through.other}_id__in": [typed(f, v) for v in ids]})
    of_words = Q(**{f"{through.label}__in": [typed(Field(f.name, kind="text"), v) for v in words]})
    found = Q(Exists(rows.filter(of_ids | of_words if ids and words else of_words if words else of_ids)))
    return ~found if test.op == "ne" else found


def _is_id(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit())


def _hop(
    resource: Resource, f: Field, rest: tuple[str, ...], test: Test, access: Access | None,
    project_ids: tuple[int, ...], now: dt.datetime,
) -> Q:  # fmt: skip
    """A to-one hop: the actor must hold `view` on the target, and the target's own field rules apply."""
    target = resources.ref_target(resource, f) if f.kind == "ref" else None
    if target is None:
        raise bad("not_a_relation", field=f.name)
    if access is not None and not all(access.may(f"{target.name}.view", p) for p in project_ids):
        raise bad("unknown_field", field=f.name)
    inner_annotations: dict[str, BaseExpression] = {}
    inner = _test(Test(rest, test.op, test.value), target, access, project_ids, now, inner_annotations)
    rows = target.model._default_manager.annotate(**inner_annotations).filter(
        _in_reach(target, access, project_ids), inner
    )
    return Q(**{f"{f.path}_id__in": rows.values("pk")})


def _in_reach(target: Resource, access: Access | None, project_ids: tuple[int, ...]) -> Q:
    """A hop sees the rows that the actor could list there: what he can't list he can't find out by filtering."""
    if access is None or target.group_level:
        return Q()
    within = reach(target, f"{target.name}.view", access, project_ids)
    return FALSE if within is None else within


def _to_many(resource: Resource, name: str) -> tuple[Resource, str] | None:
    for rel in resource.related:
        if rel.resource == name:
            other = resources.get(rel.resource)
            return other, other.by_name[rel.field].path
    return None


def _some(
    related: tuple[Resource, str], resource: Resource, rest: tuple[str, ...], test: Test,
    access: Access | None, project_ids: tuple[int, ...], now: dt.datetime,
) -> Q:  # fmt: skip
    other, path = related
    if access is not None and not all(access.may(f"{other.name}.view", p) for p in project_ids):
        raise bad("unknown_field", field=other.name)
    notes: dict[str, BaseExpression] = {}
    inner = _test(Test(rest, test.op, test.value), other, access, project_ids, now, notes)
    rows = other.model._default_manager.annotate(**notes).filter(
        _in_reach(other, access, project_ids), inner, **{f"{path}_id": OuterRef("pk")}
    )
    return Q(Exists(rows))


def _compare(path: str, f: Field, test: Test, now: dt.datetime) -> Q:
    op, value = test.op, test.value
    textual = f.kind in ("text", "longtext", "choice", "phone")
    if op == "empty":
        q = Q(**{f"{path}__isnull": True})
        if textual:
            q |= Q(**{path: ""})
        return q if value else ~q
    if op == "changed":
        raise bad("only_in_rules", field=f.name)
    if op in ("within", "older_than"):
        return _when(path, f, op, value, now)
    if op in ("contains", "starts"):
        if not textual or value in (None, ""):
            return FALSE
        return Q(**{f"{path}__{'contains' if op == 'contains' else 'startswith'}": typed(f, value)})
    if op == "in":
        values = [v for v in (typed(f, x) for x in value) if v is not None]
        return Q(**{f"{path}__in": values}) if values else FALSE
    if op == "between":
        low, high = typed(f, value[0]), upper(f, value[1])
        return FALSE if low is None or high is None else Q(**{f"{path}__gte": low, f"{path}__lte": high})
    if value is None:
        return FALSE
    wanted = upper(f, value) if op in ("lte", "gt") else typed(f, value)
    if op == "eq":
        return Q(**{path: wanted})
    if op == "ne":
        return Q(**{f"{path}__isnull": False}) & ~Q(**{path: wanted})
    return Q(**{path + _COMPARE[op]: wanted})


def _when(path: str, f: Field, op: str, value: Any, now: dt.datetime) -> Q:
    """`within` N: in the last N (up to now); `older_than` N: before that."""
    if f.kind not in ("date", "datetime"):
        raise bad("date_expected", field=f.name)
    edge: Any = now - span(value)
    upto: Any = now
    if f.kind == "date":
        edge, upto = timezone.localdate(edge), timezone.localdate(now)
    if op == "within":
        return Q(**{f"{path}__gte": edge, f"{path}__lte": upto})
    return Q(**{f"{path}__lt": edge})
