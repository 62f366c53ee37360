"""An opening (开盘选房): its states, what is decided about an attempt, the chain of the attempts' log, who is next.

`decide` is the meaning of the database's function that decides in the hot path; a test holds the two equal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anchang.kernel.errors import Refusal

STATES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"ready"}),
    "ready": frozenset({"draft", "rehearsal", "open"}),
    "rehearsal": frozenset({"ready"}),
    "open": frozenset({"closed"}),
    "closed": frozenset(),
}
#: States in which attempts are decided.
RUNNING = frozenset({"rehearsal", "open"})
WON, TAKEN, LIMIT = "won", "taken", "limit"
NOT_OPEN, NOT_STARTED, ENDED = "not_open", "not_started", "ended"
NOT_ELIGIBLE, NOT_OFFERED, BUSY, UNAVAILABLE = "not_eligible", "not_offered", "busy", "unavailable"
RESULTS = (
    WON, TAKEN, LIMIT, NOT_OPEN, NOT_STARTED, ENDED, NOT_ELIGIBLE, NOT_OFFERED, BUSY, UNAVAILABLE,
)  # fmt: skip
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


def why_not_go(state: str, to: str) -> Refusal | None:
    return None if to in STATES[state] else Refusal("state_refused", {"state": state, "to": to})


def is_key(text: str) -> bool:
    """A key that the buyer's page makes for each tap; safe inside a line of the log."""
    return _KEY.fullmatch(text) is not None


# --- deciding ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    buyer: int
    unit: int
    key: str


@dataclass(frozen=True)
class Buyer:
    """Who may choose: how many units at once, and from when (None: with the others)."""

    limit: int
    starts_at: datetime | None = None


@dataclass
class Hall:
    """What decisions depend on: the opening, who and what takes part, and who has what (unit -> buyer)."""

    state: str
    starts_at: datetime
    ends_at: datetime
    units: Collection[int]
    buyers: Mapping[int, Buyer]
    taken: dict[int, int] = field(default_factory=dict)
    elsewhere: Collection[int] = ()  # offered, but sold, held back or locked by the office meanwhile


def decide(hall: Hall, attempt: Attempt, now: datetime) -> str:
    """One attempt's result. Winning writes it into the hall."""
    buyer = hall.buyers.get(attempt.buyer)
    if hall.state not in RUNNING:
        return NOT_OPEN
    if buyer is None:
        return NOT_ELIGIBLE
    if hall.state == "open":  # a rehearsal runs whenever it is held
        if now < max(hall.starts_at, buyer.starts_at or hall.starts_at):
            return NOT_STARTED
        if now >= hall.ends_at:
            return ENDED
    if attempt.unit not in hall.units:
        return NOT_OFFERED
    if attempt.unit in hall.taken:
        return TAKEN
    if sum(owner == attempt.buyer for owner in hall.taken.values()) >= buyer.limit:
        return LIMIT
    if attempt.unit in hall.elsewhere:
        return UNAVAILABLE
    hall.taken[attempt.unit] = attempt.buyer
    return WON


def free_slot(used: Iterable[int], limit: int) -> int | None:
    """The lowest free number of 1 … limit; None when the buyer has as many as he may."""
    taken = set(used)
    return next((n for n in range(1, limit + 1) if n not in taken), None)


# --- after winning -------------------------------------------------------------------------------


def confirm_by(won_at: datetime, minutes: int) -> datetime:
    """The buyer confirms until then, or the unit goes to the next in line."""
    return won_at + timedelta(minutes=minutes)


def lapsed(confirm_until: datetime, now: datetime) -> bool:
    """At its moment, not after it."""
    return now >= confirm_until


def next_in_line(
    tried: Sequence[int], had: Collection[int], holding: Mapping[int, int], limits: Mapping[int, int]
) -> int | None:
    """Who gets a unit that its winner let go: the earliest of those who tried for it and found it taken, who
    hasn't had it already and may have one more. `tried`: buyers in the order of the log."""
    for buyer in tried:
        if buyer not in had and holding.get(buyer, 0) < limits.get(buyer, 0):
            return buyer
    return None


# --- the log -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One line of the log; `at` in microseconds since 1970 (UTC), by the database's clock."""

    seq: int
    at: int
    buyer: int
    unit: int
    key: str
    result: str

    @property
    def line(self) -> str:
        return f"{self.seq}|{self.at}|{self.buyer}|{self.unit}|{self.key}|{self.result}"


def genesis(opening: int, round_no: int) -> bytes:
    """What the first entry is chained to."""
    return hashlib.sha256(f"opening {opening} round {round_no}".encode()).digest()


def link(previous: bytes, entry: Entry) -> bytes:
    """SHA-256 of the previous hash and the line: no entry can change, vanish or move without all later ones."""
    return hashlib.sha256(previous + entry.line.encode()).digest()


def chain(start: bytes, entries: Iterable[Entry]) -> list[bytes]:
    hashes = []
    for entry in entries:
        start = link(start, entry)
        hashes.append(start)
    return hashes


def broken_at(start: bytes, entries: Sequence[tuple[Entry, bytes]]) -> int | None:
    """The first entry whose number or hash doesn't follow; None when the log is whole."""
    for place, (entry, found) in enumerate(entries, 1):
        start = link(start, entry)
        if entry.seq != place or start != found:
            return place
    return None
