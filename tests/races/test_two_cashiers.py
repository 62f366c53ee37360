"""Two cashiers and one receivable, by bank line and by hand: one receipt pays it, whoever is first."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connections

from anchang.finance.models import Allocation, BankMatch, Receipt, Receivable
from anchang.kernel.errors import DomainError
from tests.deals.desk import Desk, make_desk
from tests.factories import run
from tests.finance.test_banking import line, match

CASHIERS = 6


@pytest.fixture
def desk(transactional_db) -> Desk:
    return make_desk()


def race(desk: Desk, work) -> Counter[str]:
    gate = threading.Barrier(CASHIERS, timeout=60)

    def cashier(number: int) -> str:
        gate.wait()
        try:
            with desk.office.as_("finance") as access:
                work(access, number)
            return "done"
        except DomainError as error:
            return error.code
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(CASHIERS) as pool:
        return Counter(pool.map(cashier, range(CASHIERS)))


def test_one_line_posts_one_receipt(desk):
    with desk.office.as_("system"):
        desk.sign()
        one = line(desk, "50000")
        match(desk)
    codes = race(desk, lambda access, _n: run("confirm_bank_line", access, one))
    with desk.office.as_("system"):
        assert codes == {"done": 1, "bank_line_matched": CASHIERS - 1}
        assert Receipt.objects.count() == BankMatch.objects.count() == 1


def test_line_and_hand_pay_one_receivable_once(desk):
    with desk.office.as_("system"):
        contract = desk.sign()
        deposit = Receivable.objects.get(contract=contract, item="deposit")
        lines = [line(desk, "50000", voucher=f"V{n}") for n in range(CASHIERS)]
    named = [{"receivable": str(deposit.pk), "amount": "50000.00"}]

    def work(access, number):
        if number % 2:
            run("confirm_bank_line", access, lines[number], receivable=deposit.pk)
        else:
            run("receive_on_contract", access, contract, amount="50000", way="cash", allocations=named)

    codes = race(desk, work)
    with desk.office.as_("system"):
        deposit.refresh_from_db()
        assert deposit.allocated == Decimal("50000.00")
        on_it = Receipt.objects.filter(pk__in=deposit_receipts(deposit))
        assert on_it.count() == 1 and codes["done"] >= 1


def deposit_receipts(deposit: Receivable) -> list[int]:
    return list(Allocation.objects.filter(receivable=deposit).values_list("receipt_id", flat=True))
