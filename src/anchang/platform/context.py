"""What a command body holds: who, where, when, and the facts it leaves behind."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from anchang.kernel.actor import SYSTEM, Actor
from anchang.platform import bulk, jobs, numbering, parameters, resources, search, statements
from anchang.platform.access import Access
from anchang.platform.models import Event, Notice, Project, Task
from anchang.platform.scope import current_command_id

#: hook(ctx, notices): before in-app messages are written, so that some go out of the house as well.
notice_hooks: list[Callable[[Context, list[Notice]], None]] = []

_watcher: ContextVar[list[Event | Notice | Task] | None] = ContextVar("watcher", default=None)


@contextmanager
def watching() -> Iterator[list[Event | Notice | Task]]:
    """Collects what commands leave behind meanwhile: how a preview tells its consequences."""
    seen: list[Event | Notice | Task] = []
    token = _watcher.set(seen)
    try:
        yield seen
    finally:
        _watcher.reset(token)


class Context:
    """One command in progress. Events, to-dos, notices and jobs are written together by `flush`, at its end."""

    def __init__(self, access: Access, project: Project | None, now: dt.datetime | None = None) -> None:
        self.access = access
        self.project = project
        self.now = now or timezone.now()
        self.command_id: uuid.UUID = current_command_id()
        self._events: list[Event] = []
        self._notices: list[Notice] = []
        self._tasks: list[Task] = []
        self._jobs: list[tuple[str, dict[str, Any]]] = []
        self._index: dict[tuple[str, bool], list[Any]] = {}
        self._rows: list[list[Any]] = []

    @classmethod
    def for_record(cls, access: Access, record: Any) -> Context:
        project = record if isinstance(record, Project) else getattr(record, "project", None)
        return cls(access, project)

    @property
    def actor(self) -> Actor:
        return self.access.actor

    @property
    def user_id(self) -> int | None:
        return self.actor.user_id

    @property
    def here(self) -> Project:
        """The project; only group-level commands have none."""
        if self.project is None:
            raise LookupError("this command has no project")
        return self.project

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.project.time_zone if self.project else "Asia/Shanghai")

    @property
    def business_date(self) -> dt.date:
        """Today in the project's time zone."""
        return self.now.astimezone(self.zone).date()

    def param(self, key: str) -> Any:
        """The parameter's value for this project on the business date."""
        return parameters.value(key, self.project, self.business_date)

    def number(self, kind: str, period: str = "") -> int:
        """The next number of a series without gaps. Takes the book's row lock: call it last."""
        return numbering.take(self.here.pk, kind, period)

    def event(self, name: str, record: Any, *, customer_id: int | None = None, **data: Any) -> None:
        """A fact for timeline, rules, live screens. `data` holds JSON values and no personal data."""
        resource = resources.of_model(type(record))
        self._events.append(
            Event(
                project_id=self.here.pk,
                name=name,
                resource=resource.name if resource else type(record)._meta.model_name,
                record_id=record.pk,
                customer_id=customer_id,
                actor_kind=self.actor.kind,
                actor_id=self.actor.user_id,
                actor_name=self.actor.name,
                at=self.now,
                business_date=self.business_date,
                data=data,
                command_id=self.command_id,
            )
        )

    def notify(self, users: Iterable[int | None], code: str, record: Any = None, **params: Any) -> None:
        """An in-app message to each user (never to the actor who caused it)."""
        resource = resources.of_model(type(record)) if record is not None else None
        for user_id in {u for u in users if u and u != self.user_id}:
            self._notices.append(
                Notice(
                    project_id=self.here.pk, user_id=user_id, code=code, params=params,
                    resource=resource.name if resource else "", record_id=record.pk if record is not None else None,
                )
            )  # fmt: skip

    def task(
        self, assignee_id: int, code: str, record: Any, *, due_at: dt.datetime | None = None,
        period_key: str = "", **params: Any,
    ) -> None:  # fmt: skip
        """A to-do, once per (code, record, assignee, period_key)."""
        resource = resources.of_model(type(record))
        self._tasks.append(
            Task(
                project_id=self.here.pk, assignee_id=assignee_id, code=code, params=params, due_at=due_at,
                resource=resource.name if resource else "", record_id=record.pk, period_key=period_key,
            )
        )  # fmt: skip

    def finish_tasks(self, record_resource: str, record_ids: Iterable[int], *codes: str) -> None:
        """Close open to-dos about these records."""
        rows = Task.objects.filter(
            project_id=self.here.pk, resource=record_resource, record_id__in=list(record_ids), state="open"
        )
        if codes:
            rows = rows.filter(code__in=codes)
        rows.update(state="done", done_at=self.now)

    def defer(self, job: str, **ids: Any) -> None:
        """Run a registered job after commit; a rollback removes it. Arguments are ids, never personal data."""
        jobs.require(job)
        self._jobs.append((job, ids))

    def index(self, records: Iterable[Any], *, fresh: bool = False) -> None:
        """Refresh the search tokens of these records at the end of the command. `fresh`: just created."""
        for record in records:
            resource = resources.of_model(type(record))
            if resource is not None:
                self._index.setdefault((resource.name, fresh), []).append(record)

    def create_at_end(self, rows: list[Any]) -> None:
        """Insert rows of one model at the end of the command, with its events: nothing of it reads them."""
        self._rows.append(rows)

    def flush(self) -> None:
        for hook in notice_hooks if self._notices else ():
            hook(self, self._notices)
        if (seen := _watcher.get()) is not None:
            seen += [*self._events, *self._notices, *self._tasks]
        with statements.as_one():
            for rows in self._rows:
                bulk.create(rows, ids=False)
            bulk.create(self._events, ids=False)
            bulk.create(self._notices, ids=False)
            bulk.create(self._tasks, ignore_conflicts=True)
            for (name, fresh), records in self._index.items():
                search.index(resources.get(name), records, fresh=fresh)
        for job, ids in self._jobs:
            jobs.defer(job, self.actor, self.project, **ids)
        for job, ids in jobs.reactions(self._events):
            jobs.defer(job, SYSTEM, self.project, **ids)
        self._events, self._notices, self._tasks, self._jobs, self._index, self._rows = [], [], [], [], {}, []
