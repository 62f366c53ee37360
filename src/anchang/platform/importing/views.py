"""Pages of imports: choose a file, check its columns, watch it run, read the report, undo."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from anchang.kernel.errors import DomainError
from anchang.platform import commands, reading, resources
from anchang.platform.documents.serving import XLSX, streamed
from anchang.platform.importing import refusals
from anchang.platform.importing.jobs import preview, report_of
from anchang.platform.importing.kinds import all_kinds, kinds_for
from anchang.platform.importing.uploads import draft_from, form_of
from anchang.platform.models import ImportJob, Project
from anchang.platform.rest.transfer import refused_name
from anchang.platform.ui.components import Column, Row
from anchang.platform.ui.gate import access_of, project_of
from anchang.platform.ui.overlays import go, refresh
from anchang.platform.wording import worded

State = ImportJob.State
NEWEST = 30
SHOWN_PROBLEMS = 100
_SHOWN_ERRORS = (409, 413, 422)
_BUSY = (State.RUNNING, State.UNDOING)
_FIELD = "field-"


def home(request: HttpRequest) -> HttpResponse:
    """The imports so far, and the form for a new one."""
    if request.method == "POST":
        return _upload(request)
    return _home(request)


def _home(request: HttpRequest, error: str = "", fields: Any = None, status: int = 200) -> HttpResponse:
    access = access_of(request)
    access.require("imports.view")
    projects = _projects(request)
    context = {
        "projects": [(p.code, p.name) for p in projects],
        "kinds": _kind_choices(request, projects),
        "chosen": {
            "kind": request.POST.get("kind") or request.GET.get("kind", ""),
            "project": request.POST.get("project", ""),
        },
        "columns": _list_columns(),
        "rows": _list_rows(request),
        "error": error,
        "errors": fields or {},
    }  # fmt: skip
    return render(request, "importing/home.html", context, status=status)


def _upload(request: HttpRequest) -> HttpResponse:
    try:
        fields, uploads = form_of(request)
        project = project_of(request) or commands.one_project(
            access_of(request), {fields.get("project") or None}
        )
        job = draft_from(access_of(request), project, fields.get("kind", ""), uploads.get("file"))
    except DomainError as error:
        if error.status not in _SHOWN_ERRORS:
            raise
        texts = {name: worded(str(code), error.params) for name, code in error.fields.items()}
        return _home(request, worded(error.code, error.params), texts, error.status)
    return go(request, reverse("ui-import", args=[job.pk]))


def _projects(request: HttpRequest) -> list[Project]:
    """Where the reader may import."""
    chosen = project_of(request)
    found = [chosen] if chosen else list(getattr(request, "projects", []))
    access = access_of(request)
    return [p for p in found if access.may("imports.create", p.pk) and kinds_for(access, p.pk)]


def _kind_choices(request: HttpRequest, projects: list[Project]) -> list[tuple[str, str]]:
    able = {k.name for p in projects for k in kinds_for(access_of(request), p.pk)}
    return [(k.name, str(k.label)) for k in all_kinds() if k.name in able]


def _list_columns() -> list[Column]:
    return [
        Column("file", _("File"), main=True), Column("kind", _("Kind")), Column("state", _("State"), "state"),
        Column("created", _("Created"), "integer"), Column("updated", _("Updated"), "integer"),
        Column("unchanged", _("Unchanged"), "integer"), Column("refused", _("Refused"), "integer"),
        Column("user", _("User")), Column("at", _("Time"), "datetime"),
    ]  # fmt: skip


def _list_rows(request: HttpRequest) -> list[Row]:
    within = reading.reach(
        resources.get("imports"), "imports.view", access_of(request), _project_ids(request)
    )
    if within is None:
        return []
    jobs = ImportJob.objects.filter(within).select_related("user").order_by("-id")[:NEWEST]
    labels = {k.name: str(k.label) for k in all_kinds()}
    return [
        Row(
            job.pk,
            {
                "file": job.file_name, "kind": labels.get(job.kind, job.kind), "created": job.created,
                "updated": job.updated, "unchanged": job.unchanged, "refused": job.refused_count,
                "state": {"value": job.state, "label": job.get_state_display()},
                "user": job.user.name if job.user else "", "at": job.created_at,
            },
            url=reverse("ui-import", args=[job.pk]),
        )
        for job in jobs
    ]  # fmt: skip


def _project_ids(request: HttpRequest) -> tuple[int, ...]:
    chosen = project_of(request)
    return (chosen.pk,) if chosen else access_of(request).project_ids


# --- one import ----------------------------------------------------------------------------------


def job_of(request: HttpRequest, job_id: int) -> ImportJob:
    found: ImportJob = reading.get_record(resources.get("imports"), access_of(request), job_id)
    return found


@require_safe
def detail(request: HttpRequest, job_id: int) -> HttpResponse:
    job = job_of(request, job_id)
    if job.state == State.DRAFT:
        return _draft(request, job)
    return _report(request, job)


def _base(request: HttpRequest, job: ImportJob) -> dict[str, Any]:
    labels = {k.name: str(k.label) for k in all_kinds()}
    access = access_of(request)
    able = {verb: access.may(f"imports.{verb}", job.project_id) for verb in ("run", "cancel", "undo")}
    return {"job": job, "kind_label": labels.get(job.kind, job.kind), "may": able, **progress_of(job)}


def _draft(request: HttpRequest, job: ImportJob, error: DomainError | None = None) -> HttpResponse:
    try:
        seen = preview(job)
    except DomainError as problem:
        seen, error = None, problem
    wrong = {n: worded(str(c)) for n, c in error.fields.items()} if error else {}
    context = _base(request, job) | {
        "seen": seen,
        "error": worded(error.code, error.params) if error else "",
        "fields": _mapping_fields(seen, wrong) if seen else [],
        "columns": _preview_columns(seen) if seen else [],
        "rows": _preview_rows(seen) if seen else [],
    }
    return render(request, "importing/draft.html", context, status=error.status if error else 200)


def _mapping_fields(seen: dict[str, Any], wrong: dict[str, str]) -> list[dict[str, Any]]:
    """One select per field: which column of the file it is."""
    columns = [
        (str(at), label or _("Column %(number)s") % {"number": at + 1})
        for at, label in enumerate(seen["labels"])
    ]
    return [
        {
            "name": _FIELD + f["name"], "label": f["label"], "required": f["required"],
            "value": "" if f["column"] is None else str(f["column"]),
            "choices": columns,
            "error": wrong.get(f["name"]) or (worded(f["error"]) if f["error"] else ""),
        }
        for f in seen["fields"]
    ]  # fmt: skip


def _preview_columns(seen: dict[str, Any]) -> list[Column]:
    used = [f for f in seen["fields"] if f["column"] is not None]
    found = [Column("row", _("Row"), "integer", main=True), Column("problem", _("Problem"), wrap=True)]
    return found + [Column(f["name"], f["label"]) for f in sorted(used, key=lambda f: f["column"])]


def _preview_rows(seen: dict[str, Any]) -> list[Row]:
    at = {f["name"]: f["column"] for f in seen["fields"] if f["column"] is not None}
    rows = []
    for line in seen["rows"]:
        cells = {name: line["cells"][c] if c < len(line["cells"]) else "" for name, c in at.items()}
        said = "；".join(f"{p['column']}：{p['message']}" for p in line["problems"])
        if line["refused"]:
            said = _("Left out: %(reason)s") % {"reason": said}
        rows.append(Row(line["row"], {"row": line["row"], "problem": said, **cells}))
    return rows


@require_POST
def begin(request: HttpRequest, job_id: int) -> HttpResponse:
    """Use the chosen columns: show the preview anew, or start."""
    access, job = access_of(request), job_of(request, job_id)
    given = {
        name.removeprefix(_FIELD): _column(request.POST.get(name, ""))
        for name in request.POST
        if name.startswith(_FIELD)
    }
    runs = request.POST.get("do") == "run"
    try:
        if given and job.state == State.DRAFT:
            commands.execute(commands.get("map_import"), access, subject_id=job.pk, data={"mapping": given})
        if runs:
            commands.execute(commands.get("run_import"), access, subject_id=job.pk, data={})
    except DomainError as error:
        if error.status not in _SHOWN_ERRORS or job.state != State.DRAFT:
            raise
        job.mapping = {name: column for name, column in given.items() if column is not None}
        return _draft(request, job, error)
    return go(request, reverse("ui-import", args=[job.pk]))


def _column(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


# --- running and after ---------------------------------------------------------------------------


def progress_of(job: ImportJob) -> dict[str, Any]:
    """What the tag `job` shows."""
    running = job.state in _BUSY
    undo = job.report.get("undo")
    return {
        "progress": {
            "name": job.file_name, "state": job.state,
            "done": undo["done"] if undo else job.done_rows, "total": undo["total"] if undo else job.rows,
            "state_label": job.get_state_display(),
            "poll_url": reverse("ui-import-progress", args=[job.pk]) if running else "",
            "cancel_url": reverse("ui-import-cancel", args=[job.pk]) if running else "",
            "cancel_text": _("Stop the undo? Nothing has been undone yet.") if undo else "",
        }
    }  # fmt: skip


@require_safe
def progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The progress bar again; when the import has ended, the page is read anew."""
    job = job_of(request, job_id)
    if job.state not in _BUSY:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "importing/progress.html", progress_of(job))


def _report(request: HttpRequest, job: ImportJob) -> HttpResponse:
    report = report_of(job, SHOWN_PROBLEMS)
    failure = job.report.get("error")
    columns = [
        Column("row", _("Row"), "integer", main=True), Column("column", _("Column")),
        Column("value", _("Value"), wrap=True),
        Column("message", _("Reason"), wrap=True),
    ]  # fmt: skip
    context = _base(request, job) | {
        "columns": columns,
        "refused": [Row(n, r) for n, r in enumerate(report["refused"])],
        "warnings": [Row(n, r) for n, r in enumerate(report["warnings"][:SHOWN_PROBLEMS])],
        "warning_count": job.report.get("warning_count", 0),
        "error": worded(failure["code"], failure.get("params")) if failure else "",
        "can_undo": job.state in (State.DONE, State.FAILED, State.CANCELLED) and job.created > 0,
        "can_go_on": job.state in (State.FAILED, State.CANCELLED) and job.file_id is not None,
        "undo_text": _undo_text(job),
    }
    return render(request, "importing/report.html", context)


def _undo_text(job: ImportJob) -> str:
    text = ngettext(
        "Move the %(count)s created record to the recycle bin?",
        "Move the %(count)s created records to the recycle bin?",
        job.created,
    ) % {"count": job.created}
    if job.updated:
        text += " " + _("What the import changed in older records stays.")
    return text


@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    done = commands.execute(commands.get("cancel_import"), access_of(request), subject_id=job_id)
    text = _("Stopped. What is finished stays.") if done.state == State.CANCELLED else _("Stopped. Nothing is undone.")
    return refresh(request, reverse("ui-import", args=[job_id]), text)


@require_POST
def undo(request: HttpRequest, job_id: int) -> HttpResponse:
    done = commands.execute(commands.get("undo_import"), access_of(request), subject_id=job_id)
    text = _("The import is undone.") if done["state"] == State.UNDONE else _("The import is being undone.")
    return refresh(request, reverse("ui-import", args=[job_id]), text)


@require_safe
def refused(request: HttpRequest, job_id: int) -> HttpResponseBase:
    """The refused rows as a workbook, to be corrected and imported again."""
    job = job_of(request, job_id)
    return streamed(refusals.workbook(job), refused_name(job), XLSX)
