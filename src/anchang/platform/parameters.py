"""Dated parameters with scope (E17): no rate, limit or period is a constant in business code.

    HOLD_MINUTES = declare("deals.hold_minutes", default=120, kind="int", label=_("Minutes of a hold"))
    ctx.param("deals.hold_minutes")

The most narrow scope wins (project, city, company, group), then the latest `valid_from` not after the day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from anchang.platform.models import ConfigStamp, Parameter, Project
from anchang.platform.stamp import seen_stamp


@dataclass(frozen=True, slots=True)
class Declared:
    key: str
    default: Any
    kind: str  # int, decimal, bool, text, choice, list, json
    label: Any
    help: Any = ""
    choices: tuple[str, ...] = ()
    shape: str = ""  # of a structure whose default doesn't show it: numbers, texts (by name), hours, conditions


_declared: dict[str, Declared] = {}
_values: dict[str, list[tuple[int, dt.date, Any, int | None, int | None, str]]] = {}
_stamp: int | None = None


def declare(
    key: str, default: Any, kind: str, label: Any, help: Any = "", choices: Iterable[str] = (), shape: str = ""
) -> Declared:
    """Put a parameter on the register; the default holds where no row says otherwise."""
    found = _declared[key] = Declared(key, default, kind, label, help, tuple(choices), shape)
    return found


def declared() -> list[Declared]:
    return sorted(_declared.values(), key=lambda d: d.key)


_DECIMAL = re.compile(r"^-?\d{1,12}(\.\d{1,8})?$")
_FITS: dict[str, Callable[[Any], bool]] = {
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool) and abs(v) < 10**9,
    "decimal": lambda v: isinstance(v, str | int) and not isinstance(v, bool) and bool(_DECIMAL.match(str(v))),
    "bool": lambda v: isinstance(v, bool),
    "text": lambda v: isinstance(v, str),
    "choice": lambda v: isinstance(v, str),
    "list": lambda v: isinstance(v, list),
}


def fits(one: Declared, content: Any) -> bool:
    """Whether the value is of the parameter's kind. A whole structure (`json`) keeps the kind of its default."""
    if content is None:
        return one.default is None
    if one.choices and content not in one.choices:
        return False
    if one.kind == "json":
        return one.default is None or type(content) is type(one.default)
    return _FITS[one.kind](content) if one.kind in _FITS else True


def value(key: str, project: Project | None, day: dt.date) -> Any:
    """The value for the project on that day."""
    _refresh()
    best: tuple[int, dt.date] | None = None
    found = _declared[key].default
    for width, since, content, company_id, project_id, city in _values.get(key, ()):
        if since > day or (project_id and (project is None or project_id != project.pk)):
            continue
        if company_id and (project is None or company_id != project.company_id):
            continue
        if city and (project is None or city != project.city):
            continue
        if best is None or (width, since) > best:
            best, found = (width, since), content
    return found


def _refresh() -> None:
    """Read all rows again when the configuration's stamp moved (one cheap query per request at most)."""
    global _stamp
    stamp = request_stamp()
    if stamp == _stamp:
        return
    fresh: dict[str, list[tuple[int, dt.date, Any, int | None, int | None, str]]] = {}
    for row in Parameter.objects.all():
        width = 4 if row.project_id else 3 if row.city else 2 if row.company_id else 1
        fresh.setdefault(row.key, []).append(
            (width, row.valid_from, row.value, row.company_id, row.project_id, row.city)
        )
    _values.clear()
    _values.update(fresh)
    _stamp = stamp


def request_stamp() -> int:
    """The stamp that this request or job saw at its start, else the current one."""
    return seen_stamp() or ConfigStamp.objects.values_list("value", flat=True).first() or 0
