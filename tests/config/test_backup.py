"""A backup, restored into another database, holds the same rows in every table."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth import get_user_model
from psycopg import sql

from anchang.config import backup
from anchang.config.postgres import with_database
from tests.conftest import ROOT, make_database, server_environment

CLI = [sys.executable, "-m", "anchang.config.cli"]


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
        return {
            name: [
                row[0]
                for row in connection.execute(
                    sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(name))
                )
            ]
            for (name,) in tables
        }


@pytest.fixture
def other(database_server: str, database_name: str) -> str:
    name = f"{database_name}_other"
    make_database(database_server, name)
    return with_database(database_server, name)


def run(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *words],
        env=os.environ | server_environment(url),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_round_trip(
    transactional_db: None, database_server: str, database_name: str, other: str, tmp_path: Path
) -> None:
    here = with_database(database_server, database_name)
    get_user_model().objects.create(username="kept", name="陈晓")
    file = tmp_path / "anchang.backup"
    done = run(here, "backup", str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o077 == 0
    done = run(other, "restore", "--yes", str(file))
    assert done.returncode == 0, done.stderr
    expected, found = contents(here), contents(other)
    assert found.keys() == expected.keys()
    assert any("陈晓" in row for row in found["platform_user"])
    for table, rows in expected.items():
        assert found[table] == rows, table


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(backup.BackupError):
        backup.check(file)


def test_a_damaged_backup_changes_nothing(
    transactional_db: None,
    fresh_database: Callable[[], None],
    database_server: str,
    database_name: str,
    other: str,
    tmp_path: Path,
) -> None:
    file = tmp_path / "anchang.backup"
    assert run(with_database(database_server, database_name), "backup", str(file)).returncode == 0
    file.write_bytes(file.read_bytes()[:-20_000])
    before = contents(other)
    assert run(other, "restore", "--yes", str(file)).returncode == 2
    assert contents(other) == before
