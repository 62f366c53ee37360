"""Leads: states, assignment, recycling and claiming (DOMAIN 3, Lead; features L12, L15, L16, BS18)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from anchang.kernel.clock import OpeningHours, due_after
from anchang.kernel.errors import Refusal

NEW, ASSIGNED, POOL = "new", "assigned", "pool"
CONTACTED, QUALIFIED, APPOINTED, VISITED = "contacted", "qualified", "appointed", "visited"
INVALID, LOST = "invalid", "lost"
OWNED = (ASSIGNED, CONTACTED, QUALIFIED, APPOINTED)
OPEN = frozenset({NEW, POOL, *OWNED})

_CLOSING = frozenset({VISITED, INVALID, LOST})
TRANSITIONS: Mapping[str, frozenset[str]] = {
    NEW: _CLOSING | {ASSIGNED, POOL},
    POOL: _CLOSING | {ASSIGNED},
    ASSIGNED: _CLOSING | {ASSIGNED, CONTACTED, POOL},
    CONTACTED: _CLOSING | {QUALIFIED, POOL},
    QUALIFIED: _CLOSING | {APPOINTED, POOL},
    APPOINTED: _CLOSING | {POOL},
    VISITED: frozenset(),
    # Reopened by the manager.
    INVALID: frozenset({ASSIGNED, POOL}),
    LOST: frozenset({ASSIGNED, POOL}),
}


def why_not_lead(state: str, to: str) -> Refusal | None:
    if to in TRANSITIONS.get(state, frozenset()):
        return None
    return Refusal("state_refused", {"state": state, "to": to})


def why_not_reassign(state: str) -> Refusal | None:
    """A manager may give any open lead to another consultant; an owned one keeps its progress."""
    return None if state in OPEN else Refusal("state_refused", {"state": state, "to": ASSIGNED})


def steps_towards(state: str, to: str) -> tuple[str, ...]:
    """The states to pass through, in order, when one act proves several (a call that fixes an appointment).

    Empty when the lead is already there or beyond, or is not with an owner.
    """
    if state not in OWNED or to not in OWNED:
        return ()
    return OWNED[OWNED.index(state) + 1 : OWNED.index(to) + 1]


@dataclass(frozen=True)
class RecyclePolicy:
    """Hours of the clock, or of opening when the project sets opening hours.

    `grade_hours`: limit without effective follow-up by grade; grades that are missing are never recycled for
    it.
    """

    first_contact_hours: int
    grade_hours: Mapping[str, int]
    warn_hours: int
    barred_days: int
    daily_quota: int


@dataclass(frozen=True)
class LeadFacts:
    """`last_effective_at`: last effective follow-up. `frozen`: excluded, for example during a dispute."""

    state: str
    assigned_at: datetime | None
    first_follow_up_at: datetime | None = None
    last_effective_at: datetime | None = None
    grade: str = ""
    frozen: bool = False


@dataclass(frozen=True)
class RecycleDecision:
    """action: keep | warn | recycle. reason: no_first_contact | grade_limit, empty when there is no limit."""

    action: str
    reason: str
    due_at: datetime | None


def decide_recycle(
    lead: LeadFacts, policy: RecyclePolicy, now: datetime, opening: OpeningHours | None = None
) -> RecycleDecision:
    """Whether the lead goes back to the pool now, its owner is warned, or nothing happens."""
    if lead.state not in OWNED or lead.frozen or lead.assigned_at is None:
        return RecycleDecision("keep", "", None)
    if lead.first_follow_up_at is None:
        reason, since, hours = "no_first_contact", lead.assigned_at, policy.first_contact_hours
    elif lead.grade in policy.grade_hours:
        # A new owner has the whole time, whatever the old one did before.
        since = max(lead.last_effective_at or lead.assigned_at, lead.assigned_at)
        reason, hours = "grade_limit", policy.grade_hours[lead.grade]
    else:
        return RecycleDecision("keep", "", None)
    due_at = due_after(since, hours, opening)
    if now >= due_at:
        return RecycleDecision("recycle", reason, due_at)
    warned = now >= due_at - timedelta(hours=policy.warn_hours)
    return RecycleDecision("warn" if warned else "keep", reason, due_at)


@dataclass(frozen=True)
class ClaimFacts:
    """`claimed_today`: by this person on the business day. Last owner and time of the last return to the
    pool.
    """

    state: str
    claimed_today: int
    last_owner_id: int | None = None
    returned_at: datetime | None = None


def why_not_claim(lead: ClaimFacts, user_id: int, policy: RecyclePolicy, now: datetime) -> Refusal | None:
    """Only pool leads, within the daily quota; the last owner is barred for some days."""
    if lead.state != POOL:
        return Refusal(
            "lead_taken" if lead.state in OWNED else "state_refused", {"state": lead.state, "to": ASSIGNED}
        )
    if lead.claimed_today >= policy.daily_quota:
        return Refusal("claim_quota_used", {"limit": policy.daily_quota})
    if lead.last_owner_id == user_id and lead.returned_at is not None:
        free_at = lead.returned_at + timedelta(days=policy.barred_days)
        if now < free_at:
            return Refusal("last_owner_barred", {"free_at": free_at})
    return None


@dataclass(frozen=True)
class AssignRule:
    """A rule whose condition the caller has tested. `members` in turn order; `last_user_id` got the last
    lead.
    """

    id: int
    members: tuple[int, ...]
    last_user_id: int | None = None
    min_level: int = 0
    fall_through: bool = False


@dataclass(frozen=True)
class Assignment:
    """`user_id` None: the lead goes to the pool. `skipped`: user and reason (absent | level), in order
    asked.
    """

    rule_id: int | None
    user_id: int | None
    skipped: tuple[tuple[int, str], ...]


def assign_lead(
    matching: Sequence[AssignRule], present: Collection[int], levels: Mapping[int, int]
) -> Assignment:
    """The first matching rule decides, by turns among those present and of sufficient level.

    With nobody there the lead goes to the pool, unless the rule says to fall through to the next.
    """
    skipped: list[tuple[int, str]] = []
    for rule in matching:
        for user_id in in_turn(rule.members, rule.last_user_id):
            if user_id not in present:
                skipped.append((user_id, "absent"))
            elif levels.get(user_id, 0) < rule.min_level:
                skipped.append((user_id, "level"))
            else:
                return Assignment(rule.id, user_id, tuple(skipped))
        if not rule.fall_through:
            return Assignment(rule.id, None, tuple(skipped))
    return Assignment(None, None, tuple(skipped))


def in_turn(members: Sequence[int], last: int | None) -> list[int]:
    """The members once each, beginning after the one who was last."""
    order = list(dict.fromkeys(members))
    start = order.index(last) + 1 if last in order else 0
    return order[start:] + order[:start]
