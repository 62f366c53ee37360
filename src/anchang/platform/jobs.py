"""Background work on Procrastinate. A job carries actor, project and ids, never personal data.

    @job("crm.recycle_leads")                       # deferred by ctx.defer("crm.recycle_leads", lead=7)
    def recycle(run: JobRun, lead: int) -> None: ...

    @job("crm.recycle_pool", every="*/10 * * * *")  # cron; runs once per active project, as the system
    def recycle_pool(run: JobRun) -> None: ...

A job's function runs inside one transaction in its project's scope; it calls commands or reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from procrastinate.contrib.django import app

from anchang.kernel.actor import SYSTEM, Actor
from anchang.platform.access import Access, access_of, actor_for, system_access
from anchang.platform.models import Project, User
from anchang.platform.scope import open_scope


@dataclass(frozen=True)
class JobRun:
    """The job's hands: whose access it has and which project it works in (None: a group job)."""

    access: Access
    project: Project | None

    @property
    def here(self) -> Project:
        if self.project is None:
            raise LookupError("a group job has no project")
        return self.project


_jobs: dict[str, Callable[..., None]] = {}
_outside_scope: set[str] = set()
_schedule: dict[str, str] = {}
_reactions: dict[str, list[tuple[str, str]]] = {}


def job(
    name: str, *, every: str = "", per_project: bool = True, own_transactions: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a job. `own_transactions`: the function opens scopes itself (long imports commit in batches)."""

    def wrap(function: Callable[..., None]) -> Callable[..., None]:
        _jobs[name] = function
        if own_transactions:
            _outside_scope.add(name)
        app.task(name=name, pass_context=False, retry=3)(_runner(name))
        if every:
            _schedule[name] = every
            starter = _start_in_projects(name) if per_project else _start_once(name)
            app.periodic(cron=every)(app.task(name=f"{name}.every", queueing_lock=f"{name}.every")(starter))
        return function

    return wrap


def after(name: str, key: str, *events: str) -> None:
    """Run the job, as the system, once a command that left one of these events has committed: once for each value
    that `key` has in their data."""
    require(name)
    for event in events:
        _reactions.setdefault(event, []).append((name, key))


def reactions(events: Iterable[Any]) -> list[tuple[str, dict[str, Any]]]:
    """The jobs that these events call for, each once, with their arguments."""
    wanted = {
        (name, key, one.data[key])
        for one in events
        for name, key in _reactions.get(one.name, ())
        if one.data.get(key) is not None
    }
    return [(name, {key: value}) for name, key, value in sorted(wanted)]


def require(name: str) -> None:
    if name not in _jobs:
        raise LookupError(f"no job {name}")


def scheduled() -> dict[str, str]:
    return dict(_schedule)


def defer(name: str, actor: Actor, project: Project | None, *, lock: str = "", **ids: Any) -> None:
    """Put the job into the queue, in the current transaction."""
    task = app.configure_task(name, lock=lock or None)
    task.defer(
        actor_kind=actor.kind, actor_id=actor.user_id, project_id=project.pk if project else None, ids=ids
    )


def run_now(name: str, access: Access, project: Project | None, **ids: Any) -> None:
    """Run a job's function at once (command line, tests)."""
    function = _jobs[name]
    if name in _outside_scope:
        function(JobRun(access, project), **ids)
        return
    with open_scope(access):
        function(JobRun(access, project), **ids)


def _runner(name: str) -> Callable[..., None]:
    def run(actor_kind: str, actor_id: int | None, project_id: int | None, ids: dict[str, Any]) -> None:
        access = _access_for(actor_kind, actor_id, project_id)
        project = Project.objects.get(pk=project_id) if project_id else None
        run_now(name, access, project, **ids)

    return run


def _access_for(kind: str, actor_id: int | None, project_id: int | None) -> Access:
    if kind == "staff" and actor_id:
        return access_of(actor_for(User.objects.get(pk=actor_id)))
    return system_access([project_id] if project_id else None)


def _start_in_projects(name: str) -> Callable[[int], None]:
    def start(timestamp: int) -> None:
        for project in Project.objects.filter(active=True):
            defer(name, SYSTEM, project)

    return start


def _start_once(name: str) -> Callable[[int], None]:
    def start(timestamp: int) -> None:
        defer(name, SYSTEM, None)

    return start


