"""Pay as pure decisions: DOMAIN's worked numbers, and what always holds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.commission import rules
from anchang.finance.rules import Tier, release_parts, tiered_commission
from anchang.kernel.errors import DomainError

TIERS = (Tier(D(20_000_000), D("0.0020")), Tier(D(40_000_000), D("0.0025")), Tier(None, D("0.0030")))
ROWS = [
    {"up_to": "20000000", "rate": "0.0020"},
    {"up_to": "40000000", "rate": "0.0025"},
    {"up_to": None, "rate": "0.003"},
]
MARCH = dt.date(2026, 3, 1)
amounts = st.integers(0, 10**11).map(lambda cents: D(cents) / 100)


@pytest.mark.parametrize(("mode", "total"), [("segmented", "108000.00"), ("full_jump", "138000.00")])
def test_46_million_by_both_modes(mode, total):
    bases = [D(20_000_000), D(2_696_170), D(23_303_830)]
    assert sum(rules.earned(bases, TIERS, mode)) == D(total)


def test_cancelling_takes_the_jump_back_from_the_whole_period():
    before = rules.earned([D(38_303_830), D(2_696_170)], TIERS, "full_jump")
    after = rules.earned([D(38_303_830), D(0)], TIERS, "full_jump")
    assert (sum(before), sum(after)) == (D("123000.00"), D("95759.58"))
    assert sum(after) - sum(before) == D("-27240.42")
    assert after[1] == 0


def test_release_in_three_parts_and_by_collection():
    assert rules.earned([D(2_696_170)], [Tier(None, D("0.0025"))], "segmented") == [D("6740.43")]
    assert release_parts(D("6740.43"), [D(70), D(20), D(10)]) == [D("4718.30"), D("1348.09"), D("674.04")]
    assert rules.earned([D(816_170)], [Tier(None, D("0.0025"))], "segmented") == [D("2040.43")]


@given(st.lists(amounts, min_size=1, max_size=12), st.sampled_from(["segmented", "full_jump"]))
def test_deals_sum_to_the_pay_of_their_total_and_none_is_negative(bases, mode):
    parts = rules.earned(bases, TIERS, mode)
    assert sum(parts) == tiered_commission(sum(bases), TIERS, mode)
    assert min(parts) >= 0
    assert all(part == 0 for part, base in zip(parts, bases, strict=True) if base == 0)


@given(amounts, st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_shared_bases_sum_to_the_deal(base, weights):
    parts = rules.shared_base(base, [D(w) for w in weights])
    assert sum(parts) == base and min(parts) >= 0


@given(
    st.lists(amounts, min_size=1, max_size=8),
    st.sampled_from(["", "accrued", "confirmed", "payable", "held"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_lines_of_a_part_always_sum_to_its_target(targets, state, reached, auto):
    """Each target in turn is settled in full; the next one comes as the difference, positive or negative."""
    settled = D(0)
    for target in targets:
        wanted = rules.wanted_line(target, rules.Standing(settled, state), reached, auto)
        assert settled + wanted.amount == target
        assert (wanted.state == "void") == (wanted.amount == 0)
        assert (wanted.kind == "clawback") == (wanted.amount < 0)
        assert wanted.state not in rules.CLOSED
        if wanted.amount < 0 and state != "held":
            assert wanted.state == "payable"
        settled += wanted.amount


@given(st.lists(st.integers(-(10**9), 10**9).map(lambda c: D(c) / 100), min_size=1, max_size=10))
def test_debt_is_carried_until_it_is_earned_off_and_nothing_is_lost(months):
    carried, paid = D(0), D(0)
    for lines in months:
        due = rules.due(lines, carried)
        assert due.to_pay >= 0 >= due.carry_on and due.to_pay * due.carry_on == 0
        carried, paid = due.carry_on, paid + due.to_pay
    assert paid + carried == sum(months)


def facts(*money, loans=(), loan_due=D(0), **more):
    return rules.DealFacts(
        D(1000),
        MARCH,
        collected=[(dt.date(2026, 3, d), D(a)) for d, a in money],
        loans=loans,
        loan_due=loan_due,
        **more,
    )


@pytest.mark.parametrize(("part", "found", "day"), [
    (rules.Part("signed", D(100)), facts(), 1),
    (rules.Part("filed", D(100)), facts(), None),
    (rules.Part("collected", D(70), D(30)), facts((2, 299), (3, 1)), 3),
    (rules.Part("collected", D(70), D(30)), facts((2, 300), (3, -1)), None),
    (rules.Part("collected", D(70), D(30)), facts((2, 300), (3, -1), (5, 10)), 5),
    (rules.Part("fully_collected", D(20)), facts((2, 999), (9, 1)), 9),
    (rules.Part("loan_paid", D(20)), facts((2, 300), loans=[(dt.date(2026, 3, 4), D(700))], loan_due=D(700)), 4),
    (rules.Part("loan_paid", D(20)), facts((2, 1000)), 2),
    (rules.Part("retained", D(10), D(100), 10), facts((2, 1000)), 12),
    (rules.Part("retained", D(10), D(100), 60), facts((2, 1000)), None),
])  # fmt: skip
def test_milestones(part, found, day):
    reached = rules.reached_on(part, found, dt.date(2026, 3, 31))
    assert reached == (dt.date(2026, 3, day) if day else None)


@pytest.mark.parametrize("rows", [
    [], "x", [{"rate": "0.1", "up_to": "5"}], [*ROWS[:1], ROWS[0], ROWS[2]], [{"rate": "2"}], [{"rate": "NaN"}],
    [{"rate": True}], [{}], [ROWS[2], ROWS[2]], [{"up_to": "1e-30", "rate": "0.1"}, ROWS[2]],
])  # fmt: skip
def test_bad_tiers_are_refused(rows):
    with pytest.raises(DomainError) as refused:
        rules.read_tiers(rows)
    assert refused.value.status == 422


def test_scheme_shares_are_whole_with_the_retention():
    rows = [{"kind": "collected", "percent": "30", "share": "70"}, {"kind": "loan_paid", "share": "20"}]
    assert rules.read_tiers(ROWS) == TIERS
    assert [p.kind for p in rules.read_parts(rows, D(10), 90)] == ["collected", "loan_paid", "retained"]
    with pytest.raises(DomainError, match="scheme_shares_not_100"):
        rules.read_parts(rows, D(9), 90)


def test_the_most_particular_then_latest_scheme_is_chosen():
    day, old = dt.date(2026, 5, 1), dt.date(2026, 1, 1)
    general = rules.Offered(1, "consultant", "", old, None)
    newer = rules.Offered(2, "consultant", "", dt.date(2026, 4, 1), None)
    shops = rules.Offered(3, "consultant", "shop", old, None)
    joint = rules.Offered(4, "consultant", "", old, dt.date(2026, 4, 30), team=9)
    known = [general, newer, shops, joint]
    assert rules.choose(known, "consultant", "housing", None, day) == newer
    assert rules.choose(known, "consultant", "shop", None, day) == shops
    assert rules.choose(known, "consultant", "shop", 9, dt.date(2026, 4, 30)) == joint
    assert rules.choose(known, "leader", "shop", 9, day) is None


def test_prizes_name_the_best_and_equals_share():
    values = {1: D(300), 2: D(500), 3: D(500), 4: D(0)}
    assert [(p.payee, p.amount) for p in rules.prizes("champion", values, D("1000.01"), D(0))] == [
        (2, D("500.01")),
        (3, D("500.00")),
    ]
    assert [p.payee for p in rules.prizes("breakthrough", values, D(100), D(300))] == [1, 2, 3]
    assert rules.prizes("champion", values, D(100), D(501)) == []


@given(st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31)), st.sampled_from(["month", "quarter", "year"]))
def test_periods_hold_their_days_and_touch(day, kind):
    first = rules.period_start(kind, day)
    last = rules.period_end(kind, first)
    assert first <= day <= last
    assert rules.period_start(kind, last) == first != rules.period_start(kind, last + dt.timedelta(days=1))
