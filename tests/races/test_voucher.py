"""A voucher, and an approved special discount, are used once however many deals try at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from anchang.deals.models import Coupon, Deal, DiscountRequest, Subscription
from anchang.kernel.errors import DomainError
from tests.deals.desk import BUYER, Desk, make_desk
from tests.factories import run

THREADS = 8
WHO = ("consultant1", "consultant2", "consultant5", "consultant6")


@pytest.fixture
def desk(transactional_db) -> Desk:
    """Eight released units and two customers of each consultant, committed."""
    made = make_desk(floors=THREADS // 2)
    with made.office.as_("system"):
        for n in range(THREADS):
            made.customer(WHO[n % 4], n)
    return made


def attack(desk: Desk, number: int, gate: threading.Barrier, code: str) -> str:
    """Subscribe a unit of one's own with the one voucher; the answer's code."""
    who = WHO[number % 4]
    data = {
        "customer": desk.customers[f"{who}:{number}"].pk, "buyers": [BUYER], "payment_plan": "lump_sum",
        "deposit": "1000", "coupons": [code],
    }  # fmt: skip
    try:
        with desk.office.as_(who) as access:
            gate.wait()
            run("subscribe_unit", access, desk.stock.units[number].pk, **data)
        return "won"
    except DomainError as error:
        return error.code
    finally:
        connections["default"].close()


def test_one_voucher_one_deal(desk: Desk) -> None:
    with desk.office.as_("manager") as access:
        run("add_coupons", access, name="开盘券", value="5000", code="ONE")
    gate = threading.Barrier(THREADS, timeout=60)
    with ThreadPoolExecutor(THREADS) as pool:
        told = Counter(pool.map(lambda n: attack(desk, n, gate, "ONE"), range(THREADS)))
    assert told == {"won": 1, "coupon_used": THREADS - 1}
    with desk.office.as_("system"):
        (sold,) = Subscription.objects.all()
        assert Coupon.objects.get().deal_id == sold.deal_id == Deal.objects.get().pk
        assert sold.total == sold.list_total - 5000


def decide(desk: Desk, gate: threading.Barrier, request: int, name: str) -> str:
    try:
        with desk.office.as_("manager") as access:
            gate.wait()
            run(name, access, request, opinion="x")
        return name
    except DomainError as error:
        return error.code
    finally:
        connections["default"].close()


def test_two_decisions_at_once_are_one(desk: Desk) -> None:
    with desk.office.as_("consultant1") as access:
        request = run(
            "ask_discount", access, desk.stock.units[0].pk, customer=desk.customers["consultant1:0"].pk,
            payment_plan="lump_sum", kind="mult", value="0.98", reason="x",
        )  # fmt: skip
    gate = threading.Barrier(2, timeout=60)
    with ThreadPoolExecutor(2) as pool:
        names = ("approve_discount", "refuse_discount")
        told = list(pool.map(lambda name: decide(desk, gate, request.pk, name), names))
    assert told.count("state_refused") == 1
    with desk.office.as_("system"):
        found = DiscountRequest.objects.get()
        assert found.decisions.count() == 1
        assert found.state == ("approved" if "approve_discount" in told else "refused")
