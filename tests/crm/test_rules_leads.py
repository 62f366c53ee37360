from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.crm import rules
from anchang.kernel.clock import every_day

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
POLICY = rules.RecyclePolicy(
    first_contact_hours=24, grade_hours={"A": 72, "B": 168}, warn_hours=2, barred_days=7, daily_quota=5
)


def ago(**span):
    return NOW - timedelta(**span)


@pytest.mark.parametrize(
    ("state", "to", "allowed"),
    [
        ("new", "assigned", True), ("new", "pool", True), ("new", "contacted", False), ("assigned", "contacted", True),
        ("assigned", "assigned", True), ("contacted", "appointed", False), ("appointed", "visited", True),
        ("pool", "visited", True), ("pool", "contacted", False), ("appointed", "pool", True), ("visited", "pool", False),
        ("contacted", "invalid", True), ("invalid", "assigned", True), ("lost", "pool", True), ("visited", "lost", False),
    ],
)  # fmt: skip
def test_lead_moves(state, to, allowed):
    assert (rules.why_not_lead(state, to) is None) == allowed


def test_every_target_is_a_state():
    assert {to for targets in rules.TRANSITIONS.values() for to in targets} <= rules.TRANSITIONS.keys()


def test_reassigning_open_leads():
    assert rules.why_not_reassign("qualified") is None
    assert rules.why_not_reassign("visited").code == "state_refused"


def test_one_act_may_prove_several_steps():
    assert rules.steps_towards("assigned", "appointed") == ("contacted", "qualified", "appointed")
    assert rules.steps_towards("qualified", "contacted") == ()
    assert rules.steps_towards("pool", "contacted") == ()


@pytest.mark.parametrize(
    ("lead", "action", "reason"),
    [
        (rules.LeadFacts("assigned", ago(hours=24)), "recycle", "no_first_contact"),
        (rules.LeadFacts("assigned", ago(hours=23)), "warn", "no_first_contact"),
        (rules.LeadFacts("assigned", ago(hours=21)), "keep", "no_first_contact"),
        (rules.LeadFacts("assigned", ago(hours=99), frozen=True), "keep", ""),
        (rules.LeadFacts("pool", ago(hours=99)), "keep", ""),
        (
            rules.LeadFacts("contacted", ago(days=9), ago(days=9), ago(hours=72), "A"),
            "recycle",
            "grade_limit",
        ),
        (rules.LeadFacts("contacted", ago(days=9), ago(days=9), ago(hours=72), "B"), "keep", "grade_limit"),
        (rules.LeadFacts("contacted", ago(days=99), ago(days=99), ago(days=99), "C"), "keep", ""),
        (rules.LeadFacts("contacted", ago(hours=1), ago(days=9), ago(days=9), "A"), "keep", "grade_limit"),
    ],
)
def test_recycling(lead, action, reason):
    found = rules.decide_recycle(lead, POLICY, NOW)
    assert (found.action, found.reason) == (action, reason)


def test_opening_hours_stop_the_clock():
    opening = every_day("Asia/Shanghai", time(9), time(18))
    lead = rules.LeadFacts("assigned", ago(hours=24))
    assert rules.decide_recycle(lead, POLICY, NOW, opening).action == "keep"


@given(st.integers(0, 400), st.integers(1, 48))
def test_a_recycled_lead_stays_recycled_later(minutes, hours):
    policy = replace(POLICY, first_contact_hours=hours)
    lead = rules.LeadFacts("assigned", NOW)
    order = ["keep", "warn", "recycle"]
    earlier = rules.decide_recycle(lead, policy, NOW + timedelta(minutes=minutes))
    later = rules.decide_recycle(lead, policy, NOW + timedelta(minutes=minutes * 2))
    assert order.index(earlier.action) <= order.index(later.action)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (rules.ClaimFacts("pool", 4), None),
        (rules.ClaimFacts("pool", 5), "claim_quota_used"),
        (rules.ClaimFacts("assigned", 0), "lead_taken"),
        (rules.ClaimFacts("lost", 0), "state_refused"),
        (rules.ClaimFacts("pool", 0, 7, ago(days=6)), "last_owner_barred"),
        (rules.ClaimFacts("pool", 0, 7, ago(days=7)), None),
        (rules.ClaimFacts("pool", 0, 8, ago(days=1)), None),
    ],
)
def test_claiming(facts, code):
    refusal = rules.why_not_claim(facts, 7, POLICY, NOW)
    assert (refusal and refusal.code) == code


RULE = rules.AssignRule(1, (10, 11, 12), last_user_id=10)


def test_leads_go_round_among_those_present():
    assert rules.assign_lead([RULE], {10, 11, 12}, {}).user_id == 11
    found = rules.assign_lead([RULE], {10, 12}, {})
    assert (found.rule_id, found.user_id, found.skipped) == (1, 12, ((11, "absent"),))


def test_good_leads_go_to_able_consultants():
    found = rules.assign_lead([replace(RULE, min_level=3)], {10, 11, 12}, {10: 3, 11: 2})
    assert (found.user_id, found.skipped) == (10, ((11, "level"), (12, "level")))


def test_with_nobody_present_the_lead_goes_to_the_pool():
    assert rules.assign_lead([RULE], set(), {}).user_id is None
    assert rules.assign_lead([], {10}, {}) == rules.Assignment(None, None, ())
    other = rules.AssignRule(2, (20,))
    assert rules.assign_lead([RULE, other], {20}, {}).user_id is None
    assert rules.assign_lead([replace(RULE, fall_through=True), other], {20}, {}).user_id == 20


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9, unique=True), st.integers(1, 5))
def test_turns_are_fair(members, rounds):
    got, last = [], None
    for _ in range(len(members) * rounds):
        last = rules.assign_lead([rules.AssignRule(1, tuple(members), last)], set(members), {}).user_id
        got.append(last)
    assert all(got.count(member) == rounds for member in members)
