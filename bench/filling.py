"""Many rows by SQL, as the owner, past triggers and policies: background data is not what is measured."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import models
from django.utils import timezone
from psycopg import sql


def fill(model: type[models.Model], count: int, columns: Mapping[str, str]) -> None:
    """`count` rows; `columns`: column -> SQL over `g` (1 … count). Other columns get their default."""
    names, parts = [], []
    for f in model._meta.concrete_fields:
        if f.generated or f.has_db_default() or (f.primary_key and f.column not in columns):
            continue
        names.append(sql.Identifier(f.column))
        parts.append(sql.SQL(columns[f.column]) if f.column in columns else _default(f))
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {}) g").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(names), sql.SQL(", ").join(parts), sql.Literal(count)
    )
    with owner() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)


def _default(f: Any) -> sql.Composable:
    automatic = getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)
    value = timezone.now() if automatic else f.get_default()
    if isinstance(value, dict | list):
        return sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(value)))
    if value is None or isinstance(value, str):
        return sql.Literal(None if value is None else str(value))
    return sql.Literal(value)


def owner() -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["DATABASE_URL"])


def settle() -> None:
    """Statistics and visibility as autovacuum would have made them."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def fill_customers(project_id: int, count: int, owners: list[int], team_id: int | None, years: float = 5) -> int:
    """Customers over the last years, newest last, with grades, owners and days; the first id."""
    from anchang.crm.models import Customer

    with owner() as connection:
        row = connection.execute(
            "SELECT coalesce(max(id), 0) FROM crm_customer"
        ).fetchone()
    first = (row[0] if row else 0) + 1
    moment = f"(now() - interval '1 second' * (({count} - g) * {years * 365 * 86400 / count:.6f}))"
    people = "ARRAY[" + ",".join(map(str, owners)) + "]::bigint[]"
    fill(Customer, count, {
        "id": f"{first} + g - 1",
        "project_id": str(project_id),
        "name": "substr('赵钱孙李周吴郑王', 1 + g % 8, 1) || substr('伟芳娜敏静丽强磊', 1 + g / 8 % 8, 1) || g % 10",
        "phone_masked": "'138****' || lpad((g % 10000)::text, 4, '0')",
        "grade": "substr('ABCD', 1 + (g * 7 % 10) / 3, 1)",
        "stage": "'prospect'",
        "owner_id": f"({people})[1 + g % {len(owners)}]",
        "team_id": str(team_id) if team_id else "NULL",
        "captured_at": moment, "idle_since": moment, "created_at": moment, "updated_at": moment,
        "business_date": f"({moment} AT TIME ZONE 'Asia/Shanghai')::date",
        "last_follow_up_at": f"{moment} + interval '3 days'",
    })  # fmt: skip
    with owner() as connection:
        connection.execute("SELECT setval(pg_get_serial_sequence('crm_customer', 'id'), %s)", [first + count])
    return first
