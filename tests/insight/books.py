"""A small office's books as plain rows, so that a test can say every number by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from anchang.crm.models import CallIn, Channel, Customer, FollowUp, Lead, Visit
from anchang.deals.models import Contract, Deal, PlanLine, Subscription
from anchang.finance.models import Allocation, Receipt, Receivable, Refund
from anchang.inventory.models import Building, PaymentPlan, Phase, Unit
from tests.factories import Office

UTC = dt.UTC


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def noon(day: dt.date) -> dt.datetime:
    """Noon in Shanghai."""
    return dt.datetime.combine(day, dt.time(4), UTC)


class Books:
    """Makes rows; `last` counts what needs a unique number."""

    def __init__(self, office: Office) -> None:
        self.office, self.project, self.last = office, office.project, 0
        phase = Phase.objects.create(project=self.project, code="1", name="一期")
        self.building = Building.objects.create(project=self.project, phase=phase, code="1", name="1幢")
        self.plan = PaymentPlan.objects.create(
            project=self.project, code="lump_sum", name="一次性", kind="lump_sum", parts=[]
        )
        self.channels = {
            code: Channel.objects.create(project=self.project, code=code, name=name)
            for code, name in (("ad", "广告"), ("walk", "自然到访"))
        }

    def _next(self) -> int:
        self.last += 1
        return self.last

    def _who(self, who: str | None) -> dict[str, Any]:
        if who is None:
            return {}
        letter = "A" if who in ("consultant1", "consultant2") else "B"
        return {"person": self.office.users[who], "team": self.office.teams[letter]}

    def customer(self, day: str, who: str, channel: str = "ad", grade: str = "C") -> Customer:
        at = self._who(who)
        return Customer.objects.create(
            project=self.project,
            name=f"客户{self._next()}",
            owner=at["person"],
            team=at["team"],
            grade=grade,
            channel=self.channels[channel],
            business_date=on(day),
            captured_at=noon(on(day)),
        )

    def lead(
        self,
        day: str,
        who: str,
        customer: Customer | None = None,
        *,
        valid: bool | None = True,
        channel: str = "ad",
    ) -> Lead:
        at, number = self._who(who), self._next()
        return Lead.objects.create(
            project=self.project,
            name=f"线索{number}",
            phone_cipher=b"x",
            phone_digest=f"{number:032}",
            phone_masked="138****0000",
            phone_tail="0000",
            enquiry_key=str(number),
            owner=at["person"],
            team=at["team"],
            business_date=on(day),
            captured_at=noon(on(day)),
            assigned_at=noon(on(day)),
            state="assigned",
            valid=valid,
            channel=self.channels[channel],
            customer=customer,
        )

    def visit(self, day: str, customer: Customer, who: str, seq: int = 1, channel: str = "ad", **facts: Any) -> Visit:
        at = self._who(who)
        return Visit.objects.create(
            project=self.project,
            customer=customer,
            seq=seq,
            arrived_at=noon(on(day)),
            business_date=on(day),
            consultant=at["person"],
            team=at["team"],
            channel=self.channels[channel],
            **facts,
        )

    def call(self, day: str, who: str, customer: Customer | None = None, *, first: bool = True) -> CallIn:
        at = self._who(who)
        return CallIn.objects.create(
            project=self.project,
            customer=customer,
            called_at=noon(on(day)),
            business_date=on(day),
            caller="来电",
            question="问价格",
            passed_to=at["person"],
            team=at["team"],
            channel=self.channels["ad"],
            first=first,
            phone_digest="" if customer else f"{self._next():032}",
        )

    def follow_up(self, day: str, customer: Customer, who: str) -> FollowUp:
        at = self._who(who)
        return FollowUp.objects.create(
            project=self.project,
            customer=customer,
            author=at["person"],
            team=at["team"],
            method="phone",
            content="已联系",
            at=noon(on(day)),
            business_date=on(day),
        )

    def unit(self, area: str = "100.00", total: str = "2000000.00") -> Unit:
        code = f"{self._next():04}"
        return Unit.objects.create(
            project=self.project,
            building=self.building,
            room=code,
            code=code,
            label=f"1幢-{code}",
            sort_key=code,
            floor=1,
            predicted_gross_area=Decimal(area),
            predicted_inner_area=Decimal(area) - 20,
            list_total=Decimal(total),
            state="unreleased",
        )

    def deal(
        self,
        day: str,
        customer: Customer,
        who: str,
        *,
        previous: Deal | None = None,
        unit: Unit | None = None,
    ) -> Deal:
        at = self._who(who)
        return Deal.objects.create(
            project=self.project,
            unit=unit or self.unit(),
            customer=customer,
            consultant=at["person"],
            team=at["team"],
            opened_on=on(day),
            state="subscribed",
            previous=previous,
        )

    def subscription(
        self, day: str, deal: Deal, total: str, area: str = "100.00", state: str = "active", **facts: Any
    ) -> Subscription:
        made = Subscription.objects.create(
            project=self.project,
            number=f"S{self._next()}",
            deal=deal,
            unit=deal.unit,
            customer=deal.customer,
            state=state,
            payment_plan=self.plan,
            list_total=Decimal("9000000"),
            total=Decimal(total),
            depth=0,
            gross_area=Decimal(area),
            inner_area=Decimal(area) - 20,
            deposit=Decimal("50000.00"),
            subscribed_on=on(day),
            activated_on=None if state in ("draft", "approving") else on(day),
            **{"sign_by": on(day) + dt.timedelta(days=7), **facts},
        )
        self._plan(day, total, subscription=made)
        return made

    def _plan(self, day: str, total: str, **paper: Any) -> None:
        PlanLine.objects.create(
            project=self.project,
            seq=1,
            item="house_price",
            money="cash",
            amount=Decimal(total),
            due_on=on(day),
            **paper,
        )

    def contract(
        self,
        day: str,
        deal: Deal,
        total: str,
        area: str = "100.00",
        state: str = "signed",
        owed: tuple[tuple[str, str, str], ...] = (),
        **facts: Any,
    ) -> Contract:
        """With one plan line, and its receivables: `owed` (due day, amount, item), else one line due on the day."""
        made = Contract.objects.create(
            project=self.project,
            number=f"C{self._next()}",
            deal=deal,
            unit=deal.unit,
            customer=deal.customer,
            state=state,
            list_total=Decimal("9000000"),
            total=Decimal(total),
            gross_area=Decimal(area),
            inner_area=Decimal(area) - 20,
            signed_on=on(day),
            filing_due_on=on(day) + dt.timedelta(days=30),
            area_scheme="gross",
            area_threshold=Decimal("0.03"),
            **facts,
        )
        self._plan(day, total, contract=made)
        for due, amount, item in owed or ((day, total, "house_price"),):
            self.receivable(due, deal, amount, item, contract=made)
        return made

    def receipt(
        self, day: str, deal: Deal, amount: str, way: str = "transfer", kind: str = "house", **facts: Any
    ) -> Receipt:
        number = self._next()
        money = {"mortgage": "bank", "fund": "fund"}.get(way, "cash")
        return Receipt.objects.create(
            project=self.project,
            number=f"R{number}",
            book="A",
            book_seq=number,
            deal=deal,
            amount=Decimal(amount),
            way=way,
            money=money,
            kind=kind,
            received_on=on(day),
            business_date=on(day),
            cashier=self.office.users["finance"],
            **facts,
        )

    def receivable(self, due: str, deal: Deal, amount: str, item: str = "first_payment", **facts: Any) -> Receivable:
        return Receivable.objects.create(
            project=self.project,
            deal=deal,
            item=item,
            seq=self._next() % 30000,
            due_on=on(due),
            amount=Decimal(amount),
            **facts,
        )

    def allocate(self, day: str, receipt: Receipt, amount: str, **target: Any) -> None:
        Allocation.objects.create(
            project=self.project,
            receipt=receipt,
            amount=Decimal(amount),
            at=noon(on(day)),
            business_date=on(day),
            **target,
        )

    def refund(self, day: str, receipt: Receipt, amount: str) -> Refund:
        """Requested, covered by the receipt, approved and paid on the day."""
        refund = Refund.objects.create(
            project=self.project,
            deal=receipt.deal,
            amount=Decimal(amount),
            money=receipt.money,
            state="requested",
        )
        self.allocate(day, receipt, amount, refund=refund)
        Refund.objects.filter(pk=refund.pk).update(state="paid", paid_on=on(day), way="transfer")
        return refund

    def reverse(self, day: str, receipt: Receipt) -> Receipt:
        """The mirror of a receipt without allocations."""
        mirror = self.receipt(day, receipt.deal, str(-receipt.amount), receipt.way, receipt.kind, reverses=receipt)
        Receipt.objects.filter(pk=receipt.pk).update(state="reversed")
        return mirror
