"""Disputes about contracts (K10)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, StringConstraints

from anchang.affairs import rules
from anchang.affairs.commands.custody import SIGNED
from anchang.affairs.commands.steps import check_state
from anchang.affairs.models import Dispute
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Line, Ref

Claim = Annotated[Decimal | None, Field(ge=0, max_digits=18, decimal_places=2), Label(_("Claim amount"), kind="money")]


class DisputeInput(Input):
    contract: Annotated[Ref("contracts"), Label(_("Contract"))]
    subject: Annotated[str, Field(min_length=1, max_length=100), Label(_("Subject of the dispute"))]
    claim: Claim = None
    lawyer: Annotated[str, Field(max_length=50), Label(_("Lawyer"))] = ""
    opened_on: Annotated[Day | None, Label(_("Opened on"))] = None


class DisputeEdit(Input):
    claim: Claim = None
    lawyer: Annotated[str, Field(max_length=50), Label(_("Lawyer"))] = ""


class NoteInput(Input):
    note: Annotated[Line, Label(_("Note"))] = ""


class CloseInput(Input):
    result: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), Label(_("Result"), kind="longtext")
    ]


@creates(Dispute, label=_("New dispute"))
def add_disputes(ctx: Context, rows: Sequence[DisputeInput]) -> list[Dispute]:
    made = []
    for row in rows:
        contract: Any = row.contract
        check_state(contract, *SIGNED)
        opened = row.opened_on or ctx.business_date
        if opened > ctx.business_date:
            raise DomainError("bad_input", status=422, fields={"opened_on": "date_in_future"})
        dispute = Dispute(
            project=ctx.here, contract=contract, subject=row.subject, claim=row.claim, lawyer=row.lawyer,
            opened_on=opened, created_by_id=ctx.user_id,
        )  # fmt: skip
        dispute.save()
        ctx.event(
            "dispute.opened", dispute, customer_id=contract.customer_id, deal=contract.deal_id, number=contract.number,
            subject=row.subject,
        )
        made.append(dispute)
    return made


def _step(to: str) -> dict[str, Any]:
    def why(dispute: Dispute) -> Any:
        return rules.why_not_go("dispute", dispute.state, to)

    return {"refuses": why, "show": lambda dispute: why(dispute) is None}


@edits(Dispute, label=_("Edit"), refuses=_step("closed")["refuses"])
def edit_dispute(ctx: Context, dispute: Dispute, data: DisputeEdit) -> Dispute:
    for name in data.model_fields_set:
        setattr(dispute, name, getattr(data, name))
    dispute.save(update_fields=[*data.model_fields_set, "updated_at"])
    dispute.refresh_from_db()
    return dispute


def _go(ctx: Context, dispute: Dispute, to: str, **facts: Any) -> Dispute:
    dispute.state = to
    dispute.save(update_fields=["state", "result", "closed_on", "updated_at"])
    dispute.refresh_from_db()
    ctx.event(
        f"dispute.{to}", dispute, customer_id=dispute.contract.customer_id, deal=dispute.contract.deal_id,
        number=dispute.contract.number, **facts,
    )
    return dispute


@command(Dispute, verb="negotiate", label=_("Negotiating"), icon="messages", **_step("negotiating"))
def negotiate_dispute(ctx: Context, dispute: Dispute, data: NoteInput) -> Dispute:
    return _go(ctx, dispute, "negotiating", note=data.note)


@command(Dispute, verb="take-to-court", label=_("To court or arbitration"), icon="gavel", **_step("court"))
def take_to_court(ctx: Context, dispute: Dispute, data: NoteInput) -> Dispute:
    return _go(ctx, dispute, "court", note=data.note)


@command(Dispute, verb="close", label=_("Close the dispute"), icon="circle-check", **_step("closed"))
def close_dispute(ctx: Context, dispute: Dispute, data: CloseInput) -> Dispute:
    """With its result; a closed dispute never changes."""
    dispute.result, dispute.closed_on = data.result, ctx.business_date
    return _go(ctx, dispute, "closed", result=data.result)
