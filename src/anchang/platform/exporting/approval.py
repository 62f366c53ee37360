"""Whether an export needs approval, the request that stands for it, and how often its file may be fetched (BS15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.encoding import force_str

from anchang.kernel.errors import DomainError, not_found
from anchang.platform import jobs, parameters, resources
from anchang.platform.access import Access, actor_for
from anchang.platform.context import Context
from anchang.platform.exporting.rows import Export
from anchang.platform.models import ExportRequest, JobReport, Project, StoredFile
from anchang.platform.people import with_roles
from anchang.platform.resources import Field, Resource

State = ExportRequest.State
TASK = "export_approval"
#: Who decides where nobody else holds the role that is asked.
LAST_RESORT = "admin"
BETWEEN = "、"


def tells_of_persons(resource: Resource, f: Field) -> bool:
    """Whether a column says something about a person: what erasure would empty, a phone, or a person's name."""
    if f.kind == "phone" or f.path in getattr(resource.model, "personal", {}):
        return True
    target = resources.ref_target(resource, f) if f.kind == "ref" else None
    if target is None:
        return False
    label = target.by_name[target.label_field]
    return label.path in getattr(target.model, "personal", {})


def needs_approval(ctx: Context, export: Export) -> bool:
    """By the project's parameters of the day: the list, its rows, rows about persons, full numbers."""
    rows = len(export.ids)
    if not rows:
        return False
    limits = [int(ctx.param("platform.export_approval_rows"))]
    if any(tells_of_persons(export.resource, f) for f in export.fields):
        limits.append(int(ctx.param("platform.export_approval_personal_rows")))
    if export.revealed:
        limits.append(int(ctx.param("platform.export_approval_full_rows")))
    always = export.resource.name in ctx.param("platform.export_approval_lists")
    return always or any(limit and rows >= limit for limit in limits)


def record(ctx: Context, export: Export, report: JobReport, reason: str, waits: bool) -> ExportRequest:
    """The document of an export. Raises export_needs_reason, export_no_approver for one that has to wait."""
    if waits and not reason:
        raise DomainError("export_needs_reason", status=422, fields={"reason": "required"})
    persons = [f for f in export.fields if tells_of_persons(export.resource, f)]
    request = ExportRequest(
        project=ctx.here, resource=export.resource.name, title=force_str(export.resource.plural), rows=len(export.ids),
        params=export.wanted.as_params(), last_id=max(export.ids, default=0), full=bool(export.revealed),
        columns=_labels(export.fields)[:2000], personal_columns=_labels(persons)[:1000], reason=reason[:200],
        state=State.WAITING if waits else State.FREE, requested_by_id=ctx.user_id or 0, report=report,
        chain=list(ctx.param("platform.export_chain")) if waits else [], created_by_id=ctx.user_id,
    )  # fmt: skip
    if waits:
        deciders(ctx, request)
    day = ctx.business_date
    request.number = f"EX{day:%Y%m%d}-{ctx.number('export', f'{day:%Y%m%d}'):04d}"
    request.save(force_insert=True)
    if waits:
        ask(ctx, request)
        ctx.event("export.asked", request, rows=request.rows)
    return request


def _labels(fields: list[Field]) -> str:
    return BETWEEN.join(force_str(f.label) for f in fields)


def deciders(ctx: Context, request: ExportRequest) -> list[int]:
    """Whose turn it is: holders of the step's role but never the asker; administrators where there is nobody else.
    Raises export_no_approver."""
    role = request.chain[request.step] if request.step < len(request.chain) else LAST_RESORT
    for code in (role, LAST_RESORT):
        found = [u for u in with_roles(ctx, [code]) if u != request.requested_by_id]
        if found:
            return found
    raise DomainError("export_no_approver", status=422)


def ask(ctx: Context, request: ExportRequest) -> None:
    for user_id in deciders(ctx, request):
        ctx.task(user_id, TASK, request, period_key=str(request.step), title=request.title, rows=request.rows,
                 name=request.requested_by.name)  # fmt: skip


def release(ctx: Context, request: ExportRequest) -> None:
    """The file is made now, with the rights of who asked for it."""
    JobReport.objects.filter(project=ctx.here, pk=request.report_id, state=JobReport.State.APPROVAL).update(
        state=JobReport.State.WAITING, updated_at=ctx.now
    )
    jobs.defer("platform.export", actor_for(request.requested_by), ctx.here, report=request.report_id)


def made(access: Access, project: Project, request: ExportRequest, rows: int) -> None:
    """The file is there: it may be fetched for some days."""
    ctx = Context(access, project)
    days = dt.timedelta(days=int(ctx.param("platform.export_file_days")))
    ExportRequest.objects.filter(project=project, pk=request.pk).update(
        available_until=ctx.now + days, updated_at=ctx.now
    )
    ctx.event("export.made", request, rows=rows)
    ctx.flush()


def withdrawn(ctx: Context, report: JobReport) -> None:
    """Who stops a job that waits for approval withdraws the request."""
    for request in ExportRequest.objects.filter(project=ctx.here, report=report, state=State.WAITING):
        request.state = State.WITHDRAWN
        request.save(update_fields=["state", "updated_at"])
        ctx.finish_tasks("export-requests", [request.pk], TASK)
        ctx.event("export.withdrawn", request)


def count_download(access: Access, stored: StoredFile) -> None:
    """Before an export's file is handed out: only to who asked for it, so many times, so long. Raises not_found,
    export_over, export_downloads_used."""
    asked = Q(report__file=stored.pk, requested_by=access.actor.user_id, project=stored.project_id)
    request = ExportRequest.objects.select_for_update(no_key=True, of=("self",)).filter(asked).first()
    if request is None:
        raise not_found()
    ctx = Context(access, stored.project)
    limit = int(ctx.param("platform.export_downloads"))
    if request.available_until is None or request.available_until <= ctx.now:
        raise DomainError("export_over", status=410)
    if request.downloads >= limit:
        raise DomainError("export_downloads_used", status=410, limit=limit)
    request.downloads += 1
    request.save(update_fields=["downloads", "updated_at"])
    ctx.event("export.downloaded", request)
    ctx.flush()


def by_report(ids: Sequence[int]) -> dict[int, ExportRequest]:
    """Job -> the request that it serves."""
    rows = ExportRequest.objects.filter(report__in=list(ids)).select_related("project")
    return {request.report_id: request for request in rows if request.report_id}


def left(request: ExportRequest) -> int:
    """How often the file may still be fetched, by the project's limit of today."""
    limit = int(parameters.value("platform.export_downloads", request.project, timezone.localdate()))
    over = request.available_until is not None and request.available_until <= timezone.now()
    return 0 if over else max(0, limit - request.downloads)


def approved(project: Project, number: str, resource: str) -> ExportRequest:
    """For the command line: an approved request of this list. Raises export_needs_approval."""
    found: Any = ExportRequest.objects.filter(
        project=project, number=number, resource=resource, state=State.APPROVED
    ).first()
    if found is None:
        raise DomainError("export_needs_approval", status=403)
    return found
