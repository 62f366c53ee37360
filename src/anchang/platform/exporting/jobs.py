"""Exports as a command-line call and as a job with progress."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.encoding import force_str

from anchang.kernel.errors import DomainError, not_found
from anchang.platform import files, jobs, reading, resources
from anchang.platform.access import Access, system_access
from anchang.platform.context import Context
from anchang.platform.documents.sheets import write_xlsx
from anchang.platform.exporting import approval
from anchang.platform.exporting.rows import Export, Wanted
from anchang.platform.models import ExportRequest, JobReport, Project
from anchang.platform.resources import Resource
from anchang.platform.scope import open_scope

log = logging.getLogger(__name__)
State = JobReport.State


class Stopped(Exception):
    """The export was cancelled."""


def resource_named(name: str) -> Resource:
    found = resources.find(name)
    if found is None:
        raise DomainError("not_found", status=404)
    return found


def export_file(
    resource: str, project_code: str, to: str | Path, access: Access | None = None, request: str = ""
) -> int:
    """Write a list to an .xlsx file at once; the count of rows. `request`: the number of an approved export, whose
    filter and columns are taken. Raises export_needs_approval, and what `Export` raises: nothing was written then."""
    project = reading.project_by_key(project_code)
    if project is None or (access is not None and project.pk not in access.rights):
        raise not_found()
    access = access or system_access([project.pk])
    with open_scope(access):
        asked = approval.approved(project, request, resource) if request else None
        wanted = Wanted.of_params(asked.params) if asked else Wanted()
        export = Export(resource_named(resource), access, project, wanted)
        if asked is not None:
            export.within(asked.rows, asked.last_id, asked.number)
        elif approval.needs_approval(Context(access, project), export):
            raise DomainError("export_needs_approval", status=403)
        export.log()
    return write_xlsx(to, export.sheet(lambda: open_scope(access), lambda count: None))


def start(access: Access, project: Project, resource: Resource, wanted: Wanted, reason: str = "") -> JobReport:
    """Check the export, note it and put it into the queue, or before whoever has to approve it; in the open scope.
    Raises export_needs_reason, export_no_approver, and what `Export` raises."""
    assert access.actor.user_id is not None, "an export is somebody's"
    export = Export(resource, access, project, wanted)
    ctx = Context(access, project)
    waits = approval.needs_approval(ctx, export)
    report = JobReport.objects.create(
        project=project, kind="export", title=force_str(resource.plural), total=len(export.ids),
        params={"resource": resource.name, **wanted.as_params()}, user_id=access.actor.user_id,
        created_by_id=access.actor.user_id, state=State.APPROVAL if waits else State.WAITING,
    )  # fmt: skip
    approval.record(ctx, export, report, " ".join(reason.split()), waits)
    if not waits:
        jobs.defer("platform.export", access.actor, project, report=report.pk)
    ctx.flush()
    return report


def run(access: Access, project: Project, report_id: int) -> None:
    """Write the export's file; ends as done, failed or (somebody stopped it) cancelled. May be run again."""
    with open_scope(access):
        report = JobReport.objects.get(project=project, pk=report_id)
        if report.state not in (State.WAITING, State.RUNNING):
            return
        report.state = State.RUNNING
        report.save(update_fields=["state", "updated_at"])
    try:
        _write(access, project, report)
    except Stopped:
        return
    except DomainError as error:
        _fail(access, report, error.code, error.params)
    except Exception:
        log.exception("export %s failed", report_id)
        _fail(access, report, "server_error", {})


def _write(access: Access, project: Project, report: JobReport) -> None:
    wanted = Wanted.of_params(report.params)
    with open_scope(access):
        request = ExportRequest.objects.get(project=project, report=report.pk)
        export = Export(resource_named(report.params["resource"]), access, project, wanted)
        export.within(request.rows, request.last_id, request.number)

    def seen(count: int) -> None:
        if not JobReport.objects.filter(pk=report.pk, state=State.RUNNING).update(
            done=count, total=len(export.ids), updated_at=timezone.now()
        ):
            raise Stopped

    with tempfile.TemporaryDirectory(prefix="anchang-") as folder:
        path = Path(folder) / "export.xlsx"
        rows = write_xlsx(path, export.sheet(lambda: open_scope(access), seen))
        with open_scope(access):
            found = JobReport.objects.select_for_update(no_key=True, of=("self",)).get(pk=report.pk)
            if found.state != State.RUNNING:
                raise Stopped
            found.file = files.save(
                project, f"{project.code}-{request.resource}-{request.number}.xlsx", path,
                resource="jobs", record_id=found.pk, kind="export",
                user_id=access.actor.user_id,
            )  # fmt: skip
            found.state, found.done, found.result = State.DONE, rows, {"rows": rows}
            found.save(update_fields=["file", "state", "done", "result", "updated_at"])
            export.log(report.pk)
            approval.made(access, project, request, rows)


def _fail(access: Access, report: JobReport, code: str, params: Any) -> None:
    with open_scope(access):
        JobReport.objects.filter(pk=report.pk, state=State.RUNNING).update(
            state=State.FAILED, updated_at=timezone.now(),
            result={"error": {"code": code, "params": {k: str(v) for k, v in params.items()}}},
        )  # fmt: skip


__all__ = ["Stopped", "export_file", "resource_named", "run", "start"]
