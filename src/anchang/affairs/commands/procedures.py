"""The fixed order of signing (签署流程, K07): put in use as a whole, replaced as a whole."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import ProcedureStep, SigningProcedure
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, constraint_errors
from anchang.platform.context import Context

constraint_errors({
    "signing_check_four_eyes": "four_eyes", "signing_check_one_open": "check_running",
    "contract_checked": "check_missing", "contract_steps_done": "steps_open", "step_in_order": "step_too_early",
    "step_done_once": "step_done", "step_back_last": "step_back_too_late", "step_back_once": "step_back_too_late",
    "procedure_step_once": "already_exists",
    "procedure_step_frozen": "procedure_in_use", "affairs_signingprocedure_posted": "procedure_in_use",
})  # fmt: skip


def _only_in(*states: str) -> dict[str, object]:
    def why(procedure: SigningProcedure) -> Refusal | None:
        return None if procedure.state in states else Refusal("state_refused", {"state": procedure.state})

    return {"refuses": why, "show": lambda procedure: why(procedure) is None}


@command(SigningProcedure, verb="activate", label=_("Put in use"), icon="player-play", shape="primary",
         **_only_in("draft"))  # type: ignore[arg-type]  # fmt: skip
def activate_procedure(ctx: Context, procedure: SigningProcedure) -> SigningProcedure:
    """Takes the place of the one in use. What has begun goes on under the old one. Raises no_steps."""
    if not ProcedureStep.objects.filter(project=ctx.here, procedure=procedure).exists():
        raise DomainError("no_steps")
    SigningProcedure.objects.filter(project=ctx.here, state=SigningProcedure.State.ACTIVE).update(
        state=SigningProcedure.State.RETIRED
    )
    procedure.state, procedure.active_from = SigningProcedure.State.ACTIVE, ctx.business_date
    procedure.save(update_fields=["state", "active_from", "updated_at"])
    ctx.event("procedure.activated", procedure, title=procedure.name)
    procedure.refresh_from_db()
    return procedure


@command(SigningProcedure, verb="retire", label=_("Take out of use"), icon="player-stop", **_only_in("active"))  # type: ignore[arg-type]
def retire_procedure(ctx: Context, procedure: SigningProcedure) -> SigningProcedure:
    procedure.state = SigningProcedure.State.RETIRED
    procedure.save(update_fields=["state", "updated_at"])
    ctx.event("procedure.retired", procedure, title=procedure.name)
    procedure.refresh_from_db()
    return procedure
