"""Reminders, overdue lists, legacy claims, papers, hand-over: what happens around the main path."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.db.models import Sum
from django.utils import timezone
from pypdf import PdfReader

from anchang.crm.commands.retention import propose_erasure
from anchang.crm.queries.customers import customer_360
from anchang.deals import papers, queries
from anchang.deals.commands.handover import hand_over_deals, move_to_kept
from anchang.deals.models import Buyer, Contract, Deal, Subscription, UnitClaim
from anchang.finance import queries as money
from anchang.finance.models import Receivable
from anchang.finance.papers import receipt_paper
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.platform import jobs
from anchang.platform.context import Context
from anchang.platform.models import Task
from anchang.platform.scope import set_scope
from anchang.processes import legacy, reminders
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def at(desk, day):
    """The system's context on another day."""
    now = dt.datetime.combine(day, dt.time(9), dt.timezone(dt.timedelta(hours=8)))
    return Context(desk.office.access("system"), desk.office.project, now)


def run_on(desk, day, work):
    ctx = at(desk, day)
    done = work(ctx)
    ctx.flush()
    return done


def test_signing_reminders_and_overdue(desk):
    """D09: three days and one day before, on the day, then overdue; an extension makes it active again."""
    sub = desk.subscribe()
    days = [sub.sign_by - 4 * DAY, sub.sign_by - 3 * DAY, sub.sign_by - DAY, sub.sign_by]
    assert [run_on(desk, day, reminders.remind_of_signing) for day in days] == [0, 1, 1, 1]
    assert run_on(desk, sub.sign_by, reminders.remind_of_signing) == 1
    tasks = Task.objects.filter(code="signing_due", record_id=sub.pk)
    assert tasks.count() == 3  # once per day
    assert {t.assignee_id for t in tasks} == {desk.office.users["consultant1"].pk}
    run_on(desk, sub.sign_by + DAY, reminders.remind_of_signing)
    sub.refresh_from_db()
    assert sub.state == "overdue"
    listed = queries.signing_overdue(desk.office.project, sub.sign_by + 2 * DAY)
    assert [(x["subscription"]["id"], x["days"]) for x in listed] == [(sub.pk, 2)]
    later = (timezone.localdate() + 20 * DAY).isoformat()
    sub = run("extend_signing", desk.office.access("manager"), sub, sign_by=later)
    assert sub.state == "active" and not Task.objects.filter(code="signing_due", state="open").exists()


def test_dunning_until_settled(desk):
    """F03: three days before, on the day, every seven days after; none once the line is settled."""
    contract = desk.sign(payment_plan="instalment", deposit="0")
    second = Receivable.objects.get(contract=contract, seq=2)
    desk.receive(contract, str(Receivable.objects.get(contract=contract, seq=1).amount))
    wanted = {-4: 0, -3: 1, -2: 0, 0: 1, 1: 0, 7: 1, 14: 1}
    for offset, count in wanted.items():
        assert run_on(desk, second.due_on + offset * DAY, reminders.remind_of_payment) == count, offset
    assert Task.objects.filter(code="payment_due", record_id=second.pk, state="open").count() == 4
    desk.receive(contract, str(second.amount))
    assert not Task.objects.filter(code="payment_due", record_id=second.pk, state="open").exists()
    assert run_on(desk, second.due_on + 21 * DAY, reminders.remind_of_payment) == 0


def test_dunning_of_a_deal_without_consultant_is_the_cashiers(desk):
    contract = desk.sign(deposit="50000")
    Deal.objects.update(consultant=None)
    deposit = Receivable.objects.get(contract=contract, item="deposit")
    assert run_on(desk, deposit.due_on, reminders.remind_of_payment) >= 1
    told = Task.objects.filter(code="payment_due", record_id=deposit.pk)
    assert desk.office.users["finance"].pk in told.values_list("assignee", flat=True)


def test_due_list_and_ages(desk):
    contract = desk.sign()
    today = timezone.localdate()
    due = money.due_lines(desk.office.project, today + 45 * DAY)
    assert due["total"] == str(contract.total)
    assert due["ages"]["31-60"] == str(contract.total)
    assert {line["state"] for line in due["lines"]} == {"overdue"}
    desk.receive(contract, "1000")
    rate = money.collection_rate(desk.office.project, today, today, "person")
    person = str(desk.office.users["consultant1"].pk)
    assert rate[person]["collected"] == "1000.00"
    assert money.collection_rate(desk.office.project, today + DAY, today + DAY)["project"]["rate"] is None


def test_filing_overdue(desk):
    """K09: signed contracts past the thirtieth day, and a to-do for the clerks once."""
    contract = desk.sign()
    assert queries.filing_overdue(desk.office.project, contract.filing_due_on) == []
    late = queries.filing_overdue(desk.office.project, contract.filing_due_on + DAY)
    assert [(x["contract"]["id"], x["days"]) for x in late] == [(contract.pk, 1)]
    for _again in range(2):
        run_on(desk, contract.filing_due_on, reminders.remind_of_filing)
    clerk = desk.office.users["clerk"].pk
    assert Task.objects.filter(code="filing_due", assignee_id=clerk).count() == 1
    run("file_contract", desk.office.access("clerk"), contract, filing_number="B9")
    assert not Task.objects.filter(code="filing_due", state="open").exists()


def test_imported_sold_units_are_claimed_once(desk):
    unit = desk.unit(3)
    Unit.objects.filter(pk=unit.pk).update(state="signed", legacy_sold=True)
    assert [run_on(desk, timezone.localdate(), legacy.claim_sold_units) for _n in range(2)] == [1, 1]
    claim = UnitClaim.objects.get()
    assert (claim.kind, claim.deal_id) == ("legacy", None)
    with pytest.raises(DomainError) as caught:
        desk.subscribe(3)
    assert caught.value.code == "unit_taken"
    assert not Contract.objects.exists() and not Receivable.objects.exists()


def test_papers_show_amounts_in_capitals_and_count_copies(desk):
    """D05: figures and capitals; each copy says its count."""
    contract = desk.sign()
    sub = Subscription.objects.get()
    clerk = desk.office.access("clerk")
    for _copy in range(2):
        sub = run("print_subscription", clerk, sub)
    assert sub.prints == 2
    text = pdf_text(papers.subscription_paper(sub, by="签约"))
    assert sub.number in text and "伍万元整" in text and "330102199003072316" not in text
    assert "330102199003072316" in pdf_text(papers.subscription_paper(sub, full=True))
    contract = run("print_contract", clerk, contract)
    assert contract.number in pdf_text(papers.contract_paper(contract))
    receipt = run(
        "print_receipt", desk.office.access("finance"), desk.receive(contract, "100000", payer="张三")
    )
    text = pdf_text(receipt_paper(receipt))
    assert receipt.number in text and "壹拾万元整" in text and "张三" in text


def pdf_text(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace("\n", "")


def test_deals_follow_their_customers(desk):
    contract = desk.sign()
    leaver, heir = (desk.office.users[name].pk for name in ("consultant1", "consultant2"))
    ctx = at(desk, timezone.localdate())
    kept = desk.customer("consultant2")
    move_to_kept(ctx, kept, contract.customer)
    contract.refresh_from_db()
    assert contract.customer_id == kept.pk == Deal.objects.get().customer_id
    hand_over_deals(ctx, leaver, [heir])
    assert Deal.objects.get().consultant_id == heir


def test_timeline_tells_the_whole_deal(desk):
    held = run(
        "hold_unit", desk.office.access("consultant1"), desk.unit(), customer=desk.customer("consultant1").pk
    )
    contract = run("sign_contract", desk.office.access("clerk"), desk.subscribe())
    desk.receive(contract, "100")
    names = [e["name"] for e in queries.deal_timeline(Deal.objects.get()) if e["resource"] != "customers"]
    assert names == ["money.received", "contract.signed", "subscription.active", "unit.held"]
    assert held.deal_id == contract.deal_id


def test_the_deals_page_tells_it_from_the_first_click_and_leaves_other_deals_out(desk, client):
    """BS34: lead, visit, talks, papers, money and steps on one page; a second deal of the buyer has its own."""
    seller = desk.office.access("consultant1")
    lead = run("add_leads", seller, project="YQ", name="王五", phone="13812340001", channel="media")
    visit = run("register_visits", seller, project="YQ", phone="13812340001", name="王五")
    lead.refresh_from_db()
    assert lead.customer_id == visit.customer_id
    run("add_follow_ups", seller, customer=visit.customer_id, method="phone", content="约周末再看")
    first, second = desk.sign(0, customer=visit.customer), desk.sign(1, customer=visit.customer)
    desk.receive(first, "100000")
    run("add_disputes", desk.office.access("clerk"), contract=first.pk, subject="面积")
    client.login(username="manager", password=PASSWORD)

    def names(deal):
        found = client.get(f"/api/v1/deals/{deal}/events?limit=200").json()["items"]
        set_scope(seller.project_ids, seller.actor)
        return {one["name"] if one["resource"] != "leads" else "lead" for one in found}

    told = names(first.deal_id)
    assert {"lead", "visit.registered", "follow_up.added", "contract.signed", "money.received",
            "dispute.opened"} <= told, told  # fmt: skip
    other = names(second.deal_id)
    assert "contract.signed" in other and not {"money.received", "dispute.opened"} & other
    page = client.get(f"/r/deals/{first.deal_id}/").content.decode()
    set_scope(seller.project_ids, seller.actor)
    assert f"/visits/{visit.pk}/" in page and second.number not in page


def test_jobs_run_in_their_project(desk):
    desk.subscribe()
    for name in ("end_what_time_has_ended", "remind_of_signing", "remind_of_payment", "remind_of_filing"):
        assert f"processes.{name}" in jobs.scheduled()
        jobs.run_now(f"processes.{name}", desk.office.access("system"), desk.office.project)
    assert Deal.objects.get().state == "subscribed"


def test_a_merge_keeps_deal_and_money_together(desk):
    """BS17: the buyer's file is merged away; deal, contract, receivables and receipts stand with the kept one."""
    contract = desk.sign()
    receipt = desk.receive(contract, "100000")
    gone, kept = contract.customer, desk.customer("consultant2")
    manager = desk.office.access("manager")
    run("merge_customers", manager, kept, other=gone.pk, reason="同一人")
    kept.refresh_from_db()
    contract.refresh_from_db()
    assert contract.customer_id == kept.pk == Deal.objects.get().customer_id
    assert contract.subscription.customer_id == kept.pk
    # The running deal decides who owns the customer, and his stage comes along.
    assert (kept.owner_id, kept.stage) == (desk.office.users["consultant1"].pk, "buyer")
    assert Receivable.objects.filter(deal__customer=kept).aggregate(sum=Sum("amount"))["sum"] == contract.total
    run("reverse_receipt", desk.office.access("finance"), receipt, reason="退")
    assert customer_360(desk.office.access("consultant1"), kept.pk)["deals"][0]["state"] == "signed"


def test_deals_and_their_retention_stop_an_erasure(desk):
    """PIPL 47: a running deal, then the law's years for papers and money, are reasons to keep."""
    contract = desk.sign()
    manager, customer = desk.office.access("manager"), contract.customer
    asked = run("add_requests", manager, customer=customer.pk, kind="erasure")
    with pytest.raises(DomainError, match="erase_deal_running"):
        run("erase_person", manager, asked, confirmed=True)
    run("terminate_contract", desk.office.access("director"), contract, reason="退", fault="none")
    with pytest.raises(DomainError, match="erase_retention"):
        run("erase_person", manager, asked, confirmed=True)
    idle = run_on(desk, timezone.localdate() + 760 * DAY, propose_erasure)
    assert idle is None, "who ever had a deal is on no list of idle files"
    Deal.objects.update(ended_on=timezone.localdate() - 31 * 366 * DAY)
    run("erase_person", manager, asked, confirmed=True)
    assert set(Buyer.objects.values_list("name", flat=True)) == {"***"}
    assert UnitClaim.objects.count() == 0 and Receivable.objects.exists()
