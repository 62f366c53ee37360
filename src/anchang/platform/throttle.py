"""How fast one caller may call the API: a bucket per principal that refills evenly (令牌桶).

Each web process counts for itself: the limit guards the office against a runaway script, it isn't a quota.
"""

from __future__ import annotations

import time

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.kernel.errors import DomainError
from anchang.platform import parameters

parameters.declare(
    "platform.api_calls_per_minute", default=60_000, kind="int", label=_("API calls per minute and caller")
)

_full: dict[str, tuple[float, float]] = {}  # principal -> (calls left, when counted)
MOST_CALLERS = 10_000


def take_one(principal: str) -> None:
    """Count one call. Raises slow_down (429) when the bucket is empty."""
    limit = float(parameters.value("platform.api_calls_per_minute", None, timezone.localdate()))
    now = time.monotonic()
    left, since = _full.get(principal, (limit, now))
    left = min(limit, left + (now - since) * limit / 60)
    if left < 1:
        raise DomainError("slow_down", status=429)
    if len(_full) > MOST_CALLERS:
        _full.clear()
    _full[principal] = (left - 1, now)
