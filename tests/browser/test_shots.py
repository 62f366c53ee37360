"""The pictures of the tour, of the demo office. Made when ANCHANG_SHOTS=1, so that a usual run changes no file:

ANCHANG_SHOTS=1 make test PYTEST_ARGS=tests/browser/test_shots.py
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from anchang.config import demo
from anchang.crm.models import Customer
from anchang.deals.models import Deal
from anchang.inventory.models import Unit
from anchang.platform.access import system_access
from anchang.platform.models import Project
from anchang.platform.scope import open_scope
from tests.browser.conftest import PHONE, Somebody, people, running

pytestmark = pytest.mark.skipif(os.environ.get("ANCHANG_SHOTS") != "1", reason="only with ANCHANG_SHOTS=1")

WIDE = {
    "manager": (("today-manager", "/"), ("floor", "/floor/"), ("sales-daily", "/reports/sales-daily/?date={yesterday}"),
                ("funnel", "/reports/funnel/"), ("board", "/board/"), ("customers", "/r/customers/")),
}  # fmt: skip
NARROW = {"consultant1": (("phone-today", "/"), ("phone-visit", "/visit/new"), ("phone-board", "/board/"))}


@pytest.fixture(scope="module")
def numbers(committed: None) -> dict[str, int]:
    """The demo office; a unit on sale, a deal that owes, a customer with much behind him."""
    demo.load()
    project = Project.objects.get(code=demo.CODE)
    with open_scope(system_access([project.pk])):
        free = Unit.objects.filter(project=project, state="available").order_by("-sort_key").first()
        deal = Deal.objects.filter(project=project, state="signed").order_by("-pk").first()
        assert free is not None and deal is not None
        busy = Customer.objects.filter(project=project, owner__username="consultant1", stage="subscriber").first()
        return {"unit": free.pk, "deal": deal.pk, "customer": (busy or deal.customer).pk}


@pytest.fixture(scope="module")
def visit(numbers: dict[str, int], environment: dict[str, str], browser: Browser) -> Iterator[Callable[..., Somebody]]:
    with running(environment) as server:
        yield from people(browser, server.url)


def shown(one: Somebody, path: str) -> Page:
    page = one.open(path)
    expect(page.locator("main")).to_be_visible()
    return page


def test_pictures_of_the_tour(numbers, visit, shot):
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    for who, pictures in WIDE.items():
        for name, path in pictures:
            shot(shown(visit(who), path.format(yesterday=yesterday)), name)
    for who, pictures in NARROW.items():
        for name, path in pictures:
            shot(shown(visit(who, phone=True), path), name)
    shot(shown(visit("manager"), f"/customers/{numbers['customer']}/"), "customer")
    shot(shown(visit("consultant1"), f"/deal/{numbers['unit']}/?customer={numbers['customer']}"), "deal")
    shot(shown(visit("finance"), f"/cashier/?deal={numbers['deal']}"), "cashier")


def test_pictures_of_a_unit_in_the_hand(numbers, visit, shot):
    page = shown(visit("consultant1", phone=True), f"/board/unit/{numbers['unit']}/")
    page.locator("label", has=page.locator("input[name=payment_plan]")).filter(has_text="按揭").first.tap()
    expect(page.locator(".loan-compare")).to_be_visible()
    page.set_viewport_size({"width": PHONE["width"], "height": 1500})
    shot(page, "phone-unit")
