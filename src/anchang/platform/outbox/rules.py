"""Decisions of the outbox on plain values: templates, quiet hours, attempts, signatures, what an answer means."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

VARIABLE = re.compile(r"\{(\w*)\}")


def unknown_variables(text: str, known: Iterable[str]) -> list[str]:
    """Placeholders of the text that don't exist, in order, each once."""
    names = set(known)
    return [name for name in dict.fromkeys(VARIABLE.findall(text)) if name not in names]


def fill(text: str, values: Mapping[str, Any]) -> str:
    """The text with its placeholders filled, in one pass: what a value contains is never filled again. Raises KeyError
    for one without a value."""
    return VARIABLE.sub(lambda found: str(values[found.group(1)]), text)


def fill_body(body: str, values: Mapping[str, Any], kind: str) -> str:
    """A request's body: values are escaped for what it is ("json", "form" or "text"). `{params}` is JSON already.
    Braces that are no known placeholder stay, since JSON is made of them."""

    def one(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in values:
            return found.group(0)
        value = str(values[name])
        if kind == "json":
            return value if name == "params" else json.dumps(value, ensure_ascii=False)[1:-1]
        return quote(value, safe="") if kind == "form" else value

    return VARIABLE.sub(one, body)


def body_kind(body: str) -> str:
    return "json" if body.lstrip()[:1] in ("{", "[") else "form"


def is_quiet(at: dt.datetime, start: str, end: str) -> bool:
    """Whether the local time lies in the quiet hours; "21:00" to "08:00" spans midnight, equal ends mean never."""
    first, last, now = dt.time.fromisoformat(start), dt.time.fromisoformat(end), at.time()
    if first == last:
        return False
    return first <= now < last if first < last else now >= first or now < last


def end_of_quiet(at: dt.datetime, end: str) -> dt.datetime:
    """The next moment of that local time."""
    found = dt.datetime.combine(at.date(), dt.time.fromisoformat(end), at.tzinfo)
    return found if found > at else found + dt.timedelta(days=1)


def next_attempt(now: dt.datetime, attempts: int, minutes: Sequence[int]) -> dt.datetime | None:
    """When a message that failed `attempts` times is tried again; None: it is given up."""
    return now + dt.timedelta(minutes=minutes[attempts - 1]) if attempts <= len(minutes) else None


def hmac_sha256(secret: str, text: str, form: str) -> str:
    digest = hmac.digest(secret.encode(), text.encode(), hashlib.sha256)
    return digest.hex() if form == "hex" else base64.b64encode(digest).decode()


def at_path(data: Any, path: str) -> Any:
    """The value at a dotted path of a JSON answer ("data.0.code"), None when there is none."""
    for part in path.split("."):
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        elif isinstance(data, dict) and part in data:
            data = data[part]
        else:
            return None
    return data


def accepted(status: int, answer: Any, path: str, value: str) -> bool:
    """Whether the gateway took the message: a 2xx status and, when asked for, the value at the path."""
    if not 200 <= status < 300:
        return False
    if not path:
        return True
    found = at_path(answer, path)
    return found is not None and _as_text(found) == value


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
