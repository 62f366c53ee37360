"""Numbers without gaps: receipts, contracts and other statutory series."""

from __future__ import annotations

from django.db import connection

_TAKE = """
INSERT INTO platform_numberbook (project_id, kind, period, last) VALUES (%s, %s, %s, %s)
ON CONFLICT (project_id, kind, period) DO UPDATE SET last = platform_numberbook.last + EXCLUDED.last
RETURNING last
"""


def take(project_id: int, kind: str, period: str = "", count: int = 1) -> int:
    """The next number (the last of `count`). Holds the book's row until the transaction ends, so that a
    rolled-back number is given again: call it last of all locks."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [project_id, kind, period, count])
        return int(cursor.fetchone()[0])
