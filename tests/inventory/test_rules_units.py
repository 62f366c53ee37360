from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.inventory import rules
from anchang.kernel.errors import DomainError

TODAY = date(2026, 11, 20)
LICENCE = rules.Licence("2026018", date(2026, 6, 1), date(2027, 5, 31))
READY = rules.UnitFacts("available", LICENCE, price_published=True)
LISTED = {
    ("unreleased", "controlled"), ("controlled", "available"), ("available", "controlled"), ("available", "held"),
    ("available", "subscribed"), ("available", "signed"), ("available", "retained"), ("held", "available"),
    ("held", "subscribed"), ("subscribed", "signed"), ("subscribed", "controlled"), ("signed", "delivered"),
    ("signed", "controlled"), ("delivered", "controlled"),
}  # fmt: skip


@given(st.sampled_from(rules.STATES), st.sampled_from(rules.STATES))
def test_only_listed_moves_are_allowed(state, to):
    assert (rules.why_not_move(state, to) is None) == ((state, to) in LISTED)


def test_a_unit_in_a_deal_is_taken():
    assert rules.why_not_move("subscribed", "held").code == "unit_taken"
    assert rules.why_not_move("unreleased", "held").code == "state_refused"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"state": "held"}, "unit_taken"),
        ({"state": "controlled"}, "unit_not_available"),
        ({"licence": None}, "no_licence"),
        ({"licence": replace(LICENCE, valid_from=date(2026, 11, 21))}, "licence_not_yet_valid"),
        ({"licence": replace(LICENCE, valid_to=date(2026, 11, 19))}, "licence_expired"),
        ({"price_published": False}, "price_not_published"),
        ({"locks": frozenset({"seized"})}, "unit_locked"),
        ({"leased": True}, "tenant_notice_pending"),
        ({"leased": True, "lease_notice_on": date(2026, 11, 6)}, "tenant_notice_pending"),
        ({"leased": True, "lease_notice_on": date(2026, 11, 5)}, None),
    ],
)
def test_the_gate_before_a_deal(change, code):
    refusal = rules.why_not_sell(replace(READY, **change), TODAY, lease_notice_days=15)
    assert (refusal and refusal.code) == code


def test_the_holder_may_go_on():
    assert (
        rules.why_not_sell(replace(READY, state="held"), TODAY, own_claim=True, lease_notice_days=15) is None
    )
    assert (
        rules.why_not_sell(
            replace(READY, state="controlled"), TODAY, own_claim=True, lease_notice_days=15
        ).code
        == "unit_not_available"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"state": "held"}, "state_refused"),
        ({"state": "unreleased"}, "state_refused"),
        ({"licence": None}, "no_licence"),
        ({"price_published": False}, "price_not_published"),
    ],
)
def test_the_gate_before_release(change, code):
    refusal = rules.why_not_release(replace(READY, **({"state": "controlled"} | change)), TODAY)
    assert (refusal and refusal.code) == code


FLAT = rules.Position("A", D("120.36"), D("96.28"))
PATTERN = rules.BuildingPattern(1, 3, ("1单元", "2单元"), (FLAT, replace(FLAT, layout="B")))


def test_units_of_a_building():
    units = rules.generate_units(PATTERN, 100)
    assert [unit.code for unit in units[:4]] == ["101", "102", "101", "102"]
    assert (units[-1].section, units[-1].floor, units[-1].layout) == ("2单元", 3, "B")


def test_numbers_may_run_on_and_floors_be_left_out():
    units = rules.generate_units(replace(PATTERN, continue_index=True, skip_floors=frozenset({2})), 100)
    assert [unit.code for unit in units] == ["101", "102", "103", "104", "301", "302", "303", "304"]


def test_below_ground_there_is_no_floor_zero():
    units = rules.generate_units(rules.BuildingPattern(-1, 1, ("",), (FLAT,), code="{floor}-{index2}"), 100)
    assert [unit.code for unit in units] == ["B1-01", "1-01"]


@pytest.mark.parametrize(
    ("change", "limit", "code"),
    [
        ({"last_floor": 0}, 100, "no_units_in_pattern"),
        ({}, 11, "too_many_units"),
        ({"code": "{floor}"}, 100, "unit_codes_repeat"),
        ({"code": "{floor.__class__}"}, 100, "unit_codes_repeat"),
    ],
)
def test_patterns_that_are_refused(change, limit, code):
    with pytest.raises(DomainError) as caught:
        rules.generate_units(replace(PATTERN, **change), limit)
    assert caught.value.code == code


def test_hoarding():
    unit = rules.HoardingFacts("controlled", date(2026, 11, 10))
    assert rules.is_hoarded(unit, TODAY, 10)
    assert not rules.is_hoarded(unit, TODAY, 11)
    assert not rules.is_hoarded(replace(unit, reason="法院查封"), TODAY, 10)
    assert not rules.is_hoarded(replace(unit, state="signed"), TODAY, 10)


def test_sell_through_leaves_out_retained_units():
    assert rules.sell_through(["available", "subscribed", "signed", "retained", "controlled"]) == (2, 4)


PARAMS = rules.MatchParams(budget=40, layout=30, area=20, floor=10, budget_tolerance=D("0.1"), fade=D("0.5"))
NEED = rules.Need(budget_high=D(2500000), layouts=frozenset({"A"}), floor_low=5, floor_high=10)


def candidate(unit_id, total, layout="A", floor=8):
    return rules.Candidate(unit_id, f"{floor}0{unit_id}", D(total), layout, D("120.36"), floor)


def test_recommendations_are_ranked_and_explained():
    units = [candidate(1, 2600000), candidate(2, 2400000), candidate(3, 2400000, "B"), candidate(4, 2900000)]
    found = rules.recommend(NEED, units, PARAMS, limit=5)
    assert [each.candidate.unit_id for each in found] == [2, 1, 3]
    assert [str(each.score) for each in found] == ["100.0", "80.0", "62.5"]
    assert [(r.code, str(r.points)) for r in found[1].reasons] == [
        ("budget", "24.0"),
        ("layout", "30.0"),
        ("floor", "10.0"),
    ]


def test_refused_units_are_not_shown_again():
    assert rules.match(replace(NEED, refused=frozenset({1})), candidate(1, 2400000), PARAMS) is None


@given(st.integers(1, 40), st.integers(1_000_000, 4_000_000), st.sampled_from(["A", "B"]))
def test_scores_stay_between_0_and_100(floor, total, layout):
    found = rules.match(NEED, candidate(1, total, layout, floor), PARAMS)
    assert (found is None) == (total > 2750000)
    assert found is None or 0 <= found.score <= 100
