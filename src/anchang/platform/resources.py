"""Resource (对象): one kind of record, declared once.

From the declaration come the list, the record page, forms, the REST API, import, export, search and
permissions. Everything is opt-in: a field that isn't declared doesn't exist outside its app.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.expressions import BaseExpression

from anchang.platform import several
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel

KINDS = (
    "text", "longtext", "int", "money", "area", "decimal", "percent", "bool", "date", "datetime",
    "choice", "ref", "phone", "json", "many",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Through:
    """Several records of another kind on one (tags of a customer): `model` holds a row per pair, whose key `mine`
    leads to this record and whose key `other` to the other one; `label` is the path of the other's words."""

    model: type[models.Model]
    mine: str
    other: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a resource.

    source   ORM path (default: the name); crosses to-one relations with `__`.
    expr     a Django expression instead of a path: computed in SQL, can be listed, filtered and sorted.
    value    `value(ids) -> {id: JSON value}`: read for a whole page at once (lines, phones, counts). Can't be
             filtered, sorted or exported. With kind `many`: [{"id", "label", "resource"?}], which pages link.
    kind     text longtext int money area decimal percent bool date datetime choice ref phone json many;
             found from the model when not given.
    to       for `ref`/`many`: the resource referred to; found from the model when not given. For `json`: the
             resource that the condition in it is about, so that pages can word it.
    list     shown in lists by default; `detail`: shown on the record page.
    filter, sort   may be used in conditions / order (both need the right to read the field).
    form     "create", "edit", "both" or "": in which generated form it stands. States never do.
    required in the create form; found from the model (no default, not blank) when None.
    sum      lists show its sum in the footer.
    section  a heading among the facts; its words are said by `wording.say_keys(section={…})`.
    through  for `many`: the rows that hold the pairs; such a field is listed, filtered, sorted and exported.
    words    words(value) -> text: how pages say a structured or coded value; the API gives the value itself.
    choices  value -> label, when the model has none (dictionaries: a callable(project_id) -> dict).
    """

    name: str
    label: Any = None
    source: str = ""
    expr: BaseExpression | None = None
    kind: str = ""
    to: str = ""
    list: bool = False
    detail: bool = True
    filter: bool = True
    sort: bool = True
    form: str = ""
    required: bool | None = None
    sum: bool = False
    help: Any = ""
    choices: Mapping[str, Any] | Callable[[int | None], Mapping[str, Any]] | None = None
    value: Callable[[Sequence[int]], Mapping[int, Any]] | None = None
    words: Callable[[Any], str] | None = None
    nullable: bool = True
    section: str = ""
    through: Through | None = None

    @property
    def path(self) -> str:
        return self.source or self.name


@dataclass(frozen=True, slots=True)
class Related:
    """Records of another resource that belong to this one: a tab on the record page.

    `field` is the other resource's field that refers to this record.
    """

    resource: str
    field: str
    label: Any = None


@dataclass(frozen=True, slots=True)
class Kanban:
    """Lists can be shown as columns by this choice field. `moves`: value -> verb of the command that leads there,
    for cards that are dropped on its column."""

    by: str
    moves: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Lists can be shown by day of this date or moment. `title`: the field that names a record there."""

    by: str
    title: str = ""


@dataclass(frozen=True)
class Resource:
    """A kind of record. `name` is the plural used in URLs (`follow-ups`)."""

    name: str
    model: type[models.Model]
    label: Any
    plural: Any
    fields: tuple[Field, ...]
    label_field: str = "name"  # a Field's name: how a reference to a record reads
    area: str = ""  # the menu group; empty: not in the menu
    icon: str = ""
    owner: str | None = None  # ORM path of the user who owns a row (scope own)
    team: str | None = None  # ORM path of the team (scope team)
    search: tuple[str, ...] = ()  # fields whose text is found by search
    search_through: tuple[str, ...] = ()  # `ref` fields: also found by what finds the record referred to
    search_as: str = ""  # of a proxy: the resource under which its rows are indexed
    order: str = "-id"
    related: tuple[Related, ...] = ()
    state_field: str = ""
    kanban: Kanban | None = None
    calendar: Calendar | None = None
    # A plain object is created, edited and deleted by the platform's own commands; `creates`/`edits` say
    # on which verbs. A resource whose writes need rules registers commands for the verbs instead.
    plain: bool = False
    group_level: bool = False  # rows of the group (companies, users): no project column
    create_label: Any = None
    menu_order: int = 100
    keeps_deleted: bool = True  # deleting means the recycle bin
    extra_tokens: Callable[[Sequence[Any]], Mapping[int, list[str]]] | None = field(default=None, compare=False)
    # group_level only: which rows the actor may see; default all for whoever holds the permission
    group_reach: Callable[[Any], Any] | None = field(default=None, compare=False)
    key_field: str = ""  # a natural key (`code`) by which references may name a record
    # story(record) -> events that its timeline tells beside its own, of objects that the reader may view
    story: Callable[[Any], models.Q] | None = field(default=None, compare=False)

    @property
    def by_tokens(self) -> bool:
        """Whether its lists are searched by the tokens of search."""
        return bool(self.search or self.search_through)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {f.name: f for f in self.fields}

    @property
    def is_project_row(self) -> bool:
        return not self.group_level

    def form_fields(self, when: str) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.form in (when, "both"))


_registry: dict[str, Resource] = {}
_by_model: dict[type[models.Model], str] = {}


def register(resource: Resource) -> Resource:
    """Complete the declaration from the model and put it on the register. Errors surface at start-up."""
    done = replace(resource, fields=tuple(_completed(resource, f) for f in resource.fields))
    if done.name in _registry:
        raise ValueError(f"resource {done.name} is registered twice")
    _registry[done.name] = done
    _by_model.setdefault(done.model, done.name)
    return done


def get(name: str) -> Resource:
    return _registry[name]


def find(name: str) -> Resource | None:
    return _registry.get(name)


def of_model(model: type[models.Model]) -> Resource | None:
    name = _by_model.get(model)
    return _registry[name] if name else None


def all_resources() -> list[Resource]:
    return list(_registry.values())


def forget(name: str) -> None:
    """Take a run-time object off the register (the studio's and tests' use)."""
    gone = _registry.pop(name, None)
    if gone is not None and _by_model.get(gone.model) == name:
        del _by_model[gone.model]


def _model_field(model: type[models.Model], path: str) -> models.Field | None:
    found: Any = None
    for part in path.split("__"):
        try:
            found = model._meta.get_field(part)
        except FieldDoesNotExist:
            return None
        model = found.related_model or model
    return found


_KIND_OF: tuple[tuple[type[models.Field], str], ...] = (
    (models.ForeignKey, "ref"),
    (models.TextField, "longtext"),
    (models.BooleanField, "bool"),
    (models.DateTimeField, "datetime"),
    (models.DateField, "date"),
    (models.DecimalField, "money"),
    (models.JSONField, "json"),
    (models.IntegerField, "int"),
    (models.CharField, "text"),
)


def _completed(resource: Resource, f: Field) -> Field:
    """Fill label, kind, nullability and target from the model, so that each is said once."""
    if f.value is not None:
        return replace(f, kind=f.kind or "json", filter=False, sort=False, label=f.label or f.name)
    if f.through is not None:
        return replace(f, kind="many", expr=several.listed(f.through), label=f.label or f.name)
    if f.expr is not None:
        if not f.kind:
            raise ValueError(f"{resource.name}.{f.name}: a computed field needs its kind")
        return replace(f, label=f.label or f.name)
    column = _model_field(resource.model, f.path)
    if column is None:
        raise ValueError(f"{resource.name}.{f.name}: {resource.model.__name__} has no field {f.path}")
    kind = f.kind or _kind_of(column)
    changes: dict[str, Any] = {
        "kind": kind,
        "label": f.label if f.label is not None else column.verbose_name,
        "nullable": bool(getattr(column, "null", True)) or "__" in f.path,
        "help": f.help or getattr(column, "help_text", ""),
    }
    if f.required is None:
        changes["required"] = (
            not column.blank and not column.has_default() and not column.null and kind != "bool"
        )
    if kind == "choice" and f.choices is None:
        changes["choices"] = dict(column.flatchoices)
    return replace(f, **changes)


def _kind_of(column: models.Field) -> str:
    if getattr(column, "choices", None):
        return "choice"
    for cls, kind in _KIND_OF:
        if isinstance(column, cls):
            return kind
    return "text"


def ref_target(resource: Resource, f: Field) -> Resource | None:
    """The resource that a `ref` field points to; known once every app has declared its own."""
    if f.to:
        return _registry.get(f.to)
    column = _model_field(resource.model, f.path)
    related = getattr(column, "related_model", None)
    return of_model(related) if related else None


def choices_of(f: Field, project_id: int | None = None) -> Mapping[str, Any]:
    if f.choices is None:
        return {}
    return f.choices(project_id) if callable(f.choices) else f.choices


def problems() -> list[str]:
    """What is wrong with the declarations, for the start-up check."""
    found = []
    for resource in _registry.values():
        label = resource.by_name.get(resource.label_field)
        if label is None:
            found.append(f"{resource.name}: label_field {resource.label_field} is not declared")
        for name in resource.search:
            if name not in resource.by_name:
                found.append(f"{resource.name}: search field {name} is not declared")
        if resource.order.lstrip("-") not in {"id", *resource.by_name}:
            found.append(f"{resource.name}: order {resource.order} is not declared")
        for f in resource.fields:
            if f.kind == "ref" and ref_target(resource, f) is None:
                found.append(f"{resource.name}.{f.name}: refers to a model without a resource")
        if resource.is_project_row and not issubclass(resource.model, ProjectModel | ProjectFact):
            found.append(f"{resource.name}: rows of a project need ProjectModel")
        for shape in (resource.kanban, resource.calendar):
            if shape is not None and shape.by not in resource.by_name:
                found.append(f"{resource.name}: {shape.by} of a list's shape is not declared")
        for rel in resource.related:
            target = _registry.get(rel.resource)
            if target is None or rel.field not in target.by_name:
                found.append(f"{resource.name}: related {rel.resource}.{rel.field} is not declared")
    return found


__all__ = [
    "Calendar", "Field", "Kanban", "ProjectKey", "Related", "Resource", "Through", "all_resources", "choices_of",
    "find", "forget", "get", "of_model", "problems", "ref_target", "register",
]  # fmt: skip
