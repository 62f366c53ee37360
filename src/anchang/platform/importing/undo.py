"""Undo of an import: what it created goes to the recycle bin, unless somebody has worked on it since.

The audit table knows every row that the import's command id inserted, and every later change of those rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models

from anchang.kernel.errors import DomainError
from anchang.platform import resources
from anchang.platform.context import Context
from anchang.platform.importing.engine import command_id_of
from anchang.platform.importing.kinds import kind_of
from anchang.platform.models import ImportJob, StoredFile, Task
from anchang.platform.models.base import ProjectKey, ProjectModel

SHOWN = 20
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


def undo(ctx: Context, job: ImportJob) -> dict[str, Any]:
    """Raises import_touched, import_updated_rows. Rows that were there before the import stay as they are."""
    kind = kind_of(job.kind)
    if job.updated and not kind.keeps_updates:
        raise DomainError("import_updated_rows", count=job.updated)
    created = created_by(job)
    if touched := touched_since(job, created):
        raise DomainError("import_touched", count=len(touched), rows=", ".join(_named(touched[:SHOWN])))
    removed = {m._meta.db_table: _to_bin(ctx, m, created.get(m._meta.db_table, ())) for m in _record_models()}
    if kind.undo:
        kind.undo(ctx, job, created)
    job.state = ImportJob.State.UNDONE
    job.save(update_fields=["state", "updated_at"])
    ctx.event("import.undone", job, removed=_count_of(kind.resource, removed))
    return {
        "id": job.pk,
        "state": job.state,
        "removed": _count_of(kind.resource, removed),
        "kept": job.updated,
    }


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
