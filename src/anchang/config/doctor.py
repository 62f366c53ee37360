"""`anchang doctor`: is this installation sound? One line per check; exit 1 when something must be done."""

import datetime as dt
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

import anchang
from anchang.config import connecting, home
from anchang.config.postgres import ServerError

MINIMUM_SERVER = 150000
MINIMUM_FREE_BYTES = 2 * 1024**3
MAXIMUM_CLOCK_SECONDS = 2.0
MAXIMUM_BACKUP_SECONDS = 2 * 86400


@dataclass(frozen=True)
class Finding:
    """`level`: ok, warn (look at it) or bad (must be done)."""

    level: str
    subject: str
    text: str


def run() -> int:
    findings: list[Finding] = []
    try:
        with connecting.database():
            findings += examine()
    except (ServerError, psycopg.OperationalError) as problem:
        findings.append(Finding("bad", "database", str(problem).strip()))
    for finding in findings:
        print(f"{finding.level:4}  {finding.subject:10}  {finding.text}")
    return 1 if any(finding.level == "bad" for finding in findings) else 0


def examine() -> Iterator[Finding]:
    yield Finding("ok", "version", f"anchang {anchang.__version__}, Python {sys.version.split()[0]}")
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=10) as owner:
        yield from of_server(owner)
        yield from of_schema(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_APP_URL"], connect_timeout=10) as app:
        yield from of_role(app)
    yield from of_policies()
    yield from of_keys()
    yield from of_disk()
    yield from of_backups()


def of_server(connection: psycopg.Connection) -> Iterator[Finding]:
    version = connection.info.server_version
    level = "ok" if version >= MINIMUM_SERVER else "bad"
    yield Finding(
        level, "database", f"PostgreSQL {version // 10000}.{version % 10000}; 15 or newer is needed"
    )
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    if row is not None:
        apart = abs((row[0] - dt.datetime.now(dt.UTC)).total_seconds())
        level = "ok" if apart < MAXIMUM_CLOCK_SECONDS else "bad"
        yield Finding(level, "clock", f"{apart:.2f} s between this machine and the database")


def of_schema(owner_url: str) -> Iterator[Finding]:
    from anchang.config.preparing import prepared_fingerprint, schema_fingerprint

    if prepared_fingerprint(owner_url) == schema_fingerprint():
        yield Finding("ok", "schema", "as this version expects")
    else:
        yield Finding("warn", "schema", "not prepared by this version; `anchang up` will do it")


def of_role(connection: psycopg.Connection) -> Iterator[Finding]:
    row = connection.execute(
        "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole,"
        " (SELECT count(*) FROM pg_class WHERE relowner = r.oid) FROM pg_roles r WHERE rolname = current_user"
    ).fetchone()
    if row is None:
        return
    name, powerful, owned = row
    if powerful or owned:
        yield Finding(
            "bad", "role", f"{name} can pass row-level security (powers: {powerful}, owns {owned} relations)"
        )
    else:
        yield Finding("ok", "role", f"{name} owns nothing and is bound by row-level security")


def of_policies() -> Iterator[Finding]:
    import django

    django.setup()
    from anchang.platform.database import unguarded_tables

    bare = unguarded_tables()
    if bare:
        yield Finding("bad", "policies", f"tables without a policy: {', '.join(bare)}")
    else:
        yield Finding("ok", "policies", "every table has one, or a reason not to")


def of_keys() -> Iterator[Finding]:
    for name, variable in (("secret_key", "ANCHANG_SECRET_KEY"), ("data_key", "ANCHANG_DATA_KEY")):
        file = home.home() / "keys" / name
        if os.environ.get(variable):
            yield Finding("ok", "keys", f"{variable} is given by the environment")
        elif file.exists() and file.stat().st_mode & 0o077:
            yield Finding("bad", "keys", f"{file} can be read by others: chmod 600")
    yield from of_data_key_copy()


def of_data_key_copy() -> Iterator[Finding]:
    """Without the data key every phone number is lost, and no backup holds it: ask, remember the answer."""
    note = home.home() / "keys" / "data_key.copied"
    if not note.exists() and sys.stdin.isatty():
        question = "Is a copy of the data key (keys/data_key) kept away from this machine? Type yes: "
        if input(question).strip().lower() == "yes":
            note.write_text(dt.datetime.now(dt.UTC).date().isoformat())
    if note.exists():
        yield Finding("ok", "data key", f"a copy is kept elsewhere (confirmed {note.read_text().strip()})")
    else:
        yield Finding(
            "warn", "data key", "not confirmed that a copy is kept elsewhere; backups do not hold it"
        )


def of_disk() -> Iterator[Finding]:
    free = shutil.disk_usage(home.home()).free
    level = "ok" if free >= MINIMUM_FREE_BYTES else "bad"
    yield Finding(level, "disk", f"{free / 1024**3:.1f} GB free in the data folder")


def of_backups() -> Iterator[Finding]:
    """The nightly backup stands on the same machine: it must be there, and a copy must leave the house."""
    found = max((home.home() / "backups").glob("anchang-*.dump"), default=None)
    if found is None:
        yield Finding("warn", "backup", "no nightly backup yet; a running worker makes one from the set hour on")
        return
    age = dt.datetime.now(dt.UTC).timestamp() - found.stat().st_mtime
    level = "ok" if age < MAXIMUM_BACKUP_SECONDS else "bad"
    yield Finding(level, "backup", f"{found.name}, {age / 3600:.0f} hours old; copy it away from this machine")
