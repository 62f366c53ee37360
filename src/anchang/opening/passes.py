"""The buyer's pass: what the link that he gets says, signed, so that the hot path needs no look-up to know him.

`<project>.<opening>.<buyer>.<serial>.<expires>.<signature>`; buyer 0 is a member of staff who only watches. A new
serial on the buyer's row makes older passes worthless.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from anchang.platform import passes

SALT = "anchang.opening.pass"
WATCHER = 0


@dataclass(frozen=True, slots=True)
class Pass:
    project: int
    opening: int
    buyer: int
    serial: int
    expires: int


def issue(project: int, opening: int, buyer: int, serial: int, expires: dt.datetime) -> str:
    return passes.issue(SALT, project, opening, buyer, serial, expires=expires)


def read(text: str, now: float) -> Pass | None:
    """The pass of a signed text that has not expired (`now` in seconds since 1970), else None."""
    found = passes.read(SALT, text, now)
    return None if found is None else Pass(*found)
