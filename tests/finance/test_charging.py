"""Late fees, area differences, fees on behalf, transfers, closed months."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from anchang.deals.models import Contract, Deal
from anchang.finance.models import (
    AreaSettlement,
    LateFee,
    PeriodClose,
    Receipt,
    Receivable,
    Refund,
    Remittance,
    RemittanceLine,
)
from anchang.finance.queries import collected_total
from anchang.inventory.models import Licence, Unit
from anchang.kernel.errors import DomainError
from anchang.platform.access import bump_stamp
from anchang.platform.models import Notice, Parameter
from tests.factories import run

pytestmark = pytest.mark.django_db
D = Decimal


def refused(code, *args, **data):
    with pytest.raises(DomainError) as caught:
        run(*args, **data)
    assert caught.value.code == code, caught.value


def today(desk) -> dt.date:
    return desk.office.project.today()


def compute(desk):
    return run("compute_late_fees", desk.office.access("finance"), project="YQ")


def late_contract(desk, days: int) -> tuple[Contract, Receivable]:
    """The deposit was due so many days ago; the rest is far away."""
    contract = desk.sign()
    Receivable.objects.filter(contract=contract).update(due_on=today(desk) + dt.timedelta(days=90))
    deposit = Receivable.objects.get(contract=contract, item="deposit")
    Receivable.objects.filter(pk=deposit.pk).update(due_on=today(desk) - dt.timedelta(days=days))
    return contract, deposit


# --- late fees -----------------------------------------------------------------------------------


def test_a_late_fee_follows_the_ledger(desk):
    """50,000 late by 23 days at 0.01 %; a payment and its reversal move it back and forth."""
    contract, deposit = late_contract(desk, 23)
    assert compute(desk) == {"new": 1, "changed": 0}
    fee = LateFee.objects.get()
    assert (fee.amount, fee.delay, fee.source_id) == (D("115.00"), 23, deposit.pk)
    assert compute(desk) == {"new": 0, "changed": 0}  # once more changes nothing
    receipt = desk.receive(contract, "50000", received_on=(today(desk) - dt.timedelta(days=13)).isoformat())
    compute(desk)
    fee.refresh_from_db()
    assert (fee.amount, fee.delay) == (D("50.00"), 10)
    run("reverse_receipt", desk.office.access("finance"), receipt, reason="bounced")
    compute(desk)
    fee.refresh_from_db()
    assert fee.amount == D("115.00")


def test_beyond_the_tier_the_higher_rate_holds_for_the_whole_delay(desk):
    late_contract(desk, 91)
    compute(desk)
    assert LateFee.objects.get().amount == D("910.00")  # 50,000 x 0.02 % x 91, not 90 days at the lower rate


def test_charging_a_fee_and_recomputing_it(desk):
    contract, _deposit = late_contract(desk, 23)
    compute(desk)
    finance = desk.office.access("finance")
    fee = run("charge_late_fee", finance, LateFee.objects.get())
    line = Receivable.objects.get(pk=fee.charged_id)
    assert (line.item, line.amount, line.house) == ("late_fee", D("115.00"), False)
    refused("late_fee_nothing", "charge_late_fee", finance, fee)
    desk.receive(contract, "50000", received_on=(today(desk) - dt.timedelta(days=13)).isoformat())
    compute(desk)
    line.refresh_from_db()
    assert line.amount == D("50.00")
    parts = [{"receivable": str(line.pk), "amount": "50.00"}]
    assert desk.receive(contract, "50", allocations=parts).kind == "late_fee"


def test_a_waiver_needs_the_director(desk):
    late_contract(desk, 23)
    compute(desk)
    finance, director = desk.office.access("finance"), desk.office.access("director")
    fee = run("charge_late_fee", finance, LateFee.objects.get())
    refused("waiver_over_fee", "ask_waiver", finance, fee, amount="115.01", reason="x")
    run("ask_waiver", finance, fee, amount="100", reason="hospital")
    refused("forbidden", "approve_waiver", finance, fee)
    done = run("approve_waiver", director, fee)
    assert (done.waived, done.payable) == (D("100.00"), D("15.00"))
    line = Receivable.objects.get(pk=fee.charged_id)
    assert line.amount == D("15.00")
    run("ask_waiver", finance, fee, amount="15", reason="hospital")
    run("approve_waiver", director, fee)
    line.refresh_from_db()
    assert line.voided


# --- area differences ----------------------------------------------------------------------------


def measure(contract: Contract, gross: str, inner: str | None = None) -> None:
    Unit.objects.filter(pk=contract.unit_id).update(
        measured_gross_area=gross, measured_inner_area=inner or str(D(gross) * D("0.8")),
        measured_shared_area=D(gross) * D("0.2"), measured_state="approved",
    )  # fmt: skip


def test_a_larger_flat_is_a_receivable_beside_the_price(desk):
    contract = desk.sign()
    finance, director = desk.office.access("finance"), desk.office.access("director")
    refused("area_not_measured", "compute_area_settlement", finance, contract)
    measure(contract, "122.00", "97.00")
    one = run("compute_area_settlement", finance, contract)
    assert one.amount == (D("1.64") * contract.unit_price).quantize(D("0.01"))
    assert not Receivable.objects.filter(item="area_difference").exists()  # only computed yet
    refused("state_refused", "post_area_settlement", finance, one)
    refused("forbidden", "approve_area_settlement", finance, one)
    run("approve_area_settlement", director, one)
    done = run("post_area_settlement", finance, one)
    line = Receivable.objects.get(pk=done.receivable_id)
    assert (line.amount, line.house) == (one.amount, False)
    refused("area_settled_before", "compute_area_settlement", finance, contract)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE finance_areasettlement SET amount = 1 WHERE id = %s", [one.pk])


def test_a_much_smaller_flat_is_refunded_double_beyond_the_threshold(desk):
    contract = desk.sign()
    measure(contract, "116.00", "93.00")
    one = run("compute_area_settlement", desk.office.access("finance"), contract)
    price, limit = contract.unit_price, D("120.36") * D("0.03")
    once, double = (limit * price).quantize(D("0.01")), ((D("4.36") - limit) * 2 * price).quantize(D("0.01"))
    assert one.amount == -(once + double) and one.may_terminate
    run("approve_area_settlement", desk.office.access("director"), one)
    done = run("post_area_settlement", desk.office.access("finance"), one)
    assert Refund.objects.get(pk=done.refund_id).amount == once + double


def test_a_rejected_settlement_is_computed_anew(desk):
    contract = desk.sign()
    measure(contract, "122.00")
    one = run("compute_area_settlement", desk.office.access("finance"), contract)
    run("reject_area_settlement", desk.office.access("director"), one, reason="wrong survey")
    measure(contract, "121.00")
    again = run("compute_area_settlement", desk.office.access("finance"), contract)
    assert again.measured_area == D("121.00") and AreaSettlement.objects.count() == 2


# --- fees on behalf ------------------------------------------------------------------------------


def test_fees_on_behalf_are_received_apart_and_paid_on_once(desk):
    contract = desk.sign()
    finance = desk.office.access("finance")
    run("charge_agency_fees", finance, contract, home="first")
    tax = Receivable.objects.get(item="agency_deed_tax")
    fund = Receivable.objects.get(item="agency_maintenance")
    assert (fund.amount, tax.house, fund.house) == (D("12036.00"), False, False)
    refused("agency_charged_before", "charge_agency_fees", finance, contract)
    refused(
        "agency_nothing", "remit_agency_fees", finance, project="YQ", item="agency_maintenance", payee="维修资金中心"
    )
    receipt = desk.receive(contract, "12036", allocations=[{"receivable": str(fund.pk), "amount": "12036.00"}])
    assert receipt.kind == "agency" and collected_total(desk.office.project, today(desk), today(desk)) == 0
    done = run("remit_agency_fees", finance, project="YQ", item="agency_maintenance", payee="维修资金中心")
    assert done.amount == D("12036.00") and RemittanceLine.objects.get().receivable_id == fund.pk
    refused(
        "agency_nothing", "remit_agency_fees", finance, project="YQ", item="agency_maintenance", payee="维修资金中心"
    )
    refused(
        "agency_not_paid", "remit_agency_fees", finance, project="YQ", item="agency_deed_tax", payee="税务局",
        receivables=[tax.pk],
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        RemittanceLine.objects.create(
            project=desk.office.project, remittance=Remittance.objects.get(), receivable=fund, amount=1
        )


def test_the_deed_tax_by_rule(desk):
    """1 % of the price without VAT for a first home up to 140 ㎡, 3 % for anything that is no home."""
    contract = desk.sign()
    run("charge_agency_fees", desk.office.access("finance"), contract, home="first", maintenance=False)
    base = (contract.total / D("1.09")).quantize(D("0.01"))
    assert Receivable.objects.get(item="agency_deed_tax").amount == (base * D("0.01")).quantize(D("0.01"))


# --- transfers -----------------------------------------------------------------------------------


def test_free_money_moves_to_another_deal_and_collection_stays(desk):
    first, second = desk.sign(0), desk.sign(1)
    desk.receive(first, str(first.total + 30000), confirm_surplus=True)
    finance, day = desk.office.access("finance"), today(desk)
    before = collected_total(desk.office.project, day, day)
    source, target = Deal.objects.get(pk=first.deal_id), Deal.objects.get(pk=second.deal_id)
    refused("refund_over_received", "transfer_money", finance, source, to=target.pk, amount="30000.01", reason="x")
    refused("transfer_same_deal", "transfer_money", finance, source, to=source.pk, amount="1", reason="x")
    given = run("transfer_money", finance, source, to=target.pk, amount="30000", reason="second flat")
    assert given.state == "requested" and not Receipt.objects.filter(way="transfer_in").exists()
    refused("refund_over_received", "transfer_money", finance, source, to=target.pk, amount="1", reason="twice")
    refused("own_request", "approve_transfer", finance, given)
    director = desk.office.access("director")
    refused("refund_is_transfer", "approve_refund", director, given)
    given = run("approve_transfer", director, given)
    refused("state_refused", "approve_transfer", director, given)
    taken = Receipt.objects.get(way="transfer_in")
    assert (given.state, given.reference, taken.amount, taken.deal_id) == (
        "paid", taken.number, D("30000.00"), target.pk,
    )  # fmt: skip
    assert Receivable.objects.get(contract=second, item="deposit").allocated == D("30000.00")
    assert collected_total(desk.office.project, day, day) == before


def test_another_customer_gets_money_only_by_order(desk):
    first = desk.sign(0)
    second = desk.sign(1, customer=desk.customer("consultant1", 1))
    desk.receive(first, str(first.total + 100), confirm_surplus=True)
    finance = desk.office.access("finance")
    source = Deal.objects.get(pk=first.deal_id)
    refused("payee_proof_missing", "transfer_money", finance, source, to=second.deal_id, amount="100", reason="x")
    proofs = ["signed_order", "identity", "relation"]
    asked = run("transfer_money", finance, source, to=second.deal_id, amount="100", reason="x", proofs=proofs)
    run("reject_refund", desk.office.access("director"), asked, reason="no order")  # the money is free again
    parameter("finance.transfer_second_person", False)
    assert run("transfer_money", finance, source, to=second.deal_id, amount="100", reason="x", proofs=proofs).state == "paid"


def test_the_order_is_asked_for_again_when_the_other_deal_changed_hands(desk):
    first, second = desk.sign(0), desk.sign(1)
    desk.receive(first, str(first.total + 100), confirm_surplus=True)
    finance, source = desk.office.access("finance"), Deal.objects.get(pk=first.deal_id)
    asked = run("transfer_money", finance, source, to=second.deal_id, amount="100", reason="x")
    Deal.objects.filter(pk=second.deal_id).update(customer=desk.customer("consultant1", 1))
    refused("payee_proof_missing", "approve_transfer", desk.office.access("director"), asked)
    assert not Receipt.objects.filter(way="transfer_in").exists()


def test_nobody_approves_his_own_refund_where_two_persons_are_wanted(desk):
    first = desk.sign(0)
    desk.receive(first, str(first.total + 100), confirm_surplus=True)
    parameter("finance.refund_second_person", True)
    finance = desk.office.access("finance")
    asked = run("request_refunds", finance, deal=first.deal_id, amount="100", reason="x")
    told = Notice.objects.filter(code="refund_requested")
    assert list(told.values_list("user", flat=True)) == [desk.office.users["director"].pk]
    refused("own_request", "approve_refund", finance, asked)
    assert run("approve_refund", desk.office.access("director"), asked).state == "approved"


def parameter(key: str, value) -> None:
    Parameter.objects.create(key=key, value=value, valid_from="2020-01-01")
    bump_stamp()


# --- closed months -------------------------------------------------------------------------------


def old_receipt(desk, contract: Contract, amount: str = "50000") -> Receipt:
    """Money of the last month, its day closed."""
    last = today(desk).replace(day=1) - dt.timedelta(days=1)
    run("receive_on_contract", desk.office.access("finance"), contract, amount=amount, way="cash",
        received_on=last.isoformat())  # fmt: skip
    return Receipt.objects.get(received_on=last)


@pytest.fixture
def month(desk):
    """A contract with money of the last month."""
    first = today(desk).replace(day=1) - dt.timedelta(days=1)
    Licence.objects.update(issued_on=first.replace(day=1))
    Parameter.objects.create(key="finance.backdate_days", value=400, valid_from="2020-01-01")
    bump_stamp()
    contract = desk.sign()
    return desk, contract, old_receipt(desk, contract)


def test_a_closed_month_never_changes(month):
    desk, contract, receipt = month
    finance = desk.office.access("finance")
    refused("period_days_open", "close_month", finance, project="YQ")
    run("close_day", finance, day=receipt.business_date.isoformat(), cash="50000")
    refused("period_not_over", "close_month", finance, project="YQ", month=today(desk).isoformat())
    close = run("close_month", finance, project="YQ")
    assert (close.last_day, close.received, close.receipts) == (receipt.business_date, D("50000.00"), 1)
    refused("period_closed_before", "close_month", finance, project="YQ")
    day = receipt.business_date.isoformat()
    admin = desk.office.access("admin")
    refused("period_closed", "receive_on_contract", admin, contract, amount="5", way="cash", received_on=day)
    late = run("receive_on_contract", finance, contract, amount="5", way="cash", received_on=day, book_today=True)
    assert (late.received_on, late.business_date) == (receipt.business_date, today(desk))
    run("reverse_receipt", finance, receipt, reason="wrong deal")
    assert Receipt.objects.get(reverses=receipt).business_date == today(desk)
    close.refresh_from_db()
    assert close.received == D("50000.00")
    for sql in (
        "UPDATE finance_periodclose SET received = 0",
        "DELETE FROM finance_periodclose",
        f"INSERT INTO finance_allocation (project_id, receipt_id, receivable_id, amount, at, business_date)"
        f" SELECT project_id, {late.pk}, receivable_id, 1, now(), '{day}' FROM finance_allocation LIMIT 1",
        f"INSERT INTO finance_receipt (project_id, number, book, book_seq, deal_id, amount, allocated, way, money, kind,"
        " account, payer, reference, received_on, business_date, state, reason, prints, version, created_at, updated_at)"
        f" SELECT project_id, 'X', book, 99, deal_id, 1, 0, way, money, kind, '', '', '', received_on, '{day}',"
        f" 'posted', '', 0, 1, now(), now() FROM finance_receipt WHERE id = {late.pk}",
    ):
        refusals = pytest.raises((IntegrityError, ProgrammingError))
        with refusals as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert "permission denied" in str(caught.value) or "closed" in str(caught.value)
    assert PeriodClose.objects.get().late == 0
