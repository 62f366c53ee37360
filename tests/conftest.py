"""The database and the server that tests run against.

One PostgreSQL server per pytest process, in a folder of its own, so runs side by side cannot meet. The migrated cluster
is kept under .anchang-test/ by a fingerprint of everything that shapes the schema; each process copies it. Tests get a
database copied from the template, and Django connects as the application's role, as in production.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".anchang-test"
SETTINGS_HOME = Path(tempfile.gettempdir()) / f"anchang-test-home-{os.getuid()}"
os.environ.setdefault("ANCHANG_HOME", str(SETTINGS_HOME))
# Playwright runs an event loop in the thread of the test, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

from anchang.config.postgres import (  # noqa: E402
    EmbeddedServer,
    ensure_app_role,
    free_port,
    with_credentials,
    with_database,
)
from anchang.config.preparing import schema_fingerprint  # noqa: E402

# A busy machine is slow to make examples; that says nothing about the rule under test.
hypothesis.settings.register_profile(
    "office", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("office")

TEMPLATE = "anchang"
OWNER_PASSWORD = "test-owner"
APP_PASSWORD = "test-app"
KEPT_CLUSTERS = 3
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class TestServer:
    """The server of this run; started on first use."""

    __test__ = False

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.server: EmbeddedServer | None = None

    def url(self) -> str:
        """The owner's URL of the template database."""
        if self.server is None:
            self.folder = Path(tempfile.mkdtemp(prefix="anchang-test-"))
            self.folder.chmod(0o711)
            kept = CACHE / f"cluster-{schema_fingerprint()[:16]}"
            if kept.is_dir():
                subprocess.run(["cp", "-a", kept, self.folder / "cluster"], check=True)
            self.server = new_server(self.folder)
            self.server.start()
            if not kept.is_dir():
                self._prepare(kept)
        return self.server.owner_url

    def _prepare(self, kept: Path) -> None:
        assert self.server is not None and self.folder is not None
        ensure_app_role(self.server.owner_url, APP_PASSWORD)
        subprocess.run(
            [sys.executable, "-m", "anchang.config.preparing"],
            env=os.environ | server_environment(self.server.owner_url),
            cwd=ROOT,
            check=True,
        )
        if schema_fingerprint()[:16] != kept.name.removeprefix("cluster-"):
            return  # a file changed while migrating: good for this run, not worth keeping
        self.server.stop()
        CACHE.mkdir(exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=CACHE))
        subprocess.run(["cp", "-a", self.folder / "cluster", draft / "cluster"], check=True)
        with contextlib.suppress(OSError):  # another run kept the same one first
            (draft / "cluster").rename(kept)
        shutil.rmtree(draft, ignore_errors=True)
        old = sorted(CACHE.glob("cluster-*"), key=lambda path: path.stat().st_mtime)[:-KEPT_CLUSTERS]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        self.server.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def new_server(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder, throwaway=True, owner_password=OWNER_PASSWORD, app_password=APP_PASSWORD)


test_server = TestServer()


def pytest_configure_node(node: Any) -> None:
    """xdist, in the controller: make the cluster once, so that every worker only copies it."""
    test_server.url()


def pytest_unconfigure() -> None:
    test_server.stop()


def app_url_of(owner_url: str) -> str:
    from anchang.config.postgres import APP_ROLE

    return with_credentials(owner_url, APP_ROLE, APP_PASSWORD)


def server_environment(owner_url: str) -> dict[str, str]:
    """What a process of its own needs to work on the database of a test, with the keys of this process: its
    settings may have been read before this file named their folder."""
    from django.conf import settings

    return {
        "ANCHANG_SECRET_KEY": settings.SECRET_KEY,
        "ANCHANG_DATA_KEY": settings.ANCHANG_DATA_KEY,
        "DATABASE_URL": owner_url,
        "DATABASE_APP_URL": app_url_of(owner_url),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }


def close_connections() -> None:
    from django.db import connections

    connections.close_all()


def use_database(owner_url: str) -> None:
    """Point Django, and whatever reads the environment, at this database."""
    from django.db import connections

    from anchang.config.settings import database

    close_connections()
    urls = {"owner": owner_url, "default": app_url_of(owner_url)}
    os.environ |= {"DATABASE_URL": urls["owner"], "DATABASE_APP_URL": urls["default"]}
    for alias, url in urls.items():
        wanted = database(url)
        for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS"):
            connections[alias].settings_dict[key] = wanted[key]
            connections.settings[alias][key] = wanted[key]


def make_database(owner_url: str, name: str, template: str = TEMPLATE) -> None:
    """Make `name` anew as a copy of `template`, throwing out whoever is connected to it."""
    with psycopg.connect(with_database(owner_url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


@pytest.fixture(scope="session")
def database_server() -> str:
    """The owner's URL of this process's server. Workers have one each: snapshots span a whole cluster, so an
    open transaction of another worker would hold back what live pages may read."""
    return test_server.url()


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest) -> str:
    worker = getattr(request.config, "workerinput", {})
    return f"test_{worker.get('workerid', 'main')}"


@pytest.fixture(scope="session")
def fresh_database(database_server: str, database_name: str) -> Callable[[], None]:
    """Call it to throw away everything written so far, committed or not."""

    def renew() -> None:
        close_connections()
        make_database(database_server, database_name)

    return renew


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: Any,
    database_server: str,
    database_name: str,
    fresh_database: Callable[[], None],
) -> Iterator[None]:
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        fresh_database()
        use_database(with_database(database_server, database_name))
    # Django would TRUNCATE, which the application's role may not, and lose what migrations put in.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: fresh_database())
        yield
    with django_db_blocker.unblock():
        close_connections()


@pytest.fixture
def owner_db(
    transactional_db: None, database_server: str, database_name: str
) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection as the owner: for attacks and checks by SQL, past every policy."""
    with psycopg.connect(with_database(database_server, database_name), autocommit=True) as connection:
        yield connection


@pytest.fixture
def app_db(
    transactional_db: None, database_server: str, database_name: str
) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection as the application's role, with no scope set."""
    url = app_url_of(with_database(database_server, database_name))
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


# -- the real server


class RunningServer:
    """The web server in a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "anchang.config.server", "--port", str(self.port)],
            env=os.environ | environment,
            cwd=ROOT,
            stdout=self.log,
            stderr=self.log,
        )

    def wait(self, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(self.url + "/healthz", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError("The server does not answer:\n" + self.output())

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@pytest.fixture(scope="session")
def server_process(
    django_db_setup: None, database_server: str, database_name: str
) -> Iterator[RunningServer]:
    owner_url = with_database(database_server, database_name)
    running = RunningServer(server_environment(owner_url))
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture
def app_server(transactional_db: None, server_process: RunningServer) -> str:
    """Address of the real server on this test's database; what the test commits, the server sees."""
    return server_process.url


# -- the browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    system = {"executable_path": found} if found else {}
    return (
        browser_type_launch_args
        | system
        | {"args": ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]}
    )


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
