"""Pages of long work: what runs for me (任务), exports of lists, downloads."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.kernel.errors import DomainError
from anchang.platform import commands, reading
from anchang.platform.exporting import approval
from anchang.platform.exporting import jobs as exporting
from anchang.platform.exporting.rows import Export, Wanted
from anchang.platform.importing.views import progress_of
from anchang.platform.models import ExportRequest, ImportJob, JobReport, Project
from anchang.platform.resources import Resource
from anchang.platform.rest.transfer import file_response
from anchang.platform.ui.gate import access_of, project_of
from anchang.platform.ui.overlays import go, refresh
from anchang.platform.wording import worded

NEWEST = 40
_ACTIVE = ("waiting", "running", "undoing")


@require_POST
def export(request: HttpRequest, name: str) -> HttpResponse:
    """Export what the list at this address shows: its filter, search, order and columns."""
    from anchang.platform.ui import lists

    resource = exporting.resource_named(name)
    state = lists.state_of(request, resource)
    access = access_of(request)
    project = project_of(request) or reading.project_by_key(request.POST.get("project", "")[:20])
    if project is None or project.pk not in access.rights:
        project = commands.one_project(access, set())
    columns = tuple(
        f.name for f in lists.listed_fields(state) if f.value is None and f.kind != "json"
    )
    wanted = Wanted(state.where, state.q, state.order, columns, request.POST.get("full") == "1")
    try:
        with transaction.atomic():
            report = exporting.start(access, project, resource, wanted, request.POST.get("reason", "")[:200])
    except DomainError as error:
        if error.code != "export_needs_reason":
            raise
        return _ask_reason(request, resource, wanted, project)
    said = _("The export has started. It can be downloaded here when it is done.")
    if report.state == "approval":
        said = _("The export waits for approval. You will be told, and can download it here.")
    return go(request, reverse("ui-jobs"), said)


def _ask_reason(request: HttpRequest, resource: Resource, wanted: Wanted, project: Project) -> HttpResponse:
    """What the approver will see, and the question what it is for."""
    export = Export(resource, access_of(request), project, wanted)
    context = {
        "resource": resource, "rows": len(export.ids), "columns": [f.label for f in export.fields],
        "here": request.get_full_path(), "full": wanted.full, "project": project,
        "error": worded("export_needs_reason") if "reason" in request.POST else "",
    }  # fmt: skip
    return render(request, "importing/ask_export.html", context)


@require_safe
def my_jobs(request: HttpRequest) -> HttpResponse:
    """Imports and other long work of the reader, newest first, with progress."""
    return render(request, "importing/jobs.html", {"jobs": jobs_of(request)})


@require_safe
def jobs_list(request: HttpRequest) -> HttpResponse:
    """The list alone: asked again while something runs."""
    return render(request, "importing/jobs_list.html", {"jobs": jobs_of(request)})


def jobs_of(request: HttpRequest) -> dict[str, Any]:
    access = access_of(request)
    mine = {"user_id": access.actor.user_id, "project_id__in": access.project_ids}
    reports = JobReport.objects.filter(**mine).order_by("-id")[:NEWEST]
    imports = ImportJob.objects.filter(**mine).order_by("-id")[:NEWEST]
    asked = approval.by_report([r.pk for r in reports])
    found = [(r.created_at, _of_report(r, asked.get(r.pk))) for r in reports] + [
        (i.created_at, _of_import(i)) for i in imports
    ]
    found.sort(key=lambda pair: pair[0], reverse=True)
    items = [item for _at, item in found[:NEWEST]]
    return {"items": items, "active": any(item["state"] in _ACTIVE for item in items)}


def _of_report(report: JobReport, asked: ExportRequest | None) -> dict[str, Any]:
    """`asked`: the request, of an export: its number names the work, and the file tells how often it may be fetched."""
    error = report.result.get("error")
    note = worded(error["code"], error.get("params")) if error else ""
    if asked is not None and report.file_id and not error:
        note = _("%(rows)s rows, %(count)s more downloads") % {"rows": report.done, "count": approval.left(asked)}
    return {
        "name": f"{report.title} {asked.number}" if asked else report.title,
        "done": report.done, "total": report.total, "state": report.state,
        "state_label": report.get_state_display(), "at": report.created_at,
        "note": note, "report_text": _("Download") if report.file_id else "",
        "report_url": reverse("ui-file", args=[report.file_id]) if report.file_id else "",
        "cancel_url": reverse("ui-job-cancel", args=[report.pk]) if report.state in (*_ACTIVE, "approval") else "",
    }  # fmt: skip


def _of_import(job: ImportJob) -> dict[str, Any]:
    return {
        **progress_of(job)["progress"], "at": job.created_at, "note": "",
        "report_url": reverse("ui-import", args=[job.pk]),
    }  # fmt: skip


@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    commands.execute(commands.get("cancel_job"), access_of(request), subject_id=job_id)
    return refresh(request, reverse("ui-jobs"), _("Stopped. What is finished stays."))


@require_safe
def download(request: HttpRequest, file_id: int) -> HttpResponseBase:
    return file_response(request, file_id)
