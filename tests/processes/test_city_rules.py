"""What a city asks of buyers of homes, from its day on: down payment and number of homes (BS19)."""

from __future__ import annotations

import datetime as dt

import pytest

from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.deals.desk import BUYER, Desk
from tests.factories import run

pytestmark = pytest.mark.django_db
OTHER = {"name": "李四", "id_number": "330102199003072332", "phone": "13812292303"}


def rule(key: str, value: object, since: dt.date = dt.date(2020, 1, 1)) -> None:
    Parameter.objects.create(key=key, value=value, valid_from=since, city="杭州")
    bump_stamp()


def refusal(work) -> DomainError:
    with pytest.raises(DomainError) as caught:
        work()
    return caught.value


def test_a_home_needs_the_citys_down_payment_and_a_parking_space_does_not(desk: Desk):
    loans = [{"kind": "bank", "amount": "2300000"}]
    rule("deals.min_down_ratio", "0.15", desk.office.project.today() + dt.timedelta(days=1))
    rule("deals.min_down_ratio", "0.30")
    error = refusal(lambda: desk.subscribe(payment_plan="mortgage", loans=loans))
    assert (error.code, error.params["needed"]) == ("down_payment_too_low", "848538.00")
    Unit.objects.filter(pk=desk.unit().pk).update(product_type="parking")
    assert desk.subscribe(payment_plan="mortgage", loans=loans).total == 2828460


def test_nobody_buys_more_homes_than_the_city_allows(desk: Desk):
    first = desk.subscribe(0)
    rule("deals.homes_per_buyer", 1)
    error = refusal(lambda: desk.subscribe(1, owner="consultant2", buyers=[OTHER, BUYER], ownership="joint"))
    assert (error.code, error.fields, error.params["name"]) == ("too_many_homes", {"buyers": "too_many_homes"}, "张三")
    second = desk.subscribe(1, owner="consultant2", buyers=[OTHER])
    run("cancel_subscription", desk.office.access("manager"), first, reason="放弃")
    assert desk.subscribe(2).state == "active", "what was given up doesn't count"
    assert second.state == "active"


def test_an_exchange_takes_the_place_of_the_home_that_is_left(desk: Desk):
    subscription = desk.subscribe(0)
    rule("deals.homes_per_buyer", 1)
    change = run(
        "exchange_subscription", desk.office.access("consultant1"), subscription, new_unit=desk.unit(1).pk,
        payment_plan="lump_sum", reason="换房",
    )  # fmt: skip
    run("approve_change", desk.office.access("manager"), change)
    assert (desk.unit(0).state, desk.unit(1).state) == ("controlled", "subscribed")
