"""What a form declares: its fields as a tree, and a sample record, both read from the form's dataclass.

The dataclass is the one declaration. Built-in forms are drawn from it, Word templates may name its fields.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Union, get_args, get_origin, get_type_hints

from anchang.platform.documents.word import OPEN, Open, Tree

_KINDS = {bool: "bool", int: "int", Decimal: "decimal", datetime: "datetime", date: "date", str: "text"}
_SAMPLES: dict[str, Any] = {
    "bool": True, "int": 3, "decimal": Decimal("2696170.00"), "datetime": datetime(2026, 3, 1, 8, 30),  # noqa: DTZ001
    "date": date(2026, 3, 1), "text": "样例",
}  # fmt: skip


def tree_of(form: type, extra: Mapping[str, Tree] | None = None) -> dict[str, Tree]:
    """The fields of a form by name. `extra`: what its data holds besides."""
    hints = get_type_hints(form)
    return {field.name: _kind(hints[field.name]) for field in fields(form)} | dict(extra or {})


def _kind(hint: Any) -> Tree:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        known = [one for one in get_args(hint) if one is not type(None)]
        return _kind(known[0])
    if origin is Mapping:
        return {OPEN: "text"}
    if origin is Sequence:
        return [_kind(get_args(hint)[0])]
    if origin is tuple:
        return [_kind(get_args(hint)[0])]
    if is_dataclass(hint):
        return tree_of(hint)  # type: ignore[arg-type]
    return _KINDS.get(hint, "text")


def sample_of(tree: Tree) -> Any:
    """A record with every field, two of each list; text is `样例`."""
    if isinstance(tree, dict):
        values = {name: sample_of(kind) for name, kind in tree.items() if name != OPEN}
        return Open(values) if OPEN in tree else values
    if isinstance(tree, list):
        return [sample_of(tree[0]), sample_of(tree[0])]
    return _SAMPLES.get(tree, "样例")


def paths_of(tree: Tree, before: str = "") -> list[tuple[str, str, bool]]:
    """(path, kind, inside a list) of every field, in order; a list's own path has the kind `list`."""
    found: list[tuple[str, str, bool]] = []
    for name, kind in tree.items() if isinstance(tree, dict) else ():
        path = f"{before}.{name}" if before else name
        if isinstance(kind, list):
            found.append((path, "list", False))
            found += [(inner, k, True) for inner, k, _ in paths_of(kind[0], name.rstrip("s") or name)]
        elif isinstance(kind, dict):
            found += paths_of(kind, path)
        else:
            found.append((path, kind, False))
    return found


def opened(data: Any, tree: Tree) -> Any:
    """Plain data with the records that the form leaves open marked as such."""
    if isinstance(data, dict) and isinstance(tree, dict):
        values = {key: opened(value, tree.get(key, "text")) for key, value in data.items()}
        return Open(values) if OPEN in tree else values
    if isinstance(data, list) and isinstance(tree, list):
        return [opened(value, tree[0]) for value in data]
    return data


__all__ = ["opened", "paths_of", "sample_of", "tree_of"]
