"""Revocation of the online signing at the bureau (网签撤销), where the office needs one (parameter).

TERMINATING comes from a termination, or from an approved request to sign again; then REVOKED, and from there a
new draft or the end.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.deals import rules
from anchang.deals.models import Contract, DealChange
from anchang.deals.words import FAULTS
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import parameters
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Quantity, Reason
from anchang.processes.changing import Chain, carries_out, give_paper_back, lock_paper, open_change
from anchang.processes.replanning import redraft
from anchang.processes.terminating import TerminateInput, finish_termination, settlement_of

#: A new draft after a revocation may still be given up.
_ENDING = ("revoked", "draft", "reviewed")


class AskRevocationInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


class RevokeInput(Input):
    reference: Annotated[str, Field(min_length=1, max_length=60), Label(_("Bureau's reference"))]


class EndRevokedInput(Input):
    """What is left out is as the termination was asked for."""

    reason: Annotated[Line, Label(_("Reason"))] = ""
    fault: Annotated[Literal["buyer", "seller", "none"] | None, Label(_("Fault"), kind="choice", choices=FAULTS)] = (
        None
    )
    forfeit: Annotated[Quantity | None, Label(_("Deposit kept"), kind="money")] = None
    penalty: Annotated[Quantity | None, Label(_("Agreed penalty"), kind="money")] = None


def why_no_bureau(contract: Contract) -> Refusal | None:
    """Where no bureau revokes, contracts end or change in one step."""
    if parameters.value("deals.bureau_revocation", contract.project, contract.project.today()):
        return None
    return Refusal("no_bureau_revocation")


def why_not_ask_revocation(contract: Contract) -> Refusal | None:
    return why_no_bureau(contract) or rules.why_not_go("contract", contract.state, "terminating")


@command(
    Contract, verb="ask-revocation", label=_("Revoke to sign again"), icon="rotate-2", lock=False,
    refuses=why_not_ask_revocation, show=lambda c: c.state in ("signed", "filed"),
)  # fmt: skip
def ask_revocation(ctx: Context, contract: Contract, data: AskRevocationInput) -> DealChange:
    """Ask to withdraw the online signing so that the contract can be signed anew (撤销重签)."""
    chain = lock_paper(contract)
    assert isinstance(chain.paper, Contract)
    if why := why_not_ask_revocation(chain.paper):
        raise DomainError.of(why)
    return open_change(ctx, chain, DealChange.Kind.REVOKE, data.reason, waits_in="terminating")


@carries_out(DealChange.Kind.REVOKE)
def carry_out_revocation(ctx: Context, change: DealChange, chain: Chain) -> None:
    """Approved: the clerk may go to the bureau. The contract waits in TERMINATING for its answer."""
    assert isinstance(chain.paper, Contract)
    if chain.paper.state != Contract.State.TERMINATING:
        raise DomainError("state_refused", state=chain.paper.state)


def why_not_revoke(contract: Contract) -> Refusal | None:
    if why := why_no_bureau(contract) or rules.why_not_go("contract", contract.state, "revoked"):
        return why
    asked = DealChange.objects.filter(project_id=contract.project_id, contract=contract, kind="revoke")
    if asked.filter(state=DealChange.State.REQUESTED).exists():
        return Refusal("approval_pending")
    return None


@command(
    Contract, verb="revoke", label=_("Record revocation"), icon="building-bank", shape="primary", lock=False,
    refuses=why_not_revoke, show=lambda c: c.state == "terminating",
)  # fmt: skip
def revoke_contract(ctx: Context, contract: Contract, data: RevokeInput) -> Contract:
    """The bureau has withdrawn signing and filing. A mortgage's pre-registration was cancelled before."""
    chain = lock_paper(contract)
    paper = chain.paper
    assert isinstance(paper, Contract)
    if why := why_not_revoke(paper):
        raise DomainError.of(why)
    paper.state = Contract.State.REVOKED
    paper.save(update_fields=["state", "updated_at"])
    ctx.finish_tasks("contracts", [paper.pk])
    ctx.event(
        "contract.revoked", paper, customer_id=paper.customer_id, deal=paper.deal_id, number=paper.number,
        reference=data.reference,
    )  # fmt: skip
    paper.refresh_from_db()
    return paper


@command(
    Contract, verb="keep", label=_("Keep the contract"), icon="arrow-back-up", lock=False,
    refuses=lambda c: None if c.state == "terminating" else Refusal("state_refused", {"state": c.state}),
    show=lambda c: c.state == "terminating",
)  # fmt: skip
def keep_contract(ctx: Context, contract: Contract) -> Contract:
    """A termination that waits for the bureau is given up: the contract is in force as before."""
    chain = lock_paper(contract)
    paper = chain.paper
    assert isinstance(paper, Contract)
    if paper.state != Contract.State.TERMINATING:
        raise DomainError("state_refused", state=paper.state)
    give_paper_back(paper)
    paper.fault, paper.end_reason, paper.refund_due_on = "", "", None
    paper.forfeited = paper.penalty = paper.compensation = 0
    paper.save(
        update_fields=[
            "fault", "end_reason", "refund_due_on", "forfeited", "penalty", "compensation", "updated_at",
        ]
    )  # fmt: skip
    DealChange.objects.filter(project=ctx.here, contract=paper, state=DealChange.State.REQUESTED).update(
        state=DealChange.State.WITHDRAWN, decided_by=ctx.user_id, decided_on=ctx.business_date
    )
    ctx.event("contract.kept", paper, customer_id=paper.customer_id, deal=paper.deal_id, number=paper.number)
    paper.refresh_from_db()
    return paper


@command(
    Contract, verb="redraft", label=_("Draft again"), icon="file-pencil", shape="primary", lock=False,
    refuses=lambda c: None if c.state == "revoked" else Refusal("state_refused", {"state": c.state}),
    show=lambda c: c.state == "revoked",
)  # fmt: skip
def redraft_contract(ctx: Context, contract: Contract) -> Contract:
    """The next version of a revoked contract as a draft with the same terms; claim and money stay."""
    chain = lock_paper(contract)
    paper = chain.paper
    assert isinstance(paper, Contract)
    if paper.state != Contract.State.REVOKED:
        raise DomainError("state_refused", state=paper.state)
    new = redraft(ctx, chain.deal, paper)
    ctx.event(
        "contract.drafted", new, customer_id=new.customer_id, deal=new.deal_id, number=new.number,
        unit=chain.unit.pk, unit_label=chain.unit.label,
    )  # fmt: skip
    new.refresh_from_db()
    return new


def why_not_end_revoked(contract: Contract) -> Refusal | None:
    if contract.state == "revoked" or (contract.state in _ENDING and contract.revision > 1):
        return None
    return Refusal("state_refused", {"state": contract.state})


@command(
    Contract, verb="end", label=_("End after revocation"), icon="file-x", shape="danger", lock=False,
    refuses=why_not_end_revoked, show=lambda c: why_not_end_revoked(c) is None,
)  # fmt: skip
def end_revoked_contract(ctx: Context, contract: Contract, data: EndRevokedInput) -> Contract:
    """REVOKED → TERMINATED with its money by fault; the unit waits for its price."""
    chain = lock_paper(contract)
    paper = chain.paper
    assert isinstance(paper, Contract)
    if why := why_not_end_revoked(paper):
        raise DomainError.of(why)
    as_asked = data.fault is None and bool(paper.fault)
    penalty = paper.penalty if as_asked and paper.penalty else None
    asked_forfeit = paper.forfeited if paper.fault == "buyer" and penalty is None else None
    facts: dict[str, Any] = {
        "reason": data.reason or paper.end_reason or "revoked", "fault": data.fault or paper.fault or "none",
        "penalty": penalty if as_asked else data.penalty, "forfeit": asked_forfeit if as_asked else data.forfeit,
    }  # fmt: skip
    terms = TerminateInput.model_construct(**facts)
    settlement = settlement_of(ctx, chain.deal, paper.total, terms)
    paper.state, paper.terminated_on = Contract.State.TERMINATED, ctx.business_date
    paper.fault, paper.end_reason = terms.fault, terms.reason
    paper.forfeited, paper.penalty = settlement.forfeited, settlement.penalty
    paper.compensation, paper.refund_due_on = settlement.compensation, settlement.refund_due_on
    paper.save(
        update_fields=[
            "state", "terminated_on", "fault", "end_reason", "forfeited", "penalty", "compensation", "refund_due_on",
            "updated_at",
        ]
    )  # fmt: skip
    finish_termination(ctx, chain.unit, chain.deal, paper, settlement)
    paper.refresh_from_db()
    return paper
