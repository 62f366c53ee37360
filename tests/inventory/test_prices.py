"""Price lists, adjustments, discounts, quotes."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from anchang.inventory import commands, queries
from anchang.inventory.commands import price_unit, recalculated
from anchang.inventory.models import PriceChange, PriceList, PriceRow, Unit
from anchang.kernel.errors import DomainError
from anchang.platform.context import Context
from tests.factories import make_office, run
from tests.inventory.stock import LIST_TOTAL, make_plan, make_stock, publish_prices, release
from tests.inventory.test_units import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Any:
    return make_office()


def test_publishing_marks_the_prices_and_supersedes_the_former_edition(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        unit = stock.unit()
        assert (unit.list_total, unit.filed_total, unit.list_unit_price) == (
            LIST_TOTAL,
            LIST_TOTAL,
            Decimal("23500.00"),
        )
        row = PriceRow.objects.get(unit=unit)
        assert row.inner_unit_price == Decimal("29377.44")
        second = publish_prices(stock, access, "24000.00")
        assert second.edition == 2
        assert list(PriceList.objects.order_by("edition").values_list("state", flat=True)) == [
            "superseded",
            "published",
        ]
        assert stock.unit().list_total == Decimal("2888640.00")
        assert [h["new_total"] for h in queries.price_history(unit)] == ["2888640.00", "2828460.00"]


def test_every_licensed_unit_is_priced_before_approval(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        price_list = run("add_price_lists", access, licence=stock.licence.pk)
        refused("price_list_empty", "approve_price_list", access, price_list)
        run("set_prices", access, price_list, rows=[{"unit": stock.units[0].pk, "list_total": "2800000"}])
        error = refused("units_without_price", "approve_price_list", access, price_list)
        assert error.params == {"unit": "1幢-102", "count": 3}
        refused("price_list_not_approved", "publish_price_list", access, price_list)


def test_a_published_row_can_not_change_even_by_sql(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        refused(
            "price_list_not_draft",
            "set_prices",
            access,
            stock.price_list,
            rows=[{"unit": stock.units[0].pk, "list_total": "1"}],
        )
        rows = PriceRow.objects.filter(price_list=stock.price_list)
        for change in ({"list_total": Decimal(1)}, {"published": False}, {"floor_total": None}):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceList.objects.update(filed_number="x")


def test_a_cut_keeps_history_and_a_rise_needs_a_new_list(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        unit = stock.unit()
        run("adjust_prices", access, units=[unit.pk], percent="-2", reason="去化慢")
        assert stock.unit().list_total == Decimal("2771890.80")
        assert PriceChange.objects.filter(unit=unit).latest("id").reason == "去化慢"
        run("adjust_prices", access, units=[unit.pk], amount="56569.20", reason="恢复")
        assert stock.unit().list_total == LIST_TOTAL
        refused("rise_needs_new_list", "adjust_prices", access, units=[unit.pk], amount="0.01", reason="涨价")
        assert stock.unit().list_total == LIST_TOTAL
        run("adjust_prices", access, units=[unit.pk], target="floor", percent="-1", reason="底价")
        assert stock.unit().floor_total == Decimal("2574000.00")
        refused("bad_input", "adjust_prices", access, units=[unit.pk], reason="无")


def make_scheme(access: Any) -> dict[str, Any]:
    """The worked example of the domain: factor, points, factor, fix, down to the yuan."""
    lump = make_plan(access)
    make_plan(access, "mortgage", name="按揭", kind="mortgage", loan_ratio="0.7",
              parts=[{"item": "first_payment", "weight": 1}])  # fmt: skip
    found = {"plan": lump}
    for code, data in {
        "lump98": {"name": "一次性付款", "kind": "mult", "value": "0.98", "category": "payment",
                   "payment_plans": ["lump_sum"]},
        "member": {"name": "会员减点", "kind": "point", "value": "1", "category": "customer"},
        "manager": {"name": "经理折扣", "kind": "mult", "value": "0.99", "category": "special", "special": True},
        "cut": {"name": "开盘直减", "kind": "fix", "value": "20000", "purpose": "seasonal"},
    }.items():  # fmt: skip
        found[code] = run("add_discounts", access, code=code, **data)
    return found


def test_the_worked_example_to_the_cent(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        make_scheme(access)
    with office.as_("consultant1") as access:
        quote = run(
            "quote_unit",
            access,
            stock.units[0],
            payment_plan="lump_sum",
            discounts=["member", "manager", "cut"],
        )
    assert [s["after"] for s in quote["steps"]] == [
        "2828460.00", "2771890.80", "2743606.20", "2716170.14", "2696170.14", "2696170.00",
    ]  # fmt: skip
    assert [s["code"] for s in quote["steps"]] == ["list", "lump98", "member", "manager", "cut", "rounding"]
    assert (quote["total"], quote["unit_price"], quote["depth"]) == ("2696170.00", "22400.88", "4.6771")
    assert quote["list_total"] == "2828460.00"
    assert "V1" in quote["price_list_version"]


def test_a_snapshot_gives_the_same_cent_again(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        scheme = make_scheme(access)
        ctx = Context(access, office.project)
        result = price_unit(ctx, stock.unit(), scheme["plan"], [scheme["member"], scheme["cut"]])
        run("edit_discount", access, scheme["cut"], value="1")
        assert recalculated(result.snapshot).total == result.total
        assert result.snapshot["price_list"] == stock.price_list.pk


def test_unusable_discounts_are_refused_with_a_reason(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        scheme = make_scheme(access)
        unit = stock.units[0]
        run("add_discounts", access, code="old", name="去年", kind="fix", value="1", valid_to="2020-01-01")
        run("add_discounts", access, code="high", name="高层", kind="fix", value="1",
            unit_condition={"field": "floor", "op": "gte", "value": 2})  # fmt: skip
        run("add_discounts", access, code="alone", name="独享", kind="fix", value="1", excludes=["member"])
        run("add_discounts", access, code="shop", name="商铺", kind="fix", value="1", product_types=["shop"])
        run("add_discounts", access, code="whole", name="一口价", kind="total", value="2500000")

        def quote(plan: str, *codes: str, at: Any = unit) -> Any:
            return run("quote_unit", access, at, payment_plan=plan, discounts=list(codes))

        for code, plan, codes in (
            ("discount_expired", "lump_sum", ["old"]),
            ("discount_other_unit", "lump_sum", ["high"]),
            ("discount_other_unit", "lump_sum", ["shop"]),
            ("discount_other_payment_plan", "mortgage", ["lump98"]),
            ("discounts_exclude_each_other", "lump_sum", ["alone", "member"]),
            ("discount_total_excludes_others", "lump_sum", ["whole", "cut"]),
            ("bad_input", "lump_sum", ["nothing"]),
        ):
            error = refused(code, "quote_unit", access, unit, payment_plan=plan, discounts=codes)
            assert (error.status, set(error.fields)) == (422, {"discounts"})
        assert quote("lump_sum", "high", at=stock.units[2])["total"] == "2771889.00"
        assert quote("lump_sum", "whole")["total"] == "2500000.00"
        assert quote("mortgage")["total"] == "2828460.00"
        run("edit_payment_plan", access, scheme["plan"], active=False)
        refused("payment_plan_closed", "quote_unit", access, unit, payment_plan="lump_sum")


def test_a_quote_needs_a_published_price(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        make_plan(access)
        refused("no_list_price", "quote_unit", access, stock.units[0], payment_plan="lump_sum")


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "mult", "value": "1.01"},
        {"kind": "point", "value": "100"},
        {"kind": "fix", "value": "-1"},
        {"kind": "fix", "value": "NaN"},
        {"kind": "fix", "value": "1", "valid_from": "2026-02-01", "valid_to": "2026-01-01"},
        {"kind": "fix", "value": "1", "category": "payment"},
        {"kind": "fix", "value": "1", "unit_condition": {"field": "nonsense", "op": "eq", "value": 1}},
    ],
)
def test_impossible_discounts_are_refused(office: Any, data: dict[str, Any]) -> None:
    with office.as_("director") as access, pytest.raises(DomainError) as caught:
        run("add_discounts", access, code="x", name="x", **data)
    assert caught.value.status == 422


def test_an_adjusted_draft_moves_every_unit_price(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        draft = run("add_price_lists", access, licence=stock.licence.pk)
        run("adjust_draft", access, draft, amount="100")
        assert set(PriceRow.objects.filter(price_list=draft).values_list("list_total", flat=True)) == {
            Decimal("2840496.00")
        }
        assert set(Unit.objects.values_list("list_total", flat=True)) == {LIST_TOTAL}


def test_matching_units_rank_by_need(office: Any) -> None:
    from anchang.inventory import rules

    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
        run("adjust_prices", access, units=[stock.units[1].pk], amount="-400000", reason="特价")
        need = rules.Need(budget_high=Decimal(2_500_000), layouts=frozenset({"A"}))
        found = queries.matching_units(access, office.project, need)
        assert [m["unit"]["label"] for m in found] == ["1幢-102"]
        assert found[0]["score"] == "100.0"


def test_a_dated_scheme_comes_into_force_on_its_day_and_only_approved(office: Any) -> None:
    """P01: until its day the approved list changes nothing; a draft never comes into force."""
    with office.as_("director") as access:
        stock = make_stock(office, access)
        today = office.project.today()
        day = today + dt.timedelta(days=3)
        rows = [{"unit": u.pk, "list_total": "2900000", "floor_total": "2700000"} for u in stock.units]
        scheme = run("add_price_lists", access, licence=stock.licence.pk)
        run("set_prices", access, scheme, rows=rows)
        refused("price_list_not_approved", "publish_price_list", access, scheme, published_on=day.isoformat())
        run("approve_price_list", access, scheme)
        run("publish_price_list", access, scheme, published_on=day.isoformat(), filed_number="备案-2")
        scheme.refresh_from_db()
        assert (scheme.state, scheme.publish_on, stock.unit().list_total) == ("approved", day, LIST_TOTAL)
        for ahead, state, total in ((2, "approved", LIST_TOTAL), (3, "published", Decimal("2900000.00"))):
            now = timezone.now() + dt.timedelta(days=ahead)
            ctx = Context(office.access("system"), office.project, now)
            commands.publish_due_lists(ctx)
            ctx.flush()
            scheme.refresh_from_db()
            unit = stock.unit()
            assert (scheme.state, unit.list_total) == (state, total)
        assert (scheme.published_on, scheme.filed_number, unit.filed_total) == (day, "备案-2", unit.list_total)
        assert unit.floor_total == Decimal("2700000.00") and stock.price_list is not None
        stock.price_list.refresh_from_db()
        assert stock.price_list.state == "superseded"


def test_a_scheme_taken_back_to_draft_does_not_come_into_force(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        scheme = run("add_price_lists", access, licence=stock.licence.pk)
        run("approve_price_list", access, scheme)
        day = office.project.today() + dt.timedelta(days=1)
        run("publish_price_list", access, scheme, published_on=day.isoformat())
        run("reopen_price_list", access, scheme)
        ctx = Context(office.access("system"), office.project, timezone.now() + dt.timedelta(days=2))
        assert commands.publish_due_lists(ctx) == 0
        scheme.refresh_from_db()
        assert scheme.state == "draft" and scheme.publish_on is None
