"""After signing: mortgage and title step by step, handover, copies in custody, disputes, reminders."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from anchang.affairs import rules, tasks
from anchang.affairs.models import ContractCopy, CopyLoan, Dispute, Handover, Mortgage, TitleRegistration, Warranty
from anchang.deals.models import Contract, Deal
from anchang.finance.models import Receivable
from anchang.inventory.models import Building
from anchang.kernel.clock import add_months
from anchang.kernel.money import yuan
from anchang.platform.access import bump_stamp, system_access
from anchang.platform.jobs import JobRun
from anchang.platform.models import Parameter, Task
from anchang.platform.scope import open_scope
from tests.factories import PASSWORD, run
from tests.paperwork.test_signing import back
from tests.processes.test_main_path import refused, set_parameter

pytestmark = pytest.mark.django_db


def job(desk, function, **given):
    with open_scope(system_access([desk.office.project.pk])):
        function(JobRun(system_access([desk.office.project.pk]), desk.office.project), **given)


def clerk(desk):
    return desk.office.access("clerk")


@pytest.mark.parametrize("kind", list(rules.MACHINES))
def test_every_state_is_reached_and_ends_somewhere(kind):
    machine = rules.MACHINES[kind]
    assert {to for targets in machine.values() for to in targets} < set(machine)
    assert any(not targets for targets in machine.values())
    start = next(iter(machine))
    seen, todo = {start}, [start]
    while todo:
        for to in machine[todo.pop()]:
            if to not in seen:
                seen.add(to)
                todo.append(to)
    assert seen == set(machine)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(0, 400))
def test_the_next_step_is_due_so_many_days_after_the_last(since, days):
    assert rules.due_on("mortgage", "submitted", since, {"mortgage.approved": days}) == since + dt.timedelta(days)
    assert rules.due_on("mortgage", "disbursed", since, {"mortgage.approved": days}) is None
    assert rules.due_on("mortgage", "submitted", since, {}) is None


def test_a_mortgage_goes_from_signing_to_payout(desk):
    contract = desk.sign(payment_plan="mortgage")
    job(desk, tasks.open_affairs, deal=contract.deal_id)
    job(desk, tasks.open_affairs, deal=contract.deal_id)
    mortgage = Mortgage.objects.get(contract=contract)
    assert mortgage.amount == Receivable.objects.get(contract=contract, item="bank_loan").amount
    assert mortgage.due_on == mortgage.since + dt.timedelta(days=7)
    refused("state_refused", "approve_mortgage", clerk(desk), mortgage, status=409)
    run("submit_mortgage", clerk(desk), mortgage)
    refused("before_last_step", "approve_mortgage", clerk(desk), mortgage, on="2020-01-01", status=422, field="on")
    refused("approved_too_much", "approve_mortgage", clerk(desk), mortgage, amount=str(mortgage.amount + 1), status=422)
    granted = mortgage.amount - 10000
    run("approve_mortgage", clerk(desk), mortgage, amount=str(granted))
    run("pre_register_mortgage", clerk(desk), mortgage)
    refused("mortgage_running", "add_mortgages", clerk(desk), contract=contract.pk, bank="工行", amount="1", status=409)
    done = run("disburse_mortgage", desk.office.access("finance"), mortgage)
    assert (done.state, done.approved_amount, done.due_on) == ("disbursed", granted, None)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE affairs_mortgage SET amount = 1 WHERE id = %s", [mortgage.pk])


def test_a_refused_loan_leaves_room_for_another_bank(desk):
    contract = desk.sign(payment_plan="mortgage")
    first = run("add_mortgages", clerk(desk), contract=contract.pk, bank="工商银行", amount="100000")
    refused(
        "loan_above_price", "add_mortgages", clerk(desk), contract=contract.pk, kind="fund", bank="公积金",
        amount=str(contract.total + 1), status=422, field="amount",
    )  # fmt: skip
    run("submit_mortgage", clerk(desk), first)
    run("refuse_mortgage", clerk(desk), first, reason="征信")
    second = run("add_mortgages", clerk(desk), contract=contract.pk, bank="建设银行", amount="90000")
    assert second.state == "collecting"
    refused("forbidden", "add_mortgages", desk.office.access("consultant1"), contract=contract.pk, bank="x", amount="1")


def test_an_overdue_step_is_a_to_do_once(desk):
    contract = desk.sign(payment_plan="mortgage")
    mortgage = run("add_mortgages", clerk(desk), contract=contract.pk, bank="工商银行", amount="100000")
    Mortgage.objects.filter(pk=mortgage.pk).update(due_on=dt.date(2020, 1, 1))
    job(desk, tasks.remind)
    job(desk, tasks.remind)
    found = Task.objects.get(code="affair_step_due")
    assert (found.assignee_id, found.state) == (contract.deal.consultant_id, "open")
    run("submit_mortgage", clerk(desk), mortgage)
    assert Task.objects.get(pk=found.pk).state != "open"


def test_handover_and_title(desk):
    contract = desk.sign()
    refused("state_refused", "deliver_contract", desk.office.access("service"), contract, status=409)
    run("file_contract", clerk(desk), contract, filing_number="BA-1")
    refused(
        "handover_day", "deliver_contract", desk.office.access("service"), contract, on="2000-01-01", status=422,
        field="on",
    )  # fmt: skip
    refused("contract_not_there", "add_titles", clerk(desk), contract=contract.pk)
    set_parameter("affairs.handover_needs_settled", True)
    refused("money_due", "deliver_contract", desk.office.access("service"), contract, status=409)
    Parameter.objects.filter(key="affairs.handover_needs_settled").update(value=False)
    bump_stamp()
    delivered = run("deliver_contract", desk.office.access("service"), contract, receiver="张三")
    assert delivered.state == "delivered" and desk.unit().state == "delivered"
    assert Deal.objects.get(pk=contract.deal_id).state == "delivered"
    contract.customer.refresh_from_db()
    assert contract.customer.stage == "owner"
    title = run("add_titles", clerk(desk), contract=contract.pk)
    refused("title_there", "add_titles", clerk(desk), contract=contract.pk, status=409)
    refused("state_refused", "issue_title", clerk(desk), title, certificate_number="浙2026-1", status=409)
    run("pay_title_tax", clerk(desk), title)
    run("submit_title", clerk(desk), title)
    run("issue_title", clerk(desk), title, certificate_number="浙2026-1")
    assert Contract.objects.get(pk=contract.pk).state == "titled"
    done = run("hand_out_title", clerk(desk), title, receiver="张三")
    assert (done.state, done.receiver) == ("handed_out", "张三")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE affairs_titleregistration SET certificate_number = 'x'")
    assert TitleRegistration.objects.count() == 1


def test_copies_are_lent_once_and_missed_when_late(desk):
    contract = desk.sign()
    first, second = (
        run("add_contract_copies", clerk(desk), contract=contract.pk, location="档案柜 A-1") for _ in range(2)
    )
    assert (first.number, second.number) == (1, 2)
    borrower = desk.office.users["finance"]
    refused(
        "bad_input", "lend_copy", clerk(desk), first, borrower=borrower.pk, due_on="2020-01-01", status=422,
        field="due_on",
    )  # fmt: skip
    run("lend_copy", clerk(desk), first, borrower=borrower.pk, due_on="2199-01-01", purpose="核对")
    refused("state_refused", "lend_copy", clerk(desk), first, borrower=borrower.pk, due_on="2199-01-01", status=409)
    refused("state_refused", "give_copy", clerk(desk), first, status=409)
    CopyLoan.objects.update(lent_on=dt.date(2020, 1, 1), due_on=dt.date(2020, 1, 2))
    job(desk, tasks.remind)
    assert Task.objects.get(code="copy_overdue").assignee_id == borrower.pk
    back = run("return_copy", clerk(desk), first, location="档案柜 B-2")
    assert (back.state, back.location) == ("stored", "档案柜 B-2")
    assert CopyLoan.objects.get().returned_on is not None
    run("give_copy", clerk(desk), second)
    assert ContractCopy.objects.get(pk=second.pk).state == "given"


def test_a_dispute_ends_with_a_result_and_then_never_changes(desk):
    contract = desk.sign()
    manager = desk.office.access("manager")
    dispute = run("add_disputes", manager, contract=contract.pk, subject="延期交房", claim="8088.51", lawyer="王律师")
    run("negotiate_dispute", manager, dispute)
    refused("bad_input", "close_dispute", manager, dispute, result=" ", status=422)
    run("take_to_court", manager, dispute)
    refused("state_refused", "negotiate_dispute", manager, dispute, status=409)
    closed = run("close_dispute", manager, dispute, result="调解，赔偿 5,000 元")
    assert closed.state == "closed" and closed.closed_on is not None
    refused("state_refused", "edit_dispute", manager, dispute, lawyer="李律师", status=409)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.filter(pk=dispute.pk).update(result="x")


def test_a_contract_says_what_is_still_open(desk, client):
    """K10, D11: dues, filing, the steps of loan, handover and title, each with its day."""
    contract = desk.sign(payment_plan="mortgage")
    job(desk, tasks.open_affairs, deal=contract.deal_id)
    Building.objects.update(handover_due_on=dt.date(2020, 1, 1))
    client.login(username="clerk", password=PASSWORD)
    here = f"/api/v1/contracts/{contract.pk}"

    def still_open():
        found = client.get(here).json()["obligations"]
        back(desk)
        return [(one["kind"], one["days_over"] > 0) for one in found]

    first = still_open()
    assert first[0] == ("handover", True) and {"payment", "filing", "mortgage"} == {kind for kind, _late in first[1:]}
    assert [kind for kind, _late in first].count("payment") == 3
    page = client.get(f"/r/contracts/{contract.pk}/").content.decode()
    assert "待办义务" in page and "逾期" in page
    back(desk)
    run("file_contract", clerk(desk), contract, filing_number="B1")
    run("deliver_contract", desk.office.access("service"), contract)
    job(desk, tasks.open_title, deal=contract.deal_id)
    job(desk, tasks.open_title, deal=contract.deal_id)
    assert TitleRegistration.objects.get().due_on == contract.project.today() + dt.timedelta(days=30)
    run("add_disputes", clerk(desk), contract=contract.pk, subject="墙面裂缝")
    kinds = {kind for kind, _late in still_open()}
    assert kinds == {"payment", "mortgage", "title", "dispute"}


def test_warranties_and_the_property_fee_begin_with_the_handover(desk):
    """K15. Months end on the last day of a shorter month; the fee is the area by the office's rate, to the cent."""
    set_parameter("affairs.warranties", {"屋面防水": 60, "装修工程": 24, "不保": 0})
    set_parameter("affairs.property_fee", "2.85")
    contract = desk.sign()
    run("file_contract", clerk(desk), contract, filing_number="B1")
    run("deliver_contract", desk.office.access("service"), contract, receiver="张三", note="钥匙 3 把")
    handover = Handover.objects.get()
    assert (handover.property_fee, handover.property_fee_from) == (yuan(contract.gross_area * D("2.85")), handover.on)
    assert [(one.item, add_months(handover.on, n) == one.until) for one, n in zip(
        Warranty.objects.order_by("-until"), (60, 24), strict=True
    )] == [("屋面防水", True), ("装修工程", True)]  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE affairs_warranty SET until = since")
