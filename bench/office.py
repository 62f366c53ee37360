"""A project with people, and the real server on its database."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from anchang.config.postgres import free_port
from anchang.config.roles import install_roles
from anchang.kernel.actor import Actor
from anchang.platform import tokens
from anchang.platform.access import Access, access_of, bump_stamp, system_access
from anchang.platform.models import Company, Grant, Project, Role, Team, TeamMember, User
from anchang.platform.scope import open_scope


def make_project(code: str = "YQ") -> Project:
    company, _ = Company.objects.get_or_create(code="C1", defaults={"name": "云栖置业有限公司"})
    project = Project.objects.create(code=code, name=f"云栖花园 {code}", company=company, city="杭州")
    bump_stamp()
    return project


def make_person(username: str, role: str, project: Project, team: Team | None = None) -> User:
    install_roles()
    user = User.objects.create(username=username, name=username, password="!")
    Grant.objects.create(user=user, role=Role.objects.get(code=role), project=project)
    if team is not None:
        with open_scope(system_access([project.pk])):
            TeamMember.objects.create(project=project, team=team, user=user)
    bump_stamp()
    return user


def make_team(project: Project, code: str = "A") -> Team:
    with open_scope(system_access([project.pk])):
        return Team.objects.create(project=project, code=code, name=f"{code} 组")


def access(user: User) -> Access:
    return access_of(Actor("staff", user.pk, user.name))


def token(user: User) -> str:
    return tokens.issue(user, "bench", dt.timedelta(hours=2))[0]


def session_cookie(user: User) -> str:
    """The key of a session in which the user is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


@contextmanager
def running(module: str = "anchang.config.server", *words: str) -> Iterator[int]:
    """A server process (`python -m module --port N`); yields the port once it answers."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", module, "--port", str(port), *words], env=os.environ.copy())
    try:
        wait(f"http://127.0.0.1:{port}/healthz", process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait(url: str, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"{url} does not answer")


def cpu_seconds() -> dict[str, float]:
    """What the web servers (children of this process) and the database server's processes have used."""
    from django.db import connection

    connection.ensure_connection()
    database = psutil.Process(connection.connection.info.backend_pid).parent()
    assert database is not None
    parts = {"web": psutil.Process().children(recursive=True), "database": [database, *database.children()]}
    return {part: sum(sum(process.cpu_times()[:2]) for process in many) for part, many in parts.items()}
