"""Condition JSON -> a small tree. Anything unknown is refused here, with its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from anchang.kernel.errors import DomainError

OPS = frozenset({
    "eq", "ne", "gt", "gte", "lt", "lte", "in", "between", "contains", "starts", "empty",
    "changed", "within", "older_than",
})  # fmt: skip
MAX_DEPTH, MAX_TESTS, MAX_LIST = 8, 100, 1000
#: A group is an object with a list in it.
_MAX_LEVELS = 2 * MAX_DEPTH + 4


@dataclass(frozen=True, slots=True)
class Test:
    path: tuple[str, ...]
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    part: Node


Node = Test | Both | Either | Negated


def bad(reason: str, **params: Any) -> DomainError:
    return DomainError("bad_condition", status=422, fields={"where": reason}, reason=reason, **params)


def read(text: str) -> Any:
    """The JSON of a condition: whole characters, no deeper than what `parse` takes, so that it may be walked before it
    is parsed. Raises `bad_condition`."""
    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad("bad_json") from None
    if not _is_shallow(data, _MAX_LEVELS):
        raise bad("too_deep")
    return data


def _is_shallow(data: Any, levels: int) -> bool:
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else None
    return parts is None or (levels > 0 and all(_is_shallow(part, levels - 1) for part in parts))


def parse(data: Any) -> Node:
    """The tree of a condition; an empty one (`{}` or None) is always true. Raises `bad_condition`."""
    count = [0]
    return _parse(data, 0, count)


def _parse(data: Any, depth: int, count: list[int]) -> Node:
    if depth > MAX_DEPTH:
        raise bad("too_deep")
    if data in (None, {}):
        return Both(())
    if not isinstance(data, dict):
        raise bad("not_an_object")
    for key, cls in (("all", Both), ("any", Either)):
        if key in data:
            parts = data[key]
            if len(data) != 1 or not isinstance(parts, list):
                raise bad("bad_list", key=key)
            return cls(tuple(_parse(p, depth + 1, count) for p in parts))
    if "not" in data:
        if len(data) != 1:
            raise bad("bad_not")
        return Negated(_parse(data["not"], depth + 1, count))
    return _test(data, count)


def paths(node: Node) -> list[tuple[str, ...]]:
    """What the condition asks about."""
    if isinstance(node, Test):
        return [node.path]
    parts = (node.part,) if isinstance(node, Negated) else node.parts
    return [path for part in parts for path in paths(part)]


def _test(data: dict[str, Any], count: list[int]) -> Test:
    count[0] += 1
    if count[0] > MAX_TESTS:
        raise bad("too_long")
    name, op = data.get("field"), data.get("op", "eq")
    if not isinstance(name, str) or not name.isprintable() or not name or set(data) - {"field", "op", "value"}:
        raise bad("bad_test")
    if not isinstance(op, str) or op not in OPS:
        raise bad("unknown_op", op=str(op)[:30])
    value = data.get("value")
    if op in ("in", "between"):
        if not isinstance(value, list) or len(value) > MAX_LIST or (op == "between" and len(value) != 2):
            raise bad("list_expected", field=name[:60])
        if any(isinstance(one, list | dict) for one in value):
            raise bad("value_expected", field=name[:60])
    elif op == "empty":
        value = True if value is None else value
        if not isinstance(value, bool):
            raise bad("bool_expected", field=name[:60])
    elif isinstance(value, list | dict):
        raise bad("value_expected", field=name[:60])
    return Test(tuple(name.split(".")), op, value)
