"""The command line, as a person at the terminal meets it."""

import os
import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model

from anchang.config.postgres import with_database
from tests.conftest import ROOT, server_environment

CLI = [sys.executable, "-m", "anchang.config.cli"]
PASSWORD = "a-long-enough-one"


@pytest.fixture
def environment(transactional_db: None, database_server: str, database_name: str) -> dict[str, str]:
    return os.environ | server_environment(with_database(database_server, database_name))


def run(environment: dict[str, str], *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *words], env=environment, cwd=ROOT, input=text, capture_output=True, text=True, check=False
    )


def test_the_first_user_of_an_empty_office(environment: dict[str, str]) -> None:
    done = run(environment, "user", "add", "boss", "--name", "陈晓", "--role", "admin", text=PASSWORD + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    user = get_user_model().objects.get(username="boss")
    assert user.check_password(PASSWORD)
    assert (user.name, user.grants.count()) == ("陈晓", 1)
    assert PASSWORD not in done.stdout


@pytest.mark.parametrize("password", ["123", "1234567890", "boss-of-all"])
def test_a_weak_password_is_refused(environment: dict[str, str], password: str) -> None:
    done = run(environment, "user", "add", "boss-of-all", text=password + "\n")
    assert done.returncode == 2
    assert "password" in done.stderr
    assert not get_user_model().objects.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("export", "users", "--project", "NONE", "--to", "never.xlsx"),
        ("import", "leads", "no-such.csv", "--project", "NONE"),
        ("import", "leads", "README.md", "--project", "NONE"),
        ("restore", "--yes", "no-such.backup"),
        ("backup", "no-such-folder/x.backup"),
    ],
)
def test_what_cannot_be_done_says_so(environment: dict[str, str], words: tuple[str, ...]) -> None:
    done = run(environment, *words)
    assert done.returncode == 2
    assert done.stderr.startswith("anchang: ")
    assert "Traceback" not in done.stderr


def test_the_doctor_looks_at_everything(environment: dict[str, str]) -> None:
    done = run(environment, "doctor")
    subjects = {line.split()[1] for line in done.stdout.splitlines()}
    assert subjects >= {"version", "database", "clock", "schema", "role", "policies", "data", "disk"}
    assert "bad   role" not in done.stdout
