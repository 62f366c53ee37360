"""Vouchers: every posted document has one, balanced whatever happens; exported ones never change."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import F, Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchang.finance import voucher_files
from anchang.finance.models import (
    Account,
    AccountingPeriod,
    Receipt,
    Receivable,
    Refund,
    Voucher,
    VoucherBatch,
    VoucherLine,
    VoucherRejection,
    VoucherTemplate,
    VoucherTemplateLine,
)
from anchang.finance.rules import vouchers as rules
from anchang.kernel.errors import DomainError
from anchang.platform import files
from anchang.platform.context import Context
from anchang.platform.jobs import run_now
from anchang.platform.models import StoredFile
from anchang.processes.versions import next_version
from tests.factories import run
from tests.finance.test_money_invariants import STEPS, step

pytestmark = pytest.mark.django_db
ZERO = Decimal("0.00")


@pytest.fixture
def books(desk):
    """The desk with the standard books, open from this month on."""
    finance = desk.office.access("finance")
    run("set_up_books", finance, project="YQ", bank_account="3301")
    run("open_periods", finance, project="YQ", month=timezone.localdate().isoformat())
    return desk


def generate(desk):
    return run("generate_vouchers", desk.office.access("finance"), project="YQ")


def attack(sql, *params, error=IntegrityError):
    with pytest.raises(error), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
        connection.check_constraints()


def check_books():
    """Each voucher balances, numbers have no gap, and the books agree with the documents."""
    for voucher in Voucher.objects.all():
        sums = VoucherLine.objects.filter(voucher=voucher).aggregate(d=Sum("debit"), c=Sum("credit"))
        assert sums["d"] == sums["c"] == voucher.total
    seqs = {}
    for period, word, seq in Voucher.objects.order_by("seq").values_list("period", "word", "seq"):
        seqs.setdefault((period, word), []).append(seq)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seqs.values())
    got = Receipt.objects.aggregate(s=Sum("amount"))["s"] or ZERO
    paid = Refund.objects.filter(state="paid").aggregate(s=Sum("amount"))["s"] or ZERO
    money = VoucherLine.objects.filter(account_code__in=("1001", "1002", "1012"))
    booked = money.aggregate(s=Sum(F("debit") - F("credit")))["s"] or ZERO
    assert booked == got - paid


def test_a_receipt_has_its_voucher_and_the_voucher_its_receipt(books):
    contract = books.sign()
    receipt = books.receive(contract, "100000.01")
    assert generate(books) == {"made": 2, "rejected": 0}
    voucher = Voucher.objects.get(receipt=receipt)
    assert (voucher.event, voucher.source_number, voucher.total) == ("receipt_posted", receipt.number, receipt.amount)
    debit, credit = VoucherLine.objects.filter(voucher=voucher).order_by("seq")
    assert (debit.account_code, debit.debit, debit.bank_account) == ("1002", receipt.amount, receipt.account or "3301")
    assert (credit.account_code, credit.credit, credit.customer_id) == ("1122", receipt.amount, contract.customer_id)
    assert credit.unit_id == contract.unit_id
    signed = VoucherLine.objects.filter(voucher__contract=contract).order_by("seq")
    assert [line.account_code for line in signed] == ["1122", "2204", "222108"]
    assert signed[1].credit == (contract.total / Decimal("1.09")).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert generate(books) == {"made": 0, "rejected": 0}
    check_books()


def test_reversal_refund_and_forfeiture(books):
    finance, director = books.office.access("finance"), books.office.access("director")
    contract = books.sign()
    wrong = books.receive(contract, "100", "cash")
    run("reverse_receipt", finance, wrong, reason="x")
    books.receive(contract, "500000")
    run("terminate_contract", director, contract, reason="x", fault="buyer")
    for refund in Refund.objects.all():
        run("approve_refund", director, refund)
        run("pay_refund", finance, refund)
    assert generate(books)["rejected"] == 0
    mirror = Voucher.objects.get(event="receipt_reversed")
    assert mirror.total == Decimal("-100.00")
    kept = Receivable.objects.get(item="forfeiture").amount
    assert Voucher.objects.get(event="forfeiture_kept").total == kept
    check_books()
    owed = VoucherLine.objects.filter(account_code="1122").aggregate(s=Sum(F("debit") - F("credit")))["s"]
    assert owed == ZERO  # all that came was returned or kept


def test_a_new_version_of_a_contract_is_booked_once(books):
    contract = books.sign()
    generate(books)
    ctx = Context(books.office.access("director"), books.office.project)
    new = next_version(ctx, contract, "signed")
    ctx.flush()
    assert generate(books) == {"made": 2, "rejected": 0}
    assert set(Voucher.objects.values_list("event", "contract", "total")) == {
        ("contract_signed", contract.pk, contract.total), ("contract_replaced", contract.pk, -contract.total),
        ("contract_signed", new.pk, new.total),
    }  # fmt: skip
    owed = VoucherLine.objects.filter(account_code="1122").aggregate(s=Sum(F("debit") - F("credit")))["s"]
    assert owed == new.total


def test_the_job_makes_vouchers_only_where_books_are_kept(desk):
    desk.receive(desk.sign(), "100")
    run_now("finance.make_vouchers", desk.office.access("system"), desk.office.project)
    assert not Voucher.objects.exists()
    run("set_up_books", desk.office.access("finance"), project="YQ", bank_account="3301")
    run("open_periods", desk.office.access("finance"), project="YQ", month=timezone.localdate().isoformat())
    run_now("finance.make_vouchers", desk.office.access("system"), desk.office.project)
    assert Voucher.objects.count() == 2


def test_a_refused_document_is_listed_and_tried_again(books):
    finance = books.office.access("finance")
    receipt = books.receive(books.sign(), "100")
    Account.objects.filter(code="1122").update(active=False)
    assert generate(books) == {"made": 0, "rejected": 2}
    refused = VoucherRejection.objects.get(event="receipt_posted")
    assert (refused.source_number, refused.code) == (receipt.number, "voucher_account_unused")
    with pytest.raises(DomainError, match="voucher_account_unused"):
        run("retry_rejection", finance, refused)
    Account.objects.filter(code="1122").update(active=True)
    run("retry_rejection", finance, refused)
    assert Voucher.objects.get(receipt=receipt).seq == 1
    generate(books)
    assert not VoucherRejection.objects.exists()
    check_books()


def test_a_changed_template_is_checked_before_it_is_used_again(books):
    finance = books.office.access("finance")
    template = VoucherTemplate.objects.get(event="receipt_posted")
    line = VoucherTemplateLine.objects.get(template=template, amount="other_amount")
    run("edit_voucher_template_lines", finance, line, amount="cash_amount")
    template.refresh_from_db()
    assert template.state == "draft"
    with pytest.raises(DomainError) as refused:
        run("activate_template", finance, template)
    assert refused.value.code == "voucher_unbalanced"
    run("edit_voucher_template_lines", finance, line, amount="other_amount")
    run("activate_template", finance, template)
    template.refresh_from_db()
    assert template.state == "in_use"


def test_every_standard_template_balances_and_a_lopsided_one_does_not(books):
    assert set(VoucherTemplate.objects.values_list("event", "state")) == {(e, "in_use") for e in rules.AMOUNTS}
    lines = [rules.TemplateLine("debit", "amount", 1), rules.TemplateLine("credit", "net_amount", 2)]
    assert rules.check_template("contract_signed", lines).code in ("voucher_unbalanced", "voucher_one_sided")
    needs = [
        rules.TemplateLine("debit", "amount", 1, needs=("bank_account",)),
        rules.TemplateLine("credit", "amount", 2),
    ]
    assert rules.check_template("contract_signed", needs).code == "voucher_item_missing"
    assert rules.check_template("contract_signed", [lines[0]]).code == "voucher_one_sided"


@given(cents=st.integers(-(10**12), 10**12), rate=st.sampled_from(["0", "0.03", "0.05", "0.09", "0.13"]))
def test_tax_and_net_are_the_amount_to_the_cent(cents, rate):
    parts = rules.taxed(Decimal(cents) / 100, Decimal(rate))
    assert parts["net_amount"] + parts["tax_amount"] == parts["amount"]
    assert abs(parts["net_amount"] * (1 + Decimal(rate)) - parts["amount"]) <= Decimal("0.005") * (1 + Decimal(rate))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, pay=st.booleans())
def test_books_balance_whatever_is_received_reversed_and_refunded(books, steps, pay):
    used = Receivable.objects.values("contract").distinct().count()
    contract = (
        books.sign(used, payment_plan="mortgage")
        if used < 4
        else Receivable.objects.order_by("-contract_id").first().contract
    )
    for each in steps:
        step(books, contract, *each)
    for refund in Refund.objects.filter(state="requested") if pay else ():
        run("approve_refund", books.office.access("director"), refund)
        run("pay_refund", books.office.access("finance"), refund)
    assert generate(books)["rejected"] == 0
    check_books()


def test_export_freezes_and_totals_agree(books):
    finance = books.office.access("finance")
    contract = books.sign()
    books.receive(contract, "100000.01")
    books.receive(contract, "0.02", "cash")
    generate(books)
    period = AccountingPeriod.objects.get()
    with pytest.raises(DomainError, match="books_not_exported"):
        run("close_period", finance, period)
    batch = run("export_vouchers", finance, project="YQ", period=period.pk, format="kingdee")
    assert (batch.vouchers, batch.debit, batch.credit) == (3, contract.total + Decimal("100000.03"), batch.debit)
    stored = StoredFile.objects.get(resource="voucher-batches", record_id=batch.pk)
    with files.open_file(stored) as content:
        sheet = openpyxl.load_workbook(io.BytesIO(content.read())).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == voucher_files.KINGDEE_COLUMNS
    assert sum(Decimal(str(row[10])) for row in rows[1:] if row[0]) == batch.debit
    with pytest.raises(DomainError, match="nothing_to_export"):
        run("export_vouchers", finance, project="YQ", period=period.pk, format="yonyou")
    with pytest.raises(DomainError, match="voucher_exported"):
        run("rebuild_voucher", finance, Voucher.objects.first())
    run("close_period", finance, period)
    period.refresh_from_db()
    assert period.state == "closed"
    books.receive(contract, "5")
    assert generate(books)["rejected"] == 1
    assert VoucherRejection.objects.get().code == "no_open_period"


def test_yonyou_text():
    row = voucher_files.Row(
        dt.date(2026, 11, 3), "收", 7, 1, "1002", "银行存款", "收房款, 1-101\n收据SJ1", Decimal("100.50"), ZERO, "SJ1",
        maker="财务", customer_code="C00000001",
    )  # fmt: skip
    text = voucher_files.yonyou([row]).decode("gb18030").split("\r\n")
    assert text[0] == "填制凭证,V800"
    fields = text[1].split(",")
    assert len(fields) == 21
    assert fields[:8] == ["2026-11-03", "收", "7", "1", "收房款， 1-101 收据SJ1", "1002", "100.50", "0.00"]
    assert (fields[11], fields[17]) == ("财务", "C00000001")


def test_sql_attacks(books):
    finance = books.office.access("finance")
    contract = books.sign()
    books.receive(contract, "100")
    generate(books)
    voucher = Voucher.objects.get(event="receipt_posted")
    line = VoucherLine.objects.filter(voucher=voucher).order_by("seq").first()
    attack("UPDATE finance_voucherline SET debit = 101 WHERE id = %s", line.pk)
    attack("DELETE FROM finance_voucherline WHERE id = %s", line.pk)
    attack("UPDATE finance_voucher SET total = 101 WHERE id = %s", voucher.pk)
    attack("UPDATE finance_voucher SET seq = 9 WHERE id = %s", voucher.pk)
    attack("DELETE FROM finance_voucher WHERE id = %s", voucher.pk)
    copy = (
        "INSERT INTO finance_voucher (project_id, number, word, seq, period_id, voucher_date, event, source_id,"
        " source_number, state, total, version, created_at, updated_at) SELECT project_id, 'X', word, %s, period_id,"
        " voucher_date + %s, event, 99, '', %s, total, 1, now(), now() FROM finance_voucher WHERE id = %s"
    )
    attack(copy, 3, 0, "posted", voucher.pk)  # a gap
    attack(copy, 2, 0, "posted", voucher.pk)  # no entries
    attack(copy, 2, 400, "draft", voucher.pk)  # a day of another period
    run("export_vouchers", finance, project="YQ", period=voucher.period_id, format="yonyou")
    for change in ("total = 0", "state = 'posted'", "voucher_date = '2020-01-01'", "batch_id = NULL", "word = 'x'"):
        attack(f"UPDATE finance_voucher SET {change} WHERE id = %s", voucher.pk)
    attack("UPDATE finance_voucherline SET summary = 'x' WHERE id = %s", line.pk)
    attack("DELETE FROM finance_voucherline WHERE voucher_id = %s", voucher.pk)
    attack("UPDATE finance_voucherbatch SET debit = 0, credit = 0", error=ProgrammingError)
    run("close_period", finance, AccountingPeriod.objects.get())
    attack(copy, 2, 0, "draft", voucher.pk)  # the period is closed
    assert VoucherBatch.objects.count() == 1


def test_rebuild_keeps_the_number(books):
    finance = books.office.access("finance")
    books.receive(books.sign(), "100", "cash")
    generate(books)
    voucher = Voucher.objects.get(event="receipt_posted")
    line = VoucherTemplateLine.objects.get(template=voucher.template, side="credit")
    other = Account.objects.get(code="2204")
    run("edit_voucher_template_lines", finance, line, account=other.pk)
    run("activate_template", finance, voucher.template_id)
    run("rebuild_voucher", finance, voucher)
    assert set(VoucherLine.objects.filter(voucher=voucher).values_list("account_code", flat=True)) == {"1001", "2204"}
    voucher.refresh_from_db()
    assert voucher.seq == 1
    check_books()


def test_making_vouchers_costs_the_same_for_one_and_for_many(books, django_assert_max_num_queries):
    contract = books.sign()
    for _ in range(12):
        books.receive(contract, "10", "cash")
    with django_assert_max_num_queries(60):
        generate(books)
    assert Voucher.objects.filter(event="receipt_posted").count() == 12
