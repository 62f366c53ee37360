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
from types import NoneType
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.utils import timezone

from anchang.kernel import chinese
from anchang.platform import statements
from anchang.platform.models import Event, SearchRecord, SearchToken, Task

if TYPE_CHECKING:
    from anchang.platform.context import Context

FEW = 50
SEPARATOR, EMPTY, TOKEN_END = "\x1f", "\x1e", "\x1d"


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
    returning: str = "",
) -> list[tuple[Any, ...]]:
    """Insert rows. `columns`: column -> one value per row; `same`: column -> the value of every row. Other
    columns get their model default; JSON values are given as Python values. `returning`: a column to read back."""
    count = len(next(iter(columns.values())))
    if not count:
        return []
    given = dict(same or {})
    if count > FEW:  # what turns out to be the same in every row is sent once
        given |= {name: cells[0] for name, cells in list(columns.items())[1:] if _all_same(cells)}
        columns = {name: cells for name, cells in columns.items() if name not in given}
    kinds, defaults = _shape(model, frozenset((*columns, *given)))
    given |= {name: make() for name, make in defaults}
    end = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    end += f' RETURNING "{returning}"' if returning else ""
    if count == 1:
        given |= {name: cells[0] for name, cells in columns.items()}
        texts = {name: _text(kinds[name], value) for name, value in given.items() if value is not None}
        sql, values = _one_row(model, tuple(texts)) + end, list(texts.values())
    else:
        names = ", ".join(f'"{name}"' for name in (*given, *columns))
        into = f'INSERT INTO "{model._meta.db_table}" ({names})'
        picked = [f"%s::{kinds[name].base}{kinds[name].cast}" for name in given]
        arrays, values = [], [_text(kinds[name], value) for name, value in given.items()]
        for at, (name, cells) in enumerate(columns.items()):
            kind = kinds[name]
            picked.append(f"u.c{at}{kind.cast}")
            array, value = _array(_texts(kind, cells), kind.base)
            arrays.append(array)
            values.append(value)
        aliases = ", ".join(f"c{i}" for i in range(len(columns)))
        sql = f"{into} SELECT {', '.join(picked)} FROM unnest({', '.join(arrays)}) AS u({aliases}){end}"
    if returning:
        return statements.fetch(sql, values)
    statements.run(sql, values)
    return []


@lru_cache(maxsize=1000)
def _one_row(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join(["%s"] * len(names))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places})'


def create(records: Sequence[models.Model], *, ignore_conflicts: bool = False, ids: bool = True) -> None:
    """Insert new model instances, all of one model, as `bulk_create` does; they get their ids if wanted and if
    they have none yet."""
    if not records:
        return
    model = type(records[0])
    columns = {
        f.column: [f.pre_save(r, True) if automatic else getattr(r, f.attname) for r in records]
        for f, automatic in _plain_fields(model)
    }
    if records[0].pk is not None:
        columns["id"] = [r.pk for r in records]
        ids = False
    if ignore_conflicts or not ids:
        insert(model, columns, ignore_conflicts=ignore_conflicts)
        return
    for record, (pk,) in zip(records, insert(model, columns, returning="id"), strict=True):
        record.pk = pk
        record._state.adding = False
        record._state.db = connection.alias


@lru_cache(maxsize=1000)
def _plain_fields(model: type[models.Model]) -> tuple[Any, ...]:
    """What an insert writes, and whether it makes its value then: neither the id nor what the database makes."""
    return tuple(
        (f, bool(getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)))
        for f in model._meta.concrete_fields
        if not (f.primary_key or f.generated or f.has_db_default())
    )


def _text(kind: _Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind.text is not None:
        return kind.text(value)
    return value if type(value) is str else str(value)


def _texts(kind: _Kind, cells: Sequence[Any]) -> Sequence[Any]:
    text = kind.text
    if text is None:
        return cells if set(map(type, cells)) <= {str, NoneType} else [_text(kind, c) for c in cells]
    return [None if c is None else text(c) for c in cells]


def _all_same(cells: Sequence[Any]) -> bool:
    """The last one mostly tells already that they aren't."""
    return cells[0] == cells[-1] and cells.count(cells[0]) == len(cells) and type(cells[0]) is type(cells[-1])


def _array(texts: Sequence[Any], base: str) -> tuple[str, Any]:
    """SQL and parameter of one column. A text with separators is five times as fast as an array literal,
    whose every value would be quoted; values that hold a separator go the slow way."""
    shown = [EMPTY if t is None else t for t in texts]
    joined = SEPARATOR.join(shown)
    plain = joined.count(SEPARATOR) == len(shown) - 1 and joined.count(EMPTY) == shown.count(EMPTY)
    if plain and EMPTY not in texts:
        return f"string_to_array(%s, '{SEPARATOR}', '{EMPTY}')::{base}[]", joined
    return f"%s::text[]::{base}[]", list(texts)


def run(sql: str, values: Sequence[Any]) -> int:
    """One statement with arrays as parameters, in the current transaction; the count of rows."""
    return statements.run(sql, values)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Array element type, cast in the SELECT, and how a value becomes text (None: it is text)."""

    base: str
    cast: str
    text: Callable[[Any], str] | None


def _type(f: models.Field) -> _Kind:
    """Text isn't cast to its length: that would cut it silently."""
    written = f.target_field if isinstance(f, models.ForeignKey) else f
    kind = str(written.db_type(connection)).split("(")[0]
    if kind == "jsonb":
        return _Kind("text", "::jsonb", _as_json)
    if kind in ("varchar", "text", "char"):
        return _Kind("text", "", None)
    if kind == "bytea":
        return _Kind(kind, "", lambda value: "\\x" + bytes(value).hex())
    if kind == "boolean":
        return _Kind(kind, "", lambda value: "t" if value else "f")
    return _Kind(kind, "", str)


_JSON = json.JSONEncoder(ensure_ascii=False).encode


def _as_json(value: Any) -> str:
    return _JSON(value)


@lru_cache(maxsize=1000)
def _shape(
    model: type[models.Model], given: frozenset[str]
) -> tuple[dict[str, _Kind], list[tuple[str, Callable[[], Any]]]]:
    """How each column is written, and what makes the values of those that aren't given."""
    fields = {str(f.column): f for f in model._meta.concrete_fields}
    defaults: list[tuple[str, Callable[[], Any]]] = []
    for column, f in fields.items():
        if column in given or f.primary_key or f.generated or f.has_db_default():
            continue
        automatic = getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)
        make: Callable[[], Any] = timezone.now if automatic else f.get_default
        defaults.append((column, make))
    return {column: _type(f) for column, f in fields.items()}, defaults


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


def add_tokens(project_id: int, resource: str, tokens: Mapping[int, Iterable[str]], *, fresh: bool = True) -> None:
    """Search tokens of records that have none. The database sorts them, so that the index is written in order.
    Not `fresh`: somebody else may be writing the same at this moment."""
    add_token_texts(project_id, resource, {pk: tokens_text(found) for pk, found in tokens.items()}, fresh=fresh)


def add_token_texts(project_id: int, resource: str, texts: Mapping[int, str], *, fresh: bool = True) -> None:
    """As `add_tokens`, each record's tokens as `tokens_text` puts them."""
    if not texts:
        return
    words_sql, words = _array(list(texts.values()), "text")
    ids_sql, ids = _array([str(i) for i in texts], "bigint")
    newest = " ON CONFLICT (project_id, resource, record_id) DO UPDATE SET tokens = EXCLUDED.tokens"
    again = ("", "") if fresh else (newest, " ON CONFLICT DO NOTHING")
    records = f"unnest({words_sql}, {ids_sql}) AS u(words, id)"
    run(
        f'INSERT INTO "{SearchRecord._meta.db_table}" (project_id, resource, record_id, tokens)'
        f" SELECT %s::bigint, %s, u.id, u.words FROM {records}{again[0]}",
        [project_id, resource, words, ids],
    )
    run(
        f'INSERT INTO "{SearchToken._meta.db_table}" (project_id, resource, token, record_id)'
        f" SELECT %s::bigint, %s, t.token, u.id FROM {records},"
        f" unnest(string_to_array(u.words, '{TOKEN_END}')) AS t(token)"
        f' ORDER BY t.token COLLATE "C", u.id{again[1]}',
        [project_id, resource, words, ids],
    )


def tokens_text(tokens: Iterable[str]) -> str:
    """As `SearchRecord` holds them: each once, cut to what its column takes."""
    return TOKEN_END.join({token[:40]: None for token in tokens if token and TOKEN_END not in token})


@lru_cache(maxsize=20_000)
def name_tokens(name: str) -> tuple[str, ...]:
    """Tokens by which search finds a name; the same as `search.tokens_of` makes."""
    found = tuple(chinese.search_tokens(name)) if name else ()
    # Codes and mixed texts are found by how they begin, as they stand.
    return found if chinese.is_han(name) or not name else (*found, name.lower()[:40])
