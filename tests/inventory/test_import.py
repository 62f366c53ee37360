"""Importing the statutory price list."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Sum
from openpyxl import Workbook

from anchang.inventory import commands, queries
from anchang.inventory.models import Building, Layout, Licence, PriceList, PriceRow, Unit
from anchang.inventory.price_list_file import open_price_list, read_price_list
from anchang.platform.context import Context
from anchang.platform.importing.reader import read_table
from anchang.platform.models import SearchToken
from tests.factories import make_office

pytestmark = pytest.mark.django_db
HEAD = [
    "幢号",
    "单元",
    "楼层",
    "室号",
    "户型",
    "建筑面积",
    "套内建筑面积",
    "计价单位",
    "建筑面积单价",
    "房屋总价",
    "销售状态",
]


@pytest.fixture
def office() -> Any:
    return make_office()


def row(
    building: str,
    section: str,
    floor: int,
    room: str,
    total: int | None,
    state: str = "未售",
    price: int = 20_000,
) -> list[Any]:
    return [building, section, floor, room, "A户型 三室", 100, 80, "建筑面积", price, total, state]


def parsed(tmp_path: Path, rows: list[list[Any]], permit: str = "预售2026001") -> Any:
    book = Workbook()
    sheet = book.active
    sheet.append(["商品房销售价目表"])
    if permit:
        sheet.append([f"预售许可证号：{permit}"])
    sheet.append(HEAD)
    for line in rows:
        sheet.append(line)
    path = tmp_path / "list.xlsx"
    book.save(path)
    return read_price_list(open_price_list(read_table(path)))


ROWS = [
    row("1幢", "1单元", 1, "101", 2_000_000),
    row("1幢", "1单元", 1, "102", 2_000_000, "预留"),
    row("1幢", "2单元", 1, "101", 2_000_000, "已售"),
    row("2幢", "1单元", 2, "201", None, "已售"),
]


def test_a_list_becomes_units_prices_and_states(office: Any, tmp_path: Path) -> None:
    sold: list[str] = []
    hook = lambda ctx, units: sold.extend(u.label for u in units)  # noqa: E731
    commands.after_import.append(hook)
    try:
        with office.as_("director") as access:
            ctx = Context(access, office.project)
            report = commands.import_price_list(ctx, parsed(tmp_path, ROWS))
            ctx.flush()
            assert (report["rows"], report["created"], report["updated"], report["unchanged"]) == (4, 4, 0, 0)
            assert report["refused"] == []
            states = dict(Unit.objects.values_list("label", "state"))
            assert states == {
                "1幢-1-101": "available", "1幢-1-102": "controlled", "1幢-2-101": "signed", "2幢-201": "signed",
            }  # fmt: skip
            assert sorted(sold) == ["1幢-2-101", "2幢-201"]
            assert sorted(
                queries.legacy_sold_units(office.project).values_list("label", flat=True)
            ) == sorted(sold)
            assert Building.objects.count() == 2
            assert Layout.objects.get().rooms == 3
            assert Licence.objects.get().covered.count() == 2
            assert PriceList.objects.get().state == "published"
            assert PriceRow.objects.aggregate(n=Count("pk"), total=Sum("list_total")) == {
                "n": 3,
                "total": Decimal(6_000_000),
            }
            assert SearchToken.objects.filter(resource="units").exists()
    finally:
        commands.after_import.remove(hook)


def test_the_second_time_changes_nothing(office: Any, tmp_path: Path) -> None:
    with office.as_("director") as access:
        for expected in ((4, 0, 0), (0, 0, 4)):
            ctx = Context(access, office.project)
            report = commands.import_price_list(ctx, parsed(tmp_path, ROWS))
            ctx.flush()
            assert (report["created"], report["updated"], report["unchanged"]) == expected
        assert PriceList.objects.count() == 1
        assert set(Unit.objects.values_list("version", flat=True)) == set(
            Unit.objects.values_list("version", flat=True)
        )


def test_a_changed_price_makes_the_next_edition_and_keeps_states(office: Any, tmp_path: Path) -> None:
    with office.as_("director") as access:
        commands.import_price_list(Context(access, office.project), parsed(tmp_path, ROWS))
        ctx = Context(access, office.project)
        unit = Unit.objects.get(label="1幢-1-101")
        commands.change_unit_state(ctx, unit, "held")
        changed = [row("1幢", "1单元", 1, "101", 2_100_000, price=21_000), *ROWS[1:]]
        report = commands.import_price_list(ctx, parsed(tmp_path, changed))
        assert (report["created"], report["updated"], report["unchanged"]) == (0, 1, 3)
        unit.refresh_from_db()
        assert (unit.state, unit.list_total, unit.list_unit_price) == (
            "held",
            Decimal(2_100_000),
            Decimal(21_000),
        )
        newest = PriceList.objects.get(state="published")
        assert (newest.edition, newest.rows.count()) == (2, 3)


def test_without_a_permit_units_stay_held_back(office: Any, tmp_path: Path) -> None:
    with office.as_("director") as access:
        for expected in ((2, 0), (0, 2)):
            report = commands.import_price_list(
                Context(access, office.project), parsed(tmp_path, ROWS[:2], permit="")
            )
            assert (report["created"], report["unchanged"]) == expected
        unit = Unit.objects.get(room="101")
        assert (unit.state, unit.price_list, unit.list_total) == ("controlled", None, Decimal(2_000_000))
        assert PriceList.objects.get().state == "draft"


def test_statements_do_not_grow_with_rows(
    office: Any, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    rows = [row("1幢", "1单元", f, f"{f}{i:02d}", 2_000_000) for f in range(1, 31) for i in range(1, 11)]
    with office.as_("director") as access:
        read = parsed(tmp_path, rows)
        with django_assert_max_num_queries(60):
            ctx = Context(access, office.project)
            report = commands.import_price_list(ctx, read)
            ctx.flush()
        assert report["created"] == 300
        with django_assert_max_num_queries(20):
            commands.import_price_list(Context(access, office.project), parsed(tmp_path, rows))
