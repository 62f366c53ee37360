"""F10: months are frozen on the set day and never change; F18: plans and actuals go to the budget."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from anchang.finance.models import Expense, ExpensePlan, ExpenseSubject
from anchang.insight.models import BudgetEntry, MonthStatement, PlanTarget, SalesPlan
from anchang.platform import jobs
from tests.factories import PASSWORD, Office, make_office, run
from tests.insight.books import Books, on
from tests.insight.test_closing import at
from tests.insight.test_sales import ask
from tests.processes.test_main_path import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return make_office()


def march(office: Office) -> Books:
    """A contract of 1,000,000 signed and 300,000 received in March 2025, 5,000 spent on media."""
    books = Books(office)
    deal = books.deal("2025-03-05", books.customer("2025-03-05", "consultant1"), "consultant1")
    books.contract("2025-03-05", deal, "1000000")
    books.receipt("2025-03-06", deal, "300000")
    subject = ExpenseSubject.objects.create(project=office.project, code="M", name="媒体")
    spend(office, subject, "2025-03-07", "5000")
    return books


def sale(books: Books, day: str, total: str, paid: str = "") -> None:
    deal = books.deal(day, books.customer(day, "consultant1"), "consultant1")
    books.contract(day, deal, total)
    if paid:
        books.receipt(day, deal, paid)


def spend(office: Office, subject: ExpenseSubject, day: str, amount: str) -> None:
    Expense.objects.create(
        project=office.project, number=f"F{day}{amount}", subject=subject, supplier="广告公司", amount=amount,
        incurred_on=on(day), state="approved",
    )  # fmt: skip


def line(answer, code):
    return next(r for r in answer["rows"] if r["code"] == code)


def freeze(office: Office, **data):
    return run("freeze_month", office.access("finance"), project=office.project.pk, **data)


def test_a_month_is_frozen_once_and_later_entries_are_differences(office, monkeypatch):
    at(monkeypatch, 2025, 4, 10, 9, 0)
    with office.as_("finance") as access:
        books = march(office)
        live = ask(access, "month-statement", date="2025-03-31")
        assert live["frozen_at"] is None and line(live, "sign_net")["amount"] == "1000000.00"
        made = freeze(office, month="2025-03-15")
        assert made.month == dt.date(2025, 3, 1) and len(made.digest) == 64
        refused("statement_frozen", "freeze_month", access, project=office.project.pk, month="2025-03-01", status=409)
        refused("month_not_over", "freeze_month", access, project=office.project.pk, month="2025-04-01", status=422)
        sale(books, "2025-03-20", "2000000")  # entered late
        told = ask(access, "month-statement", date="2025-03-31")
        row = line(told, "sign_net")
        assert (row["amount"], row["now"], row["difference"], row["units_difference"]) == (
            "1000000.00", "3000000.00", "2000000.00", 1,
        )  # fmt: skip
        assert line(told, "collected")["difference"] == "0.00"
        assert (line(told, "incurred")["amount"], line(told, "M")["name"]) == ("5000.00", "媒体")
        assert told["differences"] >= 2 and told["closed"]


def test_the_database_keeps_a_frozen_month(office, monkeypatch):
    at(monkeypatch, 2025, 4, 10, 9, 0)
    with office.as_("finance"):
        march(office)
        made = freeze(office)
        for statement in ("UPDATE insight_monthstatement SET figures = '[]'", "DELETE FROM insight_monthstatement"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL ROLE anchang_app")
                cursor.execute(statement)
        assert MonthStatement.objects.get(pk=made.pk).figures == made.figures


def test_the_job_freezes_from_the_set_day_on_and_gives_to_the_budget(office, monkeypatch):
    with office.as_("system"):
        march(office)
        plan = SalesPlan.objects.create(project=office.project, year=2025)
        PlanTarget.objects.create(project=office.project, plan=plan, month=3, amount="4000000", collection="600000")
        SalesPlan.objects.filter(pk=plan.pk).update(state="approved")
    at(monkeypatch, 2025, 4, 4, 9, 0)
    jobs.run_now("insight.month_statements", office.access("system"), office.project)
    with office.as_("system"):
        assert not MonthStatement.objects.exists()
        assert BudgetEntry.objects.get().kind == "plan"
    at(monkeypatch, 2025, 4, 5, 9, 0)
    for _ in range(2):
        jobs.run_now("insight.month_statements", office.access("system"), office.project)
    with office.as_("system"):
        assert MonthStatement.objects.count() == 1
        plan_entry, actual = BudgetEntry.objects.order_by("id")
    assert {(f["month"], f["measure"]): f["amount"] for f in plan_entry.figures}[3, "sales"] == "4000000.00"
    assert (actual.kind, actual.year, actual.month) == ("actual", 2025, 3)
    assert {f["measure"]: f["amount"] for f in actual.figures} == {
        "sales": "1000000.00", "collection": "300000.00", "expense": "5000.00",
    }  # fmt: skip


def test_a_changed_plan_is_given_again_and_an_unchanged_one_is_not(office, monkeypatch):
    at(monkeypatch, 2025, 4, 10, 9, 0)
    with office.as_("director") as access:
        here = office.project.pk
        assert run("publish_budget", access, project=here)["published"] is False
        subject = ExpenseSubject.objects.create(project=office.project, code="M", name="媒体")
        plan = ExpensePlan(project=office.project, month=on("2025-05-01"), subject=subject, amount="8000")
        plan.state, plan.over_target = "approved", True
        plan.save()
        assert run("publish_budget", access, project=here)["published"] is True
        assert run("publish_budget", access, project=here)["published"] is False
        assert BudgetEntry.objects.count() == 1


def test_the_budget_report_takes_frozen_months_as_frozen(
    office, monkeypatch, client, django_assert_max_num_queries
):
    at(monkeypatch, 2025, 4, 10, 9, 0)
    with office.as_("finance") as access:
        books = march(office)
        freeze(office)
        sale(books, "2025-03-21", "2000000", "70000")
        sale(books, "2025-04-01", "500000", "10000")
        with django_assert_max_num_queries(12):
            found = {row["month"]: row for row in ask(access, "budget", date="2025-04-10")["rows"]}
        assert (found["2025-03"]["sales_actual"], found["2025-03"]["frozen"]) == ("1000000.00", True)
        assert (found["2025-04"]["collection_actual"], found["2025-04"]["frozen"]) == ("10000.00", False)
        assert found["2025-05"]["sales_actual"] is None
        statement = MonthStatement.objects.get()
    client.login(username="finance", password=PASSWORD)
    for url in ("/reports/budget/?date=2025-04-10", "/reports/month-statement/?date=2025-03-01"):
        assert client.get(url).status_code == 200
        assert client.get(url + "&format=xlsx").content[:2] == b"PK"
    assert client.get(f"/r/month-statements/{statement.pk}/").status_code in (200, 302)
    assert client.get("/api/v1/budget-entries").json()["items"][0]["kind"] == "actual"
    assert Decimal(client.get("/api/v1/reports/budget?date=2025-04-10").json()["total"]["sales_actual"]) == 1500000
