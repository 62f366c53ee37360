"""The editor of conditions: a condition as groups and rows to draw, and the posted editor as a condition.

The posted tree is flat: the values of the field's own name, in the order of the page, are the brackets of groups
(`all(` … `)`) and the marks of rows; a row's parts follow as `<name>.<mark>.<part>`. What the editor can't draw it
keeps as it is and says so.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from anchang.kernel.errors import DomainError
from anchang.platform import conditions, resources
from anchang.platform.access import Access
from anchang.platform.conditions.parse import MAX_DEPTH, bad
from anchang.platform.inputs import ConditionOn
from anchang.platform.models import SavedView
from anchang.platform.resources import Field, Resource
from anchang.platform.ui import filters
from anchang.platform.ui.condition_words import (
    NEGATED,
    NUMBERS,
    SOME,
    UNITS,
    Place,
    Sayer,
    hop_of,
    op_word,
    place_of,
    plain_op,
    span_parts,
)
from anchang.platform.wording import worded

DEEPEST = 5  # groups in groups; the grammar allows eight with the tests
FEW = 8
_TEXT = ("contains", "not_contains", "starts", "eq", "ne", "empty", "filled")
_NUMBER = ("gte", "lte", "between", "eq", "ne", "gt", "lt", "empty", "filled")
_CHOSEN = ("in", "not_in", "empty", "filled")
_DAY = ("between", "gte", "lte", "within", "older_than", "empty", "filled")
OPS = {
    "text": _TEXT, "longtext": ("contains", "not_contains", "empty", "filled"),
    "phone": ("contains", "empty", "filled"), "choice": _CHOSEN, "ref": _CHOSEN, "many": _CHOSEN, "bool": ("eq",),
    "date": _DAY, "datetime": _DAY, SOME: ("filled", "not_filled"),
}  # fmt: skip
#: Drawn when a condition has them, though nobody is offered them: one of a list says the same.
_ALSO = {"choice": ("eq", "ne"), "ref": ("eq", "ne"), "many": ("eq", "ne"), "date": ("eq", "gt", "lt"),
         "datetime": ("gt", "lt")}  # fmt: skip
_WITHOUT_VALUE = ("empty", "filled", "not_filled")
_MODES = ("all", "any", "none", "notall")
_INPUTS = {"int": "number", "decimal": "number", "percent": "number", "datetime": "date", "phone": "text",
           "longtext": "text", "money": "money", "area": "area", "date": "date"}  # fmt: skip


def ops_of(f: Field) -> tuple[str, ...]:
    return OPS.get(f.kind, _NUMBER)


# --- what was posted -----------------------------------------------------------------------------


def read(on: ConditionOn, post: QueryDict, name: str) -> dict[str, Any] | None:
    """The condition that the posted editor says; None: an empty one. Raises bad_condition."""
    resource = resources.get(on.resource)
    stack: list[tuple[str, list[Any]]] = []
    for token in post.getlist(name)[:2000]:
        if token.endswith("(") and token[:-1] in _MODES:
            if len(stack) > MAX_DEPTH:
                raise bad("too_deep")
            stack.append((token[:-1], []))
        elif token == ")":
            if len(stack) == 1:
                break
            mode, parts = stack.pop()
            if parts and stack:
                stack[-1][1].append(_grouped(mode, parts))
        elif stack and (part := read_row(resource, post, f"{name}.{token}.")) is not None:
            stack[-1][1].append(part)
    return _grouped(*stack[0]) if stack and stack[0][1] else None


def _grouped(mode: str, parts: list[Any]) -> dict[str, Any]:
    inner = {"all" if mode in ("all", "notall") else "any": parts}
    return inner if mode in ("all", "any") else {"not": inner}


def read_row(resource: Resource, post: QueryDict, prefix: str) -> Any:
    """One row as JSON; None while no field is chosen. Raises bad_condition."""
    if kept := post.get(f"{prefix}kept"):
        return conditions.read(kept)
    found = _chosen_place(resource, post.get(f"{prefix}f", ""), post.get(f"{prefix}g", ""))
    if found is None:
        return None
    path, place = found
    op = post.get(f"{prefix}op", "")
    if op not in (*ops_of(place.field), *_ALSO.get(place.field.kind, ())):
        op = ops_of(place.field)[0]
    test = {"field": path, **_said(place.field, NEGATED.get(op, op), post, prefix)}
    return {"not": test} if op in NEGATED else test


def _chosen_place(resource: Resource, head: str, second: str) -> tuple[str, Place] | None:
    """The path that the two lists say; a relation without a field of its own gets its first one."""
    if not head.endswith("."):
        place = place_of(resource, (head,)) if head else None
        return (head, place) if place is not None else None
    over = hop_of(resource, head[:-1])
    if over is None:
        return None
    place = place_of(resource, (head[:-1], second)) if second else None
    if place is None:
        second = "id" if _several(resource, head[:-1]) else over[0].label_field
        place = place_of(resource, (head[:-1], second))
    return (head + second, place) if place is not None else None


def _several(resource: Resource, name: str) -> bool:
    return any(related.resource == name for related in resource.related)


def _said(f: Field, op: str, post: QueryDict, prefix: str) -> dict[str, Any]:
    if op in ("empty", "filled"):
        return {"op": "empty", "value": op == "empty"}
    if op == "in":
        return {"op": op, "value": [_plain(f, v) for v in post.getlist(f"{prefix}v") if v.strip()]}
    if op == "between":
        low, high = (_plain(f, post.get(f"{prefix}{end}", "")) for end in ("low", "high"))
        if "" in (low, high) and low != high:
            return {"op": "gte", "value": low} if high == "" else {"op": "lte", "value": high}
        return {"op": op, "value": [low, high]}
    if op in ("within", "older_than"):
        number, unit = post.get(f"{prefix}n", "").strip(), post.get(f"{prefix}u", "d")
        return {"op": op, "value": f"{number}{unit if unit in UNITS else 'd'}" if number else ""}
    return {"op": op, "value": _plain(f, post.get(f"{prefix}v", ""))}


def _plain(f: Field, text: str) -> Any:
    """The value as JSON has it; what doesn't fit stays text and is refused by the command."""
    text = text.strip()
    if f.kind == "bool":
        return text == "true" if text else ""
    if f.kind in NUMBERS:
        text = text.replace(",", "").replace("，", "")
    whole = f.kind in ("int", "ref", "many") and text.lstrip("-").isdigit() and text.isascii() and len(text) < 19
    return int(text) if whole else text


def lacks(part: Any) -> bool:
    """Whether a value is still missing somewhere in it."""
    if not isinstance(part, Mapping):
        return False
    if "field" in part:
        value = part.get("value")
        return value in ("", []) or (part.get("op") == "between" and isinstance(value, list) and "" in value)
    inner = [part["not"]] if "not" in part else part.get("all", part.get("any", ()))
    return isinstance(inner, list) and any(lacks(one) for one in inner)


def alike(where: Any) -> Any:
    """A condition in the form in which the editor writes it, for comparing."""
    if isinstance(where, Mapping) and ("field" in where or (set(where) == {"not"} and "field" in where["not"])):
        return {"all": [where]}
    return where or None


# --- what is drawn -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Editor:
    """One editor: on which records, for whom, of which project, under which name of the form."""

    on: ConditionOn
    access: Access
    project_id: int | None
    name: str

    @property
    def resource(self) -> Resource:
        return resources.get(self.on.resource)

    @property
    def project_ids(self) -> tuple[int, ...]:
        return (self.project_id,) if self.project_id else self.access.project_ids

    def url(self, tail: str = "", **more: str) -> str:
        on = self.on
        parts = {"name": self.name, "only": ",".join(on.only), "without": ",".join(on.without),
                 "hops": None if on.hops is None else ",".join(on.hops) or "-", "single": "1" if on.single else "",
                 "project": str(self.project_id or ""), **more}  # fmt: skip
        return f"/r/{on.resource}/condition{tail}?{urlencode({k: v for k, v in parts.items() if v})}"

    def draw(self, where: Any, judge: bool = False) -> dict[str, Any]:
        """Everything that the template needs. `judge`: say at each row what is wrong with it."""
        if where in (None, {}, ""):
            root = self._group("all", [], 0, judge)
        elif isinstance(where, Mapping) and (found := _group_of(where)):
            root = self._group(*found, 0, judge)
        else:
            root = self._group("all", [where], 0, judge)
        return {"root": root, "name": self.name, "told_url": self.url("/told"), "views": self.views(),
                "start_url": self.url()}  # fmt: skip

    def views(self) -> list[tuple[str, str]]:
        """Saved views of these records with a filter: somewhere to begin."""
        if not self.access.may("views.view"):
            return []
        mine = Q(user=self.access.actor.user_id) | Q(shared=True)
        rows = SavedView.objects.filter(mine, resource=self.on.resource, project__in=self.project_ids)
        rows = rows.exclude(query__where=None).exclude(query__where={}).order_by("name")
        return [(str(pk), name) for pk, name in rows.values_list("pk", "name")[:50]]

    # --- groups

    def blank(self, kind: str, depth: int) -> dict[str, Any]:
        """A new row or group."""
        if kind == "group":
            return self._group("any", [None], depth, False)
        return self.row(None)

    def _group(self, mode: str, parts: list[Any], depth: int, judge: bool) -> dict[str, Any]:
        return {
            "group": True, "name": self.name, "depth": depth,
            "modes": [(f"{code}(", words, code == mode) for code, words in mode_words().items()],
            "parts": [self._node(part, depth + 1, judge) for part in parts],
            "row_url": self.url("/part", kind="row"),
            "group_url": self.url("/part", kind="group", depth=str(depth + 1)) if depth < DEEPEST else "",
        }  # fmt: skip

    def _node(self, part: Any, depth: int, judge: bool) -> dict[str, Any]:
        if isinstance(part, Mapping) and depth <= DEEPEST and (found := _group_of(part)):
            return self._group(*found, depth, judge)
        return self.row(part, judge=judge)

    # --- rows

    def row(self, part: Any, mark: str = "", judge: bool = False) -> dict[str, Any]:
        """A test as a row; what it can't draw it keeps."""
        mark = mark or secrets.token_hex(4)
        base = {"name": self.name, "mark": mark, "prefix": f"{self.name}.{mark}.", "url": self.url("/row", mark=mark)}
        if part is None:
            return base | {"heads": self.heads(""), "inner": [], "ops": [], "widgets": [], "error": ""}
        found = self._drawable(part)
        if found is None:
            words = Sayer(self.access, self.project_id).say(self.resource, part)
            kept = json.dumps(part, ensure_ascii=False)
            return base | {"kept": kept, "words": words, "error": self.fault(part) if judge else ""}
        test, op, place = found
        head, dot, second = test["field"].partition(".")
        ops = list(ops_of(place.field))
        return base | {
            "heads": self.heads(head + dot),
            "inner": self.inner(head, second) if dot else [],
            "ops": [(o, op_word(place.field, o), o == op) for o in (ops if op in ops else [*ops, op])],
            "widgets": self._widgets(place, NEGATED.get(op, op), test.get("value"), f"{self.name}.{mark}."),
            "error": self.fault(part) if judge else "",
        }

    def _drawable(self, part: Any) -> tuple[Mapping[str, Any], str, Place] | None:
        """(test, operator, place) when a row can show it to this reader."""
        negated = isinstance(part, Mapping) and set(part) == {"not"}
        test = part["not"] if negated else part
        if not isinstance(test, Mapping) or not isinstance(test.get("field"), str) or set(test) - _PARTS:
            return None
        path = tuple(test["field"].split("."))
        if not self.usable(path):
            return None
        place = place_of(self.resource, path)
        op = plain_op(test)
        if negated:
            op = next((outer for outer, inner in NEGATED.items() if inner == op), "")
        if place is None or op not in (*ops_of(place.field), *_ALSO.get(place.field.kind, ())):
            return None
        return (test, op, place) if _shows(NEGATED.get(op, op), test.get("value")) else None

    def fault(self, part: Any) -> str:
        """What is wrong with this part, in the reader's words; empty: nothing."""
        if lacks(part):
            return worded("required")
        try:
            node = conditions.parse(part)
            conditions.compile_condition(node, self.resource, self.access, self.project_ids, timezone.now())
        except DomainError as exc:
            reason = str(exc.params.get("reason", exc.code))
            return worded(reason, exc.params)
        return "" if all(self.usable(path) for path in conditions.paths(node)) else worded("unknown_field")

    # --- fields

    def usable(self, path: tuple[str, ...]) -> bool:
        """Whether the reader may use this path here: declared, seen by him, allowed by the declaration."""
        if not self.on.allows(path) or len(path) > 2:
            return False
        if len(path) == 1:
            return path[0] in {f.name for f in self.fields_of(self.resource)}
        over = self._hop(path[0])
        if over is None:
            return False
        if path[1] == "id":
            return _several(self.resource, path[0])
        return path[1] in {f.name for f in self.fields_of(over)}

    def _hop(self, name: str) -> Resource | None:
        if self.on.single and _several(self.resource, name):
            return None
        f = self.resource.by_name.get(name)
        if f is not None and (f.kind != "ref" or name not in {one.name for one in self.fields_of(self.resource)}):
            return None
        over = hop_of(self.resource, name)
        if over is None or not all(self.access.may(f"{over[0].name}.view", p) for p in self.project_ids):
            return None
        return over[0]

    def fields_of(self, resource: Resource) -> list[Field]:
        return [
            f for f in resource.fields
            if f.filter and f.value is None and f.kind != "json"
            and not (self.on.single and (f.expr is not None or f.kind == "many"))
            and self.access.field_mode(resource.name, f.name, self.project_ids) != "hide"
        ]  # fmt: skip

    def heads(self, chosen: str) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """The first list: the record's own fields, then what it is related with."""
        own = [(f.name, str(f.label)) for f in self.fields_of(self.resource) if self.on.allows((f.name,))]
        names = [f.name for f in self.fields_of(self.resource) if f.kind == "ref"]
        names += [related.resource for related in self.resource.related]
        hops = []
        for name in dict.fromkeys(names):
            if self.on.allows((name, "id")) and (target := self._hop(name)) and self.fields_of(target):
                over = hop_of(self.resource, name)
                hops.append((f"{name}.", f"{over[1] if over else name} …"))
        groups = [(str(self.resource.label), own), (_("Related"), hops)]
        return [(label, [(v, text, v == chosen) for v, text in found]) for label, found in groups if found]

    def inner(self, head: str, chosen: str) -> list[tuple[str, str, bool]]:
        """The second list: the fields of what the record is related with."""
        target = self._hop(head)
        found = [("id", _("at all"))] if _several(self.resource, head) else []
        found += [(f.name, str(f.label)) for f in self.fields_of(target)] if target else []
        return [(value, text, value == chosen) for value, text in found]

    # --- values

    def _widgets(self, place: Place, op: str, value: Any, prefix: str) -> list[dict[str, Any]]:
        f = place.field
        if op in _WITHOUT_VALUE:
            return []
        common = {"label": place.label, "kind": _INPUTS.get(f.kind, "text")}
        if op == "between":
            low, high = value if isinstance(value, list) and len(value) == 2 else ("", "")
            return [
                common | {"name": f"{prefix}low", "label": _("from"), "value": low},
                common | {"name": f"{prefix}high", "label": _("to"), "value": high},
            ]
        if op in ("within", "older_than"):
            number, unit = span_parts(value) or ("", "d")
            units = [(code, str(words)) for code, words in UNITS.items()]
            return [
                common | {"kind": "number", "name": f"{prefix}n", "value": number},
                common | {"kind": "select", "name": f"{prefix}u", "value": unit, "choices": units, "required": True},
            ]
        return [common | {"name": f"{prefix}v", **self._one(place, op, value)}]

    def _one(self, place: Place, op: str, value: Any) -> dict[str, Any]:
        f = place.field
        if f.kind == "bool":
            told = "" if value in (None, "") else "true" if value else "false"
            return {"kind": "select", "choices": [("true", _("Yes")), ("false", _("No"))], "value": told}
        if f.kind == "choice":
            choices = [(str(k), str(v)) for k, v in resources.choices_of(f, self.project_id).items()]
            values = value if isinstance(value, list) else [] if value in (None, "") else [value]
            choices += [(str(v), str(v)) for v in values if str(v) not in dict(choices)]
            kind = "select" if op != "in" else "checks" if len(choices) <= FEW else "multi"
            return {"kind": kind, "choices": choices, "value": values if op == "in" else value}
        if f.kind in ("ref", "many") and (target := resources.ref_target(place.resource, f)):
            values = value if isinstance(value, list) else [] if value in (None, "") else [value]
            known = filters.labels_of(target, values, self.access)
            chosen = [{"id": v, "label": known.get(str(v)) or self._named(target, v)} for v in values]
            return {"kind": "refs" if op == "in" else "ref", "url": f"/r/{target.name}/pick",
                    "value": chosen if op == "in" else chosen[0] if chosen else None}  # fmt: skip
        return {"value": "" if value is None else value}

    def _named(self, target: Resource, key: Any) -> str:
        return filters.label_of_key(target, key, self.access) or str(key)


_PARTS = {"field", "op", "value"}


def _group_of(part: Mapping[str, Any]) -> tuple[str, list[Any]] | None:
    """(mode, parts) of what is drawn as a group."""
    if set(part) == {"all"} or set(part) == {"any"}:
        mode, parts = next(iter(part.items()))
        return (mode, parts) if isinstance(parts, list) else None
    inner = part.get("not") if set(part) == {"not"} else None
    if isinstance(inner, Mapping) and (found := _group_of(inner)) and found[0] in ("all", "any"):
        return ("notall" if found[0] == "all" else "none", found[1])
    return None


def _shows(op: str, value: Any) -> bool:
    """Whether a row of this operator has room for the value."""
    if op in _WITHOUT_VALUE:
        return isinstance(value, bool) or value is None
    plain = isinstance(value, str | int | float | bool)
    if op == "in":
        return isinstance(value, list) and all(isinstance(v, str | int | float) for v in value)
    if op == "between":
        return isinstance(value, list) and len(value) == 2 and all(isinstance(v, str | int | float) for v in value)
    if op in ("within", "older_than"):
        return value == "" or span_parts(value) is not None
    return plain


def mode_words() -> dict[str, str]:
    return {
        "all": _("all of these hold"), "any": _("one of these holds"), "none": _("none of these holds"),
        "notall": _("not all of these hold"),
    }  # fmt: skip


__all__ = ["Editor", "alike", "lacks", "ops_of", "read", "read_row"]
