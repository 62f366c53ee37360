"""Slow and withheld units, the clock of publication, sales by mode."""

from __future__ import annotations

import datetime as dt

import pytest

from anchang.deals.models import Deal
from anchang.inventory import rules
from anchang.inventory.commands import remind_of_publication
from anchang.inventory.models import Licence, Unit
from anchang.platform.context import Context
from anchang.platform.models import Task
from tests.factories import Office, make_office, run
from tests.insight.books import Books
from tests.insight.test_sales import ask
from tests.inventory.stock import make_stock, publish_prices, release

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return make_office()


def test_slow_units_come_with_their_suggestion_for_the_whole_project_only(office):
    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
        Unit.objects.filter(pk=stock.units[1].pk).update(available_since=office.project.today() - 200 * DAY)
        (row,) = ask(access, "slow-moving")["rows"]
        assert (row["unit"], row["days"], row["percent"], row["suggested_total"]) == ("1幢-102", 200, "-2", "2771890.80")
    with office.as_("consultant1") as access:
        assert ask(access, "slow-moving")["rows"] == []


def test_units_withheld_without_a_persons_reason_and_late_lists_are_named(office):
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        today = office.project.today()
        Licence.objects.filter(pk=stock.licence.pk).update(issued_on=today - 8 * DAY)
        assert ask(access, "withheld")["rows"] == []
        ctx = Context(access, office.project)
        assert remind_of_publication(ctx) == 1
        ctx.flush()
        assert Task.objects.filter(code="price_list_due", state="open").exists()
        Licence.objects.filter(pk=stock.licence.pk).update(issued_on=today - 12 * DAY)
        found = ask(access, "withheld")
        assert (found["withheld"], found["late"], found["licences"][0]["standing"]) == (4, 1, "overdue")
        assert found["licences"][0]["unlisted"] == 4
        publish_prices(stock, access)
        release(stock, access, 0)
        run("control_unit", access, stock.unit(1), reason="样板房")
        Unit.objects.filter(pk=stock.units[2].pk).update(state="controlled", control_reason="deal_ended")
        found = ask(access, "withheld")
        assert [(row["unit"], row["reason"]) for row in found["rows"]] == [("1幢-201", "deal_ended"), ("1幢-202", "")]
        assert found["licences"][0]["standing"] == "late" and found["licences"][0]["unlisted"] == 0
        ctx = Context(access, office.project)
        remind_of_publication(ctx)
        ctx.flush()
        assert not Task.objects.filter(code="price_list_due", state="open").exists()


@pytest.mark.parametrize(
    ("published", "on", "standing"),
    [(10, 30, "in_time"), (11, 30, "late"), (None, 10, "running"), (None, 11, "overdue")],
)
def test_the_tenth_day_is_in_time(published, on, standing):
    issued = dt.date(2026, 3, 1)
    day = None if published is None else issued + published * DAY
    assert rules.publication(issued, 10, day, issued + on * DAY) == standing


def test_sales_by_mode_add_up_to_the_sales_report(office):
    with office.as_("director") as access:
        books = Books(office)
        for n, (mode, agency) in enumerate((("own", ""), ("agency", "同策"), ("agency", "世联"), ("offset", ""))):
            deal = books.deal("2025-03-01", books.customer("2025-03-01", "consultant1"), "consultant1")
            Deal.objects.filter(pk=deal.pk).update(sales_mode=mode, agency=agency)
            books.contract("2025-03-0" + str(n + 2), deal, "2000000.00")
        found = ask(access, "sales-modes", from_="2025-03-01", to="2025-03-31")
        whole = ask(access, "sales-monthly", date="2025-03-31")
    assert [(row["mode"], row["agency"], row["signing"]["net"]["units"]) for row in found["rows"]] == [
        ("agency", "世联", 1), ("agency", "同策", 1), ("offset", "", 1), ("own", "", 1),
    ]  # fmt: skip
    amounts = [row["signing"]["net"]["amount"] for row in found["rows"]]
    assert (amounts, whole["signing"]["net"]["amount"]) == (["2000000.00"] * 4, "8000000.00")
