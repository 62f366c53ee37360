"""A file opened for one kind of import: its columns, a preview, its lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from anchang.kernel.errors import DomainError
from anchang.platform import parameters
from anchang.platform.importing.header import find_layout
from anchang.platform.importing.kinds import ImportKind, Reading, Where
from anchang.platform.importing.mapping import guess, known_label
from anchang.platform.importing.reader import DEFAULT_LIMITS, Limits, Table, read_table
from anchang.platform.importing.rows import OpenSheet
from anchang.platform.models import ImportJob, Project

PREVIEW_ROWS = 20
_MEGABYTE = 2**20

Remembered = Callable[[str], Mapping[str, int] | None]


@dataclass(frozen=True)
class Look:
    """What a file seems to be. `columns` misses what has none yet; `problem` says why it can't be read so."""

    opened: list[OpenSheet]
    labels: list[str]
    columns: dict[str, int]
    confidence: dict[str, float]
    signature: str
    title: str
    facts: dict[str, str]
    problem: DomainError | None = None


def limits_of(project: Project) -> Limits:
    day = timezone.localdate()
    return Limits(
        file_bytes=int(parameters.value("platform.import_megabytes", project, day)) * _MEGABYTE,
        unzipped_bytes=DEFAULT_LIMITS.unzipped_bytes,
        rows=int(parameters.value("platform.import_rows", project, day)),
    )


def where_of(project: Project) -> Where:
    zone = ZoneInfo(project.time_zone)
    return Where(project, timezone.now().astimezone(zone).date(), zone)


def table_of(path: Path, name: str, project: Project) -> Table:
    """Raises what `read_table` raises; a file beyond the limit is 413."""
    try:
        return read_table(path, name, limits_of(project))
    except DomainError as error:
        if error.code == "file_too_large":
            error.status = 413
        raise


def remembered_mappings(project: Project, kind: str) -> Remembered:
    """The columns that the last finished import of this kind used for a header."""

    def remembered(signature: str) -> Mapping[str, int] | None:
        rows = ImportJob.objects.filter(
            project=project, kind=kind, header_signature=signature, state=ImportJob.State.DONE
        )
        found = rows.order_by("-id").values_list("mapping", flat=True).first()
        return found or None

    return remembered


def look_at(
    table: Table, kind: ImportKind, columns: Mapping[str, int] | None, remembered: Remembered
) -> Look:
    """Open the file with the given columns, the remembered or the guessed ones. A required field without a
    column is no error here but in `problem`, so that a person can choose one. Raises other file errors."""
    try:
        opened = kind.open(table, columns, remembered=remembered)
    except DomainError as error:
        if error.code != "mapping_wrong":
            raise
        return _unmapped(table, kind, columns, error)
    first = opened[0]
    return Look(
        opened, first.layout.labels, first.columns, first.guess.confidence, first.guess.signature,
        first.layout.title, first.layout.facts,
    )  # fmt: skip


def _unmapped(table: Table, kind: ImportKind, columns: Mapping[str, int] | None, error: DomainError) -> Look:
    failure: DomainError = error
    for sheet in table.sheets:
        try:
            layout = find_layout(sheet, known_label(kind.fields))
        except DomainError as problem:
            failure = problem
            continue
        found = guess(layout.labels, layout.sample(), kind.fields)
        chosen = {n: c for n, c in (columns or found.columns).items() if isinstance(c, int)}
        return Look(
            [], layout.labels, chosen, found.confidence, found.signature, layout.title, layout.facts, error
        )
    raise failure


def count_rows(look: Look) -> int:
    return sum(1 for opened in look.opened for _ in opened.layout.rows())


def preview_of(look: Look, kind: ImportKind, project: Project) -> dict[str, Any]:
    """Labels, fields with their columns, and the first rows with what is wrong with them."""
    shown: list[dict[str, Any]] = []
    if look.problem is None:
        reading: Reading = kind.read(look.opened, where_of(project))
        for line in islice(reading.lines, PREVIEW_ROWS):
            problems = [p.as_dict() | {"refuses": p.refuses} for p in line.problems]
            shown.append(
                {"row": line.row, "cells": line.cells, "problems": problems, "refused": line.value is None}
            )
    wrong = {} if look.problem is None else look.problem.fields
    return {
        "title": look.title,
        "facts": look.facts,
        "labels": look.labels,
        "fields": [
            {
                "name": f.name, "label": str(f.label), "required": f.required,
                "column": look.columns.get(f.name), "confidence": look.confidence.get(f.name),
                "error": wrong.get(f.name, ""),
            }
            for f in kind.fields
        ],
        "rows": shown,
    }  # fmt: skip
