"""A condition as a sentence: 年龄 ≥ 30 且 来源 属于 门店、老带新. Whatever the grammar allows is worded; nothing is
looked up twice for one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from anchang.platform import resources
from anchang.platform.access import Access
from anchang.platform.resources import Field, Resource
from anchang.platform.ui import filters

#: The path `visits.id` asks whether there is a visit at all.
SOME = "some"
NUMBERS = ("int", "money", "area", "decimal", "percent")
SIGNS = {"eq": "=", "ne": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
#: Tests whose complement is an operator of its own to people: word -> operator.
NEGATED = {"not_in": "in", "not_contains": "contains", "not_filled": "filled"}
OP_WORDS: dict[str, Any] = {
    **filters.OP_WORDS,
    "not_in": gettext_lazy("is none of"),
    "not_contains": gettext_lazy("does not contain"),
}
SOME_WORDS = {"filled": gettext_lazy("exists"), "not_filled": gettext_lazy("doesn't exist")}
UNITS = {
    "d": gettext_lazy("days"), "w": gettext_lazy("weeks"), "h": gettext_lazy("hours"), "m": gettext_lazy("minutes"),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a path of a condition leads: the field, whose it is, and what it is called from the start."""

    field: Field
    resource: Resource
    label: str


def place_of(resource: Resource, path: tuple[str, ...]) -> Place | None:
    """One's own field, or one of what is one relation away; None for paths that lead nowhere or further."""
    name, *rest = path
    if not rest:
        f = resource.by_name.get(name)
        return Place(f, resource, str(f.label)) if f is not None else None
    if len(rest) > 1:
        return None
    over = hop_of(resource, name)
    if over is None:
        return None
    target, label = over
    if rest[0] == "id":
        return Place(Field("id", kind=SOME), target, label)
    f = target.by_name.get(rest[0])
    return Place(f, target, f"{label} · {f.label}") if f is not None else None


def hop_of(resource: Resource, name: str) -> tuple[Resource, str] | None:
    """What this relation leads to, and its name."""
    for related in resource.related:
        if related.resource == name:
            target = resources.get(name)
            return target, str(related.label or target.plural)
    f = resource.by_name.get(name)
    target_ = resources.ref_target(resource, f) if f is not None and f.kind in ("ref", "many") else None
    return (target_, str(f.label)) if f is not None and target_ is not None else None


def op_word(f: Field, op: str) -> str:
    if f.kind == SOME:
        return str(SOME_WORDS.get(op, op))
    if op in SIGNS and f.kind in (*NUMBERS, "date", "datetime"):
        return SIGNS[op]
    return str(OP_WORDS.get(op, op))


def said(resource: Resource, where: Any, access: Access, project_id: int | None) -> str:
    """The whole condition in one line; empty for none."""
    return Sayer(access, project_id).say(resource, where)


@dataclass
class Sayer:
    """Words for one reader. What it has looked up it knows: a column of conditions asks each label once."""

    access: Access
    project_id: int | None
    known: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def say(self, resource: Resource, where: Any) -> str:
        return self._node(resource, where, 0) if where else ""

    def _node(self, resource: Resource, node: Any, depth: int) -> str:
        if not isinstance(node, Mapping) or depth > 8:
            return str(node)
        for key, word in (("all", pgettext("condition", "and")), ("any", pgettext("condition", "or"))):
            if isinstance(node.get(key), list):
                parts = [self._node(resource, part, depth + 1) for part in node[key]]
                text = f" {word} ".join(part for part in parts if part)
                return f"（{text}）" if depth and len(parts) > 1 else text
        if "not" in node:
            return self._negated(resource, node["not"], depth)
        return self.test(resource, node)

    def _negated(self, resource: Resource, part: Any, depth: int) -> str:
        if isinstance(part, Mapping) and "field" in part:
            return self.test(resource, part, negated=True)
        return _("not %(what)s") % {"what": f"（{self._node(resource, part, 0)}）"}

    def test(self, resource: Resource, test: Mapping[str, Any], negated: bool = False) -> str:
        """One test: field, operator, value."""
        found = place_of(resource, tuple(str(test.get("field", "")).split(".")))
        op = plain_op(test)
        word_of = {inner: outer for outer, inner in NEGATED.items()}
        if negated and (op not in word_of or found is None):
            return _("not %(what)s") % {"what": f"（{self.test(resource, test)}）"}
        op = word_of[op] if negated else op
        if found is None:
            return f"{test.get('field', '')} {op_word(Field('', kind='int'), op)} {self._values(None, test)}".strip()
        value = "" if op in ("empty", "filled", "not_filled") else self._values(found, test)
        return " ".join(part for part in (found.label, op_word(found.field, op), value) if part)

    def _values(self, found: Place | None, test: Mapping[str, Any]) -> str:
        value = test.get("value")
        several = value if isinstance(value, list) else [value]
        told = [self._one(found, one) for one in several]
        return " – ".join(told) if test.get("op") == "between" and len(told) == 2 else "、".join(told)

    def _one(self, found: Place | None, value: Any) -> str:
        if found is None or value is None:
            return "" if value is None else str(value)
        if found.field.kind in ("date", "datetime") and (span := span_parts(value)):
            return f"{span[0]} {UNITS[span[1]]}"
        key = (found.resource.name, found.field.name, str(value))
        if key not in self.known:
            self.known[key] = filters.one_in_words(found.field, value, self.access, self.project_id, found.resource)
        return self.known[key]


def plain_op(test: Mapping[str, Any]) -> str:
    op = str(test.get("op", "eq"))
    return op if op != "empty" else "filled" if test.get("value") is False else "empty"


def span_parts(value: Any) -> tuple[str, str] | None:
    """`"3d"` as ("3", "d"); None for what is no span of time."""
    text = str(value)
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "d")
    return (number, unit) if number.isascii() and number.isdigit() and len(number) <= 5 else None


__all__ = ["NEGATED", "NUMBERS", "SOME", "UNITS", "Place", "Sayer", "hop_of", "op_word", "place_of", "plain_op",
           "said", "span_parts"]  # fmt: skip
