"""Several people close one commission statement: one closing, each line settled once; preparing at the same time
gives no second statement."""

from __future__ import annotations

import pytest

from anchang.commission.models import Line, Statement
from anchang.platform.models import Event
from tests.commission.pay import catch_up, make_scheme
from tests.commission.test_following import confirm_all
from tests.deals.desk import Desk, make_desk
from tests.factories import run
from tests.races.test_two_cashiers import CASHIERS, race


@pytest.fixture
def desk(transactional_db) -> Desk:
    made = make_desk()
    with made.office.as_("system"):
        make_scheme(made)
        for index in range(2):
            catch_up(made, made.sign(index))
        confirm_all(made)
    return made


def prepare(desk: Desk, access) -> None:
    run("prepare_statements", access, month=desk.office.project.today().isoformat())


def test_two_closers_close_once(desk):
    with desk.office.as_("finance") as access:
        prepare(desk, access)
        statement = Statement.objects.get()
    codes = race(desk, lambda access, _n: run("close_statement", access, statement))
    with desk.office.as_("system"):
        assert codes["done"] == 1 and codes["state_refused"] + codes["statement_closed"] == CASHIERS - 1
        statement.refresh_from_db()
        lines = list(Line.objects.filter(statement=statement))
        assert {line.state for line in lines} == {"settled"}
        assert statement.lines_total == sum(line.amount for line in lines) == statement.to_pay
        assert Event.objects.filter(name="statement.closed").count() == 1


def test_preparing_while_others_close_loses_no_line_and_pays_none_twice(desk):
    with desk.office.as_("finance") as access:
        prepare(desk, access)
        statement = Statement.objects.get()

    def work(access, number):
        if number % 2:
            run("close_statement", access, statement)
        else:
            prepare(desk, access)

    race(desk, work)
    with desk.office.as_("system"):
        statement.refresh_from_db()
        assert statement.state == "closed"
        settled = list(Line.objects.filter(state="settled"))
        assert {line.statement_id for line in settled} == {statement.pk}
        assert sum(line.amount for line in settled) == statement.lines_total
