"""Moments of the day on which the demo office is loaded, so that it looks alive at whatever hour that is."""

from __future__ import annotations

import datetime as dt

#: An office opens at nine and is busy until six.
OPENS, CLOSES = dt.time(9, 10), dt.time(18)
_STEP = dt.timedelta(minutes=10)
_SOON = dt.timedelta(minutes=20)
_EVENING = dt.timedelta(hours=3)
_BEFORE_OPENING = dt.timedelta(hours=2)


def worked_since(now: dt.datetime) -> dt.datetime:
    """When today's work began: with the doors, or two hours ago when they aren't open for an hour yet; never
    before midnight. `now` in the office's zone."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    opened = dt.datetime.combine(now.date(), OPENS, now.tzinfo)
    return opened if now - opened > dt.timedelta(hours=1) else max(midnight, now - _BEFORE_OPENING)


def still_to_come(now: dt.datetime, count: int) -> list[dt.datetime]:
    """So many full ten minutes between now and the evening, in order, evenly spread; close to midnight those of
    the next morning. `now` in the office's zone."""
    first = _full(now + _SOON)
    last = max(dt.datetime.combine(now.date(), CLOSES, now.tzinfo), _full(now + _EVENING))
    last = min(last, now.replace(hour=23, minute=50, second=0, microsecond=0))
    if first > last:
        first = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(10), now.tzinfo)
        last = first + dt.timedelta(hours=8)
    apart = (last - first) / count
    return [_full(first + apart * n) for n in range(count)]


def _full(moment: dt.datetime) -> dt.datetime:
    """The next full ten minutes."""
    over = dt.timedelta(minutes=moment.minute % 10, seconds=moment.second, microseconds=moment.microsecond)
    return moment - over + _STEP if over else moment
