"""What happened, in a sentence: the words of an event, with the fields that it names by their labels."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from anchang.platform import resources
from anchang.platform.resources import Resource
from anchang.platform.wording import key_word, knows, say_keys, worded

say_keys(actor={"system": _("System"), "buyer": _("Customer (online choice)")})

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_AMOUNT = re.compile(r"-?\d{4,}\.\d\d")


def event_text(name: str, data: Mapping[str, Any], resource: str = "") -> str:
    """The sentence of an event in the active language. `resource`: whose fields `data["fields"]` names."""
    found = resources.find(resource)
    named = data.get("fields")
    if found is not None and isinstance(named, str):
        labels = (found.by_name[n].label if n in found.by_name else n for n in named.split(", "))
        data = {**data, "fields": ", ".join(str(label) for label in labels)}
    told = _named(found, data) if found else data
    return worded(_code(name, data), {key: _readable(value) for key, value in told.items()})


def _code(name: str, data: Mapping[str, Any]) -> str:
    """`event.NAME`, or its form for a move that has nothing before it (`.first`) or after it (`.none`)."""
    for key, form in (("old", "first"), ("new", "none")):
        if data.get(key) == "" and knows(f"event.{name}.{form}"):
            return f"event.{name}.{form}"
    return f"event.{name}"


def _readable(value: Any) -> Any:
    """Moments by the minute in the active time zone, amounts (as events keep them, with cents) with separators."""
    if isinstance(value, str) and _MOMENT.match(value):
        value = parse_datetime(value) or value
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value) if timezone.is_aware(value) else value:%Y-%m-%d %H:%M}"
    if isinstance(value, Decimal) or (isinstance(value, str) and _AMOUNT.fullmatch(value)):
        return f"{Decimal(value):,f}"
    return value


def refusal_text(code: str, params: Mapping[str, Any], resource: Resource) -> str:
    """The sentence of a refusal about a record of this resource."""
    return worded(code, _named(resource, params))


def actor_text(name: Any) -> str:
    """Who did it: a person's name as it stands, the system and online buyers in words."""
    return key_word("actor", name)


def _named(resource: Resource, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the resource's own words for its codes: `state`, and `old` and `new` of a move between states.
    Dictionaries of a project are left out: they would cost a query per sentence."""
    told = dict(data)
    state = resource.by_name.get(resource.state_field)
    for name, value in data.items():
        f = state if name in ("old", "new") else resource.by_name.get(name)
        if f is not None and f.kind == "choice" and isinstance(value, str) and isinstance(f.choices, Mapping):
            told[name] = f.choices.get(value, value)
    return told
