"""The year's plan in versions, attainment by either, and the boards of late deals with their reasons."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from anchang.insight.rules import spread
from anchang.kernel.errors import DomainError
from anchang.platform import commands
from tests.factories import Office, make_office
from tests.insight.books import Books
from tests.insight.test_sales import ask

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def office() -> Office:
    return make_office()


def run(access, name, subject=None, **data):
    cmd = commands.get(name)
    if cmd.kind == "create":
        return commands.execute(cmd, access, data=data)
    return commands.execute(cmd, access, subject_id=subject.pk, data=data)


def planned(access, year=2025, **figures):
    plan = run(access, "add_sales_plans", project="YQ", year=year)
    return run(access, "spread_plan", plan, **figures)


@given(st.decimals(0, 10**9, places=2), st.integers(1, 60))
def test_a_spread_sums_to_its_total(total, parts):
    found = spread(total, parts)
    assert sum(found) == total and len(found) == parts
    assert len(set(found[:-1])) <= 1 and all(p >= 0 for p in found)


def test_attainment_by_the_first_and_the_newest_version(office):
    with office.as_("director") as access:
        plan = planned(access, units=100, amount="1200.01", collection="600")
        run(access, "approve_plan", plan)
        second = run(access, "revise_plan", plan)
        run(access, "spread_plan", second, units=24, amount="2400", collection="1200")
        run(access, "spread_plan", second, units=12, amount="600", user=office.users["consultant1"].pk)
        run(access, "approve_plan", second)
        books = Books(office)
        deal = books.deal("2025-02-01", books.customer("2025-02-01", "consultant1"), "consultant1")
        books.contract("2025-02-05", deal, "50.00", owed=(("2025-02-05", "50.00", "lump_sum"),))
        books.receipt("2025-02-06", deal, "20.00")
        found = ask(access, "plan", date="2025-02-28")
    february = found["by_month"][1]
    assert february["current"] == {"units": 2, "area": "0.00", "amount": "200.00", "collection": "100.00"}
    assert february["first"]["amount"] == "100.00" and february["first"]["units"] == 8
    assert february["done"]["amount"] == "50.00" and february["done"]["collection"] == "20.00"
    assert february["attainment"]["amount"] == "0.2500" and february["attainment_first"]["amount"] == "0.5000"
    assert found["total"]["first"]["amount"] == "1200.01" and found["total"]["first"]["units"] == 100
    assert found["to_date"]["current"]["amount"] == "400.00"
    person = next(r for r in found["by_person"] if r["person"]["label"] == office.users["consultant1"].name)
    assert person["current"]["amount"] == "600.00" and person["done"]["amount"] == "50.00"
    assert [r["done"]["amount"] for r in found["by_product"] if r["product_type"] == "housing"] == ["50.00"]


def test_an_approved_plan_never_changes(office):
    with office.as_("director") as access:
        plan = planned(access, amount="12")
        run(access, "approve_plan", plan)
        for name in ("spread_plan", "approve_plan", "edit_sales_plan"):
            with pytest.raises(DomainError, match="plan_approved"):
                run(access, name, plan, **({"note": "x"} if name == "edit_sales_plan" else {}))
        with pytest.raises(DomainError, match="plan_there"):
            run(access, "add_sales_plans", project="YQ", year=2025)
        for sql in (
            "UPDATE insight_plantarget SET amount = 99",
            "DELETE FROM insight_plantarget",
            "UPDATE insight_salesplan SET year = 2030",
        ):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


def test_only_who_may_makes_plans(office):
    for who in ("consultant1", "finance", "clerk"):
        with office.as_(who) as access, pytest.raises(DomainError, match="forbidden"):
            run(access, "add_sales_plans", project="YQ", year=2025)


def test_late_deals_have_their_reason_and_the_sums_of_the_ledger(office):
    today = dt.date(2025, 3, 31)
    with office.as_("manager") as access:
        books = Books(office)
        late, fine = (
            books.deal("2025-03-01", books.customer("2025-03-01", who), who) for who in ("consultant1", "consultant5")
        )
        books.contract("2025-03-05", late, "100.00", owed=(("2025-03-10", "30.00", "first_payment"),
                                                           ("2025-06-01", "70.00", "bank_loan")))  # fmt: skip
        books.contract("2025-03-05", fine, "80.00", owed=(("2199-06-01", "80.00", "lump_sum"),))
        with pytest.raises(DomainError) as refused:
            run(access, "explain_delay", late, reason="nonsense", next_action="电话", next_on="2199-01-01")
        assert refused.value.fields == {"reason": "bad_choice"}
        with pytest.raises(DomainError) as refused:
            run(access, "explain_delay", late, reason="loan", next_action="电话", next_on="2020-01-01")
        assert refused.value.fields == {"next_on": "date_passed"}
        run(access, "explain_delay", late, reason="funds", next_action="首次催款", next_on="2199-01-01")
        run(access, "explain_delay", late, reason="loan", next_action="联系银行", next_on="2199-02-01")
        found = ask(access, "uncollected")
        rows = {r["deal"]: r for r in found["rows"]}
        assert rows[late.pk]["reason"] and rows[late.pk]["next_action"] == "联系银行"
        assert rows[fine.pk]["reason"] is None and rows[fine.pk]["overdue_days"] == 0
        assert rows[late.pk]["overdue_days"] >= (today - dt.date(2025, 3, 10)).days
        assert found["open"] == "180.00" and D(found["late"]) >= D("30.00")
        assert D(found["cash"]) + D(found["bank"]) + D(found["fund"]) == D(found["open"])
        assert sum(D(b["amount"]) for b in found["buckets"]) == D(found["open"])
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE insight_delayreason SET reason = 'other_cause'")
