"""The cashier's day: what went out in cash and what only moved between deals is nothing to find in the drawer."""

from __future__ import annotations

import datetime as dt

import pytest

from anchang.deals.models import Deal
from anchang.finance.models import DayClose
from anchang.finance.queries import unclosed_days
from anchang.insight.catalogue import REPORTS
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


def test_a_day_is_counted_without_cash_paid_back_and_without_transfers(desk, client):
    first, second = desk.sign(0), desk.sign(1)
    desk.receive(first, str(first.total), "transfer")
    desk.receive(first, "500", "cash", confirm_surplus=True)
    finance, director = desk.office.access("finance"), desk.office.access("director")
    refund = run("request_refunds", finance, deal=first.deal_id, amount="100", reason="x")
    run("pay_refund", finance, run("approve_refund", director, refund), way="cash")
    source = Deal.objects.get(pk=first.deal_id)
    run("approve_transfer", director, run("transfer_money", finance, source, to=second.deal_id, amount="300", reason="x"))

    here = desk.office.project
    tomorrow = here.today() + dt.timedelta(days=1)
    assert unclosed_days(here, tomorrow) == [(desk.office.users["finance"].pk, here.today())]  # not the director's
    client.login(username="finance", password=PASSWORD)
    page = client.get("/cashier/close/").content.decode()
    assert "400.00" in page and "100.00" in page
    run("close_day", finance, cash="400", transfer=str(first.total))
    assert DayClose.objects.get().difference == 0
    report = REPORTS["bank-day"]
    cash = next(w for w in report.answer(report.ask(finance, {}))["ways"] if w["way"] == "cash")
    assert (cash["booked"], cash["counted"], cash["difference"]) == ("500.00", "400.00", "0.00")
