"""A sales desk for tests: an office with released units, payment plans, the scheme's discounts and customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from anchang.crm.models import Customer
from anchang.deals.models import Contract, Subscription
from anchang.inventory.models import Unit
from anchang.platform import parameters
from tests.factories import Office, make_office, run
from tests.inventory.stock import Stock, make_plan, make_stock, release

DISCOUNTS = (
    {"code": "D98", "name": "全款 98 折", "kind": "mult", "value": "0.98", "position": 1},
    {"code": "P1", "name": "老客户减 1 点", "kind": "point", "value": "1", "position": 2},
    {"code": "D99", "name": "开盘 99 折", "kind": "mult", "value": "0.99", "position": 3},
    {"code": "F2", "name": "直减 2 万", "kind": "fix", "value": "20000", "position": 4},
)
BUYER = {"name": "张三", "id_number": "330102199003072316", "phone": "13812292302"}


@dataclass
class Desk:
    office: Office
    stock: Stock
    customers: dict[str, Customer] = field(default_factory=dict)

    def unit(self, index: int = 0) -> Unit:
        return Unit.objects.get(pk=self.stock.units[index].pk)

    def customer(self, owner: str, index: int = 0) -> Customer:
        """A customer of this consultant, made on first use."""
        key = f"{owner}:{index}"
        if key not in self.customers:
            user = self.office.users[owner]
            self.customers[key] = Customer.objects.create(
                project=self.office.project, name=f"客户{len(self.customers)}", owner=user,
                business_date="2026-01-01", phone_masked="138****2302",
            )  # fmt: skip
        return self.customers[key]

    def subscribe(self, index: int = 0, owner: str = "consultant1", **more: Any) -> Subscription:
        customer = more.pop("customer", None) or self.customer(owner)
        data = {
            "customer": customer.pk, "buyers": [BUYER], "payment_plan": "lump_sum", "discounts": [],
            "deposit": "50000.00",
        }  # fmt: skip
        return run("subscribe_unit", self.office.access(owner), self.unit(index), **(data | more))

    def sign(self, index: int = 0, **more: Any) -> Contract:
        subscription = self.subscribe(index, **more)
        return run("sign_contract", self.office.access("clerk"), subscription)

    def receive(self, contract: Contract, amount: str, way: str = "transfer", **more: Any) -> Any:
        return run(
            "receive_on_contract", self.office.access("finance"), contract, amount=amount, way=way, **more
        )


def make_desk(code: str = "YQ", prefix: str = "", floors: int = 2) -> Desk:
    """Call inside no scope; open `desk.office.as_("system")` afterwards."""
    office = make_office(code, prefix)
    with office.as_("system") as access:
        stock = make_stock(office, access, floors=floors)
        release(stock, access)
        make_plan(access)
        make_plan(
            access, "mortgage", name="按揭", kind="mortgage", loan_ratio="0.7", loan_step="10000", loan_days=60,
            parts=[{"item": "first_payment", "weight": "100", "days": 0}],
        )  # fmt: skip
        make_plan(
            access, "instalment", name="分期", kind="instalment",
            parts=[{"item": "instalment", "weight": "1", "days": d} for d in (0, 30, 60)],
        )  # fmt: skip
        for discount in DISCOUNTS:
            run("add_discounts", access, **discount)
        return Desk(office, stock)


@pytest.fixture(scope="module")
def committed_desk(
    django_db_setup: None, django_db_blocker: Any, fresh_database: Callable[[], None]
) -> Iterator[Desk]:
    """One desk for a whole module, committed; its tests roll back to it."""
    with django_db_blocker.unblock():
        made = make_desk()
    yield made
    with django_db_blocker.unblock():
        fresh_database()


@pytest.fixture
def desk(committed_desk: Desk, db: None) -> Iterator[Desk]:
    """The module's desk, untouched, inside the system's scope. What is deferred to commit is checked at the end."""
    parameters._refresh()  # a parameter of the test before is rolled back
    with committed_desk.office.as_("system"):
        yield Desk(committed_desk.office, committed_desk.stock)
        connection.check_constraints()
