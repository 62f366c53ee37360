"""Bank lines against targets: evidence, scores, findings; properties over random books."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from anchang.finance.rules import matching
from anchang.finance.rules.matching import BankEntry, Book, Target, Weights

DAY = dt.date(2026, 10, 10)
WEIGHTS = Weights(number=60, unit=40, name=30, amount=30, near=10, clear=70, lead=20, near_days=31, most=5)


def due(pk: int, deal: int, amount: str, name: str = "", unit: str = "", **more: object) -> Target:
    facts = {
        "kind": "due", "id": pk, "deal": deal, "amount": Decimal(amount), "day": DAY, "money": "cash",
        "names": (name,) if name else (), "units": matching.unit_tokens(unit),
    }  # fmt: skip
    return Target(**(facts | more))


def entry(amount: str, name: str = "", note: str = "", **more: object) -> BankEntry:
    facts = {"id": 1, "amount": Decimal(amount), "day": DAY, "way": "transfer", "texts": (note, name), "name": name}
    return BankEntry(**(facts | more))


def find(targets: list[Target], line: BankEntry) -> matching.Found:
    return Book.of(targets, WEIGHTS).find(line)


def test_name_and_amount_are_clear():
    found = find([due(1, 1, "100000", "马英"), due(2, 2, "100000", "王伟")], entry("100000", "马英"))
    assert found.finding == "exact" and found.best.target.id == 1
    assert set(found.best.why) == {"name", "amount", "near"}


def test_two_deals_of_one_name_are_ambiguous():
    found = find([due(1, 1, "100000", "马英"), due(2, 2, "100000", "马英")], entry("100000", "马英"))
    assert found.finding == "ambiguous" and {c.target.id for c in found.candidates} == {1, 2}


def test_the_unit_in_the_note_decides():
    targets = [due(1, 1, "100000", "马英", "2幢-1单元-1003"), due(2, 2, "100000", "马英", "2幢-1单元-1103")]
    for note in ("2幢1003购房款", "2栋1单元1003", "２－１００３房款"):
        assert find(targets, entry("100000", "马英", note)).best.target.id == 1, note


def test_a_payout_below_the_loan_is_a_difference():
    loan = due(1, 1, "1880000", "马英", money="bank")
    found = find([loan], entry("1800000", "马英", "个人住房贷款放款", way="mortgage"))
    assert (found.finding, found.best.difference) == ("difference", Decimal("-80000"))
    assert find([loan], entry("1880000", "马英", way="transfer")).finding == "none"  # own money pays no loan line


def test_a_receipt_stands_before_what_is_owed():
    targets = [due(1, 1, "100000", "马英"), due(9, 1, "100000", "马英", kind="receipt")]
    assert find(targets, entry("100000", "马英")).best.target.kind == "receipt"


def test_money_out_is_a_refund():
    targets = [due(1, 1, "500", "马英"), due(3, 1, "500", "马英", kind="refund")]
    assert find(targets, entry("-500", "马英")).best.target.kind == "refund"


def test_an_amount_alone_is_never_clear():
    assert find([due(1, 1, "816170")], entry("816170", "没有")).finding in ("ambiguous", "none")
    many = [due(n, n, "816170") for n in range(1, 9)]
    assert find(many, entry("816170", "没有")).finding == "none"


def test_words_tell_the_way():
    words = {"fund": ["公积金"], "mortgage": ["放款"], "pos": ["POS"]}
    assert [matching.way_of(n, words) for n in ("公积金放款", "按揭放款", "POS收款", "首付款")] == [
        "fund", "mortgage", "pos", "transfer",
    ]  # fmt: skip


def test_a_batch_pays_a_day_less_its_fee():
    days = {DAY: Decimal("10000.00"), DAY - dt.timedelta(days=1): Decimal("9990.00")}
    rate = Decimal("0.01")
    line = entry("9950", way="pos")
    assert matching.pos_batch(line, days, rate, 3) == (DAY, Decimal("50.00"))
    assert matching.pos_batch(replace(line, amount=Decimal("9000")), days, rate, 3) is None
    assert matching.pos_batch(replace(line, day=DAY + dt.timedelta(days=9)), days, rate, 3) is None
    assert matching.pos_batch(replace(line, amount=Decimal("10001")), days, rate, 3) is None


names = st.sampled_from(["马英", "王伟", "李娜", ""])
amounts = st.sampled_from(["100", "200", "300"])
targets_st = st.lists(
    st.builds(
        due, st.integers(1, 99), st.integers(1, 5), amounts, names, st.sampled_from(["1幢101", "1幢102", ""]),
        kind=st.sampled_from(["due", "receipt", "refund"]), money=st.sampled_from(["cash", "bank"]),
    ),
    max_size=12,
)  # fmt: skip
lines_st = st.builds(
    entry, st.sampled_from(["100", "200", "300", "-100"]), names, st.sampled_from(["1幢101购房款", "首付款"]),
    way=st.sampled_from(["transfer", "mortgage"]),
)  # fmt: skip


@given(targets_st, lines_st)
def test_what_is_clear_names_one_deal_and_fits_to_the_cent(targets: list[Target], line: BankEntry):
    found = find(targets, line)
    for candidate in found.candidates:
        assert (line.amount < 0) == (candidate.target.kind == "refund")
        assert candidate.target.money == matching.WAY_MONEY[line.way]
        assert candidate.difference == abs(line.amount) - candidate.target.amount
    if found.finding == "exact":
        assert found.best.difference == 0 and set(found.best.why) & matching.NAMING
        rivals = [c.score for c in found.candidates if c.target.deal != found.best.target.deal]
        assert found.best.score - max(rivals, default=0) >= WEIGHTS.lead


@given(targets_st, lines_st, st.randoms())
def test_the_order_of_the_book_does_not_matter(targets: list[Target], line: BankEntry, shuffler):
    turned = list({(t.kind, t.id): t for t in targets}.values())
    before = find(turned, line)
    shuffler.shuffle(turned)
    assert find(turned, line) == before
