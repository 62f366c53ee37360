"""Who of the year's people bought what: units, terms and payments of the deals, and how some of them ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from anchang.config.demo.crowd import Crowd
from anchang.config.demo.lives import RECENT_DAYS, Life
from anchang.config.demo.names import Names
from anchang.config.demo.people import Office
from anchang.config.demo.sales import Payment, Sale, Writer
from anchang.config.demo.stock import Stock
from anchang.config.demo.writing import Row
from anchang.crm.commands.standing import LostInput, mark_lost
from anchang.crm.models import Customer
from anchang.deals.models import Contract, Subscription
from anchang.finance.commands.refunds import PayInput, approve_refund, pay_refund
from anchang.finance.models import Refund
from anchang.inventory.commands.states import ConfirmPrice, ReleaseInput, confirm_price, release_unit
from anchang.inventory.models import Unit
from anchang.processes.terminating import TerminateInput, terminate_contract, terminate_subscription

LENDERS = ("工商银行", "建设银行", "杭州银行")
REASONS_GIVEN_UP = ("客户资金未到位", "家人意见不一致", "征信问题无法按揭", "购买了其他楼盘", "工作调动")
REASONS_TERMINATED = ("银行按揭未获批", "双方协商一致解除", "客户家庭变故")

#: Chance alone doesn't decide whether a list has something to say.
FEWEST_TERMINATED = 4


class Dealer:
    def __init__(self, office: Office, stock: Stock, random: Random, names: Names) -> None:
        self.office, self.stock, self.random, self.names = office, stock, random, names
        self.free = list(stock.released_on)
        self.random.shuffle(self.free)
        self.chosen: dict[int, Unit] = {}  # position of the life -> unit
        self.given_up: list[Sale] = []
        self.terminated: list[Sale] = []
        #: Buyers of the last days, for the commands themselves.
        self.recent: list[tuple[int, Life]] = []

    def choose(self, lives: Sequence[Life]) -> None:
        """Give every buyer a unit, in the order of time; who finds none doesn't buy after all."""
        limit = self.office.now - dt.timedelta(days=RECENT_DAYS)
        for at, n in sorted((life.buys_at, n) for n, life in enumerate(lives) if life.buys_at):
            if at >= limit:
                self.recent.append((n, lives[n]))
            elif unit := self.pick_unit(at.astimezone(self.office.zone).date()):
                self.chosen[n] = unit
            else:
                lives[n].buys_at, lives[n].grade = None, "D"

    def settle(self, crowd: Crowd, writer: Writer) -> None:
        """Write the deals, and end those that did not last."""
        sales = [self._sale(crowd.lives[n], crowd.customers[n], unit) for n, unit in self.chosen.items()]
        writer.write(sales, self.plan_payments)
        old = [sale for sale in sales if self._settled(sale) and sale not in self.terminated]
        self.terminated += old[: max(0, FEWEST_TERMINATED - len(self.terminated))]
        self._end()

    def _settled(self, sale: Sale) -> bool:
        """Signed so long ago that it may have been terminated since."""
        return sale.signed_at is not None and (self.office.now - sale.signed_at).days > 75

    # --- terms ----------------------------------------------------------------------------------

    def pick_unit(self, day: dt.date) -> Unit | None:
        """A unit that was on sale on the day and still is: the newest building sells best, middle floors first."""
        open_units = [pk for pk in self.free if self.stock.released_on[pk] < day]
        if len(open_units) < 8:
            return None
        tried = self.random.sample(open_units, min(7, len(open_units)))
        best = max(tried, key=lambda pk: (self._liking(pk, day), pk))
        self.free.remove(best)
        return self.stock.units[best]

    def _liking(self, pk: int, day: dt.date) -> float:
        unit = self.stock.units[pk]
        age = (day - self.stock.released_on[pk]).days
        floor = unit.floor or 0
        fresh = 3.0 if age < 30 else 1.5 if age < 90 else 1.0
        liked = (0.8 if 8 <= floor <= 22 else 0) + (0.5 if unit.layout and unit.layout.code in "AC" else 0)
        return fresh + liked + self.random.random()

    def buyers(self, life: Life) -> list[dict[str, str]]:
        """One buyer, or a couple by shares."""
        first = {"name": life.name, "id_number": self.names.document(life.sex), "phone": life.phone}
        if self.random.random() < 0.55:
            return [first]
        share = self.random.choice((50, 50, 60, 70))
        other = "female" if life.sex == "male" else "male"
        second = {"name": self.names.person()[0], "id_number": self.names.document(other), "phone": self.names.phone()}
        return [first | {"share": str(share)}, second | {"share": str(100 - share)}]

    def terms(self, life: Life) -> tuple[str, list[str], Decimal]:
        """Payment plan, discounts, deposit."""
        plan = self.random.choices(("mortgage", "lump_sum", "instalment"), (68, 20, 12))[0]
        discounts = ["EARLY"] if self.random.random() < 0.8 else []
        if life.channel == "referral":
            discounts.append("OLD")
        elif self.random.random() < 0.12:
            discounts.append("STAFF")
        return plan, discounts, Decimal(self.random.choice((20000, 30000, 50000, 50000, 100000)))

    def _sale(self, life: Life, row: Row, unit: Unit) -> Sale:
        at = life.buys_at
        assert at is not None
        plan, discounts, deposit = self.terms(life)
        customer = Customer(pk=row.pk, project=self.office.project, name=row.name, stage=row.stage)
        sale = Sale(
            unit, customer, self.office.users[life.owner], at, at + dt.timedelta(minutes=45),
            self.stock.plans[plan], [self.stock.discounts[c] for c in discounts], self.buyers(life), deposit,
        )  # fmt: skip
        self._course(sale)
        return sale

    # --- course of a deal -----------------------------------------------------------------------

    def _course(self, sale: Sale) -> None:
        at, choose = sale.subscribed_at, self.random.random
        if choose() < 0.95:
            way = self.random.choices(("pos", "transfer", "cash"), (60, 35, 5))[0]
            sale.payments.append(Payment(at + dt.timedelta(minutes=20), sale.deposit, way, sale.buyers[0]["name"]))
        fate = choose()
        age = (self.office.now - at).days
        if fate < 0.085 and age > 22:
            self.given_up.append(sale)
            return
        if fate < 0.2 and age < 45:
            return  # has not come to sign: overdue by now
        days = self.random.choices((1, 3, 5, 6, 7, 9, 13), (8, 15, 20, 20, 20, 10, 7))[0]
        signed = self._office_hour(at + dt.timedelta(days=days))
        if signed > self.office.now - dt.timedelta(hours=4):
            return
        sale.signed_at = signed
        sale.online_number = f"WQ{signed:%Y%m%d}{self.random.randrange(10**5):05d}"
        filed = self._office_hour(signed + dt.timedelta(days=self.random.uniform(4, 24)))
        if filed < self.office.now and (choose() < 0.9 or (self.office.now - signed).days > 55):
            sale.filed_at, sale.filing_number = filed, f"{filed:%Y}杭备{self.random.randrange(10**7):07d}"
        if fate > 0.965 and self._settled(sale):
            self.terminated.append(sale)

    def plan_payments(self, sale: Sale) -> None:
        """Money after signing, by the lines that are due: mostly in time, some late, some still owed."""
        if sale.signed_at is None:
            return
        shift = sale.signed_at.astimezone(self.office.zone).date() - sale.subscription.sign_by
        for line in sale.lines:
            if line.item == "deposit":
                continue
            paid = self._paid_at(line.due_on + shift, line.money)
            at = max(paid, sale.signed_at + dt.timedelta(minutes=30))
            if at > self.office.now - dt.timedelta(hours=2):
                continue
            if self.random.random() < 0.075 and (self.office.now - at).days < 110:
                continue  # still owed
            way = "mortgage" if line.money == "bank" else self.random.choices(("transfer", "pos"), (75, 25))[0]
            payer = self.random.choice(LENDERS) if line.money == "bank" else sale.buyers[0]["name"]
            sale.payments.append(Payment(at, line.amount, way, payer))
        owed_deposit = not any(p.at < sale.signed_at for p in sale.payments)
        if owed_deposit:
            at = sale.signed_at + dt.timedelta(minutes=25)
            sale.payments.append(Payment(at, sale.deposit, "transfer", sale.buyers[0]["name"]))
        sale.payments.sort(key=lambda payment: payment.at)

    def _paid_at(self, due: dt.date, money: str) -> dt.datetime:
        if money == "bank":
            late = self.random.randrange(-18, 25)
        else:
            late = self.random.choices((0, -2, 2, 9, 28), (45, 20, 15, 13, 7))[0]
        return self.office.at(due + dt.timedelta(days=late), self.random.uniform(9.5, 17))

    def _office_hour(self, at: dt.datetime) -> dt.datetime:
        return self.office.at(at.astimezone(self.office.zone).date(), self.random.uniform(9.5, 17.5))

    # --- endings, by the commands ---------------------------------------------------------------

    def _end(self) -> None:
        for n, sale in enumerate(self.given_up):
            at = self._office_hour(sale.subscribed_at + dt.timedelta(days=self.random.uniform(8, 20)))
            fault = "buyer" if n % 3 == 0 else "none"
            ctx = self.office.context("director", at)
            paper = Subscription.objects.get(pk=sale.subscription.pk)
            terminate_subscription(ctx, paper, TerminateInput(reason=self.random.choice(REASONS_GIVEN_UP), fault=fault))
            ctx.flush()
            self._afterwards(sale, at)
        for n, sale in enumerate(self.terminated):
            days = dt.timedelta(days=self.random.uniform(30, 70))
            at = self._office_hour((sale.signed_at or sale.subscribed_at) + days)
            ctx = self.office.context("director", at)
            contract = Contract.objects.get(pk=sale.contract.pk if sale.contract else 0)
            fault = "buyer" if n % 2 else "none"
            reason = self.random.choice(REASONS_TERMINATED)
            terminate_contract(ctx, contract, TerminateInput(reason=reason, fault=fault))
            ctx.flush()
            self._afterwards(sale, at)

    def _afterwards(self, sale: Sale, at: dt.datetime) -> None:
        """The customer is lost; money goes back after a week or two; most units are on sale again."""
        ctx = self.office.context("director", at)
        mark_lost(ctx, Customer.objects.get(pk=sale.customer.pk), LostInput(reason="bought_elsewhere"))
        ctx.flush()
        if sale in self.given_up[-2:]:
            return  # finance has these to decide
        for refund in Refund.objects.filter(project=self.office.project, deal=sale.deal.pk).order_by("pk"):
            self._refund(refund, at)
        again = at + dt.timedelta(days=3)
        if self.random.random() < 0.6 and again < self.office.now:
            ctx = self.office.context("director", again)
            unit = Unit.objects.select_related("licence").get(pk=sale.unit.pk)
            confirm_price(ctx, unit, ConfirmPrice(reason="退房后按原价重新推售"))
            release_unit(ctx, unit, ReleaseInput(reason="退房重推"))
            ctx.flush()

    def _refund(self, refund: Refund, at: dt.datetime) -> None:
        approved = self._office_hour(at + dt.timedelta(days=2))
        paid = self._office_hour(at + dt.timedelta(days=self.random.uniform(5, 12)))
        if approved > self.office.now:
            return
        ctx = self.office.context("director", approved)
        approve_refund(ctx, refund)
        ctx.flush()
        if paid < self.office.now:
            ctx = self.office.context("finance", paid)
            pay_refund(ctx, refund, PayInput(way="transfer", reference=f"TK{paid:%Y%m%d}{refund.pk:06d}"))
            ctx.flush()
