"""Many rows in one statement, from columns instead of model instances: for imports of a hundred thousand
rows.

The same constraints, policies and triggers hold as for any other insert; only Django's instance per row is
left out. COPY would be a little faster, but PostgreSQL refuses it under row-level security.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection, models
from django.utils import timezone

from anchang.kernel import chinese
from anchang.platform.context import Context
from anchang.platform.models import Event, SearchToken, Task

SEPARATOR, EMPTY = "\x1f", "\x1e"


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids of rows that will be inserted, so that rows which refer to them can be made beforehand."""
    if count < 1:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def insert(
    model: type[models.Model],
    columns: Mapping[str, Sequence[Any]],
    same: Mapping[str, Any] | None = None,
    *,
    ignore_conflicts: bool = False,
) -> None:
    """Insert rows. `columns`: column -> one value per row; `same`: column -> the value of every row. Other
    columns get their model default; JSON values are given as Python values."""
    count = len(next(iter(columns.values())))
    if not count:
        return
    constants = _defaults(model, columns) | dict(same or {})
    fields = {f.column: f for f in model._meta.concrete_fields}
    names, picked, arrays, values = [], [], [], []
    for at, (name, cells) in enumerate(columns.items()):
        kind = _type(fields[name])
        names.append(f'"{name}"')
        picked.append(f"u.c{at}{kind.cast}")
        texts = [None if c is None else kind.text(c) for c in cells] if kind.text else cells
        sql, value = _array(texts, kind.base)
        arrays.append(sql)
        values.append(value)
    fixed = []
    for name, value in constants.items():
        kind = _type(fields[name])
        names.append(f'"{name}"')
        picked.append(f"%s::{kind.base}{kind.cast}")
        fixed.append(value if value is None or kind.text is None else kind.text(value))
    aliases = ", ".join(f"c{i}" for i in range(len(columns)))
    sql = (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) SELECT {", ".join(picked)} '
        f"FROM unnest({', '.join(arrays)}) AS u({aliases})"
        f"{' ON CONFLICT DO NOTHING' if ignore_conflicts else ''}"
    )
    run(sql, [*fixed, *values])


def _array(texts: Sequence[Any], base: str) -> tuple[str, Any]:
    """SQL and parameter of one column. A text with separators is five times as fast as an array literal,
    whose every value would be quoted; values that hold a separator, or a lone value, go the slow way."""
    shown = [EMPTY if t is None else t for t in texts]
    joined = SEPARATOR.join(shown)
    plain = joined.count(SEPARATOR) == len(shown) - 1 and joined.count(EMPTY) == shown.count(EMPTY)
    if len(shown) > 1 and plain and EMPTY not in texts:
        return f"string_to_array(%s, '{SEPARATOR}', '{EMPTY}')::{base}[]", joined
    return f"%s::text[]::{base}[]", list(texts)


def run(sql: str, values: Sequence[Any]) -> int:
    """One statement with arrays as parameters, in the current transaction; the count of rows."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


@dataclass(frozen=True, slots=True)
class _Kind:
    """Array element type, cast in the SELECT, and how a value becomes text (None: it is text)."""

    base: str
    cast: str
    text: Callable[[Any], str] | None


def _type(f: models.Field) -> _Kind:
    """Text isn't cast to its length: that would cut it silently."""
    kind = str(f.target_field.db_type(connection) if f.is_relation else f.db_type(connection)).split("(")[0]
    if kind == "jsonb":
        return _Kind("text", "::jsonb", _as_json)
    if kind in ("varchar", "text", "char"):
        return _Kind("text", "", None)
    if kind == "bytea":
        return _Kind(kind, "", lambda value: "\\x" + value.hex())
    if kind == "boolean":
        return _Kind(kind, "", lambda value: "t" if value else "f")
    return _Kind(kind, "", str)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _defaults(model: type[models.Model], given: Iterable[str]) -> dict[str, Any]:
    found = {}
    for f in model._meta.concrete_fields:
        if f.column in given or f.primary_key or f.generated or f.has_db_default():
            continue
        automatic = getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)
        found[f.column] = timezone.now() if automatic else f.get_default()
    return found


def add_events(
    ctx: Context,
    name: str,
    resource: str,
    ids: Sequence[int],
    data: Sequence[Mapping[str, Any]],
    customers: Sequence[int | None] | None = None,
) -> None:
    """The same rows as `ctx.event` once per id."""
    columns: dict[str, Sequence[Any]] = {"record_id": ids, "data": data}
    if customers is not None:
        columns["customer_id"] = customers
    insert(
        Event,
        columns,
        {
            "project_id": ctx.here.pk,
            "name": name,
            "resource": resource,
            "actor_kind": ctx.actor.kind,
            "actor_id": ctx.user_id,
            "actor_name": ctx.actor.name,
            "at": ctx.now,
            "business_date": ctx.business_date,
            "command_id": ctx.command_id,
        },
    )


def add_tasks(
    ctx: Context,
    code: str,
    resource: str,
    ids: Sequence[int],
    assignees: Sequence[int],
    due: Sequence[Any],
    params: Sequence[Mapping[str, Any]],
    period_key: str,
) -> None:
    """The same rows as `ctx.task` once per id."""
    insert(
        Task,
        {"record_id": ids, "assignee_id": assignees, "due_at": due, "params": params},
        {"project_id": ctx.here.pk, "code": code, "resource": resource, "period_key": period_key},
        ignore_conflicts=True,
    )


def add_tokens(project_id: int, resource: str, tokens: Mapping[int, Iterable[str]]) -> None:
    """Search tokens of new records, sorted so that the index is written in order."""
    pairs = sorted(
        {(token[:40], record_id) for record_id, found in tokens.items() for token in found if token}
    )
    insert(
        SearchToken,
        {"token": [t for t, _ in pairs], "record_id": [i for _, i in pairs]},
        {"project_id": project_id, "resource": resource},
        ignore_conflicts=True,
    )


@lru_cache(maxsize=20_000)
def name_tokens(name: str) -> tuple[str, ...]:
    """Tokens by which search finds a name; the same as `search.tokens_of` makes."""
    return (*chinese.search_tokens(name), name.lower()[:40]) if name else ()
