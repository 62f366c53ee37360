from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.finance import rules
from anchang.finance.rules import AreaTerms, LateTerms, Tier
from anchang.kernel.errors import DomainError

DUE = date(2026, 3, 10)
TERMS = LateTerms(rate=D("0.0001"), tier_days=90, later_rate=D("0.0002"))


def test_a_late_fee_by_balance():
    payments = [(DUE, D(300000)), (date(2026, 4, 2), D(508851))]
    fee = rules.late_fee(D(808851), DUE, payments, date(2026, 12, 1), TERMS)
    assert (fee.amount, fee.delay) == (D("1170.36"), 23)


@pytest.mark.parametrize(
    ("days", "amount"), [(0, "0.00"), (90, "4579.66"), (91, "9261.09"), (100, "10177.02")]
)
def test_the_tier_counts_for_the_whole_delay(days, amount):
    paid_on = DUE + timedelta(days=days)
    payments = [(DUE, D(300000)), (paid_on, D(508851))]
    assert rules.late_fee(D(808851), DUE, payments, paid_on, TERMS).amount == D(amount)
    assert rules.late_fee(D(808851), DUE, payments[:1], paid_on, TERMS).amount == D(amount)


def test_balances_are_charged_apart():
    payments = [(DUE + timedelta(days=10), D(500)), (DUE + timedelta(days=30), D(500))]
    fee = rules.late_fee(D(1000), DUE, payments, DUE + timedelta(days=60), TERMS)
    assert [(part.balance, part.days) for part in fee.parts] == [(D(1000), 10), (D(500), 20)]
    assert fee.amount == D("2.00")


def test_a_reversed_payment_was_none():
    payments = [(DUE, D(1000)), (DUE + timedelta(days=5), D(-1000))]
    fee = rules.late_fee(D(1000), DUE, payments, DUE + timedelta(days=15), TERMS)
    assert (fee.delay, fee.amount) == (15, D("1.00"))


def test_late_delivery_by_the_same_arithmetic():
    assert rules.late_fee(D("2696170"), DUE, [], DUE + timedelta(days=30), TERMS).amount == D("8088.51")


@given(
    st.decimals(0, 10**7, places=2),
    st.lists(st.tuples(st.integers(-9, 200), st.decimals(0, 10**6, places=2)), max_size=5),
)
def test_paying_never_raises_a_late_fee(amount, drawn):
    as_of = DUE + timedelta(days=150)
    payments = [(DUE + timedelta(days=n), paid) for n, paid in drawn]
    assert (
        0
        <= rules.late_fee(amount, DUE, payments, as_of, TERMS).amount
        <= rules.late_fee(amount, DUE, [], as_of, TERMS).amount
    )


PRICE = D("22400.88")
GROSS = AreaTerms("gross", "capped", D("0.03"))


@pytest.mark.parametrize(
    ("measured", "amount", "free", "may_terminate"),
    [
        ("122.00", "36737.44", "0", False),
        ("125.00", "80885.10", "1.0292", True),
        ("118.00", "-52866.08", "0", False),
        ("116.00", "-114450.58", "0", True),
        ("120.36", "0", "0", False),
    ],
)
def test_area_difference(measured, amount, free, may_terminate):
    found = rules.settle_area(GROSS, PRICE, gross=(D("120.36"), D(measured)))
    assert (found.amount, found.free_area, found.may_terminate) == (D(amount), D(free), may_terminate)


def test_the_parts_of_a_large_shortfall():
    found = rules.settle_area(GROSS, PRICE, gross=(D("120.36"), D("116.00")))
    assert [(part.factor, part.amount) for part in found.parts] == [(1, D("80885.10")), (2, D("33565.48"))]


def test_exactly_three_percent_is_inside():
    found = rules.settle_area(GROSS, D(10000), gross=(D("100.00"), D("103.00")))
    assert (found.amount, found.may_terminate) == (D("30000.00"), False)
    assert rules.settle_area(GROSS, D(10000), gross=(D("100.00"), D("103.01"))).may_terminate


def test_gross_or_inner_may_exceed_in_a_gross_contract():
    inside, outside = (D("100.00"), D("101.00")), (D("80.00"), D("83.00"))
    assert rules.settle_area(GROSS, PRICE, gross=inside, inner=outside).may_terminate
    inner = AreaTerms("inner", "capped", D("0.03"))
    assert not rules.settle_area(inner, PRICE, gross=outside, inner=inside).may_terminate
    with pytest.raises(ValueError, match="inner"):
        rules.settle_area(inner, PRICE, gross=inside)


def test_other_schemes():
    pair = (D("100.00"), D("110.00"))
    assert rules.settle_area(AreaTerms("unit", "capped", D("0.03")), PRICE, gross=pair).amount == 0
    actual = rules.settle_area(AreaTerms("gross", "actual", D("0.03")), D(100), gross=pair)
    assert (actual.amount, actual.may_terminate) == (D("1000.00"), False)


RATES = rules.DeedTaxRates(D(140), D("0.01"), D("0.015"), D("0.01"), D("0.02"), D("0.03"))


@pytest.mark.parametrize(
    ("home", "square_metres", "tax"),
    [
        ("first", "120.36", "24735.50"), ("first", "140.00", "24735.50"), ("first", "140.01", "37103.26"),
        ("second", "140.00", "24735.50"), ("second", "140.01", "49471.01"), ("other", "120.36", "74206.51"),
    ],
)  # fmt: skip
def test_deed_tax(home, square_metres, tax):
    base = rules.price_without_vat(D("2696170.00"), D("0.09"))
    assert base == D("2473550.46")
    assert rules.deed_tax(base, D(square_metres), home, RATES)[1] == D(tax)


def test_maintenance_fund():
    assert rules.maintenance_fund(D("120.36"), D(100)) == D("12036.00")


TIERS = [Tier(D(20_000_000), D("0.0020")), Tier(D(40_000_000), D("0.0025")), Tier(None, D("0.0030"))]


@pytest.mark.parametrize(
    ("base", "mode", "commission"),
    [
        ("46000000", "segmented", "108000.00"), ("46000000", "full_jump", "138000.00"), ("41000000", "full_jump", "123000.00"),
        ("38303830", "full_jump", "95759.58"), ("40000000", "full_jump", "100000.00"), ("40000000", "segmented", "90000.00"),
        ("0", "segmented", "0.00"),
    ],
)  # fmt: skip
def test_commission_tiers(base, mode, commission):
    assert rules.tiered_commission(D(base), TIERS, mode) == D(commission)


def test_clawback_and_release():
    assert rules.commission_change(D(41000000), D(38303830), TIERS, "full_jump") == D("-27240.42")
    earned = rules.tiered_commission(D("2696170"), [Tier(None, D("0.0025"))], "segmented")
    assert earned == D("6740.43")
    assert rules.release_parts(earned, [D(70), D(20), D(10)]) == [D("4718.30"), D("1348.09"), D("674.04")]
    assert rules.released_by_collection(earned, D("816170"), D("2696170")) == D("2040.43")
    assert rules.released_by_collection(earned, D("3000000"), D("2696170")) == earned


def test_wrong_schemes_are_mistakes():
    with pytest.raises(ValueError, match="mode"):
        rules.tiered_commission(D(1), TIERS, "leap")
    with pytest.raises(ValueError, match="last tier"):
        rules.tier_rate(D(50_000_000), TIERS[:2])


@given(st.integers(0, 10**8), st.integers(0, 10**7))
def test_more_sales_never_earn_less(base, more):
    for mode in (rules.SEGMENTED, rules.FULL_JUMP):
        assert rules.commission_change(D(base), D(base + more), TIERS, mode) >= 0


INSTALMENT, PRINCIPAL = rules.METHODS


def table(amount, annual_rate, method, months=360):
    return rules.loan_table(D(amount), D(annual_rate), months, method, max_months=360)


@pytest.mark.parametrize(
    ("amount", "annual_rate", "method", "first", "second", "last", "interest"),
    [
        (800000, "0.026", INSTALMENT, "3202.72", "3202.72", "3201.56", "352978.04"),
        (800000, "0.026", PRINCIPAL, "3955.55", "3950.74", "2227.84", "312866.98"),
        (1080000, "0.035", INSTALMENT, "4849.68", "4849.68", "4851.53", "665886.65"),
        (1080000, "0.035", PRINCIPAL, "6150.00", "6141.25", "3008.75", "568575.00"),
    ],
)
def test_loan_tables(amount, annual_rate, method, first, second, last, interest):
    found = table(amount, annual_rate, method)
    assert [found.first, found.rows[1].payment, found.last] == [D(first), D(second), D(last)]
    assert found.total_interest == D(interest)


def test_combined_loans():
    level = rules.combine([table(800000, "0.026", INSTALMENT), table(1080000, "0.035", INSTALMENT)])
    falling = rules.combine([table(800000, "0.026", PRINCIPAL), table(1080000, "0.035", PRINCIPAL)])
    assert (level.first, level.total_interest) == (D("8052.40"), D("1018864.69"))
    assert (falling.first, falling.rows[1].payment, falling.last) == (
        D("10105.55"),
        D("10091.99"),
        D("5236.59"),
    )
    assert falling.total_interest == D("881441.98")


def test_a_shorter_part_ends_earlier():
    found = rules.combine([table(1200, "0", INSTALMENT, 12), table(2400, "0", INSTALMENT, 24)])
    assert (len(found.rows), found.first, found.last) == (24, D("200.00"), D("100.00"))


@pytest.mark.parametrize(
    ("amount", "annual_rate", "method", "months", "field"),
    [
        (0, "0.03", INSTALMENT, 12, "amount"),
        (1, "1", INSTALMENT, 12, "rate"),
        (1, "0.03", "bullet", 12, "method"),
        (1, "0.03", INSTALMENT, 361, "months"),
    ],
)
def test_loans_that_are_refused(amount, annual_rate, method, months, field):
    with pytest.raises(DomainError) as caught:
        table(amount, annual_rate, method, months)
    assert list(caught.value.fields) == [field]


@given(
    st.decimals(1, 10**8, places=2),
    st.decimals(0, "0.2", places=4),
    st.sampled_from(rules.METHODS),
    st.integers(1, 60),
)
def test_a_loan_is_paid_back_exactly(amount, annual_rate, method, months):
    found = table(amount, annual_rate, method, months)
    assert sum(row.principal for row in found.rows) == amount
    assert found.rows[-1].balance == 0
    assert found.total_paid == amount + found.total_interest
    assert all(row.payment == row.principal + row.interest for row in found.rows)
