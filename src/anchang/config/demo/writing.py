"""Bulk writing of a year's rows: many in one statement, each with its own moment.

The same database role, constraints, policies and triggers as for any command; only the row by row is left out.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.db import models

from anchang.config.demo.people import Office
from anchang.kernel.actor import SYSTEM, Actor
from anchang.platform import bulk
from anchang.platform.models import Event

CHUNK = 4000


class Row(SimpleNamespace):
    """An unsaved row by its columns; cheaper than a model's instance where there are thousands."""

    pk: int = 0  # none yet


def numbered(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Give unsaved rows their ids, so that others can refer to them before they are written."""
    for row, pk in zip(rows, bulk.reserve_ids(model, len(rows)), strict=True):
        row.pk = pk


def write(
    model: type[models.Model], rows: Sequence[Any], made_at: Sequence[dt.datetime] | None = None, project_id: int = 0
) -> None:
    """Insert unsaved rows or instances, in their order. `made_at`: when each was made (none: now). Rows of the
    first one's columns; they belong to `project_id`."""
    if not rows:
        return
    fresh = [row for row in rows if not row.pk]
    if fresh:
        numbered(model, fresh)
    given = vars(rows[0])
    fields = [
        f for f in model._meta.concrete_fields
        if not f.generated and not f.has_db_default() and not f.primary_key and f.attname in given
    ]  # fmt: skip
    same = {"project_id": project_id} if project_id else {}
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        columns: dict[str, list[Any]] = {str(f.column): [getattr(row, f.attname) for row in part] for f in fields}
        columns["id"] = [row.pk for row in part]
        columns.pop("created_at", None)
        columns.pop("updated_at", None)
        if made_at is not None:
            moments = list(made_at[start : start + CHUNK])
            columns |= {"created_at": moments, "updated_at": moments}
        bulk.insert(model, columns, same)


@dataclass(slots=True)
class Fact:
    """An event to be written: what `ctx.event` keeps."""

    at: dt.datetime
    name: str
    resource: str
    record_id: int
    customer_id: int | None
    actor: Actor
    data: dict[str, Any]


@dataclass
class Journal:
    """Events in the making; written in the order of their moments."""

    office: Office
    facts: list[Fact] = field(default_factory=list)

    def add(
        self, at: dt.datetime, name: str, resource: str, record_id: int, customer_id: int | None = None,
        actor: Actor = SYSTEM, **data: Any,
    ) -> None:  # fmt: skip
        self.facts.append(Fact(at, name, resource, record_id, customer_id, actor, data))

    def write(self) -> None:
        """Write what was added. Facts of one moment keep their order and count as one command."""
        self.facts.sort(key=lambda fact: fact.at)
        zone = self.office.zone
        commands: dict[tuple[dt.datetime, int | None], uuid.UUID] = {}
        for start in range(0, len(self.facts), CHUNK):
            part = self.facts[start : start + CHUNK]
            bulk.insert(Event, {
                "name": [f.name for f in part], "resource": [f.resource for f in part],
                "record_id": [f.record_id for f in part], "customer_id": [f.customer_id for f in part],
                "actor_kind": [f.actor.kind for f in part], "actor_id": [f.actor.user_id for f in part],
                "actor_name": [f.actor.name for f in part], "at": [f.at for f in part],
                "business_date": [f.at.astimezone(zone).date() for f in part], "data": [f.data for f in part],
                "command_id": [commands.setdefault((f.at, f.customer_id), uuid.uuid4()) for f in part],
            }, {"project_id": self.office.project.pk})  # fmt: skip
        self.facts = []


def update(table: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], project_id: int) -> None:
    """One UPDATE from values. `columns`: (name, type), the first is the id."""
    values = [list(column) for column in zip(*rows, strict=True)]
    if not values:
        return
    names = ", ".join(name for name, _kind in columns)
    arrays = ", ".join(f"%s::{kind}[]" for _name, kind in columns)
    sets = ", ".join(f"{name} = u.{name}" for name, _kind in columns[1:])
    bulk.run(
        f"UPDATE {table} t SET {sets}, updated_at = now() FROM unnest({arrays}) AS u({names})"
        " WHERE t.project_id = %s AND t.id = u.id",
        [*values, project_id],
    )
