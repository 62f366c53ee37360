"""Reception rotation (轮排): who receives the next visitor, and why (feature BS08)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from anchang.kernel.errors import Refusal

NATURAL, RETURNING, NAMED = "natural", "returning", "named"


@dataclass(frozen=True)
class Consultant:
    """Where a consultant is now. `since` and `cause` explain the state; nothing is decided by them."""

    user_id: int
    on_duty: bool = True
    present: bool = True
    busy: bool = False
    since: datetime | None = None
    cause: str = ""


@dataclass(frozen=True)
class Arrival:
    """`wanted_id`: the owner of a returning customer, or the consultant whom the customer names."""

    kind: str = NATURAL
    wanted_id: int | None = None


@dataclass(frozen=True)
class Turn:
    """One decision, complete enough to be shown and stored.

    rule: rotation | owner | named | substitute | nobody. `skipped`: user and reason, in queue order.
    `consumed`: the receiver's turn is used up and `queue` has moved.
    """

    user_id: int | None
    rule: str
    consumed: bool
    skipped: tuple[tuple[int, str], ...]
    queue: tuple[int, ...]


def why_not_receive(consultant: Consultant | None) -> str | None:
    """off_duty | absent | busy, or None for somebody who can receive."""
    if consultant is None or not consultant.on_duty:
        return "off_duty"
    if not consultant.present:
        return "absent"
    return "busy" if consultant.busy else None


def next_turn(queue: Sequence[int], people: Mapping[int, Consultant], arrival: Arrival) -> Turn:
    """Choose who receives. The front of `queue` is next; the chosen one goes to its end.

    Whoever is skipped keeps the place. Returning and named customers go to their consultant and use no turn;
    when that one cannot receive, the next of the rotation stands in, also without using a turn.
    """
    skipped: list[tuple[int, str]] = []
    wanted = arrival.wanted_id if arrival.kind in (RETURNING, NAMED) else None
    if wanted is not None:
        reason = why_not_receive(people.get(wanted))
        if reason is None:
            return Turn(wanted, "owner" if arrival.kind == RETURNING else "named", False, (), tuple(queue))
        skipped.append((wanted, reason))
    for user_id in queue:
        if user_id == wanted:
            continue
        reason = why_not_receive(people.get(user_id))
        if reason is None:
            consumed = wanted is None
            after = to_end(queue, user_id) if consumed else tuple(queue)
            return Turn(user_id, "rotation" if consumed else "substitute", consumed, tuple(skipped), after)
        skipped.append((user_id, reason))
    return Turn(None, "nobody", False, tuple(skipped), tuple(queue))


def to_end(queue: Sequence[int], user_id: int) -> tuple[int, ...]:
    return (*(each for each in queue if each != user_id), user_id)


def return_turn(queue: Sequence[int], user_id: int) -> tuple[int, ...]:
    """Give a used turn back: the consultant is next again."""
    return (user_id, *(each for each in queue if each != user_id))


def why_not_return_turn(consumed: bool, returned: bool, reason: str, allowed: Collection[str]) -> Refusal | None:
    """A turn is returned once, only if it was used, and only for a reason of the office's rule."""
    if not consumed:
        return Refusal("turn_not_used")
    if returned:
        return Refusal("turn_already_returned")
    return None if reason in allowed else Refusal("turn_reason_refused", {"reason": reason})


def sync_queue(queue: Sequence[int], roster: Sequence[int]) -> tuple[int, ...]:
    """The queue for today's roster: leavers out, newcomers at the end in roster order."""
    kept = [each for each in dict.fromkeys(queue) if each in roster]
    return (*kept, *(each for each in dict.fromkeys(roster) if each not in kept))
