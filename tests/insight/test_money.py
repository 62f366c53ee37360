"""Collection against the ledger, collection rate, small boards, units, feedback."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from anchang.finance.models import Receipt
from anchang.inventory.models import UnitStateChange
from tests.factories import Office, make_office
from tests.insight.books import Books, noon, on
from tests.insight.test_sales import ask

pytestmark = pytest.mark.django_db
D = Decimal
MARCH = {"from_": "2025-03-01", "to": "2025-03-31"}


@pytest.fixture
def office() -> Office:
    return make_office()


def fill(books: Books) -> None:
    customer = books.customer("2025-03-01", "consultant1")
    deal = books.deal("2025-03-01", customer, "consultant1")
    owed = (
        ("2025-03-05", "50000.00", "deposit"),
        ("2025-03-20", "750000.00", "first_payment"),
        ("2025-04-20", "1200000.00", "bank_loan"),
    )
    contract = books.contract("2025-03-05", deal, "2000000.00", owed=owed)
    from anchang.finance.models import Receivable

    lines = {r.item: r for r in Receivable.objects.filter(contract=contract)}
    one = books.receipt("2025-03-05", deal, "50000.00", "pos")
    books.allocate("2025-03-05", one, "50000.00", receivable=lines["deposit"])
    two = books.receipt("2025-03-20", deal, "700000.00")
    books.allocate("2025-03-20", two, "400000.00", receivable=lines["first_payment"])
    books.allocate("2025-04-01", two, "200000.00", receivable=lines["first_payment"])
    books.refund("2025-03-25", two, "60000.00")
    other = books.deal("2025-03-01", books.customer("2025-03-01", "consultant5"), "consultant5")
    wrong = books.receipt("2025-03-31", other, "9999.00", "cash")
    books.reverse("2025-04-01", wrong)
    books.receipt("2025-03-31", other, "300.00", kind="late_fee")


@pytest.mark.parametrize("group", ["day", "item", "way", "person", "project", "cashier"])
def test_every_grouping_equals_the_ledger(office, group):
    with office.as_("finance") as access:
        fill(Books(office))
        found = ask(access, "collection", group=group, **MARCH)
        ledger = Receipt.objects.filter(kind="house", business_date__range=("2025-03-01", "2025-03-31")).aggregate(
            sum=Sum("amount")
        )["sum"]
    assert D(found["received"]) == ledger == D("759999.00")
    assert (found["refunded"], found["net"]) == ("60000.00", "699999.00")
    for column in ("received", "refunded", "net"):
        assert sum(D(r[column]) for r in found["rows"]) == D(found[column])


def test_collection_by_item_and_person(office):
    with office.as_("finance") as access:
        fill(Books(office))
        items = {r["key"]: r["received"] for r in ask(access, "collection", group="item", **MARCH)["rows"]}
        people = {r["key"]["label"]: r["net"] for r in ask(access, "collection", group="person", **MARCH)["rows"]}
        april = ask(access, "collection", from_="2025-04-01", to="2025-04-30")
    assert items == {
        "deposit": "50000.00",
        "first_payment": "400000.00",
        "unallocated": "309999.00",
        "refunds": "0.00",
    }
    assert people == {"陈强": "690000.00", "李娜": "9999.00"}
    assert april["net"] == "-9999.00"


def test_collection_rate_counts_to_the_end_of_the_period(office):
    with office.as_("finance") as access:
        fill(Books(office))
        march = ask(access, "collection-rate", **MARCH)
        spring = ask(access, "collection-rate", from_="2025-03-01", to="2025-04-30")
        nothing = ask(access, "collection-rate", from_="2024-01-01", to="2024-01-31")
    # 50,000 + 400,000 of 800,000 by 31 March.
    assert (march["lines"], march["due"], march["collected"], march["rate"]) == (
        2,
        "800000.00",
        "450000.00",
        "0.5625",
    )
    assert spring["collected"] == "650000.00"
    assert [(m["month"], m["collected"]) for m in spring["by_month"]] == [
        ("2025-03", "450000.00"),
        ("2025-04", "0"),
    ]
    assert march["by_person"][0]["person"]["label"] == "陈强"
    assert nothing["rate"] is None


def test_unsigned_subscriptions_by_overdue_days(office):
    today = timezone.localdate()
    with office.as_("manager") as access:
        books = Books(office)
        for days, state in ((0, "active"), (1, "overdue"), (31, "overdue"), (40, "signed")):
            due = today - dt.timedelta(days=days)
            deal = books.deal("2025-03-01", books.customer("2025-03-01", "consultant1"), "consultant1")
            books.subscription("2025-03-01", deal, "1000000.00", state=state, sign_by=due)
        found = ask(access, "unsigned")
    assert (found["count"], found["amount"]) == (3, "3000000.00")
    assert {b["bucket"]: b["count"] for b in found["buckets"]} == {
        "not_due": 1,
        "1-7": 1,
        "8-15": 0,
        "16-30": 0,
        ">30": 1,
    }
    with office.as_("consultant5") as access:
        assert ask(access, "unsigned")["count"] == 0


def test_overdue_rate(office):
    today = timezone.localdate()
    days = {n: (today - dt.timedelta(days=n)).isoformat() for n in (0, 1, 31, 95)}
    with office.as_("finance") as access:
        books = Books(office)
        deal = books.deal("2025-03-01", books.customer("2025-03-01", "consultant1"), "consultant1")
        books.contract(
            "2025-03-01",
            deal,
            "1000000.00",
            owed=(
                (days[95], "100000.00", "a"),
                (days[31], "200000.00", "b"),
                (days[1], "300000.00", "c"),
                (days[0], "400000.00", "d"),
            ),
        )
        from anchang.finance.models import Receivable

        receipt = books.receipt(days[31], deal, "150000.00")
        books.allocate(days[31], receipt, "150000.00", receivable=Receivable.objects.get(item="b"))
        found = ask(access, "overdue")
    assert (found["lines"], found["overdue"], found["due_to_date"]) == (3, "450000.00", "600000.00")
    assert found["overdue_rate"] == "0.7500"
    assert {b["bucket"]: b["amount"] for b in found["buckets"]} == {
        "1-30": "300000.00",
        "31-60": "50000.00",
        "61-90": "0.00",
        ">90": "100000.00",
    }


def test_units_on_a_past_day(office):
    with office.as_("director") as access:
        books = Books(office)
        for sold_on in ("2025-03-10", None):
            unit = books.unit()
            for day, state in (("2025-01-01", "unreleased"), (sold_on, "signed")):
                if day:
                    UnitStateChange.objects.create(
                        project=office.project,
                        unit=unit,
                        at=noon(on(day)),
                        business_date=on(day),
                        to_state=state,
                        list_total=D("2000000.00"),
                    )
        before, after = ask(access, "units", date="2025-03-09"), ask(access, "units", date="2025-03-10")
    assert {t["state"]: t["units"] for t in before["totals"]} == {"unreleased": 2}
    assert {t["state"]: t["units"] for t in after["totals"]} == {"unreleased": 1, "signed": 1}
    assert (after["sold"], after["sold_rate"], after["stock_value"]) == (1, "0.5000", "2000000.00")


def test_feedback_is_counted(office):
    with office.as_("manager") as access:
        books = Books(office)
        for n, answers in enumerate([{"price": "high"}, {"price": "high", "layout": "liked"}, {"price": "acceptable"}]):
            books.visit(
                "2025-03-0" + str(n + 1),
                books.customer("2025-03-01", "consultant1"),
                "consultant1",
                feedback=answers,
            )
        found = ask(access, "feedback", **MARCH)["rows"]
    assert [(r["question"], r["answer"], r["count"], r["share"]) for r in found] == [
        ("layout", "liked", 1, "1.0000"),
        ("price", "high", 2, "0.6667"),
        ("price", "acceptable", 1, "0.3333"),
    ]
