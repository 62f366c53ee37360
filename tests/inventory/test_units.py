"""The inventory tree, generation, sales control, locks, surveyed areas."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction

from anchang.inventory import queries
from anchang.inventory.commands import change_unit_state
from anchang.inventory.models import Unit, UnitLock, UnitStateChange
from anchang.kernel.errors import DomainError
from anchang.platform.context import Context
from anchang.platform.models import Event
from tests.factories import make_office, run
from tests.inventory.stock import make_stock, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Any:
    return make_office()


def refused(code: str, name: str, /, *args: Any, **data: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        run(name, *args, **data)
    assert caught.value.code == code, caught.value
    return caught.value


def test_generation_previews_then_makes_all_units_of_a_building(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, floors=2, per_floor=2, publish=False)
        assert [u.code for u in stock.units] == ["101", "102", "201", "202"]
        assert stock.units[0].label == "1幢-101"
        assert stock.units[0].gross_area == Decimal("120.36")
        assert stock.units[0].shared_area == Decimal("24.08")
        position = {"layout": "A", "gross_area": "98.52", "inner_area": "78.90"}
        shown = run(
            "generate_units",
            access,
            stock.building,
            first_floor=3,
            last_floor=3,
            positions=[position],
            preview=True,
        )
        assert (shown["count"], shown["written"]) == (1, False)
        assert Unit.objects.count() == 4
        refused("unit_exists", "generate_units", access, stock.building, last_floor=1, positions=[position])
        missing = {"layout": "Z", "gross_area": "1", "inner_area": "1"}
        refused(
            "layout_unknown",
            "generate_units",
            access,
            stock.building,
            first_floor=9,
            last_floor=9,
            positions=[missing],
        )


def test_every_unit_starts_its_history(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        rows = UnitStateChange.objects.filter(unit=stock.units[0]).values_list("from_state", "to_state")
        assert list(rows) == [("", "unreleased")]


def test_release_needs_licence_price_and_checklist(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        unit = stock.unit()
        refused("price_not_published", "release_unit", access, unit)
        Unit.objects.update(licence=None)
        refused("no_licence", "release_unit", access, unit)
        Unit.objects.update(licence=stock.licence)
        from tests.inventory.stock import publish_prices

        publish_prices(stock, access)
        batch = run("add_release_batches", access, code="B1", name="首开")
        run("edit_unit", access, unit, release_batch=batch.pk)
        error = refused("batch_not_ready", "release_unit", access, unit)
        assert error.params["batch"] == "首开"
        for check in batch.checks:
            run("tick_check", access, batch, item=check["item"])
        released = run("release_unit", access, unit)
        assert released.state == "available"
        fresh = stock.unit()
        assert (fresh.state, fresh.version) == ("available", released.version)
        assert fresh.ever_available_on is not None
        assert list(UnitStateChange.objects.filter(unit=unit).order_by("id").values_list("to_state", flat=True)) == [
            "unreleased", "controlled", "available",
        ]  # fmt: skip


def test_holding_back_needs_a_reason_and_keeps_the_first_day_on_sale(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
        unit = stock.unit()
        error = refused("bad_input", "control_unit", access, unit, reason="")
        assert "reason" in error.fields
        run("control_unit", access, unit, reason="样板间")
        fresh = stock.unit()
        assert (fresh.state, fresh.control_reason) == ("controlled", "样板间")
        assert fresh.ever_available_on == unit.ever_available_on
        event = Event.objects.filter(name="unit.changed", record_id=unit.pk).latest("id")
        assert event.data == queries.board_cell(fresh)


def test_bulk_release_is_all_or_nothing(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        Unit.objects.filter(pk=stock.units[3].pk).update(licence=None, price_list=None)
        refused("no_licence", "release_units", access, building=stock.building.pk)
        assert set(Unit.objects.values_list("state", flat=True)) == {"unreleased"}
        refused("bad_input", "release_units", access)


def test_state_changes_follow_the_table(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
        ctx = Context(access, office.project)
        unit = stock.unit()
        change_unit_state(ctx, unit, "held", until=ctx.now)
        assert stock.unit().state_until == ctx.now
        with pytest.raises(DomainError) as caught:
            change_unit_state(ctx, unit, "delivered")
        assert caught.value.code == "unit_taken"
        first_sale = stock.unit().available_since
        change_unit_state(ctx, unit, "subscribed")
        change_unit_state(ctx, unit, "controlled", reason="退房", lock="reconfirm_price")
        fresh = stock.unit()
        assert fresh.locks == ["reconfirm_price"]
        assert fresh.state_until is None
        assert fresh.available_since == first_sale
        assert fresh.version == unit.version
        ctx.flush()


def test_price_locks_are_cleared_by_confirming_the_price(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        unit = stock.unit()
        run("lock_unit", access, unit, kind="price", reason="调价中")
        run("lock_unit", access, unit, kind="mortgaged", reason="在建工程抵押")
        assert queries.unit_facts(stock.unit()).locks == {"price", "mortgaged"}
        refused("lock_needs_price", "unlock_unit", access, unit, kind="price", reason="x")
        refused("lock_not_set", "unlock_unit", access, unit, kind="seized", reason="x")
        run("confirm_price", access, unit, reason="复核")
        refused("release_paper_missing", "unlock_unit", access, unit, kind="mortgaged", reason="抵押权人同意函")
        stock.release_paper(unit)
        run("unlock_unit", access, unit, kind="mortgaged", reason="抵押权人同意函")
        assert stock.unit().locks == []
        assert UnitLock.objects.filter(unit=unit, cleared_at=None).count() == 0


def test_measured_area_counts_once_approved(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        unit = stock.unit()
        refused("nothing_measured", "approve_area", access, unit)
        refused("inner_above_gross", "measure_unit", access, unit, gross_area="90", inner_area="91")
        run("measure_unit", access, unit, gross_area="122.00", inner_area="97.10")
        assert stock.unit().gross_area == Decimal("120.36")
        run("approve_area", access, unit)
        assert (stock.unit().gross_area, stock.unit().inner_area) == (Decimal("122.00"), Decimal("97.10"))
        assert stock.unit().list_total == Decimal("2828460.00")


def test_what_a_published_price_rests_on_is_fixed(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        unit = stock.unit()
        refused("unit_priced", "edit_unit", access, unit, predicted_gross_area="130.00")
        edited = run("edit_unit", access, unit, orientation="南", note="端头")
        assert edited.orientation == "南"


def test_product_type_decides_basis_and_required_fields(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        run("create_dictionary_entries", access, kind="product_type", code="parking", name="车位", price_basis="unit",
            required_fields=["usage"])  # fmt: skip
        error = refused(
            "bad_input", "add_units", access, building=stock.building.pk, room="P1", product_type="parking"
        )
        assert error.fields == {"usage": "required"}
        refused(
            "bad_input", "add_units", access, building=stock.building.pk, room="P1", product_type="housing"
        )
        made = run(
            "add_units", access, building=stock.building.pk, room="P1", product_type="parking", usage="机动车"
        )
        assert (made.price_basis, made.state) == ("unit", "unreleased")


def test_a_consultant_can_not_control_sales(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
    with office.as_("consultant1") as access:
        refused("forbidden", "control_unit", access, stock.units[0], reason="给朋友")
        assert stock.unit().state == "available"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "reserved"},
        {"state": "available", "licence": None},
        {"state": "held", "price_list": None},
        {"list_total": Decimal("2828460.01")},
        {"list_total": Decimal("0.00")},
        {"measured_state": "approved"},
    ],
)
def test_the_database_refuses_impossible_units(office: Any, change: dict[str, Any]) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        with pytest.raises(IntegrityError), transaction.atomic():
            Unit.objects.filter(pk=stock.units[0].pk).update(**change)


def test_a_code_is_unique_in_its_building(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        refused("unit_code_taken", "add_units", access, building=stock.building.pk, room="101")


def test_history_can_not_be_rewritten(office: Any) -> None:
    with office.as_("director") as access:
        make_stock(office, access)
        with pytest.raises(Exception) as caught, transaction.atomic():
            UnitStateChange.objects.update(to_state="signed")
        assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_words_come_from_the_projects_dictionary(office: Any) -> None:
    """I04: once the project keeps words for orientation and usage, units use them and no others."""
    with office.as_("director") as access:
        stock = make_stock(office, access)
        unit = stock.unit()
        assert run("edit_unit", access, unit, orientation="随便").orientation == "随便"
        run("create_dictionary_entries", access, kind="orientation", code="南", name="南向")
        assert run("edit_unit", access, unit, orientation="南").orientation == "南"
        wrong = refused("bad_input", "edit_unit", access, unit, orientation="随便")
        assert wrong.fields == {"orientation": "bad_choice"}
        new = {"building": stock.building.pk, "room": "901"}
        assert refused("bad_input", "add_units", access, **new, orientation="西").fields == {"orientation": "bad_choice"}
        assert run("add_units", access, **new, orientation="南", usage="任意").usage == "任意"


def test_a_unit_comes_back_after_its_building(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False, floors=1, per_floor=1)
        unit = stock.units[0]
        run("delete_unit", access, unit)
        run("delete_building", access, stock.building)
        with pytest.raises(DomainError, match="whole_in_bin"):
            run("restore_unit", access, unit)
        run("restore_buildings", access, stock.building)
        run("restore_unit", access, unit)
        assert Unit.objects.get().pk == unit.pk
        run("restore_unit", access, unit)
        assert Event.objects.filter(name="record.restored", resource="units").count() == 1
