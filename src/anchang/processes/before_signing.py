"""Before a contract is made: a second person's check (D10), signed notices (K06), steps in order (K07)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import ProcedureStep, SigningCheck, SigningProcedure, StepBack, StepDone
from anchang.deals import rules
from anchang.deals.commands.checklist import missing_documents
from anchang.deals.models import Contract, Deal, Subscription
from anchang.finance.models import Receipt
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.paperwork.queries import unsigned_notices
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Reason, Ref
from anchang.processes.people import with_permission, with_roles
from anchang.processes.signing_facts import changed_since, differences, digest_of, facts_of


class OpinionInput(Input):
    opinion: Annotated[Line, Label(_("Opinion"))] = ""


class StepInput(Input):
    step: Annotated[Ref("procedure-steps"), Label(_("Signing step"))]
    note: Annotated[Line, Label(_("Note"))] = ""


class StepBackInput(Input):
    step: Annotated[Ref("procedure-steps"), Label(_("Signing step"))]
    reason: Annotated[Reason, Label(_("Reason"))]


def why_not_prepare(subscription: Subscription) -> Refusal | None:
    return rules.why_not_go("subscription", subscription.state, "signed")


# --- the second pair of eyes ----------------------------------------------------------------------


@command(
    Subscription, verb="ask-check", label=_("Have it checked before signing"), icon="eye-check",
    refuses=why_not_prepare, show=lambda s: s.state in ("active", "overdue"), name="ask_signing_check",
)  # fmt: skip
def ask_check(ctx: Context, subscription: Subscription) -> SigningCheck:
    """Put what the contract will say before a second person. Raises check_running."""
    assert ctx.user_id is not None, "contracts are drafted by people"
    deal = subscription.deal
    facts = facts_of(deal, subscription)
    check = SigningCheck(
        project=ctx.here, subscription=subscription, asked_by_id=ctx.user_id, facts=facts,
        digest=digest_of(deal, facts), differences=len(differences(facts)), created_by_id=ctx.user_id,
    )  # fmt: skip
    check.save(force_insert=True)
    ctx.event(
        "signing.check_asked", subscription, customer_id=subscription.customer_id, deal=deal.pk,
        differences=check.differences,
    )  # fmt: skip
    for user_id in with_permission(ctx, "signing-checks.confirm"):
        if user_id != ctx.user_id:
            ctx.task(user_id, "signing_check", check, number=subscription.number, unit=subscription.unit.label)
    check.refresh_from_db()
    return check


def why_not_decide(check: SigningCheck) -> Refusal | None:
    asked = check.state == SigningCheck.State.ASKED
    return None if asked else Refusal("state_refused", {"state": check.state})


@command(
    SigningCheck, verb="confirm", label=_("Everything agrees"), icon="check", shape="primary", refuses=why_not_decide,
    show=lambda c: c.state == "asked", name="confirm_signing_check",
)  # fmt: skip
def confirm_check(ctx: Context, check: SigningCheck, data: OpinionInput) -> SigningCheck:
    """Confirm exactly what was asked. Raises four_eyes, check_outdated, opinion_needed."""
    deal = check.subscription.deal
    facts = facts_of(deal, check.subscription)
    if digest_of(deal, facts) != check.digest:
        raise DomainError("check_outdated", changed="、".join(changed_since(check.facts, facts)))
    if check.differences and not data.opinion:
        raise DomainError("opinion_needed", status=422, fields={"opinion": "required"})
    return _decide(ctx, check, SigningCheck.State.CONFIRMED, data.opinion)


@command(
    SigningCheck, verb="return", label=_("Send back"), icon="arrow-back-up", shape="danger", refuses=why_not_decide,
    show=lambda c: c.state == "asked", name="return_signing_check",
)  # fmt: skip
def return_check(ctx: Context, check: SigningCheck, data: OpinionInput) -> SigningCheck:
    """Something is wrong: no contract until a new check is confirmed. Raises four_eyes."""
    return _decide(ctx, check, SigningCheck.State.RETURNED, data.opinion)


def _decide(ctx: Context, check: SigningCheck, state: str, opinion: str) -> SigningCheck:
    if ctx.user_id == check.asked_by_id:
        raise DomainError("four_eyes")
    check.state, check.decided_by_id, check.decided_at, check.opinion = state, ctx.user_id, ctx.now, opinion
    check.save(update_fields=["state", "decided_by", "decided_at", "opinion", "updated_at"])
    subscription = check.subscription
    ctx.finish_tasks("signing-checks", [check.pk], "signing_check")
    ctx.event(
        f"signing.check_{state}", subscription, customer_id=subscription.customer_id, deal=subscription.deal_id,
        note=opinion,
    )  # fmt: skip
    ctx.notify([check.asked_by_id], "signing_check_decided", check, number=subscription.number, state=state)
    check.refresh_from_db()
    return check


def newest_check(subscription: Subscription) -> SigningCheck | None:
    rows = SigningCheck.objects.filter(project_id=subscription.project_id, subscription=subscription)
    return rows.order_by("-id").first()


def check_unchanged(deal: Deal, subscription: Subscription) -> None:
    """What was asked is confirmed and still stands. Raises check_missing, check_outdated."""
    check = newest_check(subscription)
    if check is None:
        return
    if check.state != SigningCheck.State.CONFIRMED:
        raise DomainError("check_missing")
    facts = facts_of(deal, subscription)
    if digest_of(deal, facts) != check.digest:
        raise DomainError("check_outdated", changed="、".join(changed_since(check.facts, facts)))


# --- steps in order -------------------------------------------------------------------------------


def steps_of(subscription: Subscription) -> list[tuple[ProcedureStep, StepDone | None]]:
    """The steps that this subscription goes through, each with when it was done: those of the procedure that it has
    begun, else of the one in use."""
    rows = StepDone.objects.filter(
        project_id=subscription.project_id, subscription=subscription, backs__isnull=True
    )
    done = {row.step_id: row for row in rows.select_related("step", "done_by")}
    begun = next(iter(done.values()), None)
    wanted = Q(procedure__state=SigningProcedure.State.ACTIVE, procedure__deleted_at__isnull=True)
    if begun is not None:
        wanted = Q(procedure=begun.step.procedure_id)
    steps = ProcedureStep.objects.filter(wanted, project_id=subscription.project_id).order_by("seq")
    return [(step, done.get(step.pk)) for step in steps]


@command(
    Subscription, verb="take-step", label=_("Step done"), icon="list-check", shape="", refuses=why_not_prepare,
    name="take_signing_step",
)  # fmt: skip
def take_step(ctx: Context, subscription: Subscription, data: StepInput) -> StepDone:
    """Do the next step of the procedure. Raises step_too_early, step_done, step_not_yours, and what its kind asks."""
    step = data.step
    steps = steps_of(subscription)
    following = next((one for one, done in steps if done is None), None)
    if following is None or following.pk != step.pk:
        known = any(one.pk == step.pk and done is not None for one, done in steps)
        raise DomainError("step_done" if known else "step_too_early", fields={"step": "step_too_early"})
    check_role(ctx, step)
    _check_kind(ctx, step.kind, subscription.deal, subscription)
    made = StepDone.objects.create(
        project=ctx.here, subscription=subscription, step=step, done_by_id=ctx.user_id, done_at=ctx.now, note=data.note
    )
    ctx.event(
        "signing.step_done", subscription, customer_id=subscription.customer_id, deal=subscription.deal_id,
        step=step.name, note=data.note,
    )  # fmt: skip
    return made


@command(
    Subscription, verb="take-step-back", label=_("Take a step back"), icon="arrow-back-up", shape="",
    permission="subscriptions.take-step", refuses=why_not_prepare, name="take_step_back",
)  # fmt: skip
def take_step_back(ctx: Context, subscription: Subscription, data: StepBackInput) -> StepBack:
    """The last step that was done is open again; that it was done stays on record. Raises step_back_too_late,
    step_not_yours."""
    steps = [(step, done) for step, done in steps_of(subscription) if done is not None]
    if not steps or steps[-1][0].pk != data.step.pk:
        raise DomainError("step_back_too_late", fields={"step": "step_back_too_late"})
    step, done = steps[-1]
    check_role(ctx, step)
    made = StepBack.objects.create(
        project=ctx.here, done=done, reason=data.reason, by_id=ctx.user_id, at=ctx.now
    )  # fmt: skip
    ctx.event(
        "signing.step_back", subscription, customer_id=subscription.customer_id, deal=subscription.deal_id,
        step=step.name, note=data.reason,
    )  # fmt: skip
    return made


def may_take(ctx: Context, step: ProcedureStep) -> bool:
    """The step belongs to a role; who may everything may stand in."""
    whole = ctx.actor.kind == "system" or ctx.access.scope("*", ctx.here.pk)
    return bool(whole) or ctx.user_id in with_roles(ctx, [step.role])


def check_role(ctx: Context, step: ProcedureStep) -> None:
    if not may_take(ctx, step):
        raise DomainError("step_not_yours", status=403)


def _check_kind(ctx: Context, kind: str, deal: Deal, subscription: Subscription) -> None:
    if kind == ProcedureStep.Kind.CHECK:
        _demand_check(deal, subscription)
    elif kind == ProcedureStep.Kind.NOTICES:
        _demand_notices(deal)
    elif kind in (ProcedureStep.Kind.DOCUMENTS, ProcedureStep.Kind.MONEY):
        paid = Receipt.objects.filter(project=ctx.here, deal=deal, kind=Receipt.Kind.HOUSE).aggregate(s=Sum("amount"))
        missing = missing_documents(ctx, deal) if kind == ProcedureStep.Kind.DOCUMENTS else ()
        ratio = Decimal(str(ctx.param("deals.min_paid_to_sign"))) if kind == ProcedureStep.Kind.MONEY else ZERO
        facts = rules.SigningFacts(subscription.state, subscription.total, paid["s"] or ZERO, missing)
        if why := rules.why_not_sign(facts, ratio):
            raise DomainError.of(why)


def _demand_check(deal: Deal, subscription: Subscription) -> None:
    if newest_check(subscription) is None:
        raise DomainError("check_missing")
    check_unchanged(deal, subscription)


def _demand_notices(deal: Deal) -> None:
    if unsigned := unsigned_notices(deal):
        raise DomainError("notices_unsigned", notices="、".join(unsigned))


# --- what the signing command asks ----------------------------------------------------------------


def check_before_signing(ctx: Context, deal: Deal, subscription: Subscription) -> None:
    """Called by the one command that makes contracts, with the chain locked. An exchanged contract's paper follows
    its approved exchange. Raises steps_open, check_missing, check_outdated, notices_unsigned."""
    if deal.previous_id and Contract.objects.filter(deal=deal.previous_id, state=Contract.State.TERMINATED).exists():
        return
    if ctx.param("processes.check_before_signing"):
        _demand_check(deal, subscription)
    check_unchanged(deal, subscription)
    check = newest_check(subscription)
    if check is not None and check.decided_by_id == ctx.user_id:
        raise DomainError("four_eyes")
    if ctx.param("processes.notices_before_signing"):
        _demand_notices(deal)
    undone = [step.name for step, done in steps_of(subscription) if done is None]
    if undone:
        raise DomainError("steps_open", steps="、".join(undone))
