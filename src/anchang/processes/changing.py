"""Special affairs (特殊事务): a request, its approval by those whom the office names, and its execution.

A kind of affair asks by `open_change` and says by `@carries_out(kind)` what its execution does. The last approval
carries it out in its own transaction: deal, papers and money change together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.deals import rules
from anchang.deals.commands.claims import lock_chain
from anchang.deals.models import Contract, Deal, DealChange, Subscription
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason
from anchang.processes import bundles
from anchang.processes.people import with_roles

Paper = Subscription | Contract


@dataclass(frozen=True)
class Chain:
    """What a change is about, locked in the order of all locks."""

    unit: Unit
    deal: Deal
    paper: Paper


Executor = Callable[[Context, DealChange, Chain], None]
_executors: dict[str, Executor] = {}


def carries_out(kind: str) -> Callable[[Executor], Executor]:
    """Registers what the execution of this kind does. The paper comes in its waiting state."""

    def wrap(function: Executor) -> Executor:
        _executors[kind] = function
        return function

    return wrap


class RefuseChangeInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def affair_of(deal: Deal) -> DealChange | None:
    """The deal's special affair that is demanded or undecided."""
    rows = DealChange.objects.filter(project_id=deal.project_id, deal=deal, state__in=("demanded", "requested"))
    return rows.order_by("-id").first()


def why_not_change(paper: Paper, kind: str) -> Refusal | None:
    """A contract that was revoked at the bureau may change before it is signed again."""
    if isinstance(paper, Contract):
        if paper.state == Contract.State.REVOKED:
            return None
        return rules.why_not_change_contract(paper.state, kind)
    return rules.why_not_go("subscription", paper.state, "change_pending")


def lock_paper(paper: Paper, *, also: int | None = None) -> Chain:
    """Lock unit (with another one and those of its bundle, all by id), deal and paper."""
    wanted = {paper.unit_id, *bundles.units_along(paper), *([also] if also is not None else [])}
    if len(wanted) > 1:
        list(
            Unit.objects.select_for_update(no_key=True, of=("self",))
            .filter(project_id=paper.project_id, pk__in=wanted)
            .order_by("pk")
        )
    if isinstance(paper, Contract):
        return Chain(*lock_chain(paper))
    return Chain(*lock_chain(paper))


def open_change(
    ctx: Context, chain: Chain, kind: str, reason: str, *, waits_in: str = "change_pending",
    approvers: Sequence[str] = (), **facts: Any,
) -> DealChange:  # fmt: skip
    """Write the request and let its paper wait. Approvers of the office's list come first, then `approvers`."""
    paper = chain.paper
    change = new_change(ctx, chain, kind, reason, **facts)
    change.approvers = _chain_of(ctx, kind, approvers)
    change.save(force_insert=True)
    if waits_in and paper.state != "revoked":
        paper.former_state, paper.state = paper.state, waits_in
        paper.save(update_fields=["former_state", "state", "updated_at"])
    _ask_next(ctx, change)
    ctx.index([change], fresh=True)
    change.refresh_from_db()
    return change


def new_change(ctx: Context, chain: Chain, kind: str, reason: str, **facts: Any) -> DealChange:
    """An unsaved request of the paper."""
    month = f"{ctx.business_date:%Y%m}"
    paper: dict[str, Any] = {"contract" if isinstance(chain.paper, Contract) else "subscription": chain.paper}
    return DealChange(
        project=ctx.here, number=f"TS{month}{ctx.number('deal_change', month):04d}", kind=kind, deal=chain.deal,
        unit=chain.unit, customer_id=chain.deal.customer_id, reason=reason, old_total=chain.paper.total,
        requested_by_id=ctx.user_id, requested_on=ctx.business_date, created_by_id=ctx.user_id, **paper, **facts,
    )  # fmt: skip


def _chain_of(ctx: Context, kind: str, more: Sequence[str]) -> list[str]:
    found = list(dict(ctx.param("deals.change_approvers")).get(kind, ()))
    return found + [role for role in more if role not in found]


def _facts(change: DealChange) -> dict[str, Any]:
    return {"number": change.number, "kind": change.kind, "unit": change.unit.label}


def _ask_next(ctx: Context, change: DealChange) -> None:
    people = with_roles(ctx, change.approvers[:1])
    ctx.notify(people, "change_approval", change, **_facts(change))
    for user_id in people:
        ctx.task(user_id, "change_approval", change, **_facts(change))
    tell(ctx, "change.requested", change)


def tell(ctx: Context, name: str, change: DealChange, **more: Any) -> None:
    """An event of the change; the deal's timeline shows it too."""
    ctx.event(
        name, change, customer_id=change.customer_id, deal=change.deal_id, unit=change.unit_id,
        unit_label=change.unit.label, number=change.number, kind=change.kind, **more,
    )  # fmt: skip


def paper_of(change: DealChange) -> Paper:
    found = change.contract or change.subscription
    assert found is not None  # a constraint of the table
    return found


def _is_open(change: DealChange) -> bool:
    return change.state == DealChange.State.REQUESTED


def why_not_decide_change(change: DealChange) -> Refusal | None:
    return None if _is_open(change) else Refusal("state_refused", {"state": change.state})


def _locked(change: DealChange) -> tuple[DealChange, Chain]:
    """The request and its chain, locked; refuses one that was decided meanwhile."""
    chain = lock_paper(paper_of(change), also=change.new_unit_id)
    fresh = DealChange.objects.select_for_update(no_key=True).get(pk=change.pk)
    if why := why_not_decide_change(fresh):
        raise DomainError.of(why)
    return fresh, chain


def _check_approver(ctx: Context, change: DealChange) -> None:
    """The step belongs to a role, and to another person than the one who asks; who may everything may stand in."""
    if ctx.actor.kind == "system" or ctx.access.scope("*", ctx.here.pk):
        return
    if ctx.param("deals.change_four_eyes") and change.requested_by_id == ctx.user_id:
        raise DomainError("own_request", status=403)
    if change.approvers and ctx.user_id not in with_roles(ctx, change.approvers[:1]):
        raise DomainError("not_an_approver", status=403)


@command(
    DealChange, verb="approve", label=_("Approve"), icon="check", shape="primary", lock=False,
    refuses=why_not_decide_change, show=_is_open,
)  # fmt: skip
def approve_change(ctx: Context, change: DealChange) -> DealChange:
    """Agree as the next approver; after the last one the change is carried out."""
    change, chain = _locked(change)
    _check_approver(ctx, change)
    change.approvers = change.approvers[1:]
    ctx.finish_tasks("deal-changes", [change.pk], "change_approval")
    if change.approvers:
        change.save(update_fields=["approvers", "updated_at"])
        _ask_next(ctx, change)
    else:
        _executors[change.kind](ctx, change, chain)
        _decide(ctx, change, DealChange.State.EXECUTED)
        tell(ctx, "change.executed", change)
    change.refresh_from_db()
    return change


@command(
    DealChange, verb="refuse", label=_("Refuse"), icon="x", shape="danger", lock=False,
    refuses=why_not_decide_change, show=_is_open,
)  # fmt: skip
def refuse_change(ctx: Context, change: DealChange, data: RefuseChangeInput) -> DealChange:
    """Refuse: the paper is what it was before."""
    change, chain = _locked(change)
    _check_approver(ctx, change)
    give_paper_back(chain.paper)
    change.refuse_reason = data.reason
    _decide(ctx, change, DealChange.State.REFUSED)
    tell(ctx, "change.refused", change, reason=data.reason)
    change.refresh_from_db()
    return change


@command(
    DealChange, verb="withdraw", label=_("Withdraw"), icon="arrow-back-up", shape="danger", lock=False,
    refuses=why_not_decide_change, show=_is_open,
)  # fmt: skip
def withdraw_change(ctx: Context, change: DealChange) -> DealChange:
    """The buyers don't want it after all: the paper is what it was before."""
    change, chain = _locked(change)
    give_paper_back(chain.paper)
    _decide(ctx, change, DealChange.State.WITHDRAWN)
    tell(ctx, "change.withdrawn", change)
    change.refresh_from_db()
    return change


def give_paper_back(paper: Paper) -> None:
    """Out of a pending change or termination, back to the former state."""
    if paper.state not in rules.RETURNING:
        return
    kind = "contract" if isinstance(paper, Contract) else "subscription"
    if why := rules.why_not_go(kind, paper.state, paper.former_state, paper.former_state):
        raise DomainError.of(why)
    paper.state = paper.former_state
    paper.save(update_fields=["state", "updated_at"])


def _decide(ctx: Context, change: DealChange, state: str) -> None:
    change.state, change.decided_by_id, change.decided_on = state, ctx.user_id, ctx.business_date
    change.save(
        update_fields=[
            "state", "approvers", "decided_by", "decided_on", "refuse_reason", "new_deal", "new_total", "updated_at",
        ]
    )  # fmt: skip
    ctx.finish_tasks("deal-changes", [change.pk], "change_approval")
    ctx.notify(
        [change.requested_by_id, change.deal.consultant_id], "change_decided", change, **_facts(change), state=state
    )
