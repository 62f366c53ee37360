"""Deposits that the office asks for, and money beyond what is due."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from anchang.finance.models import Receipt, Receivable
from anchang.kernel.errors import DomainError
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


def set_parameter(key, value):
    Parameter.objects.create(key=key, value=value, valid_from=dt.date(2020, 1, 1))
    bump_stamp()


def refusal(work):
    with pytest.raises(DomainError) as caught:
        work()
    assert caught.value.status == 422
    return caught.value


@pytest.mark.parametrize(
    ("key", "value", "given", "code"),
    [
        ("deals.min_deposit", "50000", "49999.99", "deposit_too_low"),
        ("deals.min_deposit", "50000", "0", "deposit_too_low"),
        ("deals.activate_on", "first_money", "0", "deposit_required"),
        ("deals.activate_on", "full_deposit", "0", "deposit_required"),
    ],
)
def test_a_subscription_pays_the_deposit_that_the_office_asks_for(desk, key, value, given, code):
    set_parameter(key, value)
    why = refusal(lambda: desk.subscribe(deposit=given))
    assert why.code == code and why.fields == {"deposit": code}
    assert desk.subscribe(deposit="50000").deposit == 50000


def hold(desk, **more):
    c1 = desk.office.access("consultant1")
    return run("hold_unit", c1, desk.unit(), customer=desk.customer("consultant1").pk, **more)


def test_a_reservation_pays_the_small_deposit(desk):
    set_parameter("deals.reservation_deposit", "5000")
    assert refusal(lambda: hold(desk, kind="reservation", deposit="0")).code == "deposit_too_low"
    assert refusal(lambda: hold(desk, kind="reservation", deposit="9999999")).code == "deposit_over_cap"
    assert refusal(lambda: hold(desk, kind="lock", deposit="5000")).code == "lock_has_no_deposit"
    held = hold(desk, kind="reservation")
    assert held.deposit == 5000
    finance = desk.office.access("finance")
    assert refusal(lambda: run("receive_on_hold", finance, held, amount="5000.01", way="pos")).params["surplus"] == "0.01"
    run("receive_on_hold", finance, held, amount="5000", way="pos")
    assert refusal(lambda: run("receive_on_hold", finance, held, amount="1", way="pos")).code == "more_than_due"


def test_more_than_is_due_needs_a_word_and_stays_an_advance(desk):
    contract = desk.sign()
    why = refusal(lambda: desk.receive(contract, "9000000"))
    assert why.code == "more_than_due" and why.fields == {"confirm_surplus": "more_than_due"}
    assert why.params["surplus"] == f"{9000000 - contract.total:,.2f}"
    assert not Receipt.objects.exists()
    receipt = desk.receive(contract, "9000000", confirm_surplus=True)
    assert receipt.allocated == contract.total and receipt.amount - receipt.allocated == 9000000 - contract.total
    assert not Receivable.objects.filter(contract=contract, balance__gt=0).exists()


def test_the_cash_desk_asks_before_it_keeps_an_advance(desk, client):
    contract = desk.sign()
    assert client.login(username="finance", password=PASSWORD)
    form = {"amount": "9,000,000", "way": "transfer", "idempotency_key": "k"}
    shown = client.post(f"/cashier/{contract.deal_id}/preview", form, headers={"HX-Request": "true"}).content.decode()
    surplus = f"{9000000 - contract.total:,.2f}"
    assert surplus in shown and 'name="confirm_surplus"' in shown
    again = client.post(f"/cashier/{contract.deal_id}/receive", form, headers={"HX-Request": "true"})
    assert again.status_code == 422 and surplus in again.content.decode()
    done = client.post(
        f"/cashier/{contract.deal_id}/receive", form | {"confirm_surplus": "true"}, headers={"HX-Request": "true"}
    )
    assert done.status_code in (200, 204)
    assert Receipt.objects.get().amount == Decimal("9000000.00")
