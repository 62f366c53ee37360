"""Triggers of a table's rows: version, audit, posted columns that never change. Made from the model's metadata.

Each table has functions of its own, which compare its columns by name: turning whole rows into jsonb to compare them
costs four times as much for a unit of fifty columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models

#: Columns that change with every write and say nothing by themselves.
PASSING = frozenset({"updated_at", "version", "last_login"})
#: That a secret changed is a fact, the secret isn't: table -> columns.
SECRET = {"platform_user": ("password", "pin")}

# One statement for all rows of an insert: an import of a hundred thousand rows is audited as a set. PostgreSQL
# compiles a trigger's function for each of its tables, so `new_rows` has that table's columns.
_AUDIT_INSERT = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO platform_audit (at, project_id, table_name, row_id, op, changes, actor, command_id)
    SELECT now(), n.project_id, TG_TABLE_NAME, {row}, 'I', '{{}}',
           coalesce(nullif(current_setting('app.actor', true), ''), session_user),
           nullif(current_setting('app.command', true), '')::uuid
      FROM new_rows n;
    RETURN NULL;
END $$"""

#: The function for tables with a number of their own, and for those whose rows are named by others (unit claims).
_INSERTED = {"anchang_audit_insert": "n.id", "anchang_audit_insert_unnumbered": "NULL::bigint"}

_VERSION = """
CREATE OR REPLACE FUNCTION anchang_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$"""


def functions() -> Iterator[str]:
    """What all tables share."""
    for name, row in _INSERTED.items():
        yield _AUDIT_INSERT.format(name=name, row=row)
    yield _VERSION


def triggers(model: type[Any]) -> Iterator[str]:
    table = model._meta.db_table
    stored = [f.column for f in model._meta.concrete_fields if not f.generated]
    yield f'DROP TRIGGER IF EXISTS anchang_frozen ON "{table}"'
    yield f'DROP TRIGGER IF EXISTS anchang_frozen_delete ON "{table}"'
    if model.frozen:
        yield from _frozen(table, model.frozen, model.frozen_when)
    if "version" in stored:
        yield (
            f'CREATE OR REPLACE TRIGGER anchang_version BEFORE UPDATE ON "{table}" FOR EACH ROW '
            "EXECUTE FUNCTION anchang_version()"
        )
    if model.audited:
        yield from _audit(model, stored)


# --- audit ---------------------------------------------------------------------------------------


def _audit(model: type[models.Model], stored: list[str]) -> Iterator[str]:
    """Updates by their changed columns `{column: [old, new]}`, deletions by the whole row, inserts by the fact."""
    table = model._meta.db_table
    as_set = "project_id" in stored
    yield _audit_function(table, stored)
    yield (
        f"CREATE OR REPLACE TRIGGER anchang_audit AFTER {'' if as_set else 'INSERT OR '}UPDATE OR DELETE "
        f'ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{_audit_name(table)}"()'
    )
    if as_set:
        numbered, unnumbered = _INSERTED
        yield (
            f'CREATE OR REPLACE TRIGGER anchang_audit_insert AFTER INSERT ON "{table}" REFERENCING NEW TABLE '
            f"AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION {numbered if 'id' in stored else unnumbered}()"
        )


def _audit_name(table: str) -> str:
    return f"audit_{table}"[:63]


def _audit_function(table: str, stored: list[str]) -> str:
    project = "(CASE WHEN TG_OP = 'INSERT' THEN NEW.project_id ELSE OLD.project_id END)"
    row = "(CASE WHEN TG_OP = 'INSERT' THEN NEW.id ELSE OLD.id END)"
    compared = "\n        ".join(_compared(table, column) for column in stored if column not in PASSING)
    hidden = "".join(f" || '{{\"{column}\": \"***\"}}'" for column in SECRET.get(table, ()))
    return f"""
CREATE OR REPLACE FUNCTION "{_audit_name(table)}"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE diff jsonb := '{{}}';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        {compared}
        IF diff = '{{}}' THEN RETURN NULL; END IF;
    ELSIF TG_OP = 'DELETE' THEN
        diff := to_jsonb(OLD){hidden};
    END IF;
    INSERT INTO platform_audit (at, project_id, table_name, row_id, op, changes, actor, command_id)
    VALUES (now(), {project if "project_id" in stored else "NULL"}, TG_TABLE_NAME,
            {row if "id" in stored else "NULL"}, left(TG_OP, 1), diff,
            coalesce(nullif(current_setting('app.actor', true), ''), session_user),
            nullif(current_setting('app.command', true), '')::uuid);
    RETURN NULL;
END $$"""


def _compared(table: str, column: str) -> str:
    pair = "'***', '***'" if column in SECRET.get(table, ()) else f'OLD."{column}", NEW."{column}"'
    return (
        f'IF NEW."{column}" IS DISTINCT FROM OLD."{column}" THEN '
        f"diff := diff || jsonb_build_object('{column}', jsonb_build_array({pair})); END IF;"
    )


# --- posted documents ----------------------------------------------------------------------------


def _frozen(table: str, columns: tuple[str, ...], when: str) -> Iterator[str]:
    """`columns` keep their values once `when` (SQL on OLD) is true, and such a row stays."""
    condition = f"WHEN ({when})" if when else ""
    yield frozen_function(_frozen_name(table), table, columns)
    yield (
        f'CREATE TRIGGER anchang_frozen BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW {condition} '
        f'EXECUTE FUNCTION "{_frozen_name(table)}"()'
    )


def _frozen_name(table: str) -> str:
    return f"frozen_{table}"[:63]


def frozen_function(name: str, table: str, columns: tuple[str, ...]) -> str:
    """A trigger function that refuses to change these columns, and to delete the row."""
    kept = "\n    ".join(
        f'IF NEW."{column}" IS DISTINCT FROM OLD."{column}" THEN'
        f" RAISE EXCEPTION 'posted {column} of {table} cannot change'"
        f" USING ERRCODE = '23514', CONSTRAINT = '{table}_posted'; END IF;"
        for column in columns
    )
    return f"""
CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Erasure on request: said by the function that erases, which runs as the owner. Saying it helps nobody else.
    IF current_setting('app.erasing', true) = 'on'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'posted rows of {table} are never deleted'
            USING ERRCODE = '23514', CONSTRAINT = '{table}_posted';
    END IF;
    {kept}
    RETURN NEW;
END $$"""
