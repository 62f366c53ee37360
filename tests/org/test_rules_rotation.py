from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.org import rules
from anchang.org.rules import Arrival, Consultant

QUEUE = (1, 2, 3)
PEOPLE = {n: Consultant(n) for n in (1, 2, 3, 4)}
WALK_IN = Arrival()


def having(**changes):
    return PEOPLE | {int(key[1:]): replace(PEOPLE[int(key[1:])], **change) for key, change in changes.items()}


def test_the_front_of_the_queue_is_next():
    turn = rules.next_turn(QUEUE, PEOPLE, WALK_IN)
    assert (turn.user_id, turn.rule, turn.consumed, turn.queue) == (1, "rotation", True, (2, 3, 1))


def test_busy_absent_and_off_duty_are_skipped_and_keep_their_places():
    people = having(_1={"busy": True}, _2={"present": False})
    turn = rules.next_turn(QUEUE, people, WALK_IN)
    assert (turn.user_id, turn.queue) == (3, (1, 2, 3))
    assert turn.skipped == ((1, "busy"), (2, "absent"))
    assert rules.next_turn(turn.queue, PEOPLE, WALK_IN).user_id == 1


@pytest.mark.parametrize(("kind", "rule"), [("returning", "owner"), ("named", "named")])
def test_returning_and_named_customers_use_no_turn(kind, rule):
    turn = rules.next_turn(QUEUE, PEOPLE, Arrival(kind, 3))
    assert (turn.user_id, turn.rule, turn.consumed, turn.queue) == (3, rule, False, QUEUE)


def test_a_substitute_uses_no_turn_either():
    turn = rules.next_turn(QUEUE, having(_1={"on_duty": False}), Arrival("returning", 1))
    assert (turn.user_id, turn.rule, turn.consumed, turn.queue) == (2, "substitute", False, QUEUE)
    assert turn.skipped == ((1, "off_duty"),)


def test_a_returning_customer_without_owner_takes_a_turn():
    assert rules.next_turn(QUEUE, PEOPLE, Arrival("returning")).consumed


def test_nobody_can_receive():
    turn = rules.next_turn(QUEUE, {}, WALK_IN)
    assert (turn.user_id, turn.rule, len(turn.skipped), turn.queue) == (None, "nobody", 3, QUEUE)


def test_a_refused_customer_returns_the_turn():
    turn = rules.next_turn(QUEUE, PEOPLE, WALK_IN)
    assert rules.return_turn(turn.queue, 1) == QUEUE
    allowed = {"refused", "agent"}
    assert rules.why_not_return_turn(True, False, "refused", allowed) is None
    assert rules.why_not_return_turn(False, False, "refused", allowed).code == "turn_not_used"
    assert rules.why_not_return_turn(True, True, "refused", allowed).code == "turn_already_returned"
    assert rules.why_not_return_turn(True, False, "tired", allowed).code == "turn_reason_refused"


def test_the_queue_follows_the_roster():
    assert rules.sync_queue((3, 1, 2), (1, 2, 4)) == (1, 2, 4)
    assert rules.sync_queue((), (2, 1)) == (2, 1)


@given(st.permutations([1, 2, 3, 4]), st.sets(st.integers(1, 4)), st.integers(1, 30))
def test_turns_are_fair_and_the_queue_loses_nobody(queue, free, visitors):
    people = {n: replace(PEOPLE[n], busy=n not in free) for n in PEOPLE}
    counts = dict.fromkeys(free, 0)
    for _ in range(visitors):
        turn = rules.next_turn(queue, people, WALK_IN)
        queue = turn.queue
        assert sorted(queue) == [1, 2, 3, 4]
        if free:
            counts[turn.user_id] += 1
        else:
            assert turn.user_id is None
    assert not free or max(counts.values()) - min(counts.values()) <= 1
