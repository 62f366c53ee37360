"""Hot statements, prepared once per connection.

Django writes values into the text of a statement, so PostgreSQL parses and plans it anew each time. Here values
travel beside it, as text that PostgreSQL reads as what the place needs: the same statement always has the same
types, and after a few uses it is parsed and planned no more. Cast (`%s::bigint`) where the type isn't plain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


def run(sql: str, values: Sequence[Any] = ()) -> int:
    """One statement in the current transaction; the count of rows (unknown inside `together`)."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def fetch(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
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


def _cursor() -> Any:
    """With Django's error classes; and when queries are logged, Django's own cursor, which can tell their text."""
    db = connections[DEFAULT_DB_ALIAS]
    if db.queries_logged:
        return db.cursor()
    db.close_if_health_check_failed()
    if db.connection is None:
        db.ensure_connection()
    return db.make_cursor(psycopg.Cursor(db.connection))  # type: ignore[arg-type]  # django-stubs names the wrapper, Django takes psycopg's cursor


def id_list(ids: Sequence[int]) -> str:
    """For `= ANY(%s::bigint[])`."""
    return "{" + ",".join(map(str, ids)) + "}"
