"""One opening in one web process: what it remembers, and the writer that has attempts decided in batches.

Attempts that come in while a batch is being decided make up the next one. The database decides, under the opening's
lock, so any number of processes may do this for the same opening; memory only spares it work. Nobody is answered
before the commit. When the database goes away, attempts wait and are asked again with their keys: whatever had been
committed is answered as it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NamedTuple

import asyncpg
import structlog

from anchang.opening import rules
from anchang.opening.passes import Pass

log = structlog.get_logger(__name__)

#: Attempts in one call at most.
BATCH = 1000
#: How long attempts wait for a database that is away, before their buyers are told to try again.
PATIENCE = 20.0
RETRY = 0.25

# Lists travel as text, at half the cost of arrays for both sides; no part needs escaping (rules.is_key).
_DECIDE = (
    "SELECT epoch, round_no, array_to_string(results, ','), array_to_string(seqs, ',', '')"
    "  FROM anchang_opening_decide($1, $2, $3, $4, $5::text::bigint[], $6::text::int[], $7::text::bigint[],"
    " $8::text::text[], $9::text::text[])"
)
_AWARD = "SELECT * FROM anchang_opening_award($1, $2, now(), '{}', '{}')"
_OPENING = """
SELECT state, epoch, round_no
  FROM opening_opening WHERE project_id = $1 AND id = $2"""
_BUYERS = """
SELECT id, serial, starts_at IS NOT NULL AS has_turn FROM opening_openingbuyer
 WHERE project_id = $1 AND opening_id = $2 AND NOT blocked AND deleted_at IS NULL"""
_CLAIMS = """
SELECT unit_id, buyer_id FROM opening_openingclaim
 WHERE project_id = $1 AND opening_id = $2 AND round_no = $3 AND state IN ('won', 'confirmed')"""

Connect = Callable[[], Coroutine[Any, Any, Any]]


class Answer(NamedTuple):
    """`entry`: the place in the log; None when the attempt was not decided (not open, database away)."""

    result: str
    entry: int | None


class Waiting(NamedTuple):
    buyer: int
    serial: int
    unit: int
    key: str
    answer: asyncio.Future[Answer]


class Memory:
    """What is known as of one epoch. `taken` grows with the answers that pass through."""

    def __init__(self) -> None:
        self.state = "draft"
        self.epoch = self.round_no = -1
        self.buyers: dict[int, tuple[int, bool]] = {}
        self.taken: dict[int, int] = {}

    def hint(self, one: Waiting) -> str:
        """The result as far as memory alone can tell, else empty. It never says `won`."""
        buyer = self.buyers.get(one.buyer)
        if buyer is None or buyer[0] != one.serial:
            return rules.NOT_ELIGIBLE
        return rules.TAKEN if one.unit in self.taken and not buyer[1] else ""

    def learn(self, one: Waiting, result: str) -> None:
        if result == rules.WON:
            self.taken[one.unit] = one.buyer
        elif result == rules.TAKEN:
            self.taken.setdefault(one.unit, 0)


def _list(parts: Iterable[object]) -> str:
    """As PostgreSQL writes an array; in quotes, because a bare null would be none."""
    return '{"' + '","'.join(map(str, parts)) + '"}'


class Hall:
    """The writer of one opening."""

    def __init__(self, project: int, opening: int, connect: Connect) -> None:
        self.project, self.opening, self.connect = project, opening, connect
        self.memory = Memory()
        self.waiting: list[Waiting] = []
        self.asked: dict[tuple[int, str], asyncio.Future[Answer]] = {}
        self.busy: set[int] = set()
        self.db: Any = None
        self.decide: Any = None
        self.task: asyncio.Task[None] | None = None

    def attempt(self, who: Pass, unit: int, key: str) -> asyncio.Future[Answer] | None:
        """The answer to come. None when another attempt of this buyer is still undecided: one at a time."""
        known = self.asked.get((who.buyer, key))
        if known is not None:
            return known
        if who.buyer in self.busy:
            return None
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.busy.add(who.buyer)
        self.asked[who.buyer, key] = answer
        self.waiting.append(Waiting(who.buyer, who.serial, unit, key, answer))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._write())
        return answer

    async def _write(self) -> None:
        """Decide until nobody waits."""
        while self.waiting:
            batch, self.waiting = self.waiting[:BATCH], self.waiting[BATCH:]
            try:
                answers = await self._patiently(batch)
            except Exception:
                log.exception("opening_batch_failed", opening=self.opening, attempts=len(batch))
                answers = [Answer(rules.BUSY, None)] * len(batch)
            for one, answer in zip(batch, answers, strict=True):
                self.busy.discard(one.buyer)
                del self.asked[one.buyer, one.key]
                if not one.answer.done():
                    one.answer.set_result(answer)

    async def _patiently(self, batch: list[Waiting]) -> list[Answer]:
        """Decided, also over a restart of the database: the keys make asking again harmless."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._decide(batch)
            except asyncpg.IntegrityConstraintViolationError:
                if len(batch) == 1:
                    raise
                return [(await self._alone(one)) for one in batch]
            except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError,
                    asyncpg.TransactionRollbackError, TimeoutError):  # fmt: skip
                await self.hang_up()
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(RETRY)

    async def _alone(self, one: Waiting) -> Answer:
        """One attempt's trouble with a constraint must not be the others'."""
        try:
            return (await self._patiently([one]))[0]
        except asyncpg.IntegrityConstraintViolationError:
            log.exception("opening_attempt_refused", opening=self.opening, unit=one.unit)
            return Answer(rules.BUSY, None)

    async def _decide(self, batch: list[Waiting]) -> list[Answer]:
        if self.db is None:
            await self._open()
        memory = self.memory
        hints = [memory.hint(one) for one in batch]
        buyers, serials, units, keys, _answers = zip(*batch, strict=True)
        row = await self.decide.fetchrow(
            self.project, self.opening, memory.epoch, memory.round_no, _list(buyers), _list(serials), _list(units),
            _list(keys), _list(hints),
        )  # fmt: skip
        epoch, round_no = row[0], row[1]
        results, seqs = row[2].split(","), row[3].split(",")
        if epoch != memory.epoch or round_no != memory.round_no:
            await self.load()
        else:
            for one, hint, result in zip(batch, hints, results, strict=True):
                if not hint:
                    memory.learn(one, result)
        return [Answer(result, int(seq) if seq else None) for result, seq in zip(results, seqs, strict=True)]

    async def _open(self) -> None:
        self.db = await self.connect()
        await self.db.execute(
            "SELECT set_config('app.projects', $1, false), set_config('app.actor', 'buyer:0', false),"
            # Whatever the server's habit: who is told that a unit is his has it on record.
            " CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')"
            "      THEN set_config('synchronous_commit', 'on', false) END",
            f"{{{self.project}}}",
        )
        self.decide = await self.db.prepare(_DECIDE)
        await self._warm()
        await self.load()

    async def _warm(self) -> None:
        """Have every statement planned before the first tap: an attempt of nobody, and a win of nothing, undone."""
        transaction = self.db.transaction()
        await transaction.start()
        try:
            await self.decide.fetchrow(self.project, self.opening, -1, -1, "{0}", "{0}", "{0}", "{warm}", "{-}")
            await self.db.fetch(_AWARD, self.project, self.opening)
        finally:
            await transaction.rollback()

    async def load(self) -> None:
        """Remember the opening as it stands now."""
        db, place, fresh = self.db, (self.project, self.opening), Memory()
        # One snapshot: an epoch must not be remembered with the claims of another.
        async with db.transaction(isolation="repeatable_read", readonly=True):
            opening = await db.fetchrow(_OPENING, *place)
            fresh.state, fresh.epoch, fresh.round_no = opening["state"], opening["epoch"], opening["round_no"]
            fresh.buyers = {r["id"]: (r["serial"], r["has_turn"]) for r in await db.fetch(_BUYERS, *place)}
            fresh.taken = {r["unit_id"]: r["buyer_id"] for r in await db.fetch(_CLAIMS, *place, fresh.round_no)}
        self.memory = fresh

    async def hang_up(self) -> None:
        db, self.db = self.db, None
        if db is not None:
            db.terminate()
