"""Bringing a database to the state that this version of the code expects, as its owner."""

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
#: Packages with tables of their own.
OTHERS_WITH_TABLES = ("django", "django-allauth", "procrastinate")


def schema_sources() -> Iterator[Path]:
    """Every file of ours that decides what the database looks like: models, migrations, policies, grants."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if parts[0] in {"platform", "config"} or "migrations" in parts or "models" in parts or path.name == "models.py":
            yield path


def schema_fingerprint() -> str:
    """Changes whenever preparing the database could do something it has not done before."""
    digest = hashlib.sha256()
    for name in OTHERS_WITH_TABLES:
        digest.update(f"{name} {version(name)}\n".encode())
    for path in schema_sources():
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def prepare_database() -> None:
    """Migrate, then whatever else the platform puts into a database (grants, policies, guards). Safe to repeat."""
    from django.core.management import call_command

    if importlib.util.find_spec("anchang.platform.database"):
        from anchang.platform.database import prepare

        prepare()
    else:
        call_command("migrate", database="owner", verbosity=0, interactive=False)
    call_command("createcachetable", database="owner", verbosity=0)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anchang.config.settings")
    django.setup()
    prepare_database()
