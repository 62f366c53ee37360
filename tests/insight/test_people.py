"""Funnel, cycle, ranking and process indicators on a small office, by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.insight.commands import close_report_days
from anchang.platform.context import Context
from tests.factories import Office, make_office, run
from tests.insight.books import Books
from tests.insight.test_sales import ask

pytestmark = pytest.mark.django_db
MARCH = {"from_": "2025-03-01", "to": "2025-03-31"}


@pytest.fixture
def office() -> Office:
    return make_office()


def fill(books: Books) -> None:
    """Six leads of March: one invalid, one valid only, one visited, one subscribed, two signed (one terminated).
    One repeat lead, one lead of February who visits and signs in March, one walk-in who signs in March."""
    people = {n: books.customer("2025-03-01", "consultant1") for n in ("visited", "subscribed", "signed")}
    people["ended"] = books.customer("2025-03-01", "consultant5")
    books.lead("2025-03-01", "consultant1", valid=False)
    books.lead("2025-03-31", "consultant5", valid=True, channel="walk")
    for who in ("visited", "subscribed", "signed"):
        books.lead("2025-03-02", "consultant1", people[who], valid=None if who == "visited" else True)
    books.lead("2025-03-02", "consultant5", people["ended"])
    books.lead("2025-03-20", "consultant5", people["signed"])  # not his first
    books.visit("2025-04-15", people["visited"], "consultant1")
    books.subscription("2025-03-05", books.deal("2025-03-05", people["subscribed"], "consultant1"), "2000000.00")
    deal = books.deal("2025-03-05", people["signed"], "consultant1")
    books.subscription("2025-03-05", deal, "2000000.00", state="signed")
    books.contract("2025-03-12", deal, "2000000.00")
    deal = books.deal("2025-03-06", people["ended"], "consultant5")
    books.contract(
        "2025-03-06", deal, "2500000.00", state="terminated", terminated_on=dt.date(2025, 4, 2), fault="none"
    )
    earlier, walk_in = (
        books.customer("2025-02-10", "consultant5"),
        books.customer("2025-03-03", "consultant5", "walk"),
    )
    books.lead("2025-02-10", "consultant5", earlier)
    books.visit("2025-03-03", earlier, "consultant5")
    books.visit("2025-03-04", earlier, "consultant5", seq=2)
    books.contract("2025-03-10", books.deal("2025-03-08", earlier, "consultant5"), "1000000.00")
    books.visit("2025-03-03", walk_in, "consultant5", channel="walk")
    books.contract("2025-03-22", books.deal("2025-03-20", walk_in, "consultant5"), "1500000.00")


def test_cohort_follows_first_leads_until_today(office):
    with office.as_("manager") as access:
        fill(Books(office))
        found = ask(access, "funnel", basis="cohort", **MARCH)
    # Six first leads: all but the invalid one are valid (the visited one by what came later).
    # Visited: visited, subscribed, signed. The terminated contract had no visit and no subscription of its own.
    assert found["stages"] == {"leads": 6, "valid": 5, "visited": 3, "subscribed": 2, "signed": 1}
    assert found["rates"] == {
        "valid_rate": "0.8333",
        "visited_rate": "0.6000",
        "subscribed_rate": "0.6667",
        "signed_rate": "0.5000",
        "total_rate": "0.1667",
    }
    assert found["cycle"] == {"count": 1, "median": "10.0", "mean": "10.0"}
    assert found["basis"] == "cohort" and found["as_of"]


def test_period_counts_events_and_sets_walk_ins_apart(office):
    with office.as_("manager") as access:
        fill(Books(office))
        found = ask(access, "funnel", basis="period", **MARCH)
    # Leads: six persons (the repeat is the same one). Visits of March: the lead of February; the walk-in apart.
    # Signed in March: signed, ended (the signing stays where it happened), the lead of February; walk-in apart.
    assert found["stages"] == {"leads": 6, "valid": 4, "visited": 1, "subscribed": 2, "signed": 3}
    assert found["walk_ins"] == {"visited": 1, "subscribed": 0, "signed": 1}
    # 10 days, 4 days, and 28 days from 10 February to 10 March.
    assert found["cycle"] == {"count": 3, "median": "10.0", "mean": "14.0"}


def test_teams_channels_and_periods_stand_side_by_side(office):
    with office.as_("manager") as access:
        fill(Books(office))
        teams = ask(
            access,
            "funnel",
            basis="cohort",
            by="team",
            compare_from="2025-02-01",
            compare_to="2025-02-28",
            **MARCH,
        )
        sources = ask(access, "sources", basis="cohort", **MARCH)
    by_team = {g["key"]["label"]: g["stages"]["leads"] for g in teams["groups"]}
    assert by_team == {"A 组": 4, "B 组": 2}
    assert teams["compare"]["stages"] == {"leads": 1, "valid": 1, "visited": 1, "subscribed": 1, "signed": 1}
    shares = {g["key"]["label"]: g["shares"]["leads"] for g in sources["groups"]}
    assert shares == {"广告": "0.8333", "自然到访": "0.1667"}
    assert sum(g["stages"]["leads"] for g in sources["groups"]) == sources["stages"]["leads"] == 6


def test_a_consultant_sees_his_funnel_beside_the_team(office):
    with office.as_("manager"):
        fill(Books(office))
        Books.lead(books_of(office), "2025-03-05", "consultant2")
    with office.as_("consultant1") as access:
        found = ask(access, "personal-funnel", basis="cohort", **MARCH)
        assert ask(access, "funnel", basis="cohort", **MARCH)["stages"]["leads"] == 4
        other = ask(access, "personal-funnel", basis="cohort", user=str(office.users["consultant5"].pk), **MARCH)
    assert found["person"]["label"] == "陈强" and found["members"] == 2
    assert found["mine"]["stages"] == {"leads": 4, "valid": 3, "visited": 3, "subscribed": 2, "signed": 1}
    assert found["team"]["stages"]["leads"] == 5
    assert found["team"]["average"] == {
        "leads": "2.5",
        "valid": "2.0",
        "visited": "1.5",
        "subscribed": "1.0",
        "signed": "0.5",
    }
    assert other["person"] == found["person"]  # somebody else's funnel isn't his to ask for


def books_of(office: Office) -> Books:
    """Further rows for an office whose books exist."""
    from anchang.crm.models import Channel

    books = Books.__new__(Books)
    books.office, books.project, books.last = office, office.project, 9000
    books.channels = {c.code: c for c in Channel.objects.all()}
    return books


def test_ranking_with_equal_ranks(office):
    with office.as_("manager"):
        books = Books(office)
        fill(books)
        books.receipt(
            "2025-03-12",
            books.deal("2025-03-01", books.customer("2025-02-01", "consultant6"), "consultant6"),
            "50000.00",
        )
    with office.as_("consultant1") as access:
        found = ask(access, "ranking", date="2025-03-15")
        april = ask(access, "ranking", date="2025-04-15")
        close_report_days(Context(office.access("system"), office.project))
        closed = ask(access, "ranking", date="2025-03-15")
    assert found["period"]["from"] == "2025-03-01"
    amount = [(r["rank"], r["user"]["label"], r["value"]) for r in found["boards"]["amount"]]
    assert amount[:2] == [(1, "李娜", "5000000.00"), (2, "陈强", "2000000.00")]
    assert [a[0] for a in amount[2:]] == [3, 3]  # nobody else signed
    assert [(r["rank"], r["value"]) for r in found["boards"]["units"]] == [(1, 3), (2, 1), (3, 0), (3, 0)]
    assert found["boards"]["collection"][0]["user"]["label"] == "赵磊"
    assert found["boards"]["collection"][0]["value"] == "50000.00"
    customers = {r["user"]["label"]: r["value"] for r in found["boards"]["new_customers"]}
    assert customers == {"陈强": 3, "李娜": 2, "周敏": 0, "赵磊": 0}
    assert found["mine"]["amount"]["rank"] == 2
    # The contract ended in April counts there, at the deal's total.
    assert april["boards"]["amount"][-1]["value"] == "-2500000.00"
    assert closed["boards"] == found["boards"] and closed["closed"]


def test_process_indicators(office):
    with office.as_("manager") as access:
        books = Books(office)
        one, two = (
            books.customer("2025-03-03", "consultant1", grade="A"),
            books.customer("2025-03-04", "consultant1", grade="B"),
        )
        for day, customer in (
            ("2025-03-03", one),
            ("2025-03-03", one),
            ("2025-03-05", two),
            ("2025-03-10", two),
        ):
            books.follow_up(day, customer, "consultant1")
        found = ask(access, "process", from_="2025-03-03", to="2025-03-09")
    (row,) = found["rows"]
    assert (row["follow_ups"], row["active_days"], row["customers_followed"]) == (3, 2, 2)
    assert (row["per_day"], row["per_week"], row["per_customer"]) == ("0.4", "3.0", "1.5")
    assert (row["new_customers"], row["a_customers"], row["b_customers"]) == (2, 1, 1)


def test_assignment_by_rule_and_person(office):
    """L13: by the first assignment; contacted in time against the limit of the lead's clock."""
    with office.as_("consultant1") as access:
        run("check_in", access)
    with office.as_("manager") as access:
        run("add_assignment_rules", access, name="高端", conditions={"field": "score", "op": "gte", "value": 80})
        at = timezone.now() - dt.timedelta(minutes=10)
        add = {"channel": "advert", "captured_at": at.isoformat()}
        best = run("add_leads", access, name="甲", phone="13800000001", score=90, **add)
        run("add_leads", access, name="乙", phone="13800000002", score=90, **add)
    with office.as_("consultant1") as access:
        run("follow_up_lead", access, best, method="phone", content="在看")
    with office.as_("manager") as access:
        run("assign_lead", access, best, user=office.users["consultant2"].pk)  # later steps don't change the figure
        today = timezone.localdate().isoformat()
        found = ask(access, "assigning", from_=today, to=today)
    (row,) = found["rows"]
    assert (row["rule"]["label"], row["user"]["id"]) == ("高端", office.users["consultant1"].pk)
    assert (row["leads"], row["contacted"], row["in_time"], float(row["in_time_rate"])) == (2, 1, 1, 0.5)
    assert 10 <= float(row["median_minutes"]) < 12


def test_few_statements(office):
    with office.as_("manager") as access:
        fill(Books(office))
        for key, given, most in (
            ("funnel", {"basis": "cohort", **MARCH}, 6),
            ("funnel", {"basis": "period", "by": "team", **MARCH}, 9),
            ("ranking", {"date": "2025-03-15"}, 10),
            ("process", MARCH, 11),
            ("personal-funnel", MARCH, 10),
        ):
            with CaptureQueriesContext(connection) as seen:
                ask(access, key, **given)
            assert len(seen) <= most, [q["sql"][:100] for q in seen]
