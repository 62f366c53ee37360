"""The form of a parameter: first which one, then its value in the fields that fit it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from anchang.platform import parameters
from anchang.platform.parameters import Declared
from anchang.platform.ui.forms import FormField, made_by
from anchang.platform.wording import key_word

_SPAN = re.compile(r"^\s*(\d{1,2}:\d{2})\s*[-–~]\s*(\d{1,2}:\d{2})\s*$")
_BREAK = re.compile(r"[,，、\n]")


@made_by("set_parameters", "key")
def key_field(f: FormField, given: Mapping[str, Any]) -> FormField:
    """All parameters by what they mean; conditions are set where they belong."""
    known = [(d.key, str(d.label)) for d in parameters.declared() if d.shape != "conditions"]
    return replace(f, kind="select", choices=tuple(sorted(known, key=lambda pair: pair[1])), reloads=True)


@made_by("set_parameters", "value")
def value_field(f: FormField, given: Mapping[str, Any]) -> FormField | None:
    declared = _declared(given.get("key", ""))
    if declared is None or declared.shape == "conditions":
        return None
    help_ = str(declared.help or "")
    return field_of(replace(f, help=help_, default=in_force(declared)), declared)


@made_by("set_city_rules", "values")
def values_field(f: FormField, given: Mapping[str, Any]) -> FormField:
    """A row per parameter, its value in one field: structures are set one by one."""
    known = [(d.key, str(d.label)) for d in parameters.declared() if d.kind != "json"]
    parts = (
        FormField(name="key", label=_("Parameter"), kind="select", choices=tuple(sorted(known, key=lambda p: p[1]))),
        FormField(name="value", label=_("Value"), kind="text"),
    )
    return replace(f, kind="lines", shape="pairs", parts=parts, convert=_each_by_kind)


def _declared(key: Any) -> Declared | None:
    return next((d for d in parameters.declared() if d.key == key), None)


def in_force(declared: Declared) -> Any:
    """What holds today without a narrower scope: where the new value begins."""
    return parameters.value(declared.key, None, timezone.localdate())


def _each_by_kind(values: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, text in values.items():
        declared = _declared(key)
        found[key] = scalar(declared, text) if declared is not None else text
    return found


def scalar(declared: Declared, text: Any) -> Any:
    """A typed text as the value of the parameter; what doesn't fit stays text, and is refused."""
    if not isinstance(text, str):
        return text
    if declared.kind == "int":
        return number(text)
    if declared.kind == "bool":
        return {"true": True, "false": False, _("Yes").lower(): True, _("No").lower(): False}.get(
            text.strip().lower(), text
        )
    if declared.kind == "list":
        return _several(declared.default)(_BREAK.split(text))
    return text.strip()


def number(text: Any) -> Any:
    plain = str(text).replace(",", "").strip()
    return int(plain) if re.fullmatch(r"-?\d{1,12}", plain) else text


# --- the field that fits -------------------------------------------------------------------------


def field_of(f: FormField, declared: Declared) -> FormField:
    """The field or the rows in which the value of this parameter is typed."""
    if declared.kind == "bool":
        words = (("true", _("Yes")), ("false", _("No")))
        shown = {True: "true", False: "false"}.get(f.default, "")
        return replace(f, kind="choice", shape="value", choices=words, default=shown, convert=_by(declared))
    if declared.choices:
        choices = tuple((c, key_word("parameter", c) or _("as it was")) for c in declared.choices)
        return replace(f, kind="select", shape="value", choices=choices)
    if declared.kind in ("int", "decimal"):
        return replace(f, kind="number", shape="value", convert=_by(declared))
    if declared.kind == "text":
        return replace(f, kind="text", shape="value")
    sample = f.default if f.default not in (None, {}, []) else declared.default
    return _structure(f, sample, declared.shape)


def _by(declared: Declared) -> Callable[[Any], Any]:
    return lambda text: scalar(declared, text)


def _structure(f: FormField, sample: Any, shape: str) -> FormField:
    if isinstance(sample, list):
        if any(isinstance(one, Mapping) for one in sample):
            return _table(f, sample)
        return replace(f, kind="textarea", shape="words", convert=_several(sample))
    return _named(f, sample if isinstance(sample, Mapping) else {}, shape)


def _table(f: FormField, sample: list[Any]) -> FormField:
    """Rows of a list of objects: their names are the columns."""
    columns: dict[str, Any] = {}
    for row in sample:
        for name, value in row.items():
            columns.setdefault(name, value)
    parts = tuple(
        FormField(name=name, label=key_word("parameter", name), **_of_value(value)) for name, value in columns.items()
    )
    return replace(f, kind="lines", shape="lines", parts=parts)


def _of_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"kind": "checkbox", "shape": "flag"}
    if isinstance(value, list):
        return {"kind": "text", "shape": "words", "convert": _several(value)}
    if isinstance(value, int):
        return {"kind": "number", "convert": number}
    return {"kind": "text"}


def _named(f: FormField, sample: Mapping[str, Any], shape: str) -> FormField:
    """Rows of a name and its value."""
    values = list(sample.values())
    if shape == "hours":
        convert: Callable[[Any], Any] = hours
    elif any(isinstance(v, list) for v in values):
        convert = _several(next(v for v in values if isinstance(v, list)))
    elif shape == "numbers" or any(isinstance(v, int) for v in values):
        convert = number
    else:
        convert = str
    words = (("key", _("Name")), ("value", _("Value")))
    parts = tuple(FormField(name=name, label=label, kind="text") for name, label in words)
    return replace(
        f, kind="lines", shape="pairs", parts=parts,
        convert=lambda pairs: {name: convert(text) for name, text in pairs.items()},
    )  # fmt: skip


def _several(sample: Any) -> Callable[[Any], list[Any]]:
    whole = bool(sample) and all(isinstance(one, int) for one in sample)

    def read(typed: Any) -> list[Any]:
        parts: Iterable[str] = typed if isinstance(typed, list) else _BREAK.split(str(typed))
        words = [part.strip() for part in parts if part.strip()]
        return [number(word) for word in words] if whole else words

    return read


def hours(text: Any) -> Any:
    """`09:00-12:00，13:00-18:00` as pairs; anything else stays as typed and is refused."""
    spans = [_SPAN.match(part) for part in _BREAK.split(str(text)) if part.strip()]
    return [[span[1], span[2]] for span in spans if span] if all(spans) else text


__all__ = ["field_of", "in_force", "scalar"]
