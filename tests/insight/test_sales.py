"""The sales report on a small office: every number computed by hand, closing, scope, dates."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anchang.insight.catalogue import REPORTS
from anchang.insight.commands import close_report_days
from anchang.insight.models import DayFigure
from anchang.kernel.errors import DomainError
from anchang.platform.context import Context
from tests.factories import Office, make_office
from tests.insight.books import Books

pytestmark = pytest.mark.django_db
D = Decimal


def ask(access, key: str, **given: str) -> dict:
    report = REPORTS[key]
    return report.answer(report.ask(access, {"project": "YQ", **{k.rstrip("_"): v for k, v in given.items()}}))


@pytest.fixture
def office() -> Office:
    return make_office()


def fill(books: Books) -> None:
    """2025-03-10: what the tests below count."""
    day = "2025-03-10"
    one, two, three = (
        books.customer(day, "consultant1"),
        books.customer(day, "consultant2", "walk"),
        books.customer("2025-03-01", "consultant5"),
    )
    books.lead(day, "consultant1", one)
    books.lead(day, "consultant5", valid=None)
    books.call(day, "consultant1", one)
    books.call(day, "consultant1", one, first=False)
    books.call(day, "consultant5")
    books.visit("2025-03-12", one, "consultant1")
    books.visit(day, two, "consultant2", channel="walk")
    books.visit(day, three, "consultant5")
    books.visit(day, three, "consultant5", seq=2)
    books.follow_up(day, one, "consultant1")
    # Two new subscriptions, one of February given up today.
    books.subscription(day, books.deal(day, one, "consultant1"), "2000000.00", "100.00")
    books.subscription(day, books.deal(day, two, "consultant2"), "1500000.00", "80.00")
    books.subscription(day, books.deal(day, two, "consultant2"), "7000000.00", state="draft")
    given_up = books.deal("2025-02-01", three, "consultant5")
    books.subscription("2025-02-01", given_up, "1800000.00", "90.00", state="refunded", ended_on=dt.date(2025, 3, 10))
    # One contract signed; one of January terminated; one of February exchanged for a dearer flat.
    signed = books.deal("2025-03-01", one, "consultant1")
    books.contract(day, signed, "3000000.00", "120.00")
    ended = books.deal("2025-01-05", two, "consultant2")
    books.contract(
        "2025-01-05",
        ended,
        "2500000.00",
        "110.00",
        state="terminated",
        terminated_on=dt.date(2025, 3, 10),
        fault="buyer",
    )
    old = books.deal("2025-02-02", three, "consultant5")
    books.contract(
        "2025-02-02",
        old,
        "2000000.00",
        "100.00",
        state="terminated",
        terminated_on=dt.date(2025, 3, 10),
        fault="none",
    )
    new = books.deal(day, three, "consultant5", previous=old)
    books.contract(day, new, "2300000.00", "112.00")
    # Money: 100,000 in; 30,000 reversed; 20,000 refunded; agency fees and offsets don't count.
    first = books.receipt(day, signed, "100000.00")
    wrong = books.receipt(day, signed, "30000.00", "cash")
    books.reverse(day, wrong)
    books.receipt(day, signed, "12036.00", kind="agency")
    books.receipt(day, signed, "500000.00", "offset")
    books.refund(day, first, "20000.00")


def test_every_number_of_a_day(office):
    with office.as_("manager") as access:
        fill(Books(office))
        found = ask(access, "sales-daily", date="2025-03-10")
    assert (found["leads"], found["calls"], found["first_calls"], found["new_customers"]) == (2, 3, 2, 2)
    assert (found["visits"], found["first_visits"], found["repeat_visits"], found["repeat_rate"]) == (
        3,
        2,
        1,
        "0.3333",
    )
    assert found["call_to_visit"] == {"callers": 2, "came": 1, "within_days": 30, "rate": "0.5000"}
    subscriptions = found["subscriptions"]
    assert subscriptions["new"] == {"units": 2, "area": "180.00", "amount": "3500000.00"}
    assert subscriptions["cancelled"] == {"units": 1, "area": "90.00", "amount": "1800000.00"}
    assert subscriptions["net"] == {
        "units": 1,
        "area": "90.00",
        "amount": "1700000.00",
        "average_price": "18888.89",
    }
    signing = found["signing"]
    assert signing["new"] == {"units": 1, "area": "120.00", "amount": "3000000.00"}
    assert signing["cancelled"] == {"units": 1, "area": "110.00", "amount": "2500000.00"}
    assert signing["changes"] == {"units": 0, "area": "12.00", "amount": "300000.00"}
    assert signing["net"] == {"units": 0, "area": "22.00", "amount": "800000.00", "average_price": "36363.64"}
    assert found["collection"] == {"received": "100000.00", "refunded": "20000.00", "net": "80000.00"}
    channels = {row["channel"]["label"]: row for row in found["by_channel"]}
    assert (channels["自然到访"]["visits"], channels["广告"]["visits"]) == (1, 2)
    people = {row["person"]["label"]: row for row in found["by_person"]}
    assert people["陈强"]["signing"]["net"]["amount"] == "3000000.00"
    assert people["周敏"]["signing"]["net"]["amount"] == "-2500000.00"
    assert people["李娜"]["signing"]["net"] == {
        "units": 0,
        "area": "12.00",
        "amount": "300000.00",
        "average_price": "25000.00",
    }
    year = found["to_date"]["year"]["signing"]
    assert year["new"] == {"units": 3, "area": "330.00", "amount": "7500000.00"}
    assert year["net"]["amount"] == "5300000.00"  # 7.5 m − 2.5 m + 0.3 m


def test_a_price_change_is_the_difference_and_no_unit(office):
    with office.as_("manager") as access:
        books = Books(office)
        deal = books.deal("2025-03-01", books.customer("2025-03-01", "consultant1"), "consultant1")
        first = books.contract("2025-03-01", deal, "2000000.00", state="voided")
        books.contract("2025-03-20", deal, "1950000.00", revision=2)
        found = ask(access, "sales-monthly", date="2025-03-31")["signing"]
        first.refresh_from_db()
    assert found["new"] == {"units": 1, "area": "100.00", "amount": "2000000.00"}
    assert found["changes"] == {"units": 0, "area": "0.00", "amount": "-50000.00"}
    assert found["net"]["amount"] == "1950000.00"


def test_periods_end_where_the_calendar_says(office):
    with office.as_("manager") as access:
        books = Books(office)
        for day in ("2025-02-28", "2025-03-01", "2025-03-31", "2025-04-01"):
            books.lead(day, "consultant1")
        assert ask(access, "sales-monthly", date="2025-03-15")["leads"] == 2
        assert ask(access, "sales-weekly", date="2025-03-05")["period"] == {
            "kind": "week",
            "key": "2025-W10",
            "from": "2025-03-03",
            "to": "2025-03-09",
        }
        assert ask(access, "sales-daily", date="2025-02-28")["leads"] == 1
        assert ask(access, "sales-daily", date="2025-03-31", period="year")["leads"] == 4
        assert ask(access, "sales-daily", date="2025-03-31")["to_date"]["month"]["leads"] == 2


def test_today_is_the_projects_day(office, monkeypatch):
    """23:30 UTC on 31 December is New Year's morning in Shanghai, and still the old year in New York."""
    late = dt.datetime(2025, 12, 31, 23, 30, tzinfo=dt.UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: late)
    with office.as_("manager") as access:
        assert ask(access, "sales-daily")["date"] == "2026-01-01"
    office.project.time_zone = "America/New_York"
    office.project.save()
    from anchang.platform.access import bump_stamp

    bump_stamp()
    with office.as_("manager") as access:
        assert ask(access, "sales-daily")["date"] == "2025-12-31"


def close(office: Office, through: str) -> dt.date | None:
    return close_report_days(Context(office.access("system"), office.project), dt.date.fromisoformat(through))


def test_a_closed_day_never_changes_and_nothing_is_lost(office):
    with office.as_("manager") as access:
        books = Books(office)
        fill(books)
        before = ask(access, "sales-daily", date="2025-03-10")
        assert close(office, "2025-03-10") == dt.date(2025, 3, 10)
        after = ask(access, "sales-daily", date="2025-03-10")
        assert after.pop("closed") and not before.pop("closed")
        assert after == before
        # Entered late: a visit and a contract of the closed day, and a lead taken away.
        customer = books.customer("2025-03-10", "consultant6")
        books.visit("2025-03-10", customer, "consultant6")
        books.contract("2025-03-10", books.deal("2025-03-10", customer, "consultant6"), "1000000.00", "50.00")
        from anchang.crm.models import Lead

        Lead.objects.filter(business_date="2025-03-10", valid=None).update(deleted_at=dt.datetime.now(dt.UTC))
        again = ask(access, "sales-daily", date="2025-03-10")
        assert again.pop("closed")
        assert {k: v for k, v in again.items() if k != "to_date"} == {k: v for k, v in after.items() if k != "to_date"}
        # The next closing carries the difference, so that the month is whole again.
        assert close(office, "2025-03-11") == dt.date(2025, 3, 11)
        assert close(office, "2025-03-11") is None
        next_day = ask(access, "sales-daily", date="2025-03-11")
        assert (next_day["visits"], next_day["leads"], next_day["new_customers"]) == (1, -1, 1)
        assert next_day["signing"]["new"] == {"units": 1, "area": "50.00", "amount": "1000000.00"}
        month = ask(access, "sales-monthly", date="2025-03-11")
        assert (month["visits"], month["leads"]) == (5, 1)  # the visit of the 12th included
        assert month["signing"]["net"]["amount"] == "1800000.00"
        close(office, "2025-03-12")
        assert not DayFigure.objects.filter(day="2025-03-12").exclude(about="2025-03-12").exists()


def test_closing_twice_adds_nothing_and_today_stays_open(office):
    with office.as_("manager") as access:
        fill(Books(office))
        today = Context(access, office.project).business_date
        assert close(office, (today + dt.timedelta(days=5)).isoformat()) == today - dt.timedelta(days=1)
        count = DayFigure.objects.count()
        assert close_report_days(Context(access, office.project)) is None
        assert DayFigure.objects.count() == count


def test_the_database_refuses_to_change_a_closed_figure(office):
    from django.db import ProgrammingError, transaction

    with office.as_("manager"):
        fill(Books(office))
        close(office, "2025-03-10")
        for statement in ("UPDATE insight_dayfigure SET count = 9", "DELETE FROM insight_dayfigure"):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_a_consultant_sees_his_own_numbers_only(office):
    with office.as_("manager"):
        fill(Books(office))
    with office.as_("consultant1") as access:
        found = ask(access, "sales-daily", date="2025-03-10")
        assert found["scope"] == "own"
        assert (found["leads"], found["calls"], found["visits"]) == (1, 2, 0)
        assert found["signing"]["net"]["amount"] == "3000000.00"
        assert [row["person"]["label"] for row in found["by_person"]] == ["陈强"]
        other = str(office.users["consultant2"].pk)
        assert ask(access, "sales-daily", date="2025-03-10", user=other)["signing"] == found["signing"]


def test_a_group_user_gets_several_projects_as_one(office):
    other = make_office("QT", "qt-")
    with office.as_("group"):
        fill(Books(office))
        Books(other).lead("2025-03-10", "consultant1")
        close(office, "2025-03-10")
    with office.as_("group") as access:
        found = ask(access, "sales-daily", date="2025-03-10", project="")
        assert [p["code"] for p in found["projects"]] == ["QT", "YQ"]
        assert found["leads"] == 3 and found["closed"] is False
        assert ask(access, "sales-daily", date="2025-03-10", project="QT")["leads"] == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"date": "2025-02-31"}, "date"),
        ({"date": "gestern"}, "date"),
        ({"period": "decade"}, "period"),
        ({"from_": "2025-03-02", "to": "2025-03-01"}, "to"),
        ({"from_": "1995-01-01", "to": "2025-03-01"}, "to"),
        ({"team": "x"}, "team"),
        ({"date": "9999-12-31"}, "date"),
        ({"compare_from": "2025-01-01"}, "compare_to"),
    ],
)
def test_bad_questions_name_the_field(office, given, field):
    with office.as_("manager") as access, pytest.raises(DomainError) as refused:
        ask(access, "funnel", **given)
    assert refused.value.status == 422 and list(refused.value.fields) == [field]


def test_who_may_not_is_refused_and_other_projects_are_not_there(office):
    other = make_office("QT", "qt-")
    with office.as_("consultant1") as access:
        with pytest.raises(DomainError) as refused:
            ask(access, "sales-daily", project="QT")
        assert refused.value.status == 404
    with other.as_("service") as access:
        REPORTS["ranking"].ask(access, {"project": "QT"})
    from anchang.platform.access import Access

    nothing = Access(access.actor, {office.project.pk: {"units.view": "project"}})
    with office.as_("service"), pytest.raises(DomainError) as refused:
        REPORTS["sales-daily"].ask(nothing, {})
    assert refused.value.status == 403
    denied = Access(access.actor, {office.project.pk: {"reports.*": "project", "!reports.funnel": "project"}})
    assert not REPORTS["funnel"].visible(denied) and REPORTS["ranking"].visible(denied)


def test_the_number_of_queries_does_not_grow(office):
    with office.as_("manager") as access:
        books = Books(office)
        fill(books)
        ask(access, "sales-daily", date="2025-03-10")
        with CaptureQueriesContext(
            connection,
        ) as few:
            ask(access, "sales-daily", date="2025-03-10")
        for n in range(20):
            books.lead("2025-03-10", ("consultant1", "consultant6")[n % 2])
        with CaptureQueriesContext(connection) as many:
            ask(access, "sales-daily", date="2025-03-10")
    assert len(many) == len(few) <= 12
