"""Erasure on request (PIPL 47) in the database: one function that overwrites a person's data wherever a model says
that it stands, redacts what history kept of it, and writes down that it ran. Nothing else may do either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from anchang.platform import resources
from anchang.platform.database import APP_ROLE, guarded_models, policy_sql

#: A reason that is a code of ours stays; what somebody typed goes.
SAID = "CASE WHEN reason ~ '^[a-z_]{1,30}$' THEN reason ELSE '' END"

# Numbers and truth values of an event say nothing about a person, nor do states and grades by their code.
_REDACT = r"""
CREATE OR REPLACE FUNCTION anchang_redacted(data jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN jsonb_typeof(value) IN ('number', 'boolean', 'null') THEN value
        WHEN jsonb_typeof(value) = 'array' THEN '["***", "***"]'
        WHEN key IN ('old', 'new', 'state', 'kind', 'method', 'source') AND value #>> '{}' ~ '^([a-z_]{1,20}|[A-D])$'
            THEN value
        ELSE '"***"' END), '{}') FROM jsonb_each(data)
$$"""
_BEGIN = f"""
CREATE OR REPLACE FUNCTION anchang_erase(pid bigint, person bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE ids bigint[]; touched bigint[]; told bigint[]; total bigint := 0;
BEGIN
    IF NOT ({policy_sql("pid")}) THEN
        RAISE EXCEPTION 'project % is out of scope', pid USING ERRCODE = '42501';
    END IF;
    SELECT array_agg(id) INTO ids FROM crm_customer
     WHERE project_id = pid AND (id = person OR merged_into_id = person);
    IF ids IS NULL THEN RETURN 0; END IF;
    PERFORM set_config('app.erasing', 'on', true);"""
_TOUCH = """
    touched := ARRAY(SELECT id FROM {table} WHERE project_id = pid AND {where});
    {change} WHERE project_id = pid AND id = ANY(touched);
    total := total + cardinality(touched);
    {audit}{about}"""
_AUDIT = """
    UPDATE platform_audit SET changes = anchang_redacted(changes)
     WHERE project_id = pid AND table_name = '{table}' AND row_id = ANY({ids});"""
_ABOUT = """
    UPDATE platform_event SET data = anchang_redacted(data)
     WHERE project_id = pid AND resource = '{resource}' AND record_id = ANY(touched);
    UPDATE platform_notice SET params = anchang_redacted(params)
     WHERE project_id = pid AND resource = '{resource}' AND record_id = ANY(touched);
    told := ARRAY(SELECT id FROM platform_task
                   WHERE project_id = pid AND resource = '{resource}' AND record_id = ANY(touched));
    UPDATE platform_task SET params = anchang_redacted(params) WHERE project_id = pid AND id = ANY(told);
    UPDATE platform_reveallog SET reason = ''
     WHERE project_id = pid AND resource = '{resource}' AND record_id = ANY(touched);""" + _AUDIT.format(
    table="platform_task", ids="told"
)
_ABOUT += """
    told := ARRAY(SELECT id FROM platform_storedfile
                   WHERE project_id = pid AND resource = '{resource}' AND record_id = ANY(touched));
    UPDATE platform_storedfile SET name = '***' WHERE project_id = pid AND id = ANY(told);""" + _AUDIT.format(
    table="platform_storedfile", ids="told"
)
_END = """
    UPDATE platform_event SET data = anchang_redacted(data) WHERE project_id = pid AND customer_id = ANY(ids);
    PERFORM set_config('app.erasing', 'off', true);
    INSERT INTO platform_audit (at, project_id, table_name, row_id, op, changes, actor, command_id)
    SELECT now(), pid, 'crm_customer', one, 'E', jsonb_build_object('rows', total),
           coalesce(nullif(current_setting('app.actor', true), ''), session_user),
           nullif(current_setting('app.command', true), '')::uuid
      FROM unnest(ids) AS one;
    RETURN total;
END $$"""


class EraseFunction:
    """The statements that make `anchang_erase(project, customer)`, read from the models each time."""

    def __iter__(self) -> Iterator[str]:
        # Deepest first: a row is found through its keys before those are gone.
        models = sorted(declared(), key=lambda m: (m.personal_of == "self", -m.personal_of.count(".")))
        yield _REDACT
        yield _BEGIN + "".join(_touch(m) for m in models) + _END
        name = "anchang_erase(bigint, bigint)"
        yield f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {name} TO {APP_ROLE}"


def _touch(model: Any) -> str:
    table = model._meta.db_table
    if "*" in model.personal:
        change = f"DELETE FROM {table}"
    else:
        change = f"UPDATE {table} SET " + ", ".join(f"{column} = {sql}" for column, sql in model.personal.items())
    resource = resources.of_model(model)
    return _TOUCH.format(
        table=table, where=_where(model), change=change, audit=_AUDIT.format(table=table, ids="touched"),
        about=_ABOUT.format(resource=resource.name) if resource else "",
    )  # fmt: skip


def _where(model: Any) -> str:
    if model.personal_of == "self":
        return "id = ANY(ids)"
    name, *rest = model.personal_of.split(".")
    column = model._meta.get_field(name).column
    if not rest:
        return f"{column} = ANY(ids)"
    other = model._meta.get_field(name).related_model
    return (
        f"{column} IN (SELECT id FROM {other._meta.db_table} WHERE project_id = pid"
        f" AND {other._meta.get_field(rest[0]).column} = ANY(ids))"
    )


def declared() -> list[Any]:
    """Models that say what stands in them after an erasure."""
    return [m for m in guarded_models() if getattr(m, "personal", None) and not m._meta.proxy]
