from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.deals import rules
from anchang.kernel.errors import DomainError

TODAY = date(2026, 11, 20)
POLICY = rules.BuyerPolicy(adult_age=18, max_buyers=8, strict_check_digits=False)
ZHANG = {"name": "张三", "id_number": "330102199003072313", "phone": "+86 139 0000 0002", "share": "60"}
LI = {"name": "李四", "id_number": "330102199105082328", "phone": "13900000001", "share": "40"}
CHILD = {"name": "张小", "id_number": "330102201505080018", "share": "40"}
COMPANY = {
    "kind": "company",
    "name": "云栖商贸",
    "id_number": "91350100M000100Y43",
    "agent": {"name": "王五"},
}


def check(*buyers, ownership=None, policy=POLICY):
    return rules.check_buyers(buyers, ownership, on=TODAY, policy=policy)


def problems(*buyers, ownership=None, policy=POLICY):
    with pytest.raises(DomainError) as caught:
        check(*buyers, ownership=ownership, policy=policy)
    assert caught.value.status == 422
    return caught.value.fields


def without(buyer, *names):
    return {key: value for key, value in buyer.items() if key not in names}


def test_two_buyers_own_by_shares_unless_said():
    checked = check(ZHANG, LI)
    assert (checked.ownership, [buyer.share for buyer in checked.buyers]) == ("shares", [D(60), D(40)])
    assert checked.buyers[0].phone == "13900000002"
    assert checked.warnings == {}


def test_one_buyer_owns_alone():
    assert check(without(ZHANG, "share")).ownership == "sole"
    assert problems(ZHANG) == {"buyers.0.share": "shares_not_100"}
    assert problems(ZHANG, LI, ownership="sole") == {"ownership": "sole_needs_one_buyer"}


@pytest.mark.parametrize(
    ("first", "second", "fields"),
    [
        ("60", "39.99", {"buyers": "shares_not_100"}),
        ("60", "40.01", {"buyers": "shares_not_100"}),
        ("100", "0", {"buyers.1.share": "share_invalid"}),
        ("60", "40.000", {"buyers.1.share": "share_invalid"}),
        ("60", "-40", {"buyers.1.share": "share_invalid"}),
        ("60", "NaN", {"buyers.1.share": "share_invalid"}),
        ("60", None, {"buyers.1.share": "required"}),
    ],
)
def test_shares_that_are_refused(first, second, fields):
    assert problems(ZHANG | {"share": first}, LI | {"share": second}) == fields


def test_joint_owners_have_no_shares():
    assert check(without(ZHANG, "share"), without(LI, "share"), ownership="joint").ownership == "joint"
    assert problems(ZHANG, without(LI, "share"), ownership="joint") == {
        "buyers.0.share": "joint_has_no_shares"
    }
    assert problems(without(ZHANG, "share"), ownership="joint") == {"ownership": "joint_needs_two_buyers"}
    assert problems(ZHANG, LI, ownership="tribal") == {"ownership": "choice_invalid"}


def test_a_minor_needs_a_guardian():
    assert problems(ZHANG, CHILD) == {"buyers.1.guardian": "guardian_required"}
    assert check(ZHANG, CHILD | {"guardian": {"name": "张三"}}).buyers[1].guardian.name == "张三"
    grown = CHILD | {"id_number": "33010220081120001X"}
    assert not rules.is_minor(check(ZHANG, grown).buyers[1], TODAY, 18)


def test_a_birth_certificate_is_a_minors_unless_the_birth_date_says_otherwise():
    baby = CHILD | {"id_type": "birth_cert", "id_number": "Q330000001"}
    assert problems(ZHANG, baby) == {"buyers.1.guardian": "guardian_required"}
    assert check(ZHANG, baby | {"born": "2000-01-01"}).buyers[1].born == date(2000, 1, 1)


def test_a_company_needs_credit_code_and_agent():
    assert check(COMPANY).buyers[0].id_type == "credit_code"
    assert problems(without(COMPANY, "agent")) == {"buyers.0.agent": "agent_required"}
    assert problems(COMPANY | {"id_type": "id_card"}) == {"buyers.0.id_type": "id_type_invalid"}
    assert problems(COMPANY | {"id_number": "9135"}) == {"buyers.0.id_number": "credit_code_invalid"}


def test_a_wrong_check_digit_warns_or_refuses():
    wrong = without(ZHANG, "share") | {"id_number": "330102199003072316"}
    assert check(wrong).warnings == {"buyers.0.id_number": "id_check_digit"}
    strict = replace(POLICY, strict_check_digits=True)
    assert problems(wrong, policy=strict) == {"buyers.0.id_number": "id_check_digit"}


def test_every_problem_is_named_at_once():
    assert problems(
        {"name": " ", "id_number": "1", "phone": "12", "kind": "robot", "id_type": "passport"}
    ) == {
        "buyers.0.name": "required",
        "buyers.0.id_number": "id_number_invalid",
        "buyers.0.phone": "phone_invalid",
        "buyers.0.kind": "choice_invalid",
    }
    assert problems() == {"buyers": "required"}
    assert problems(*[ZHANG] * 9) == {"buyers": "too_many_buyers"}
    assert problems(ZHANG | {"share": "50"}, ZHANG | {"share": "50"}) == {"buyers": "buyer_twice"}
    assert problems("张三") == {"buyers.0": "invalid"}


def test_amounts_by_share():
    buyers = check(ZHANG | {"share": "33.33"}, LI | {"share": "66.67"}).buyers
    assert rules.amounts_by_share(D("2696170.00"), buyers) == [D("898633.46"), D("1797536.54")]


@given(
    st.lists(st.integers(1, 9999), min_size=1, max_size=7),
    st.decimals(min_value=1, max_value=10**9, places=2),
)
def test_shares_always_divide_the_whole(cuts, total):
    hundredths = [*cuts, max(10000 - sum(cuts), 0)]
    buyers = [
        rules.Buyer("x", id_type="passport", id_number=f"E{i:07d}", share=D(n) / 100)
        for i, n in enumerate(hundredths)
    ]
    if sum(hundredths) != 10000 or 0 in hundredths:
        assert problems(*buyers, ownership="shares")
        return
    checked = check(*buyers, ownership="shares")
    assert sum(rules.amounts_by_share(total, checked.buyers)) == total


@pytest.mark.parametrize(
    ("new", "newcomers", "code"),
    [
        (["a", "b"], [rules.Newcomer("b", "spouse", proven=True)], None),
        (["a"], [], None),
        (["b"], [rules.Newcomer("b", "spouse", proven=True)], "original_buyer_must_stay"),
        (["a", "b"], [rules.Newcomer("b", "friend", proven=True)], "buyer_not_related"),
        (["a", "b"], [rules.Newcomer("b", "child")], "relation_not_proven"),
        (["a", "b"], [], "buyer_not_related"),
    ],
)
def test_changing_buyers(new, newcomers, code):
    refusal = rules.why_not_change_buyers(["a", "z"], new, newcomers)
    assert (refusal and refusal.code) == code
