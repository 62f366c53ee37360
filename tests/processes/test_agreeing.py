"""Opportunities as a board (D13), closing talks with a clock (D14), terms carried unchanged (D15)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from anchang.affairs.models import Negotiation, Opportunity
from anchang.deals.models import Contract
from anchang.inventory.models import PaymentPlan
from anchang.platform.models import Notice
from anchang.processes import tasks
from tests.affairs.test_affairs import job
from tests.factories import PASSWORD, run
from tests.paperwork.test_signing import back
from tests.processes.test_changes import approve, ask_exchange
from tests.processes.test_main_path import refused, set_parameter

pytestmark = pytest.mark.django_db
TOTAL = "2828460.00"


def mine(desk, who="consultant1"):
    return desk.office.access(who)


def opportunity(desk, **more):
    customer = desk.customer("consultant1")
    data = {"customer": customer.pk, "unit": desk.unit().pk, "amount": "2800000", "expected_on": "2026-12-31"}
    return run("add_opportunities", mine(desk), **(data | more))


def talks(desk, one, **more):
    data = {"total": TOTAL, "payment_plan": "lump_sum", "deposit": "50000", "handover_on": "2028-06-30"}
    return run("negotiate", mine(desk), one, **(data | more))


def test_an_opportunity_is_a_card_that_moves_by_its_commands(desk, client):
    one = opportunity(desk)
    client.login(username="consultant1", password=PASSWORD)
    page = client.get("/r/opportunities/?as=kanban").content.decode()
    back(desk)
    assert re.findall(r'data-state="(\w+)"', page) == ["interested", "negotiating", "agreed", "won", "lost"]
    assert "客户0" in page.split('data-state="interested"')[1].split('data-state="negotiating"')[0]
    assert f"/r/opportunities/{one.pk}/" in page
    refused("state_refused", "agree_opportunity", mine(desk), one)
    talks(desk, one)
    refused("state_refused", "negotiate", mine(desk), one, total="1", payment_plan="lump_sum", deposit="0")
    run("lose_opportunity", mine(desk), one, reason="买了别处")
    one.refresh_from_db()
    assert (one.stage, Negotiation.objects.get().state) == ("lost", "refused")
    run("reopen_opportunity", mine(desk), one)
    refused("bad_input", "add_opportunities", mine(desk, "consultant5"), customer=one.customer_id, status=422)
    assert client.get(f"/api/v1/opportunities/{one.pk}").json()["stage"] == "interested"
    back(desk)


def test_talks_keep_their_offer_the_approver_and_the_result(desk):
    offered = talks(desk, opportunity(desk), asked_total="2700000")
    run("edit_negotiation", mine(desk), offered, total="2800000", terms="送车位使用权一年")
    manager = desk.office.users["manager"]
    run("reach_approver", mine(desk), offered, approver=manager.pk, opinion="可以")
    refused("own_request", "reach_approver", mine(desk), offered, approver=desk.office.users["consultant1"].pk)
    done = run("agree_negotiation", mine(desk), offered)
    assert (done.state, done.approver_id, str(done.total), done.closed_at is None) == (
        "agreed", manager.pk, "2800000.00", False,
    )  # fmt: skip
    assert Opportunity.objects.get().stage == "agreed"
    refused("state_refused", "edit_negotiation", mine(desk), offered, total="1")
    with pytest.raises(IntegrityError, match="cannot change"), transaction.atomic():
        Negotiation.objects.update(total="1")


def test_talks_are_open_for_the_set_days_and_then_tell(desk):
    open_ = talks(desk, opportunity(desk))
    assert (open_.closes_at - open_.created_at).days in (2, 3)
    Negotiation.objects.update(closes_at=timezone.now() - dt.timedelta(minutes=1))
    job(desk, tasks.end_talks)
    job(desk, tasks.end_talks)
    assert Negotiation.objects.get().state == "lapsed" and Opportunity.objects.get().stage == "interested"
    told = set(Notice.objects.filter(code="negotiation_lapsed").values_list("user__username", flat=True))
    assert {"consultant1", "manager"} <= told


def test_late_talks_cannot_be_agreed_before_the_job_comes(desk):
    open_ = talks(desk, opportunity(desk))
    Negotiation.objects.update(closes_at=timezone.now() - dt.timedelta(minutes=1))
    refused("state_refused", "agree_negotiation", mine(desk), open_)


def test_agreed_terms_go_into_the_subscription_unchanged(desk):
    one = opportunity(desk)
    run("agree_negotiation", mine(desk), talks(desk, one))
    why = refused("terms_differ", "subscribe_unit", mine(desk), desk.unit(), **asked(desk, discounts=["D98"]))
    assert set(why.fields) == {"total"}
    refused("terms_differ", "subscribe_unit", mine(desk), desk.unit(), **asked(desk, deposit="40000"), field="deposit")
    refused(
        "terms_differ", "subscribe_unit", mine(desk), desk.unit(), **asked(desk, payment_plan="instalment"),
        field="payment_plan",
    )  # fmt: skip
    sub = run("subscribe_unit", mine(desk), desk.unit(), **asked(desk))
    one.refresh_from_db()
    assert Negotiation.objects.get().subscription_id == sub.pk
    assert (one.stage, one.subscription_id) == ("won", sub.pk)
    contract = run("sign_contract", desk.office.access("clerk"), sub)
    assert "2028年06月30日" in Contract.objects.get(pk=contract.pk).clauses["handover"]


def asked(desk, **more):
    from tests.deals.desk import BUYER

    return {
        "customer": desk.customer("consultant1").pk, "buyers": [BUYER], "payment_plan": "lump_sum", "discounts": [],
        "deposit": "50000.00",
    } | more  # fmt: skip


def test_terms_of_others_and_terms_out_of_date_do_not_bind(desk):
    run("agree_negotiation", mine(desk), talks(desk, opportunity(desk), total="2800000"))
    Negotiation.objects.update(binds_until="2020-01-01")
    sub = run("subscribe_unit", mine(desk), desk.unit(), **asked(desk))
    assert str(sub.total) == TOTAL
    plan = PaymentPlan.objects.get(code="instalment")
    with pytest.raises(IntegrityError, match="other terms"), transaction.atomic():
        Negotiation.objects.update(subscription=sub)
    assert plan.pk != sub.payment_plan_id


def test_an_opportunity_follows_the_end_of_its_sale(desk):
    """Lost with a sale that was agreed and ended, and won again by the unit that it was exchanged for."""
    one = opportunity(desk)
    sub = desk.subscribe(customer=one.customer)
    change = approve(desk, ask_exchange(desk, sub))
    one.refresh_from_db()
    assert one.stage == "won" and one.subscription.deal_id == change.new_deal_id
    run("terminate_subscription", mine(desk, "director"), one.subscription, reason="贷款未批", fault="none")
    one.refresh_from_db()
    assert (one.stage, one.lost_reason) == ("lost", "贷款未批")
    refused("state_refused", "lose_opportunity", mine(desk), one, reason="x")
    assert run("reopen_opportunity", mine(desk), one).stage == "interested"


def test_an_opportunity_is_open_again_when_nobody_approves_its_sale(desk):
    one = opportunity(desk)
    set_parameter("deals.activate_on", "full_deposit")
    waiting = desk.subscribe(customer=one.customer)
    assert waiting.state == "draft"
    run("cancel_subscription", mine(desk, "manager"), waiting, reason="不想等了")
    one.refresh_from_db()
    assert one.stage == "interested"
