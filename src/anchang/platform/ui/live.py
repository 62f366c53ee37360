"""`/live/events`: what happens, as server-sent events to everybody who has a page open.

One reader per process asks the database for new events every 200 ms while somebody listens, makes each
message once, and hands it to the listeners who may see it. A listener costs a queue, no connection.

    /live/events?topics=units,holds&project=YQ

A message is JSON as `frontend/js/live.js` wants it. By default `{"trigger": "<resource>:changed", "detail":
{"event", "resource", "id", "project"}}`; an app that knows better says `messages_for("units", make)`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from anchang.kernel.actor import SYSTEM
from anchang.platform import reading, resources, sse
from anchang.platform.access import Access, access_of, actor_for, current_stamp
from anchang.platform.models import Project, User
from anchang.platform.scope import set_scope

log = structlog.get_logger(__name__)

PAUSE = 0.2
RECHECK = 30.0
BATCH = 2000
KEPT = 4000
QUEUE = 1000
#: Pages that answer a message by reading themselves anew do it spread over so many seconds per open page.
SECONDS_PER_PAGE = 0.02


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as it travels: no personal data, only what it is about and who owns that."""

    place: tuple[int, int]  # (xid, id): the order in which readers may rely on
    name: str
    resource: str
    record_id: int
    project_id: int
    actor_id: int | None
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Message:
    """Made once, sent many times. `owners`: None when the resource has no owner."""

    place: tuple[int, int]
    resource: str
    project_id: int
    owner: int | None
    actor_id: int | None
    chunk: bytes


MessageMaker = Callable[[Sequence[Happening]], Mapping[int, Any]]
_makers: dict[str, MessageMaker] = {}


def messages_for(resource: str, make: MessageMaker) -> None:
    """`make(happenings) -> {record id: message}`: how changes of a resource are told (the unit's new cell).

    It runs in the scope of all projects; what it says reaches everybody who may view the record.
    """
    _makers[resource] = make


# --- in threads: everything that touches the database --------------------------------------------

_NEW = """
SELECT e.xid::text::bigint, e.id, e.name, e.resource, e.record_id, e.project_id, e.actor_id, e.data
  FROM platform_event e
 WHERE e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND e.xid >= %s::text::xid8
   AND (e.xid > %s::text::xid8 OR e.id > %s)
 ORDER BY e.xid, e.id LIMIT %s
"""


def _open_all() -> None:
    """The reader's scope: every project. Must run inside a transaction."""
    set_scope(Project.objects.values_list("pk", flat=True), SYSTEM)


def horizon() -> tuple[int, int]:
    """Where a reader that starts now begins: after everything that is already visible to all."""
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return cursor.fetchone()[0], 0


def read_after(place: tuple[int, int]) -> tuple[tuple[int, int], list[Message]]:
    """(the last place, messages) of what was committed after `place`."""
    close_old_connections()
    with transaction.atomic():
        _open_all()
        with connection.cursor() as cursor:
            cursor.execute(_NEW, [str(place[0]), str(place[0]), place[1], BATCH])
            rows = cursor.fetchall()
        found = [Happening((r[0], r[1]), r[2], r[3], r[4], r[5], r[6], _data(r[7])) for r in rows]
        return (found[-1].place if found else place), messages_of(found)


def _data(value: Any) -> Mapping[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}


def messages_of(found: Sequence[Happening]) -> list[Message]:
    by_resource: dict[str, list[Happening]] = {}
    for one in found:
        by_resource.setdefault(one.resource, []).append(one)
    owners = {name: _owners(name, many) for name, many in by_resource.items()}
    told = {name: _told(name, many) for name, many in by_resource.items()}
    messages = []
    spread = round(len(hub.listeners) * SECONDS_PER_PAGE, 1)
    for one in found:
        if owners[one.resource] is None:
            continue  # nothing that anybody may view
        special = told[one.resource].get(one.record_id)
        content = special if special is not None else {
            "trigger": f"{one.resource}:changed",
            "detail": {"event": one.name, "resource": one.resource, "id": one.record_id, "project": one.project_id},
        }  # fmt: skip
        detail = content.get("detail") if isinstance(content, dict) else None
        if isinstance(detail, dict):
            detail["spread"] = spread
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=reading.jsonable)
        chunk = f"id: {one.place[0]}-{one.place[1]}\ndata: {text}\n\n".encode()
        owner = (owners[one.resource] or {}).get(one.record_id)
        messages.append(Message(one.place, one.resource, one.project_id, owner, one.actor_id, chunk))
    return messages


def _owners(name: str, found: Iterable[Happening]) -> dict[int, int] | None:
    """Record -> owner, for scopes narrower than the project; None for a resource that isn't declared."""
    resource = resources.find(name)
    if resource is None:
        return None
    if not resource.owner:
        return {}
    ids = {one.record_id for one in found}
    return dict(resource.model._base_manager.filter(pk__in=ids).values_list("pk", f"{resource.owner}_id"))


def _told(name: str, found: Sequence[Happening]) -> Mapping[int, Any]:
    maker = _makers.get(name)
    if maker is None:
        return {}
    try:
        with transaction.atomic():
            return maker(found)
    except Exception:  # one screen's mistake must not silence the others
        log.exception("live_message_failed", resource=name)
        return {}


def who_is(session_key: str) -> tuple[int, Access] | None:
    """The user of a session and what he may, or None."""
    close_old_connections()

    class Asked:
        session = SessionStore(session_key)

    with transaction.atomic():
        user = get_user(Asked)  # type: ignore[arg-type]
        if not user.is_authenticated or not user.is_active:
            return None
        return user.pk, access_of(actor_for(user), current_stamp())  # type: ignore[arg-type]


def still_in(sessions: Mapping[str, int]) -> dict[str, Access]:
    """Session -> access, of those who are still signed in: asked now and then, in three queries."""
    close_old_connections()
    with transaction.atomic():
        alive = set(
            Session.objects.filter(session_key__in=list(sessions), expire_date__gt=timezone.now()).values_list(
                "pk", flat=True
            )
        )
        stamp = current_stamp()
        users = {u.pk: u for u in User.objects.filter(pk__in=set(sessions.values()), is_active=True)}
        return {k: access_of(actor_for(users[u]), stamp) for k, u in sessions.items() if k in alive and u in users}


def _hang_up() -> None:
    connection.close()


# --- on the event loop ---------------------------------------------------------------------------


class Listener:
    """One open page. `wants` decides in memory; what it found for a resource and project is kept."""

    def __init__(
        self, session: str, user_id: int, access: Access, topics: frozenset[str], projects: frozenset[int]
    ) -> None:
        self.session = session
        self.user_id = user_id
        self.topics = topics
        self.projects = projects
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self.scopes: dict[tuple[str, int], str | None] = {}
        self.access = access

    def give(self, access: Access) -> None:
        self.access = access
        self.scopes.clear()

    def wants(self, message: Message) -> bool:
        if self.topics and message.resource not in self.topics:
            return False
        if self.projects and message.project_id not in self.projects:
            return False
        key = (message.resource, message.project_id)
        if key not in self.scopes:
            self.scopes[key] = self.access.scope(f"{message.resource}.view", message.project_id)
        scope = self.scopes[key]
        if scope is None or scope == "project":
            return scope == "project"
        if message.owner is None:
            return False
        if message.owner == self.user_id:
            return True
        return scope == "team" and message.owner in self.access.mates.get(message.project_id, ())

    def put(self, chunk: bytes | None) -> None:
        """A listener that doesn't keep up is sent away: its page comes back and asks for everything anew."""
        try:
            self.queue.put_nowait(chunk)
        except asyncio.QueueFull:
            self.queue = asyncio.Queue(QUEUE)
            self.queue.put_nowait(None)


class Hub:
    """All listeners of this process and their one reader."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.place = (0, 0)  # how far events were read; set before anybody listens
        self.kept: deque[Message] = deque(maxlen=KEPT)
        self.task: asyncio.Task[None] | None = None
        self.entering = asyncio.Lock()
        self.reader = ThreadPoolExecutor(1, thread_name_prefix="live-reader")
        self.door = ThreadPoolExecutor(2, thread_name_prefix="live-door")

    async def enter(self, listener: Listener) -> None:
        """From its return on the listener misses nothing: the reader has its place among the events."""
        self.listeners.add(listener)
        async with self.entering:
            if self.task is not None and not self.task.done():
                return
            self.kept.clear()
            self.place = await asyncio.get_running_loop().run_in_executor(self.reader, horizon)
            self.task = asyncio.create_task(self._run())

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        try:
            while self.listeners:
                try:
                    self.place, found = await loop.run_in_executor(self.reader, read_after, self.place)
                    self.deliver(found)
                    if loop.time() - checked > RECHECK:
                        checked = loop.time()
                        await self._recheck(loop)
                except Exception:  # the database may be away for a moment: listeners stay
                    log.exception("live_read_failed")
                    await asyncio.sleep(2)
                await asyncio.sleep(PAUSE)
        finally:
            await loop.run_in_executor(self.reader, _hang_up)
        if self.listeners:  # somebody came while the connection was being closed
            self.task = asyncio.create_task(self._run())

    def deliver(self, messages: Sequence[Message]) -> None:
        self.kept.extend(messages)
        for listener in self.listeners:
            chunk = b"".join(m.chunk for m in messages if listener.wants(m))
            if chunk:
                listener.put(chunk)

    async def _recheck(self, loop: asyncio.AbstractEventLoop) -> None:
        """Leavers and those who signed out hear nothing more; changed rights hold at once."""
        sessions = {one.session: one.user_id for one in self.listeners}
        alive = await loop.run_in_executor(self.door, still_in, sessions)
        for listener in list(self.listeners):
            found = alive.get(listener.session)
            if found is None:
                listener.put(None)
            elif found is not listener.access:
                listener.give(found)

    def missed(self, listener: Listener, last: str) -> bytes:
        """What a page that comes back has missed; when that is no longer known, the word to ask anew."""
        try:
            xid, number = (int(part) for part in last.split("-"))
        except ValueError:
            return b""
        if self.kept and self.kept[0].place <= (xid, number):
            return b"".join(m.chunk for m in self.kept if m.place > (xid, number) and listener.wants(m))
        return b'data: {"trigger":"live:lost"}\n\n'


hub = Hub()


async def application(scope: Any, protocol: Any) -> None:
    """The RSGI application of `/live/`."""
    if scope.path != "/live/events" or scope.method != "GET":
        protocol.response_empty(404, [])
        return
    loop = asyncio.get_running_loop()
    key = _session_key("; ".join(value for name, value in scope.headers.items() if name == "cookie"))
    found = await loop.run_in_executor(hub.door, who_is, key) if key else None
    if found is None:
        protocol.response_empty(401, [])
        return
    query = parse_qs(scope.query_string)
    topics = frozenset(t for text in query.get("topics", []) for t in text.split(",") if t)
    listener = Listener(key, found[0], found[1], topics, frozenset())
    if wanted := query.get("project", [""])[0]:
        project = await loop.run_in_executor(hub.door, reading.project_by_key, wanted)
        if project is None or project.pk not in found[1].rights:
            protocol.response_empty(404, [])
            return
        listener.projects = frozenset((project.pk,))
    last = scope.headers.get("last-event-id", "")
    try:
        await hub.enter(listener)
        await sse.stream(protocol, listener, b": hello\n\n" + (hub.missed(listener, last) if last else b""))
    finally:
        hub.leave(listener)


def _session_key(text: str) -> str:
    try:
        found = SimpleCookie(text).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""
