"""What a command's input may be at most, from the columns that it is stored in.

An input field that bears the name of a field of the command's record has that column's bounds: they stand in
the API's schema and in the form, and a value beyond them is 422 on that field before anything is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models

from anchang.kernel.errors import DomainError
from anchang.platform import resources
from anchang.platform.inputs import Input, ref_of

#: Numbers from here on may be too large for some column that is computed from them.
_LARGE = 10**9


@lru_cache(maxsize=1000)
def columns_of(kind: type[Input], model: type[models.Model]) -> Mapping[str, models.Field]:
    """Input field -> the column of the same name that limits it: text with a length, numbers."""
    resource = resources.of_model(model)
    found: dict[str, models.Field] = {}
    for name, info in kind.model_fields.items():
        declared = resource.by_name.get(name) if resource else None
        path = declared.path if declared is not None and declared.expr is None else name
        try:
            column = model._meta.get_field(path)
        except FieldDoesNotExist:
            continue
        if ref_of(info) is None and isinstance(column, models.CharField | models.DecimalField | models.IntegerField):
            found[name] = column
    return found


def longest(kind: type[Input], model: type[models.Model], name: str) -> int | None:
    """Most characters of a text."""
    column = columns_of(kind, model).get(name)
    return column.max_length if isinstance(column, models.CharField) else None


def check(kind: type[Input], model: type[models.Model], inputs: Iterable[Any]) -> None:
    """Raises bad_input (422) with too_long or out_of_range on each field that its column can't hold."""
    columns = columns_of(kind, model)
    wrong: dict[str, Any] = {}
    for data in inputs:
        for name, column in columns.items():
            if code := refusal(column, getattr(data, name)):
                wrong.setdefault(name, code)
    if wrong:
        raise DomainError("bad_input", status=422, fields=wrong)


def refusal(column: models.Field, value: Any) -> str:
    """Why the column can't hold the value; empty when it can."""
    if isinstance(column, models.CharField):
        too_long = isinstance(value, str) and column.max_length is not None and len(value) > column.max_length
        return "too_long" if too_long else ""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return ""
    low, high = _range(column)
    return "" if (low is None or value >= low) and (high is None or value <= high) else "out_of_range"


def _range(column: models.Field) -> tuple[Any, Any]:
    if isinstance(column, models.DecimalField):
        places = column.decimal_places or 0
        most = Decimal(10) ** ((column.max_digits or 0) - places) - Decimal(1).scaleb(-places)
        return -most, most
    return connection.ops.integer_field_range(column.get_internal_type())


def in_schema(schema: dict[str, Any], kind: type[Input], model: type[models.Model]) -> None:
    """Say the lengths in the JSON schema of the input."""
    for name in columns_of(kind, model):
        most = longest(kind, model, name)
        part = schema.get("properties", {}).get(name, {})
        for one in (part, *part.get("anyOf", ())):
            if most and one.get("type") == "string" and "pattern" not in one and "enum" not in one:
                one["maxLength"] = min(most, one.get("maxLength", most))


def refused_by_database(data: Any, message: str) -> DomainError:
    """A value that a computed column couldn't hold: the fields that can be meant, by the database's words
    (`value too long for type character varying(50)`, `numeric field overflow`)."""
    length = re.search(r"character varying\((\d+)\)", message)
    fields: dict[str, Any] = {}
    for path, value in _leaves(data):
        if length and isinstance(value, str) and len(value) > int(length[1]):
            fields[path] = "too_long"
        if not length and not isinstance(value, str) and abs(value) >= _LARGE:
            fields[path] = "out_of_range"
    if fields:
        return DomainError("bad_input", status=422, fields=fields)
    return DomainError("database_refused", status=422, constraint="")


def _leaves(data: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    """(path, text or number) of everything that was sent."""
    if isinstance(data, Input):
        data = {name: getattr(data, name) for name in type(data).model_fields}
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif isinstance(data, list | tuple):
        for at, value in enumerate(data):
            yield from _leaves(value, f"{path}.{at}" if path else str(at))
    elif isinstance(data, str | int | float | Decimal) and not isinstance(data, bool):
        if isinstance(data, str) and re.fullmatch(r"-?[\d,]{1,30}(\.\d+)?", data):
            yield path, Decimal(data.replace(",", ""))
        yield path, data
