"""Steps of a contract that write nothing but the contract: filing, clauses, prints."""

from __future__ import annotations

from typing import Annotated

from django.db.models import F
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.deals import rules
from anchang.deals.models import Contract, Subscription
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Note


class FileInput(Input):
    filing_number: Annotated[str, Field(min_length=1, max_length=60), Label(_("Filing number"))]
    filed_on: Annotated[Day | None, Label(_("Filed on"))] = None
    online_number: Annotated[str, Field(max_length=60), Label(_("Online signing number"))] = ""


def why_not_file(contract: Contract) -> Refusal | None:
    return rules.why_not_go("contract", contract.state, "filed")


@command(
    Contract, verb="file", label=_("Record filing"), icon="building-bank", shape="primary",
    refuses=why_not_file,
    show=lambda c: c.state == "signed",
)  # fmt: skip
def file_contract(ctx: Context, contract: Contract, data: FileInput) -> Contract:
    """Record the filing at the bureau (备案)."""
    filed_on = data.filed_on or ctx.business_date
    if why := rules.why_not_file(contract.state, contract.signed_on, filed_on, ctx.business_date):
        status = 409 if why.code == "state_refused" else 422
        raise DomainError(
            why.code, status=status, fields={"filed_on": why.code} if status == 422 else None, **why.params
        )
    contract.state, contract.filing_number, contract.filed_on = (
        Contract.State.FILED,
        data.filing_number,
        filed_on,
    )
    contract.online_number = data.online_number or contract.online_number
    contract.save(update_fields=["state", "filing_number", "filed_on", "online_number", "updated_at"])
    ctx.finish_tasks("contracts", [contract.pk], "filing_due")
    ctx.event(
        "contract.filed", contract, customer_id=contract.customer_id, deal=contract.deal_id,
        number=contract.number,
        filing_number=data.filing_number, filed_on=filed_on.isoformat(),
    )  # fmt: skip
    ctx.index([contract])
    contract.refresh_from_db()
    return contract


class ClausesInput(Input):
    """The places of the model contract that are left to the parties. What is not sent stays."""

    mortgage: Annotated[Note, Label(_("Mortgages (article 4)"), kind="longtext")] = ""
    payment: Annotated[Note, Label(_("Payment (article 7)"), kind="longtext")] = ""
    facilities: Annotated[Note, Label(_("Facilities (article 10)"), kind="longtext")] = ""
    handover: Annotated[Note, Label(_("Handover (article 11)"), kind="longtext")] = ""
    design: Annotated[Note, Label(_("Changes of design (article 15)"), kind="longtext")] = ""
    quality: Annotated[Note, Label(_("Decoration and equipment (article 16)"), kind="longtext")] = ""
    property: Annotated[Note, Label(_("Property management (article 21)"), kind="longtext")] = ""
    disputes: Annotated[Note, Label(_("Disputes (article 27)"), kind="longtext")] = ""
    supplement: Annotated[Note, Label(_("Supplementary agreement"), kind="longtext")] = ""


@command(
    Contract, verb="set-clauses", label=_("Agreed clauses"), icon="writing",
    refuses=lambda c: None if c.state in ("draft", "reviewed") else Refusal("state_refused", {"state": c.state}),
    show=lambda c: c.state in ("draft", "reviewed"),
)  # fmt: skip
def set_clauses(ctx: Context, contract: Contract, data: ClausesInput) -> Contract:
    """Free text of a contract that isn't signed. A reviewed one must be reviewed again."""
    sent = {name: getattr(data, name) for name in data.model_fields_set}
    contract.clauses = rules.checked_clauses({**contract.clauses, **sent})
    contract.state = Contract.State.DRAFT
    contract.save(update_fields=["clauses", "state", "updated_at"])
    ctx.event(
        "contract.clauses_set", contract, customer_id=contract.customer_id, deal=contract.deal_id,
        number=contract.number,
    )  # fmt: skip
    contract.refresh_from_db()
    return contract


@command(Subscription, verb="print", label=_("Print"), icon="printer")
def print_subscription(ctx: Context, subscription: Subscription) -> Subscription:
    """Count a print of the form (D05). The paper itself shows the count: papers.subscription_paper."""
    Subscription.objects.filter(pk=subscription.pk).update(prints=F("prints") + 1)
    subscription.refresh_from_db()
    ctx.event(
        "paper.printed", subscription, customer_id=subscription.customer_id, number=subscription.number,
        prints=subscription.prints,
    )  # fmt: skip
    return subscription


@command(Contract, verb="print", label=_("Print"), icon="printer")
def print_contract(ctx: Context, contract: Contract) -> Contract:
    """Count a print of the contract."""
    Contract.objects.filter(pk=contract.pk).update(prints=F("prints") + 1)
    contract.refresh_from_db()
    ctx.event(
        "paper.printed",
        contract,
        customer_id=contract.customer_id,
        number=contract.number,
        prints=contract.prints,
    )
    return contract
