"""A small office with work of every kind, backed up and restored, is the same in every table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from anchang.config.postgres import with_database
from anchang.platform import jobs
from anchang.platform.exporting import jobs as exporting
from anchang.platform.exporting.rows import Wanted
from anchang.platform.importing import jobs as importing
from anchang.platform.resources import get
from tests.conftest import ROOT, make_database, server_environment
from tests.factories import make_office, run
from tests.platform.importing.test_jobs import LEADS, PRICES, VISITS, put

CLI = [sys.executable, "-m", "anchang.config.cli"]


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, partitions included, as text; the numbers that sequences give next as well."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT relname, relkind FROM pg_class WHERE relkind IN ('r', 'S')"
            " AND relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
        for name, kind in tables:
            query = (
                "SELECT t::text FROM {} t ORDER BY 1" if kind == "r" else "SELECT last_value::text FROM {}"
            )
            rows = connection.execute(sql.SQL(query).format(sql.Identifier(name))).fetchall()
            found[name] = [row[0] for row in rows]
    return found


def guards(url: str) -> list[str]:
    """Policies, triggers and constraints: what the database refuses must be refused after a restore too."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT 'policy ' || polname || polrelid::regclass FROM pg_policy UNION ALL"
            " SELECT 'trigger ' || tgname || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal UNION ALL"
            " SELECT 'constraint ' || conname || conrelid::regclass FROM pg_constraint WHERE conrelid <> 0 ORDER BY 1"
        ).fetchall()
    return [row[0] for row in rows]


def command(url: str, *words: str) -> None:
    done = subprocess.run(
        [*CLI, *words],
        env=os.environ | server_environment(url),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def work_of_a_day(folder: Path) -> None:
    office = make_office()
    importing.import_file("price-list", put(folder, PRICES, "prices.csv"), "YQ")
    importing.import_file("leads", put(folder, LEADS), "YQ")
    importing.import_file("visits", put(folder, VISITS, "visits.csv"), "YQ")
    with office.as_("manager") as access:
        run("add_leads", access, project="YQ", name="陈晓", phone="13900000077", channel="advert")
        report = exporting.start(access, office.project, get("leads"), Wanted())
    jobs.run_now("platform.export", office.access("manager"), office.project, report=report.pk)


def test_every_table_comes_back(
    transactional_db: None, database_server: str, database_name: str, tmp_path: Path
) -> None:
    here = with_database(database_server, database_name)
    name = f"{database_name}_restored"
    make_database(database_server, name)
    there = with_database(database_server, name)
    work_of_a_day(tmp_path)

    backup = tmp_path / "office.backup"
    command(here, "backup", str(backup))
    expected, guarded = contents(here), guards(here)
    command(there, "restore", "--yes", str(backup))
    found = contents(there)

    filled = {table for table, rows in expected.items() if rows}
    assert {"crm_lead", "crm_customer", "crm_visit", "inventory_unit", "platform_filechunk", "platform_searchtoken",
            "platform_event", "platform_importrefusal", "procrastinate_jobs"} <= filled  # fmt: skip
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table
    assert guards(there) == guarded


def test_a_damaged_backup_changes_nothing(
    transactional_db: None, database_server: str, database_name: str, tmp_path: Path
) -> None:
    here = with_database(database_server, database_name)
    make_office()
    backup = tmp_path / "office.backup"
    command(here, "backup", str(backup))
    cut = tmp_path / "cut.backup"
    cut.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    before = contents(here)
    from tests.conftest import close_connections

    close_connections()
    done = subprocess.run(
        [*CLI, "restore", "--yes", str(cut)], env=os.environ | server_environment(here), cwd=ROOT, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout
    assert contents(here) == before
    with pytest.raises(psycopg.Error), psycopg.connect(here) as connection:
        connection.execute("INSERT INTO platform_project (id) VALUES (1)")
