"""What open pages of an opening see change: one look at the database for all of them, several times a second.

The first message is everything, later ones what changed:

    {"now": ms, "state", "starts": ms, "ends": ms, "round", "attempts", "units": {"<unit>": "won"|"confirmed"|""},
     "mine": {"<unit>": {"state", "confirm_by": ms}}}

`now` is the database's clock, by which the opening starts. `units` holds nobody's name; `mine` goes to its buyer alone.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from asgiref.sync import sync_to_async

from anchang.opening.hall import Connect
from anchang.opening.passes import Pass
from anchang.platform import sse

log = structlog.get_logger(__name__)

PAUSE = 0.3
QUEUE = 200

Claims = dict[int, tuple[int, str, int]]

_LOOK = """
SELECT o.state, (extract(epoch FROM o.starts_at) * 1000)::bigint AS starts, o.round_no,
       (extract(epoch FROM o.ends_at) * 1000)::bigint AS ends,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
       (SELECT a.seq FROM opening_attempt a WHERE a.project_id = o.project_id AND a.opening_id = o.id
           AND a.round_no = o.round_no ORDER BY a.seq DESC LIMIT 1) AS attempts
  FROM opening_opening o WHERE o.project_id = $1 AND o.id = $2"""
_CLAIMS = """
SELECT unit_id, buyer_id, state, (extract(epoch FROM confirm_by) * 1000)::bigint AS confirm_by
  FROM opening_openingclaim
 WHERE project_id = $1 AND opening_id = $2 AND round_no = $3 AND state IN ('won', 'confirmed')"""


def _settle(project: int) -> None:
    """In a thread: let lapse what is over, without waiting for the minute's job."""
    from anchang.opening.commands.claims import settle_openings
    from anchang.platform.access import system_access
    from anchang.platform.context import Context
    from anchang.platform.models import Project
    from anchang.platform.scope import open_scope

    access = system_access([project])
    with open_scope(access):
        ctx = Context(access, Project.objects.get(pk=project))
        settle_openings(ctx)
        ctx.flush()


class Watcher:
    def __init__(self, buyer: int) -> None:
        self.buyer = buyer
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)

    def put(self, chunk: bytes) -> None:
        """A page that doesn't keep up is sent away; it comes back and gets everything anew."""
        try:
            self.queue.put_nowait(chunk)
        except asyncio.QueueFull:
            self.queue = asyncio.Queue(QUEUE)
            self.queue.put_nowait(None)


class Watch:
    """All open pages of one opening in this process."""

    def __init__(self, project: int, opening: int, connect: Connect) -> None:
        self.project, self.opening, self.connect = project, opening, connect
        self.watchers: set[Watcher] = set()
        self.head: dict[str, Any] = {}
        self.claims: Claims = {}
        self.db: Any = None
        self.task: asyncio.Task[None] | None = None
        self.settling: asyncio.Task[None] | None = None

    async def serve(self, who: Pass, protocol: Any) -> None:
        watcher = Watcher(who.buyer)
        if self.task is None or self.task.done():
            self.head, self.claims = {}, {}
            self.task = asyncio.create_task(self._run())
        elif self.head:
            watcher.put(self._everything(watcher.buyer))
        self.watchers.add(watcher)
        try:
            await sse.stream(protocol, watcher, b": hello\n\n")
        finally:
            self.watchers.discard(watcher)

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._look()
                except Exception:  # the database may be away for a moment: pages stay
                    log.exception("opening_look_failed", opening=self.opening)
                    self._hang_up()
                    await asyncio.sleep(1)
                await asyncio.sleep(PAUSE)
                if not self.watchers:
                    return
        finally:
            self._hang_up()

    async def _look(self) -> None:
        if self.db is None:
            self.db = await self.connect()
            await self.db.execute("SELECT set_config('app.projects', $1, false)", f"{{{self.project}}}")
        place = (self.project, self.opening)
        row = await self.db.fetchrow(_LOOK, *place)
        head = {
            "now": row["now"], "state": row["state"], "starts": row["starts"], "ends": row["ends"],
            "round": row["round_no"], "attempts": row["attempts"] or 0,
        }  # fmt: skip
        claims: Claims = {
            r["unit_id"]: (r["buyer_id"], r["state"], r["confirm_by"])
            for r in await self.db.fetch(_CLAIMS, *place, row["round_no"])
        }
        first = not self.head
        old, self.claims = self.claims, claims
        same = {k: v for k, v in head.items() if k != "now"} == {k: v for k, v in self.head.items() if k != "now"}
        self.head = head
        if first:
            for watcher in self.watchers:
                watcher.put(self._everything(watcher.buyer))
        else:
            self._tell_changes(old, same)
        if any(state == "won" and confirm_by <= row["now"] for _b, state, confirm_by in claims.values()):
            self._settle_soon()

    def _settle_soon(self) -> None:
        if self.settling is None or self.settling.done():
            self.settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        try:
            await sync_to_async(_settle, thread_sensitive=False)(self.project)
        except Exception:
            log.exception("opening_settle_failed", opening=self.opening)

    def _tell_changes(self, old: Claims, same: bool) -> None:
        changed = [unit for unit in {*old, *self.claims} if old.get(unit) != self.claims.get(unit)]
        if same and not changed:
            return
        units = {str(unit): self.claims[unit][1] if unit in self.claims else "" for unit in changed}
        common = _chunk(self.head | {"units": units})
        concerned = {claims[unit][0] for unit in changed for claims in (old, self.claims) if unit in claims}
        for watcher in self.watchers:
            watcher.put(
                _chunk(self.head | {"units": units, "mine": self._mine(watcher.buyer)})
                if watcher.buyer in concerned
                else common
            )

    def _everything(self, buyer: int) -> bytes:
        units = {str(unit): state for unit, (_buyer, state, _by) in self.claims.items()}
        return _chunk(self.head | {"units": units, "mine": self._mine(buyer), "all": True})

    def _mine(self, buyer: int) -> dict[str, dict[str, Any]]:
        return {
            str(unit): {"state": state, "confirm_by": confirm_by}
            for unit, (owner, state, confirm_by) in self.claims.items()
            if owner == buyer
        }

    def _hang_up(self) -> None:
        db, self.db = self.db, None
        if db is not None:
            db.terminate()


def _chunk(content: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(content, separators=(',', ':'))}\n\n".encode()
