"""Pure rules of an opening: one winner per unit, limits kept, a chain that shows any change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from anchang.opening import rules

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
UNITS, BUYERS = range(1, 6), range(1, 5)
ATTEMPTS = st.lists(
    st.builds(rules.Attempt, buyer=st.sampled_from(BUYERS), unit=st.sampled_from(range(1, 7)), key=st.just("k")),
    max_size=60,
)
ENTRIES = st.lists(
    st.builds(
        rules.Entry, seq=st.just(0), at=st.integers(0, 2**50), buyer=st.integers(1, 99), unit=st.integers(1, 99),
        key=st.text("abc", min_size=1, max_size=4), result=st.sampled_from(rules.RESULTS),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


def hall(state: str = "open", limit: int = 2) -> rules.Hall:
    return rules.Hall(state, NOW, NOW + timedelta(hours=1), frozenset(UNITS), {b: rules.Buyer(limit) for b in BUYERS})


@given(ATTEMPTS, st.integers(1, 3))
def test_each_unit_has_one_winner_and_no_buyer_more_than_his_limit(attempts, limit):
    room = hall(limit=limit)
    won = [a for a in attempts if rules.decide(room, a, NOW) == rules.WON]
    assert len({a.unit for a in won}) == len(won)
    assert all(sum(a.buyer == b for a in won) <= limit for b in BUYERS)
    tried = {a.unit for a in attempts if a.unit in UNITS}
    free = {b for b in BUYERS if sum(a.buyer == b for a in won) < limit}
    for unit in tried - {a.unit for a in won}:  # left over only where nobody could have had it
        assert not any(a.unit == unit and a.buyer in free for a in attempts)


def test_the_clock_decides_and_a_rehearsal_has_none():
    attempt, before = rules.Attempt(1, 1, "k"), NOW - timedelta(microseconds=1)
    assert rules.decide(hall(), attempt, before) == rules.NOT_STARTED
    assert rules.decide(hall(), attempt, NOW) == rules.WON
    assert rules.decide(hall(), attempt, NOW + timedelta(hours=1)) == rules.ENDED
    assert rules.decide(hall("rehearsal"), attempt, before) == rules.WON
    assert rules.decide(hall("closed"), attempt, NOW) == rules.NOT_OPEN
    late = hall()
    late.buyers = {1: rules.Buyer(1, NOW + timedelta(minutes=5))}
    assert rules.decide(late, attempt, NOW) == rules.NOT_STARTED


@given(st.sets(st.integers(1, 6)), st.integers(1, 5))
def test_the_free_slot_is_the_lowest_and_within_the_limit(used, limit):
    slot = rules.free_slot(used, limit)
    if slot is None:
        assert set(range(1, limit + 1)) <= used
    else:
        assert slot not in used and 1 <= slot <= limit and set(range(1, slot)) <= used


@given(
    st.lists(st.integers(1, 8), max_size=20), st.sets(st.integers(1, 8)),
    st.dictionaries(st.integers(1, 8), st.integers(0, 2)), st.dictionaries(st.integers(1, 8), st.integers(0, 2)),
)  # fmt: skip
def test_next_in_line_is_the_earliest_who_may(tried, had, holding, limits):
    def may(buyer: int) -> bool:
        return buyer not in had and holding.get(buyer, 0) < limits.get(buyer, 0)

    found = rules.next_in_line(tried, had, holding, limits)
    if found is None:
        assert not any(may(b) for b in tried)
    else:
        assert may(found) and not any(may(b) for b in tried[: tried.index(found)])


def logged(entries: list[rules.Entry]) -> list[tuple[rules.Entry, bytes]]:
    numbered = [replace(e, seq=n) for n, e in enumerate(entries, 1)]
    return list(zip(numbered, rules.chain(rules.genesis(7, 1), numbered), strict=True))


@given(ENTRIES, st.data())
def test_a_changed_removed_or_moved_entry_breaks_the_chain(entries, data):
    log = logged(entries)
    start = rules.genesis(7, 1)
    assert rules.broken_at(start, log) is None
    assert rules.broken_at(rules.genesis(8, 1), log) == 1
    place = data.draw(st.integers(0, len(log) - 1))
    entry, digest = log[place]
    changed = data.draw(st.sampled_from([
        replace(entry, buyer=entry.buyer + 1), replace(entry, unit=entry.unit + 1), replace(entry, at=entry.at + 1),
        replace(entry, result="won" if entry.result != "won" else "taken"), replace(entry, key=entry.key + "x"),
    ]))  # fmt: skip
    assert rules.broken_at(start, [*log[:place], (changed, digest), *log[place + 1 :]]) == place + 1
    if place < len(log) - 1:
        assert rules.broken_at(start, [*log[:place], *log[place + 1 :]]) == place + 1
