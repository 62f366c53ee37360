"""Runs an import: batch by batch, each in one transaction with its counts, so that it can stop and go on.

Everything that an import writes carries one command id, made from its job. By it the audit table knows which
rows the import created and who touched them since (see `undo`).
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.importing import refusals
from anchang.platform.importing.kinds import ImportKind, Line, Reading
from anchang.platform.importing.source import look_at, remembered_mappings, table_of, where_of
from anchang.platform.models import ImportJob, Project
from anchang.platform.scope import open_scope

_NAMESPACE = uuid.UUID("0b6f2f0e-5d0c-4b39-9a0e-6b2a3c1d7e55")
KEPT_WARNINGS = 200
KEPT_PROBLEMS = 200
SWITCH_SECONDS = 0.0005

Progress = Callable[[int, int], None]


class Stopped(Exception):
    """The import was cancelled, or another worker has taken it over."""


def command_id_of(job: ImportJob) -> uuid.UUID:
    """One id for all that the import does, whichever worker does it."""
    return uuid.uuid5(_NAMESPACE, f"{job.project_id}/{job.pk}")


class Run:
    """One pass over a file for a job in state running. Rows that an earlier pass committed are left out."""

    batch_size: int | None = None  # instead of the kind's own

    def __init__(
        self,
        access: Access,
        project: Project,
        kind: ImportKind,
        job: ImportJob,
        progress: Progress | None = None,
    ) -> None:
        self.access, self.project, self.kind, self.job = access, project, kind, job
        self.progress = progress
        self.done = job.done_rows
        self.command_id = command_id_of(job)

    def read(self, path: Path) -> Reading:
        table = table_of(path, self.job.file_name, self.project)
        with open_scope(self.access, self.command_id):
            remembered = remembered_mappings(self.project, self.kind.name)
            look = look_at(table, self.kind, self.job.mapping or None, remembered)
        if look.problem is not None:
            raise look.problem
        return self.kind.read(look.opened, where_of(self.project))

    def all(self, path: Path) -> None:
        """Write every line of the file. Raises Stopped; DomainError when the file can't be read on or a batch
        is refused as a whole: batches before it stay."""
        found = self.read(path)
        lines = islice(found.lines, self.done, None)
        size = self.batch_size or self.kind.batch

        def take() -> list[Line]:
            return list(islice(lines, size) if size else lines)

        # While the database writes one batch, a thread reads the next: reading touches the file alone.
        with _swift_threads(), ThreadPoolExecutor(max_workers=1) as reader:
            ahead = reader.submit(take)
            while batch := ahead.result():
                ahead = reader.submit(take if size else list)
                self._batch(batch, found)
                if self.progress:
                    self.progress(self.done, self.job.rows)
        self._finish(found)

    def _batch(self, lines: Sequence[Line], found: Reading) -> None:
        with open_scope(self.access, self.command_id):
            job = self._locked()
            ctx = Context(self.access, self.project)
            good = [line for line in lines if line.value is not None]
            result = self.kind.write(ctx, good, job, found) if good else {}
            ctx.flush()
            refused = _refused(lines, result.get("refused", ()))
            refusals.keep(job, refused)
            self._count(job, lines, len(refused), result)
        self.done = job.done_rows
        self.job = job

    def _locked(self) -> ImportJob:
        job = ImportJob.objects.select_for_update(no_key=True, of=("self",)).get(pk=self.job.pk)
        if job.state != ImportJob.State.RUNNING or job.done_rows != self.done:
            raise Stopped
        return job

    def _count(self, job: ImportJob, lines: Sequence[Line], refused: int, result: Any) -> None:
        job.done_rows += len(lines)
        job.rows = max(job.rows, job.done_rows)
        job.refused_count += refused
        for name in ("created", "updated", "unchanged"):
            setattr(job, name, getattr(job, name) + int(result.get(name, 0)))
        warnings = [refusals.as_data(p) for line in lines if line.value is not None for p in line.problems]
        warnings += [refusals.as_data(p) for p in result.get("warnings", ())]
        _add(job.report, warnings)
        job.save(update_fields=[
            "done_rows", "rows", "refused_count", "created", "updated", "unchanged", "report", "updated_at",
        ])  # fmt: skip

    def _finish(self, found: Reading) -> None:
        with open_scope(self.access, self.command_id):
            job = self._locked()
            job.state, job.rows = ImportJob.State.DONE, job.done_rows
            _add(job.report, [refusals.as_data(p) for p in found.notes])
            job.report["refused"] = refusals.problems(job, KEPT_PROBLEMS)
            job.report |= counts_of(job)
            job.save(update_fields=["state", "rows", "report", "updated_at"])
            ctx = Context(self.access, self.project)
            ctx.event("import.done", job, **counts_of(job), refused=job.refused_count)
            ctx.flush()
        self.job = job


@contextmanager
def _swift_threads() -> Iterator[None]:
    """Let the writing thread have Python back at once when the database has answered; it needs it shortly."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def counts_of(job: ImportJob) -> dict[str, int]:
    return {name: getattr(job, name) for name in ("rows", "created", "updated", "unchanged")}


def _add(report: dict[str, Any], warnings: list[dict[str, Any]]) -> None:
    report["warning_count"] = report.get("warning_count", 0) + len(warnings)
    kept = report.setdefault("warnings", [])
    kept += warnings[: max(0, KEPT_WARNINGS - len(kept))]


def _refused(lines: Sequence[Line], by_command: Sequence[Any]) -> list[tuple[Line, list[dict[str, Any]]]]:
    """Each refused line with its problems: those that the reader refused, then those that the command did."""
    said: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for problem in by_command:
        data = refusals.as_data(problem)
        said.setdefault((data["sheet"] or "", data["row"]), []).append(data)
    found = []
    for line in lines:
        mine = said.pop((line.sheet, line.row), None) or said.pop(("", line.row), None)
        if line.value is None:
            mine = [refusals.as_data(p) for p in line.problems if p.refuses] + (mine or [])
        if mine:
            found.append((line, mine))
    for (sheet, row), problems in said.items():
        found.append((Line(row, [], None, [], sheet), problems))
    return found


__all__ = ["Progress", "Run", "Stopped", "command_id_of", "counts_of"]
