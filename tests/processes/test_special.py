"""Special discounts by chain, quotations, vouchers: who may decide, used once, what the price is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from anchang.deals import queries
from anchang.deals.models import Coupon, DealChange, DiscountDecision, DiscountRequest, Quotation, Subscription
from anchang.inventory.commands import recalculated
from anchang.inventory.models import Discount
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.context import Context
from anchang.platform.models import Task
from anchang.platform.ui import rows
from anchang.processes.special import expire_offers
from tests.deals.desk import BUYER
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db
LIST = D("2828460.00")


def ask(desk: Any, who: str = "consultant1", index: int = 0, **more: Any) -> DiscountRequest:
    values = {
        "customer": desk.customer(who).pk, "payment_plan": "lump_sum", "kind": "mult", "value": "0.97",
        "reason": "老带新，今天定",
    }  # fmt: skip
    return run("ask_discount", desk.office.access(who), desk.unit(index), **(values | more))


def decide(desk: Any, who: str, request: DiscountRequest, name: str = "approve_discount", **data: Any) -> str:
    """The outcome as a code; "" when it was done."""
    try:
        run(name, desk.office.access(who), request, **data)
    except DomainError as error:
        return error.code
    return ""


def approved(desk: Any, **more: Any) -> DiscountRequest:
    request = ask(desk, **more)
    for role in request.chain:
        assert decide(desk, role, request) == ""
    request.refresh_from_db()
    return request


@pytest.mark.parametrize(
    ("value", "chain", "need"),
    [
        ("0.98", ["manager"], "depth"),
        ("0.97", ["manager", "director"], "depth"),
        ("0.95", ["manager", "director", "group"], "beyond_depth"),
        ("0.9999", ["manager"], "depth"),
    ],
)
def test_the_chain_follows_the_depth(desk, value, chain, need):
    request = ask(desk, value=value)
    assert (request.chain, request.need, request.state) == (chain, need, "pending")


def test_below_the_floor_the_group_decides_and_the_floor_itself_is_not_below(desk):
    assert ask(desk, kind="total", value="2600000").need == "beyond_depth"
    run("adjust_prices", desk.office.access("director"), units=[desk.unit(1).pk], target="floor", amount="220000", reason="底价")
    assert desk.unit(1).floor_total == D("2820000.00")
    assert ask(desk, index=1, kind="total", value="2820000").need == "depth"
    assert ask(desk, index=1, who="consultant2", kind="total", value="2819999").need == "below_floor"


def test_wrong_roles_never_decide_and_each_step_is_kept(desk):
    request = ask(desk)
    for who in ("consultant1", "consultant2", "clerk", "finance", "service"):
        assert decide(desk, who, request) in ("forbidden", "not_found"), who
    for who in ("director", "group"):
        assert decide(desk, who, request) == "not_an_approver", who
    assert decide(desk, "manager", request, opinion="可以") == ""
    assert decide(desk, "manager", request) == "not_an_approver"
    assert decide(desk, "director", request, opinion="同意") == ""
    assert decide(desk, "director", request) == "state_refused"
    request.refresh_from_db()
    assert (request.state, request.total) == ("approved", D("2743606.00"))
    steps = DiscountDecision.objects.order_by("seq").values_list("seq", "role", "opinion", "user__username")
    assert list(steps) == [(1, "manager", "可以", "manager"), (2, "director", "同意", "director")]
    with pytest.raises(IntegrityError), transaction.atomic():
        DiscountRequest.objects.filter(pk=request.pk).update(total=1)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        DiscountDecision.objects.update(opinion="x")


def test_the_next_of_the_chain_gets_a_to_do_and_a_refusal_ends_it(desk):
    request = ask(desk)
    def waiting() -> list[str]:
        rows = Task.objects.filter(code="discount_approval", record_id=request.pk, state="open")
        return list(rows.values_list("assignee__username", flat=True))
    assert waiting() == ["manager"]
    decide(desk, "manager", request)
    assert waiting() == ["director"]
    assert decide(desk, "director", request, "refuse_discount") == "bad_input"
    assert decide(desk, "director", request, "refuse_discount", opinion="太低") == ""
    assert waiting() == []
    request.refresh_from_db()
    assert request.state == "refused"
    with pytest.raises(DomainError) as caught:
        desk.subscribe(special=request.pk)
    assert caught.value.code == "discount_request_not_approved"


def test_who_asked_does_not_decide(desk):
    request = ask(desk, who="consultant1")
    by_manager = run(
        "ask_discount", desk.office.access("manager"), desk.unit(1), customer=desk.customer("consultant1").pk,
        payment_plan="lump_sum", kind="fix", value="10000", reason="x",
    )  # fmt: skip
    assert decide(desk, "manager", by_manager) == "own_request"
    assert decide(desk, "manager", request) == ""


def test_an_approved_discount_sells_once_without_asking_again(desk):
    request = approved(desk)
    sold = desk.subscribe(special=request.pk)
    assert (sold.state, sold.total, sold.list_total) == ("active", request.total, LIST)
    assert recalculated(sold.snapshot).total == sold.total
    request.refresh_from_db()
    assert (request.state, request.deal_id) == ("used", sold.deal_id)
    with pytest.raises(DomainError) as caught:
        desk.subscribe(index=1, special=request.pk)
    assert caught.value.code == "discount_request_not_approved"


def test_it_is_for_its_unit_customer_plan_and_price_only(desk):
    request = approved(desk)
    for more, code in (
        ({"index": 1}, "discount_request_other_deal"),
        ({"payment_plan": "instalment"}, "discount_request_other_deal"),
        ({"discounts": ["F2"]}, "discount_request_price"),
    ):
        with pytest.raises(DomainError) as caught:
            desk.subscribe(special=request.pk, **more)
        assert caught.value.code == code
    with pytest.raises(DomainError) as caught:
        desk.subscribe(special=request.pk, owner="consultant2")
    assert caught.value.status in (409, 422)
    run("adjust_prices", desk.office.access("director"), units=[desk.unit().pk], percent="-1", reason="调价")
    with pytest.raises(DomainError) as caught:
        desk.subscribe(special=request.pk)
    assert caught.value.code == "discount_request_price"


def test_the_unit_stays_on_sale_and_another_holder_stops_the_request(desk):
    ask(desk)
    assert desk.unit().state == "available"
    run("hold_unit", desk.office.access("consultant2"), desk.unit(), customer=desk.customer("consultant2").pk)
    with pytest.raises(DomainError) as caught:
        ask(desk, who="consultant1", value="0.99")
    assert caught.value.code == "unit_taken"


def test_offers_end_with_their_time(desk):
    late, unused = ask(desk), approved(desk, index=1)
    DiscountRequest.objects.filter(pk=late.pk).update(approve_by="2026-01-01T00:00:00Z")
    DiscountRequest.objects.filter(pk=unused.pk).update(expires_on="2026-01-01")
    assert decide(desk, "manager", late) == "state_refused"
    quotation = quote(desk, index=2)
    ctx = Context(desk.office.access("system"), desk.office.project)
    ctx.now += dt.timedelta(days=8)
    assert expire_offers(ctx) == 3
    assert set(DiscountRequest.objects.values_list("state", flat=True)) == {"expired"}
    quotation.refresh_from_db()
    assert quotation.state == "expired"


def test_the_floor_price_is_not_for_the_sales_floor(desk):
    request = ask(desk)
    rows = resources.get("discount-requests")
    seen = {who: reading.get_row(rows, desk.office.access(who), request.pk) for who in ("consultant1", "manager")}
    assert "floor_total" not in seen["consultant1"]
    assert seen["manager"]["floor_total"] == "2600000.00"
    assert "2600000" not in str(seen["consultant1"])


# --- quotations ----------------------------------------------------------------------------------


def quote(desk: Any, who: str = "consultant1", index: int = 0, **more: Any) -> Quotation:
    values = {"customer": desk.customer(who).pk, "payment_plan": "lump_sum", "discounts": ["D98", "F2"]}
    return run("make_quotation", desk.office.access(who), desk.unit(index), **(values | more))


def convert(desk: Any, quotation: Quotation, who: str = "consultant1") -> Subscription:
    return run("subscribe_quotation", desk.office.access(who), quotation, buyers=[BUYER], deposit="50000")


def test_a_quotation_becomes_a_subscription_at_its_price_once(desk):
    quotation = quote(desk, days=3)
    assert quotation.total == D("2751890.00") and desk.unit().state == "available"
    assert (quotation.expires_on - quotation.quoted_on).days == 3
    sold = convert(desk, quotation)
    assert (sold.total, sold.unit_id) == (quotation.total, quotation.unit_id)
    quotation.refresh_from_db()
    assert (quotation.state, quotation.deal_id) == ("converted", sold.deal_id)
    with pytest.raises(DomainError) as caught:
        convert(desk, quotation)
    assert caught.value.code == "state_refused"


def test_a_quotation_is_for_its_unit_customer_and_plan(desk):
    quotation = quote(desk)
    for more in ({"index": 1}, {"payment_plan": "instalment"}):
        with pytest.raises(DomainError) as caught:
            desk.subscribe(quotation=quotation.pk, discounts=["D98", "F2"], **more)
        assert caught.value.code == "quotation_other_deal"
    sold = desk.subscribe(quotation=quotation.pk, discounts=["D98", "F2"])
    quotation.refresh_from_db()
    assert quotation.deal_id == sold.deal_id


def test_a_quotation_is_refused_after_its_day_or_at_another_price(desk):
    with pytest.raises(DomainError) as caught:
        quote(desk, days=31)
    assert caught.value.code == "quotation_too_long"
    dear, old = quote(desk), quote(desk, index=1)
    run("edit_discount", desk.office.access("director"), Discount.objects.get(code="F2"), value="19999")
    with pytest.raises(DomainError) as caught:
        convert(desk, dear)
    assert caught.value.code == "quotation_price"
    run("withdraw_quotation", desk.office.access("consultant1"), old)
    with pytest.raises(DomainError):
        convert(desk, old)
    with pytest.raises(DomainError) as caught:
        convert(desk, dear, who="consultant2")
    assert caught.value.status in (403, 404)


# --- vouchers and gifts --------------------------------------------------------------------------


def test_a_voucher_lowers_the_price_once_and_a_gift_costs_without_lowering_it(desk):
    access = desk.office.access("manager")
    made = run("issue_coupons", access, name="开盘券", value="5000", count=3)
    assert made["issued"] == 3 == len(set(made["codes"]))
    gift = run("add_coupons", access, name="空调", kind="gift", value="8000", code="G-1")
    sold = desk.subscribe(coupons=[made["codes"][0], "G-1"])
    assert sold.total == LIST - 5000
    assert recalculated(sold.snapshot).total == sold.total
    assert set(Coupon.objects.filter(deal=sold.deal_id).values_list("code", flat=True)) == {made["codes"][0], "G-1"}
    with pytest.raises(DomainError) as caught:
        desk.subscribe(index=1, coupons=["G-1"])
    assert caught.value.code == "coupon_used"
    with pytest.raises(IntegrityError), transaction.atomic():
        Coupon.objects.filter(pk=gift.pk).update(state="issued", deal=None, used_at=None)
    today = Context(access, desk.office.project).business_date
    costs = {c["purpose"]: c["amount"] for c in queries.discount_costs(desk.office.project, today, today)}
    assert costs == {"coupon": D(5000), "gift": D(8000)}


def test_vouchers_have_an_owner_and_days(desk):
    access = desk.office.access("manager")
    run("add_coupons", access, name="专属", value="100", code="OWN", customer=desk.customer("consultant2").pk)
    run("add_coupons", access, name="过期", value="100", code="OLD", valid_to="2020-01-01")
    void = run("add_coupons", access, name="作废", value="100", code="VOID")
    run("void_coupon", access, void)
    for code, why in (("OWN", "coupon_other_customer"), ("OLD", "coupon_not_valid"), ("VOID", "coupon_used")):
        with pytest.raises(DomainError) as caught:
            desk.subscribe(coupons=[code])
        assert caught.value.code == why
    with pytest.raises(DomainError) as caught:
        run("add_coupons", desk.office.access("consultant1"), name="自己发", value="1")
    assert caught.value.status == 403


def test_a_discount_with_a_limit_of_uses_runs_out(desk):
    run("edit_discount", desk.office.access("director"), Discount.objects.get(code="F2"), max_uses=1)
    desk.subscribe(discounts=["F2"])
    with pytest.raises(DomainError) as caught:
        desk.subscribe(index=1, owner="consultant2", discounts=["F2"])
    assert caught.value.code == "discount_used_up"
    assert desk.unit(1).state == "available"


def uses(code: str) -> int:
    return Discount.objects.get(code=code).used


def test_a_deal_without_the_buyers_fault_gives_back_what_it_used(desk):
    director = desk.office.access("director")
    run("edit_discount", director, Discount.objects.get(code="F2"), max_uses=1)
    coupon = run("add_coupons", director, name="券", value="5000", code="V-1")
    request = approved(desk, discounts=["F2"])
    with pytest.raises(DomainError) as caught:  # the approved price is without the voucher
        desk.subscribe(discounts=["F2"], special=request.pk, coupons=["V-1"])
    assert caught.value.code == "discount_request_price" and uses("F2") == 0
    sold = desk.subscribe(discounts=["F2"], special=request.pk)
    assert uses("F2") == 1 and sold.snapshot["counted"] == ["F2"]
    run("cancel_subscription", desk.office.access("manager"), sold, reason="贷款未批")
    request.refresh_from_db()
    assert (request.state, request.deal_id, uses("F2")) == ("approved", None, 0)
    kept = desk.subscribe(index=1, owner="consultant2", discounts=["F2"], coupons=["V-1"])
    contract = run("sign_contract", desk.office.access("clerk"), kept)
    run("terminate_contract", director, contract, reason="买方违约", fault="buyer")
    coupon.refresh_from_db()
    assert (coupon.state, coupon.deal_id, uses("F2")) == ("used", kept.deal_id, 1)


def test_an_expired_special_discount_does_not_come_back(desk):
    request = approved(desk)
    sold = desk.subscribe(special=request.pk)
    DiscountRequest.objects.filter(pk=request.pk).update(expires_on="2020-01-01")
    run("cancel_subscription", desk.office.access("manager"), sold, reason="不买了")
    request.refresh_from_db()
    assert (request.state, request.deal_id) == ("expired", None)


def test_vouchers_and_counted_uses_go_along_in_an_exchange(desk):
    manager, director = desk.office.access("manager"), desk.office.access("director")
    run("edit_discount", director, Discount.objects.get(code="F2"), max_uses=1)
    run("add_coupons", director, name="券", value="5000", code="V-1")
    old = desk.subscribe(discounts=["F2"], coupons=["V-1"])
    Coupon.objects.filter(code="V-1").update(valid_to="2020-01-01")  # used in time; it comes along
    asked = {"new_unit": desk.unit(1).pk, "discounts": ["F2"], "reason": "换房"}
    change = run("exchange_subscription", desk.office.access("consultant1"), old, **asked)
    assert change.new_total == desk.unit(1).list_total - 25000
    run("approve_change", manager, change)
    new = Subscription.objects.get(deal=DealChange.objects.get(pk=change.pk).new_deal)
    assert new.total == change.new_total and new.snapshot["counted"] == ["F2"]
    assert (Coupon.objects.get(code="V-1").deal_id, uses("F2")) == (new.deal_id, 1)
    repriced = run("reprice_subscription", manager, new, discounts=["D98"], reason="改价")
    run("approve_change", director, repriced)
    priced = Subscription.objects.get(deal=new.deal_id, state="active")
    assert priced.total == D("2766890.00") and uses("F2") == 0  # 2,828,460 x 0.98 - 5,000, down to the yuan
    assert recalculated(priced.snapshot).total == priced.total


def test_a_special_discount_of_the_new_unit_is_used_by_the_exchange(desk):
    old = desk.subscribe()
    request = approved(desk, index=1)
    change = run(
        "exchange_subscription", desk.office.access("consultant1"), old, new_unit=desk.unit(1).pk, reason="换房",
        special=request.pk,
    )  # fmt: skip
    assert (change.new_total, change.approvers) == (request.total, ["manager"])
    run("approve_change", desk.office.access("manager"), change)
    request.refresh_from_db()
    assert request.state == "used" and request.deal_id == DealChange.objects.get(pk=change.pk).new_deal_id


def test_a_strategy_shows_what_was_reached(desk):
    access = desk.office.access("director")
    strategy = run(
        "create_price_strategies", access, name="首开", starts_on="2026-01-01", ends_on="2036-01-01",
        target_average="23000",
    )  # fmt: skip
    desk.subscribe()
    shown = reading.get_row(resources.get("price-strategies"), access, strategy.pk)
    assert shown["result"] == {"units": 1, "average": "23500.00", "difference": "500.00"}


# --- the screen ----------------------------------------------------------------------------------


@pytest.fixture
def enter(client, desk):
    def as_user(who: str) -> Any:
        assert client.login(username=who, password=PASSWORD)
        return client

    return as_user


def test_one_screen_tells_everything_and_one_tap_decides(enter, desk):
    before = desk.subscribe(index=1, owner="consultant2", discounts=["D98"])
    request = ask(desk)
    client = enter("manager")
    assert client.get(f"/r/discount-requests/{request.pk}/").status_code == 302
    text = client.get(f"/special/{request.pk}/").content.decode()
    for told in ("2,828,460.00", "2,743,606.00", "3.0000 %", "2,600,000.00", "老带新", before.unit.label, "2.0000 %"):
        assert told in text, told
    assert text.count('name="decision"') == 2
    answer = client.post(f"/special/{request.pk}/", {"decision": "refuse", "opinion": ""})
    assert answer.status_code == 422
    key = {"decision": "approve", "opinion": "", "idempotency_key": "tap"}
    for _again in range(2):
        assert client.post(f"/special/{request.pk}/", key).status_code in (200, 204, 302)
    assert DiscountDecision.objects.count() == 1
    assert 'name="decision"' not in client.get(f"/special/{request.pk}/").content.decode(), "it is the director's turn"


def test_the_screen_hides_the_floor_and_the_buttons_from_who_asked(enter, desk):
    request = ask(desk)
    client = enter("consultant1")
    text = client.get(f"/special/{request.pk}/").content.decode()
    assert "2,600,000.00" not in text and 'name="decision"' not in text
    assert client.post(f"/special/{request.pk}/", {"decision": "approve"}).status_code == 403
    assert client.login(username="consultant2", password=PASSWORD)
    assert client.get(f"/special/{request.pk}/").status_code == 404


def test_a_quotation_has_its_paper_and_opens_the_deal_desk_with_its_terms(enter, desk):
    quotation = quote(desk)
    client = enter("consultant1")
    paper = client.get(f"/papers/quotation/{quotation.pk}.pdf")
    assert paper.status_code == 200 and paper.content.startswith(b"%PDF")
    page = client.get(f"/quotations/{quotation.pk}/").content.decode()
    assert "2,751,890.00" in page
    link = unescape(page.split('href="/deal/')[1].split('"')[0])
    form = client.get(f"/deal/{link}").content.decode()
    assert f'name="quotation" value="{quotation.pk}"' in form and "2,751,890.00" in form
    assert client.login(username="consultant2", password=PASSWORD)
    for url in (f"/papers/quotation/{quotation.pk}.pdf", f"/quotations/{quotation.pk}/"):
        assert client.get(url).status_code == 404


def test_the_deal_desk_sells_with_special_discount_and_voucher(enter, desk):
    request = approved(desk)
    run("add_coupons", desk.office.access("manager"), name="开盘券", value="5000", code="V-1")
    client = enter("consultant1")
    unit = desk.unit().pk
    given = {"customer": request.customer_id, "payment_plan": request.payment_plan_id, "special": request.pk}
    assert "2,743,606.00" in client.get(f"/deal/{unit}/", given).content.decode()
    assert "2,738,606.00" in client.get(f"/deal/{unit}/", given | {"coupons": "V-1"}).content.decode()
    buyer = {f"buyers-0-{k}": v for k, v in BUYER.items()} | {"buyers-0-kind": "person", "buyers-0-id_type": "id_card"}
    form = given | buyer | {"deposit": "50000", "buyers-TOTAL_FORMS": "1", "idempotency_key": "d1"}
    assert client.post(f"/deal/{unit}/", form | {"coupons": "V-1"}).status_code == 409
    assert client.post(f"/deal/{unit}/", form).status_code in (200, 204, 302)
    assert Subscription.objects.get().total == request.total


def test_a_unit_that_comes_back_is_not_sold_before_pricing_confirms(desk):
    """BS12: neither the floor nor its manager clears the lock; the director does."""
    desk.subscribe(discounts=["D98"])
    run("cancel_subscription", desk.office.access("manager"), Subscription.objects.get(), reason="客户放弃")
    assert (desk.unit().state, desk.unit().locks) == ("controlled", ["reconfirm_price"])
    for who, name, data, code in (
        ("manager", "confirm_price", {"reason": "x"}, "forbidden"),
        ("consultant1", "confirm_price", {"reason": "x"}, "forbidden"),
        ("manager", "unlock_unit", {"kind": "reconfirm_price", "reason": "x"}, "lock_needs_price"),
    ):
        with pytest.raises(DomainError) as caught:
            run(name, desk.office.access(who), desk.unit(), **data)
        assert caught.value.code == code, (who, name)
    run("release_unit", desk.office.access("manager"), desk.unit())
    with pytest.raises(DomainError) as caught:
        desk.subscribe(owner="consultant2")
    assert caught.value.code == "unit_locked", "on the board again, but no deal starts"
    run("confirm_price", desk.office.access("director"), desk.unit(), reason="价格复核")
    assert desk.subscribe(owner="consultant2").total == LIST


def test_a_paper_proves_its_price_by_computing_it_again(desk):
    """BS04: from what the paper keeps, whatever became of discounts and lists since."""
    paper = desk.subscribe(discounts=["D98", "P1", "D99", "F2"])
    run("edit_discount", desk.office.access("director"), Discount.objects.get(code="D98"), value="0.5")
    resource, access = resources.get("subscriptions"), desk.office.access("consultant1")
    told = reading.get_row(resource, access, paper.pk)["price_check"]
    assert (told["total"], told["agrees"]) == ("2696170.00", True) and "V1" in told["list_version"]
    with override("zh-hans"):
        assert rows.told(resource.by_name["price_check"], told).startswith("2,696,170.00 · 与单据一致")
    paper.snapshot["discounts"][0]["value"] = "0.97"
    assert queries.price_check(paper.total, paper.snapshot)["agrees"] is False
    assert queries.price_check(D("1.00"), {}) is None, "migrated without a computed price"
