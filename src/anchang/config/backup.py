"""The whole database into one file, and back.

The file is PostgreSQL's custom format (pg_restore reads it anywhere). It holds ciphertexts of personal
data but never the data key.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from anchang.config.postgres import ServerError, binaries
from anchang.config.preparing import mark_prepared

MAGIC = b"PGDMP"


class BackupError(Exception):
    """Why a backup or a restore was not made; nothing was changed."""


def program(name: str) -> Path:
    """The embedded PostgreSQL's program, or the system's."""
    try:
        return binaries() / name
    except ServerError:
        found = shutil.which(name)
        if found is None:
            raise BackupError(f"{name} is not installed.") from None
        return Path(found)


def connection_environment(url: str) -> dict[str, str]:
    """libpq's variables for a URL: a password on the command line would be seen by every user."""
    parts = urlsplit(url)
    values = {
        "PGHOST": parts.hostname,
        "PGPORT": parts.port,
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.path.lstrip("/"),
    }
    options = {
        "PG" + name.upper(): value for name, _, value in (p.partition("=") for p in parts.query.split("&"))
    }
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    for name, value in {**values, **options}.items():
        if value and name != "PG":
            environment[name] = unquote(str(value))
    return environment


def run(arguments: Sequence[str | Path], url: str, *, text: str | None = None) -> str:
    done = subprocess.run(
        arguments, env=connection_environment(url), input=text, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BackupError(f"{Path(arguments[0]).name} failed: {done.stderr.strip()[-800:]}")
    return done.stdout


def write(file: Path) -> int:
    """Write the backup; its size in bytes. The file appears when complete, readable by its owner only."""
    if not file.resolve().parent.is_dir():
        raise BackupError(f"No such folder: {file.parent}")
    url = os.environ["DATABASE_URL"]
    draft = file.with_name(file.name + ".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.close(descriptor)
    try:
        run([program("pg_dump"), "--format=custom", "--no-owner", "--file", draft], url)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


def check(file: Path) -> None:
    """Raises BackupError unless the file looks like a backup."""
    try:
        with file.open("rb") as source:
            magic = source.read(len(MAGIC))
    except OSError as problem:
        raise BackupError(f"{file}: {problem.strerror}") from None
    if magic != MAGIC:
        raise BackupError(f"{file} is not a backup made by `anchang backup`.")


def read_through(file: Path) -> None:
    """Raises BackupError unless pg_restore can read all of it, data included. Touches no database."""
    check(file)
    run([program("pg_restore"), "--file", os.devnull, file], os.environ["DATABASE_URL"])


def restore(file: Path) -> None:
    """Replace the content of the database by the backup's, in one transaction: all of it or nothing.

    Then bring it to this version. Refused while anybody else is connected.
    """
    url = os.environ["DATABASE_URL"]
    _refuse_while_in_use(url)
    script = file.resolve().with_name(file.name + ".sql.part")
    contents = file.resolve().with_name(file.name + ".list.part")
    try:
        # Default privileges name the old owner; grants are made anew below.
        lines = run([program("pg_restore"), "--list", file], url).splitlines()
        contents.write_text("\n".join(line for line in lines if "DEFAULT ACL" not in line) + "\n")
        os.close(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        run([program("pg_restore"), "--no-owner", f"--use-list={contents}", "--file", script, file], url)
        mark_prepared(url, "")
        run(
            [program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
             "--command", _empty_schema(url), "--file", script],
            url,
        )  # fmt: skip
    finally:
        script.unlink(missing_ok=True)
        contents.unlink(missing_ok=True)
    _bring_up_to_date()


def _refuse_while_in_use(url: str) -> None:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
    if row and row[0]:
        raise BackupError(f"{row[0]} other connections use this database. Stop Anchang first.")


def _empty_schema(url: str) -> str:
    with psycopg.connect(url) as connection:
        owner = sql.Identifier(connection.info.user).as_string(connection)
    return f"DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {owner};"


def _bring_up_to_date() -> None:
    import django
    from django.db import connections

    from anchang.config.preparing import prepare_if_changed

    django.setup()
    prepare_if_changed()
    connections.close_all()
