"""Units sold together: parts sum to the price, all are sold or none, approved, signed and ended together."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from anchang.commission.models import Earning
from anchang.deals import rules
from anchang.deals.models import Bundle, BundleItem, Contract, Deal, Subscription, UnitClaim
from anchang.finance.models import Receivable, Refund
from anchang.insight.catalogue import REPORTS
from anchang.inventory.models import PaymentPlan, Unit
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.context import Context
from anchang.processes import reminders
from tests.commission.pay import catch_up, make_scheme
from tests.deals.desk import BUYER, Desk
from tests.factories import PASSWORD, run
from tests.processes.test_changes import approve, ask_exchange, refused, set_parameter

pytestmark = pytest.mark.django_db
LIST = D("2828460.00")
CENTS = st.decimals("0.01", "9999999.99", places=2)


@given(st.lists(CENTS, min_size=2, max_size=6), st.data())
def test_parts_sum_to_the_cent_and_stay_within_their_lists(lists, data):
    listed = sum(lists)
    total = data.draw(st.decimals(listed / 2, listed, places=2))
    try:
        found = rules.split_bundle(total, [rules.BundlePart(each) for each in lists], rules.LIST_SHARE)
    except DomainError as refusal:  # a part of a few cents has no share of its own
        assert refusal.code == "bundle_part_price" and min(lists) < D("0.20")
        return
    assert sum(found) == total
    assert all(0 < part <= own for part, own in zip(found, lists, strict=True))


def test_the_remainder_is_the_first_units():
    parts = [rules.BundlePart(D("300.00")), rules.BundlePart(D("100.00")), rules.BundlePart(D("100.00"))]
    assert rules.split_bundle(D("499.99"), parts, rules.LIST_SHARE) == [D("299.99"), D("100.00"), D("100.00")]
    fixed = [parts[0], rules.BundlePart(D("100.00"), D("1.00")), parts[2]]
    assert rules.split_bundle(D("400.00"), fixed, rules.FIXED) == [D("299.00"), D("1.00"), D("100.00")]
    for total in ("500.01", "101.00"):
        with pytest.raises(DomainError):
            rules.split_bundle(D(total), fixed, rules.FIXED)


def sell(desk: Desk, who: str = "consultant1", first: int = 0, along: tuple[int, ...] = (1,), **more) -> Bundle:
    parts = more.pop("parts", None) or [{"unit": desk.unit(i).pk} for i in along]
    data = {
        "customer": desk.customer(who).pk, "buyers": [BUYER], "payment_plan": "lump_sum", "deposit": "50000",
        "parts": parts,
    }  # fmt: skip
    return run("subscribe_bundle", desk.office.access(who), desk.unit(first), **(data | more))


def items(bundle: Bundle) -> list[BundleItem]:
    return list(BundleItem.objects.filter(bundle=bundle).order_by("position").select_related("deal"))


def papers(bundle: Bundle, model=Subscription) -> list:
    return [model.objects.filter(deal=item.deal).latest("id") for item in items(bundle)]


def test_each_unit_has_its_own_deal_paper_and_price(desk):
    bundle = sell(desk, discounts=["F2"], parts=[{"unit": desk.unit(1).pk, "deposit": "1000"}])
    flat, parking = papers(bundle)
    assert (flat.total, parking.total, bundle.total) == (LIST - 20000, LIST, 2 * LIST - 20000)
    assert (flat.state, parking.state) == ("active", "active")
    assert [item.takes_rest for item in items(bundle)] == [True, False]
    assert UnitClaim.objects.count() == 2 and desk.unit(1).state == "subscribed"
    owed = Receivable.objects.filter(item="deposit").order_by("deal").values_list("deal", "amount")
    assert list(owed) == [(flat.deal_id, D("50000.00")), (parking.deal_id, D("1000.00"))]


def test_one_price_is_split_by_list_price_and_approved_together(desk):
    Unit.objects.filter(pk=desk.unit(1).pk).update(list_total=D("150000.00"), floor_total=D("140000.00"))
    bundle = sell(desk, rule="list_share", total="2919306.19")
    flat, parking = papers(bundle)
    assert flat.total + parking.total == bundle.total == D("2919306.19")
    assert parking.total == D("147020.92")  # 150,000 of 2,978,460, up to the cent
    assert {p.state for p in (flat, parking)} == {"approving"} and flat.approvers == parking.approvers == ["manager"]
    assert {desk.unit(i).state for i in (0, 1)} == {"held"}
    with pytest.raises(DomainError) as caught:
        run("approve_subscription", desk.office.access("consultant1"), parking)
    assert caught.value.status == 403
    run("approve_subscription", desk.office.access("manager"), parking)
    assert {p.state for p in papers(bundle)} == {"active"}
    with pytest.raises(IntegrityError), transaction.atomic():
        BundleItem.objects.filter(bundle=bundle, position=2).update(agreed=D("1.00"))
        connection.check_constraints()


def test_a_refused_bundle_gives_every_unit_back(desk):
    bundle = sell(desk, rule="list_share", total="5543781.60")
    run("refuse_subscription", desk.office.access("manager"), papers(bundle)[1], reason="太低")
    bundle.refresh_from_db()
    assert bundle.state == "ended" and not UnitClaim.objects.exists()
    assert {desk.unit(i).state for i in (0, 1)} == {"available"}


def test_all_units_or_none(desk):
    run("hold_unit", desk.office.access("consultant2"), desk.unit(1), customer=desk.customer("consultant2").pk)
    with pytest.raises(DomainError) as caught, transaction.atomic():
        sell(desk, along=(2, 1))
    assert caught.value.code == "unit_taken"
    assert not Bundle.objects.exists() and Deal.objects.count() == 1 and desk.unit(0).state == "available"
    for parts in ([], [{"unit": desk.unit(0).pk}], [{"unit": desk.unit(2).pk}] * 2, [{"unit": "x"}]):
        with pytest.raises(DomainError) as caught:
            sell(desk, parts=parts or [{}] * 6)
        assert caught.value.status == 422


def test_contracts_of_their_own_end_together_with_their_money(desk):
    bundle = sell(desk, parts=[{"unit": desk.unit(1).pk, "deposit": "1000"}, {"unit": desk.unit(2).pk}])
    run("sign_bundle", desk.office.access("clerk"), bundle)
    signed = papers(bundle, Contract)
    assert {c.state for c in signed} == {"signed"} and len({c.number for c in signed}) == 3
    for contract in signed[:2]:
        desk.receive(contract, "200000")
    refused("bundle_nothing_to_sign", "sign_bundle", desk.office.access("clerk"), bundle)
    run("terminate_contract", desk.office.access("director"), signed[0], reason="贷款未批", fault="none")
    bundle.refresh_from_db()
    assert bundle.state == "ended" and not UnitClaim.objects.exists()
    assert {c.state for c in papers(bundle, Contract)} == {"terminated"}
    back = Refund.objects.order_by("deal").values_list("deal", "amount")
    assert list(back) == [(c.deal_id, D("200000.00")) for c in signed[:2]]
    assert {desk.unit(i).locks[0] for i in (0, 1, 2)} == {"reconfirm_price"}


def test_a_unit_sold_along_leaves_alone_unless_the_office_forbids_it(desk):
    bundle = sell(desk, along=(1, 2))
    flat, parking, storage = papers(bundle)
    run("cancel_subscription", desk.office.access("manager"), parking, reason="不要车位")
    bundle.refresh_from_db()
    assert bundle.state == "live" and desk.unit(0).state == "subscribed"
    set_parameter("deals.bundle_part_leaves", False)
    refused("bundle_part", "cancel_subscription", desk.office.access("manager"), storage, reason="不要储藏室")
    run("terminate_subscription", desk.office.access("director"), flat, reason="违约", fault="buyer")
    assert not UnitClaim.objects.exists() and Bundle.objects.get().state == "ended"


def test_a_bundle_whose_main_unit_is_not_paid_in_time_comes_to_nothing(desk):
    set_parameter("deals.activate_on", "first_money")
    bundle = sell(desk, parts=[{"unit": desk.unit(1).pk, "deposit": "1000"}])
    flat, parking = papers(bundle)
    run("receive_on_subscription", desk.office.access("finance"), parking, amount="1000", way="transfer")
    assert [p.state for p in papers(bundle)] == ["draft", "active"]
    Subscription.objects.filter(pk=flat.pk).update(approve_by="2020-01-01T00:00:00Z")
    Unit.objects.filter(pk=flat.unit_id).update(state_until="2020-01-01T00:00:00Z")
    ctx = Context(desk.office.access("system"), desk.office.project)
    reminders.end_what_time_has_ended(ctx)
    ctx.flush()
    assert [p.state for p in papers(bundle)] == ["cancelled", "refunded"] and not UnitClaim.objects.exists()
    assert list(Refund.objects.values_list("deal", "amount")) == [(parking.deal_id, D("1000.00"))]


def test_reports_and_pay_count_each_unit(desk):
    make_scheme(desk)
    Unit.objects.filter(pk=desk.unit(1).pk).update(list_total=D("150000.00"), floor_total=None)
    bundle = sell(desk)
    run("sign_bundle", desk.office.access("clerk"), bundle)
    flat, parking = papers(bundle, Contract)
    for contract in (flat, parking):
        catch_up(desk, contract)
    assert dict(Earning.objects.values_list("deal", "base")) == {flat.deal_id: LIST, parking.deal_id: D("150000.00")}
    report = REPORTS["sales-daily"]
    net = report.answer(report.ask(desk.office.access("director"), {}))["signing"]["net"]
    assert (net["units"], net["amount"]) == (2, str(LIST + 150000))


def test_an_exchange_and_a_new_price_stand_in_the_bundle(desk):
    bundle = sell(desk)
    Unit.objects.filter(pk=desk.unit(2).pk).update(list_total=D("2000000.00"), floor_total=None)
    approve(desk, ask_exchange(desk, papers(bundle)[0], to=2))
    bundle.refresh_from_db()
    assert bundle.main == Deal.objects.get(unit=desk.unit(2)) and bundle.total == LIST + 2000000
    change = run("reprice_subscription", desk.office.access("manager"), papers(bundle)[1], discounts=["F2"], reason="x")
    approve(desk, change, "director")
    bundle.refresh_from_db()
    assert bundle.total == LIST + 2000000 - 20000
    connection.check_constraints()


def test_the_bundle_is_seen_within_the_readers_reach(desk):
    bundle = sell(desk)
    shown = reading.get_row(resources.get("bundles"), desk.office.access("consultant1"), bundle.pk)
    assert [part["agreed"] for part in shown["parts"]] == [str(LIST), str(LIST)]
    with pytest.raises(DomainError):
        reading.get_row(resources.get("bundles"), desk.office.access("consultant5"), bundle.pk)


# --- the deal desk -------------------------------------------------------------------------------


def form(desk: Desk, **more) -> dict[str, object]:
    typed = {
        "customer": desk.customer("consultant1").pk, "payment_plan": PaymentPlan.objects.get(code="lump_sum").pk,
        "deposit": "50,000.00", "buyers-TOTAL_FORMS": "1", "parts-TOTAL_FORMS": "1", "bundle_rule": "list_share",
        "parts-0-unit": str(desk.unit(1).pk), "parts-0-deposit": "1,000",
        **{f"buyers-0-{name}": value for name, value in BUYER.items()}, "buyers-0-kind": "person",
        "buyers-0-id_type": "id_card",
    }  # fmt: skip
    return typed | more


def test_the_desk_shows_the_parts_sells_them_and_leads_from_one_to_the_other(client, desk):
    with desk.office.as_("system"):
        typed = form(desk, bundle_total="5,600,000")
        without = form(desk)
    first, second = (unit for unit in desk.stock.units[:2])
    assert client.login(username="consultant1", password=PASSWORD)
    at, htmx = f"/deal/{first.pk}/", {"HX-Request": "true"}
    page = client.post(f"{at}price", typed, headers=htmx).content.decode()
    assert page.count("2,800,000.00") >= 2 and "5,600,000.00" in page
    again = client.post(at, without, headers=htmx)
    assert again.status_code == 422 and second.label in again.content.decode()
    assert client.post(at, typed, headers=htmx).status_code == 204
    with desk.office.as_("system"):
        bundle = Bundle.objects.get()
    shown = client.get(at).content.decode()
    assert bundle.number in shown and f"/deal/{second.pk}/" in shown
    assert client.get(f"/r/bundles/{bundle.pk}/").status_code == 200
    assert bundle.number in client.get("/r/bundles/").content.decode()
