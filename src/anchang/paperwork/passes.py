"""The link that a signer gets: signed, so that nothing has to be looked up to refuse a forged one.

`<project>.<signer>.<serial>.<expires>.<signature>`; a new serial on the signer's row makes older links worthless.
"""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass

from django.utils.crypto import salted_hmac

SALT = "anchang.paperwork.pass"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Pass:
    project: int
    signer: int
    serial: int
    expires: int


def issue(project: int, signer: int, serial: int, expires: dt.datetime) -> str:
    body = f"{project}.{signer}.{serial}.{int(expires.timestamp())}"
    return f"{body}.{_signature(body)}"


def _signature(body: str) -> str:
    return salted_hmac(SALT, body, algorithm="sha256").hexdigest()[:40]


def read(text: str, now: float) -> Pass | None:
    """The pass of a signed text that has not expired (`now` in seconds since 1970), else None."""
    body, _, signature = text.rpartition(".")
    if len(text) > LONGEST or not hmac.compare_digest(_signature(body).encode(), signature.encode()):
        return None
    found = Pass(*(int(part) for part in body.split(".")))
    return found if now < found.expires else None
