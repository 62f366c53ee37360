"""Stock of the demo office: one phase, three buildings with licences and published prices, the sales scheme.

Everything is made by the commands, each at its own moment of the past.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Case, Value, When

from anchang.config.demo.people import Office, given
from anchang.config.demo.plans import drawing
from anchang.inventory.commands.generating import GenerateInput, PositionInput, generate_units
from anchang.inventory.commands.licences import LicenceInput, add_licences
from anchang.inventory.commands.prices import (
    PriceListInput,
    RowInput,
    RowsInput,
    add_price_lists,
    approve_price_list,
    publish,
    set_prices,
)
from anchang.inventory.commands.scheme import (
    DiscountInput,
    PlanInput,
    add_discounts,
    add_payment_plans,
)
from anchang.inventory.commands.states import ControlMany, ReleaseMany, control_units, release_units
from anchang.inventory.models import (
    Building,
    DictionaryEntry,
    Discount,
    Layout,
    Licence,
    PaymentPlan,
    Phase,
    Unit,
)
from anchang.platform import files


@dataclass(frozen=True)
class Plot:
    """A building: its floors, the layouts of a floor, when its licence came and its price per ㎡."""

    code: str
    floors: int
    layouts: str
    licensed_days_ago: int
    price: int
    held_back: tuple[int, ...] = ()  # floors that sales control keeps
    unreleased: tuple[int, ...] = ()  # floors that were never released


PLOTS = (
    Plot("1", 32, "CAAC", 372, 23800),
    Plot("2", 32, "DBBD", 255, 24600, held_back=(31, 32)),
    Plot("3", 28, "BAAAAB", 128, 23200, held_back=(2, 27), unreleased=(28,)),
)
#: code -> (name, bedrooms, living rooms, bathrooms, gross area, inner area, selling points)
LAYOUTS: Mapping[str, tuple[str, int, int, int, str, str, str]] = {
    "A": ("A 户型 89㎡ 三房两厅一卫", 3, 2, 1, "89.26", "70.52", "三开间朝南；厨餐一体；全屋收纳"),
    "B": ("B 户型 105㎡ 三房两厅两卫", 3, 2, 2, "105.38", "83.77", "主卧套房；南北通透；4.4 米面宽客厅"),
    "C": ("C 户型 120㎡ 三房两厅两卫", 3, 2, 2, "120.36", "96.29", "7.8 米宽景阳台；餐客厨一体"),
    "D": ("D 户型 139㎡ 四房两厅两卫", 4, 2, 2, "138.92", "112.50", "四房全明；主卧带衣帽间；双阳台"),
}
FACINGS = {2: ("东南", "西南"), 4: ("东南", "南", "南", "西南"), 6: ("东南", "南", "南", "南", "南", "西南")}


@dataclass
class Stock:
    """What was made, for the history that follows."""

    units: dict[int, Unit] = field(default_factory=dict)
    released_on: dict[int, dt.date] = field(default_factory=dict)  # unit id -> first day on sale
    phase: Phase = field(default_factory=Phase)
    layouts: dict[str, Layout] = field(default_factory=dict)
    plans: dict[str, PaymentPlan] = field(default_factory=dict)
    discounts: dict[str, Discount] = field(default_factory=dict)


def make_stock(office: Office) -> Stock:
    """Buildings, units, prices and scheme; the units of released floors are on sale."""
    stock = Stock()
    project = office.project
    _dictionary(office)
    stock.phase = Phase.objects.create(project=project, code="1", name="一期", position=1)
    stock.layouts = _layouts(office)
    _scheme(office, stock)
    for plot in PLOTS:
        _building(office, stock, plot)
    rows = Unit.objects.filter(project=project).select_related("building", "layout", "licence", "price_list")
    stock.units = {unit.pk: unit for unit in rows.order_by("sort_key")}
    return stock


def _dictionary(office: Office) -> None:
    words = {
        "orientation": (("南", "南"), ("东南", "东南"), ("西南", "西南"), ("东", "东"), ("西", "西"), ("北", "北")),
        "product_type": (("housing", "住宅"), ("shop", "商铺"), ("office", "办公"), ("parking", "车位")),
        "usage": (("residential", "成套住宅"), ("commercial", "商业"), ("parking", "车位")),
    }
    DictionaryEntry.objects.bulk_create(
        DictionaryEntry(
            project=office.project, kind=kind, code=code, name=name, position=position,
            price_basis={"housing": "gross", "parking": "unit"}.get(code, ""),
            tax_rate=Decimal("0.09") if kind == "product_type" else None,
        )
        for kind, entries in words.items() for position, (code, name) in enumerate(entries, 1)
    )  # fmt: skip


def _layouts(office: Office) -> dict[str, Layout]:
    found = {}
    for code, (name, rooms, halls, baths, gross, inner, points) in LAYOUTS.items():
        layout = found[code] = Layout.objects.create(
            project=office.project, code=code, name=name, rooms=rooms, halls=halls, baths=baths,
            gross_area=Decimal(gross), inner_area=Decimal(inner), selling_points=points,
        )  # fmt: skip
        files.save(
            office.project, f"{code}-户型图.svg", drawing(code, name).encode(), resource="layouts",
            record_id=layout.pk, kind="plan",
        )  # fmt: skip
    office_ctx = office.context()
    office_ctx.index(found.values(), fresh=True)
    office_ctx.flush()
    return found


def _scheme(office: Office, stock: Stock) -> None:
    ctx = office.context("director", office.at(office.day(PLOTS[0].licensed_days_ago + 5), 10))
    part = {"lump_sum": [("lump_sum", 1, 30)], "mortgage": [("first_payment", 1, 0)],
            "instalment": [("instalment", 30, 0), ("instalment", 30, 60), ("instalment", 40, 120)]}  # fmt: skip
    names = {"lump_sum": "一次性付款", "mortgage": "商业按揭", "instalment": "分期付款"}
    made = add_payment_plans(ctx, [
        PlanInput(
            code=code, name=names[code], kind=code, position=position,
            parts=[{"item": item, "weight": Decimal(weight), "days": days} for item, weight, days in parts],
            **({"loan_ratio": Decimal("0.7"), "loan_step": Decimal(10000), "loan_days": 45,
                "min_down_ratio": Decimal("0.15")} if code == "mortgage" else {}),
        )
        for position, (code, parts) in enumerate(part.items(), 1)
    ])  # fmt: skip
    stock.plans = {plan.code: plan for plan in made}
    discounts = add_discounts(ctx, [
        DiscountInput(code="LUMP98", name="一次性付款 98 折", kind="mult", value=Decimal("0.98"), position=10,
                      category="payment", payment_plans=["lump_sum"]),
        DiscountInput(code="LOAN99", name="按揭 99 折", kind="mult", value=Decimal("0.99"), position=10,
                      category="payment", payment_plans=["mortgage"]),
        DiscountInput(code="PART995", name="分期 99.5 折", kind="mult", value=Decimal("0.995"), position=10,
                      category="payment", payment_plans=["instalment"]),
        DiscountInput(code="EARLY", name="按时签约减 1 个点", kind="point", value=Decimal(1), position=20,
                      category="other", purpose="seasonal"),
        DiscountInput(code="OLD", name="老带新减 1 万元", kind="fix", value=Decimal(10000), position=30,
                      category="customer"),
        DiscountInput(code="STAFF", name="团购 99 折", kind="mult", value=Decimal("0.99"), position=40,
                      category="customer", purpose="quantity"),
        DiscountInput(code="SPECIAL", name="总经理特批 2 个点", kind="point", value=Decimal(2), position=50,
                      category="special", special=True),
    ])  # fmt: skip
    stock.discounts = {discount.code: discount for discount in discounts}
    ctx.flush()


def _building(office: Office, stock: Stock, plot: Plot) -> None:
    """Planned twenty days before the licence; licensed, priced and released in three days."""
    licence = raise_building(office, stock, plot)
    _prices(office, licence, plot, licence.issued_on + dt.timedelta(days=1))
    release(office, stock, licence, plot, licence.issued_on + dt.timedelta(days=2))


def raise_building(office: Office, stock: Stock, plot: Plot) -> Licence:
    """The building with its units, which have no price yet, and its licence."""
    issued = office.day(plot.licensed_days_ago)
    building = Building.objects.create(
        project=office.project, phase=stock.phase, code=plot.code, name=f"{plot.code}幢", floors_above=plot.floors,
        floors_below=2, structure="框架剪力墙", building_type="高层", position=int(plot.code),
        handover_due_on=issued + dt.timedelta(days=820),
    )  # fmt: skip
    ctx = office.context("director", office.at(issued - dt.timedelta(days=20), 9))
    generate_units(ctx, building, GenerateInput(
        first_floor=2, last_floor=plot.floors, positions=[
            PositionInput(
                layout=code, gross_area=stock.layouts[code].gross_area, inner_area=stock.layouts[code].inner_area
            )
            for code in plot.layouts
        ],
    ))  # fmt: skip
    ctx.flush()
    units = Unit.objects.filter(project=office.project, building=building)
    facing = [When(code__endswith=f"{n:02d}", then=Value(f)) for n, f in enumerate(FACINGS[len(plot.layouts)], 1)]
    units.update(orientation=Case(*facing, default=Value("")), storey_height=Decimal("2.95"), usage="residential",
                 decoration="精装", decoration_price=None)  # fmt: skip
    return _licence(office, building, plot, issued)


def _licence(office: Office, building: Building, plot: Plot, issued: dt.date) -> Licence:
    ctx = office.context("director", office.at(issued, 15))
    licence = add_licences(ctx, [given(ctx, LicenceInput(
        number=f"杭售许字（{issued:%Y}）第 {int(plot.code) * 37 + 1000:06d} 号", issued_on=issued,
        buildings=[building.pk], valid_to=issued + dt.timedelta(days=900), escrow_bank="工商银行杭州西湖支行",
        escrow_account=f"12020215099{int(plot.code) * 1111:08d}", escrow_name="云栖置业有限公司",
    ))])[0]  # fmt: skip
    ctx.flush()
    return licence


def _prices(office: Office, licence: Licence, plot: Plot, day: dt.date) -> None:
    ctx = office.context("director", office.at(day, 10))
    price_list = add_price_lists(ctx, [given(ctx, PriceListInput(licence=licence.pk, copy_current=False))])[0]
    rows = []
    for unit in Unit.objects.filter(project=office.project, licence=licence).select_related("layout"):
        unit_price = _unit_price(plot, unit)
        total = unit_price * (unit.gross_area or 0)
        rows.append(RowInput(
            unit=unit.pk, unit_price=unit_price, floor_total=(total * Decimal("0.935")).quantize(Decimal("0.01")),
            discounts="一次性付款 98 折；按揭 99 折；按时签约减 1 个点",
        ))  # fmt: skip
    set_prices(ctx, price_list, RowsInput(rows=rows))
    approve_price_list(ctx, price_list)
    publish(ctx, price_list, on=day, filed_number=f"价备{day:%Y%m%d}{plot.code}")
    ctx.flush()


def _unit_price(plot: Plot, unit: Unit) -> Decimal:
    """Dearer with the floor up to the 25th, cheaper on the lowest and the top floor, by layout and facing."""
    floor = unit.floor or 0
    price = plot.price + 55 * min(floor, 25) - (600 if floor <= 3 else 0) - (400 if floor == plot.floors else 0)
    price += {"A": 300, "B": 0, "C": 200, "D": 600}[_layout_code(unit)] + (250 if unit.orientation == "东南" else 0)
    return Decimal(price - (300 if floor in (4, 14, 18) else 0))


def _layout_code(unit: Unit) -> str:
    return unit.layout.code if unit.layout else "A"


def release(office: Office, stock: Stock, licence: Licence, plot: Plot, day: dt.date) -> None:
    units = list(Unit.objects.filter(project=office.project, licence=licence))
    ctx = office.context("manager", office.at(day, 9))
    kept = [u.pk for u in units if u.floor in plot.held_back]
    if kept:
        control_units(ctx, given(ctx, ControlMany(units=kept, reason="留作第二批次推售")))
    on_sale = [u.pk for u in units if u.floor not in (*plot.held_back, *plot.unreleased)]
    release_units(ctx, given(ctx, ReleaseMany(units=on_sale, reason="首批推售")))
    ctx.flush()
    stock.released_on |= dict.fromkeys(on_sale, day)
