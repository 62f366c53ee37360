"""The embedded server's life: first start, attach, kill, stop."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from anchang.config.postgres import EmbeddedServer, ServerError
from tests.conftest import ROOT, new_server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("server")
    # The server runs as another user when tests run as root: pytest's own folders must let it through.
    temporary = Path(tempfile.gettempdir())
    for part in (path, *(above for above in path.parents if temporary in above.parents)):
        part.chmod(part.stat().st_mode | stat.S_IXOTH)
    return path


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    running = new_server(folder)
    running.start()
    yield running
    running.stop()


def one(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    return row and row[0]


def test_a_second_one_attaches_and_leaves_it_alone(server: EmbeddedServer) -> None:
    guest = new_server(server.data_dir)
    guest.start()
    assert (guest.owned, guest.port) == (False, server.port)
    guest.stop()
    assert one(server.owner_url, "SELECT 1") == 1
    with pytest.raises(ServerError):
        new_server(server.data_dir).start(exclusive=True)


def test_a_wrong_password_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.owner_url.replace(server.owner_password, "guess"))


def test_it_starts_again_after_the_server_was_killed(folder: Path) -> None:
    first = new_server(folder)
    first.start()
    assert first.process is not None
    with psycopg.connect(first.owner_url) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    first.process.kill()
    first.process.wait()
    first.stop()
    second = new_server(folder)
    second.start()
    try:
        assert one(second.owner_url, "SELECT count(*) FROM kept") == 0
    finally:
        second.stop()


def test_it_goes_when_its_parent_is_killed(folder: Path) -> None:
    program = (
        "from tests.conftest import new_server; import pathlib, time\n"
        f"s = new_server(pathlib.Path({str(folder)!r})); s.start(); print(s.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    after = new_server(folder)
    after.start()
    try:
        assert after.process is not None and after.process.pid != pid
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text()
    finally:
        after.stop()


def test_a_pid_file_that_names_a_stranger_is_cleared(folder: Path) -> None:
    (folder / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n")
    started = time.monotonic()
    server = new_server(folder)
    server.start()
    server.stop()
    assert time.monotonic() - started < 15
