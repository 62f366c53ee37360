"""The pricing pages: schemes with trial and factor tables as text, slow movers, what discounts cost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.inventory import rules
from anchang.inventory.models import PriceAdjustment, PriceScheme, Unit
from tests.factories import PASSWORD, run
from tests.insight.test_sales import ask


@pytest.fixture
def enter(client, desk):
    def as_user(who: str) -> Any:
        assert client.login(username=who, password=PASSWORD)
        return client

    return as_user


@pytest.mark.django_db
def test_a_scheme_is_tried_and_its_tables_are_typed(enter, desk):
    access = desk.office.access("director")
    scheme = run("add_price_schemes", access, name="二期", base_price="23500", targets=[{"average": "24000"}])
    client = enter("director")
    url = f"/pricing/schemes/{scheme.pk}/"
    text = client.get(url).content.decode()
    assert "11,313,840.00" in text and "240,720.00" in text and "500.00" in text
    assert "11,554,560.00" in client.get(url, {"base": "24,000"}).content.decode()
    assert PriceScheme.objects.get(pk=scheme.pk).base_price == 23500
    form = {
        "base_price": "23600", "new-name": "楼层", "new-dimension": "floor", "new-kind": "amount",
        "new-lines": "1 -100\n2~30 +50",
    }  # fmt: skip
    assert client.post(url, form).status_code in (204, 302)
    scheme.refresh_from_db()
    assert scheme.factors[0]["lines"] == [{"from": "1", "to": "1", "value": "-100"}, {"from": "2", "to": "30", "value": "50"}]
    bad = client.post(url, {"base_price": "23600", "factor-0": "1 viel"})
    assert bad.status_code == 422 and "1 viel" in bad.content.decode()
    assert client.post(url, {"base_price": "23600", "factor-0": ""}).status_code in (204, 302)
    scheme.refresh_from_db()
    assert scheme.factors == []


@pytest.mark.django_db
def test_slow_movers_are_ticked_for_an_adjustment_and_costs_are_shown_by_kind(enter, desk):
    today = desk.office.project.today()
    Unit.objects.filter(pk=desk.unit(2).pk).update(available_since=today - dt.timedelta(days=100))
    desk.subscribe(discounts=["F2"])
    client = enter("director")
    text = client.get("/pricing/").content.decode()
    assert desk.unit(2).label in text and "100" in text and "20,000.00" in text
    answer = client.post("/pricing/adjust", {"units": [desk.unit(2).pk], "percent": "-1", "reason": "滞销"})
    assert answer.status_code in (204, 302)
    assert PriceAdjustment.objects.get().unit_ids == [desk.unit(2).pk]
    assert client.post("/pricing/adjust", {"percent": "-1", "reason": "x"}).status_code == 422


@pytest.mark.django_db
def test_discounts_are_counted_by_kind_and_name_for_whom_they_concern(desk, enter):
    desk.subscribe(discounts=["F2"])
    found = ask(desk.office.access("director"), "discounts")
    assert (found["total"], [(k["purpose"], k["deals"], k["amount"], k["share"]) for k in found["kinds"]]) == (
        "20000.00", [("cash", 1, "20000.00", "1.0000")],
    )  # fmt: skip
    assert [(row["name"], row["amount"]) for row in found["rows"]] == [("直减 2 万", "20000.00")]
    assert ask(desk.office.access("consultant5"), "discounts")["rows"] == [], "nobody else's deals"
    client = enter("director")
    for key in ("discounts", "slow-moving", "withheld", "sales-modes"):
        page = client.get(f"/reports/{key}/")
        assert page.status_code == 200, key
    assert "20,000" in client.get("/reports/discounts/").content.decode()


@pytest.mark.django_db
def test_the_sales_floor_does_not_see_pricing(enter, desk):
    scheme = run("add_price_schemes", desk.office.access("director"), name="二期", base_price="23500")
    client = enter("consultant1")
    assert client.get("/pricing/").status_code == 403
    assert client.get(f"/pricing/schemes/{scheme.pk}/").status_code in (403, 404)


@given(st.lists(st.tuples(st.integers(-5, 40), st.integers(0, 9), st.decimals(-999, 999, places=2)), min_size=1, max_size=5))
def test_tables_survive_as_text(rows: list[tuple[int, int, Any]]) -> None:
    lines = [{"from": low, "to": low + more, "value": str(value)} for low, more, value in rows]
    (factor,) = rules.read_factors([{"name": "x", "dimension": "floor", "kind": "amount", "lines": lines}])
    again = {"name": "x", "dimension": "floor", "kind": "amount", "lines": rules.read_lines("floor", rules.lines_text(factor))}
    assert rules.read_factors([again]) == (factor,)
