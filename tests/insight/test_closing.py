"""Reports at the set time: the job closes by the project's clock, tells the readers, and what it told stays true."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from anchang.insight.commands.announcing import ended
from anchang.insight.models import ReportClose
from anchang.platform import jobs
from anchang.platform.access import bump_stamp
from anchang.platform.models import Notice, Parameter
from anchang.platform.wording import worded
from tests.factories import Office, make_office
from tests.insight.books import Books
from tests.insight.test_sales import ask

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def office() -> Office:
    return make_office()


def at(monkeypatch, *moment: int) -> None:
    now = dt.datetime(*moment, tzinfo=SHANGHAI).astimezone(dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)


def run_job(office: Office) -> None:
    jobs.run_now("insight.close_days", office.access("system"), office.project)


def closed(office: Office) -> list[dt.date]:
    with office.as_("system"):
        return list(ReportClose.objects.order_by("through").values_list("through", flat=True))


def test_the_job_waits_for_the_set_hour_and_tells_who_reads_reports(office, monkeypatch, client):
    Parameter.objects.create(key="insight.close_hour", project=office.project, value=5, valid_from=dt.date(2020, 1, 1))
    bump_stamp()
    with office.as_("manager"):
        books = Books(office)
        books.visit("2025-03-09", books.customer("2025-03-09", "consultant1"), "consultant1")
    at(monkeypatch, 2025, 3, 10, 4, 59)
    run_job(office)
    assert closed(office) == []
    at(monkeypatch, 2025, 3, 10, 5, 20)
    run_job(office)
    run_job(office)
    assert closed(office) == [dt.date(2025, 3, 9)], "a Sunday, once"
    with office.as_("system"):
        told = list(Notice.objects.filter(code__startswith="report_").order_by("pk"))
    people = {n.user_id for n in told}
    assert office.users["manager"].pk in people and office.users["consultant1"].pk not in people
    mine = [n for n in told if n.user_id == office.users["manager"].pk]
    assert [n.code for n in mine] == ["report_day", "report_week", "report_month"]
    week = mine[1].params
    assert (week["from"], week["to"], week["visits"]) == ("2025-03-03", "2025-03-09", 1)
    assert "%(" not in worded("notice.report_week", week)
    client.force_login(office.users["manager"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/messages/{mine[0].pk}/", follow=True)
    assert page.redirect_chain[-1][0] == "/reports/sales-daily/?project=YQ&date=2025-03-09"
    # What is entered late changes neither the day's report nor what was told about it.
    with office.as_("manager") as access:
        books.visit("2025-03-09", books.customer("2025-03-09", "consultant2"), "consultant2")
        assert ask(access, "sales-daily", date="2025-03-09")["visits"] == 1
        assert ask(access, "sales-weekly", date="2025-03-09")["visits"] == week["visits"]


@pytest.mark.parametrize(
    ("through", "before", "expected"),
    [
        ("2025-03-10", "2025-03-09", [("day", "2025-03-10")]),
        ("2025-03-09", "2025-03-08", [("day", "2025-03-09"), ("week", "2025-03-09")]),
        ("2025-03-31", "2025-03-30", [("day", "2025-03-31"), ("month", "2025-03-31")]),
        ("2025-04-02", "2025-03-28", [("day", "2025-04-02"), ("week", "2025-03-30"), ("month", "2025-03-31")]),
    ],
)
def test_a_period_is_told_when_it_is_whole(through, before, expected):
    found = list(ended(dt.date.fromisoformat(through), dt.date.fromisoformat(before)))
    assert [(kind, last.isoformat()) for kind, last in found] == expected
