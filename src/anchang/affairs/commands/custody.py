"""Custody of contract copies: storing, lending, giving (K08)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.affairs.commands.steps import check_state
from anchang.affairs.models import ContractCopy, CopyLoan
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import bulk
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Line, Ref

SIGNED = ("signed", "filed", "delivered", "titled", "change_pending", "terminating", "revoked", "terminated")


class CopyInput(Input):
    contract: Annotated[Ref("contracts"), Label(_("Contract"))]
    kind: Annotated[ContractCopy.Kind, Label(_("Kind"), kind="choice", choices=dict(ContractCopy.Kind.choices))] = (
        ContractCopy.Kind.ORIGINAL
    )
    location: Annotated[str, Field(min_length=1, max_length=100), Label(_("Location"))]


class LendInput(Input):
    borrower: Annotated[Ref("users"), Label(_("Borrower"))]
    due_on: Annotated[Day, Label(_("Return by"))]
    purpose: Annotated[Line, Label(_("Purpose"))] = ""


class ReturnInput(Input):
    location: Annotated[str, Field(max_length=100), Label(_("Location"))] = ""


@creates(ContractCopy, label=_("New copy"))
def add_contract_copies(ctx: Context, rows: Sequence[CopyInput]) -> list[ContractCopy]:
    """A copy of a signed contract, numbered within the contract."""
    there = ContractCopy.everything.filter(project=ctx.here, contract__in=[row.contract for row in rows])
    last = Counter(dict(there.order_by().values_list("contract").annotate(Max("number"))))
    made = []
    for row in rows:
        contract: Any = row.contract
        check_state(contract, *SIGNED)
        last[contract.pk] += 1
        made.append(ContractCopy(
            project=ctx.here, contract=contract, number=last[contract.pk], kind=row.kind, location=row.location,
            created_by_id=ctx.user_id,
        ))  # fmt: skip
    bulk.create(made)
    return made


def _in_state(state: str) -> dict[str, Any]:
    def why(copy: ContractCopy) -> Refusal | None:
        return None if copy.state == state else Refusal("state_refused", {"state": copy.state})

    return {"refuses": why, "show": lambda copy: why(copy) is None}


def _move(ctx: Context, copy: ContractCopy, state: str, **facts: Any) -> ContractCopy:
    copy.state = state
    copy.save(update_fields=["state", "location", "updated_at"])
    copy.refresh_from_db()
    contract = copy.contract
    ctx.event(
        f"copy.{state}", copy, customer_id=contract.customer_id, deal=contract.deal_id, number=contract.number,
        copy=copy.number, **facts,
    )
    return copy


@command(ContractCopy, verb="lend", label=_("Lend"), icon="book-upload", **_in_state("stored"))
def lend_copy(ctx: Context, copy: ContractCopy, data: LendInput) -> ContractCopy:
    """To a colleague, until a day."""
    if data.due_on < ctx.business_date:
        raise DomainError("bad_input", status=422, fields={"due_on": "date_passed"})
    borrower: Any = data.borrower
    CopyLoan(
        project=ctx.here, copy=copy, borrower=borrower, purpose=data.purpose[:200], lent_on=ctx.business_date,
        due_on=data.due_on, created_by_id=ctx.user_id,
    ).save()  # fmt: skip
    return _move(ctx, copy, "lent", borrower=borrower.name, due_on=data.due_on.isoformat())


@command(ContractCopy, verb="return", label=_("Returned"), icon="book-download", **_in_state("lent"))
def return_copy(ctx: Context, copy: ContractCopy, data: ReturnInput) -> ContractCopy:
    CopyLoan.objects.filter(project=ctx.here, copy=copy, returned_on__isnull=True).update(
        returned_on=ctx.business_date, updated_at=ctx.now
    )
    copy.location = data.location or copy.location
    return _move(ctx, copy, "stored")


@command(ContractCopy, verb="give", label=_("Give to the buyer"), icon="gift", **_in_state("stored"))
def give_copy(ctx: Context, copy: ContractCopy) -> ContractCopy:
    return _move(ctx, copy, "given")
