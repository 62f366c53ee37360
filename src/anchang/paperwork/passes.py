"""The link that a signer gets: signed, so that nothing has to be looked up to refuse a forged one.

`<project>.<signer>.<serial>.<expires>.<signature>`; a new serial on the signer's row makes older links worthless.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from anchang.platform import passes

SALT = "anchang.paperwork.pass"


@dataclass(frozen=True, slots=True)
class Pass:
    project: int
    signer: int
    serial: int
    expires: int


def issue(project: int, signer: int, serial: int, expires: dt.datetime) -> str:
    return passes.issue(SALT, project, signer, serial, expires=expires)


def read(text: str, now: float) -> Pass | None:
    """The pass of a signed text that has not expired (`now` in seconds since 1970), else None."""
    found = passes.read(SALT, text, now)
    return None if found is None else Pass(*found)
