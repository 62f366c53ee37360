"""Kinds of imports: each app registers its own in `imports.py`.

register_kind(ImportKind(name="leads", label=_("Leads"), resource="leads", permission="leads.import",
                         fields=LEAD_FIELDS, open=open_leads, read=read, write=write))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from anchang.kernel.errors import DomainError
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.importing.mapping import ImportField
from anchang.platform.importing.rows import OpenSheet, Problem
from anchang.platform.models import ImportJob, Project


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file. `value` is what `write` takes; None when its problems refuse the row."""

    row: int
    cells: list[str]
    value: Any
    problems: list[Problem]
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """What readers need to know about the place: dates without a year, times, dictionaries."""

    project: Project
    today: dt.date
    zone: ZoneInfo


@dataclass
class Reading:
    """A file being read. `notes` (about the whole file: footers that disagree) may fill up while `lines` is
    read; `whole` is what a kind without batches wants to see besides the lines."""

    lines: Iterator[Line]
    notes: list[Problem] = field(default_factory=list)
    whole: Any = None


@dataclass(frozen=True)
class ImportKind:
    """What can be imported, and how.

    open     the sheets with such data: open(table, columns, remembered=…).
    read     read(sheets, where) -> Reading, in bounded memory.
    write    write(ctx, lines, job, reading) -> {"created", "updated", "unchanged", "refused": […]}: takes
             what isn't refused yet, set-based; the same lines again change nothing. One transaction per batch.
    batch    lines per transaction; 0: the whole file in one.
    undo     undo(ctx, job, ids): after the created rows went to the recycle bin, what that leaves to do;
             `ids` of the created rows by database table.
    keeps_updates  whether an import that changed older rows can be undone (those changes stay).
    """

    name: str
    label: Any
    resource: str
    permission: str
    fields: tuple[ImportField, ...]
    open: Callable[..., list[OpenSheet]]
    read: Callable[[list[OpenSheet], Where], Reading]
    write: Callable[[Context, Sequence[Line], ImportJob, Reading], Mapping[str, Any]]
    batch: int = 2000
    undo: Callable[[Context, ImportJob, Mapping[str, Sequence[int]]], None] | None = None
    keeps_updates: bool = True
    help: Any = ""
    order: int = 100


_kinds: dict[str, ImportKind] = {}


def register_kind(kind: ImportKind) -> ImportKind:
    if kind.name in _kinds:
        raise ValueError(f"import kind {kind.name} is registered twice")
    _kinds[kind.name] = kind
    return kind


def kind_of(name: str) -> ImportKind:
    """Raises unknown_import_kind (422)."""
    found = _kinds.get(name)
    if found is None:
        raise DomainError(
            "unknown_import_kind", status=422, fields={"kind": "bad_choice"}, kind=name[:40],
            known=", ".join(sorted(_kinds)),
        )  # fmt: skip
    return found


def all_kinds() -> list[ImportKind]:
    return sorted(_kinds.values(), key=lambda k: (k.order, k.name))


def may_import(access: Access, kind: ImportKind, project_id: int) -> bool:
    """Imports reach the whole project: a right on own or team rows isn't enough."""
    return access.scope(kind.permission, project_id) == "project"


def kinds_for(access: Access, project_id: int) -> list[ImportKind]:
    return [k for k in all_kinds() if may_import(access, k, project_id)]
