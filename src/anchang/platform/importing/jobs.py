"""Imports from the outside: the command line's `import_file`, and the life of an ImportJob."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from anchang.kernel.errors import DomainError, forbidden, not_found
from anchang.platform import files, reading
from anchang.platform.access import Access, system_access
from anchang.platform.importing import refusals
from anchang.platform.importing.engine import KEPT_PROBLEMS, Progress, Run, Stopped, counts_of
from anchang.platform.importing.kinds import ImportKind, kind_of, may_import
from anchang.platform.importing.mapping import check
from anchang.platform.importing.source import (
    Look,
    count_rows,
    look_at,
    preview_of,
    remembered_mappings,
    table_of,
)
from anchang.platform.models import ImportJob, Project
from anchang.platform.scope import open_scope

log = logging.getLogger(__name__)
State = ImportJob.State


def import_file(
    kind: str,
    path: str | Path,
    project_code: str,
    dry_run: bool = False,
    access: Access | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Import a file at once and return the report (CONTRACT): rows, created, updated, unchanged, refused.

    `dry_run` does everything and rolls it back. Without `access` the system imports. Raises DomainError when
    nothing could be done: unknown_import_kind, not_found (project), forbidden, file errors.
    """
    wanted, path = kind_of(kind), Path(path)
    project = reading.project_by_key(project_code)
    if project is None or (access is not None and project.pk not in access.rights):
        raise not_found()
    access = access or system_access([project.pk])
    if not may_import(access, wanted, project.pk):
        raise forbidden(wanted.permission)
    with open_scope(access) if dry_run else contextlib.nullcontext():
        with open_scope(access):
            job = start_draft(access, project, wanted, path, path.name, count=progress is not None)
            if job.report.get("problem"):
                raise DomainError("mapping_wrong", status=422, fields=job.report["problem"], kind=kind)
            job.state = State.RUNNING
            job.save(update_fields=["state"])
        run = Run(access, project, wanted, job, progress)
        _to_the_end(run, path)
        with open_scope(access):
            report = report_of(run.job, limit=None)
        if dry_run:
            transaction.set_rollback(True)
    return report


def _to_the_end(run: Run, path: Path) -> None:
    try:
        run.all(path)
    except Stopped:
        with open_scope(run.access):
            run.job.refresh_from_db()
    except DomainError as error:
        fail(run, error.code, error.params)
        raise


# --- drafts --------------------------------------------------------------------------------------


def start_draft(
    access: Access, project: Project, kind: ImportKind, path: Path, name: str, count: bool = True
) -> ImportJob:
    """Look at the file, keep it and suggest columns; `count` its rows, for showing progress. Runs in an open
    scope. Raises file errors (422, 413): then nothing is kept."""
    if not may_import(access, kind, project.pk):
        raise forbidden(kind.permission)
    name = files.clean_name(name)
    table = table_of(path, name, project)
    look = look_at(table, kind, None, remembered_mappings(project, kind.name))
    rows = count_rows(look) if count else 0
    job = ImportJob(project=project, kind=kind.name, file_name=name, user_id=access.actor.user_id)
    job.created_by_id = access.actor.user_id
    job.rows = rows
    _note(job, look)
    job.save()
    job.file = files.save(
        project, name, path, resource="imports", record_id=job.pk, kind="import", user_id=access.actor.user_id
    )
    job.sha256 = job.file.sha256
    job.save(update_fields=["file", "sha256"])
    return job


def _note(job: ImportJob, look: Look) -> None:
    job.mapping = look.columns
    job.header_signature = look.signature
    job.report["labels"] = look.labels
    job.report.pop("problem", None)
    if look.problem is not None:
        job.report["problem"] = dict(look.problem.fields)


def preview(job: ImportJob) -> dict[str, Any]:
    """What the job would read: labels, fields with columns, the first rows with their problems."""
    kind = kind_of(job.kind)
    if job.file is None:
        raise DomainError("import_file_gone", status=409)
    with files.as_path(job.file) as path:
        table = table_of(path, job.file_name, job.project)
        look = look_at(table, kind, job.mapping or None, remembered_mappings(job.project, kind.name))
        return preview_of(look, kind, job.project)


def set_mapping(job: ImportJob, columns: Mapping[str, Any]) -> None:
    """Use these columns. Raises mapping_wrong with a code per field."""
    kind = kind_of(job.kind)
    job.mapping = check(columns, job.report.get("labels", ()), kind.fields)
    job.report.pop("problem", None)
    job.save(update_fields=["mapping", "report", "updated_at"])


# --- the job -------------------------------------------------------------------------------------


def run_job(access: Access, project: Project, job_id: int) -> None:
    """Work on a running import until its end, its cancellation or an error. May be started again at any time:
    it goes on after the last committed batch."""
    with contextlib.ExitStack() as stack:
        with open_scope(access):
            job = ImportJob.objects.select_related("file").get(project=project, pk=job_id)
            if job.state != State.RUNNING or job.file is None:
                return
            kind = kind_of(job.kind)
            path = stack.enter_context(files.as_path(job.file))
        run = Run(access, project, kind, job)
        try:
            if not may_import(access, kind, project.pk):
                raise forbidden(kind.permission)
            run.all(path)
        except Stopped:
            return
        except DomainError as error:
            fail(run, error.code, error.params)
        except Exception:
            log.exception("import %s failed", job_id)
            fail(run, "server_error", {})


def fail(run: Run, code: str, params: Mapping[str, Any]) -> None:
    """End the import as failed; what earlier batches wrote stays and can be undone."""
    with open_scope(run.access, run.command_id):
        job = ImportJob.objects.select_for_update(no_key=True, of=("self",)).filter(pk=run.job.pk).first()
        if job is None or job.state != State.RUNNING:
            return
        job.state = State.FAILED
        job.report["error"] = {"code": code, "params": {k: str(v) for k, v in params.items()}}
        job.report["refused"] = refusals.problems(job, KEPT_PROBLEMS)
        job.report |= counts_of(job)
        job.save(update_fields=["state", "report", "updated_at"])


def report_of(job: ImportJob, limit: int | None = KEPT_PROBLEMS) -> dict[str, Any]:
    """The import report (CONTRACT) with warnings beside it; `limit` refused rows at most, None: all."""
    return {
        **counts_of(job),
        "refused": refusals.problems(job, limit),
        "warnings": [refusals.worded(p) for p in job.report.get("warnings", ())],
    }


__all__ = [
    "fail", "import_file", "preview", "report_of", "run_job", "set_mapping", "start_draft",
]  # fmt: skip
