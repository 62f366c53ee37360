"""A small stock of units for tests: one building, one licence, one published list."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from anchang.inventory.models import Building, Layout, Licence, PaymentPlan, PriceList, Unit
from anchang.platform import files
from anchang.platform.access import Access
from anchang.platform.models import StoredFile
from tests.factories import Office, run

LIST_PRICE = Decimal("23500.00")
LIST_TOTAL = Decimal("2828460.00")


@dataclass
class Stock:
    office: Office
    building: Building
    layout: Layout
    licence: Licence
    units: list[Unit]
    price_list: PriceList | None = None

    def unit(self, index: int = 0) -> Unit:
        return Unit.objects.select_related("licence").get(pk=self.units[index].pk)

    def release_paper(self, unit: Unit) -> StoredFile:
        """The paper that ends a charge or seizure, stored with the unit."""
        paper = SimpleUploadedFile("release.pdf", b"%PDF-1")
        return files.save(self.office.project, "release.pdf", paper, resource="units", record_id=unit.pk)


def make_stock(
    office: Office, access: Access, *, floors: int = 2, per_floor: int = 2, publish: bool = True
) -> Stock:
    """Units of 120.36 ㎡ (96.28 inner) at 23,500; unreleased. The scope must be open."""
    phase = run("create_phases", access, code="1", name="一期")
    building = run("create_buildings", access, phase=phase.pk, code="1", name="1幢")
    layout = run("create_layouts", access, code="A", name="A户型 三室两厅两卫", rooms=3)
    position = {"layout": "A", "gross_area": "120.36", "inner_area": "96.28"}
    run("generate_units", access, building, last_floor=floors, positions=[position] * per_floor)
    licence = run(
        "add_licences",
        access,
        number="滨房预售证第2026018号",
        issued_on="2026-01-01",
        buildings=[building.pk],
    )
    stock = Stock(office, building, layout, licence, list(Unit.objects.order_by("sort_key")))
    if publish:
        stock.price_list = publish_prices(stock, access)
    return stock


def publish_prices(stock: Stock, access: Access, unit_price: str = "23500.00") -> PriceList:
    price_list = run("add_price_lists", access, licence=stock.licence.pk)
    rows = [{"unit": unit.pk, "unit_price": unit_price, "floor_total": "2600000"} for unit in stock.units]
    run("set_prices", access, price_list, rows=rows)
    run("approve_price_list", access, price_list)
    return run("publish_price_list", access, price_list, filed_number="备案-1")


def release(stock: Stock, access: Access, *indexes: int) -> None:
    wanted = [stock.units[i].pk for i in indexes] or [unit.pk for unit in stock.units]
    run("release_units", access, units=wanted)


def make_plan(access: Access, code: str = "lump_sum", **more: Any) -> PaymentPlan:
    values = {
        "name": "一次性",
        "kind": "lump_sum",
        "parts": [{"item": "first_payment", "weight": "100", "days": 0}],
    }
    return run("add_payment_plans", access, code=code, **(values | more))
