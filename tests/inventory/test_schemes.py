"""Price schemes: the statement equals the rule, trial against targets, approval, price lists; adjustments."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchang.inventory import rules
from anchang.inventory.commands import repricing
from anchang.inventory.models import PriceChange, PriceList, PriceRow, PriceScheme, SchemePrice, Unit
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ROUNDING_STEPS, Rounding
from anchang.platform import reading, resources
from anchang.platform.context import Context
from tests.factories import make_office, run
from tests.inventory.stock import make_plan, make_stock, release
from tests.inventory.test_prices import make_scheme
from tests.inventory.test_units import refused

pytestmark = pytest.mark.django_db

FACTORS = [
    {"name": "楼层", "dimension": "floor", "kind": "amount", "lines": [
        {"from": 1, "to": 1, "value": "-300"}, {"from": 2, "value": "120.5"}]},
    {"name": "朝向", "dimension": "orientation", "kind": "percent", "lines": [{"is": "南", "value": "2.25"}]},
    {"name": "景观", "dimension": "view", "kind": "amount", "lines": [{"is": "湖景", "value": "800"}]},
    {"name": "户型", "dimension": "layout", "kind": "percent", "lines": [{"is": "A", "value": "-0.5"}]},
    {"name": "端头", "dimension": "room", "kind": "fixed", "lines": [{"is": "01", "value": "20000"}]},
    {"name": "大户", "dimension": "own", "kind": "amount", "lines": [
        {"where": {"field": "gross_area", "op": "gte", "value": 120}, "value": "50", "label": "120 ㎡ 以上"}]},
]  # fmt: skip


@pytest.fixture
def office() -> Any:
    return make_office()


def add_scheme(access: Any, stock: Any, **more: Any) -> PriceScheme:
    values = {"name": "首开", "licence": stock.licence.pk, "base_price": "23500", "floor_ratio": "0.92", "factors": FACTORS}
    return run("add_price_schemes", access, **(values | more))


def priced(scheme: PriceScheme) -> dict[int, SchemePrice]:
    return {row.unit_id: row for row in SchemePrice.objects.filter(scheme=scheme)}


def test_factors_make_the_price_and_the_formula_is_kept(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        Unit.objects.filter(pk=stock.units[0].pk).update(orientation="南", view="湖景", room="01")
        scheme = run("submit_scheme", access, add_scheme(access, stock))
        row = priced(scheme)[stock.units[0].pk]
        # 23,500 - 300 + 2.25 % + 800 - 0.5 % + 50, times 120.36 ㎡, and 20,000 on the total
        assert row.unit_price == D("24461.25")
        assert row.list_total == D("2964156.05")
        assert row.floor_total == D("2727023.57")
        shown = reading.get_row(resources.get("scheme-prices"), access, row.pk)
        assert [(p["factor"], p["line"], p["amount"]) for p in shown["formula"]] == [
            ("base", "", "23500.00"), ("楼层", "1–1", "-300.00"), ("朝向", "南", "528.75"), ("景观", "湖景", "800.00"),
            ("户型", "A", "-117.50"), ("端头", "01", "20000.00"), ("大户", "120 ㎡ 以上", "50.00"),
        ]  # fmt: skip


@st.composite
def _terms(draw: Any) -> repricing.Terms:
    money = st.decimals(-2000, 2000, places=2)
    factors = []
    for i, dimension in enumerate(("floor", "orientation", "view", "layout", "room", "area")):
        kind = draw(st.sampled_from(list(rules.FactorKind)))
        values = st.decimals(-5, 5, places=4) if kind is rules.FactorKind.PERCENT else money
        if dimension in rules.RANGES:
            lines = [rules.FactorLine(draw(values), low=D(low), high=D(low + 60)) for low in (0, 1, 90)]
        else:
            lines = [rules.FactorLine(draw(values), equals=word) for word in ("南", "湖景", "A", "02")]
        factors.append(rules.SchemeFactor(f"f{i}", dimension, kind, tuple(lines)))
    discounts = []
    for i, kind in enumerate(draw(st.lists(st.sampled_from(["mult", "point", "fix"]), max_size=4))):
        value = {"mult": D("0.9") + draw(st.decimals(0, D("0.1"), places=4)),
                 "point": draw(st.decimals(D("0.0001"), 3, places=4)),
                 "fix": draw(st.decimals(D("0.01"), 30000, places=2))}[kind]  # fmt: skip
        most = draw(st.none() | st.decimals(1, 50000, places=2))
        rule = rules.Discount(f"d{i}", f"d{i}", rules.DiscountKind(kind), value, order=i, most=most)
        discounts.append((rule, repricing.Discount()))
    rounding = st.builds(Rounding, st.sampled_from(["half_up", "down", "up"]), st.sampled_from(ROUNDING_STEPS))
    ratio = st.none() | st.decimals(D("0.5"), 1, places=4)
    base = st.decimals(9000, 60000, places=2)
    return repricing.Terms(draw(base), tuple(factors), draw(ratio), draw(rounding), tuple(discounts), draw(rounding))


def test_the_statement_gives_what_the_rule_gives_to_the_cent(office: Any) -> None:
    """Property: any factors, discounts and roundings, four units with different bases, areas and views."""
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        for n, unit in enumerate(stock.units):
            Unit.objects.filter(pk=unit.pk).update(
                orientation="南" if n % 2 else "北", view="湖景" if n > 1 else "",
                price_basis=("gross", "inner", "unit", "gross")[n], predicted_gross_area=D("88.88") + n * D("17.39"),
            )  # fmt: skip
        scheme = PriceScheme(project=office.project, base_price=1, effective_on=dt.date(2026, 1, 1))
        ctx = Context(access, office.project)
        units = list(Unit.objects.select_related("layout", "building").order_by("pk"))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(_terms())
        def check(terms: repricing.Terms) -> None:
            sql, params = repricing.priced(ctx, scheme, terms)
            with connection.cursor() as cursor:
                cursor.execute(
                    f"{sql} SELECT unit_id, unit_price, list_total, floor_total, net_total, hits FROM priced", params
                )
                found = {row[0]: row[1:] for row in cursor.fetchall()}
            for unit in units:
                try:
                    made, net, hits = repricing.single(ctx, terms, unit)
                except DomainError as refused:
                    assert refused.code == "price_not_positive" and found[unit.pk][3] <= 0
                    continue
                floor = unit.floor_total if terms.floor_ratio is None else made.floor_total
                assert found[unit.pk][:4] == (made.unit_price, made.list_total, floor, net)
                assert found[unit.pk][4] in (hits, str(hits).replace("None", "null"))

        check()


def test_a_trial_shows_the_difference_to_the_target_and_writes_nothing(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        scheme = add_scheme(access, stock, factors=[], targets=[
            {"average": "24000"}, {"building": "1", "total": "12000000"},
        ])  # fmt: skip
        before = list(Unit.objects.values_list("list_total", flat=True))
        told = run("try_scheme", access, scheme)
        whole, building = told["lines"]
        assert (whole["units"], whole["list_total"], whole["average"]) == (4, "11313840.00", "23500.00")
        assert (whole["average_difference"], whole["total_difference"]) == ("-500.00", "-240720.00")
        assert whole["shift"] == "500.00"
        assert (building["building"], building["total_difference"]) == ("1", "-686160.00")
        tried = run("try_scheme", access, scheme, base_price="24000")["lines"][0]
        assert tried["total_difference"] == "0.00"
        assert list(Unit.objects.values_list("list_total", flat=True)) == before
        assert not SchemePrice.objects.exists()


def test_discounts_give_the_expected_price(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        make_scheme(access)
        scheme = add_scheme(
            access, stock, factors=[], payment_plan="lump_sum", discounts=["cut", "member", "manager", "lump98"]
        )
        run("submit_scheme", access, scheme)
        row = priced(scheme)[stock.units[0].pk]
        assert (row.list_total, row.net_total) == (D("2828460.00"), D("2696170.00"))
        refused("discount_other_payment_plan", "add_price_schemes", access, name="x", base_price="1", discounts=["lump98"])


def test_only_another_person_approves_and_only_then_it_takes_effect(office: Any) -> None:
    with office.as_("group") as access, pytest.raises(DomainError):
        run("add_price_schemes", access, name="x", base_price="0")
    with office.as_("director") as access:
        stock = make_stock(office, access)
        scheme = add_scheme(access, stock)
        refused("state_refused", "apply_scheme", access, scheme)
        refused("state_refused", "approve_scheme", access, scheme)
        run("submit_scheme", access, scheme)
        refused("own_request", "approve_scheme", access, scheme)
        refused("state_refused", "edit_price_scheme", access, scheme, base_price="1")
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceScheme.objects.filter(pk=scheme.pk).update(base_price=1)
    for who in ("consultant1", "manager", "clerk", "finance"):
        with office.as_(who) as access:
            assert outcome("approve_scheme", access, scheme) in (403, 404)
    with office.as_("group") as access:
        run("refuse_scheme", access, scheme, opinion="底价过低")
        assert PriceScheme.objects.get().state == "draft"
    with office.as_("director") as access:
        run("submit_scheme", access, scheme)
    with office.as_("group") as access:
        run("approve_scheme", access, scheme, opinion="同意")


def outcome(name: str, access: Any, subject: Any, **data: Any) -> int:
    try:
        run(name, access, subject, **data)
    except DomainError as exc:
        return exc.status
    return 200


def approved(office: Any, access: Any, stock: Any, **more: Any) -> PriceScheme:
    scheme = run("submit_scheme", access, add_scheme(access, stock, **more))
    with office.as_("group") as other:
        return run("approve_scheme", other, scheme)


def test_an_approved_scheme_makes_the_next_edition_from_its_day_on(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        tomorrow = Context(access, office.project).business_date + dt.timedelta(days=1)
        scheme = approved(office, access, stock, name="早", effective_on=tomorrow.isoformat())
    with office.as_("director") as access:
        run("apply_scheme", access, scheme)
        early = PriceList.objects.get(scheme=scheme)
        assert (early.edition, early.state, early.effective_on) == (2, "approved", tomorrow)
        refused("price_list_not_effective", "publish_price_list", access, early)
        scheme = approved(office, access, stock, name="今")
    with office.as_("director") as access:
        run("apply_scheme", access, scheme)
        made = PriceList.objects.get(scheme=scheme)
        assert made.approved_by_id == office.users["group"].pk
        run("publish_price_list", access, made, filed_number="备案-2")
        row = PriceRow.objects.get(price_list=made, unit=stock.units[0])
        rule = priced(scheme)[row.unit_id]
        unit = stock.unit()
        assert (row.list_total, row.gross_unit_price) == (rule.list_total, rule.unit_price)
        assert (unit.list_total, unit.filed_total, unit.floor_total) == (rule.list_total, rule.list_total, rule.floor_total)
        assert PriceChange.objects.filter(unit=unit).count() == 2


def test_a_new_version_supersedes_the_old_one_once_it_is_approved(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        first = approved(office, access, stock)
    with office.as_("director") as access:
        second = run("new_scheme_version", access, first)
        assert (second.edition, second.previous_id, second.factors) == (2, first.pk, first.factors)
        run("submit_scheme", access, second)
    with office.as_("group") as access:
        run("approve_scheme", access, second)
        states = dict(PriceScheme.objects.values_list("edition", "state"))
        assert states == {1: "superseded", 2: "approved"}


@pytest.mark.parametrize(
    ("factors", "code"),
    [
        ([{"name": "x", "dimension": "moon", "lines": [{"is": "a", "value": 1}]}], "factor_unknown_dimension"),
        ([{"name": "x", "dimension": "floor", "lines": []}], "factor_without_lines"),
        ([{"name": "x", "dimension": "floor", "lines": [{"from": 3, "to": 1, "value": 1}]}], "factor_bad_line"),
        ([{"name": "x", "dimension": "view", "lines": [{"is": "a", "value": "NaN"}]}], "factor_bad_line"),
        ([{"name": "x", "dimension": "own", "lines": [{"where": {"field": "nothing", "op": "eq", "value": 1},
                                                        "value": 1}]}], "bad_input"),
        ([{"name": "x", "dimension": "view", "lines": [{"is": "a", "value": 1}]}] * 2, "factor_twice"),
    ],
)  # fmt: skip
def test_factors_that_cannot_be_read_are_refused(office: Any, factors: Any, code: str) -> None:
    with office.as_("director") as access:
        error = refused(code, "add_price_schemes", access, name="x", base_price="1", factors=factors)
        assert error.status == 422


def test_a_price_below_zero_and_a_unit_without_area_stop_the_scheme(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access, publish=False)
        scheme = add_scheme(access, stock, base_price="200")
        refused("price_not_positive", "submit_scheme", access, scheme)
        Unit.objects.filter(pk=stock.units[1].pk).update(predicted_gross_area=None)
        refused("unit_without_area", "try_scheme", access, scheme)


def test_an_adjustment_waits_for_another_persons_approval(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
        twice = [stock.units[0].pk, stock.units[0].pk]
        wish = run("add_price_adjustments", access, units=twice, percent="-2", reason="去化慢")
        assert (wish.before, wish.after) == (D("2828460.00"), D("2771890.80"))
        assert stock.unit().list_total == D("2828460.00")
        refused("own_request", "approve_adjustment", access, wish)
    with office.as_("manager") as access:
        assert outcome("approve_adjustment", access, wish) in (403, 404)
    with office.as_("group") as access:
        run("approve_adjustment", access, wish)
        assert stock.unit().list_total == D("2771890.80")
        assert PriceChange.objects.latest("id").reason == "去化慢"
        refused("state_refused", "refuse_adjustment", access, wish, opinion="晚了")


def test_slow_movers_come_with_a_suggested_cut(office: Any) -> None:
    from anchang.inventory.commands import slow_movers

    with office.as_("director") as access:
        stock = make_stock(office, access)
        release(stock, access)
        ctx = Context(access, office.project)
        assert slow_movers(ctx) == []
        old = ctx.business_date - dt.timedelta(days=200)
        Unit.objects.filter(pk=stock.units[2].pk).update(available_since=old)
        (found,) = slow_movers(ctx)
        assert (found["unit"].pk, found["days"], found["percent"]) == (stock.units[2].pk, 200, D(-2))
        assert found["new"] == D("2771890.80")


def test_a_capped_discount_takes_off_no_more_than_its_cap(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        make_plan(access)
        run("add_discounts", access, code="cap", name="九八折封顶", kind="mult", value="0.98", most="10000")
        quote = run("quote_unit", access, stock.units[0], payment_plan="lump_sum", discounts=["cap"])
        assert quote["total"] == "2818460.00"


def test_own_factors_are_made_line_by_line(office: Any) -> None:
    large = {"all": [{"field": "gross_area", "op": "gte", "value": "120"}]}
    with office.as_("director") as access:
        scheme = add_scheme(access, make_stock(office, access), factors=FACTORS[:2])
        scheme = run("add_own_line", access, scheme, name="大户", unit_condition=large, value="50", label="120 ㎡ 以上")
        scheme = run("add_own_line", access, scheme, name="大户", unit_condition=large, value="60.5", label="120 ㎡ 以上")
        assert scheme.factors[-1] == {"name": "大户", "dimension": "own", "kind": "amount", "lines": [
            {"where": large, "value": "60.5", "label": "120 ㎡ 以上"}]}  # fmt: skip
        taken = refused("bad_input", "add_own_line", access, scheme, name="楼层", unit_condition=large, value="1")
        assert taken.fields == {"name": "factor_twice"}
        wrong = {"field": "nothing", "value": 1}
        told = refused("bad_input", "add_own_line", access, scheme, name="新", unit_condition=wrong, value="1")
        assert told.fields == {"unit_condition": "unknown_field"}
        assert [f["name"] for f in run("remove_factor", access, scheme, name="大户").factors] == ["楼层", "朝向"]
