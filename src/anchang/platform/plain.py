"""Create, edit, delete and restore for plain resources: one declaration is enough for a new business object.

The input of these commands is made from the declaration's form fields; the rows are written in bulk.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, WithJsonSchema, create_model
from pydantic import Field as PydanticField

from anchang.kernel.errors import DomainError
from anchang.platform import commands, resources
from anchang.platform.binning import put_in_bin, restoring
from anchang.platform.commands import Command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Moment, Money, Quantity, Ref
from anchang.platform.models.base import has_bin
from anchang.platform.resources import Field, Resource

_SIMPLE: dict[str, Any] = {
    "int": Annotated[int, PydanticField(ge=-(2**31), lt=2**31)],
    "money": Money,
    "area": Quantity,
    "bool": bool,
    "date": Day,
    "datetime": Moment,
    "json": Any,
}


def complete() -> None:
    """Give every plain resource its commands. Called once, after all declarations are loaded."""
    for resource in resources.all_resources():
        if resource.plain:
            equip(resource)


def equip(resource: Resource) -> None:
    name = resource.name.replace("-", "_")
    model = resource.model
    create = _input(f"{name}_create", resource, "create")
    edit = _input(f"{name}_edit", resource, "edit")
    wanted = [
        Command(f"create_{name}", model, "create", "", "create", _creator(model), create,
                resource.create_label or _("New"), shape="primary"),
        Command(f"edit_{name}", model, "edit", "", "edit", _editor(resource), edit, _("Edit")),
    ]  # fmt: skip
    if has_bin(model):
        wanted.append(
            Command(f"delete_{name}", model, "delete", "", "record", put_in_bin, None, _("Delete"), shape="danger")
        )
        wanted.append(restoring(model, f"restore_{name}"))
    for cmd in wanted:
        if commands.find(resource, cmd.verb) is None:
            commands.add(cmd)


def _input(name: str, resource: Resource, when: str) -> type[Input]:
    """A pydantic model from the form fields. Editing sends only what changes."""
    parts: dict[str, Any] = {}
    if when == "create" and not resource.group_level:
        parts["project"] = (Annotated[Ref("projects"), Label(_("Project"))], None)
    for f in resource.form_fields(when):
        kind = _type(resource, f)
        label = Label(f.label, kind=f.kind, help=f.help, choices=f.choices)
        if f.required and when == "create":
            parts[f.name] = (Annotated[kind, label], ...)
        else:
            parts[f.name] = (Annotated[kind | None, label], None)
    return create_model(name, __base__=Input, **parts)


def _type(resource: Resource, f: Field) -> Any:
    if f.kind == "ref":
        target = resources.ref_target(resource, f)
        return Ref(target.name if target else f.to)
    if f.kind == "choice" and not callable(f.choices):
        values = list(f.choices or {})
        return Annotated[str, PydanticField(json_schema_extra={"enum": [*values]}), _OneOf(values)]
    if f.kind in ("decimal", "percent"):
        return Annotated[Decimal, PydanticField(max_digits=18, decimal_places=4, allow_inf_nan=False),
                         WithJsonSchema({"type": "string", "pattern": r"^-?\d{1,12}(\.\d{1,4})?$"})]  # fmt: skip
    if f.kind in _SIMPLE:
        return _SIMPLE[f.kind]
    column = resource.model._meta.get_field(f.path)
    return Annotated[str, PydanticField(max_length=getattr(column, "max_length", None) or 10_000)]


def _OneOf(values: list[str]) -> Any:


    def check(value: str) -> str:
        if value not in values:
            raise ValueError("bad_choice")
        return value

    return AfterValidator(check)


def _column(model: type[models.Model], name: str) -> str:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        raise DomainError("bad_input", status=422, fields={name: "unknown_field"}) from None
    return name


def _values(model: type[models.Model], data: Input, only_sent: bool) -> dict[str, Any]:
    """Column values of an input; a null for a column that can't be null means its empty value."""
    resource = resources.of_model(model)
    values: dict[str, Any] = {}
    for name in type(data).model_fields:
        if name == "project" or (only_sent and name not in data.model_fields_set):
            continue
        value = getattr(data, name)
        path = resource.by_name[name].path if resource and name in resource.by_name else name
        column: Any = model._meta.get_field(_column(model, path))
        if value is None and not column.null:
            if not (column.blank or column.has_default()):
                raise DomainError("bad_input", status=422, fields={name: "required"})
            value = column.get_default() if column.has_default() else ""
        values[path] = value
    return values


def _creator(model: type[Any]) -> Callable[[Context, list[Any]], list[Any]]:
    def create(ctx: Context, rows: list[Any]) -> list[Any]:
        made = [model(**_values(model, row, only_sent=False)) for row in rows]
        for record in made:
            if hasattr(record, "project_id"):
                record.project = ctx.here
            if hasattr(record, "created_by_id"):
                record.created_by_id = ctx.user_id
        model._default_manager.bulk_create(made, batch_size=1000)
        if ctx.project is not None:
            for record in made:
                ctx.event("record.created", record)
            ctx.index(made, fresh=True)
        return made

    return create


def _editor(resource: Resource) -> Callable[[Context, Any, Any], Any]:
    def edit(ctx: Context, record: Any, data: Any) -> Any:
        locked = {
            name for name in data.model_fields_set
            if ctx.access.field_mode(resource.name, name, [getattr(record, "project_id", 0)])
        }  # fmt: skip
        if locked:
            raise DomainError("bad_input", status=422, fields=dict.fromkeys(locked, "forbidden"))
        changes = _values(type(record), data, only_sent=True)
        if not changes:
            return record
        for column, value in changes.items():
            setattr(record, column, value)
        columns = [*changes, *(["updated_at"] if hasattr(record, "updated_at") else [])]
        record.save(update_fields=columns)
        if ctx.project is not None:
            ctx.event("record.edited", record, fields=", ".join(sorted(data.model_fields_set)))
            ctx.index([record])
        return record

    return edit


