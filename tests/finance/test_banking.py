"""Bank lines: taken in once, matched, confirmed into receipts; reversed, explained, attacked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from anchang.finance.models import BankLine, BankMatch, BankProposal, Receipt, Receivable
from anchang.inventory.models import Licence
from anchang.kernel.errors import DomainError
from anchang.platform.importing.jobs import import_file
from tests.factories import run

pytestmark = pytest.mark.django_db
ESCROW = "3301 0402 0901 8888 888"
HEAD = "账户明细\n账号：\t3301 0402 0901 8888 888\t户名：云栖置业\n"
COLUMNS = "交易日期,交易时间,凭证号,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要\n"


def today(desk) -> dt.date:
    return desk.office.project.today()


def line(desk, amount: str, name: str = "客户0", note: str = "购房款", **more):
    """A bank line as the import writes it."""
    facts = {
        "project": desk.office.project, "key": f"k{BankLine.everything.count()}", "day": today(desk), "amount": amount,
        "counterparty": name, "note": note, "account": ESCROW.replace(" ", ""), "voucher": "V1",
    }  # fmt: skip
    return BankLine.objects.create(**(facts | more))


def match(desk):
    return run("match_bank_lines", desk.office.access("finance"), project="YQ")


def confirm(desk, one, **data):
    return run("confirm_bank_line", desk.office.access("finance"), one, **data)


def refused(code, *args, **data):
    with pytest.raises(DomainError) as caught:
        run(*args, **data)
    assert caught.value.code == code, caught.value


@pytest.fixture
def escrow(desk):
    Licence.objects.update(escrow_account=ESCROW)
    return desk


def test_a_clear_line_is_confirmed_by_one_click(escrow):
    contract = escrow.sign()
    deposit = Receivable.objects.get(contract=contract, item="deposit")
    one = line(escrow, "50000")
    assert match(escrow)["exact"] == 1
    found = BankProposal.objects.get(line=one)
    best = found.candidates[0]
    assert (found.finding, best["kind"], best["id"], best["deal"]) == ("exact", "due", deposit.pk, contract.deal_id)
    assert not Receipt.objects.exists()  # nothing is posted by matching
    done = confirm(escrow, one)
    receipt = Receipt.objects.get()
    assert (receipt.amount, receipt.way, receipt.reference, receipt.received_on) == (
        Decimal("50000.00"), "transfer", "V1", one.day,
    )  # fmt: skip
    assert done.open_amount == 0 and not BankProposal.objects.exists()
    deposit.refresh_from_db()
    assert deposit.balance == 0
    refused("bank_line_matched", "confirm_bank_line", escrow.office.access("finance"), one)
    assert Receipt.objects.count() == 1


def test_without_a_clear_match_a_person_says_which(escrow):
    first, second = escrow.sign(0), escrow.sign(1)  # the same customer, the same deposit
    one = line(escrow, "50000")
    assert match(escrow)["ambiguous"] == 1
    refused("bank_match_unclear", "confirm_bank_line", escrow.office.access("finance"), one)
    wanted = Receivable.objects.get(contract=second, item="deposit")
    confirm(escrow, one, receivable=wanted.pk)
    assert Receipt.objects.get().contract_id == second.pk
    assert Receivable.objects.get(contract=first, item="deposit").allocated == 0


def test_a_receipt_that_is_there_is_only_tied(escrow):
    contract = escrow.sign()
    receipt = escrow.receive(contract, "50000")
    one = line(escrow, "50000")
    match(escrow)
    best = BankProposal.objects.get(line=one).candidates[0]
    assert (best["kind"], best["id"]) == ("receipt", receipt.pk)
    confirm(escrow, one)
    assert Receipt.objects.count() == 1 and BankMatch.objects.get().receipt_id == receipt.pk
    again = line(escrow, "50000")
    refused("bank_match_cover", "confirm_bank_line", escrow.office.access("finance"), again, receipt=receipt.pk)


def test_the_receivable_was_paid_meanwhile(escrow):
    contract = escrow.sign()
    one = line(escrow, "50000")
    match(escrow)
    escrow.receive(contract, "50000", "cash")
    refused("proposal_stale", "confirm_bank_line", escrow.office.access("finance"), one)


def test_a_payout_less_a_withheld_part_settles_the_loan_gross(escrow):
    contract = escrow.sign(payment_plan="mortgage")
    loan = Receivable.objects.get(contract=contract, item="bank_loan")
    one = line(escrow, str(loan.amount - 1000), note="个人住房贷款放款", way="mortgage")
    assert match(escrow)["difference"] == 1
    assert BankProposal.objects.get(line=one).difference == Decimal("-1000.00")
    confirm(escrow, one, receivable=loan.pk, fee="1000")
    loan.refresh_from_db()
    assert loan.balance == 0 and Receipt.objects.get().amount == loan.amount
    assert sorted(BankMatch.objects.values_list("kind", "amount")) == [
        ("fee", Decimal("-1000.00")), ("receipt", loan.amount),
    ]  # fmt: skip


def test_a_batch_of_card_receipts_less_the_fee(escrow):
    contract = escrow.sign()
    for amount in ("30000", "20000"):
        escrow.receive(contract, amount, "pos")
    one = line(escrow, "49900", name="银联商务", note="POS结算款", way="pos")
    assert match(escrow)["exact"] == 1
    done = confirm(escrow, one)
    assert done.open_amount == 0 and BankMatch.objects.filter(kind="fee").get().amount == Decimal("-100.00")


def test_house_money_elsewhere_is_not_booked(escrow):
    contract = escrow.sign()
    one = line(escrow, "50000", account="999")
    refused("not_escrow_account", "confirm_bank_line", escrow.office.access("finance"), one, deal=contract.deal_id)
    assert not Receipt.objects.exists()


def test_reversing_the_receipt_opens_the_line(escrow):
    escrow.sign()
    one = line(escrow, "50000")
    match(escrow)
    confirm(escrow, one)
    run("reverse_receipt", escrow.office.access("finance"), Receipt.objects.get(), reason="x")
    one.refresh_from_db()
    assert one.open_amount == Decimal("50000.00")
    match(escrow)
    confirm(escrow, one)
    assert Receipt.objects.filter(state="posted", reverses=None).count() == 1


def test_explain_and_take_back(desk):
    one = line(desk, "-3.50", note="账户管理费")
    finance = desk.office.access("finance")
    refused("bank_match_cover", "explain_bank_line", finance, one, amount="3.50", note="fee")
    done = run("explain_bank_line", finance, one, note="account fee")
    assert done.open_amount == 0
    run("unmatch_bank_line", finance, one, reason="wrong")
    one.refresh_from_db()
    assert one.open_amount == Decimal("-3.50") and BankMatch.objects.count() == 2


def test_confirm_clear_lines_tells_what_could_not_be(escrow):
    escrow.sign()
    good, bad = line(escrow, "50000"), line(escrow, "1", name="nobody")
    match(escrow)
    answer = run("confirm_clear_lines", escrow.office.access("finance"), project="YQ", lines=[good.pk, bad.pk])
    assert answer == {"confirmed": [good.pk], "refused": [{"line": bad.pk, "code": "bank_match_unclear"}]}


def test_an_old_line_is_booked_on_its_day(escrow):
    """A statement proves the day, however far back; of a closed day the money stands on today."""
    contract = escrow.sign()
    old = today(escrow) - dt.timedelta(days=60)
    Licence.objects.update(issued_on=old)
    one = line(escrow, "50000", day=old)
    confirm(escrow, one, deal=contract.deal_id)
    assert Receipt.objects.get().business_date == old


def test_import_known_lines_change_nothing(desk, tmp_path):
    body = (
        "20261003,82535,\t38839355,,\"816,170.00\",\"19,066,170.00\",客户9,\t62220677,2幢1003购房款\n"
        "20261004,82535,\t38839356,,\"100,000.00\",\"19,166,170.00\",客户8,\t62220678,首付款\n"
    )
    path = tmp_path / "statement.csv"
    path.write_text(HEAD + COLUMNS + body, encoding="gb18030")
    first = import_file("bank-statement", path, "YQ")
    assert (first["created"], first["unchanged"], first["refused"]) == (2, 0, [])
    path.write_text(
        HEAD + COLUMNS + body + "20261005,1,\t7,,\"5.00\",\"19,166,175.00\",x,\t6,利息\n", encoding="gb18030"
    )
    second = import_file("bank-statement", path, "YQ")
    assert (second["created"], second["unchanged"]) == (1, 2)
    assert BankLine.objects.count() == 3 and BankProposal.objects.count() == 3


def attack(sql, *params, error=IntegrityError):
    with pytest.raises(error), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
        connection.check_constraints()


def test_attacks_by_sql(escrow):
    escrow.sign()
    one = line(escrow, "50000")
    match(escrow)
    confirm(escrow, one)
    for change in ("amount = 1", "day = '2020-01-01'", "note = 'x'", "explained = 0", "account = '1'"):
        attack(f"UPDATE finance_bankline SET {change} WHERE id = %s", one.pk)
    attack("UPDATE finance_bankline SET deleted_at = now() WHERE id = %s", one.pk)
    attack("DELETE FROM finance_bankline WHERE id = %s", one.pk)
    attack("UPDATE finance_bankmatch SET amount = 1", error=ProgrammingError)
    attack("DELETE FROM finance_bankmatch", error=ProgrammingError)
    insert = (
        "INSERT INTO finance_bankmatch (project_id, line_id, source, kind, receipt_id, amount, note, at)"
        " VALUES (%s, %s, 'bank', 'receipt', %s, %s, '', now())"
    )
    here, receipt = escrow.office.project.pk, Receipt.objects.get().pk
    attack(insert, here, one.pk, receipt, "0.01")  # more than the line
    other = line(escrow, "10")
    attack(insert, here, other.pk, receipt, "10")  # more than the receipt
