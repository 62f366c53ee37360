"""The backup that nobody has to think of: at its hour, read to the end, old ones forgotten; and how long history lasts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from anchang.config import backup, doctor, tasks
from anchang.config.postgres import with_database
from anchang.platform import database, jobs
from anchang.platform.access import system_access


@pytest.fixture
def house(tmp_path: Path, monkeypatch, database_server: str, database_name: str) -> Path:
    monkeypatch.setenv("ANCHANG_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", with_database(database_server, database_name))
    return tmp_path / "backups"


def at(monkeypatch, day: int, hour: int) -> None:
    now = dt.datetime(2026, 5, day, hour, 30, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)


def night() -> None:
    jobs.run_now("config.backup", system_access([]), None)


def names(house: Path) -> list[str]:
    return sorted(file.name for file in house.iterdir())


@pytest.mark.django_db(transaction=True)
def test_one_readable_backup_a_night(house: Path, monkeypatch) -> None:
    assert "config.backup" in jobs.scheduled()
    at(monkeypatch, 1, 2)
    night()
    assert not house.exists() or names(house) == []
    for day in (1, 1, 2, 17):
        at(monkeypatch, day, 3)
        night()
    assert names(house) == ["anchang-2026-05-17.dump"], "once a day, those of the last 14 days"
    backup.read_through(house / "anchang-2026-05-17.dump")
    assert [f.level for f in doctor.of_backups()] == ["ok"]


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_cannot_be_read_is_none(house: Path, monkeypatch) -> None:
    at(monkeypatch, 1, 3)
    real = backup.write

    def half(file: Path) -> int:
        size = real(file)
        file.write_bytes(file.read_bytes()[: size // 2])
        return size

    monkeypatch.setattr(tasks.backup, "write", half)
    with pytest.raises(backup.BackupError):
        night()
    assert [n for n in names(house) if n.endswith(".dump")] == []


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_months_of_history_go_after_the_set_time() -> None:
    def months() -> set[str]:
        cursor.execute("SELECT relid::regclass::text FROM pg_partition_tree('platform_audit') WHERE isleaf")
        return {name for (name,) in cursor.fetchall()}

    with connections["owner"].cursor() as cursor:
        for month in (dt.date(2014, 5, 1), dt.date(2016, 5, 1)):
            for statement in database.month_partitions(month, ahead=0):
                cursor.execute(statement)
        before = months()
        assert {"platform_audit_201405", "platform_audit_201605"} <= before
        cursor.execute(database.without_old_months(dt.date(2026, 5, 20), 120))
        assert before - months() == {"platform_audit_201405"}
        cursor.execute("DROP TABLE platform_audit_201605")
