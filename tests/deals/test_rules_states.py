from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.deals import rules
from anchang.kernel.errors import DomainError

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TODAY = NOW.date()
LIMITS = rules.HoldPolicy(
    lock_minutes=30, lock_max_minutes=120, reservation_minutes=3 * 1440, reservation_max_minutes=7 * 1440,
    max_extensions=1, max_per_customer=1, max_per_consultant=3, repeat_after_hours=24,
)  # fmt: skip
FULL = rules.ContractPath(review=True, bureau_revocation=True)
DEMO = rules.ContractPath(review=False, bureau_revocation=False)


@pytest.mark.parametrize("machine", rules.MACHINES.values(), ids=rules.MACHINES.keys())
def test_every_target_is_a_state(machine):
    assert {target for targets in machine.values() for target in targets} <= machine.keys()


@pytest.mark.parametrize(
    ("kind", "state", "to", "former", "allowed"),
    [
        ("hold", "active", "converted", "", True),
        ("hold", "expired", "active", "", False),
        ("subscription", "draft", "signed", "", False),
        ("subscription", "overdue", "signed", "", True),
        ("subscription", "terminating", "overdue", "overdue", True),
        ("subscription", "terminating", "active", "overdue", False),
        ("subscription", "terminating", "forfeited", "active", True),
        ("subscription", "change_pending", "exchanged", "active", True),
        ("subscription", "forfeited", "refunded", "", True),
        ("subscription", "refunded", "active", "", False),
        ("contract", "draft", "signed", "", False),
        ("contract", "terminating", "filed", "filed", True),
        ("contract", "terminating", "signed", "filed", False),
        ("contract", "revoked", "draft", "", True),
        ("contract", "titled", "terminating", "", False),
        ("ticket", "missed", "called", "", True),
        ("ticket", "converted", "refunded", "", False),
    ],
)
def test_moves(kind, state, to, former, allowed):
    refusal = rules.why_not_go(kind, state, to, former)
    assert (refusal is None) == allowed
    assert allowed or refusal.code == "state_refused"


@given(st.sampled_from(list(rules.MACHINES)), st.text(max_size=5), st.text(max_size=5))
def test_unknown_states_are_refused(kind, state, to):
    assert rules.why_not_go(kind, state, to) is not None


def test_parameters_shorten_a_contracts_way():
    assert rules.why_not_contract("draft", "signed", DEMO) is None
    assert rules.why_not_contract("draft", "signed", FULL) is not None
    assert rules.why_not_contract("terminating", "terminated", DEMO, "signed") is None
    assert rules.why_not_contract("terminating", "terminated", FULL, "signed") is not None
    assert rules.why_not_contract("terminating", "revoked", FULL, "signed") is None
    assert rules.why_not_contract("terminating", "revoked", DEMO, "signed") is not None


def test_after_filing_price_and_buyers_need_revocation():
    assert rules.why_not_change_contract("filed", "price").code == "revoke_first"
    assert rules.why_not_change_contract("filed", "plan") is None
    assert rules.why_not_change_contract("signed", "buyers") is None
    assert rules.why_not_change_contract("delivered", "plan").code == "state_refused"


def test_holds_end():
    assert rules.hold_expiry("lock", None, LIMITS, NOW) == NOW + timedelta(minutes=30)
    assert rules.hold_expiry("reservation", 7 * 1440, LIMITS, NOW) == NOW + timedelta(days=7)
    assert rules.hold_ended(NOW, NOW)
    assert not rules.hold_ended(NOW + timedelta(seconds=1), NOW)


@pytest.mark.parametrize(
    ("kind", "minutes", "field"), [("lock", 121, "minutes"), ("lock", 0, "minutes"), ("x", 1, "kind")]
)
def test_holds_that_are_refused(kind, minutes, field):
    with pytest.raises(DomainError) as caught:
        rules.hold_expiry(kind, minutes, LIMITS, NOW)
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (rules.HoldFacts(0, 2), None),
        (rules.HoldFacts(1, 0), "customer_holds_enough"),
        (rules.HoldFacts(0, 3), "consultant_holds_enough"),
        (rules.HoldFacts(0, 0, NOW - timedelta(hours=23)), "held_before"),
        (rules.HoldFacts(0, 0, NOW - timedelta(hours=24)), None),
    ],
)
def test_hold_limits(facts, code):
    refusal = rules.why_not_hold(facts, LIMITS, NOW)
    assert (refusal and refusal.code) == code


def test_extensions_are_counted():
    later = NOW + timedelta(minutes=5)
    assert rules.why_not_extend("active", later, 0, LIMITS, NOW) is None
    assert rules.why_not_extend("active", later, 1, LIMITS, NOW).code == "extensions_used_up"
    assert rules.why_not_extend("active", NOW, 0, LIMITS, NOW).code == "hold_not_active"
    assert rules.why_not_extend("cancelled", later, 0, LIMITS, NOW).code == "hold_not_active"


@pytest.mark.parametrize(
    ("activate_on", "paid", "active"),
    [
        ("submit", 0, True),
        ("first_money", 0, False),
        ("first_money", 1, True),
        ("full_deposit", 49999, False),
        ("full_deposit", 50000, True),
    ],
)
def test_when_a_subscription_becomes_active(activate_on, paid, active):
    assert rules.activates(activate_on, D(paid), D(50000)) == active


def test_an_unknown_activation_is_a_mistake():
    with pytest.raises(ValueError, match="whenever"):
        rules.activates("whenever", D(0), D(0))


def test_signing():
    ready = rules.SigningFacts("active", D("2696170.00"), D("50000.00"))
    assert rules.why_not_sign(ready, D(0)) is None
    assert rules.why_not_sign(ready, D("0.02")).code == "paid_too_little"
    assert (
        rules.why_not_sign(replace(ready, missing_documents=("id_card",)), D(0)).code == "documents_missing"
    )
    assert rules.why_not_sign(replace(ready, state="approving"), D(0)).code == "state_refused"


def test_due_today_is_not_overdue():
    assert not rules.subscription_overdue(TODAY, TODAY)
    assert rules.subscription_overdue(TODAY - timedelta(days=1), TODAY)


def test_reminders_before_and_on_the_day():
    days = [rules.reminder_due(TODAY + timedelta(days=n), TODAY, (3, 1)) for n in (4, 3, 2, 1, 0, -1)]
    assert days == [None, 3, None, 1, 0, None]


def test_filing():
    assert rules.why_not_file("signed", TODAY, TODAY, TODAY) is None
    assert rules.why_not_file("signed", TODAY, TODAY - timedelta(days=1), TODAY).code == "filed_before_signed"
    assert rules.why_not_file("signed", TODAY, TODAY + timedelta(days=1), TODAY).code == "date_in_future"
    assert rules.why_not_file("filed", TODAY, TODAY, TODAY).code == "state_refused"
    assert not rules.filing_late(TODAY, None, TODAY + timedelta(days=30), 30)
    assert rules.filing_late(TODAY, None, TODAY + timedelta(days=31), 30)
    assert not rules.filing_late(TODAY, TODAY, TODAY + timedelta(days=31), 30)


PAID = rules.PaidMoney(cash=D("816170.00"), deposit=D("50000.00"), loan=D("1880000.00"))


def settle(fault, paid=PAID, **claims):
    return rules.settle_termination(
        fault, paid, D("2696170.00"), deposit_ratio=D("0.20"), on=TODAY, refund_days=15, **claims
    )


def test_a_buyer_at_fault_loses_the_deposit():
    found = settle("buyer")
    assert (found.forfeited, found.refund, found.loan_refund) == (
        D("50000.00"),
        D("766170.00"),
        D("1880000.00"),
    )
    assert found.refund_due_on == date(2026, 12, 5)


def test_forfeit_at_most_the_effective_deposit():
    found = settle("buyer", rules.PaidMoney(D(600000), D(600000)))
    assert (found.forfeited, found.refund) == (D("539234.00"), D("60766.00"))
    with pytest.raises(DomainError) as caught:
        settle("buyer", forfeit=D("50000.01"))
    assert caught.value.code == "forfeit_over_deposit"
    assert settle("buyer", forfeit=D(10000)).refund == D("806170.00")


def test_a_seller_at_fault_returns_the_deposit_twice():
    found = settle("seller", rules.PaidMoney(D(600000), D(600000)))
    assert found.refund == 2 * D("539234.00") + D("60766.00")
    assert found.forfeited == 0


def test_nobody_at_fault_all_is_returned():
    found = settle("none")
    assert (found.refund, found.forfeited, found.compensation) == (D("816170.00"), 0, 0)


def test_penalty_or_deposit_never_both():
    assert settle("buyer", penalty=D(100000)).refund == D("716170.00")
    assert settle("buyer", penalty=D(900000)).still_owed == D("83830.00")
    assert settle("seller", penalty=D(100000)).refund == D("916170.00")
    for fault, claims, code in (
        ("buyer", {"penalty": D(1), "forfeit": D(1)}, "penalty_or_deposit"),
        ("none", {"penalty": D(1)}, "penalty_without_fault"),
        ("seller", {"forfeit": D(1)}, "forfeit_without_fault"),
        ("weather", {}, "choice_invalid"),
    ):
        with pytest.raises(DomainError) as caught:
            settle(fault, **claims)
        assert caught.value.code == code


cents = st.decimals(min_value=0, max_value=10**7, places=2)


@given(st.sampled_from(["buyer", "seller", "none"]), cents, st.data(), st.one_of(st.none(), cents))
def test_no_money_is_lost_in_a_settlement(fault, cash, data, penalty):
    paid = rules.PaidMoney(cash, data.draw(st.decimals(0, cash, places=2)))
    found = settle(fault, paid, penalty=None if fault == "none" else penalty)
    kept = found.forfeited + (found.penalty - found.still_owed if fault == "buyer" else 0)
    assert found.refund + kept == cash + found.compensation
    assert min(found.refund, found.forfeited, found.still_owed) >= 0


def test_a_kept_deposit_may_be_returned():
    assert rules.why_not_return_forfeited(D(50000), D(20000), D(30000)) is None
    assert rules.why_not_return_forfeited(D(50000), D(20000), D("30000.01")).code == "more_than_forfeited"
    assert rules.why_not_return_forfeited(D(50000), D(0), D(0)).code == "amount_not_positive"
