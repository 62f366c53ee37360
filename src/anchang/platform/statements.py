"""Hot statements, prepared once per connection.

Django writes values into the text of a statement, so PostgreSQL parses and plans it anew each time. Here values
travel beside it, as text that PostgreSQL reads as what the place needs: the same statement always has the same
types, and after a few uses it is parsed and planned no more. Cast (`%s::bigint`) where the type isn't plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from threading import local
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

_held = local()
_PLACE = re.compile("%[s%]")


def run(sql: str, values: Sequence[Any] = ()) -> int:
    """One statement in the current transaction; the count of rows (unknown inside `together` and `as_one`)."""
    if (held := getattr(_held, "inserts", None)) is not None and sql.startswith("INSERT INTO"):
        held.append((sql, values))
        return -1
    _send_held()
    with _executed(sql, values) as cursor:
        return int(cursor.rowcount)


def fetch(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    _send_held()
    with _executed(sql, values) as cursor:
        return list(cursor.fetchall())


@contextmanager
def together() -> Iterator[None]:
    """Statements of the block travel together and are waited for once, at its end, where their errors surface too.
    For statements whose answer nobody needs (`run`); reading inside the block waits at once."""
    db = connections[DEFAULT_DB_ALIAS]
    if db.queries_logged:
        yield
        return
    db.close_if_health_check_failed()
    db.ensure_connection()
    with db.wrap_database_errors, db.connection.pipeline():
        yield


@contextmanager
def as_one() -> Iterator[None]:
    """The block's inserts (`run`) become one statement at its end: `WITH a AS (INSERT …), b AS (INSERT …)`.

    One parse, one plan, one exchange. Foreign keys between the rows hold, because they are checked when the whole
    statement has run; none of the inserts may read what another one writes.
    """
    if getattr(_held, "inserts", None) is not None:  # inside another one: its end is soon enough
        yield
        return
    _held.inserts = []
    try:
        yield
        _send_held()
    finally:
        _held.inserts = None


def _send_held() -> None:
    held = getattr(_held, "inserts", None)
    if not held:
        return
    _held.inserts = []
    if len(held) == 1:
        sql, values = held[0]
    else:
        sql = _with(tuple(sql for sql, _ in held))
        values = [value for _, many in held for value in many]
    with _executed(sql, values):
        pass


@lru_cache(maxsize=1000)
def _with(inserts: tuple[str, ...]) -> str:
    parts = ", ".join(f"w{at} AS ({sql})" for at, sql in enumerate(inserts))
    return f"WITH {parts} SELECT"


@contextmanager
def _executed(sql: str, values: Sequence[Any]) -> Iterator[Any]:
    """With Django's error classes; and when queries are logged, by Django's own cursor, which can tell their text."""
    db = connections[DEFAULT_DB_ALIAS]
    if db.queries_logged:
        with db.cursor() as cursor:
            cursor.execute(sql, values)
            yield cursor
        return
    db.close_if_health_check_failed()
    if db.connection is None:
        db.ensure_connection()
    with db.make_cursor(psycopg.RawCursor(db.connection)) as raw:  # type: ignore[arg-type]  # django-stubs names the wrapper, Django takes psycopg's cursor
        raw.execute(_numbered(sql), values)
        yield raw


@lru_cache(maxsize=2000)
def _numbered(sql: str) -> str:
    """PostgreSQL's own places: `%s` -> `$1`. psycopg would take long statements apart again each time."""
    places = count(1)
    return _PLACE.sub(lambda found: "%" if found[0] == "%%" else f"${next(places)}", sql)


def id_list(ids: Sequence[int]) -> str:
    """For `= ANY(%s::bigint[])`."""
    return "{" + ",".join(map(str, ids)) + "}"
