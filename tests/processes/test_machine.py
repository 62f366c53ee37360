"""Deals and money at random: several users, time moving on, and after each step the invariants of DOMAIN 4.

A refused command is part of the game; what must never happen is a broken book. Each example runs in one transaction
that is rolled back, and what the database defers to commit is checked after every step.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from anchang.deals.models import Bundle, BundleItem, Contract, Deal, DealChange, Hold, PlanLine, Subscription, UnitClaim
from anchang.finance.models import Allocation, Receipt, Receivable, Refund
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.platform import parameters
from anchang.platform.context import Context
from anchang.processes import reminders
from tests.deals.desk import BUYER, Desk
from tests.factories import run

pytestmark = pytest.mark.django_db
ZERO = Decimal("0.00")
PLANS = ("lump_sum", "mortgage", "instalment")
CONSULTANTS = ("consultant1", "consultant2", "consultant5")
AMOUNTS = ("0.01", "1000", "50000", "250000.55", "900000", "2828460")
IN_FORCE = ("signed", "filed", "delivered", "titled", "change_pending", "terminating")

units = st.integers(0, 3)
whom = st.sampled_from(CONSULTANTS)
plans = st.sampled_from(PLANS)
amounts = st.sampled_from(AMOUNTS)
which = st.integers(0, 5)
coins = st.booleans()
others = st.lists(units, min_size=1, max_size=2, unique=True)


class Office(RuleBasedStateMachine):
    """The desk is set by the test below: one office, committed once."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.now = timezone.now()
        self.done = self.refused = 0
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.clock = mock.patch("django.utils.timezone.now", lambda: self.now)
        self.clock.start()
        self.system = self.desk.office.access("system")
        self.desk.customers.clear()
        parameters._refresh()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    # --- helpers ---------------------------------------------------------------------------------

    def act(self, name: str, who: str, subject=None, **data):
        """The command as this user; nothing when refused."""
        try:
            found = run(name, self.desk.office.access(who), subject, **data)
        except DomainError as exc:
            assert exc.code not in ("plan_sum", "receivable_sum", "over_allocated", "database_refused"), exc.code
            self.refused += 1
            return None
        self.done += 1
        return found

    def one(self, rows, at: int):
        found = list(rows.order_by("-id")[: at + 1])
        return found[at % len(found)] if found else None

    # --- steps -----------------------------------------------------------------------------------

    @initialize(plan=plans, paid=amounts)
    def open_the_office(self, plan, paid):
        """A contract with money and a subscription, so that steps find something to do."""
        terms = {"buyers": [BUYER], "payment_plan": plan, "deposit": "50000"}
        for unit, who in enumerate(CONSULTANTS[:2]):
            customer = self.desk.customer(who).pk
            self.act("subscribe_unit", who, self.desk.unit(unit), customer=customer, **terms)
        self.sign(1)
        if contract := Contract.objects.first():
            self.act("receive_on_contract", "finance", contract, amount=paid, way="transfer", confirm_surplus=True)

    @rule(unit=units, who=whom)
    def hold(self, unit, who):
        self.act("hold_unit", who, self.desk.unit(unit), customer=self.desk.customer(who).pk)

    @rule(at=which)
    def cancel_hold(self, at):
        if held := self.one(Hold.objects.filter(state="active"), at):
            self.act("cancel_hold", "manager", held)

    @rule(unit=units, who=whom, plan=plans, deposit=st.sampled_from(("0", "50000", "500000", "600000")))
    def subscribe(self, unit, who, plan, deposit):
        self.act(
            "subscribe_unit", who, self.desk.unit(unit), customer=self.desk.customer(who).pk, buyers=[BUYER],
            payment_plan=plan, deposit=deposit,
        )  # fmt: skip

    @rule(unit=units, along=others, who=whom, price=st.sampled_from(("", "0.9", "1")))
    def sell_together(self, unit, along, who, price):
        """Each at its own price, or at one price for all; sometimes a unit is named twice or is somebody else's."""
        listed = sum(self.desk.unit(i).list_total or ZERO for i in (unit, *along))
        whole = {"rule": "list_share", "total": str((listed * Decimal(price)).quantize(ZERO))} if price else {}
        self.act(
            "subscribe_bundle", who, self.desk.unit(unit), customer=self.desk.customer(who).pk, buyers=[BUYER],
            payment_plan="lump_sum", deposit="1000", parts=[{"unit": self.desk.unit(i).pk} for i in along], **whole,
        )  # fmt: skip

    @rule(at=which, agree=coins)
    def decide_subscription(self, at, agree):
        if paper := self.one(Subscription.objects.filter(state="approving"), at):
            name, more = ("approve_subscription", {}) if agree else ("refuse_subscription", {"reason": "太低"})
            self.act(name, "admin", paper, **more)

    @rule(at=which)
    def sign_together(self, at):
        if bundle := self.one(Bundle.objects.filter(state="live"), at):
            self.act("sign_bundle", "admin", bundle)

    @rule(at=which)
    def sign(self, at):
        if paper := self.one(Subscription.objects.filter(state__in=("active", "overdue")), at):
            self.act("sign_contract", "clerk", paper)

    @rule(at=which, amount=amounts, way=st.sampled_from(("cash", "transfer", "mortgage")), keep=coins)
    def receive(self, at, amount, way, keep):
        if at % 2 and (paper := self.one(Subscription.objects.filter(state__in=("active", "overdue")), at)):
            self.act("receive_on_subscription", "finance", paper, amount=amount, way=way, confirm_surplus=keep)
        elif paper := self.one(Contract.objects.filter(state__in=IN_FORCE), at):
            self.act("receive_on_contract", "finance", paper, amount=amount, way=way, confirm_surplus=keep)

    @rule(at=which)
    def reverse(self, at):
        if receipt := self.one(Receipt.objects.filter(state="posted", reverses__isnull=True), at):
            self.act("reverse_receipt", "finance", receipt, reason="录错")

    @rule(at=which, amount=amounts)
    def ask_refund(self, at, amount):
        if deal := self.one(Deal.objects.all(), at):
            self.act("request_refunds", "finance", deal=deal.pk, amount=amount, reason="退款")

    @rule(at=which, verb=st.sampled_from(("approve", "reject", "pay")))
    def refund(self, at, verb):
        if found := self.one(Refund.objects.all(), at):
            self.act(f"{verb}_refund", "admin", found, **({"reason": "x"} if verb == "reject" else {}))

    @rule(at=which, fault=st.sampled_from(("buyer", "seller", "none")), signed=coins)
    def terminate(self, at, fault, signed):
        model, name = (Contract, "terminate_contract") if signed else (Subscription, "terminate_subscription")
        if paper := self.one(model.objects.all(), at):
            self.act(name, "director", paper, reason="解约", fault=fault)

    def change(self, name, paper, now, **data):
        """Ask; half of the time it is decided at once."""
        if (asked := self.act(name, "manager", paper, **data)) and now:
            self.act("approve_change", "admin", asked)

    @rule(at=which, unit=units, plan=plans, signed=coins, now=coins)
    def exchange(self, at, unit, plan, signed, now):
        model, name = (Contract, "contract") if signed else (Subscription, "subscription")
        if paper := self.one(model.objects.exclude(state__in=("voided", "replaced")), at):
            self.change(
                f"exchange_{name}", paper, now, new_unit=self.desk.unit(unit).pk, payment_plan=plan, reason="换房"
            )

    @rule(at=which, plan=plans, signed=coins, now=coins)
    def replan(self, at, plan, signed, now):
        model, name = (Contract, "contract") if signed else (Subscription, "subscription")
        if paper := self.one(model.objects.exclude(state__in=("voided", "replaced")), at):
            self.change(f"replan_{name}", paper, now, payment_plan=plan, reason="改付款")

    @rule(at=which, codes=st.lists(st.sampled_from(("D98", "P1", "D99", "F2")), unique=True), signed=coins, now=coins)
    def reprice(self, at, codes, signed, now):
        model, name = (Contract, "contract") if signed else (Subscription, "subscription")
        if paper := self.one(model.objects.exclude(state__in=("voided", "replaced")), at):
            self.change(f"reprice_{name}", paper, now, discounts=codes, reason="改价")

    @rule(at=which, agree=st.sampled_from((True, True, True, False)))
    def decide(self, at, agree):
        if change := self.one(DealChange.objects.filter(state="requested"), at):
            if agree:
                self.act("approve_change", "admin", change)
            else:
                self.act("refuse_change", "admin", change, reason="不同意")

    @rule(unit=units)
    def sell_again(self, unit):
        """The price officer looks at what came back, the manager puts it on sale."""
        self.act("confirm_price", "director", self.desk.unit(unit), reason="重新定价")
        self.act("release_unit", "manager", self.desk.unit(unit))

    @rule(hours=st.sampled_from((1, 5, 30, 200)))
    def time_goes_on(self, hours):
        self.now += dt.timedelta(hours=hours)
        ctx = Context(self.system, self.desk.office.project)
        reminders.end_what_time_has_ended(ctx)
        reminders.remind_of_signing(ctx)
        ctx.flush()

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def the_database_agrees(self):
        connection.check_constraints()

    @invariant()
    def one_claim_per_running_deal(self):
        running = dict(Deal.objects.exclude(state="ended").values_list("pk", "unit_id"))
        assert dict(UnitClaim.objects.values_list("deal_id", "unit_id")) == running
        states = dict(Unit.objects.values_list("pk", "state"))
        for deal in Deal.objects.exclude(state="ended"):
            assert states[deal.unit_id] == deal.state, (deal.state, states[deal.unit_id])
        taken = {pk for pk, state in states.items() if state in ("held", "subscribed", "signed", "delivered")}
        assert taken == set(running.values())

    @invariant()
    def lines_sum_to_the_total(self):
        for model, name in ((Contract, "contract"), (Subscription, "subscription")):
            papers = model.objects.exclude(state="draft")
            sums = PlanLine.objects.filter(**{f"{name}__in": papers}).values_list(name).annotate(sum=Sum("amount"))
            assert dict(sums) == dict(papers.values_list("pk", "total"))
        live = Contract.objects.filter(state__in=IN_FORCE)
        owed = Receivable.objects.filter(contract__in=live, house=True, voided=False)
        assert dict(owed.values_list("contract").annotate(sum=Sum("amount"))) == dict(live.values_list("pk", "total"))
        assert not Deal.objects.filter(total__gt=F("list_total")).exists()

    @invariant()
    def bundles_follow_their_deals(self):
        """The parts of a bundle in force are what their deals cost now; no bundle outlives its main deal."""
        live = BundleItem.objects.filter(bundle__state="live").exclude(deal__state="ended")
        assert not live.exclude(agreed=F("deal__total"), unit=F("deal__unit")).exists()
        assert not Bundle.objects.filter(state="live", main__state="ended").exists()
        sums = BundleItem.objects.values_list("bundle").annotate(sum=Sum("agreed"))
        assert dict(sums) == dict(Bundle.objects.values_list("pk", "total"))

    @invariant()
    def the_ledger_equals_the_documents(self):
        for key, model in (("receipt", Receipt), ("receivable", Receivable), ("refund", Refund)):
            rows = Allocation.objects.filter(**{f"{key}__isnull": False}).values_list(key).annotate(sum=Sum("amount"))
            ledger = {pk: total for pk, total in rows if total}
            assert ledger == dict(model.objects.exclude(allocated=0).values_list("pk", "allocated"))
        assert (
            not Receipt.objects.filter(reverses__isnull=True)
            .filter(Q(allocated__lt=0) | Q(allocated__gt=F("amount")))
            .exists()
        )
        assert not Receivable.objects.filter(Q(allocated__lt=0) | Q(allocated__gt=F("amount"))).exists()
        assert (
            not Refund.objects.exclude(state="rejected").filter(kind="return").exclude(allocated=F("amount")).exists()
        )

    @invariant()
    def no_money_appears_or_vanishes(self):
        """Received = on lines + going back + free, over all deals; a transfer leaves as much as arrives."""
        got = Receipt.objects.aggregate(sum=Sum("amount"))["sum"] or ZERO
        used = Receipt.objects.aggregate(sum=Sum("allocated"))["sum"] or ZERO
        lines = Receivable.objects.aggregate(sum=Sum("allocated"))["sum"] or ZERO
        back = Refund.objects.aggregate(sum=Sum("allocated"))["sum"] or ZERO
        assert used == lines + back <= got
        arrived = Receipt.objects.filter(way="transfer_in").aggregate(sum=Sum("amount"))["sum"] or ZERO
        reversed_ = (
            Receipt.objects.filter(way="transfer_in", reverses__isnull=False).aggregate(sum=Sum("amount"))["sum"]
            or ZERO
        )
        left = Refund.objects.filter(way="transfer_out").aggregate(sum=Sum("amount"))["sum"] or ZERO
        assert arrived - reversed_ == left

    @invariant()
    def what_waits_is_asked_for(self):
        """A pending change or termination has its undecided request, and a request its waiting paper."""
        waiting = {("s", pk) for pk in Subscription.objects.filter(state="change_pending").values_list("pk", flat=True)}
        waiting |= {("c", pk) for pk in Contract.objects.filter(state="change_pending").values_list("pk", flat=True)}
        asked = DealChange.objects.filter(state="requested").values_list("subscription_id", "contract_id")
        assert {("s", s) if s else ("c", c) for s, c in asked} == waiting

    @invariant()
    def a_returned_unit_waits_for_its_price(self):
        """Nothing that came back from a deal is on sale before the price officer looked."""
        assert not Unit.objects.filter(state="available", locks__contains=["reconfirm_price"]).exists()


def test_books_hold_whatever_happens(desk, monkeypatch):
    monkeypatch.setattr(Office, "desk", desk, raising=False)
    run_state_machine_as_test(
        Office,
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            deadline=None,
            database=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
