"""Payout lists of lenders: read, matched to contracts, booked once; the bank's line that pays several of them; one line
for several deals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from anchang.affairs.models import Mortgage
from anchang.finance.models import BankLine, BankMatch, BankProposal, Receipt, Receivable
from anchang.finance.payout_file import open_payouts, read_payouts
from anchang.kernel.errors import DomainError
from anchang.platform import jobs
from anchang.platform.importing.jobs import import_file
from anchang.platform.importing.reader import read_table
from anchang.platform.models import Event
from tests.factories import run
from tests.finance.test_banking import confirm, escrow, line, match, refused, today  # noqa: F401 (fixture)

LIST = """个人住房贷款放款清单
放款银行：建设银行杭州分行\t放款日期：{day}
序号,借款人,合同编号,房屋坐落,放款金额（元）,借据号
{rows}
合计,,,,"{total}",
"""


def read(text: str, on: dt.date):
    sheets = open_payouts(read_table(text.encode("gb18030"), "x.csv"))
    return list(read_payouts(sheets, on))


def test_what_lenders_write():
    on = dt.date(2026, 11, 20)
    rows = "1,甲乙,YQ2026000001,2幢1003,\"1,880,000.00\",JJ1\n2,,,,5,JJ2\n3,丙丁,,,0,JJ3"
    first, nameless, nothing = read(LIST.format(day="2026-11-18", rows=rows, total="1,880,005.00"), on)
    one = first.value
    assert (one.source, one.way, one.day, one.amount) == ("loan", "mortgage", dt.date(2026, 11, 18), Decimal("1880000.00"))
    assert (one.counterparty, one.voucher, one.lender) == ("甲乙", "JJ1", "建设银行杭州分行")
    assert one.note == "YQ2026000001 2幢1003"
    assert nameless.value is None and [p.code for p in nameless.problems] == ["required"]
    assert nothing.value is None and [p.code for p in nothing.problems] == ["not_positive"]
    fund = "购房合同号,主贷人,发放金额(万元),发放日期,贷款种类\nHT1,甲乙,80,2026/11/19,公积金贷款\n"
    (other,) = read(fund, on)
    assert (other.value.way, other.value.amount, other.value.day.day) == ("fund", Decimal("800000.00"), 19)


def loan_of(contract) -> Receivable:
    return Receivable.objects.get(contract=contract, item="bank_loan")


def ready(desk, contract) -> Mortgage:
    """The contract's loan, granted and waiting for its money."""
    clerk, loan = desk.office.access("clerk"), loan_of(contract)
    mortgage = run("add_mortgages", clerk, contract=contract.pk, bank="建设银行", amount=str(loan.amount))
    for step in ("submit_mortgage", "approve_mortgage", "pre_register_mortgage"):
        run(step, clerk, mortgage)
    return mortgage


@pytest.mark.django_db
def test_a_list_settles_the_loans_and_the_bank_line_pays_them_together(escrow, tmp_path):  # noqa: F811
    desk = escrow
    contracts = [
        desk.sign(at, customer=desk.customer("consultant1", at), payment_plan="mortgage") for at in range(3)
    ]  # fmt: skip
    loans = [loan_of(c) for c in contracts]
    mortgage = ready(desk, contracts[0])
    short = loans[2].amount - 1000
    paid = [loans[0].amount, loans[1].amount, short]
    rows = "\n".join(f"{i},x,{c.number},,{amount},JJ{i}" for i, (c, amount) in enumerate(zip(contracts, paid, strict=True)))
    path = tmp_path / "list.csv"
    path.write_text(LIST.format(day=today(desk).isoformat(), rows=rows, total=sum(paid)), encoding="gb18030")
    for created in (3, 0):  # the same list again changes nothing
        assert import_file("mortgage-payouts", path, "YQ")["created"] == created
    lines = list(BankLine.objects.order_by("id"))
    findings = [BankProposal.objects.get(line=one).finding for one in lines]
    assert findings == ["exact", "exact", "difference"] and not Receipt.objects.exists()
    for one in lines[:2]:
        confirm(desk, one)
    refused("bank_match_unclear", "confirm_bank_line", desk.office.access("finance"), lines[2])
    confirm(desk, lines[2], receivable=loans[2].pk)
    balances = [Receivable.objects.get(pk=loan.pk).balance for loan in loans]
    assert balances == [0, 0, Decimal("1000.00")]
    assert set(Receipt.objects.values_list("way", "money")) == {("mortgage", "bank")}
    mortgage.refresh_from_db()
    assert mortgage.state == "disbursed" and mortgage.disbursed_on == today(desk)

    bank = line(desk, str(sum(paid)), name="建设银行", note="个人住房贷款放款", way="mortgage")
    assert match(desk)["exact"] == 1
    assert confirm(desk, bank).open_amount == 0
    assert Receipt.objects.count() == 3  # nothing is booked twice
    assert BankMatch.objects.filter(source="bank", line=bank).count() == 3


@pytest.mark.django_db
def test_a_reversed_payout_is_waited_for_again(escrow):  # noqa: F811
    desk = escrow
    contract = desk.sign(0, customer=desk.customer("consultant1", 0), payment_plan="mortgage")
    mortgage, finance = ready(desk, contract), desk.office.access("finance")
    amount = str(loan_of(contract).amount)

    def follow() -> None:
        jobs.run_now("affairs.payout_reversed", desk.office.access("system"), desk.office.project, deal=contract.deal_id)

    own = run("receive_on_contract", finance, contract, amount="1000", way="transfer", received_on=today(desk).isoformat())
    run("receive_on_contract", finance, contract, amount=amount, way="mortgage", received_on=today(desk).isoformat())
    mortgage.refresh_from_db()
    assert mortgage.state == "disbursed"
    run("reverse_receipt", finance, own, reason="重复")
    follow()
    mortgage.refresh_from_db()
    assert mortgage.state == "disbursed"  # the buyer's own money is another matter
    run("reverse_receipt", finance, Receipt.objects.get(way="mortgage", reverses=None), reason="退票")
    follow()
    mortgage.refresh_from_db()
    assert (mortgage.state, mortgage.disbursed_on) == ("pre_registered", None)
    assert Event.objects.filter(name="mortgage.payout_reversed", record_id=mortgage.pk).count() == 1


@pytest.mark.django_db
def test_one_line_for_several_deals(escrow):  # noqa: F811
    desk = escrow
    finance = desk.office.access("finance")
    deals = [desk.sign(0).deal_id, desk.sign(1).deal_id]
    one = line(desk, "100000")
    parts = [{"deal": deal, "amount": "50000"} for deal in deals]
    refused("bank_match_cover", "split_bank_line", finance, one, parts=[*parts, {"deal": deals[0], "amount": "0.01"}])
    with pytest.raises(DomainError) as caught:
        run("split_bank_line", finance, one, parts=[parts[0], {"deal": 10**9, "amount": "1"}])
    assert caught.value.fields == {"parts.1.deal": "not_found"} and not Receipt.objects.exists()
    assert run("split_bank_line", finance, one, parts=parts).open_amount == 0
    assert dict(Receipt.objects.values_list("deal", "amount")) == dict.fromkeys(deals, Decimal("50000.00"))
    refused("bank_line_matched", "split_bank_line", finance, one, parts=parts)
    half = line(desk, "30")
    run("split_bank_line", finance, half, parts=[{"deal": deals[0], "amount": "10"}])
    half.refresh_from_db()
    assert half.open_amount == 20
