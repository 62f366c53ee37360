"""Posted money attacked by SQL as the application's role: the database refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from anchang.finance.models import Allocation, Receipt, Receivable, Refund
from tests.factories import run

pytestmark = pytest.mark.django_db


def attack(sql, *params, error=IntegrityError):
    """The statement fails, at once or at commit."""
    with pytest.raises(error), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
        connection.check_constraints()


def test_receipts(desk):
    contract = desk.sign()
    receipt = desk.receive(contract, "100000")
    for change in (
        "amount = 1", "way = 'cash'", "payer = 'x'", "number = 'x'", "book_seq = 99", "received_on = '2020-01-01'",
        "business_date = '2020-01-01'", "allocated = 0", "allocated = 100001", "state = 'draft'", "state = 'reversed'",
        "deal_id = 0",
    ):  # fmt: skip
        attack(f"UPDATE finance_receipt SET {change} WHERE id = %s", receipt.pk)
    attack("DELETE FROM finance_receipt WHERE id = %s", receipt.pk)
    attack("UPDATE finance_receipt SET project_id = 0 WHERE id = %s", receipt.pk, error=ProgrammingError)
    run("reverse_receipt", desk.office.access("finance"), receipt, reason="x")
    attack("UPDATE finance_receipt SET state = 'posted' WHERE id = %s", receipt.pk)
    mirror = Receipt.objects.get(reverses=receipt)
    attack("UPDATE finance_receipt SET state = 'reversed' WHERE id = %s", mirror.pk)


def test_ledger_is_append_only_and_bounded(desk):
    contract = desk.sign()
    receipt = desk.receive(contract, "100")
    line = Receivable.objects.get(item="deposit")
    attack("UPDATE finance_allocation SET amount = 1", error=ProgrammingError)
    attack("DELETE FROM finance_allocation", error=ProgrammingError)
    insert = (
        "INSERT INTO finance_allocation (project_id, receipt_id, receivable_id, amount, at, business_date)"
        " VALUES (%s, %s, %s, %s, now(), current_date)"
    )
    here = desk.office.project.pk
    attack(insert, here, receipt.pk, line.pk, "0.01")  # more than the receipt
    attack(insert, here, receipt.pk, line.pk, "-100.01")  # more than was allocated
    big = desk.receive(contract, "60000", allocations=None)
    attack(insert, here, big.pk, line.pk, "49900.01")  # more than the line
    attack("UPDATE finance_receivable SET allocated = 1 WHERE id = %s", line.pk)
    total = Allocation.objects.filter(receivable=line).values_list("amount", flat=True)
    line.refresh_from_db()
    assert line.allocated == sum(total)


def test_receivables_sum_to_the_contract(desk):
    contract = desk.sign()
    line = Receivable.objects.get(contract=contract, item="first_payment")
    attack("UPDATE finance_receivable SET amount = amount + 1 WHERE id = %s", line.pk)
    attack("UPDATE finance_receivable SET voided = true WHERE id = %s", line.pk)
    attack("DELETE FROM finance_receivable WHERE id = %s", line.pk)
    attack("UPDATE deals_contract SET total = total - 1 WHERE id = %s", contract.pk)
    attack("UPDATE deals_contract SET total = list_total + 1 WHERE id = %s", contract.pk)
    attack("UPDATE deals_deal SET total = list_total + 1 WHERE id = %s", contract.deal_id)


def test_plan_lines_and_shares_sum_up(desk):
    contract = desk.sign()
    attack("UPDATE deals_planline SET amount = 1", error=ProgrammingError)
    attack(
        "INSERT INTO deals_planline (project_id, contract_id, seq, item, money, amount, due_on, bank)"
        " VALUES (%s, %s, 9, 'x', 'cash', 1, current_date, '')", desk.office.project.pk, contract.pk,
    )  # fmt: skip
    attack("UPDATE deals_deal SET ownership = 'shares'; UPDATE deals_buyer SET share = 99.99")


def test_refunds_are_covered(desk):
    contract = desk.sign()
    desk.receive(contract, "100000")
    run("terminate_contract", desk.office.access("director"), contract, reason="x", fault="none")
    refund = Refund.objects.get()
    attack("UPDATE finance_refund SET amount = amount + 1 WHERE id = %s", refund.pk)
    attack("UPDATE finance_refund SET allocated = 0 WHERE id = %s", refund.pk)
    attack("UPDATE finance_refund SET state = 'rejected' WHERE id = %s", refund.pk)
    run("approve_refund", desk.office.access("director"), refund)
    attack("UPDATE finance_refund SET payee = 'someone else' WHERE id = %s", refund.pk)
    attack("DELETE FROM finance_refund WHERE id = %s", refund.pk)


def test_a_closed_day_takes_no_receipt_by_sql(desk):
    contract = desk.sign()
    receipt = desk.receive(contract, "5", "cash")
    run("close_day", desk.office.access("finance"), cash="5")
    attack(
        "INSERT INTO finance_receipt (project_id, number, book, book_seq, deal_id, amount, allocated, way, money, kind,"
        " account, payer, reference, received_on, business_date, cashier_id, state, reason, prints, version, created_at,"
        " updated_at) SELECT project_id, 'X', book, 99, deal_id, 1, 0, way, money, kind, '', '', '', received_on,"
        " business_date, cashier_id, 'posted', '', 0, 1, now(), now() FROM finance_receipt WHERE id = %s", receipt.pk,
    )  # fmt: skip
