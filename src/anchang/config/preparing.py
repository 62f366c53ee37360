"""Bringing a database to the state that this version of the code expects, as its owner."""

import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

PACKAGE = Path(__file__).resolve().parent.parent
#: Packages with tables of their own.
OTHERS_WITH_TABLES = ("django", "django-allauth", "procrastinate")
MARK = "anchang schema "


def schema_sources() -> Iterator[Path]:
    """Every file of ours that decides what the database looks like: models, migrations, policies, grants."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if {"models", "migrations"} & set(parts) or path.name in {"models.py", "database.py", "preparing.py"}:
            yield path


def schema_fingerprint() -> str:
    """Changes whenever preparing the database could do something it has not done before."""
    digest = hashlib.sha256()
    for name in OTHERS_WITH_TABLES:
        digest.update(f"{name} {version(name)}\n".encode())
    for path in schema_sources():
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def prepared_fingerprint(owner_url: str) -> str:
    """The fingerprint that the database was last prepared with; empty when never (also after a restore)."""
    with psycopg.connect(owner_url, connect_timeout=10) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    return ((row and row[0]) or "").removeprefix(MARK)


def mark_prepared(owner_url: str, fingerprint: str) -> None:
    """Remember it as the database's comment: it goes with the database, and is in no dump of its content."""
    with psycopg.connect(owner_url, connect_timeout=10) as connection:
        statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(connection.info.dbname), sql.Literal(MARK + fingerprint if fingerprint else None)
        )
        connection.execute(statement)


def prepare_database() -> None:
    """Migrate, then make the cache table, grants, policies and guards. Safe to repeat."""
    from django.core.management import call_command

    from anchang.platform.database import guard

    call_command("migrate", database="owner", verbosity=0, interactive=False)
    call_command("createcachetable", database="owner", verbosity=0)
    guard()


def prepare_if_changed() -> bool:
    """Prepare unless this database was already prepared by exactly this code. Two processes take turns."""
    owner_url = os.environ["DATABASE_URL"]
    fingerprint = schema_fingerprint()
    if prepared_fingerprint(owner_url) == fingerprint:
        return False
    with psycopg.connect(owner_url, autocommit=True) as turn:
        turn.execute("SELECT pg_advisory_lock(hashtext('anchang.prepare'))")
        if prepared_fingerprint(owner_url) == fingerprint:
            return False
        prepare_database()
        mark_prepared(owner_url, fingerprint)
    return True


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anchang.config.settings")
    django.setup()
    prepare_database()
