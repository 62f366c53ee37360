"""What stands under a list: at once when it is short, in a second answer when it is long."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.db.models import FloatField, Func, Sum, Value
from django.test.utils import CaptureQueriesContext

from anchang.inventory.models import Unit
from anchang.platform import parameters
from anchang.platform.ui import totals
from tests.deals.desk import make_desk
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
UNITS = 12


@pytest.fixture
def expected(client):
    """The units of the desk and what they cost together, as the page writes it."""
    desk = make_desk(floors=6)
    assert client.login(username="director", password=PASSWORD)
    with desk.office.as_("system"):
        total = Unit.objects.aggregate(sum=Sum("list_total"))["sum"]
        assert Unit.objects.count() == UNITS
    return f"{total:,.2f}"


def words(answer) -> str:
    assert answer.status_code == 200
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


def test_a_short_list_is_summed_at_once(client, expected):
    said = client.get("/r/units/totals")
    assert str(UNITS) in words(said) and expected in words(said) and "whole=1" not in said.content.decode()


def test_a_long_list_is_summed_by_one_statement_in_a_second_answer(client, expected, monkeypatch):
    monkeypatch.setattr(totals, "COUNT_CAP", 5)
    first = client.get("/r/units/totals?q=")
    assert "5+" in words(first) and expected not in words(first)
    (address,) = re.findall(r'hx-get="([^"]+whole=1[^"]*)"', first.content.decode())
    with CaptureQueriesContext(connection) as queries:
        second = client.get(address)
    assert str(UNITS) in words(second) and expected in words(second)
    assert len([q for q in queries if "SUM(" in q["sql"]]) == 1
    assert "hx-get" not in second.content.decode()


def test_a_sum_that_takes_too_long_is_left_out(client, expected, monkeypatch):
    monkeypatch.setattr(totals, "COUNT_CAP", 5)
    asked = parameters.value
    monkeypatch.setattr(
        parameters, "value", lambda key, *rest: 0.001 if key == "platform.totals_seconds" else asked(key, *rest)
    )
    slow = Func(Value(60), template="(SELECT 1.0 FROM pg_sleep(%(expressions)s))", output_field=FloatField())
    monkeypatch.setattr(totals, "_sums", lambda summed: {"s_slow": Sum(slow)})
    said = client.get("/r/units/totals?whole=1")
    assert "5+" in words(said) and expected not in words(said)
    assert client.get("/r/units/").status_code == 200
