"""Title registration (权属登记, K14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.affairs import rules
from anchang.affairs.commands.mortgages import OnInput
from anchang.affairs.commands.steps import check_state, go, term
from anchang.affairs.models import TitleRegistration
from anchang.deals.models import Contract
from anchang.platform.commands import command, constraint_errors, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Ref

constraint_errors({"title_once": "title_there", "title_certificate_once": "certificate_used"})


class TitleInput(Input):
    contract: Annotated[Ref("contracts"), Label(_("Contract"))]


class TaxInput(OnInput):
    fund_paid_on: Annotated[Day | None, Label(_("Maintenance fund paid on"))] = None


class IssueInput(OnInput):
    certificate_number: Annotated[str, Field(min_length=1, max_length=60), Label(_("Certificate number"))]


class HandOutInput(OnInput):
    receiver: Annotated[str, Field(min_length=1, max_length=50), Label(_("Receiver"))]


@creates(TitleRegistration, label=_("New title registration"))
def add_titles(ctx: Context, rows: Sequence[TitleInput]) -> list[TitleRegistration]:
    """Begin the registration of a delivered unit's title."""
    made = []
    for row in rows:
        contract: Any = row.contract
        check_state(contract, "delivered")
        made.append(_open(ctx, contract))
    return made


def open_title_of(ctx: Context, contract: Contract) -> TitleRegistration | None:
    """Begin it unless somebody has; None when it is there."""
    there = TitleRegistration.objects.filter(project=ctx.here, contract=contract).exists()
    return None if there else _open(ctx, contract)


def _open(ctx: Context, contract: Contract) -> TitleRegistration:
    title = TitleRegistration(
        project=ctx.here, contract=contract, since=ctx.business_date,
        due_on=term(ctx, "title", "open", ctx.business_date), created_by_id=ctx.user_id,
    )  # fmt: skip
    title.save()
    ctx.event(
        "title.opened", title, customer_id=contract.customer_id, deal=contract.deal_id, contract=contract.pk,
        number=contract.number,
    )  # fmt: skip
    return title


def _step(to: str) -> dict[str, Any]:
    def why(title: TitleRegistration) -> Any:
        return rules.why_not_go("title", title.state, to)

    return {"refuses": why, "show": lambda title: why(title) is None, "shape": "primary"}


@command(TitleRegistration, verb="pay-tax", label=_("Taxes and fund paid"), icon="receipt-tax", **_step("taxed"))
def pay_title_tax(ctx: Context, title: TitleRegistration, data: TaxInput) -> TitleRegistration:
    go(ctx, "title", title, "taxed", data.on, tax_paid_on=data.on, fund_paid_on=data.fund_paid_on or data.on)
    return title


@command(TitleRegistration, verb="submit", label=_("Submitted"), icon="send", **_step("submitted"))
def submit_title(ctx: Context, title: TitleRegistration, data: OnInput) -> TitleRegistration:
    go(ctx, "title", title, "submitted", data.on, submitted_on=data.on)
    return title


@command(TitleRegistration, verb="issue", label=_("Certificate issued"), icon="certificate", **_step("issued"))
def issue_title(ctx: Context, title: TitleRegistration, data: IssueInput) -> TitleRegistration:
    """The certificate is there: the contract is TITLED."""
    contract = Contract.objects.select_for_update(no_key=True).get(pk=title.contract_id)
    go(
        ctx, "title", title, "issued", data.on, issued_on=data.on, certificate_number=data.certificate_number
    )
    if contract.state == Contract.State.DELIVERED:
        contract.state = Contract.State.TITLED
        contract.save(update_fields=["state", "updated_at"])
    return title


@command(TitleRegistration, verb="hand-out", label=_("Handed to the buyer"), icon="key", **_step("handed_out"))
def hand_out_title(ctx: Context, title: TitleRegistration, data: HandOutInput) -> TitleRegistration:
    go(ctx, "title", title, "handed_out", data.on, handed_on=data.on, receiver=data.receiver)
    return title
