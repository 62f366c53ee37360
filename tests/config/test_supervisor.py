"""`anchang up`: starts everything, answers, stops everything; and says why when it does not."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from anchang.config.postgres import free_port, with_database
from tests.conftest import ROOT, server_environment

CLI = [sys.executable, "-m", "anchang.config.cli"]


@pytest.fixture
def environment(
    django_db_setup: None, database_server: str, database_name: str, tmp_path: Path
) -> dict[str, str]:
    return os.environ | server_environment(with_database(database_server, database_name))


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def running(environment: dict[str, str], port: int) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        [*CLI, "up", "--port", str(port)], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    assert process.poll() is None
    # The supervisor reports nothing else that a test could wait for before it listens to signals again.
    yield psutil.Process(process.pid)
    process.terminate()
    process.wait(30)


def end(process: psutil.Process, number: int) -> list[psutil.Process]:
    family = process.children(recursive=True)
    process.send_signal(number)
    psutil.wait_procs([process], timeout=30)
    return psutil.wait_procs(family, timeout=10)[1]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(running: psutil.Process, number: int) -> None:
    assert len(running.children(recursive=True)) >= 3
    assert end(running, number) == []
    assert not running.is_running()


@pytest.mark.slow
def test_the_death_of_a_part_stops_the_rest(running: psutil.Process) -> None:
    family = running.children(recursive=True)
    worker = next(child for child in running.children() if not child.children())
    worker.kill()
    psutil.wait_procs([running], timeout=30)
    assert psutil.wait_procs(family, timeout=10)[1] == []


def refusal(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [*CLI, *words], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    return done.stderr


def test_the_demo_office_is_for_this_machine_only(environment: dict[str, str]) -> None:
    assert "127.0.0.1 only" in refusal(environment, "up", "--demo", "--host", "0.0.0.0")


def test_a_port_in_use_is_named(environment: dict[str, str], running: psutil.Process, port: int) -> None:
    assert f"Port {port} is in use" in refusal(environment, "up", "--port", str(port))


def test_a_missing_file_is_named(environment: dict[str, str]) -> None:
    assert "no-such.csv" in refusal(environment, "import", "leads", "no-such.csv", "--project", "YQ")
