"""Undo of an import: what it created goes to the recycle bin, unless somebody has worked on it since.

All of it or nothing, in one transaction: in the request when it is little, else in a job (`run_job`).

The audit table knows every row that the import's command id inserted, and every later change of those rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.apps import apps
from django.db import connection, models

from anchang.kernel.errors import DomainError, forbidden
from anchang.platform import resources
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.importing.engine import Progress, Stopped, command_id_of
from anchang.platform.importing.kinds import kind_of, may_import
from anchang.platform.models import ImportJob, Project, StoredFile, Task
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.scope import open_scope

log = logging.getLogger(__name__)
State = ImportJob.State
SHOWN = 20
#: Rows per statement, after each of which the progress is told.
_STEP = 2000
#: Made along the way; nobody's work is lost when they go.
_BESIDE = (Task._meta.db_table, StoredFile._meta.db_table)

_CREATED = """
    SELECT table_name, array_agg(DISTINCT row_id) FROM platform_audit
     WHERE project_id = %s AND command_id = %s AND op = 'I' GROUP BY 1"""
_CHANGED_SINCE = """
    SELECT DISTINCT a.table_name, a.row_id FROM platform_audit mine
      JOIN platform_audit a ON a.project_id = mine.project_id AND a.table_name = mine.table_name
                           AND a.row_id = mine.row_id AND a.op <> 'I' AND a.command_id IS DISTINCT FROM %s
     WHERE mine.project_id = %s AND mine.command_id = %s AND mine.op = 'I'
       AND NOT mine.table_name = ANY (%s)"""


def created_by(job: ImportJob) -> dict[str, list[int]]:
    """Ids of the rows that the import created, by table."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATED, [job.project_id, command_id_of(job)])
        return dict(cursor.fetchall())


def touched_since(job: ImportJob, created: Mapping[str, Sequence[int]]) -> list[tuple[str, int]]:
    """(table, id) of created rows that were changed, or that newer records refer to."""
    mine = command_id_of(job)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED_SINCE, [mine, job.project_id, mine, list(_BESIDE)])
        found = {(table, row_id) for table, row_id in cursor.fetchall()}
        for target, table, column in _references(created):
            cursor.execute(
                f'SELECT DISTINCT "{column}" FROM "{table}" WHERE project_id = %s AND "{column}" = ANY (%s)'
                " AND deleted_at IS NULL AND NOT id = ANY (%s)",
                [job.project_id, list(created[target]), list(created.get(table, ()))],
            )
            found |= {(target, row_id) for (row_id,) in cursor.fetchall()}
    return sorted(found)


def _references(created: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, str, str]]:
    """(table referred to, table, column) of every key from a record with a recycle bin to a created row."""
    for model in _record_models():
        table = model._meta.db_table
        if table in _BESIDE:
            continue
        for f in model._meta.concrete_fields:
            if isinstance(f, ProjectKey) and f.related_model._meta.db_table in created:
                yield f.related_model._meta.db_table, table, f.column


def _record_models() -> list[type[models.Model]]:
    """Concrete business records, whose changes are audited and which have a recycle bin."""
    return [
        m for m in apps.get_models()
        if issubclass(m, ProjectModel) and m._meta.managed and not m._meta.proxy and m.audited
    ]  # fmt: skip


def undo(ctx: Context, job: ImportJob, progress: Progress | None = None) -> dict[str, Any]:
    """Raises import_touched, import_updated_rows; Stopped when somebody stopped it meanwhile. Rows that were
    there before the import stay as they are."""
    was = job.state
    kind = kind_of(job.kind)
    if job.updated and not kind.keeps_updates:
        raise DomainError("import_updated_rows", count=job.updated)
    created = created_by(job)
    if touched := touched_since(job, created):
        raise DomainError("import_touched", count=len(touched), rows=", ".join(_named(touched[:SHOWN])))
    removed = _all_to_bin(ctx, created, progress)
    if kind.undo:
        kind.undo(ctx, job, created)
    job = ImportJob.objects.select_for_update(no_key=True, of=("self",)).get(pk=job.pk)
    if job.state != was:
        raise Stopped
    job.state = State.UNDONE
    job.report.pop("undo", None)
    job.save(update_fields=["state", "report", "updated_at"])
    ctx.event("import.undone", job, removed=_count_of(kind.resource, removed))
    return {
        "id": job.pk,
        "state": job.state,
        "removed": _count_of(kind.resource, removed),
        "kept": job.updated,
    }


def _all_to_bin(
    ctx: Context, created: Mapping[str, Sequence[int]], progress: Progress | None
) -> dict[str, int]:
    """Rows that went to the recycle bin, by table."""
    total, done = sum(len(ids) for ids in created.values()), 0
    removed: dict[str, int] = {}
    for model in _record_models():
        table = model._meta.db_table
        ids = created.get(table, ())
        for at in range(0, len(ids), _STEP):
            part = ids[at : at + _STEP]
            removed[table] = removed.get(table, 0) + _to_bin(ctx, model, part)
            done += len(part)
            if progress:
                progress(done, total)
    return removed


def _to_bin(ctx: Context, model: type[models.Model], ids: Sequence[int]) -> int:
    if not ids or model is StoredFile:
        return 0
    rows = model._base_manager.filter(project=ctx.here, pk__in=list(ids), deleted_at__isnull=True)
    if model is Task:
        return int(rows.filter(state=Task.State.OPEN).update(state=Task.State.CANCELLED, updated_at=ctx.now))
    return int(rows.update(deleted_at=ctx.now, updated_at=ctx.now))


def _count_of(resource: str, removed: Mapping[str, int]) -> int:
    found = resources.find(resource)
    return removed.get(found.model._meta.db_table, 0) if found else sum(removed.values())


def _named(touched: Sequence[tuple[str, int]]) -> list[str]:
    by_table = {m._meta.db_table: m for m in _record_models()}
    names = []
    for table, row_id in touched:
        model = by_table.get(table)
        record = model._base_manager.filter(pk=row_id).first() if model else None
        names.append(str(record) if record is not None else f"#{row_id}")
    return names


# --- in a job ------------------------------------------------------------------------------------


def begin(job: ImportJob) -> None:
    """Leave it to a job; what it was before comes back when it is refused or stopped."""
    job.report["undo"] = {"from": job.state, "done": 0, "total": 0}
    job.state = State.UNDOING
    job.save(update_fields=["state", "report", "updated_at"])


def leave(job: ImportJob, error: DomainError | None = None) -> None:
    """Back to what it was before the undo began; `error` says on its page why."""
    job.state = job.report.pop("undo")["from"]
    if error is not None:
        job.report["error"] = {"code": error.code, "params": {k: str(v) for k, v in error.params.items()}}
    job.save(update_fields=["state", "report", "updated_at"])


def run_job(access: Access, project: Project, job_id: int) -> None:
    """Undo an import that is marked as being undone. May be started again at any time."""
    # Progress is told by a second connection: nobody sees the transaction of the work before its end.
    with ThreadPoolExecutor(max_workers=1) as teller:
        try:
            with open_scope(access):
                job = ImportJob.objects.get(project=project, pk=job_id)
                if job.state != State.UNDOING:
                    return
                kind = kind_of(job.kind)
                if not may_import(access, kind, project.pk):
                    raise forbidden(kind.permission)
                ctx = Context(access, project)
                undo(ctx, job, _telling(teller, access, job_id))
                ctx.flush()
        except Stopped:
            return
        except DomainError as error:
            _refuse(access, job_id, error)
        except Exception:
            log.exception("undo of import %s failed", job_id)
            _refuse(access, job_id, DomainError("server_error"))
        finally:
            teller.submit(connection.close)


def _telling(teller: ThreadPoolExecutor, access: Access, job_id: int) -> Progress:
    def tell(done: int, total: int) -> None:
        with open_scope(access):
            job = ImportJob.objects.select_for_update(no_key=True, of=("self",)).filter(pk=job_id).first()
            if job is not None and job.state == State.UNDOING:
                job.report["undo"] |= {"done": done, "total": total}
                job.save(update_fields=["report", "updated_at"])

    def progress(done: int, total: int) -> None:
        teller.submit(tell, done, total)

    return progress


def _refuse(access: Access, job_id: int, error: DomainError) -> None:
    with open_scope(access):
        job = ImportJob.objects.select_for_update(no_key=True, of=("self",)).filter(pk=job_id).first()
        if job is not None and job.state == State.UNDOING:
            leave(job, error)
