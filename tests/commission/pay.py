"""A scheme and the days of its deals, for tests of pay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from anchang.commission.commands import follow
from anchang.commission.models import Earning, Line, Scheme
from anchang.deals.models import Contract
from anchang.platform.context import Context
from tests.deals.desk import Desk
from tests.factories import run

SCHEME: dict[str, Any] = {
    "name": "2026 顾问", "role": "consultant", "mode": "full_jump", "valid_from": "2020-01-01",
    "tiers": [{"up_to": "3000000", "rate": "0.002"}, {"up_to": None, "rate": "0.003"}],
    "milestones": [{"kind": "signed", "share": "70"}, {"kind": "fully_collected", "share": "20"}],
    "retention": "10", "retention_days": 90,
}  # fmt: skip


def make_scheme(desk: Desk, **more: Any) -> Scheme:
    access = desk.office.access("director")
    scheme = run("add_commission_schemes", access, **(SCHEME | more))
    return run("activate_scheme", access, scheme)


def catch_up(desk: Desk, contract: Contract) -> None:
    """What the job does after a command's commit."""
    access = desk.office.access("system")
    ctx = Context(access, desk.office.project)
    follow(ctx, [contract.deal_id])
    ctx.flush()


def terminate(desk: Desk, contract: Contract) -> None:
    run("terminate_contract", desk.office.access("director"), contract, reason="协商", fault="none")
    catch_up(desk, contract)


def lines_of(contract: Contract, **more: Any) -> list[Line]:
    return list(Line.objects.filter(deal=contract.deal_id, **more).order_by("part", "id"))


def earning_of(contract: Contract, who: str = "") -> Earning:
    rows = Earning.objects.filter(deal=contract.deal_id)
    return rows.get(payee__user__username=who) if who else rows.get()


def told(lines: list[Line]) -> list[tuple[str, Decimal, str]]:
    return [(line.kind, line.amount, line.state) for line in lines]


__all__ = ["SCHEME", "catch_up", "earning_of", "lines_of", "make_scheme", "terminate", "told"]
