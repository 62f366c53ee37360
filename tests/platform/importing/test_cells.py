from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from anchang.platform.importing import cells
from anchang.platform.importing.cells import CellError

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 21)


def refused(parse: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(CellError) as caught:
        parse(*arguments)
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("200-250万", "", ("2000000.00", "2500000.00")),
        ("200万-250万", "", ("2000000.00", "2500000.00")),
        ("200～250", "万", ("2000000.00", "2500000.00")),
        ("300万以上", "", ("3000000.00", None)),
        ("300万以内", "", (None, "3000000.00")),
        ("300左右", "万", ("3000000.00", "3000000.00")),
        ("约300w", "", ("3000000.00", "3000000.00")),
        ("250", "", ("2500000.00", "2500000.00")),
        ("2500000", "", ("2500000.00", "2500000.00")),
        ("1.2亿", "", ("120000000.00", "120000000.00")),
        ("3000", "元", ("3000.00", "3000.00")),
        ("不限", "", (None, None)),
    ],
)
def test_budget(value: str, unit: str, expected: tuple[str | None, str | None]) -> None:
    assert cells.budget(value, unit) == tuple(None if one is None else Decimal(one) for one in expected)


def test_budget_refusals() -> None:
    assert refused(cells.budget, "看情况") == "not_a_number"
    assert refused(cells.budget, "-300万") == "negative"
    assert refused(cells.budget, "300-200万") == "range_reversed"
    assert refused(cells.budget, "9" * 30) == "too_large"


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("120㎡左右", 120, 120),
        ("100-120", 100, 120),
        ("100~120平方米", 100, 120),
        ("90平以上", 90, None),
        ("120平左右", 120, 120),
        ("89.5m2", "89.5", "89.5"),
    ],
)
def test_area_range(value: str, low: object, high: object) -> None:
    assert cells.area_range(value) == (low and Decimal(low), high and Decimal(high))  # type: ignore[arg-type]


def test_amounts() -> None:
    assert cells.amount("￥1,880,000.00元") == Decimal("1880000.00")
    assert cells.amount("279.2352", "万元") == Decimal("2792352.00")
    assert cells.amount("279.2352万") == Decimal("2792352.00")
    assert refused(cells.amount, "-5") == "negative"
    assert refused(cells.amount, "0") == "not_positive"
    assert refused(cells.amount, "=1+1") == "not_a_number"
    assert refused(cells.amount, "1e999") == "not_a_number"
    assert refused(cells.amount, "NaN") == "not_a_number"


def test_phones() -> None:
    assert cells.phones("13966422127/13934625653") == ["13966422127", "13934625653"]
    for value in ("+86 15051004739", "86-15051004739", "150 5100 4739", "15051004739"):
        assert cells.phones(value) == ["15051004739"]
    assert cells.phones("0571-88886666") == ["057188886666"]
    assert refused(cells.phones, "无") == "phone_missing"
    assert refused(cells.phones, "1380000") == "phone_invalid"
    assert refused(cells.phones, "12345678901") == "phone_invalid"


def test_dates() -> None:
    assert cells.office_date("3月12日", TODAY) == date(2026, 3, 12)
    assert cells.office_date("12月3日", TODAY) == date(2025, 12, 3)
    assert cells.office_date("2026.10.15", TODAY) == date(2026, 10, 15)
    assert refused(cells.office_date, "2026-02-31", TODAY) == "date_invalid"
    assert refused(cells.office_date, "2月31日", TODAY) == "date_invalid"


def test_times() -> None:
    assert cells.office_datetime("2026-11-28 09:16:38", TODAY, ZONE) == datetime(
        2026, 11, 28, 9, 16, 38, tzinfo=ZONE
    )
    assert cells.office_datetime("2026/1/8 9:05", TODAY, ZONE) == datetime(2026, 1, 8, 9, 5, tzinfo=ZONE)
    assert cells.office_datetime("3月12日", TODAY, ZONE) == datetime(2026, 3, 12, tzinfo=ZONE)
    assert refused(cells.office_datetime, "2026-02-31 10:00:00", TODAY, ZONE) == "date_invalid"
    assert refused(cells.office_datetime, "2026/1/8 25:05", TODAY, ZONE) == "date_invalid"
    assert refused(cells.office_datetime, "昨天", TODAY, ZONE) == "date_invalid"


def test_floors() -> None:
    assert [cells.floor(value) for value in ("3", "3层", "18F", "3/18", "-1", "B2", "负一层", "地下1层")] == [
        3, 3, 18, 3, -1, -2, -1, -1,
    ]  # fmt: skip
    assert refused(cells.floor, "顶层") == "floor_invalid"


def test_choices_identifiers_and_names() -> None:
    assert cells.choice("ｂ＋", {"B+": "B"}) == "B"
    assert refused(cells.choice, "B+", {"A": "A"}) == "not_in_list"
    assert refused(cells.identifier, "7.38286E+16") == "digits_lost"
    assert cells.person("欧阳墨先生") == ("欧阳墨", "male")
    assert cells.person("孙静伟女士") == ("孙静伟", "female")
    assert cells.person("<script>alert(1)</script>") == ("<script>alert(1)</script>", "")
    assert refused(cells.person, "x" * 100) == "too_long"
    assert cells.integer("3.0") == 3
    assert refused(cells.integer, "-3") == "negative"
