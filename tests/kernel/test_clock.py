from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.kernel import clock

TZ = "Asia/Shanghai"
REFERENCE = date(2026, 11, 20)
OPEN = clock.every_day(TZ, time(9), time(18))
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))


def local(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), tzinfo=clock.ZoneInfo(TZ))


def test_the_business_day_follows_the_project_and_its_opening_hour():
    at = datetime(2026, 10, 14, 18, 30, tzinfo=UTC)  # 02:30 of the 15th in Shanghai
    assert clock.business_date(at, TZ) == date(2026, 10, 15)
    assert clock.business_date(at, TZ, day_starts_at=4) == date(2026, 10, 14)
    with pytest.raises(ValueError, match="zone"):
        clock.business_date(datetime(2026, 1, 1), TZ)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("kind", "start", "end", "key"),
    [
        ("day", date(2026, 11, 20), date(2026, 11, 20), "2026-11-20"),
        ("week", date(2026, 11, 16), date(2026, 11, 22), "2026-W47"),
        ("month", date(2026, 11, 1), date(2026, 11, 30), "2026-11"),
        ("quarter", date(2026, 10, 1), date(2026, 12, 31), "2026-Q4"),
        ("year", date(2026, 1, 1), date(2026, 12, 31), "2026"),
    ],
)
def test_periods(kind, start, end, key):
    period = clock.period_of(kind, REFERENCE)
    assert (period.start, period.end, period.key) == (start, end, key)


@given(days, st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_periods_follow_each_other(day, kind):
    period = clock.period_of(kind, day)
    assert day in period
    assert clock.previous_period(period).end == period.start - timedelta(days=1)


def test_months_end_where_the_month_ends():
    assert clock.add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert clock.add_months(date(2026, 1, 31), -2) == date(2025, 11, 30)


def test_closed_hours_do_not_count():
    day = date(2026, 11, 20)
    assert clock.elapsed(local(day, 17), local(day, 10) + timedelta(days=1), OPEN) == timedelta(hours=2)
    assert clock.elapsed(local(day, 17), local(day, 10) + timedelta(days=1)) == timedelta(hours=17)
    assert clock.elapsed(local(day, 10), local(day, 9), OPEN) == timedelta(0)


def test_holidays_do_not_count():
    day = date(2026, 11, 20)
    opening = clock.OpeningHours(TZ, OPEN.hours, frozenset({day}))
    assert clock.due_after(local(day, 10), 1, opening) == local(day + timedelta(days=1), 10)


@given(st.integers(0, 23), st.floats(0.25, 60))
def test_due_and_elapsed_agree(hour, hours):
    start = local(date(2026, 11, 20), hour)
    due = clock.due_after(start, hours, OPEN)
    assert abs(clock.elapsed(start, due, OPEN) - timedelta(hours=hours)) < timedelta(milliseconds=1)


def test_an_office_that_never_opens_has_no_due_time():
    with pytest.raises(ValueError, match="open"):
        clock.due_after(local(REFERENCE, 9), 1, clock.OpeningHours(TZ, {}))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("3月12日", date(2026, 3, 12)),
        ("11月20日", date(2026, 11, 20)),
        ("12月1日", date(2025, 12, 1)),
        ("2月29日", date(2024, 2, 29)),
        ("2026/6/10", date(2026, 6, 10)),
        ("2026.10.15", date(2026, 10, 15)),
        ("2026-09-26", date(2026, 9, 26)),
        ("2026年3月12日", date(2026, 3, 12)),
        ("20261003", date(2026, 10, 3)),
        ("2026-10-03 08:25:35", date(2026, 10, 3)),
        ("10/8", date(2026, 10, 8)),
        (46305, date(2026, 10, 10)),
        (46305.25, date(2026, 10, 10)),
        (datetime(2026, 10, 10, 8), date(2026, 10, 10)),  # noqa: DTZ001
        (date(2026, 10, 10), date(2026, 10, 10)),
    ],
)
def test_dates_as_offices_write_them(written, day):
    assert clock.parse_office_date(written, REFERENCE) == day


@pytest.mark.parametrize(
    "written", ["2月31日", "2026-02-31", "2026/13/1", "三月", "", None, 5, True, "13800001111"]
)
def test_no_dates(written):
    with pytest.raises(ValueError):
        clock.parse_office_date(written, REFERENCE)


@given(days, days)
def test_a_date_without_year_is_never_in_the_future(day, reference):
    found = clock.parse_office_date(f"{day.month}月{day.day}日", reference)
    assert found <= reference
    assert (found.month, found.day) == (day.month, day.day)
    assert (reference - found).days < 366 * 8 + 1
