"""Awards name the winner from the ranking's own numbers and make a payable line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest

from anchang.commission import ranking
from anchang.commission.models import Line
from anchang.insight import catalogue
from anchang.kernel.errors import DomainError
from tests.factories import Office, make_office, run
from tests.insight.books import Books

pytestmark = pytest.mark.django_db
MARCH = (dt.date(2025, 3, 1), dt.date(2025, 3, 31))
AWARD = {"name": "月度销冠", "kind": "champion", "prize": "5000", "valid_from": "2025-01-01"}


@pytest.fixture
def office() -> Office:
    return make_office()


def fill(books: Books) -> None:
    for day, who, total in (
        ("2025-03-02", "consultant1", "2000000.00"), ("2025-03-05", "consultant1", "1000000.00"),
        ("2025-03-09", "consultant5", "2500000.00"), ("2025-02-09", "consultant5", "9000000.00"),
    ):  # fmt: skip
        books.contract(day, books.deal(day, books.customer(day, who), who), total)
    gone = books.deal("2025-02-01", books.customer("2025-02-01", "consultant2"), "consultant2")
    books.contract("2025-02-01", gone, "700000.00", state="terminated", terminated_on=dt.date(2025, 3, 3), fault="none")


def test_results_are_those_of_the_ranking_report(office):
    with office.as_("manager") as access:
        fill(Books(office))
        report = catalogue.REPORTS["ranking"]
        shown = report.answer(report.ask(access, {"date": "2025-03-15", "period": "month"}))["boards"]
        for board in ("amount", "units", "collection"):
            ours = ranking.results(office.project, board, *MARCH)
            theirs = {row["user"]["id"]: D(str(row["value"])) for row in shown[board] if D(str(row["value"]))}
            assert {u: v for u, v in ours.items() if v} == theirs, board


def test_the_champion_gets_a_payable_line_once(office):
    with office.as_("manager") as access:
        fill(Books(office))
        award = run("add_commission_awards", access, **AWARD)
        given = run("give_award", access, award, period="2025-03-20")
        assert [(w["user"]["id"], w["value"], w["prize"]) for w in given["winners"]] == [
            (office.users["consultant1"].pk, "3000000.00", "5000.00")
        ]
        line = Line.objects.get()
        assert (line.kind, line.state, line.amount, line.reached_on) == ("award", "payable", D(5000), MARCH[1])
        with pytest.raises(DomainError, match="award_given"):
            run("give_award", access, award, period="2025-03-01")
        assert run("void_award", access, line).state == "void"
        assert len(run("give_award", access, award, period="2025-03-01")["winners"]) == 1
        with pytest.raises(DomainError, match="month_not_over"):
            run("give_award", access, award, period=office.project.today().isoformat())
        with pytest.raises(DomainError, match="award_not_then"):
            run("give_award", access, award, period="2024-12-01")
        with pytest.raises(DomainError, match="nobody_won"):
            run("give_award", access, award, period="2025-01-01")
        mark = run("add_commission_awards", access, **AWARD | {"kind": "breakthrough", "threshold": "2500000"})
        assert len(run("give_award", access, mark, period="2025-03-20")["winners"]) == 2
