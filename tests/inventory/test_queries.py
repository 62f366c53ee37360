"""The board, the unit-state report and search of units."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from anchang.inventory import queries
from anchang.inventory.commands import change_unit_state
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.models import FieldRule
from tests.factories import make_office, run
from tests.inventory.stock import make_stock, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Any:
    return make_office()


def test_board_has_floors_from_the_top_in_few_queries(
    office: Any, django_assert_max_num_queries: Any
) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, floors=11, per_floor=2)
        release(stock, access, 0)
        with django_assert_max_num_queries(3):
            board = queries.unit_board(access, office.project)
    building = board["buildings"][0]
    assert [f["floor"] for f in building["floors"]] == list(range(11, 0, -1))
    assert [c["code"] for c in building["floors"][-1]["cells"]] == ["101", "102"]
    assert board["counts"] == {"available": 1, "unreleased": 21}
    first = building["floors"][-1]["cells"][0]
    assert (first["state"], first["list_total"], first["gross_area"]) == ("available", "2828460.00", "120.36")
    assert board["layouts"][first["layout"]]["code"] == "A"
    assert "floor_total" not in first


def test_board_obeys_field_rules_and_rights(office: Any) -> None:
    with office.as_("director") as access:
        make_stock(office, access)
        ruled = Access(access.actor, access.rights, {office.project.pk: {"units": {"list_total": "hide"}}})
        cell = queries.unit_board(ruled, office.project)["buildings"][0]["floors"][0]["cells"][0]
        assert "list_total" not in cell
        assert "list_total" not in queries.visible_cell(
            ruled, office.project.pk, queries.board_cell(Unit.objects.all()[0])
        )
        with pytest.raises(DomainError) as caught:
            queries.unit_board(Access(access.actor, {office.project.pk: {}}), office.project)
        assert caught.value.code == "forbidden"
    assert FieldRule.objects.count() >= 0


def test_state_report_of_a_past_day_never_changes(office: Any) -> None:
    now = timezone.now()
    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
        today = queries.unit_state_report(access, office.project)
        later = Context(access, office.project, now=now + dt.timedelta(days=3))
        change_unit_state(later, stock.unit(), "subscribed")
        later.flush()
        past = queries.unit_state_report(access, office.project, later.business_date - dt.timedelta(days=2))
        assert past["totals"] == today["totals"] == [
            {"state": "available", "units": 4, "area": "481.44", "amount": "11313840.00"}
        ]  # fmt: skip
        after = queries.unit_state_report(access, office.project, later.business_date)
        current = queries.unit_state_report(access, office.project)
        assert after["totals"] == current["totals"]
        assert {t["state"]: t["units"] for t in after["totals"]} == {"available": 3, "subscribed": 1}
        assert after["rows"][0]["building"]["label"] == "1幢"


def test_units_are_found_by_layout_area_price_floor_and_state(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access, 0, 1)
        units = resources.get("units")
        where = {"all": [
            {"field": "layout.code", "op": "eq", "value": "A"},
            {"field": "gross_area", "op": "between", "value": ["110", "130"]},
            {"field": "list_total", "op": "lte", "value": "2900000"},
            {"field": "floor", "op": "eq", "value": 1},
            {"field": "state", "op": "eq", "value": "available"},
        ]}  # fmt: skip
        page = reading.list_rows(units, access, reading.Query(where=where, count=True))
        assert [i["label"] for i in page.items] == ["1幢-101", "1幢-102"]
        item = page.items[0]
        assert {"id", "project", "building", "code", "floor", "layout", "product_type", "gross_area", "inner_area",
                "list_total", "list_unit_price", "state", "days_on_sale", "locks"} <= set(item)  # fmt: skip
        assert item["building"] == {"id": stock.building.pk, "label": "1幢"}
        assert item["days_on_sale"] == 0
        found = reading.list_rows(units, access, reading.Query(q="1幢-201"))
        assert [i["code"] for i in found.items] == ["201"]


def test_hoarded_units_are_listed_until_a_reason_is_given(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        on = stock.licence.issued_on + dt.timedelta(days=10)
        assert len(queries.hoarded_units(office.project, on)) == 4
        assert queries.hoarded_units(office.project, on - dt.timedelta(days=1)) == []
        run("control_unit", access, stock.units[0], reason="法院查封")
        assert len(queries.hoarded_units(office.project, on)) == 3


def test_nothing_of_another_project_is_seen(office: Any) -> None:
    other = make_office("T1", prefix="t1-")
    with office.as_("director") as access:
        stock = make_stock(office, access)
    with other.as_("director") as access:
        assert Unit.objects.count() == 0
        with pytest.raises(DomainError) as caught:
            run("quote_unit", access, stock.units[0], payment_plan=1)
        assert caught.value.code == "not_found"
        assert queries.unit_board(access, other.project)["buildings"] == []
        assert stock.units[0].list_total != Decimal(0)
