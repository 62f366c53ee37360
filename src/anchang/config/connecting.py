"""Finding the database for a command: the one that is configured, or the embedded one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from anchang.config.home import home, kept_secret
from anchang.config.postgres import APP_ROLE, EmbeddedServer, ensure_app_role, with_credentials

SETTINGS = "anchang.config.settings"


def embedded_server() -> EmbeddedServer:
    return EmbeddedServer(home() / "postgres")


def app_url_for(owner_url: str) -> str:
    """URL of the application's role; the role is made, or its password set, when it cannot connect yet."""
    password = kept_secret("database_app")
    url = with_credentials(owner_url, APP_ROLE, password)
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return ensure_app_role(owner_url, password)
    return url


@contextmanager
def database(*, exclusive: bool = False) -> Iterator[EmbeddedServer | None]:
    """With DATABASE_URL and DATABASE_APP_URL set for this process and its children.

    Yields the embedded server, or None when the database is somebody else's business. A server that this call
    started is stopped at the end; one that is running already (of `anchang up`) is only used. `exclusive`
    refuses the latter with a ServerError.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    server = None
    if not os.environ.get("DATABASE_URL"):
        server = embedded_server()
        server.start(exclusive=exclusive)
        os.environ["DATABASE_URL"] = server.owner_url
        os.environ.pop("DATABASE_APP_URL", None)
    try:
        if not os.environ.get("DATABASE_APP_URL"):
            os.environ["DATABASE_APP_URL"] = app_url_for(os.environ["DATABASE_URL"])
        yield server
    finally:
        if server is not None:
            server.stop()
            del os.environ["DATABASE_URL"], os.environ["DATABASE_APP_URL"]


@contextmanager
def ready_database() -> Iterator[None]:
    """As `database`, with Django set up and the schema up to date."""
    import django

    from anchang.config.preparing import prepare_if_changed

    with database():
        django.setup()
        prepare_if_changed()
        try:
            yield
        finally:
            from django.db import connections

            connections.close_all()
