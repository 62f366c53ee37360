"""Links that carry who may use them: numbers, an expiry and a signature, so that nothing has to be looked up to
refuse a forged one.
"""

from __future__ import annotations

import datetime as dt
import hmac

from django.utils.crypto import salted_hmac

LONGEST = 200


def issue(salt: str, *numbers: int, expires: dt.datetime) -> str:
    """`<number>.<number>….<expires>.<signature>`. `salt` keeps the links of one use from being used for another."""
    body = ".".join(str(n) for n in (*numbers, int(expires.timestamp())))
    return f"{body}.{_signature(salt, body)}"


def read(salt: str, text: str, now: float) -> tuple[int, ...] | None:
    """The numbers of a signed text that has not expired (`now` in seconds since 1970), expiry last; else None."""
    body, _, signature = text.rpartition(".")
    if len(text) > LONGEST or not hmac.compare_digest(_signature(salt, body).encode(), signature.encode()):
        return None
    found = tuple(int(part) for part in body.split("."))
    return found if now < found[-1] else None


def _signature(salt: str, body: str) -> str:
    return salted_hmac(salt, body, algorithm="sha256").hexdigest()[:40]
