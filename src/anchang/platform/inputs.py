"""Typed input of commands: the API's body, the flow step's arguments, the generated form.

    class HoldInput(Input):
        customer: Annotated[Ref("customers"), Label(_("Customer"))]
        minutes: Annotated[int | None, Label(_("Minutes")), Between(1, 100000)] = None
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TypeVar, get_args

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic.fields import FieldInfo

from anchang.kernel.errors import DomainError

T = TypeVar("T", bound="Input")
_MONEY = re.compile(r"^-?\d{1,16}(\.\d{1,2})?$")
_KEY = re.compile(r"^[^\x00-\x1f]{1,60}$")
MAX_ID = 2**63 - 1


class Input(BaseModel):
    """Base of every command's input. Text that PostgreSQL can't store (NUL, lone surrogates) is refused."""

    model_config = ConfigDict(arbitrary_types_allowed=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, data: Any) -> Any:
        check_storable(data)
        return data


def check_storable(data: Any) -> None:
    if isinstance(data, str):
        if "\x00" in data or not _encodes(data):
            raise ValueError("bad_characters")
    elif isinstance(data, Mapping):
        for key, value in data.items():
            check_storable(key)
            check_storable(value)
    elif isinstance(data, list | tuple):
        for value in data:
            check_storable(value)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class ConditionOn:
    """The value is a condition on records of this resource. `only` and `without`: which of its fields may stand in it;
    `hops`: the relations that a path may follow (None: every one); `single`: it is asked of one record at a time, so
    that only the record's own fields and those of what it refers to can be used."""

    resource: str
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    hops: tuple[str, ...] | None = None
    single: bool = False

    def allows(self, path: Sequence[str]) -> bool:
        head = path[0]
        if head in self.without or (self.only and head not in self.only):
            return False
        return len(path) < 2 or self.hops is None or head in self.hops


@dataclass(frozen=True, slots=True)
class Label:
    """How a field is shown in a generated form. `kind` as in resources.Field; `secret` never echoed or logged; `rows`:
    an Input whose fields are the columns in which a list of objects is typed, whatever the command reads them as;
    `only`: {field: values} of the same form with which this field has a meaning, and only then is shown; `condition`:
    the form shows the editor of conditions; `pairs`: the names of the two columns in which a mapping of texts is typed;
    `parts`: callable(project_id) -> {name: (label, {value: word})}, the questions that a mapping answers;
    `form` False: for programs and special pages, generated forms leave it out."""

    text: Any
    kind: str = ""
    help: Any = ""
    choices: Any = None  # {value: label} or callable(project_id) -> dict
    secret: bool = False
    rows: type[Any] | None = None
    only: Mapping[str, tuple[str, ...]] | None = None
    condition: ConditionOn | None = None
    pairs: tuple[Any, Any] | None = None
    parts: Callable[[int | None], Mapping[str, tuple[Any, Mapping[str, Any]]]] | None = None
    form: bool = True


@dataclass(frozen=True, slots=True)
class RefTo:
    """The value is a record of this resource, fetched in the caller's scope before the body runs."""

    resource: str


def _as_key(value: Any) -> Any:
    """An id (int or digits), a natural key (project code, plan code), or the `{"id": …}` of an answer."""
    if isinstance(value, Mapping):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("bad_reference")
    if isinstance(value, str):
        value = value.strip()
        if value.isascii() and value.isdigit() and len(value) <= 19:
            value = int(value)
        elif not _KEY.match(value):
            raise ValueError("bad_reference")
    if isinstance(value, int) and not 0 < value <= MAX_ID:
        raise ValueError("bad_reference")
    return value


def Ref(resource: str) -> Any:
    schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1, "maxLength": 60}]}
    return Annotated[Any, BeforeValidator(_as_key), RefTo(resource), WithJsonSchema(schema)]


def _as_money(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("bad_amount")
    text = str(value).strip().replace(",", "")
    if not _MONEY.match(text):
        raise ValueError("bad_amount")
    return Decimal(text).quantize(Decimal("0.01"))


def _positive(value: Any) -> Decimal:
    amount = _as_money(value)
    if amount <= 0:
        raise ValueError("must_be_positive")
    return amount


def _not_negative(value: Any) -> Decimal:
    amount = _as_money(value)
    if amount < 0:
        raise ValueError("must_not_be_negative")
    return amount


_MONEY_SCHEMA = {"type": "string", "pattern": r"^-?\d{1,16}(\.\d{1,2})?$", "examples": ["2696170.00"]}
_AMOUNT_SCHEMA = {"type": "string", "pattern": r"^\d{1,16}(\.\d{1,2})?$", "examples": ["50000.00"]}
#: Yuan with two places, any sign.
Money = Annotated[Decimal, BeforeValidator(_as_money), WithJsonSchema(_MONEY_SCHEMA)]
#: Yuan, above zero.
Amount = Annotated[Decimal, BeforeValidator(_positive), WithJsonSchema(_AMOUNT_SCHEMA)]
#: Yuan or square metres, zero or more.
Quantity = Annotated[Decimal, BeforeValidator(_not_negative), WithJsonSchema(_AMOUNT_SCHEMA)]


def _as_date(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        found: dt.date | None = value
    else:
        try:
            found = dt.date.fromisoformat(str(value).strip()[:10]) if isinstance(value, str) else None
        except ValueError:
            found = None
    if found is None or not 1900 <= found.year <= 2200:
        raise ValueError("bad_date")
    return found


def _as_moment(value: Any) -> Any:
    found = value if isinstance(value, dt.datetime) else None
    if isinstance(value, str):
        try:
            found = parse_datetime(value.strip())
            if found is None and len(value.strip()) == 10:
                found = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            found = None
    if found is None or not 1900 <= found.year <= 2200:
        raise ValueError("bad_datetime")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


Day = Annotated[dt.date, BeforeValidator(_as_date), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[
    dt.datetime, BeforeValidator(_as_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Line = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=50)]
Note = Annotated[str, Field(max_length=2000)]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


def Between(low: int, high: int) -> FieldInfo:
    return Field(ge=low, le=high)


def label_of(info: FieldInfo) -> Label | None:
    return next((m for m in info.metadata if isinstance(m, Label)), None)


def ref_of(info: FieldInfo) -> RefTo | None:
    """The reference marker of a field, also under `| None`."""
    found = next((m for m in info.metadata if isinstance(m, RefTo)), None)
    return found or _ref_inside(info.annotation)


def _ref_inside(annotation: Any) -> RefTo | None:
    for arg in getattr(annotation, "__metadata__", ()):
        if isinstance(arg, RefTo):
            return arg
    for arg in get_args(annotation):
        if found := _ref_inside(arg):
            return found
    return None


def is_ref_list(info: FieldInfo) -> bool:
    return str(info.annotation).startswith("list[") and ref_of(info) is not None


def read_input(cls: type[T], data: Any) -> T:
    """Validate; raises `bad_input` (422) with one code per field."""
    if isinstance(data, cls):
        return data
    try:
        return cls.model_validate(data if data is not None else {})
    except ValidationError as exc:
        raise input_error(exc) from None


_CODES = {
    "missing": "required", "string_too_long": "too_long", "string_too_short": "required",
    "too_long": "too_long", "too_short": "required", "int_parsing": "bad_number", "int_type": "bad_number",
    "greater_than_equal": "out_of_range", "less_than_equal": "out_of_range", "literal_error": "bad_choice",
    "enum": "bad_choice", "bool_parsing": "bad_bool", "list_type": "list_expected",
}  # fmt: skip


def input_error(exc: ValidationError) -> DomainError:
    fields: dict[str, Any] = {}
    for error in exc.errors(include_url=False):
        place = ".".join(str(p) for p in error["loc"] if not str(p).startswith("function-")) or "_"
        cause = error.get("ctx", {}).get("error")
        code = str(cause) if isinstance(cause, ValueError) else _CODES.get(error["type"], "bad_value")
        fields.setdefault(place, code)
    return DomainError("bad_input", status=422, fields=fields)
