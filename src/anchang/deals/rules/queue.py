"""Launch schemes and queue tickets (开盘方案, 排号): when tickets are issued, who is called next, who may rejoin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from anchang.deals.rules.states import Machine
from anchang.kernel.errors import Refusal

SCHEME: Machine = {
    "draft": frozenset({"registering"}),
    "registering": frozenset({"registered", "draft"}),
    "registered": frozenset({"registering", "drawn", "done"}),
    "drawn": frozenset({"done"}),
    "done": frozenset(),
}
#: A ticket that may still become a sale.
LIVE_TICKET = frozenset({"valid", "called", "missed"})


def open_checks(checks: Iterable[Mapping[str, object]]) -> list[str]:
    """Mandatory items of the checklist that nobody has ticked."""
    return [str(c["item"]) for c in checks if c.get("mandatory") and not c.get("done_on")]


def why_not_issue(state: str, has_ticket: bool) -> Refusal | None:
    """One ticket per customer and scheme, while the scheme takes registrations."""
    if state != "registering":
        return Refusal("not_registering", {"state": state})
    return Refusal("has_ticket") if has_ticket else None


def why_not_ready(checks: Sequence[Mapping[str, object]]) -> Refusal | None:
    """Nothing is put on sale until every mandatory item is ticked (D19)."""
    missing = open_checks(checks)
    return Refusal("scheme_not_ready", {"item": missing[0], "count": len(missing)}) if missing else None


@dataclass(frozen=True)
class Waiting:
    """A ticket in the sequence. `place`: its drawn place, else its number. `missed`: how often it was called in
    vain; `rejoined_at`: its place among those who asked to be called again (过号重排), None for others."""

    id: int
    state: str
    place: int
    missed: int = 0
    rejoined_at: int | None = None
    qualified: bool = True


def sequence(tickets: Sequence[Waiting]) -> list[Waiting]:
    """Who waits to be called, in order. Those who missed their call and rejoined stand behind the others."""
    first = [t for t in tickets if t.state == "valid" and t.qualified]
    again = [t for t in tickets if t.state == "missed" and t.qualified and t.rejoined_at is not None]
    first.sort(key=lambda t: (t.place, t.id))
    again.sort(key=lambda t: (t.rejoined_at or 0, t.id))
    return [*first, *again]


def why_not_rejoin(state: str, missed: int, limit: int) -> Refusal | None:
    """A ticket that missed its call may rejoin, a limited number of times (过号重排)."""
    if state != "missed":
        return Refusal("state_refused", {"state": state, "to": "called"})
    if missed > limit:
        return Refusal("rejoined_enough", {"limit": limit})
    return None
