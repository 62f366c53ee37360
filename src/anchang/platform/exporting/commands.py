"""Decisions on exports."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.exporting import approval
from anchang.platform.inputs import Input, Label, Reason
from anchang.platform.models import ExportRequest, JobReport
from anchang.platform.ui.beginnings import begins

State = ExportRequest.State


class OpinionInput(Input):
    opinion: Annotated[str, Field(max_length=200), Label(_("Opinion"))] = ""


class RefuseInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def _waits(request: ExportRequest) -> bool:
    return request.state == State.WAITING


def _must_wait(request: ExportRequest) -> Refusal | None:
    return None if _waits(request) else Refusal("export_decided")


def _check_turn(ctx: Context, request: ExportRequest) -> None:
    if ctx.user_id == request.requested_by_id:
        raise DomainError("export_own_request", status=403)
    if ctx.user_id not in approval.deciders(ctx, request):
        raise DomainError("export_not_your_turn", status=403)


def _decide(ctx: Context, request: ExportRequest, state: str, opinion: str) -> None:
    request.state, request.opinion = state, opinion
    request.decided_by_id, request.decided_at = ctx.user_id, ctx.now
    request.save(update_fields=["state", "opinion", "decided_by", "decided_at", "step", "updated_at"])


@command(ExportRequest, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=_must_wait,
         show=_waits, name="approve_export")  # fmt: skip
def approve_export(ctx: Context, request: ExportRequest, data: OpinionInput) -> ExportRequest:
    """Agree for the role whose turn it is; after the last one the file is made. Raises export_own_request,
    export_not_your_turn."""
    _check_turn(ctx, request)
    ctx.finish_tasks("export-requests", [request.pk], approval.TASK)
    ctx.event("export.agreed", request, role=request.chain[request.step] if request.chain else approval.LAST_RESORT)
    request.step += 1
    if request.step < len(request.chain):
        request.save(update_fields=["step", "updated_at"])
        approval.ask(ctx, request)
        return request
    _decide(ctx, request, State.APPROVED, data.opinion)
    approval.release(ctx, request)
    ctx.event("export.approved", request)
    ctx.notify([request.requested_by_id], "export_approved", request, number=request.number)
    return request


@command(ExportRequest, verb="refuse", label=_("Refuse"), icon="x", shape="danger", refuses=_must_wait, show=_waits,
         name="refuse_export")  # fmt: skip
def refuse_export(ctx: Context, request: ExportRequest, data: RefuseInput) -> ExportRequest:
    """With a reason that the asker reads. Raises export_own_request, export_not_your_turn."""
    _check_turn(ctx, request)
    ctx.finish_tasks("export-requests", [request.pk], approval.TASK)
    _decide(ctx, request, State.REFUSED, data.reason)
    JobReport.objects.filter(project=ctx.here, pk=request.report_id, state=JobReport.State.APPROVAL).update(
        state=JobReport.State.CANCELLED, updated_at=ctx.now,
        result={"error": {"code": "export_refused", "params": {"reason": data.reason}}},
    )  # fmt: skip
    ctx.event("export.refused", request)
    ctx.notify([request.requested_by_id], "export_refused", request, number=request.number, reason=data.reason)
    return request

begins(
    "export-requests",
    _("They begin at any list: More actions, Export what you see."),
    "/r/customers/", _("Customers"),
)  # fmt: skip
