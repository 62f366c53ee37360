"""The last days and today, through the commands themselves: as if people had worked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random

from anchang.config.demo.crowd import Crowd
from anchang.config.demo.dealings import Dealer
from anchang.config.demo.hours import still_to_come, worked_since
from anchang.config.demo.lives import Life
from anchang.config.demo.market import Market
from anchang.config.demo.names import CALLS, TALKS, VISIT_PURPOSES, Names
from anchang.config.demo.people import Office, given
from anchang.crm.commands.appointments import AppointmentInput, add_appointments
from anchang.crm.commands.followups import QuickInput, follow_up_customer
from anchang.crm.commands.leads import LeadInput, add_leads
from anchang.crm.commands.standing import remind_idle
from anchang.crm.commands.visits import LeaveInput, TourData, VisitInput, add_tour, register_visits, visitor_left
from anchang.crm.models import Customer, Visit
from anchang.deals.commands.holds import HoldInput, hold_unit
from anchang.finance.commands import MoneyInput
from anchang.finance.commands.days import CloseDayInput, close_day
from anchang.finance.models import Receipt
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.processes import reminders
from anchang.processes.receiving import receive_on_contract, receive_on_subscription
from anchang.processes.signing import SignInput, sign_contract
from anchang.processes.subscribing import SubscribeInput, subscribe_unit

MAX_DEALS = 10
NEW_VISITORS, KNOWN_VISITORS, NEW_LEADS, HOLDS, APPOINTMENTS = 5, 4, 7, 5, 12
#: Appointments that are still to come today.
TODAY = 5


class Worker:
    def __init__(self, office: Office, market: Market, random: Random, names: Names, crowd: Crowd) -> None:
        self.office, self.market, self.random, self.names, self.crowd = office, market, random, names, crowd

    def work(self, dealer: Dealer) -> None:
        for n, life in dealer.recent[:MAX_DEALS]:
            self._deal(dealer, n, life)
        self._today(dealer)
        self._close_days()
        self._remind()

    def moments(self, count: int) -> list[dt.datetime]:
        """Moments of today before now, since work began."""
        now = self.office.now
        start = worked_since(now.astimezone(self.office.zone))
        span = (now - start).total_seconds() * 0.97
        return sorted(start + dt.timedelta(seconds=self.random.random() * span) for _ in range(count))

    # --- deals ----------------------------------------------------------------------------------

    def _close_days(self) -> None:
        """The cashier has counted every day but yesterday."""
        cashier = self.office.users["finance"]
        booked: dict[dt.date, dict[str, Decimal]] = {}
        rows = Receipt.objects.filter(
            project=self.office.project, cashier=cashier, business_date__lt=self.office.day(1), state="posted"
        )
        for day, way, amount in rows.values_list("business_date", "way", "amount"):
            sums = booked.setdefault(day, {})
            sums[way] = sums.get(way, Decimal(0)) + amount
        for day, sums in sorted(booked.items()):
            ctx = self.office.context("finance", self.office.at(day, 18.5))
            close_day(ctx, CloseDayInput.model_validate({"project": self.office.project.pk, "day": day, **sums}))
            ctx.flush()

    def _deal(self, dealer: Dealer, n: int, life: Life) -> None:
        at = life.buys_at
        unit = dealer.pick_unit(self.office.day(2))
        if at is None or unit is None:
            return
        customer = Customer.objects.get(pk=self.crowd.customers[n].pk)
        plan, discounts, deposit = dealer.terms(life)
        ctx = self.office.context(life.owner, at)
        hold_unit(ctx, self._unit(unit.pk), given(ctx, HoldInput(customer=customer.pk)))
        ctx.flush()
        ctx = self.office.context(life.owner, min(at + dt.timedelta(minutes=40), self.office.now))
        paper = subscribe_unit(ctx, self._unit(unit.pk), given(ctx, SubscribeInput(
            customer=customer.pk, buyers=dealer.buyers(life), payment_plan=plan, discounts=discounts, deposit=deposit,
        )))  # fmt: skip
        ctx.flush()
        ctx = self.office.context("finance", min(at + dt.timedelta(minutes=70), self.office.now))
        receive_on_subscription(ctx, paper, MoneyInput(amount=deposit, way="pos", payer=life.name))
        ctx.flush()
        signed = at + dt.timedelta(days=self.random.choice((1, 2, 3, 9)))
        if signed < self.office.now:
            self._sign(paper, life, signed)

    def _sign(self, paper: object, life: Life, at: dt.datetime) -> None:
        ctx = self.office.context("clerk", at)
        number = f"WQ{at:%Y%m%d}{self.random.randrange(10**5):05d}"
        contract = sign_contract(ctx, paper, SignInput(online_number=number))
        ctx.flush()
        ctx = self.office.context("finance", min(at + dt.timedelta(minutes=30), self.office.now))
        receive_on_contract(ctx, contract, MoneyInput(amount=Decimal(200000), way="transfer", payer=life.name))
        ctx.flush()

    def _unit(self, pk: int) -> Unit:
        rows = Unit.objects.select_for_update(no_key=True, of=("self",))
        return rows.select_related("licence", "price_list", "building").get(pk=pk)

    # --- today ----------------------------------------------------------------------------------

    def _today(self, dealer: Dealer) -> None:
        steps = [(at, self._new_lead) for at in self.moments(NEW_LEADS)]
        steps += [(at, self._new_visitor) for at in self.moments(NEW_VISITORS)]
        for at, step in sorted(steps, key=lambda pair: pair[0]):
            step(at)
        mine = self._courted()
        for at, customer in zip(self.moments(KNOWN_VISITORS), mine[:KNOWN_VISITORS], strict=False):
            self._known_visitor(at, customer)
        for at, customer in zip(self.moments(8), mine[4:12], strict=False):
            self._call(at, customer)
        self._appointments(mine[12 : 12 + APPOINTMENTS])
        self._plan_calls(mine[32:40])
        self._leave()
        for at, customer in zip(self.moments(HOLDS), mine[24 : 24 + HOLDS], strict=False):
            self._hold(dealer, at, customer)

    def _courted(self) -> list[Customer]:
        """Customers of all consultants who may buy soon, a different mix each time of the day."""
        rows = Customer.objects.filter(
            project=self.office.project, state="active", owner__isnull=False, stage="prospect", visit_count__gte=1,
            grade__in=("A", "B", "C"),
        )  # fmt: skip
        found = list(rows.select_related("owner").order_by("-last_visit_at")[:120])
        self.random.shuffle(found)
        return found

    def _new_lead(self, at: dt.datetime) -> None:
        name, sex = self.names.person()
        ctx = self.office.context("service", at)
        channel = self.random.choice([c for c in self.market.channels if c != "walk_in"])
        running = [n for n, first, last in self.market.campaigns.get(channel, ()) if first <= self.office.today <= last]
        add_leads(ctx, [LeadInput(
            name=name, phone=self.names.phone(), channel=channel, campaign=running[0] if running else None, sex=sex,
            region="西湖区", city="杭州", captured_at=at,
        )])  # fmt: skip
        ctx.flush()

    def _new_visitor(self, at: dt.datetime) -> None:
        name, _sex = self.names.person()
        ctx = self.office.context("service", at)
        visit = register_visits(ctx, [VisitInput(
            phone=self.names.phone(), name=name, purpose=self.random.choice(VISIT_PURPOSES), channel="walk_in",
            content=self.random.choice(TALKS).format(layout="105㎡"), people=2,
        )])[0]  # fmt: skip
        add_tour(ctx, visit, TourData(place="样板房 105㎡", started_at=at))
        ctx.flush()

    def _known_visitor(self, at: dt.datetime, customer: Customer) -> None:
        phone = next(life.phone for n, life in enumerate(self.crowd.lives)
                     if n in self.crowd.customers and self.crowd.customers[n].pk == customer.pk)  # fmt: skip
        ctx = self.office.context(self._username(customer), at)
        content = "带家人复访，重点比较付款方式"
        register_visits(ctx, [VisitInput(phone=phone, name=customer.name, content=content, people=3)])
        ctx.flush()

    def _call(self, at: dt.datetime, customer: Customer) -> None:
        ctx = self.office.context(self._username(customer), at)
        text = self.random.choice(CALLS).format(budget=280)
        locked = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        follow_up_customer(ctx, locked, QuickInput(method="phone", content=text, result="answered", duration=96))
        ctx.flush()

    def _appointments(self, customers: list[Customer]) -> None:
        """For the rest of today and the coming days, made yesterday; one for this very moment."""
        now = self.office.now.astimezone(self.office.zone)
        starts = [now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0), *still_to_come(now, TODAY)]
        later = len(customers) - len(starts)
        days = [self.office.today + dt.timedelta(days=1 + n // 2) for n in range(later)]
        starts += [self.office.at(day, 10 + n % 2 * 4) for n, day in enumerate(days)]
        for start, customer in zip(starts, customers, strict=True):
            ctx = self.office.context(self._username(customer), self.office.at(self.office.day(1), 17))
            slot = AppointmentInput(customer=customer.pk, starts_at=start, purpose="复访看房")
            add_appointments(ctx, [given(ctx, slot)])
            ctx.flush()

    def _plan_calls(self, customers: list[Customer]) -> None:
        """Yesterday's calls that agreed on another one for today."""
        times = still_to_come(self.office.now.astimezone(self.office.zone), len(customers))
        for at, customer in zip(times, customers, strict=True):
            ctx = self.office.context(self._username(customer), self.office.at(self.office.day(1), 16.5))
            text = self.random.choice(CALLS).format(budget=260)
            locked = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
            follow_up_customer(ctx, locked, QuickInput(method="phone", content=text, result="answered", next_at=at))
            ctx.flush()

    def _leave(self) -> None:
        """Who came more than an hour and a half ago has gone."""
        before = self.office.now - dt.timedelta(minutes=90)
        for visit in Visit.objects.filter(project=self.office.project, left_at=None, arrived_at__lt=before):
            left = visit.arrived_at + dt.timedelta(minutes=self.random.randrange(35, 85))
            ctx = self.office.context("service", left)
            visitor_left(ctx, visit, LeaveInput(left_at=left))
            ctx.flush()

    def _hold(self, dealer: Dealer, at: dt.datetime, customer: Customer) -> None:
        unit = dealer.pick_unit(self.office.day(2))
        if unit is None:
            return
        ctx = self.office.context(self._username(customer), max(at, self.office.now - dt.timedelta(minutes=100)))
        kind = self.random.choice(("lock", "reservation", "reservation"))
        try:
            hold_unit(ctx, self._unit(unit.pk), given(ctx, HoldInput(customer=customer.pk, kind=kind)))
        except DomainError:
            return
        ctx.flush()

    def _username(self, customer: Customer) -> str:
        return next(name for name, user in self.office.users.items() if user.pk == customer.owner_id)

    def _remind(self) -> None:
        """What the jobs of this morning would have done: to-dos for signing, payment, filing, idle customers."""
        ctx = self.office.context()
        reminders.remind_of_signing(ctx)
        reminders.remind_of_payment(ctx)
        reminders.remind_of_filing(ctx)
        remind_idle(ctx)
        ctx.flush()
