"""Queue tickets with sincerity money, the presale-permit gate, the lottery, and what becomes of the money."""

from __future__ import annotations

import hashlib

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from anchang.deals.models import Deal, LaunchScheme, Lottery, QueueTicket
from anchang.finance.models import Receipt, Refund
from anchang.kernel.errors import DomainError
from anchang.platform import resources
from anchang.platform.models import Event
from anchang.platform.telling import event_text
from anchang.platform.ui import rows
from tests.deals.desk import Desk
from tests.factories import run

SEED = "seed-in-the-notary's-envelope"


def make_scheme(desk: Desk, **more: object) -> LaunchScheme:
    values = {"code": "L1", "name": "一批次开盘", "licence": desk.stock.licence.pk, "sincerity_money": "50000"}
    scheme = run("add_launch_schemes", desk.office.access("director"), **(values | more))
    return run("start_registration", desk.office.access("director"), scheme)


def issue(desk: Desk, scheme: LaunchScheme, index: int = 0) -> QueueTicket:
    customer = desk.customer("consultant1", index)
    return run("issue_tickets", desk.office.access("consultant1"), scheme=scheme.pk, customer=customer.pk)


def pay(desk: Desk, ticket: QueueTicket, amount: str = "50000") -> Receipt:
    return run("receive_on_ticket", desk.office.access("finance"), ticket, amount=amount, way="pos")


def code_of(work) -> str:
    with pytest.raises(DomainError) as error:
        work()
    return error.value.code


def test_one_ticket_per_customer_numbered_without_gaps(desk):
    scheme = make_scheme(desk)
    assert [issue(desk, scheme, n).number for n in range(3)] == [1, 2, 3]
    assert code_of(lambda: issue(desk, scheme, 1)) == "has_ticket"
    assert issue(desk, scheme, 3).number == 4
    run("end_registration", desk.office.access("director"), scheme)
    assert code_of(lambda: issue(desk, scheme, 4)) == "not_registering"


def test_no_money_without_a_permit(desk):
    scheme = make_scheme(desk, licence=None)
    ticket = issue(desk, scheme)
    assert code_of(lambda: pay(desk, ticket)) == "scheme_has_no_licence"
    later = run("add_licences", desk.office.access("director"), number="未来证", issued_on="2199-01-01", buildings=[])
    run("edit_launch_scheme", desk.office.access("director"), scheme, licence=later.pk)
    assert code_of(lambda: pay(desk, ticket)) == "licence_not_yet_valid"
    assert not Receipt.objects.exists()


def test_the_money_moves_with_the_ticket_into_the_subscription(desk):
    ticket = issue(desk, make_scheme(desk))
    assert code_of(lambda: pay(desk, ticket, "60000")) == "more_than_due"
    pay(desk, ticket)
    subscription = desk.subscribe(0, customer=ticket.customer)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.deal_id) == ("converted", subscription.deal_id)
    receipt = Receipt.objects.get()
    assert receipt.deal_id == subscription.deal_id and str(receipt.allocated) == "50000.00"
    assert Deal.objects.count() == 1


def test_a_hold_given_back_puts_the_ticket_back_with_its_money(desk):
    ticket = issue(desk, make_scheme(desk))
    pay(desk, ticket)
    hold = run("hold_unit", desk.office.access("consultant1"), desk.unit(0), customer=ticket.customer_id)
    assert hold.deal_id == ticket.deal_id
    run("cancel_hold", desk.office.access("consultant1"), hold)
    ticket.refresh_from_db()
    deal = Deal.objects.get(pk=ticket.deal_id)
    assert (ticket.state, deal.state, deal.unit_id) == ("missed", "queued", None)
    assert desk.unit(0).state == "available"


def test_a_withdrawn_ticket_is_refunded_in_full(desk):
    scheme = make_scheme(desk)
    ticket, empty = issue(desk, scheme), issue(desk, scheme, 1)
    pay(desk, ticket)
    run("withdraw_ticket", desk.office.access("manager"), ticket, reason="不买了")
    run("withdraw_ticket", desk.office.access("manager"), empty)
    refund = Refund.objects.get()
    assert str(refund.amount) == "50000.00"
    run("approve_refund", desk.office.access("director"), refund)
    run("pay_refund", desk.office.access("finance"), refund)
    states = list(QueueTicket.objects.order_by("number").values_list("state", flat=True))
    assert states == ["refunded", "refunded"]
    assert code_of(lambda: pay(desk, ticket)) == "ticket_not_live"
    assert issue(desk, scheme, 0).number == 3, "who withdrew may come again"


def test_the_end_of_the_launch_refunds_every_ticket_that_became_no_sale(desk):
    scheme = make_scheme(desk)
    tickets = [issue(desk, scheme, n) for n in range(3)]
    for ticket in tickets:
        pay(desk, ticket)
    desk.subscribe(0, customer=tickets[1].customer)
    run("end_registration", desk.office.access("director"), scheme)
    assert run("finish_launch", desk.office.access("director"), scheme) == {"withdrawn": 2}
    assert [refund.reason for refund in Refund.objects.all()] == ["launch_over"] * 2, "a code, whoever ends it"
    told = Event.objects.filter(name="ticket.withdrawn").order_by("pk").first()
    refunds = resources.get("refunds")
    for language, words in (("zh-hans", "开盘已结束"), ("en", "The launch is over")):
        with override(language):
            assert event_text(told.name, told.data).endswith(words)
            assert rows.told(refunds.by_name["reason"], "launch_over") == words
    states = list(QueueTicket.objects.order_by("number").values_list("state", flat=True))
    assert states == ["withdrawn", "converted", "withdrawn"]


def test_the_lottery_is_announced_then_drawn_and_never_changes(desk):
    scheme = make_scheme(desk)
    for n in range(6):
        issue(desk, scheme, n)
    director = desk.office.access("director")
    no = QueueTicket.objects.get(number=4)
    run("qualify_ticket", director, no, qualified="no", reason="限购")
    run("end_registration", director, scheme)
    digest = hashlib.sha256(SEED.encode()).hexdigest()
    lottery = run("commit_lottery", director, scheme, commitment=digest, public_source="双色球 2026130")
    assert code_of(lambda: run("draw_lottery", director, lottery, seed="x" * 20, public_value="1")) == (
        "seed_not_committed"
    )
    lottery = run("draw_lottery", director, lottery, seed=SEED, public_value="08 11 23")
    assert sorted(lottery.result) == [1, 2, 3, 5, 6]
    places = dict(QueueTicket.objects.exclude(place=None).values_list("place", "number"))
    assert [places[p] for p in sorted(places)] == lottery.result
    assert code_of(lambda: run("draw_lottery", director, lottery, seed=SEED, public_value="9")) == "lottery_drawn"
    for change in ("UPDATE deals_lottery SET result = '[1]'", "DELETE FROM deals_lottery"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    called = [run("call_next", director, scheme).number for _ in lottery.result]
    assert called == lottery.result
    assert code_of(lambda: run("call_next", director, scheme)) == "nobody_waits"


def test_who_missed_his_call_rejoins_behind_the_others_once(desk):
    scheme = make_scheme(desk)
    for n in range(3):
        issue(desk, scheme, n)
    manager = desk.office.access("manager")
    run("end_registration", desk.office.access("director"), scheme)
    first = run("call_next", manager, scheme)
    run("miss_ticket", manager, first)
    run("rejoin_queue", manager, first)
    assert [run("call_next", manager, scheme).number for _ in range(3)] == [2, 3, 1]
    run("miss_ticket", manager, first)
    assert code_of(lambda: run("rejoin_queue", manager, first)) == "rejoined_enough"


def test_a_foreign_customer_gets_no_ticket_from_a_consultant(desk):
    scheme = make_scheme(desk)
    other = desk.customer("consultant5")
    with pytest.raises(DomainError) as error:
        run("issue_tickets", desk.office.access("consultant1"), scheme=scheme.pk, customer=other.pk)
    assert error.value.status == 422
    assert not QueueTicket.objects.exists() and not Lottery.objects.exists()
