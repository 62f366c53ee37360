"""Reads of resources: one place for lists, single records, references, counts and exports.

Every read is: the projects asked for, inside the actor's reach of `<resource>.view`, with only the fields
that the actor may see. Row-level security stands behind it.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language

from anchang.kernel.errors import DomainError, forbidden, not_found
from anchang.platform import conditions, resources, search, several, statements
from anchang.platform.access import Access
from anchang.platform.inputs import check_storable
from anchang.platform.models import Project
from anchang.platform.models.base import has_bin
from anchang.platform.parameters import request_stamp
from anchang.platform.reaching import reach
from anchang.platform.resources import Field, Resource

MAX_LIMIT = 200


@dataclass(frozen=True)
class Query:
    """What a list is asked for. `columns` None: every field that the actor may see."""

    project_ids: tuple[int, ...] | None = None
    where: Any = None
    q: str = ""
    order: str = ""
    limit: int = 50
    cursor: str | None = None
    columns: tuple[str, ...] | None = None
    count: bool = False
    deleted: bool = False  # the recycle bin instead of the living rows
    extra: Q | None = None


@dataclass(frozen=True)
class Page:
    items: list[dict[str, Any]]
    next: str | None = None
    count: int | None = None
    fields: tuple[Field, ...] = field(default=())


# --- fields --------------------------------------------------------------------------------------


def visible_fields(
    resource: Resource, access: Access, project_ids: Sequence[int], columns: Sequence[str] | None = None
) -> tuple[Field, ...]:
    """The declared fields that the actor may read in these projects, in declared order."""
    if columns is None and not any(resource.name in access.rules.get(p, ()) for p in project_ids):
        return resource.fields
    found = [
        f for f in resource.fields
        if (columns is None or f.name in columns)
        and access.field_mode(resource.name, f.name, project_ids) != "hide"
    ]  # fmt: skip
    return tuple(found)


# --- projects ------------------------------------------------------------------------------------

_projects: dict[int, Project] = {}
_projects_stamp = -1


def projects_by_id() -> dict[int, Project]:
    """All projects, read again when the configuration's stamp moves."""
    global _projects_stamp
    stamp = request_stamp()
    if stamp != _projects_stamp:
        _projects.clear()
        _projects.update({p.pk: p for p in Project.objects.all()})
        _projects_stamp = stamp
    return _projects


def project_by_key(key: Any) -> Project | None:
    """By id or code."""
    if isinstance(key, Project):
        return key
    found = projects_by_id()
    if isinstance(key, int) and key in found:
        return found[key]
    return next((p for p in found.values() if p.code == str(key)), None)


def projects_asked(access: Access, key: str | None) -> tuple[int, ...]:
    """The actor's projects, or the one named. Raises not_found for one out of scope."""
    if not key:
        return access.project_ids
    project = project_by_key(int(key) if key.isascii() and key.isdigit() and len(key) < 19 else key)
    if project is None and key.isdigit():
        project = project_by_key(key)
    if project is None or project.pk not in access.rights:
        raise not_found()
    return (project.pk,)


# --- lists ---------------------------------------------------------------------------------------


def list_rows(resource: Resource, access: Access, query: Query) -> Page:
    """One page of a list. Raises forbidden, bad_condition, bad_order, bad_cursor."""
    rows, project_ids = filtered(resource, access, query)
    fields = visible_fields(resource, access, project_ids, query.columns)
    limit = max(1, min(query.limit, MAX_LIMIT))
    key, path, descending = _order(resource, access, query.order, project_ids)
    sliced = _sorted(rows, path, descending, key)
    after = _read_cursor(query.cursor, query.order or resource.order)
    if after:
        sliced = sliced.filter(_beyond(path, key, descending, after))
    found = _first_ids(sliced, resource, project_ids, path, descending, limit + 1)
    ids = [i for i, _ in found[:limit]]
    items = rows_by_ids(resource, fields, ids)
    more = len(found) > limit
    cursor = _write_cursor(query.order or resource.order, found[limit - 1]) if more else None
    count = rows.count() if query.count else None
    return Page(items, cursor, count, fields)


def filtered(resource: Resource, access: Access, query: Query) -> tuple[QuerySet, tuple[int, ...]]:
    """The rows before order and limit, and the projects they come from. The recycle bin is for those who may bring
    back."""
    right = f"{resource.name}.restore" if query.deleted else f"{resource.name}.view"
    asked = query.project_ids if query.project_ids is not None else access.project_ids
    project_ids = tuple(p for p in asked if access.may(right, p))
    if not project_ids and not (resource.group_level and access.may(right)):
        raise forbidden(right)
    within = reach(resource, right, access, project_ids)
    rows = resource.model._default_manager.all()
    if within is None:
        return rows.none(), project_ids
    if query.deleted:
        rows = resource.model._base_manager.filter(deleted_at__isnull=False) if has_bin(resource.model) else rows.none()
    rows = rows.filter(within)
    if query.extra is not None:
        rows = rows.filter(query.extra)
    if query.where:
        node = conditions.parse(query.where)
        q, notes = conditions.compile_condition(node, resource, access, project_ids, timezone.now())
        rows = rows.annotate(**notes).filter(q) if notes else rows.filter(q)
    if query.q.strip():
        found = search.matches(resource, query.q, project_ids, access)
        rows = rows.none() if found is None else rows.filter(found)
    return rows, project_ids


def _order(
    resource: Resource, access: Access, order: str, project_ids: tuple[int, ...]
) -> tuple[Field | None, Any, bool]:
    """(field, ORM path or expression, descending). A field that may not be read can't be sorted by."""
    asked = bool(order)
    order = order or resource.order
    descending, name = order.startswith("-"), order.lstrip("-")
    f = resource.by_name.get(name)
    if f is not None and not asked and access.field_mode(resource.name, name, project_ids) == "hide":
        return None, "pk", True  # the usual order would tell something about a field that is hidden here
    if name == "id":
        return None, "pk", descending
    if f is None or not f.sort or access.field_mode(resource.name, name, project_ids) == "hide":
        raise DomainError("bad_order", status=422, fields={"order": "unknown_field"}, field=name[:60])
    if f.through is not None:
        return f, several.joined(f.through), descending
    if f.expr is not None:
        return f, f.expr, descending
    if f.kind == "ref":
        target = resources.ref_target(resource, f)
        if target is not None:
            return f, f"{f.path}__{target.by_name[target.label_field].path}", descending
    return f, f.path, descending


def _sorted(rows: QuerySet, path: Any, descending: bool, key: Field | None) -> QuerySet:
    if path == "pk":
        return rows.order_by("-pk" if descending else "pk")
    rows = rows.annotate(_key=F(path) if isinstance(path, str) else path)
    if key is not None and key.nullable:
        first = F("_key").desc(nulls_last=True) if descending else F("_key").asc(nulls_last=True)
        return rows.order_by(first, "-pk" if descending else "pk")
    sign = "-" if descending else ""
    return rows.order_by(f"{sign}_key", f"{sign}pk")


def _beyond(path: Any, key: Field | None, descending: bool, after: tuple[Any, int]) -> Q:
    """Keyset: strictly after (value, id); nulls stand last in both directions."""
    op = "lt" if descending else "gt"
    value, last_id = after
    if path == "pk":
        return Q(**{f"pk__{op}": last_id})
    if value is None:
        return Q(_key__isnull=True, **{f"pk__{op}": last_id})
    if key is not None and key.kind not in ("ref", "text", "many"):
        value = conditions.values.typed(key, value)
    q = Q(**{f"_key__{op}": value}) | Q(_key=value, **{f"pk__{op}": last_id})
    return q | Q(_key__isnull=True) if key is not None and key.nullable else q


def _first_ids(
    rows: QuerySet, resource: Resource, project_ids: tuple[int, ...], path: Any, descending: bool, limit: int
) -> list[tuple[int, Any]]:
    """(id, sort key) of the first rows. Several projects: the first of each, merged, so that every one
    uses its index; one sorted scan over all of them can't."""
    columns = ("pk",) if path == "pk" else ("pk", "_key")
    if resource.group_level or len(project_ids) < 2:
        found = list(rows.values_list(*columns)[:limit])
    else:
        parts = [rows.filter(project_id=p).values_list(*columns)[:limit] for p in project_ids]
        found = [row for part in parts for row in part] if len(parts) < 3 else list(
            parts[0].union(*parts[1:], all=True)
        )
        found.sort(key=lambda r: _sort_key(r, descending), reverse=descending)
        found = found[:limit]
    return [(row[0], row[1] if len(row) > 1 else None) for row in found]


def _sort_key(row: tuple[Any, ...], descending: bool) -> tuple[Any, ...]:
    if len(row) == 1:
        return (row[0],)
    empty = row[1] is None
    # Nulls last in both directions; `reverse` turns everything around when descending.
    return (empty is not descending, "" if empty else row[1], row[0])


def first_of_each(
    resource: Resource, access: Access, query: Query, f: Field, values: Sequence[str], limit: int
) -> dict[str, list[int]]:
    """Value of a choice field -> ids of its first rows in the list's order, all in one statement."""
    rows, project_ids = filtered(resource, access, query)
    key, path, descending = _order(resource, access, query.order, project_ids)
    found: dict[str, list[int]] = {value: [] for value in values}
    parts = [
        _sorted(rows.filter(**{f.path: value}), path, descending, key)
        .annotate(_of=models.Value(value, output_field=models.TextField()))
        .values_list("_of", "pk")[:limit]
        for value in values
    ]
    if parts:
        for value, pk in parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]:
            found[value].append(pk)
    return found


def ids_in_order(
    resource: Resource, access: Access, rows: QuerySet, order: str, project_ids: tuple[int, ...]
) -> list[int]:
    """Ids of all these rows in the list's order: for exports. Raises bad_order."""
    key, path, descending = _order(resource, access, order, project_ids)
    return list(_sorted(rows, path, descending, key).values_list("pk", flat=True))


def _write_cursor(order: str, last: tuple[int, Any]) -> str:
    text = json.dumps([order, plain(last[1]), last[0]], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None, order: str) -> tuple[Any, int] | None:
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        was, value, last_id = json.loads(base64.urlsafe_b64decode(padded.encode()))
        if was != order or not isinstance(last_id, int) or isinstance(value, list | dict):
            raise ValueError
        check_storable(value)
    except (ValueError, TypeError, UnicodeError):
        raise DomainError("bad_cursor", status=422, fields={"cursor": "bad_cursor"}) from None
    return value, last_id


# --- records -------------------------------------------------------------------------------------


def get_row(resource: Resource, access: Access, record_id: Any) -> dict[str, Any]:
    """One record with every field that the actor may see; not_found when out of scope."""
    within = reach(resource, f"{resource.name}.view", access)
    if within is None:
        access.require(f"{resource.name}.view")
        raise not_found()  # he may, but on no row at all: an own scope on rows that nobody owns
    rows = resource.model._default_manager.filter(within, pk=record_id)
    column = "pk" if resource.group_level else "project_id"
    found = rows.values_list(column, flat=True).first()
    if found is None:
        raise not_found()
    project_ids = access.project_ids if resource.group_level else (found,)
    items = rows_by_ids(resource, visible_fields(resource, access, project_ids), [record_id])
    return items[0]


def get_record(resource: Resource, access: Access, record_id: Any, permission: str = "") -> Any:
    """The model instance, in the reach of `permission` (default view); not_found when out of scope."""
    within = reach(resource, permission or f"{resource.name}.view", access)
    found = None
    if within is not None:
        found = resource.model._default_manager.filter(within, pk=record_id).first()
    if found is None:
        raise not_found()
    return found


def answer(resource: Resource, access: Access, record: Any) -> dict[str, Any]:
    """How a record that a command returned is shown: without asking for `view` on the row again, because the
    actor has just written it; hidden fields stay hidden."""
    project_ids = access.project_ids if resource.group_level else (record.project_id,)
    items = rows_by_ids(resource, visible_fields(resource, access, project_ids), [record.pk])
    return items[0] if items else {"id": record.pk}


def rows_by_ids(resource: Resource, fields: Sequence[Field], ids: Sequence[int]) -> list[dict[str, Any]]:
    """These rows, in this order: one query, plus one for each field that reads its page by itself."""
    if not ids:
        return []
    bulk = {f.name: f.value(ids) for f in fields if f.value is not None and f.expr is None}
    labels = {} if resource.group_level else projects_by_id()
    rows = _reader(resource, tuple(fields)).rows(ids)
    found = {row[0]: _as_dict(resource, fields, row, bulk, labels) for row in rows}
    return [found[i] for i in ids if i in found]


@dataclass(frozen=True, slots=True)
class _Reader:
    """The statement that reads given fields of given rows, as the ORM compiled it once. `values` go with it; the
    ids stand at `ids_at`. `convert`: column -> functions that make its Python value."""

    resource: Resource
    sql: str
    values: tuple[Any, ...]
    ids_at: int
    convert: tuple[tuple[int, tuple[Callable[..., Any], ...], Any], ...]

    def rows(self, ids: Sequence[int]) -> Iterable[Sequence[Any]]:
        values = [*self.values]
        values[self.ids_at] = statements.id_list(ids)
        if len(values) == 1:
            rows = statements.fetch(self.sql, values)
        else:  # values inside expressions need the types that Django writes
            with connection.cursor() as cursor:
                cursor.execute(self.sql, values)
                rows = cursor.fetchall()
        return [self._converted(row) for row in rows] if self.convert else rows

    def _converted(self, row: tuple[Any, ...]) -> Sequence[Any]:
        done = list(row)
        for at, functions, expression in self.convert:
            for function in functions:
                done[at] = function(done[at], expression, connection)
        return done


_readers: dict[tuple[Any, ...], _Reader] = {}
_NO_ID = -(2**62)


def _reader(resource: Resource, fields: tuple[Field, ...]) -> _Reader:
    key = (resource.name, get_language(), *[f.name for f in fields])
    found = _readers.get(key)
    if found is None or found.resource is not resource:
        if len(_readers) > 500:
            _readers.clear()
        found = _readers[key] = _compile(resource, fields)
    return found


def _compile(resource: Resource, fields: tuple[Field, ...]) -> _Reader:
    notes, columns = _columns(resource, fields)
    rows = resource.model._base_manager.filter(pk__in=[_NO_ID]).annotate(**notes).values_list(*columns)
    compiler = rows.query.get_compiler(rows.db)
    sql, values = compiler.as_sql()
    asked = f'"{resource.model._meta.db_table}"."{resource.model._meta.pk.column}" IN (%s)'
    if sql.count(asked) != 1:
        raise LookupError(f"{resource.name}: its rows can't be read by id")
    sql = sql.replace(asked, asked.replace("IN (%s)", "= ANY(%s::bigint[])"))
    ids_at = list(values).index(_NO_ID)
    converters = compiler.get_converters([s[0] for s in compiler.select[: compiler.col_count]])
    convert = tuple((i, tuple(functions), expression) for i, (functions, expression) in converters.items())
    return _Reader(resource, sql, tuple(values), ids_at, convert)


def _columns(resource: Resource, fields: Sequence[Field]) -> tuple[dict[str, Any], list[str]]:
    notes: dict[str, Any] = {}
    columns = ["pk", "version" if _has_version(resource) else "pk"]
    columns.append("pk" if resource.group_level else "project_id")
    for f in fields:
        if f.expr is not None:
            notes[f"_{f.name}"] = f.expr
            columns.append(f"_{f.name}")
        elif f.value is not None:
            continue
        elif f.kind == "ref":
            target = resources.ref_target(resource, f)
            columns.append(f"{f.path}_id")
            columns.append(f"{f.path}__{target.by_name[target.label_field].path}" if target else f"{f.path}_id")
        else:
            columns.append(f.path)
    return notes, columns


def _has_version(resource: Resource) -> bool:
    return any(f.name == "version" for f in resource.model._meta.concrete_fields)


def _as_dict(
    resource: Resource, fields: Sequence[Field], row: Sequence[Any], bulk: Mapping[str, Mapping[int, Any]],
    labels: Mapping[int, Project],
) -> dict[str, Any]:  # fmt: skip
    item: dict[str, Any] = {"id": row[0]}
    if _has_version(resource):
        item["version"] = row[1]
    if not resource.group_level:
        project = labels.get(row[2])
        item["project"] = {"id": row[2], "label": project.name if project else str(row[2])}
    at = 3
    for f in fields:
        if f.name in bulk:
            item[f.name] = bulk[f.name].get(row[0])
        elif f.kind == "ref" and f.expr is None:
            told = "–" if row[at + 1] is None else str(row[at + 1])
            item[f.name] = None if row[at] is None else {"id": row[at], "label": told}
            at += 2
        else:
            item[f.name] = plain(row[at], f.kind)
            at += 1
    return item


def plain(value: Any, kind: str = "") -> Any:
    """A value as JSON: money and areas as strings with two places, times ISO 8601 with offset."""
    if isinstance(value, Decimal):
        return _decimal(value, kind)
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).isoformat() if timezone.is_aware(value) else value.isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Promise):
        return str(value)
    return value


def _decimal(value: Decimal, kind: str) -> str:
    if kind in ("money", "area"):
        return f"{value:.2f}"
    whole = kind != "percent" and value == value.to_integral()
    return format(value.quantize(Decimal(1)) if whole else value, "f")


def jsonable(value: Any) -> Any:
    """`default=` of json.dumps."""
    found = plain(value)
    if found is value:
        raise TypeError(f"{type(value).__name__} is not JSON")
    return found


# --- references ----------------------------------------------------------------------------------


def fetch_refs(name: str, keys: Iterable[Any], access: Access, project: Project | None) -> dict[Any, Any]:
    """key -> record, for ids and natural keys, inside the actor's reach (and the project, when there is one)."""
    resource = resources.get(name)
    if resource.model is Project:
        found = {k: project_by_key(k) for k in keys}
        return {k: p for k, p in found.items() if p is not None and p.pk in access.rights}
    only = None if resource.group_level or project is None else [project.pk]
    within = reach(resource, f"{resource.name}.view", access, only)
    if within is None:
        return {}
    ids = [k for k in keys if isinstance(k, int)]
    names = [k for k in keys if isinstance(k, str)]
    manager: models.Manager = resource.model._default_manager
    found_rows: dict[Any, Any] = {}
    if ids:
        found_rows.update({r.pk: r for r in manager.filter(within, pk__in=ids)})
    if names and resource.key_field:
        rows = manager.filter(within, **{f"{resource.key_field}__in": names})
        found_rows.update({getattr(r, resource.key_field): r for r in rows})
    return found_rows
