"""The formulas, with the examples of DOMAIN §9."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from anchang.insight import rules
from anchang.insight.rules import Sums

D = Decimal


def test_attainment_of_the_example():
    assert rules.rate(186, 240) == D("0.7750")
    assert rules.rate(1, 3) == D("0.3333")
    assert rules.rate(5, 0) is None


def test_net_is_new_less_cancelled_plus_changes():
    found = rules.net(Sums(3, D("300"), D("6000")), Sums(1, D("100"), D("1900")), Sums(0, D("-5"), D("70")))
    assert found == Sums(2, D("195"), D("4170"))
    assert rules.average_price(found) == D("21.38")
    assert rules.average_price(Sums(0, D("0"), D("70"))) is None


def test_a_later_stage_implies_the_earlier_ones():
    assert rules.with_implied({"signed": 1}) == dict.fromkeys(rules.STAGES, True)
    assert rules.with_implied({"visited": 1, "leads": 1}) == {
        "leads": True,
        "valid": True,
        "visited": True,
        "subscribed": False,
        "signed": False,
    }


def test_four_rates():
    found = rules.funnel_rates({"leads": 10, "valid": 8, "visited": 4, "subscribed": 2, "signed": 1})
    assert found == {
        "valid_rate": D("0.8000"),
        "visited_rate": D("0.5000"),
        "subscribed_rate": D("0.5000"),
        "signed_rate": D("0.5000"),
        "total_rate": D("0.1000"),
    }


def test_cycle_median_and_mean():
    assert rules.cycle([3, 10, 20, 50]) == {"count": 4, "median": D("15.0"), "mean": D("20.8")}
    assert rules.cycle([]) == {"count": 0, "median": None, "mean": None}


def test_equal_values_share_a_rank():
    found = rules.ranked({"a": 5, "b": 9, "c": 5, "d": 1})
    assert [(rank, who) for rank, who, _ in found] == [(1, "b"), (2, "a"), (2, "c"), (4, "d")]


@given(st.dictionaries(st.integers(), st.integers(-50, 50), max_size=30))
def test_rank_is_one_more_than_the_number_of_better_ones(values):
    for rank, _, value in rules.ranked(values):
        assert rank == 1 + sum(other > value for other in values.values())


def test_buckets_at_their_edges():
    today = dt.date(2026, 3, 31)

    def late(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    unsigned = {
        0: "not_due",
        -3: "not_due",
        1: "1-7",
        7: "1-7",
        8: "8-15",
        15: "8-15",
        16: "16-30",
        30: "16-30",
        31: ">30",
    }
    assert {d: rules.unsigned_bucket(late(d), today) for d in unsigned} == unsigned
    overdue = {1: "1-30", 30: "1-30", 31: "31-60", 60: "31-60", 61: "61-90", 90: "61-90", 91: ">90"}
    assert {d: rules.overdue_bucket(late(d), today) for d in overdue} == overdue
