"""Hold → subscription → contract → receipt → reversal → termination, by commands, to the cent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from anchang.deals.models import Buyer, Contract, Deal, Hold, Subscription, UnitClaim
from anchang.finance import queries
from anchang.finance.models import Allocation, Receipt, Receivable, Refund
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.deals.desk import BUYER, Desk
from tests.factories import run

pytestmark = pytest.mark.django_db
TOTAL = Decimal("2696170.00")
ALL_DISCOUNTS = ["D98", "P1", "D99", "F2"]


def set_parameter(key, value):
    Parameter.objects.create(key=key, value=value, valid_from=dt.date(2020, 1, 1))
    bump_stamp()


def refused(code, *args, status=None, field=None, **data):
    with pytest.raises(DomainError) as caught:
        run(*args, **data)
    assert caught.value.code == code, (caught.value.code, caught.value.fields)
    if status:
        assert caught.value.status == status
    if field:
        assert field in caught.value.fields
    return caught.value


def hold(desk: Desk, index=0, owner="consultant1", **more):
    return run(
        "hold_unit", desk.office.access(owner), desk.unit(index), customer=desk.customer(owner).pk, **more
    )


def test_the_worked_example_to_the_cent(desk):
    """DOMAIN §6: 2,828,460.00 → 2,696,170.00 by four discounts; mortgage of 1,880,000; deposit 50,000."""
    sub = desk.subscribe(
        discounts=ALL_DISCOUNTS, payment_plan="mortgage",
        buyers=[BUYER | {"share": "60"}, {"name": "李四", "id_number": "330102199105082327", "share": "40"}],
    )  # fmt: skip
    assert (sub.state, sub.total, sub.list_total) == ("active", TOTAL, Decimal("2828460.00"))
    assert [s["after"] for s in sub.snapshot["steps"]] == [
        "2828460.00", "2771890.80", "2743606.20", "2716170.14", "2696170.14", "2696170.00",
    ]  # fmt: skip
    assert sub.depth == Decimal("4.6771")
    assert sub.unit_price == Decimal("22400.88")
    assert desk.unit().state == "subscribed"
    contract = run("sign_contract", desk.office.access("clerk"), sub)
    lines = Receivable.objects.filter(contract=contract).order_by("due_on", "seq")
    assert [(r.item, r.amount) for r in lines] == [
        ("deposit", Decimal("50000.00")), ("first_payment", Decimal("766170.00")), ("bank_loan", Decimal("1880000.00")),
    ]  # fmt: skip
    assert sum(r.amount for r in lines) == contract.total == TOTAL
    assert desk.unit().state == "signed"
    assert UnitClaim.objects.get(unit=desk.unit()).kind == "contract"
    assert [str(b.share) for b in Buyer.objects.order_by("seq")] == ["60.00", "40.00"]


def test_instalments_last_line_takes_the_remainder(desk):
    contract = desk.sign(discounts=ALL_DISCOUNTS, payment_plan="instalment", deposit="0")
    amounts = Receivable.objects.filter(contract=contract).order_by("seq").values_list("amount", flat=True)
    assert list(amounts) == [Decimal("898723.33"), Decimal("898723.33"), Decimal("898723.34")]


def test_hold_then_subscribe_then_sign_keeps_one_claim_and_one_deal(desk):
    held = hold(desk)
    unit = desk.unit()
    assert unit.state == "held" and unit.state_until == held.expires_at
    receipt = run(
        "receive_on_hold", desk.office.access("finance"), held, amount="20000", way="cash", payer="张三"
    )
    assert receipt.contract_id is None and receipt.allocated == 0
    sub = desk.subscribe()
    assert sub.deal_id == held.deal_id
    assert Hold.objects.get().state == "converted"
    deposit = Receivable.objects.get(item="deposit")
    assert (deposit.allocated, deposit.balance) == (Decimal("20000.00"), Decimal("30000.00"))
    contract = run("sign_contract", desk.office.access("clerk"), sub)
    receipt.refresh_from_db()
    assert receipt.contract_id == contract.pk
    assert Deal.objects.get().state == "signed"


def test_someone_elses_customer(desk):
    """consultant5 may not hold or subscribe with consultant1's customer; nothing is written."""
    c5 = desk.office.access("consultant5")
    customer = desk.customer("consultant1").pk
    refused("bad_input", "hold_unit", c5, desk.unit(), customer=customer, status=422, field="customer")
    assert not Deal.objects.exists() and desk.unit().state == "available"


def test_a_held_unit_is_taken_for_others(desk):
    hold(desk)
    access = desk.office.access("consultant5")
    other = desk.customer("consultant5").pk
    refused("unit_taken", "hold_unit", access, desk.unit(), customer=other, status=409)
    refused(
        "unit_taken", "subscribe_unit", access, desk.unit(), customer=other, buyers=[BUYER],
        payment_plan="lump_sum", deposit="0", status=409,
    )  # fmt: skip


def test_hold_clock(desk):
    """BS31: limited extensions, no second hold at once, expiry frees the unit before the next command."""
    held = hold(desk, minutes=30)
    manager = desk.office.access("manager")
    before = held.expires_at
    held = run("extend_hold", manager, held, minutes=30)
    assert held.expires_at == before + dt.timedelta(minutes=30)
    held = run("extend_hold", manager, held)
    refused("extensions_used_up", "extend_hold", manager, held, status=409)
    run("cancel_hold", desk.office.access("consultant1"), held)
    assert desk.unit().state == "available" and not UnitClaim.objects.exists()
    refused(
        "held_before",
        "hold_unit",
        desk.office.access("consultant1"),
        desk.unit(),
        customer=desk.customer("consultant1").pk,
    )
    late = hold(desk, owner="consultant5")
    past = timezone.now() - dt.timedelta(minutes=1)
    Hold.objects.filter(pk=late.pk).update(expires_at=past)
    Unit.objects.filter(pk=late.unit_id).update(state_until=past)
    again = hold(desk, owner="consultant2")
    late.refresh_from_db()
    assert (late.state, again.state) == ("expired", "active")
    assert Deal.objects.get(pk=late.deal_id).state == "ended"


def test_expiry_job_requests_the_reservation_money_back(desk):
    from anchang.platform.context import Context
    from anchang.processes.reminders import end_what_time_has_ended

    held = hold(desk, kind="reservation")
    run("receive_on_hold", desk.office.access("finance"), held, amount="5000", way="pos")
    Hold.objects.filter(pk=held.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    ctx = Context(desk.office.access("system"), desk.office.project)
    assert end_what_time_has_ended(ctx) == 2
    ctx.flush()
    assert desk.unit().state == "available"
    refund = Refund.objects.get()
    assert (refund.amount, refund.allocated, refund.state) == (
        Decimal("5000.00"),
        Decimal("5000.00"),
        "requested",
    )
    assert end_what_time_has_ended(Context(desk.office.access("system"), desk.office.project)) == 0


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"deposit": "565692.01"}, "deposit_over_cap", "deposit"),
        ({"buyers": []}, "bad_input", None),
        ({"buyers": [BUYER | {"share": "60"}, {"name": "李四", "id_number": "330102199105082327", "share": "39.99"}]}, "shares_not_100", "buyers"),
        ({"buyers": [BUYER, BUYER]}, None, None),
        ({"sign_by": "2020-01-01"}, "sign_by_in_past", "sign_by"),
        ({"payment_plan": "nothing"}, "bad_input", "payment_plan"),
        ({"discounts": ["NONE"]}, "bad_input", "discounts"),
        ({"deposit": "-1"}, "bad_input", "deposit"),
        ({"loans": [{"kind": "bank", "amount": "100"}]}, "plan_has_no_loans", "loans"),
    ],
)  # fmt: skip
def test_bad_subscriptions_are_refused_by_field_and_write_nothing(desk, change, code, field):
    with pytest.raises(DomainError) as caught:
        desk.subscribe(**change)
    assert caught.value.status == 422
    if code and code != "bad_input":
        assert caught.value.code == code
    if field:
        assert field in caught.value.fields
    assert not Deal.objects.exists() and not UnitClaim.objects.exists() and desk.unit().state == "available"


def test_wrong_check_digit_is_a_warning_until_strict(desk):
    wrong = BUYER | {"id_number": "330102199003072317"}
    desk.subscribe(buyers=[wrong])
    assert Buyer.objects.get().warning == "id_check_digit"
    assert "330102199003072317" not in str(Buyer.objects.values().get())
    set_parameter("deals.strict_check_digits", True)
    with pytest.raises(DomainError) as caught:
        desk.subscribe(1, buyers=[wrong])
    assert caught.value.fields == {"buyers.0.id_number": "id_check_digit"}


def test_receipts_go_oldest_due_first_and_by_class(desk):
    contract = desk.sign(discounts=ALL_DISCOUNTS, payment_plan="mortgage")
    first = desk.receive(contract, "100000.00")
    assert first.number.endswith("000001") and first.contract_id == contract.pk
    parts = queries.allocations_of([first.pk])[first.pk]
    assert [(p["item"], p["amount"]) for p in parts] == [
        ("deposit", "50000.00"),
        ("first_payment", "50000.00"),
    ]
    loan = desk.receive(contract, "1880000.00", "mortgage")
    assert [p["item"] for p in queries.allocations_of([loan.pk])[loan.pk]] == ["bank_loan"]
    over = desk.receive(contract, "800000", "pos", confirm_surplus=True)
    assert over.amount - over.allocated == Decimal("83830.00")
    assert Receivable.objects.get(item="bank_loan").settled_on is not None
    today = timezone.localdate()
    for by in ("day", "item", "way", "class", "person", "cashier"):
        assert queries.collection(desk.office.project, today, today, by)["total"] == "2780000.00", by
    rate = queries.collection_rate(desk.office.project, today, today)["project"]
    assert rate["rate"] == "1.000000"


def test_named_lines(desk):
    contract = desk.sign(payment_plan="instalment", deposit="0")
    second = Receivable.objects.get(contract=contract, seq=2)
    receipt = desk.receive(contract, "10", allocations=[{"receivable": second.pk, "amount": "10"}])
    assert queries.allocations_of([receipt.pk])[receipt.pk][0]["seq"] == 2
    finance = desk.office.access("finance")
    for bad in ([{"receivable": 0, "amount": "1"}], [{"receivable": second.pk, "amount": "99"}]):
        with pytest.raises(DomainError) as caught:
            run("receive_on_contract", finance, contract, amount="10", way="cash", allocations=bad)
        assert caught.value.status == 422


def test_money_needs_permission_licence_and_an_open_day(desk):
    contract = desk.sign()
    refused(
        "forbidden",
        "receive_on_contract",
        desk.office.access("consultant1"),
        contract,
        amount="5",
        way="cash",
        status=403,
    )
    finance = desk.office.access("finance")
    refused(
        "bad_input",
        "receive_on_contract",
        finance,
        contract,
        amount="-5",
        way="cash",
        status=422,
        field="amount",
    )
    refused(
        "bad_input",
        "receive_on_contract",
        finance,
        contract,
        amount="5",
        way="barter",
        status=422,
        field="way",
    )
    tomorrow = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    refused(
        "date_in_future",
        "receive_on_contract",
        finance,
        contract,
        amount="5",
        way="cash",
        received_on=tomorrow,
    )
    desk.receive(contract, "5", "cash")
    refused("difference_needs_note", "close_day", finance, cash="4", status=422)
    run("close_day", finance, cash="5")
    refused("day_closed", "receive_on_contract", finance, contract, amount="5", way="cash", status=409)
    assert Receipt.objects.get().state == "day_closed"
    desk.stock.licence.__class__.objects.update(valid_to="2026-01-02", issued_on="2026-01-01")
    refused(
        "licence_expired",
        "receive_on_contract",
        desk.office.access("admin"),
        contract,
        amount="5",
        way="cash",
        status=409,
    )


def test_reversal_is_a_mirror_and_gives_the_lines_back(desk):
    contract = desk.sign()
    receipt = desk.receive(contract, "100000")
    finance = desk.office.access("finance")
    reversed_ = run("reverse_receipt", finance, receipt, reason="录错")
    assert (reversed_.state, reversed_.allocated) == ("reversed", 0)
    mirror = Receipt.objects.get(reverses=receipt)
    assert mirror.amount == Decimal("-100000.00") and mirror.book_seq == 2
    assert set(Receivable.objects.values_list("allocated", flat=True)) == {Decimal("0.00")}
    refused("state_refused", "reverse_receipt", finance, receipt, reason="again", status=409)
    refused("reversal_of_reversal", "reverse_receipt", finance, mirror, reason="again", status=409)
    today = timezone.localdate()
    assert queries.collected_total(desk.office.project, today, today) == 0


@pytest.mark.parametrize(
    ("fault", "forfeited", "returned", "compensation"),
    [("buyer", "50000.00", "50000.00", "0.00"), ("seller", "0.00", "100000.00", "50000.00"), ("none", "0.00", "100000.00", "0.00")],
)  # fmt: skip
def test_termination_settles_by_fault(desk, fault, forfeited, returned, compensation):
    contract = desk.sign()
    desk.receive(contract, "100000")
    ended = run("terminate_contract", desk.office.access("director"), contract, reason="退房", fault=fault)
    assert (ended.state, str(ended.forfeited), str(ended.compensation)) == (
        "terminated",
        forfeited,
        compensation,
    )
    unit = desk.unit()
    assert unit.state == "controlled" and "reconfirm_price" in unit.locks
    assert not UnitClaim.objects.exists()
    assert Deal.objects.get().state == "ended"
    back = Refund.objects.get(kind="return")
    assert str(back.amount) == returned and back.due_on == timezone.localdate() + dt.timedelta(days=15)
    extra = Refund.objects.filter(kind="compensation").first()
    assert str(extra.amount if extra else Decimal("0.00")) == compensation
    assert not Receivable.objects.filter(voided=False, house=True).exists()
    finance, director = desk.office.access("finance"), desk.office.access("director")
    refused("state_refused", "receive_on_contract", finance, contract, amount="1", way="cash", status=409)
    refused("receipt_refunded", "reverse_receipt", finance, Receipt.objects.get(), reason="x")
    refused("state_refused", "pay_refund", finance, back)
    run("approve_refund", director, back)
    run("pay_refund", finance, back)
    today = timezone.localdate()
    total = Decimal("100000.00") - Decimal(returned)
    for by in ("day", "item", "way", "person"):
        assert Decimal(queries.collection(desk.office.project, today, today, by)["total"]) == total, by


def test_refund_limits(desk):
    contract = desk.sign(deposit="0")
    desk.receive(contract, "100")
    finance = desk.office.access("finance")
    refused(
        "refund_over_received", "request_refunds", finance, project="YQ", deal=contract.deal_id, amount="1", reason="x",
        status=422,
    )  # fmt: skip
    Receivable.objects.count()
    over = desk.receive(contract, "2828400", confirm_surplus=True)
    free = over.amount - over.allocated
    assert free > 0
    refund = run(
        "request_refunds", finance, project="YQ", deal=contract.deal_id, amount=str(free), reason="多收"
    )
    rejected = run("reject_refund", finance, refund, reason="no")
    assert (rejected.state, rejected.allocated) == ("rejected", 0)


def test_cancelling_subscriptions(desk):
    active = desk.subscribe()
    ended = run(
        "terminate_subscription", desk.office.access("director"), active, reason="挞定", fault="buyer"
    )
    assert (
        ended.state == "refunded" and desk.unit().state == "controlled"
    )  # nothing was paid: nothing to keep
    paid = desk.subscribe(1)
    run("receive_on_subscription", desk.office.access("finance"), paid, amount="50000", way="pos")
    ended = run("terminate_subscription", desk.office.access("director"), paid, reason="挞定", fault="buyer")
    assert (ended.state, ended.forfeited) == ("forfeited", Decimal("50000.00"))
    assert Receivable.objects.get(item="forfeiture").allocated == Decimal("50000.00")
    assert not Refund.objects.exists()


def test_special_discounts_wait_for_approval(desk):
    run(
        "add_discounts", desk.office.access("system"), code="S5", name="特批", kind="mult", value="0.95",
        special=True, category="special",
    )  # fmt: skip
    sub = desk.subscribe(discounts=["S5"])
    assert (sub.state, sub.approvers) == ("approving", ["manager", "director", "group"])
    assert desk.unit().state == "held"
    for who in ("consultant1",):
        with pytest.raises(DomainError):
            run("approve_subscription", desk.office.access(who), sub)
    refused("not_an_approver", "approve_subscription", desk.office.access("director"), sub, status=403)
    for _step in range(3):
        sub = run("approve_subscription", desk.office.access("admin"), sub)
    assert sub.state == "active" and desk.unit().state == "subscribed"
    other = desk.subscribe(1, discounts=["S5"])
    other = run("refuse_subscription", desk.office.access("admin"), other, reason="too deep")
    assert other.state == "cancelled" and desk.unit(1).state == "available"
    assert Receivable.objects.filter(deal=other.deal_id, voided=False).count() == 0


def test_first_money_activates(desk):
    set_parameter("deals.activate_on", "full_deposit")
    sub = desk.subscribe()
    assert (sub.state, desk.unit().state) == ("draft", "held")
    finance = desk.office.access("finance")
    run("receive_on_subscription", finance, sub, amount="49999.99", way="cash")
    sub.refresh_from_db()
    assert sub.state == "draft"
    run("receive_on_subscription", finance, sub, amount="0.01", way="cash")
    sub.refresh_from_db()
    assert (sub.state, desk.unit().state) == ("active", "subscribed")


def test_filing_review_and_documents(desk):
    clerk = desk.office.access("clerk")
    document = run(
        "create_checklists",
        desk.office.access("admin"),
        project="YQ",
        name="身份证",
        needed_for="person",
        blocks_signing=True,
        order=1,
    )
    sub = desk.subscribe()
    why = refused("documents_missing", "sign_contract", clerk, sub, status=409)
    assert why.params["documents"] == ["身份证 (张三)"]
    buyer = Buyer.objects.get()
    run("receive_documents", clerk, sub.deal_id, documents=[{"document": document.pk, "buyer": buyer.pk}])
    set_parameter("deals.contract_review", True)
    draft = run("sign_contract", clerk, sub)
    assert (draft.state, desk.unit().state) == ("draft", "subscribed")
    draft = run("review_contract", clerk, draft)
    contract = run("sign_reviewed_contract", clerk, draft)
    assert (contract.state, desk.unit().state) == ("signed", "signed")
    refused(
        "filed_before_signed",
        "file_contract",
        clerk,
        contract,
        filing_number="B1",
        filed_on="2020-01-01",
        status=422,
    )
    contract = run("file_contract", clerk, contract, filing_number="B1")
    assert (contract.state, contract.filed_on) == ("filed", timezone.localdate())


def test_answers_carry_the_contract_fields(desk):
    held = hold(desk)
    access = desk.office.access("admin")
    row = reading.get_row(resources.get("holds"), access, held.pk)
    assert {"id", "unit", "customer", "expires_at", "state"} <= set(row)
    contract = run("sign_contract", desk.office.access("clerk"), desk.subscribe())
    receipt = desk.receive(contract, "100000")
    for name, pk, fields in (
        ("subscriptions", contract.subscription_id, "id number unit customer total state"),
        ("contracts", contract.pk, "id number unit customer total state"),
        ("receivables", Receivable.objects.first().pk, "id contract item seq due_on amount balance state"),
        ("receipts", receipt.pk, "id number deal contract amount way state allocations"),
        ("refunds", None, "id"),
    ):
        if pk is None:
            continue
        row = reading.get_row(resources.get(name), access, pk)
        assert set(fields.split()) <= set(row), name
    assert row["contract"] == {"id": contract.pk, "label": contract.number}
    c2 = desk.office.access("consultant2")
    with pytest.raises(DomainError) as caught:
        reading.get_row(resources.get("contracts"), c2, contract.pk)
    assert caught.value.code == "not_found"
    assert (
        Contract.objects.count() == 1
        and Subscription.objects.count() == 1
        and Allocation.objects.count() == 2
    )


def test_sales_mode_and_agency(desk):
    """D18: stored on the deal; an agency sale names its agency."""
    sub = desk.subscribe(sales_mode="online")
    clerk = desk.office.access("clerk")
    refused("agency_required", "edit_deal", clerk, sub.deal_id, sales_mode="agency", status=422, field="agency")
    deal = run("edit_deal", clerk, sub.deal_id, sales_mode="agency", agency="同策")
    assert (deal.sales_mode, deal.agency) == ("agency", "同策")
    row = reading.get_row(resources.get("subscriptions"), clerk, sub.pk)
    assert (row["sales_mode"], row["agency"]) == ("agency", "同策")


def test_a_household_member_takes_over_the_hold(desk):
    from anchang.crm.models import Customer, Household

    held = hold(desk)
    household = Household.objects.create(project=desk.office.project, name="张家")
    spouse = desk.customer("consultant1", 1)
    Customer.objects.filter(pk__in=[spouse.pk, held.customer_id]).update(household=household)
    sub = desk.subscribe(customer=spouse)
    assert (sub.deal_id, sub.customer_id) == (held.deal_id, spouse.pk)
    stages = dict(Customer.objects.values_list("id", "stage"))
    assert (stages[spouse.pk], stages[held.customer_id]) == ("subscriber", "visitor")
