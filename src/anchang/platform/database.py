"""The database as the last guard: row-level security, composite keys, frozen documents, audit, grants.

All of it is made from the models' metadata by `guard`, which may be run again at any time: policy text,
audit trigger and key form each stand in one place (Citus needs other words for the first two).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.apps import apps
from django.core.management import call_command
from django.db import connections, models

from anchang.platform import row_triggers
from anchang.platform.models.base import ProjectKey

APP_ROLE = "anchang_app"

#: Tables without a policy, each with its reason. A test fails for any other table without one.
EXEMPT: dict[str, str] = {
    "platform_company": "names of the group's companies; no business data",
    "platform_project": "codes and names; needed before the scope is known; lists are cut by access",
    "platform_teammember": "needed to compute the scope; user and team ids only",
    "platform_user": "signs in before any scope; the page shows colleagues by permission",
    "platform_user_groups": "Django's own; unused",
    "platform_user_user_permissions": "Django's own; unused",
    "platform_apitoken": "read to sign in; holds digests only",
    "platform_resetlink": "read to sign in; holds digests only",
    "platform_role": "configuration of the group",
    "platform_rolepermission": "configuration of the group",
    "platform_fieldrule": "configuration of the group",
    "platform_grant": "needed to compute the scope",
    "platform_personalgrant": "needed to compute the scope",
    "platform_parameter": "configuration; rates and limits",
    "platform_configstamp": "one counter",
    "platform_idempotencykey": "found by principal; answers go to that principal only",
    "auth_group": "Django's own; unused",
    "auth_group_permissions": "Django's own; unused",
    "auth_permission": "Django's own; unused",
    "django_content_type": "Django's own",
    "django_session": "found by secret key",
    "django_migrations": "Django's own",
    "django_cache": "rate limits; no personal data",
    "account_emailaddress": "sign-in of staff",
    "account_emailconfirmation": "sign-in of staff",
    "mfa_authenticator": "sign-in of staff",
    "procrastinate_jobs": "ids only; the worker runs for every project",
    "procrastinate_events": "ids only",
    "procrastinate_periodic_defers": "job names only",
    "procrastinate_workers": "worker names only",
}


def policy_sql(column: str = "project_id") -> str:
    """Visible are rows of the projects in `app.projects`. The sub-select makes PostgreSQL read it once."""
    return (
        f"{column} = ANY ((SELECT coalesce(nullif(current_setting('app.projects', true), ''), '{{}}')"
        "::bigint[])::bigint[])"
    )


def prepare(alias: str = "owner") -> None:
    """Bring the schema up to date, as the owner."""
    call_command("migrate", database=alias, interactive=False, verbosity=0)
    guard(alias)


def guard(alias: str = "owner") -> None:
    """Make every guard that the models ask for. Idempotent."""
    with connections[alias].cursor() as cursor:
        for statement in statements():
            cursor.execute(statement)


def statements() -> Iterator[str]:
    yield from row_triggers.functions()
    yield from _audit_table()
    for model in project_models():
        yield from _row_security(model._meta.db_table)
    for model in project_models():
        yield from _composite_keys(model)
        yield from _key_indexes(model)
        yield from _without_implied_key(model)
    for model in guarded_models():
        yield from row_triggers.triggers(model)
        yield from getattr(model, "guard_sql", ())
    yield from _grants()


def project_models() -> list[type[models.Model]]:
    """Every model with a `project` column and guard attributes, except those whose table is exempt."""
    return [m for m in guarded_models() if m._meta.db_table not in EXEMPT]


def guarded_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if hasattr(m, "append_only") and m._meta.managed]


def _audit_table() -> Iterator[str]:
    yield """
    CREATE TABLE IF NOT EXISTS platform_audit (
        id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, project_id bigint,
        table_name text NOT NULL, row_id bigint, op char(1) NOT NULL, changes jsonb NOT NULL,
        actor text NOT NULL, command_id uuid, PRIMARY KEY (id, at)
    ) PARTITION BY RANGE (at)"""
    yield "CREATE TABLE IF NOT EXISTS platform_audit_rest PARTITION OF platform_audit DEFAULT"
    yield ("CREATE INDEX IF NOT EXISTS platform_audit_row ON platform_audit (project_id, table_name, row_id)")
    yield "CREATE INDEX IF NOT EXISTS platform_audit_command ON platform_audit (command_id)"
    today = dt.date.today()  # noqa: DTZ011  # rule: own-clock - which months, not which moment
    yield from month_partitions(today)
    yield "ALTER TABLE platform_audit ENABLE ROW LEVEL SECURITY"
    yield "DROP POLICY IF EXISTS scope ON platform_audit"
    # What names no project is configuration of the group, whose tables have no policy either (EXEMPT).
    yield f"CREATE POLICY scope ON platform_audit FOR SELECT USING (project_id IS NULL OR {policy_sql()})"


def month_partitions(today: dt.date, ahead: int = 3) -> Iterator[str]:
    """This month and the next ones. A month whose rows already went to the default partition is left there."""
    month = today.replace(day=1)
    for _ in range(ahead + 1):
        after = (month + dt.timedelta(days=32)).replace(day=1)
        name = f"platform_audit_{month:%Y%m}"
        yield f"""
        DO $$ BEGIN
            IF to_regclass('{name}') IS NULL AND NOT EXISTS (
                SELECT FROM platform_audit_rest WHERE at >= '{month}' AND at < '{after}') THEN
                CREATE TABLE {name} PARTITION OF platform_audit FOR VALUES FROM ('{month}') TO ('{after}');
            END IF;
        END $$"""
        month = after


def without_old_months(today: dt.date, months: int) -> str:
    """The statement that drops whole months of the audit table, older than so many (Z07: kept for the set time)."""
    count = today.year * 12 + today.month - 1 - months
    kept_from = f"platform_audit_{count // 12:04d}{count % 12 + 1:02d}"
    return f"""
        DO $$ DECLARE part text; BEGIN
            FOR part IN SELECT relid::regclass::text FROM pg_partition_tree('platform_audit')
                         WHERE isleaf AND relid::regclass::text ~ '^platform_audit_[0-9]{{6}}$'
                           AND relid::regclass::text < '{kept_from}'
            LOOP EXECUTE format('DROP TABLE %I', part); END LOOP;
        END $$"""


def _row_security(table: str) -> Iterator[str]:
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'DROP POLICY IF EXISTS scope ON "{table}"'
    yield f'CREATE POLICY scope ON "{table}" USING ({policy_sql()}) WITH CHECK ({policy_sql()})'


def _composite_keys(model: type[models.Model]) -> Iterator[str]:
    """(project_id, x_id) -> (project_id, id) for every ProjectKey: a row can't refer to another project's."""
    table = model._meta.db_table
    for f in model._meta.concrete_fields:
        if not isinstance(f, ProjectKey):
            continue
        target = f.related_model._meta.db_table
        unique = f"{target}_project_key"[:63]
        name = f"{table}_{f.column}_project"[-63:]
        yield _unless_constraint(
            unique, target, f'ALTER TABLE "{target}" ADD CONSTRAINT "{unique}" UNIQUE (project_id, id)'
        )
        yield _unless_constraint(
            name, table,
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (project_id, "{f.column}") '
            f'REFERENCES "{target}" (project_id, id) DEFERRABLE INITIALLY IMMEDIATE',
        )  # fmt: skip


def _without_implied_key(model: type[models.Model]) -> Iterator[str]:
    """A row that must name another row of its project needs no key of its own to the project: (project_id, x_id)
    exists nowhere else. Checking that key again cost every inserted row 10 µs. A key to its own table proves nothing:
    a row may name itself."""
    keys = [f for f in model._meta.concrete_fields if isinstance(f, ProjectKey) and not f.null]
    if all(f.related_model is model for f in keys):
        return
    table = model._meta.db_table
    yield f"""
    DO $$ DECLARE key text; BEGIN
        FOR key IN SELECT c.conname FROM pg_constraint c
                     JOIN pg_attribute a ON a.attrelid = c.conrelid AND ARRAY[a.attnum] = c.conkey
                    WHERE c.conrelid = '"{table}"'::regclass AND c.contype = 'f'
                      AND c.confrelid = 'platform_project'::regclass AND a.attname = 'project_id'
        LOOP EXECUTE format('ALTER TABLE "{table}" DROP CONSTRAINT %I', key); END LOOP;
    END $$"""


def _key_indexes(model: type[models.Model]) -> Iterator[str]:
    """(project_id, x_id) for every ProjectKey that no index of the model begins with."""
    table = model._meta.db_table
    for f in model._meta.concrete_fields:
        if isinstance(f, ProjectKey) and f.indexed and not model._meta.proxy and not _covered(model, f.name):
            where = f' WHERE "{f.column}" IS NOT NULL' if f.null else ""
            yield f'CREATE INDEX IF NOT EXISTS "{table}_{f.column}_of" ON "{table}" (project_id, "{f.column}"){where}'


def _covered(model: type[models.Model], name: str) -> bool:
    """Whether an index of the model starts with (project, name) and holds every row that isn't in the bin."""
    if getattr(model._meta.pk, "field_names", ())[:2] == ("project_id", f"{name}_id"):
        return True
    for index in (*model._meta.indexes, *model._meta.constraints):
        named = getattr(index, "fields", ()) or [getattr(e, "name", "") for e in getattr(index, "expressions", ())]
        tests = index.condition.flatten() if getattr(index, "condition", None) else ()
        narrow = {t[0] for t in tests if isinstance(t, tuple)} - {"deleted_at__isnull", f"{name}__isnull"}
        if tuple(n.removeprefix("-") for n in named[:2]) == ("project", name) and not narrow:
            return True
    return False


def _unless_constraint(name: str, table: str, sql: str) -> str:
    return f"""
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '{name}'
                       AND conrelid = '"{table}"'::regclass) THEN {sql}; END IF;
    END $$"""


def _grants() -> Iterator[str]:
    yield f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}"
    yield f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}"
    yield f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON django_migrations FROM {APP_ROLE}"
    # The audit table is written by its trigger alone, which runs as the owner.
    yield f"""
    DO $$ DECLARE part text; BEGIN
        FOR part IN SELECT relid::regclass::text FROM pg_partition_tree('platform_audit') LOOP
            EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON %s FROM {APP_ROLE}', part);
            IF part <> 'platform_audit' THEN EXECUTE format('REVOKE SELECT ON %s FROM {APP_ROLE}', part); END IF;
        END LOOP;
    END $$"""
    for model in guarded_models():
        if getattr(model, "append_only", False):
            yield f'REVOKE UPDATE, DELETE, TRUNCATE ON "{model._meta.db_table}" FROM {APP_ROLE}'


def unguarded_tables(alias: str = "default") -> list[str]:
    """Tables with neither a policy nor a reasoned line in EXEMPT. Must be empty."""
    with connections[alias].cursor() as cursor:
        cursor.execute("""
            SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND NOT (c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
             ORDER BY 1""")
        return [name for (name,) in cursor.fetchall() if name not in EXEMPT]
