"""A deal that the demo office loads in bulk has the same rows as one that the commands make at the same moments."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection, models, transaction

from anchang.config.demo.people import Office, given, make_people
from anchang.config.demo.sales import Payment, Sale, Writer
from anchang.config.demo.stock import Stock, make_stock
from anchang.crm.models import Customer
from anchang.deals.commands.contracts import FileInput, file_contract
from anchang.deals.commands.holds import HoldInput, hold_unit
from anchang.deals.models import Buyer, Contract, Deal, Hold, PlanLine, Subscription, UnitClaim
from anchang.finance.commands import MoneyInput
from anchang.finance.models import Allocation, Receipt, Receivable
from anchang.inventory.models import Unit, UnitStateChange
from anchang.platform.models import Event, NumberBook, SearchToken
from anchang.processes.receiving import receive_on_contract, receive_on_subscription
from anchang.processes.signing import SignInput, sign_contract
from anchang.processes.subscribing import SubscribeInput, subscribe_unit

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 15, 3, 0, tzinfo=dt.UTC)
COMPARED = (Deal, UnitClaim, Hold, Subscription, Contract, PlanLine, Buyer, Receivable, Receipt, Allocation,
            UnitStateChange, NumberBook, Customer, Unit)  # fmt: skip
#: Made anew on each side, or different by nature: ids, moments of writing, versions, random ciphers.
LEFT_OUT = {"id", "version", "created_at", "updated_at", "search_numbers"}
#: References to rows that the deal itself makes: only whether there is one is compared.
OWN = {"deal", "hold", "subscription", "contract", "receipt", "receivable"}
BUYERS = [
    {"name": "陈一", "id_number": "330102199003072316", "phone": "13812292302", "share": "60"},
    {"name": "林二", "id_number": "330106199201154528", "phone": "13812292303", "share": "40"},
]


def at(day: int, hour: float) -> dt.datetime:
    return dt.datetime(2026, 3, day, tzinfo=dt.UTC) + dt.timedelta(hours=hour)


def plain(row: models.Model) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for f in row._meta.concrete_fields:
        value = getattr(row, f.attname)
        if f.attname in LEFT_OUT or f.attname.endswith("_cipher"):
            continue
        found[f.attname] = value is not None if f.name in OWN or f.attname == "deal_id" else str(value)
    return found


def snapshot(first_event: int) -> dict[str, list[str]]:
    rows = {}
    for model in COMPARED:
        records = model._base_manager.order_by("pk")
        rows[model.__name__] = [json.dumps(plain(r), sort_keys=True, ensure_ascii=False) for r in records]
    rows["NumberBook"].sort()
    events = Event.objects.filter(pk__gt=first_event)
    rows["Event"] = sorted(
        json.dumps(
            [e.at.isoformat(), e.name, e.resource, e.customer_id, e.actor_kind, e.actor_id, e.actor_name,
             str(e.business_date), {k: v for k, v in e.data.items() if k != "deal"}],
            sort_keys=True, ensure_ascii=False,
        )
        for e in events
    )  # fmt: skip
    tokens = SearchToken.objects.filter(resource__in=("subscriptions", "contracts", "receipts"))
    rows["SearchToken"] = sorted(f"{t.resource} {t.token}" for t in tokens)
    return rows


def bulk(office: Office, stock: Stock, unit: Unit, customer: Customer, plan: str) -> None:
    sale = Sale(
        stock.units[unit.pk], customer, office.users["consultant1"], at(2, 3), at(2, 3.75), stock.plans[plan],
        [stock.discounts["EARLY"]], BUYERS, Decimal(50000), signed_at=at(6, 5), online_number="WQ1",
        filed_at=at(20, 5), filing_number="备1",
    )  # fmt: skip
    sale.payments.append(Payment(at(2, 4), Decimal(50000), "pos", "陈一"))
    sale.payments.append(Payment(at(7, 4), Decimal("123456.78"), "transfer", "陈一"))
    if plan == "mortgage":
        sale.payments.append(Payment(at(25, 4), Decimal(100000), "mortgage", "工商银行"))
    Writer(office, stock).write([sale])


def by_commands(office: Office, unit: Unit, customer: Customer, plan: str) -> None:
    ctx = office.context("consultant1", at(2, 3))
    hold_unit(ctx, fresh(unit), given(ctx, HoldInput(customer=customer.pk)))
    ctx.flush()
    ctx = office.context("consultant1", at(2, 3.75))
    paper = subscribe_unit(ctx, fresh(unit), given(ctx, SubscribeInput(
        customer=customer.pk, buyers=BUYERS, payment_plan=plan, discounts=["EARLY"], deposit=Decimal(50000),
    )))  # fmt: skip
    ctx.flush()
    ctx = office.context("finance", at(2, 4))
    receive_on_subscription(ctx, paper, MoneyInput(amount=Decimal(50000), way="pos", payer="陈一"))
    ctx.flush()
    ctx = office.context("clerk", at(6, 5))
    contract = sign_contract(ctx, paper, SignInput(online_number="WQ1"))
    ctx.flush()
    ctx = office.context("finance", at(7, 4))
    receive_on_contract(ctx, contract, MoneyInput(amount=Decimal("123456.78"), way="transfer", payer="陈一"))
    ctx.flush()
    ctx = office.context("clerk", at(20, 5))
    contract.refresh_from_db()
    file_contract(ctx, contract, FileInput(filing_number="备1"))
    ctx.flush()
    if plan == "mortgage":
        ctx = office.context("finance", at(25, 4))
        receive_on_contract(ctx, contract, MoneyInput(amount=Decimal(100000), way="mortgage", payer="工商银行"))
        ctx.flush()


def fresh(unit: Unit) -> Unit:
    return Unit.objects.select_related("licence", "price_list").get(pk=unit.pk)


@pytest.mark.parametrize("plan", ["mortgage", "instalment", "lump_sum"])
def test_bulk_deal_equals_the_commands_deal(plan: str) -> None:
    office = make_people("ZZ", NOW)
    stock = make_stock(office)
    unit = Random(1).choice([u for u in stock.units.values() if u.state == "available" and u.building.code == "1"])
    owner = office.users["consultant1"]
    customer = Customer.objects.create(
        project=office.project, name="陈一", owner=owner, team_id=office.team_of[owner.pk], business_date="2026-03-01"
    )
    first = Event.objects.order_by("-pk").values_list("pk", flat=True)[0]
    found = []
    for way in (lambda: bulk(office, stock, unit, customer, plan), lambda: by_commands(office, unit, customer, plan)):
        mark = transaction.savepoint()
        way()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        found.append(snapshot(first))
        transaction.savepoint_rollback(mark)
        office.context()
    assert found[0].keys() == found[1].keys()
    for name in found[0]:
        assert found[0][name] == found[1][name], name
    assert len(found[0]["Receipt"]) >= 2
    assert len(found[0]["Event"]) >= 12
