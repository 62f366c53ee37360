from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.crm import rules
from anchang.crm.rules import StageFacts

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        (StageFacts(), "visitor"),
        (StageFacts(visits=1, grade="C"), "visitor"),
        (StageFacts(visits=2), "prospect"),
        (StageFacts(grade="B"), "prospect"),
        (StageFacts(tickets=1), "prospect"),
        (StageFacts(holds=1), "prospect"),
        (StageFacts(subscriptions=1, holds=1), "subscriber"),
        (StageFacts(contracts=1, subscriptions=1), "buyer"),
        (StageFacts(handovers=1, contracts=2), "owner"),
    ],
)
def test_the_stage_is_the_highest_of_the_active_deals(facts, stage):
    assert rules.stage(facts) == stage


def test_cancelling_steps_back():
    bought = StageFacts(visits=3, contracts=1)
    assert rules.stage(bought) == "buyer"
    assert rules.stage(replace(bought, contracts=0)) == "prospect"


def test_grades_in_files():
    assert rules.read_grade(" b ", {}) == "B"
    assert rules.read_grade("B+", {"b+": "B"}) == "B"
    assert rules.read_grade("B+", {}) is None


@pytest.mark.parametrize(
    ("grade", "days", "after"),
    [("A", 7, None), ("A", 8, "B"), ("B", 31, "C"), ("C", 999, None), ("D", 999, None), ("", 9, None)],
)
def test_grades_expire_one_step(grade, days, after):
    valid_days = {"A": 7, "B": 30, "D": 1}
    assert rules.expired_grade(grade, TODAY - timedelta(days=days), TODAY, valid_days) == after


def test_one_reminder_per_overdue_period():
    last = NOW - timedelta(days=3)
    limits = {"B": 3}
    key = rules.overdue_key("B", last, NOW, limits)
    assert key is not None
    assert rules.overdue_key("B", last, NOW + timedelta(days=5), limits) == key
    assert rules.overdue_key("B", last + timedelta(seconds=1), NOW, limits) is None
    assert rules.overdue_key("B", NOW, NOW + timedelta(days=3), limits) not in (None, key)
    assert rules.overdue_key("C", last, NOW, limits) is None


def known(number, days_old, **more):
    return rules.Known(number, frozenset({f"1380000000{number}"}), NOW - timedelta(days=days_old), **more)


def test_the_survivor_of_a_merge():
    old, contacted, dealing = known(1, 90), known(2, 30, first_effective_at=NOW), known(3, 1, active_deal=True)
    assert rules.survivor([old, contacted, dealing]) == 3
    assert rules.survivor([old, contacted]) == 2
    assert rules.survivor([known(5, 90), old]) == 1


def test_who_is_already_known():
    people = [known(1, 1), known(2, 90), known(3, 5)]
    assert rules.same_customers(["13800000001", "13800000002"], people) == [2, 1]
    assert rules.same_customers(["13900000000"], people) == []


def test_merging_may_need_a_ruling():
    one, two = known(1, 1, active_deal=True, owner_id=7), known(2, 1, active_deal=True, owner_id=8)
    assert rules.why_not_merge([one, two]).code == "deals_of_two_owners"
    assert rules.why_not_merge([one, replace(two, owner_id=7)]) is None
    assert rules.why_not_merge([one, replace(two, active_deal=False)]) is None
    assert rules.why_not_merge([one]).code == "nothing_to_merge"


def test_visit_numbers():
    assert rules.next_visit(0) == (1, "first")
    assert rules.next_visit(1) == (2, "repeat")


@given(st.dictionaries(st.integers(1, 99), st.integers(0, 500), max_size=20))
def test_late_entries_are_numbered_by_arrival(hours):
    arrivals = {visit: NOW + timedelta(hours=n) for visit, n in hours.items()}
    numbers = rules.number_visits(arrivals)
    assert sorted(numbers.values()) == list(range(1, len(arrivals) + 1))
    order = sorted(numbers, key=numbers.get)
    assert [arrivals[each] for each in order] == sorted(arrivals.values())


@pytest.mark.parametrize(
    ("owner", "named", "registrar", "result"),
    [
        (1, 2, 3, (1, "owner")),
        (None, 2, 3, (2, "named")),
        (None, None, 3, (3, "registrar")),
        (None, None, None, (None, "rotation")),
    ],
)
def test_who_receives(owner, named, registrar, result):
    assert rules.receiver(owner, named, registrar) == result


def test_a_day_is_counted_whole():
    assert rules.expired_grade("A", date(2026, 11, 13), TODAY, {"A": 7}) is None


def test_who_owns_a_merged_customer():
    """判客: a running deal, a relative's deal, the first effective contact, the older record."""
    old, contacted = known(1, 90, owner_id=1), known(2, 30, owner_id=2, first_effective_at=NOW)
    dealing, relative = known(3, 1, owner_id=3, active_deal=True), known(4, 1, owner_id=4, active_deal=True)
    assert rules.attribute([old, contacted, dealing], [relative]) == rules.Ruling(3, "deal")
    assert rules.attribute([old, contacted], [relative]) == rules.Ruling(4, "household")
    assert rules.attribute([old, contacted], [known(5, 99, owner_id=5)]) == rules.Ruling(2, "contact")
    assert rules.attribute([known(6, 1, owner_id=6), old]) == rules.Ruling(1, "record")
    assert rules.attribute([known(7, 9)]) == rules.Ruling(None, "nobody")
