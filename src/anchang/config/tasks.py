"""The nightly backup of the whole installation."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone

from anchang.config import backup, home
from anchang.platform import parameters
from anchang.platform.jobs import JobRun, job


def folder() -> Path:
    """Where nightly backups are kept, readable by the installation's user only."""
    found = home.home() / "backups"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def newest() -> Path | None:
    return max(folder().glob("anchang-*.dump"), default=None)


@job("config.backup", every="*/20 * * * *", per_project=False, own_transactions=True)
def back_up(run: JobRun) -> None:
    """Once a day from the set hour on: write a backup, read it to its end, forget the old ones. A backup that
    can't be written or read fails the job, which is tried again."""
    now = timezone.localtime()
    today = now.date()
    file = folder() / f"anchang-{today}.dump"
    if now.hour < int(parameters.value("platform.backup_hour", None, today)) or file.exists():
        return
    draft = file.with_suffix(".unread")
    backup.write(draft)
    backup.read_through(draft)
    draft.replace(file)
    forget_before(today - dt.timedelta(days=int(parameters.value("platform.backup_days", None, today))))


def forget_before(day: dt.date) -> None:
    for old in folder().glob("anchang-*.dump"):
        if old.name < f"anchang-{day}.dump":
            old.unlink()
