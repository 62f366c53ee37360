"""The filter bar: a list's Condition as removable chips, and the editor of one test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anchang.kernel.errors import DomainError
from anchang.platform import conditions, reading, resources
from anchang.platform.access import Access
from anchang.platform.conditions import values
from anchang.platform.resources import Field, Resource

OP_WORDS = {
    "eq": gettext_lazy("is"),
    "ne": gettext_lazy("is not"),
    "gt": gettext_lazy("more than"),
    "gte": gettext_lazy("at least"),
    "lt": gettext_lazy("less than"),
    "lte": gettext_lazy("at most"),
    "in": gettext_lazy("is one of"),
    "between": gettext_lazy("between"),
    "contains": gettext_lazy("contains"),
    "starts": gettext_lazy("begins with"),
    "empty": gettext_lazy("is empty"),
    "filled": gettext_lazy("is filled"),
    "within": gettext_lazy("in the last"),
    "older_than": gettext_lazy("longer ago than"),
}
_NUMBERS = ("eq", "gte", "lte", "between", "empty", "filled")
OPS_OF = {
    "text": ("contains", "starts", "eq", "empty", "filled"),
    "longtext": ("contains", "empty", "filled"),
    "phone": ("contains", "empty", "filled"),
    "choice": ("in", "empty", "filled"),
    "ref": ("in", "empty", "filled"),
    "many": ("in", "empty", "filled"),
    "bool": ("eq",),
    "date": ("between", "within", "older_than", "empty", "filled"),
    "datetime": ("between", "within", "older_than", "empty", "filled"),
}
WITHOUT_VALUE = ("empty", "filled")
SPANS = (
    ("1d", gettext_lazy("1 day")),
    ("3d", gettext_lazy("3 days")),
    ("7d", gettext_lazy("7 days")),
    ("30d", gettext_lazy("30 days")),
    ("90d", gettext_lazy("90 days")),
    ("365d", gettext_lazy("a year")),
)


def ops_of(f: Field) -> tuple[str, ...]:
    return OPS_OF.get(f.kind, _NUMBERS)


def filterable(resource: Resource, fields: tuple[Field, ...]) -> list[Field]:
    return [f for f in fields if f.filter and f.value is None and f.kind != "json"]


def tests_of(where: Any) -> list[dict[str, Any]] | None:
    """The tests of a plain list of tests; None for a condition that chips can't show."""
    if not where:
        return []
    parts = where.get("all") if isinstance(where, dict) and set(where) == {"all"} else [where]
    plain = isinstance(parts, list) and all(isinstance(p, dict) and "field" in p for p in parts)
    return parts if plain else None


def plain_search(resource: Resource, q: str) -> Q | None:
    """How a resource without search tokens (those of the group) is searched: its label and its codes."""
    label = resource.by_name[resource.label_field]
    if not q or resource.by_tokens or label.expr is not None or label.value is not None or label.kind == "ref":
        return None
    found = Q(**{f"{label.path}__icontains": q})
    for name in ("code", "username", "name_pinyin", "number"):
        if any(column.name == name for column in resource.model._meta.concrete_fields):
            found |= Q(**{f"{name}__istartswith": q})
    return found


def can_search(resource: Resource) -> bool:
    return resource.by_tokens or plain_search(resource, "x") is not None


def read_where(text: str) -> Any:
    """The Condition of an address. Raises bad_condition."""
    if not text:
        return None
    where = conditions.read(text)
    conditions.parse(where)
    return where


def write_where(tests: list[dict[str, Any]]) -> str:
    return json.dumps({"all": tests}, ensure_ascii=False, separators=(",", ":")) if tests else ""


def in_words(resource: Resource, test: Mapping[str, Any], access: Access, project_id: int | None) -> tuple[str, str]:
    """(field, test) of a chip, in words."""
    f = resource.by_name.get(str(test.get("field", "")).split(".")[0])
    op, value = str(test.get("op", "eq")), test.get("value")
    label = str(f.label) if f else str(test.get("field", ""))
    if f is None:
        return label, str(value)
    if op == "empty":
        return label, str(OP_WORDS["filled" if value is False else "empty"])
    shown = [one_in_words(f, v, access, project_id, resource) for v in (value if isinstance(value, list) else [value])]
    if op == "between":
        return label, f"{shown[0]} – {shown[1]}"
    text = "、".join(shown)
    return label, text if op in ("eq", "in") else f"{OP_WORDS.get(op, op)} {text}"


def one_in_words(f: Field, value: Any, access: Access, project_id: int | None, resource: Resource) -> str:
    if f.kind == "choice":
        words = {str(k): str(v) for k, v in resources.choices_of(f, project_id).items()}
        return words.get(str(value), str(value))
    if f.kind == "bool":
        return str(_("Yes") if value else _("No"))
    if f.kind in ("ref", "many"):
        return label_of_ref(resource, f, value, access)
    if f.kind in ("date", "datetime"):
        return str(dict(SPANS).get(str(value), value))
    return str(value)


def label_of_ref(resource: Resource, f: Field, value: Any, access: Access) -> str:
    target = resources.ref_target(resource, f)
    found = labels_of(target, [value], access) if target else {}
    return found.get(str(value)) or (label_of_key(target, value, access) if target else "") or str(value)


def label_of_key(target: Resource, key: Any, access: Access) -> str:
    """The label of the record with this natural key (`channel.code`), in reach of the actor; else empty."""
    within = reading.reach(target, f"{target.name}.view", access)
    if within is None or not target.key_field:
        return ""
    path = target.by_name[target.label_field].path
    rows = target.model._default_manager.filter(within, **{target.by_name[target.key_field].path: key})
    return str(rows.values_list("pk", path)[0][1]) if rows else ""


def labels_of(target: Resource, keys: list[Any], access: Access) -> dict[str, str]:
    """id -> label of records that the actor may see; others are left out."""
    ids = [int(k) for k in keys if str(k).isascii() and str(k).isdigit() and len(str(k)) < 19]
    within = reading.reach(target, f"{target.name}.view", access)
    if within is None or not ids:
        return {}
    path = target.by_name[target.label_field].path
    rows = target.model._default_manager.filter(within, pk__in=ids).values_list("pk", path)
    return {str(pk): str(label) for pk, label in rows}


def read_test(f: Field, given: QueryDict) -> dict[str, Any]:
    """The test that the editor's form describes. Raises bad_condition."""
    op = given.get("op", "eq")
    if op not in ops_of(f):
        raise DomainError("bad_condition", status=422, fields={"op": "unknown_op"}, reason=op[:20])
    if op in WITHOUT_VALUE:
        return {"field": f.name, "op": "empty", "value": op == "empty"}
    if op == "in":
        return {"field": f.name, "op": "in", "value": [_checked(f, v) for v in given.getlist("value_in") if v]}
    if op == "between":
        low, high = given.get("low", "").strip(), given.get("high", "").strip()
        if low and high:
            return {"field": f.name, "op": "between", "value": [_checked(f, low), _checked(f, high)]}
        return {"field": f.name, "op": "gte" if low else "lte", "value": _checked(f, low or high)}
    if op in ("within", "older_than"):
        span = given.get(f"value_{op}", "7d")
        values.span(span)
        return {"field": f.name, "op": op, "value": span}
    return {"field": f.name, "op": op, "value": _checked(f, given.get(f"value_{op}", ""))}


def _checked(f: Field, text: str) -> Any:
    """The value as JSON has it, after a look whether the field can be compared with it."""
    if f.kind == "bool":
        return text == "true"
    plain = text.strip().replace(",", "") if f.kind in ("money", "area", "decimal", "percent", "int") else text.strip()
    typed = values.typed(f, plain)
    return typed if f.kind in ("int", "ref", "many") else plain
