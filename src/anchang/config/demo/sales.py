"""Bulk writing of deals: hold, subscription, contract, filing and receipts of many deals at once.

Each row is what the commands write at that moment (tests/config/test_demo.py compares them field by field), by
the same rules for prices, plans, buyers, receivables and allocations. Messages of long ago are left out.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from anchang.config.demo.people import Office
from anchang.config.demo.stock import Stock
from anchang.config.demo.writing import Journal, numbered, update, write
from anchang.crm.models import Customer
from anchang.deals import rules
from anchang.deals.commands.buyers import buyer_row, checked_buyers
from anchang.deals.commands.holds import hold_policy
from anchang.deals.models import Buyer, Contract, Deal, Hold, PlanLine, Subscription, UnitClaim
from anchang.finance import rules as money
from anchang.finance.commands.receivables import is_house
from anchang.finance.models import Allocation, Receipt, Receivable
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.quoting import price_unit
from anchang.inventory.models import Discount, PaymentPlan, Unit, UnitStateChange
from anchang.inventory.queries import board_cell
from anchang.kernel.actor import Actor
from anchang.platform import bulk, numbering, resources, search
from anchang.platform.access import Access, actor_for
from anchang.platform.context import Context
from anchang.platform.models import User
from anchang.processes.entitlements import COUNTED
from anchang.processes.plan_specs import plan_spec

ZERO, CENT = Decimal("0.00"), Decimal("0.01")


@dataclass
class Payment:
    at: dt.datetime
    amount: Decimal
    way: str
    payer: str


@dataclass
class Sale:
    """A deal to be written: what people did, and when. Money that came before signing is the deposit."""

    unit: Unit
    customer: Customer
    consultant: User
    held_at: dt.datetime
    subscribed_at: dt.datetime
    plan: PaymentPlan
    discounts: Sequence[Discount]
    buyers: Sequence[Mapping[str, Any]]
    deposit: Decimal
    signed_at: dt.datetime | None = None
    online_number: str = ""
    filed_at: dt.datetime | None = None
    filing_number: str = ""
    payments: list[Payment] = field(default_factory=list)
    # Made while writing:
    deal: Deal = field(init=False)
    subscription: Subscription = field(init=False)
    contract: Contract | None = field(init=False, default=None)
    lines: list[rules.PlanLine] = field(init=False)
    checked: rules.CheckedBuyers = field(init=False)
    receivables: list[Receivable] = field(init=False, default_factory=list)


class Writer:
    """Writes sales of one office. Customers, units and scheme are there already."""

    def __init__(self, office: Office, stock: Stock) -> None:
        self.office, self.stock, self.project = office, stock, office.project
        self.journal = Journal(office)
        self.whole = office.access()
        self.history: list[tuple[dt.datetime, UnitStateChange]] = []

    def access(self, user: User) -> Access:
        return replace(self.whole, actor=actor_for(user))

    def context(self, user: User, at: dt.datetime) -> Context:
        return Context(self.access(user), self.project, at)

    def write(self, sales: Sequence[Sale], pay: Callable[[Sale], None] | None = None) -> None:
        """Everything of these sales, in a few dozen statements. `pay` adds payments once a plan is known."""
        sales = sorted(sales, key=lambda sale: sale.subscribed_at)
        for sale in sales:
            self._agree(sale)
            if pay is not None:
                pay(sale)
        self._holds(sales)
        self._subscriptions(sales)
        signed = sorted((s for s in sales if s.signed_at), key=lambda s: s.signed_at or s.subscribed_at)
        self._contracts(signed)
        self._deposits(sales)
        self._dues(signed)
        self._receipts(sales)
        self._units(sales)
        self._customers(sales)
        self.journal.write()

    # --- agreement ------------------------------------------------------------------------------

    def _agree(self, sale: Sale) -> None:
        """Price, deal and plan. The deal's row is written at once with the others in `_holds`."""
        ctx = self.context(sale.consultant, sale.subscribed_at)
        sale.unit.state = stock_rules.HELD
        priced = price_unit(ctx, sale.unit, sale.plan, sale.discounts)
        sale.checked = checked_buyers(ctx, sale.buyers, None)
        sale.deal = Deal(
            project=self.project, unit=sale.unit, customer=sale.customer, consultant=sale.consultant,
            team_id=self.office.team_of.get(sale.consultant.pk), state="signed" if sale.signed_at else "subscribed",
            ownership=sale.checked.ownership, list_total=priced.price.list_total, total=priced.total,
            opened_on=self._day(sale.held_at), created_by_id=sale.consultant.pk,
        )  # fmt: skip
        sale.subscription = self._subscription(ctx, sale, priced)
        sign_by = sale.subscription.sign_by
        sale.lines = rules.plan_lines(
            plan_spec(sale.plan), priced.total, deposit=sale.deposit, deposit_due=ctx.business_date, signed_on=sign_by
        )

    def _subscription(self, ctx: Context, sale: Sale, priced: Any) -> Subscription:
        price, unit = priced.price, sale.unit
        return Subscription(
            project=self.project, deal=sale.deal, unit=unit, customer=sale.customer, payment_plan=sale.plan, loans=[],
            state="signed" if sale.signed_at else "active", list_total=price.list_total, total=price.total,
            depth=price.depth * 100, unit_price=price.unit_price, gross_area=unit.gross_area or ZERO,
            inner_area=unit.inner_area or ZERO, deposit=sale.deposit,
            snapshot=priced.snapshot | {COUNTED: []},  # no discount of the demo has a limit of uses
            subscribed_on=ctx.business_date, activated_on=ctx.business_date,
            sign_by=rules.signing_due(ctx.business_date, int(ctx.param("deals.signing_days"))),
            created_by_id=sale.consultant.pk,
        )  # fmt: skip

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.office.zone).date()

    # --- holds and subscriptions ----------------------------------------------------------------

    def _holds(self, sales: Sequence[Sale]) -> None:
        write(Deal, [s.deal for s in sales], [s.held_at for s in sales])
        UnitClaim.objects.bulk_create(
            UnitClaim(project=self.project, unit=s.unit, deal=s.deal, since=s.held_at,
                      kind="contract" if s.signed_at else "subscription")
            for s in sales
        )  # fmt: skip
        holds = []
        for sale in sales:
            ctx = self.context(sale.consultant, sale.held_at)
            until = rules.hold_expiry("lock", None, hold_policy(ctx), sale.held_at)
            holds.append(Hold(
                project=self.project, deal_id=sale.deal.pk, unit=sale.unit, customer=sale.customer, kind="lock",
                state="converted", started_at=sale.held_at, expires_at=until, ended_at=sale.subscribed_at,
                business_date=ctx.business_date, created_by_id=sale.consultant.pk,
            ))  # fmt: skip
        write(Hold, holds, [s.held_at for s in sales])
        for sale, hold in zip(sales, holds, strict=True):
            sale.subscription.hold_id, sale.subscription.deal_id = hold.pk, sale.deal.pk
            actor = actor_for(sale.consultant)
            sale.unit.state = stock_rules.AVAILABLE
            self._move(sale, stock_rules.HELD, sale.held_at, actor, until=hold.expires_at)
            self._fact(
                sale, sale.held_at, "unit.held", "holds", hold.pk, actor, unit=sale.unit.pk,
                unit_label=sale.unit.label, deal=sale.deal.pk, expires_at=hold.expires_at.isoformat(), kind="lock",
            )  # fmt: skip
            self._stage(sale, sale.held_at, actor, "prospect")

    def _subscriptions(self, sales: Sequence[Sale]) -> None:
        months: dict[str, list[Subscription]] = defaultdict(list)
        for sale in sales:
            months[f"{sale.subscription.subscribed_on:%Y%m}"].append(sale.subscription)
        for month, papers in months.items():
            last = numbering.take(self.project.pk, "subscription", month, len(papers))
            for number, paper in enumerate(papers, last - len(papers) + 1):
                paper.number = f"RG{month}{number:04d}"
        write(Subscription, [s.subscription for s in sales], [s.subscribed_at for s in sales])
        write(PlanLine, [
            PlanLine(project=self.project, subscription_id=s.subscription.pk, seq=line.seq, item=line.item,
                     money=line.money, amount=line.amount, due_on=line.due_on, bank=line.bank)
            for s in sales for line in s.lines
        ])  # fmt: skip
        self._buyers(sales)
        self._index("subscriptions", [s.subscription for s in sales])
        for sale in sales:
            actor, paper = actor_for(sale.consultant), sale.subscription
            self._move(sale, stock_rules.SUBSCRIBED, sale.subscribed_at, actor)
            self._stage(sale, sale.subscribed_at, actor, "subscriber")
            self._fact(
                sale, sale.subscribed_at, "subscription.active", "subscriptions", paper.pk, actor, deal=sale.deal.pk,
                unit=sale.unit.pk, unit_label=sale.unit.label, number=paper.number, total=str(paper.total),
            )  # fmt: skip

    def _buyers(self, sales: Sequence[Sale]) -> None:
        rows, moments = [], []
        for sale in sales:
            ctx = self.context(sale.consultant, sale.subscribed_at)
            adult = int(ctx.param("deals.adult_age"))
            for seq, buyer in enumerate(sale.checked.buyers, 1):
                rows.append(buyer_row(ctx, sale.deal, seq, buyer, sale.checked, adult))
                moments.append(sale.subscribed_at)
        write(Buyer, rows, moments)

    def _index(self, name: str, papers: Sequence[Any]) -> None:
        resource = resources.get(name)
        bulk.add_tokens(self.project.pk, name, {paper.pk: search.tokens_of(resource, paper) for paper in papers})

    # --- contracts ------------------------------------------------------------------------------

    def _contracts(self, sales: Sequence[Sale]) -> None:
        clerk = self.office.users["clerk"]
        years: dict[str, list[Sale]] = defaultdict(list)
        for sale in sales:
            years[f"{self._day(_signed(sale)):%Y}"].append(sale)
        for year, some in years.items():
            last = numbering.take(self.project.pk, "contract", year, len(some))
            for number, sale in enumerate(some, last - len(some) + 1):
                sale.contract = self._contract(sale, f"HT{year}{number:05d}", clerk)
        papers = [s.contract for s in sales if s.contract]
        write(Contract, papers, [_signed(s) for s in sales])
        write(PlanLine, [
            PlanLine(project=self.project, contract_id=_paper(s).pk, seq=line.seq, item=line.item, money=line.money,
                     amount=line.amount, due_on=line.due_on, bank=line.bank)
            for s in sales for line in self._contract_lines(s)
        ])  # fmt: skip
        self._index("contracts", papers)
        for sale in sales:
            self._tell_signed(sale, actor_for(clerk))

    def _contract(self, sale: Sale, number: str, clerk: User) -> Contract:
        ctx, paper, at = self.context(clerk, _signed(sale)), sale.subscription, _signed(sale)
        return Contract(
            project=self.project, number=number, deal_id=sale.deal.pk, subscription_id=paper.pk, unit=sale.unit,
            customer=sale.customer, payment_plan=sale.plan, state="filed" if sale.filed_at else "signed",
            list_total=paper.list_total, total=paper.total, unit_price=paper.unit_price,
            gross_area=paper.gross_area, inner_area=paper.inner_area, snapshot=paper.snapshot, deposit=paper.deposit,
            signed_on=self._day(at), online_number=sale.online_number, filing_number=sale.filing_number,
            filed_on=self._day(sale.filed_at) if sale.filed_at else None,
            filing_due_on=self._day(at) + dt.timedelta(days=int(ctx.param("deals.filing_days"))),
            area_scheme=str(ctx.param("deals.area_scheme") or sale.unit.price_basis),
            area_threshold=Decimal(str(ctx.param("deals.area_threshold"))),
            late_fee_policy=dict(ctx.param("deals.late_fee")), created_by_id=clerk.pk,
        )  # fmt: skip

    def _contract_lines(self, sale: Sale) -> list[rules.PlanLine]:
        """The subscription's lines counted from the real signing day; the deposit's day stays."""
        shift = self._day(_signed(sale)) - sale.subscription.sign_by
        return [x if x.item == "deposit" else replace(x, due_on=x.due_on + shift) for x in sale.lines]

    def _tell_signed(self, sale: Sale, actor: Actor) -> None:
        at, paper = _signed(sale), _paper(sale)
        self._move(sale, stock_rules.SIGNED, at, actor)
        self._stage(sale, at, actor, "buyer")
        self._fact(
            sale, at, "contract.signed", "contracts", paper.pk, actor, deal=sale.deal.pk, unit=sale.unit.pk,
            unit_label=sale.unit.label, number=paper.number, total=str(paper.total),
            signed_on=paper.signed_on.isoformat(),
        )  # fmt: skip
        if sale.filed_at and paper.filed_on:
            self._fact(
                sale, sale.filed_at, "contract.filed", "contracts", paper.pk, actor, deal=sale.deal.pk,
                number=paper.number, filing_number=paper.filing_number, filed_on=paper.filed_on.isoformat(),
            )  # fmt: skip

    # --- money ----------------------------------------------------------------------------------

    def _deposits(self, sales: Sequence[Sale]) -> None:
        for sale in sales:
            if sale.deposit > 0:
                paper = sale.subscription
                sale.receivables = [self._due(
                    sale, 1, "deposit", "cash", sale.deposit, paper.subscribed_on, sale.consultant
                )]  # fmt: skip
        write(Receivable, [r for s in sales for r in s.receivables], [s.subscribed_at for s in sales if s.receivables])

    def _dues(self, sales: Sequence[Sale]) -> None:
        clerk, made, moments = self.office.users["clerk"], [], []
        for sale in sales:
            lines = [x for x in self._contract_lines(sale) if x.item != "deposit"]
            for seq, line in enumerate(lines, len(sale.receivables) + 1):
                due = self._due(sale, seq, line.item, line.money, line.amount, line.due_on, clerk, line.bank)
                made.append(due)
                moments.append(_signed(sale))
                sale.receivables.append(due)
        write(Receivable, made, moments)

    def _due(
        self, sale: Sale, seq: int, item: str, kind: str, amount: Decimal, due_on: dt.date, by: User, bank: str = ""
    ) -> Receivable:
        return Receivable(
            project=self.project, deal_id=sale.deal.pk, contract_id=sale.contract.pk if sale.contract else None,
            seq=seq, item=item, money=kind, house=is_house(item), due_on=due_on, amount=amount, bank=bank,
            created_by_id=by.pk,
        )  # fmt: skip

    def _receipts(self, sales: Sequence[Sale]) -> None:
        """Numbered in the order of time, spread as the rules say, written with their ledger."""
        everything = sorted(((p.at, n, p) for n, s in enumerate(sales) for p in s.payments), key=lambda x: x[:2])
        years: dict[str, list[Receipt]] = defaultdict(list)
        made: list[tuple[dt.datetime, Receipt, Sale]] = []
        for at, n, payment in everything:
            receipt = self._receipt(sales[n], payment)
            years[receipt.book].append(receipt)
            made.append((at, receipt, sales[n]))
        for year, papers in years.items():
            last = numbering.take(self.project.pk, "receipt", year, len(papers))
            for number, paper in enumerate(papers, last - len(papers) + 1):
                paper.book_seq, paper.number = number, f"{self._prefix(paper)}{year}{number:06d}"
        rows = [receipt for _at, receipt, _s in made]
        numbered(Receipt, rows)
        ledger = self._ledger(made)
        write(Receipt, rows, [at for at, _r, _s in made])
        write(Allocation, ledger)
        settled = [r for s in sales for r in s.receivables if r.settled_on]
        columns = (("id", "bigint"), ("settled_on", "date"))
        update("finance_receivable", columns, [(r.pk, r.settled_on) for r in settled], self.project.pk)
        self._index("receipts", rows)

    def _prefix(self, receipt: Receipt) -> str:
        at = self.office.at(receipt.business_date, 12)
        return str(self.context(self.office.users["finance"], at).param("finance.receipt_prefix"))

    def _receipt(self, sale: Sale, payment: Payment) -> Receipt:
        finance, day = self.office.users["finance"], self._day(payment.at)
        licence = sale.unit.licence
        escrow = licence.escrow_account if licence and licence.kind == "presale" else ""
        return Receipt(
            project=self.project, book=f"{day:%Y}", deal_id=sale.deal.pk,
            contract_id=sale.contract.pk if sale.contract else None, amount=payment.amount.quantize(CENT),
            way=payment.way,
            money=money.WAY_MONEY[payment.way], kind="house", account="" if payment.way == "cash" else escrow,
            payer=payment.payer, received_on=day, business_date=day, cashier=finance, created_by_id=finance.pk,
        )  # fmt: skip

    def _ledger(self, made: Sequence[tuple[dt.datetime, Receipt, Sale]]) -> list[Allocation]:
        left: dict[int, Decimal] = {}
        rows = []
        actor = actor_for(self.office.users["finance"])
        for at, receipt, sale in made:
            known = [r for r in sale.receivables if r.item == "deposit" or (sale.signed_at and at >= sale.signed_at)]
            lines = [
                money.OpenLine(r.pk, r.seq, r.item, r.money, r.due_on, balance)
                for r in known if (balance := left.get(r.pk, r.amount)) > 0
            ]  # fmt: skip
            by_id = {r.pk: r for r in known}
            for line_id, part in money.allocate(receipt.amount, receipt.way, lines).parts:
                left[line_id] = left.get(line_id, by_id[line_id].amount) - part
                rows.append(Allocation(project=self.project, receipt_id=receipt.pk, receivable_id=line_id, amount=part,
                                       at=at, business_date=receipt.business_date))  # fmt: skip
                if not left[line_id]:
                    by_id[line_id].settled_on = receipt.business_date
            self._fact(
                sale, at, "money.received", "receipts", receipt.pk, actor, deal=sale.deal.pk, number=receipt.number,
                amount=str(receipt.amount), way=receipt.way,
            )  # fmt: skip
        return rows

    # --- units and customers --------------------------------------------------------------------

    def _move(self, sale: Sale, to: str, at: dt.datetime, actor: Actor, until: dt.datetime | None = None) -> None:
        unit = sale.unit
        self.history.append((at, UnitStateChange(
            project=self.project, unit=unit, at=at, business_date=self._day(at), from_state=unit.state, to_state=to,
            cause=stock_rules.cause_of(to, in_deal=True),
            actor_id=actor.user_id, actor_name=actor.name, list_total=unit.list_total, deal_id=sale.deal.pk,
        )))  # fmt: skip
        unit.state, unit.state_since, unit.state_until = to, at, until
        self.journal.add(at, "unit.changed", "units", unit.pk, None, actor, **board_cell(unit))

    def _units(self, sales: Sequence[Sale]) -> None:
        self.history.sort(key=lambda pair: pair[0])
        write(UnitStateChange, [row for _at, row in self.history])
        self.history = []
        columns = (("id", "bigint"), ("state", "text"), ("state_since", "timestamptz"), ("state_until", "timestamptz"))
        rows = [(s.unit.pk, s.unit.state, s.unit.state_since, s.unit.state_until) for s in sales]
        update("inventory_unit", columns, rows, self.project.pk)

    def _stage(self, sale: Sale, at: dt.datetime, actor: Actor, deal_stage: str) -> None:
        """What a step of the deal does to the customer."""
        old, customer = sale.customer.stage, sale.customer
        customer.deal_stage, customer.stage = deal_stage, deal_stage
        if old != deal_stage:
            self._fact(sale, at, "customer.stage_changed", "customers", customer.pk, actor, old=old, new=deal_stage)

    def _customers(self, sales: Sequence[Sale]) -> None:
        columns = (("id", "bigint"), ("deal_stage", "text"), ("stage", "text"))
        rows = {s.customer.pk: (s.customer.pk, s.customer.deal_stage, s.customer.stage) for s in sales}
        update("crm_customer", columns, rows.values(), self.project.pk)

    def _fact(
        self, sale: Sale, at: dt.datetime, name: str, resource: str, record_id: int, actor: Actor, **data: Any
    ) -> None:
        self.journal.add(at, name, resource, record_id, sale.customer.pk, actor, **data)


def _signed(sale: Sale) -> dt.datetime:
    if sale.signed_at is None:
        raise ValueError("not signed")
    return sale.signed_at


def _paper(sale: Sale) -> Contract:
    if sale.contract is None:
        raise ValueError("not signed")
    return sale.contract
