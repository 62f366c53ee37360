"""BS26: late handover and late title, by the contract's own terms, provided for by month, in the report."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from anchang.affairs import rules, tasks
from anchang.affairs.commands import liabilities
from anchang.affairs.models import Handover, Provision, SellerLiability
from anchang.affairs.vouchers import EVENT
from anchang.finance.sources import SOURCES
from anchang.insight import catalogue
from anchang.inventory.models import Building
from anchang.platform.context import Context
from tests.affairs.test_affairs import clerk, job
from tests.factories import PASSWORD, run
from tests.paperwork.test_signing import back
from tests.processes.test_main_path import ALL_DISCOUNTS, refused, set_parameter

pytestmark = pytest.mark.django_db
TERMS = rules.DelayTerms(Decimal("0.0001"), Decimal("0.0002"), 90)
TOTAL = Decimal("2696170.00")


@pytest.mark.parametrize(
    ("days", "excused", "amount"),
    [(30, 0, "8088.51"), (90, 0, "24265.53"), (91, 0, "49070.29"), (91, 1, "24265.53"), (0, 0, "0.00"), (5, 9, "0.00")],
)
def test_the_worked_example(days, excused, amount):
    """DOMAIN §6: 30 days × 0.01 % of the total; day N+1 takes the later rate for the whole delay."""
    due = dt.date(2026, 1, 1)
    found = rules.seller_delay(TOTAL, due, None, due + dt.timedelta(days), TERMS, excused)
    assert (found.days, str(found.amount)) == (max(days - excused, 0), amount)


def late(desk, days=30):
    """A contract whose building should have been handed over so many days ago."""
    contract = desk.sign(discounts=ALL_DISCOUNTS)
    today = Context(desk.office.access("system"), desk.office.project).business_date
    Building.objects.update(handover_due_on=today - dt.timedelta(days))
    return contract, today


def computed(desk, **data):
    run("compute_liabilities", desk.office.access("finance"), project=desk.office.project.pk, **data)
    return {one.kind: one for one in SellerLiability.objects.all()}


def test_a_late_handover_runs_until_the_keys_are_given(desk):
    contract, today = late(desk)
    one = computed(desk)["delivery"]
    assert (one.days, one.amount, one.ended_on, one.base) == (30, Decimal("8088.51"), None, TOTAL)
    run("file_contract", clerk(desk), contract, filing_number="BA-1")
    run("deliver_contract", desk.office.access("service"), contract)
    assert Handover.objects.get().on == today
    assert computed(desk)["delivery"].ended_on == today
    run("excuse_days", desk.office.access("manager"), one, days=10, reason="暴雨红色预警")
    again = computed(desk)["delivery"]
    assert (again.days, again.amount) == (20, Decimal("5392.34"))
    refused("forbidden", "excuse_days", desk.office.access("clerk"), one, days=1, reason="x")
    with pytest.raises(IntegrityError, match="liability_excused"), transaction.atomic():
        SellerLiability.objects.update(excuse="")


def test_a_late_title_counts_from_the_handover_by_the_90_day_rule(desk):
    contract, today = late(desk, days=0)
    run("file_contract", clerk(desk), contract, filing_number="BA-1")
    run("deliver_contract", desk.office.access("service"), contract)
    assert computed(desk) == {}
    ahead = today + dt.timedelta(100)
    ctx = Context(desk.office.access("system"), desk.office.project)
    liabilities.compute(ctx, ahead)
    one = SellerLiability.objects.get()
    assert (one.kind, one.days, one.amount) == ("title", 10, Decimal("2696.17"))
    set_parameter("deals.contract_facts", {"title_days": "30"})
    liabilities.compute(Context(desk.office.access("system"), desk.office.project), ahead)
    one.refresh_from_db()
    assert (one.days, one.amount) == (70, Decimal("18873.19"))  # no second tier in article 20


def test_an_agreed_day_stands_before_the_buildings(desk):
    from tests.processes.test_agreeing import asked, mine, opportunity, talks

    run("agree_negotiation", mine(desk), talks(desk, opportunity(desk), handover_on="2199-01-01"))
    sub = run("subscribe_unit", mine(desk), desk.unit(), **asked(desk))
    run("sign_contract", clerk(desk), sub)
    Building.objects.update(handover_due_on="2020-01-01")
    assert computed(desk) == {}


def test_months_provide_the_difference_and_give_vouchers(desk):
    _contract, today = late(desk)
    finance, here = desk.office.access("finance"), desk.office.project.pk
    first = today - dt.timedelta(10)
    run("provide_liabilities", finance, project=here, through=first.isoformat())
    run("provide_liabilities", finance, project=here, through=first.isoformat())
    run("provide_liabilities", finance, project=here, through=today.isoformat())
    assert [(p.days, str(p.amount)) for p in Provision.objects.order_by("through")] == [
        (20, "5392.34"), (30, "2696.17"),
    ]  # fmt: skip
    one = SellerLiability.objects.get()
    assert (one.provided, one.open) == (one.amount, 0)
    refused("provided_already", "provide_liabilities", finance, project=here, through=first.isoformat())
    facts = SOURCES[EVENT].documents(desk.office.project, first, None)
    assert [fact.document.amounts["amount"] for fact in facts] == [Decimal("5392.34"), Decimal("2696.17")]
    run("excuse_days", desk.office.access("manager"), one, days=30, reason="买受人未付清")
    run("provide_liabilities", finance, project=here, through=today.isoformat())
    with pytest.raises(IntegrityError, match="provided"), transaction.atomic():
        SellerLiability.objects.update(provided=1)


def test_the_job_provides_for_the_month_before_once(desk):
    late(desk, days=60)
    set_parameter("affairs.provision_day", 1)
    job(desk, tasks.seller_delays)
    job(desk, tasks.seller_delays)
    assert Provision.objects.count() == 1


def test_the_report_says_what_the_ledger_says(desk, client):
    late(desk)
    one = computed(desk)["delivery"]
    report = catalogue.REPORTS["seller-delays"]
    answer = report.answer(report.ask(desk.office.access("finance"), {}))
    assert answer["amount"] == str(one.amount) and answer["rows"][0]["days"] == 30
    client.login(username="finance", password=PASSWORD)
    page = client.get("/reports/seller-delays/").content.decode()
    back(desk)
    assert "8,088.51" in page and "逾期交房" in page
    assert client.get("/reports/seller-delays/?format=xlsx").content[:2] == b"PK"
    back(desk)
