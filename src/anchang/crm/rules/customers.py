"""Customers: stage, grade, reminders, duplicates and visits (DOMAIN 3, Customer; features C03, C08, L18)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from anchang.kernel.errors import Refusal

STAGES = ("visitor", "prospect", "subscriber", "buyer", "owner")
#: Best first.
GRADES = ("A", "B", "C", "D")


@dataclass(frozen=True)
class StageFacts:
    """Counts of active things: a cancelled deal no longer counts, so the stage steps back."""

    visits: int = 0
    grade: str = ""
    tickets: int = 0
    holds: int = 0
    subscriptions: int = 0
    contracts: int = 0
    handovers: int = 0


def stage(facts: StageFacts) -> str:
    """The highest stage that active deals and events support."""
    if facts.handovers:
        return "owner"
    if facts.contracts:
        return "buyer"
    if facts.subscriptions:
        return "subscriber"
    if facts.tickets or facts.holds or facts.visits >= 2 or facts.grade in ("A", "B"):
        return "prospect"
    return "visitor"


def read_grade(text: str, dictionary: Mapping[str, str]) -> str | None:
    """A grade as written in a file; None when neither a grade nor in the dictionary (B+): report the row."""
    written = text.strip().upper()
    if written in GRADES:
        return written
    return {key.strip().upper(): grade for key, grade in dictionary.items()}.get(written)


def lower_grade(grade: str) -> str:
    """One step down; D stays D."""
    return GRADES[min(GRADES.index(grade) + 1, len(GRADES) - 1)]


def expired_grade(grade: str, since: date, today: date, valid_days: Mapping[str, int]) -> str | None:
    """The grade after expiry, one step down, or None while the grade holds. The last valid day still
    counts.
    """
    days = valid_days.get(grade)
    if days is None or grade not in GRADES or today <= since + timedelta(days=days):
        return None
    lower = lower_grade(grade)
    return None if lower == grade else lower


def overdue_key(
    grade: str, last_follow_up_at: datetime, now: datetime, limit_days: Mapping[str, int]
) -> str | None:
    """Key of the reminder for a customer left without follow-up for too long, or None.

    The key changes with the next follow-up only: one reminder and one copy per overdue period.
    """
    days = limit_days.get(grade)
    if days is None or now < last_follow_up_at + timedelta(days=days):
        return None
    return f"{grade}:{last_follow_up_at.isoformat()}"


@dataclass(frozen=True)
class Known:
    """An active customer of the project with normal-form phones."""

    id: int
    phones: frozenset[str]
    created_at: datetime
    owner_id: int | None = None
    active_deal: bool = False
    first_effective_at: datetime | None = None


def same_customers(phones: Iterable[str], known: Iterable[Known]) -> list[int]:
    """Ids of active customers that share a phone with the newcomer, best survivor first. More than one:
    merge.
    """
    wanted = set(phones)
    return [each.id for each in sorted((k for k in known if k.phones & wanted), key=_survival)]


def survivor(customers: Sequence[Known]) -> int:
    """The record that stays in a merge: with an active deal, then with the earliest effective contact, then
    oldest.
    """
    return min(customers, key=_survival).id


def _survival(each: Known) -> tuple[bool, bool, datetime, datetime, int]:
    contacted = each.first_effective_at is not None
    return (
        not each.active_deal,
        not contacted,
        each.first_effective_at or each.created_at,
        each.created_at,
        each.id,
    )


@dataclass(frozen=True)
class Ruling:
    """Who owns a customer and by which rule: deal | household | contact | record | nobody."""

    owner_id: int | None
    rule: str


def attribute(files: Sequence[Known], relatives: Sequence[Known] = ()) -> Ruling:
    """Who owns the customer of these files (判客, DOMAIN 5): the owner with a running deal, of the customer
    or of a relative; then who had the first effective contact; then the oldest owned record.
    """
    for rule, known, fits in (
        ("deal", files, lambda k: k.active_deal),
        ("household", relatives, lambda k: k.active_deal),
        ("contact", files, lambda k: k.first_effective_at is not None),
        ("record", files, lambda k: True),
    ):
        found = [k for k in known if k.owner_id is not None and fits(k)]
        if found:
            return Ruling(min(found, key=_survival).owner_id, rule)
    return Ruling(None, "nobody")


def why_not_merge(customers: Sequence[Known]) -> Refusal | None:
    """Two records at least; active deals of different owners need a ruling first."""
    if len({each.id for each in customers}) < 2:
        return Refusal("nothing_to_merge")
    owners = {each.owner_id for each in customers if each.active_deal}
    return Refusal("deals_of_two_owners") if len(owners) > 1 else None


def next_visit(earlier: int) -> tuple[int, str]:
    """Number of a new visit within the project and its kind: first (首访) or repeat (复访)."""
    return earlier + 1, visit_kind(earlier + 1)


def visit_kind(seq: int) -> str:
    return "first" if seq == 1 else "repeat"


def number_visits(arrivals: Mapping[int, datetime]) -> dict[int, int]:
    """Visit numbers by arrival (then id), for visits that were entered late or merged."""
    order = sorted(arrivals, key=lambda visit_id: (arrivals[visit_id], visit_id))
    return {visit_id: seq for seq, visit_id in enumerate(order, 1)}


def receiver(owner_id: int | None, named_id: int | None, registrar_id: int | None) -> tuple[int | None, str]:
    """Who receives a visitor and why: the owner, the named consultant, the consultant who registers, else
    rotation.

    `registrar_id` is given only when a consultant registers; reception passes None.
    """
    for user_id, reason in ((owner_id, "owner"), (named_id, "named"), (registrar_id, "registrar")):
        if user_id is not None:
            return user_id, reason
    return None, "rotation"
