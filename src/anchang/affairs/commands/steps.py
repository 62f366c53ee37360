"""Moving a mortgage or a title registration on by one step."""

from __future__ import annotations

import datetime as dt
from typing import Any

from anchang.affairs import rules
from anchang.affairs.models import Mortgage, TitleRegistration
from anchang.deals.models import Contract
from anchang.kernel.errors import DomainError
from anchang.platform.context import Context

TASK = "affair_step_due"
RESOURCES = {"mortgage": "mortgages", "title": "titles"}


def term(ctx: Context, kind: str, state: str, since: dt.date) -> dt.date | None:
    return rules.due_on(kind, state, since, dict(ctx.param("affairs.step_days")))


def go(ctx: Context, kind: str, row: Mortgage | TitleRegistration, to: str, day: dt.date | None, **facts: Any) -> None:
    """State, its date, the next due date, the event; the to-do of this step is finished."""
    if why := rules.why_not_go(kind, row.state, to):
        raise DomainError.of(why)
    on = day or ctx.business_date
    if why := rules.why_not_on(on, row.since, ctx.business_date):
        raise DomainError(why.code, status=422, fields={"on": why.code}, **why.params)
    row.state, row.since, row.due_on = to, on, term(ctx, kind, to, on)
    for name, value in facts.items():
        setattr(row, name, on if value is None else value)
    row.save(update_fields=["state", "since", "due_on", *facts, "updated_at"])
    row.refresh_from_db()
    ctx.finish_tasks(RESOURCES[kind], [row.pk], TASK)
    contract = row.contract
    ctx.event(
        f"{kind}.{to}", row, customer_id=contract.customer_id, deal=contract.deal_id, contract=contract.pk,
        number=contract.number, on=on.isoformat(),
    )  # fmt: skip


def return_to(
    ctx: Context, kind: str, row: Mortgage | TitleRegistration, state: str, event: str, **facts: Any
) -> None:
    """Back to an earlier state because what led on was undone; the next step is due anew, from today."""
    row.state, row.since = state, ctx.business_date
    row.due_on = term(ctx, kind, state, ctx.business_date)
    for name, value in facts.items():
        setattr(row, name, value)
    row.save(update_fields=["state", "since", "due_on", *facts, "updated_at"])
    contract = row.contract
    ctx.event(
        f"{kind}.{event}", row, customer_id=contract.customer_id, deal=contract.deal_id, contract=contract.pk,
        number=contract.number,
    )  # fmt: skip


def check_state(contract: Contract, *states: str) -> None:
    if contract.state not in states:
        raise DomainError("contract_not_there", fields={"contract": "contract_not_there"}, state=contract.state)
