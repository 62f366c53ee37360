from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.deals import rules
from anchang.deals.rules import CashPart, LiveLine, Loan, PlanSpec
from anchang.kernel.errors import DomainError

TOTAL = D("2696170.00")
SUBSCRIBED, SIGNED = date(2026, 11, 20), date(2026, 11, 27)
RATIO = D("0.20")
LUMP = PlanSpec("lump_sum", "lump_sum", (CashPart("full_payment", D(100), 7),))
THIRDS = PlanSpec("thirds", "instalment", tuple(CashPart("instalment", D(1), 30 * i) for i in range(3)))
PERCENTS = PlanSpec(
    "30/30/30/10", "instalment", tuple(CashPart("instalment", D(p), 30) for p in (30, 30, 30, 10))
)
MORTGAGE = PlanSpec(
    "mortgage", "mortgage", (CashPart("first_payment", D(100), 0),),
    loan_days=60, loan_ratio=D("0.70"), loan_step=D(10000), min_down_ratio=D("0.15"),
)  # fmt: skip


def lines(spec, deposit="0", loans=(), total=TOTAL):
    return rules.plan_lines(
        spec, total, deposit=D(deposit), loans=loans, deposit_due=SUBSCRIBED, signed_on=SIGNED
    )


def shown(found):
    return [(line.seq, line.item, line.money, str(line.amount)) for line in found]


def test_lump_sum():
    found = lines(LUMP, "50000.00")
    assert shown(found) == [(1, "deposit", "cash", "50000.00"), (2, "full_payment", "cash", "2646170.00")]
    assert [line.due_on for line in found] == [SUBSCRIBED, date(2026, 12, 4)]


def test_instalments():
    assert [str(line.amount) for line in lines(THIRDS)] == ["898723.33", "898723.33", "898723.34"]
    assert [str(line.amount) for line in lines(PERCENTS)] == ["808851.00"] * 3 + ["269617.00"]
    assert [str(line.amount) for line in lines(PERCENTS, "50000")][:2] == ["50000", "758851.00"]


def test_a_large_deposit_takes_up_whole_lines():
    assert [str(line.amount) for line in lines(PERCENTS, "900000.00")] == [
        "900000.00", "717702.00", "808851.00", "269617.00",
    ]  # fmt: skip


def test_mortgage():
    found = lines(MORTGAGE, "50000.00")
    assert shown(found) == [
        (1, "deposit", "cash", "50000.00"),
        (2, "first_payment", "cash", "766170.00"),
        (3, "bank_loan", "bank", "1880000.00"),
    ]
    assert found[2].due_on == date(2027, 1, 26)


def test_combined_loans():
    loans = rules.read_loans(
        [{"kind": "fund", "amount": "800000"}, {"kind": "bank", "amount": "1080000.00", "bank": "工行"}]
    )
    found = lines(MORTGAGE, "50000.00", loans)
    assert [(line.item, str(line.amount), line.bank) for line in found[2:]] == [
        ("fund_loan", "800000.00", ""),
        ("bank_loan", "1080000.00", "工行"),
    ]


@pytest.mark.parametrize(
    ("spec", "deposit", "loans", "code", "field"),
    [
        (LUMP, "0", (Loan("bank", D(1)),), "plan_has_no_loans", "loans"),
        (MORTGAGE, "0", (Loan("bank", TOTAL),), "loans_invalid", "loans"),
        (MORTGAGE, "0", (Loan("bank", D("2291744.51")),), "down_payment_too_low", "loans"),
        (MORTGAGE, "816170.01", (), "deposit_over_cash", "deposit"),
        (LUMP, "-1", (), "deposit_over_cash", "deposit"),
    ],
)
def test_plans_that_are_refused(spec, deposit, loans, code, field):
    with pytest.raises(DomainError) as caught:
        lines(spec, deposit, loans)
    assert (caught.value.code, caught.value.status, caught.value.fields) == (code, 422, {field: code})


def test_the_smallest_down_payment_is_allowed():
    assert lines(MORTGAGE, "0", (Loan("bank", D("2291744.50")),))[0].amount == D("404425.50")


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ([{"kind": "uncle", "amount": "1"}], "loans.0.kind"),
        ([{"kind": "bank", "amount": "-1"}], "loans.0.amount"),
        (["x"], "loans.0.kind"),
    ],
)
def test_loans_that_cannot_be_read(raw, field):
    with pytest.raises(DomainError) as caught:
        rules.read_loans(raw)
    assert list(caught.value.fields) == [field]


money = st.decimals(min_value="0.01", max_value=10**8, places=2)


@given(money, st.integers(0, 20), st.lists(st.integers(1, 100), min_size=1, max_size=12), st.booleans())
def test_plans_sum_to_the_total(total, deposit_percent, weights, with_loan):
    parts = tuple(CashPart("instalment", D(w), i) for i, w in enumerate(weights))
    spec = PlanSpec(
        "p", "mortgage" if with_loan else "instalment", parts, loan_ratio=D("0.70"), loan_step=D(10000)
    )
    deposit = rules.deposit_cap(total, D(deposit_percent) / 100)
    found = lines(spec, deposit, total=total)
    assert sum(line.amount for line in found) == total
    assert all(line.amount > 0 for line in found)
    assert [line.seq for line in found] == list(range(1, len(found) + 1))


def test_deposit_cap():
    assert rules.deposit_cap(TOTAL, RATIO) == D("539234.00")
    assert rules.effective_deposit(D(600000), TOTAL, RATIO) == D("539234.00")
    assert D(600000) - rules.effective_deposit(D(600000), TOTAL, RATIO) == D("60766.00")
    assert rules.effective_deposit(D(30000), TOTAL, RATIO) == D(30000)
    assert rules.why_not_deposit(D("539234.00"), TOTAL, RATIO) is None
    assert rules.why_not_deposit(D("539234.01"), TOTAL, RATIO).code == "deposit_over_cap"
    assert rules.deposit_cap(D("0.07"), RATIO) == D("0.01")


def test_a_part_paid_line_is_cut_and_the_rest_planned_anew():
    live = [
        LiveLine(11, 1, "cash", D("50000.00"), D("50000.00")),
        LiveLine(12, 2, "cash", D("2646170.00"), D("100000.00")),
    ]
    change = rules.replan(live, lines(MORTGAGE, "50000.00"))
    assert (change.voided, change.cut) == ((), {12: D("100000.00")})
    assert shown(change.added) == [
        (3, "first_payment", "cash", "666170.00"),
        (4, "bank_loan", "bank", "1880000.00"),
    ]


def test_unpaid_lines_are_voided():
    live = [LiveLine(11, 1, "cash", D(50000), D(0)), LiveLine(12, 2, "cash", D(2646170), D(0))]
    change = rules.replan(live, lines(THIRDS))
    assert (change.voided, change.cut, len(change.added)) == ((11, 12), {}, 3)


def test_more_cash_paid_than_the_new_plan_asks_for():
    live = [LiveLine(11, 1, "cash", TOTAL, D(1000000))]
    with pytest.raises(DomainError) as caught:
        rules.replan(live, lines(MORTGAGE))
    assert (caught.value.code, caught.value.params) == ("paid_exceeds_plan", {"excess": "183830.00"})


@given(
    st.data(),
    st.lists(st.integers(1, 50), min_size=1, max_size=6),
    st.lists(st.integers(1, 50), min_size=1, max_size=6),
)
def test_replanning_keeps_the_total(data, old, new):
    def spec(weights):
        return PlanSpec("p", "instalment", tuple(CashPart("instalment", D(w), 0) for w in weights))

    live = [
        LiveLine(
            line.seq, line.seq, line.money, line.amount, data.draw(st.decimals(0, line.amount, places=2))
        )
        for line in lines(spec(old), "50000.00")
    ]
    change = rules.replan(live, lines(spec(new), "50000.00"))
    kept = [change.cut.get(line.id, line.amount) for line in live if line.id not in change.voided]
    assert sum(kept) + sum(line.amount for line in change.added) == TOTAL
    assert all(change.cut.get(line.id, line.amount) >= line.allocated for line in live)


def test_sign_by_lies_between_today_and_the_limit():
    assert rules.signing_due(SUBSCRIBED, 7) == SIGNED
    rules.check_sign_by(SUBSCRIBED, SUBSCRIBED, 30)
    rules.check_sign_by(date(2026, 12, 20), SUBSCRIBED, 30)
    for day, code in ((date(2026, 11, 19), "sign_by_in_past"), (date(2026, 12, 21), "sign_by_too_late")):
        with pytest.raises(DomainError) as caught:
            rules.check_sign_by(day, SUBSCRIBED, 30)
        assert caught.value.fields == {"sign_by": code}
