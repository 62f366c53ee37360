"""The configuration's stamp as this request or job read it, so that it is asked for once."""

from __future__ import annotations

from contextvars import ContextVar

_stamp: ContextVar[int] = ContextVar("config_stamp", default=0)


def remember_stamp(stamp: int) -> None:
    """0 forgets it: the next reader asks the database again."""
    _stamp.set(stamp)


def seen_stamp() -> int:
    return _stamp.get()
