"""The database server of a run: real settings, in a folder that is thrown away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

from anchang.config.postgres import APP_ROLE, EmbeddedServer, ensure_app_role, with_credentials, with_database

TEMPLATE = "anchang"


class Place:
    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedServer(folder / "server", owner_password="bench-owner", app_password="bench-app")

    def __enter__(self) -> Place:
        self.server.start()
        ensure_app_role(self.server.owner_url, self.server.app_password)
        subprocess.run([sys.executable, "-m", "anchang.config.preparing"], env=self._environment(TEMPLATE), check=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()

    def _environment(self, name: str) -> dict[str, str]:
        owner = with_database(self.server.owner_url, name)
        return os.environ | {
            "DATABASE_URL": owner,
            "DATABASE_APP_URL": with_credentials(owner, APP_ROLE, self.server.app_password),
            "DJANGO_SETTINGS_MODULE": "anchang.config.settings",
        }

    def database(self, name: str) -> dict[str, str]:
        """A prepared database of its own; what a process needs to work on it."""
        self._admin(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"), f"bench_{name}", TEMPLATE)
        return self._environment(f"bench_{name}")

    def drop(self, name: str) -> None:
        self._admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), f"bench_{name}")

    def _admin(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(with_database(self.server.owner_url, "postgres"), autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))
