"""Typed values of conditions: the JSON value as the field's Python type, or `bad_condition`."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from anchang.platform.conditions.parse import bad
from anchang.platform.resources import Field

_SPAN = re.compile(r"^(\d{1,5})\s*(m|h|d|w)?$")
_NUMBER = re.compile(r"^-?\d{1,18}(\.\d{1,6})?$")
BIGGEST = 2**63 - 1


def typed(f: Field, value: Any) -> Any:
    """None stays None (it compares false)."""
    if value is None:
        return None
    try:
        return _CAST.get(f.kind, _text)(value)
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise bad("wrong_type", field=f.name) from None


def upper(f: Field, value: Any) -> Any:
    """As `typed`; of a moment that is given as a day: the end of that day, so that `up to the 5th` has the 5th."""
    found = typed(f, value)
    if f.kind == "datetime" and found is not None and len(str(value)) <= 10:
        return timezone.make_aware(dt.datetime.combine(timezone.localtime(found).date(), dt.time.max))
    return found


def span(value: Any) -> dt.timedelta:
    """`3`, `"3d"` days; `"24h"` hours; `"90m"` minutes; `"2w"` weeks."""
    found = _SPAN.match(str(value))
    if not found:
        raise bad("span_expected")
    number, unit = int(found[1]), found[2] or "d"
    return {"m": dt.timedelta(minutes=1), "h": dt.timedelta(hours=1), "d": dt.timedelta(days=1),
            "w": dt.timedelta(weeks=1)}[unit] * number  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, bool | dict | list):
        raise ValueError
    text = str(value)
    text.encode()  # half a character raises a ValueError
    if "\x00" in text or len(text) > 500:
        raise ValueError
    return text


def _int(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError
    number = int(str(value)) if isinstance(value, str) else value
    if not isinstance(number, int) or abs(number) > BIGGEST:
        raise ValueError
    return number


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not _NUMBER.match(str(value)):
        raise ValueError
    return Decimal(str(value))


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _date(value: Any) -> dt.date:
    found = parse_date(str(value)) if len(str(value)) <= 10 else None
    if found is None:
        moment = parse_datetime(str(value))
        if moment is None:
            raise ValueError
        found = moment.date()
    return found


def _datetime(value: Any) -> dt.datetime:
    text = str(value)
    day = parse_date(text) if len(text) <= 10 else None
    moment = dt.datetime.combine(day, dt.time.min) if day else parse_datetime(text)
    if moment is None:
        raise ValueError
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


_CAST = {
    "int": _int, "ref": _int, "many": _int, "money": _decimal, "area": _decimal, "decimal": _decimal,
    "percent": _decimal, "bool": _bool, "date": _date, "datetime": _datetime,
}  # fmt: skip
