"""Over every resource and command: nothing of another project, and nothing outside a role's scope, is seen,
counted, searched, exported or changed. A new resource is tested the moment it is registered."""

from __future__ import annotations

import os
from typing import Any

import psycopg
import pytest
from django.db import connection

from anchang.kernel.actor import Actor
from anchang.kernel.errors import DomainError
from anchang.platform import commands, database, reading, resources
from anchang.platform.access import Access
from anchang.platform.reading import Query
from anchang.platform.resources import Resource
from tests.factories import Office, make_office
from tests.rows import is_project_row, make_row

pytestmark = pytest.mark.django_db

ROLES = ("manager", "finance", "clerk", "service", "consultant1", "director")


def project_resources() -> list[Resource]:
    return [r for r in resources.all_resources() if is_project_row(r.model)]


def two_offices() -> tuple[Office, Office]:
    return make_office("YQ"), make_office("ZZ", prefix="z")


def rows_of(office: Office, who: str) -> dict[str, Any]:
    """One row of every resource in the office, owned by `who`."""
    made: dict[Any, Any] = {}
    found = {}
    with office.as_("system"):
        for resource in project_resources():
            model = resource.model
            if model._meta.proxy:
                model = model._meta.concrete_model
            if made.get(model) is None:
                made[model] = make_row(model, office.project, office.users[who], made)
            found[resource.name] = made[model]
    return found


def test_every_table_is_guarded():
    assert database.unguarded_tables() == []


def test_no_row_belongs_to_a_project_that_is_not_there():
    """Every table is tied to the projects: by a key of its own, or by keys that must be filled to tables that are.
    Tokens of a search and the log of attempts declare that they have none."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c
             WHERE c.contype = 'f' AND c.convalidated AND NOT EXISTS (
                   SELECT FROM pg_attribute a
                    WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND NOT a.attnotnull)
               AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                                                        AND a.attname = 'project_id')""")
        keys = set(cursor.fetchall())
    tied = {"platform_project"}
    while more := {table for table, target in keys if target in tied} - tied:
        tied |= more
    keyed = [m for m in database.project_models() if m._meta.get_field("project").db_constraint]
    assert {m._meta.db_table for m in keyed} - tied == set()


@pytest.mark.parametrize("who", ROLES)
def test_other_projects_are_not_there(who):
    """List, count, search, single read, events and every command of another project: as if nothing were there."""
    here, there = two_offices()
    foreign = rows_of(there, "consultant1")
    before = audit_count(there)
    with here.as_(who) as access:
        for resource in project_resources():
            row = foreign[resource.name]
            if access.may(f"{resource.name}.view"):
                page = reading.list_rows(resource, access, Query(count=True))
                assert row.pk not in [i["id"] for i in page.items], resource.name
                everything = Query(where={"field": "id", "op": "eq", "value": row.pk}, count=True)
                assert reading.list_rows(resource, access, everything).count == 0, resource.name
                with pytest.raises(DomainError) as refused:
                    reading.get_row(resource, access, row.pk)
                assert refused.value.status == 404, resource.name
            for cmd in commands.of_resource(resource):
                if cmd.kind in ("record", "edit"):
                    assert outcome(cmd, access, row.pk) in (403, 404, 422), cmd.name
    assert audit_count(there) == before


def outcome(cmd: commands.Command, access: Any, subject: Any) -> int:
    """The status a command answers, run and rolled back."""
    try:
        commands.execute(cmd, access, subject_id=subject, data={}, preview=True)
    except DomainError as exc:
        return exc.status
    return 200


def audit_count(office: Office) -> int:
    with office.as_("system"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM platform_audit WHERE project_id = %s", [office.project.pk])
        return int(cursor.fetchone()[0])


def test_own_scope_sees_own_rows_only():
    """A consultant's own-scoped resources: a colleague's rows are not listed, read, counted or acted on."""
    office = make_office("YQ")
    theirs = rows_of(office, "consultant5")
    checked = 0
    with office.as_("consultant1") as access:
        for resource in project_resources():
            if access.scope(f"{resource.name}.view", office.project.pk) != "own":
                continue
            checked += 1
            row = theirs[resource.name]
            where = {"field": "id", "op": "eq", "value": row.pk}
            page = reading.list_rows(resource, access, Query(where=where, count=True))
            assert (page.items, page.count) == ([], 0), resource.name
            with pytest.raises(DomainError):
                reading.get_row(resource, access, row.pk)
            for cmd in commands.of_resource(resource):
                if cmd.kind in ("record", "edit") and access.scope(
                    commands.permission_of(cmd), office.project.pk
                ) in ("own", None):
                    assert outcome(cmd, access, row.pk) in (403, 404, 422), cmd.name
    assert checked >= 5


def test_without_a_right_nothing_opens():
    """A user without any role reads no resource and runs no command."""
    office = make_office("YQ")
    rows = rows_of(office, "consultant1")
    nobody = Access(Actor("staff", office.users["consultant1"].pk, "x"), {office.project.pk: {}})
    with office.as_("system"):
        for resource in resources.all_resources():
            with pytest.raises(DomainError) as refused:
                reading.list_rows(resource, nobody, Query())
            assert refused.value.status == 403, resource.name
        for cmd in commands.all_commands():
            subject = rows.get(cmd.resource.name)
            try:
                commands.execute(
                    cmd, nobody, subject_id=subject.pk if subject else 1, data={"project": office.project.pk}, preview=True
                )
            except DomainError as exc:
                assert exc.status in (403, 404, 422), cmd.name
            else:
                pytest.fail(f"{cmd.name} ran without a right")


def test_hidden_field_cannot_be_used():
    """A field that a role may not see can't be read, filtered or sorted by it (exports read the same way)."""
    office = make_office("YQ")
    base = office.access("admin")
    with office.as_("admin"):
        for resource in project_resources():
            for f in resource.fields:
                rules = {office.project.pk: {resource.name: {f.name: "hide"}}}
                access = Access(base.actor, base.rights, rules)
                page = reading.list_rows(resource, access, Query())
                assert f.name not in {x.name for x in page.fields}
                with pytest.raises(DomainError):
                    where = {"field": f.name, "op": "empty", "value": True}
                    reading.list_rows(resource, access, Query(where=where))
                with pytest.raises(DomainError):
                    reading.list_rows(resource, access, Query(order=f.name))


@pytest.mark.django_db(transaction=True)
def test_the_policy_is_what_stops_a_forgotten_filter():
    """A query without any filter sees no other project; with the policy dropped, the same query finds the
    leak: so this check can fail. Runs as the application's role inside a transaction of the owner."""
    here, there = two_offices()
    rows_of(there, "consultant1")
    tables = sorted({r.model._meta.db_table for r in project_resources()} - set(database.EXEMPT))
    with psycopg.connect(os.environ["DATABASE_URL"]) as owner:
        for table in tables:
            with owner.transaction(force_rollback=True):
                assert seen_of(owner, table, here, there) == 0, table
            with owner.transaction(force_rollback=True):
                owner.execute(f'DROP POLICY scope ON "{table}"')
                owner.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
                assert seen_of(owner, table, here, there) > 0, table


def seen_of(owner: psycopg.Connection, table: str, here: Office, there: Office) -> int:
    """How many rows of `there` the app's role sees while its scope is `here`."""
    owner.execute("SELECT set_config('app.projects', %s, true)", [f"{{{here.project.pk}}}"])
    owner.execute("SET LOCAL ROLE anchang_app")
    found = owner.execute(f'SELECT count(*) FROM "{table}" WHERE project_id = %s', [there.project.pk]).fetchone()
    owner.execute("RESET ROLE")
    assert found is not None
    return int(found[0])
