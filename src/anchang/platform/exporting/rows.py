"""The rows of an export: the list's filter, order and columns, under `<resource>.export` and field rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from anchang.kernel.errors import DomainError, forbidden
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.documents.sheets import Column, Kind, Sheet
from anchang.platform.models import Project, RevealLog
from anchang.platform.reading import Query
from anchang.platform.resources import Field, Resource

PER_READ = 2000
_KINDS: dict[str, Kind] = {
    "money": "money", "area": "area", "int": "int", "decimal": "money", "percent": "percent", "date": "date",
    "datetime": "datetime",
}  # fmt: skip


@dataclass(frozen=True)
class Revealed:
    """A masked field that whoever holds `permission` may export in full: numbers(ids) -> {id: text}."""

    permission: str
    numbers: Callable[[Sequence[int]], Mapping[int, str]]


_revealed: dict[tuple[str, str], Revealed] = {}


def register_revealed(
    resource: str, field: str, permission: str, numbers: Callable[..., Mapping[int, str]]
) -> None:
    _revealed[resource, field] = Revealed(permission, numbers)


def may_reveal(resource: Resource, access: Access, project_ids: Sequence[int]) -> bool:
    """Whether the list has numbers that the actor may export in full."""
    mine = [one for (name, _field), one in _revealed.items() if name == resource.name]
    return any(access.scope(one.permission, pk) == "project" for one in mine for pk in project_ids)


@dataclass(frozen=True)
class Wanted:
    """What to export. `columns` None: the list's columns; `full` asks for unmasked numbers."""

    where: Any = None
    q: str = ""
    order: str = ""
    columns: tuple[str, ...] | None = None
    full: bool = False

    def as_params(self) -> dict[str, Any]:
        return {"where": self.where, "q": self.q, "order": self.order, "full": self.full,
                "columns": list(self.columns) if self.columns is not None else None}  # fmt: skip

    @classmethod
    def of_params(cls, params: Mapping[str, Any]) -> Wanted:
        columns = params.get("columns")
        return cls(params.get("where"), params.get("q", ""), params.get("order", ""),
                   tuple(columns) if columns is not None else None, bool(params.get("full")))  # fmt: skip


class Export:
    """An export that was checked. `ids` are the rows in order; `sheet` streams them."""

    def __init__(self, resource: Resource, access: Access, project: Project, wanted: Wanted) -> None:
        """Raises forbidden, bad_condition, bad_order, field_not_exported. Runs in an open scope."""
        self.resource, self.access, self.project, self.wanted = resource, access, project, wanted
        right = f"{resource.name}.export"
        if not access.may(right, project.pk):
            raise forbidden(right)
        self.fields = self._fields()
        self.revealed = self._revealed() if wanted.full else {}
        self.ids = self._ids()
        self.number = ""

    def within(self, rows: int, last_id: int, number: str) -> None:
        """Never more than was asked for and approved; `number` stands in the watermark."""
        self.ids = [pk for pk in self.ids if pk <= last_id][:rows]
        self.number = number

    def _fields(self) -> list[Field]:
        seen = reading.visible_fields(self.resource, self.access, (self.project.pk,))
        able = {f.name: f for f in seen if f.value is None and f.kind != "json"}
        if self.wanted.columns is None:
            return [f for f in able.values() if f.list] or list(able.values())
        for name in self.wanted.columns:
            if name not in able:
                raise DomainError(
                    "field_not_exported", status=422, fields={"columns": "unknown_field"}, field=name[:60]
                )
        return [able[name] for name in self.wanted.columns]

    def _revealed(self) -> dict[str, Revealed]:
        """Full numbers need the reveal right on the whole project. Raises forbidden."""
        found = {f.name: _revealed[self.resource.name, f.name] for f in self.fields
                 if (self.resource.name, f.name) in _revealed}  # fmt: skip
        for one in found.values():
            if self.access.scope(one.permission, self.project.pk) != "project":
                raise forbidden(one.permission)
        return found

    def _ids(self) -> list[int]:
        wanted = self.wanted
        query = Query(project_ids=(self.project.pk,), where=wanted.where, q=wanted.q, order=wanted.order)
        rows, project_ids = reading.filtered(self.resource, self.access, query)
        within = reading.reach(self.resource, f"{self.resource.name}.export", self.access, [self.project.pk])
        if within is None:
            return []
        return reading.ids_in_order(
            self.resource, self.access, rows.filter(within), wanted.order, project_ids
        )

    def sheet(self, scope: Callable[[], AbstractContextManager[Any]], seen: Callable[[int], None]) -> Sheet:
        """The rows, read piece by piece inside `scope()`; `seen` is told the count after each piece."""
        columns = [Column(_("No."), "int")] if not self.fields else []
        columns += [Column(force_str(f.label), _KINDS.get(f.kind, "text")) for f in self.fields]
        return Sheet(force_str(self.resource.plural), columns, self._rows(scope, seen), note=self.note())

    def _rows(
        self, scope: Callable[[], AbstractContextManager[Any]], seen: Callable[[int], None]
    ) -> Iterator[list[Any]]:
        done = 0
        for at in range(0, len(self.ids), PER_READ):
            piece = self.ids[at : at + PER_READ]
            with scope():
                items = reading.rows_by_ids(self.resource, self.fields, piece)
                full = {name: one.numbers(piece) for name, one in self.revealed.items()}
                done += len(piece)
                seen(done)
            for item in items:
                yield [
                    full[f.name].get(item["id"], "")
                    if f.name in full
                    else _cell(f, item[f.name], self.project.pk)
                    for f in self.fields
                ]

    def note(self) -> str:
        """The watermark: who took this out, when."""
        now = timezone.localtime()
        return _("%(number)s Exported from %(project)s by %(name)s on %(when)s. Confidential: do not pass on.") % {
            "number": self.number or "—", "project": self.project.name,
            "name": self.access.actor.name or _("the command line"),
            "when": f"{now:%Y-%m-%d %H:%M}",
        }  # fmt: skip

    def log(self, record_id: int | None = None) -> None:
        """Every export is on record with its count and filter, and the full numbers in it as looked at."""
        if self.revealed:
            RevealLog.objects.create(
                project=self.project, kind="phones", resource=self.resource.name, record_id=record_id,
                count=len(self.ids) * len(self.revealed), user_id=self.access.actor.user_id, reason=self.number,
            )  # fmt: skip
        RevealLog.objects.create(
            project=self.project, kind="export", resource=self.resource.name, record_id=record_id,
            count=len(self.ids), user_id=self.access.actor.user_id, reason=self._reason(),
        )  # fmt: skip

    def _reason(self) -> str:
        said = [self.number, str(self.wanted.where or ""), self.wanted.q, "full" if self.revealed else ""]
        return " ".join(filter(None, said))[:200]


def _cell(f: Field, value: Any, project_id: int) -> Any:
    """A value of a list's answer as a cell."""
    if value is None or value == "":
        return None
    if f.kind == "ref":
        return value["label"]
    if f.kind == "many":
        return "、".join(str(one["label"]) for one in value)
    if f.kind == "choice":
        return force_str(resources.choices_of(f, project_id).get(value, value))
    if f.kind == "bool":
        return _("Yes") if value else _("No")
    if f.kind in ("money", "area", "decimal", "percent"):
        return Decimal(value)
    if f.kind == "date":
        return dt.date.fromisoformat(value)
    if f.kind == "datetime":
        found = parse_datetime(value)
        return timezone.localtime(found) if found is not None and timezone.is_aware(found) else found
    return value
