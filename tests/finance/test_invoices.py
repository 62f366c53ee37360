"""Invoices: never above received money, taken back in red, receipts exchanged for them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from anchang.finance import queries_accounting as queries
from anchang.finance.models import Invoice, InvoiceReceipt, Refund
from anchang.finance.rules.invoices import exchange
from anchang.kernel.errors import DomainError
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


def attack(sql, *params):
    with pytest.raises(IntegrityError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
        connection.check_constraints()


def issue(desk, contract, number, amount, **more):
    finance = desk.office.access("finance")
    return run("add_invoices", finance, project="YQ", deal=contract.deal_id, number=number, amount=amount, **more)


def test_never_above_received_money(desk):
    contract = desk.sign()
    with pytest.raises(DomainError, match="invoice_over_received"):
        issue(desk, contract, "1", "0.01")
    desk.receive(contract, "1000.00")
    first = issue(desk, contract, "1", "600")
    assert (first.net, first.tax, first.buyer) == (Decimal("550.46"), Decimal("49.54"), contract.customer.name)
    with pytest.raises(DomainError, match="invoice_over_received"):
        issue(desk, contract, "2", "400.01")
    with pytest.raises(DomainError, match="invoice_number_used"):
        issue(desk, contract, "1", "1")
    issue(desk, contract, "2", "400")
    attack("UPDATE finance_invoice SET amount = 1, net = 1, tax = 0 WHERE id = %s", first.pk)
    attack("DELETE FROM finance_invoice WHERE id = %s", first.pk)
    copy = (
        "INSERT INTO finance_invoice (project_id, number, code, kind, deal_id, buyer, tax_number, amount, tax_rate,"
        " net, tax, issued_on, red_of_id, reason, version, created_at, updated_at) SELECT project_id, 'X', '', kind,"
        " deal_id, buyer, '', %s, 0, %s, 0, issued_on, %s, '', 1, now(), now() FROM finance_invoice WHERE id = %s"
    )
    attack(copy, "0.01", "0.01", None, first.pk)  # above the money
    attack(copy, "-600.01", "-600.01", first.pk, first.pk)  # more than the original


def test_red_letters_give_money_and_receipts_free(desk):
    finance = desk.office.access("finance")
    contract = desk.sign()
    receipt = desk.receive(contract, "1000.00")
    invoice = issue(desk, contract, "1", "1000", kind="special", receipts=[receipt.pk])
    assert queries.receipts_of_invoices([invoice.pk])[invoice.pk] == [{"receipt": receipt.number, "amount": "1000.00"}]
    with pytest.raises(DomainError, match="invoiced_over_received"):
        run("reverse_receipt", finance, receipt, reason="x")
    part = run("take_back_invoice", finance, invoice, number="R1", amount="333.33", reason="开错")
    rest = run("take_back_invoice", finance, invoice, number="R2", reason="开错")
    assert part.amount + rest.amount == -invoice.amount
    assert part.tax + rest.tax == -invoice.tax and part.net + rest.net == -invoice.net
    assert sum(InvoiceReceipt.objects.values_list("amount", flat=True)) == 0
    for wrong in (invoice, rest):
        with pytest.raises(DomainError):
            run("take_back_invoice", finance, wrong, number="R3", reason="x")
    run("reverse_receipt", finance, receipt, reason="x")
    assert queries.invoiced(contract.deal) == 0


def test_a_refund_waits_for_the_red_letter(desk):
    finance, director = desk.office.access("finance"), desk.office.access("director")
    contract = desk.sign()
    desk.receive(contract, "1000.00")
    invoice = issue(desk, contract, "1", "1000")
    run("terminate_contract", director, contract, reason="x", fault="none")
    refund = Refund.objects.get()
    run("approve_refund", director, refund)
    with pytest.raises(DomainError, match="invoiced_over_received"):
        run("pay_refund", finance, refund)
    run("take_back_invoice", finance, invoice, number="R1", reason="退房")
    run("pay_refund", finance, refund)
    assert Invoice.objects.count() == 2


@given(
    amount=st.integers(1, 10**6), free=st.lists(st.integers(0, 10**5), max_size=8),
)  # fmt: skip
def test_exchange_takes_no_more_than_there_is(amount, free):
    held = [(i, Decimal(cents) / 100) for i, cents in enumerate(free)]
    parts = exchange(Decimal(amount) / 100, held)
    assert sum(p for _, p in parts) == min(Decimal(amount) / 100, sum((f for _, f in held), Decimal(0)))
    assert all(0 < part <= dict(held)[receipt] for receipt, part in parts)


def test_pages(desk):
    """Finance opens the lists, a voucher from its receipt and the receipt from its voucher."""
    finance = desk.office.access("finance")
    contract = desk.sign()
    receipt = desk.receive(contract, "1000.00")
    invoice = issue(desk, contract, "1", "1000")
    run("set_up_books", finance, project="YQ", bank_account="3301")
    run("open_periods", finance, project="YQ", month=receipt.business_date.isoformat())
    run("generate_vouchers", finance, project="YQ")
    client = Client()
    assert client.login(username="finance", password=PASSWORD)
    for name in ("vouchers", "invoices", "accounts", "voucher-templates", "voucher-rejections", "expenses"):
        assert client.get(f"/r/{name}/").status_code == 200, name
    page = client.get(f"/r/receipts/{receipt.pk}/?tab=vouchers.receipt").content.decode()
    assert "收-" in page
    assert client.get(f"/r/invoices/{invoice.pk}/").status_code == 200
    assert client.get("/r/voucher-template-lines/new").status_code == 200
