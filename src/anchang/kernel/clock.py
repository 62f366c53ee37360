"""Business days, periods, opening hours, and dates as offices write them.

Functions take the time they judge by; nothing here reads the clock.
"""

import calendar
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

PeriodKind = Literal["day", "week", "month", "quarter", "year"]


def business_date(at: datetime, tz: str, day_starts_at: int = 0) -> date:
    """The local date of `at`; hours before `day_starts_at` still belong to the day before."""
    if at.tzinfo is None:
        raise ValueError("a time without zone has no business date")
    return (at.astimezone(ZoneInfo(tz)) - timedelta(hours=day_starts_at)).date()


@dataclass(frozen=True)
class Period:
    """Both ends inclusive."""

    kind: PeriodKind
    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def key(self) -> str:
        """2026-10-15, 2026-W42, 2026-10, 2026-Q4, 2026."""
        if self.kind == "day":
            return self.start.isoformat()
        if self.kind == "week":
            year, week, _ = self.start.isocalendar()
            return f"{year}-W{week:02d}"
        if self.kind == "month":
            return f"{self.start:%Y-%m}"
        if self.kind == "quarter":
            return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        return str(self.start.year)


def period_of(kind: PeriodKind, day: date) -> Period:
    """The day, Monday week, month, quarter or year that holds `day`."""
    if kind == "day":
        return Period(kind, day, day)
    if kind == "week":
        start = day - timedelta(days=day.weekday())
        return Period(kind, start, start + timedelta(days=6))
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    start = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return Period(kind, start, add_months(start, months) - timedelta(days=1))


def previous_period(period: Period) -> Period:
    return period_of(period.kind, period.start - timedelta(days=1))


def add_months(day: date, months: int) -> date:
    """The same day `months` later; the last of the month when that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class OpeningHours:
    """Local opening times by weekday (Monday 0). A day without entry is closed; `closed_on` are holidays."""

    tz: str
    hours: Mapping[int, Sequence[tuple[time, time]]]
    closed_on: frozenset[date] = frozenset()

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.closed_on:
            return []
        zone = ZoneInfo(self.tz)
        return [
            (datetime.combine(day, opens, zone), datetime.combine(day, closes, zone))
            for opens, closes in self.hours.get(day.weekday(), ())
        ]


def every_day(tz: str, opens: time, closes: time) -> OpeningHours:
    return OpeningHours(tz, {weekday: [(opens, closes)] for weekday in range(7)})


def elapsed(start: datetime, end: datetime, opening: OpeningHours | None = None) -> timedelta:
    """Time from `start` to `end`, counting only opening hours when given. Zero when `end` is earlier."""
    if end <= start:
        return timedelta(0)
    if opening is None:
        return end - start
    zone = ZoneInfo(opening.tz)
    day, last, total = start.astimezone(zone).date(), end.astimezone(zone).date(), timedelta(0)
    while day <= last:
        for opens, closes in opening.spans(day):
            total += max(min(closes, end) - max(opens, start), timedelta(0))
        day += timedelta(days=1)
    return total


def due_after(
    start: datetime, hours: float, opening: OpeningHours | None = None, horizon_days: int = 400
) -> datetime:
    """The moment when `hours` (opening hours when given) have passed since `start`.

    ValueError when the office does not open that long within `horizon_days`.
    """
    left = timedelta(hours=hours)
    if opening is None or left <= timedelta(0):
        return start + left
    day = start.astimezone(ZoneInfo(opening.tz)).date()
    for offset in range(horizon_days):
        for opens, closes in opening.spans(day + timedelta(days=offset)):
            begins = max(opens, start)
            if closes <= begins:
                continue
            if begins + left <= closes:
                return begins + left
            left -= closes - begins
    raise ValueError("the office does not open that long")


def after_working_days(
    day: date, count: int, closed: Collection[date] = (), worked: Collection[date] = ()
) -> date:
    """The `count`-th working day after `day`: Monday to Friday without the holidays in `closed`, and the weekend
    days in `worked` (调休)."""
    found = day
    while count > 0:
        found += timedelta(days=1)
        if found in worked or (found.weekday() < 5 and found not in closed):
            count -= 1
    return found


_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_NO_YEAR = re.compile(r"(\d{1,2})\s*(?:月|[/.-])\s*(\d{1,2})\s*[日号]?", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
#: Day 0 of Excel's 1900 date system, allowing for its false 29 February 1900.
_EXCEL_EPOCH = date(1899, 12, 30)
_OLDEST = date(1950, 1, 1)


def parse_office_date(value: object, reference: date) -> date:
    """A date as offices write it: 2026/6/10, 2026.10.15, 2026年3月12日, 20261003, 3月12日, 3/12, a serial.

    Without a year it is the latest such date not after `reference`. A time of day after the date is ignored.
    ValueError for anything else, 31 February included.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or value is None:
        raise ValueError(f"not a date: {value}")
    text = unicodedata.normalize("NFKC", str(value)).strip()
    text = re.sub(r"(?<=[\d日号])[\sT]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", "", text).strip()
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text.removesuffix(".0")):
        year, month, day = (int(part) for part in match.groups())
        return date(year, month, day)
    if _SERIAL.fullmatch(text):
        found = _EXCEL_EPOCH + timedelta(days=int(float(text)))
        if found >= _OLDEST:
            return found
    elif match := _NO_YEAR.fullmatch(text):
        return _latest(int(match.group(1)), int(match.group(2)), reference)
    raise ValueError(f"not a date: {value}")


def _latest(month: int, day: int, reference: date) -> date:
    # Nine years reach a leap day from anywhere, the century years that skip one included.
    for year in range(reference.year, reference.year - 9, -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= reference:
            return found
    raise ValueError(f"no such day: {month}-{day}")
