from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.finance import rules
from anchang.finance.rules import OpenLine
from anchang.kernel.errors import DomainError

TODAY = date(2026, 11, 20)
LINES = [
    OpenLine(1, 1, "deposit", "cash", date(2026, 11, 1), D("50000.00")),
    OpenLine(3, 3, "instalment", "cash", date(2026, 11, 10), D("100.00")),
    OpenLine(2, 2, "first_payment", "cash", date(2026, 11, 10), D("766170.00")),
    OpenLine(4, 4, "bank_loan", "bank", date(2026, 10, 1), D("1080000.00")),
    OpenLine(5, 5, "fund_loan", "fund", date(2026, 10, 1), D("800000.00")),
    OpenLine(6, 6, "late_fee", "cash", date(2026, 1, 1), D("1170.36")),
    OpenLine(7, 7, "agency_deed_tax", "cash", date(2026, 1, 1), D("24735.50")),
]


@pytest.mark.parametrize(
    ("amount", "way", "parts", "left"),
    [
        ("100000.00", "transfer", [(1, "50000.00"), (2, "50000.00")], "0.00"),
        ("900000.00", "pos", [(1, "50000.00"), (2, "766170.00"), (3, "100.00")], "83730.00"),
        ("1880000.00", "mortgage", [(4, "1080000.00")], "800000.00"),
        ("5.00", "fund", [(5, "5.00")], "0.00"),
    ],
)
def test_oldest_due_first_then_seq(amount, way, parts, left):
    found = rules.allocate(D(amount), way, LINES)
    assert [(line, str(part)) for line, part in found.parts] == parts
    assert found.unallocated == D(left)


def test_named_lines_come_first_and_late_fees_only_when_named():
    found = rules.allocate(D(2000), "cash", LINES, [(6, D("1170.36")), (2, D(500))])
    assert (found.parts, found.unallocated) == (((6, D("1170.36")), (2, D(500))), D("329.64"))


@pytest.mark.parametrize(
    ("amount", "way", "named", "field", "code"),
    [
        ("1", "barter", None, "way", "choice_invalid"),
        ("0", "cash", None, "amount", "amount_not_positive"),
        ("10", "cash", [(9, 1)], "allocations.0", "line_unknown"),
        ("10", "cash", [(1, 1), (1, 1)], "allocations.1", "line_unknown"),
        ("10", "cash", [(1, -1)], "allocations.0", "amount_not_positive"),
        ("500", "cash", [(3, "100.01")], "allocations.0", "more_than_balance"),
        ("10", "cash", [(4, 1)], "allocations.0", "way_not_for_line"),
        ("10", "mortgage", [(1, 1)], "allocations.0", "way_not_for_line"),
        ("10", "cash", [(1, 6), (2, 5)], "allocations", "more_than_receipt"),
    ],
)
def test_allocations_that_are_refused(amount, way, named, field, code):
    named = named and [(line, D(part)) for line, part in named]
    with pytest.raises(DomainError) as caught:
        rules.allocate(D(amount), way, LINES, named)
    assert (caught.value.status, caught.value.fields) == (422, {field: code})


money = st.decimals(min_value="0.01", max_value=10**7, places=2)
open_lines = st.lists(
    st.tuples(st.sampled_from(["cash", "bank", "fund"]), st.dates(date(2026, 1, 1), date(2027, 1, 1)), money),
    max_size=12,
)


@given(money, st.sampled_from(sorted(rules.WAY_MONEY)), open_lines)
def test_nothing_is_lost_and_no_line_is_overpaid(amount, way, drawn):
    lines = [OpenLine(i, i, "instalment", kind, due, balance) for i, (kind, due, balance) in enumerate(drawn)]
    found = rules.allocate(amount, way, lines)
    given_to = dict(found.parts)
    assert sum(given_to.values(), found.unallocated) == amount
    assert len(given_to) == len(found.parts)
    assert all(
        0 < part <= lines[i].balance and lines[i].money == rules.WAY_MONEY[way]
        for i, part in given_to.items()
    )
    reachable = sum(line.balance for line in lines if line.money == rules.WAY_MONEY[way])
    assert found.unallocated == max(amount - reachable, 0)
    unpaid = [line.due_on for line in lines if line.money == rules.WAY_MONEY[way] and line.id not in given_to]
    assert not given_to or not unpaid or max(lines[i].due_on for i in given_to) <= min(unpaid)


@given(st.lists(st.tuples(st.integers(1, 9), money), max_size=6))
def test_a_reversal_undoes_every_part(parts):
    after = [*parts, *rules.mirror(parts)]
    assert all(sum(amount for line, amount in after if line == each) == 0 for each, _ in parts)


def test_reversing():
    assert rules.why_not_reverse("posted", False) is None
    assert rules.why_not_reverse("day_closed", False) is None
    assert rules.why_not_reverse("reversed", False).code == "state_refused"
    assert rules.why_not_reverse("posted", True).code == "reversal_of_reversal"


def test_reading_allocations():
    assert rules.read_allocations([{"receivable": "7", "amount": "10.50"}]) == [(7, D("10.50"))]
    assert rules.read_allocations(None) is None
    for raw, field in (
        ([{"receivable": "x", "amount": "1"}], "receivable"),
        ([{"receivable": 7, "amount": "-1"}], "amount"),
    ):
        with pytest.raises(DomainError) as caught:
            rules.read_allocations(raw)
        assert list(caught.value.fields) == [f"allocations.0.{field}"]


@pytest.mark.parametrize(
    ("allocated", "due", "voided", "state"),
    [
        ("0", 1, False, "planned"), ("0", 0, False, "due"), ("0", -1, False, "overdue"), ("1", 1, False, "partial"),
        ("1", -1, False, "overdue"), ("100", -1, False, "settled"), ("100", 1, False, "settled"), ("0", -1, True, "void"),
    ],
)  # fmt: skip
def test_receivable_states(allocated, due, voided, state):
    due_on = TODAY + timedelta(days=due)
    assert rules.receivable_state(D(100), D(allocated), due_on, TODAY, voided=voided) == state


def test_ageing():
    days = [-5, 0, 1, 30, 31, 60, 61, 90, 91]
    lines = [(TODAY - timedelta(days=n), D(1)) for n in days]
    found = rules.ageing(lines, TODAY, (30, 60, 90))
    assert {name: int(total) for name, total in found.items()} == {
        "not_due": 2,
        "1-30": 2,
        "31-60": 2,
        "61-90": 2,
        ">90": 1,
    }
    assert rules.bucket(16, (7, 15, 30)) == "16-30"


def test_collection_and_overdue_rates():
    lines = [
        (date(2026, 11, 1), D(100), D(50)),
        (date(2026, 11, 30), D(100), D(100)),
        (date(2026, 12, 1), D(900), D(0)),
    ]
    assert rules.collection_rate(lines, date(2026, 11, 1), date(2026, 11, 30)) == D("0.75")
    assert rules.collection_rate(lines, date(2025, 1, 1), date(2025, 1, 31)) is None
    assert rules.overdue_rate(lines, TODAY) == D("0.5")
    assert rules.overdue_rate(lines, date(2026, 11, 1)) is None


def test_payment_classes():
    assert [rules.payment_class(way) for way in ("pos", "mortgage", "fund")] == ["cash", "bank", "bank"]
    assert set(rules.BOOKABLE_WAYS) <= rules.WAY_MONEY.keys()


def test_refunds():
    assert rules.why_not_refund(D(100), D(300), D(100), D(100)) is None
    assert rules.why_not_refund(D("100.01"), D(300), D(100), D(100)).code == "refund_over_received"
    assert rules.why_not_refund(D(0), D(1), D(0), D(0)).code == "amount_not_positive"


def test_payees():
    none = {
        "same_payer": False,
        "lender": False,
        "signed_order": False,
        "identity": False,
        "relation": False,
        "approved": False,
    }
    assert rules.why_not_payee("bank", **none | {"same_payer": True}).code == "loan_money_to_lender_only"
    assert rules.why_not_payee("bank", **none | {"lender": True}) is None
    assert rules.why_not_payee("cash", **none | {"same_payer": True}) is None
    refusal = rules.why_not_payee("cash", **none | {"signed_order": True, "identity": True, "relation": True})
    assert (refusal.code, refusal.params) == ("payee_proof_missing", {"missing": ["approval"]})


def test_dunning_days():
    keys = [
        rules.dunning_due(TODAY, TODAY + timedelta(days=n), before=3, every=7) for n in (-4, -3, 0, 1, 7, 14)
    ]
    assert keys == [None, "2026-11-20-3", "2026-11-20+0", None, "2026-11-20+7", "2026-11-20+14"]
