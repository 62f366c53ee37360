"""The statutory price list as stored rows give it. The form is a Chinese legal text, worded in Chinese."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import override

from anchang.inventory import documents
from anchang.inventory.dictionaries import product_types
from anchang.inventory.models import PriceList, PriceRow
from anchang.inventory.models.units import PriceBasis, Unit

FORM_LANGUAGE = "zh-hans"
#: Facts of the list's head that stand in the form under the same name.
_FACTS = (
    "location", "plot_ratio", "greening", "parking_ratio", "building_type", "structure", "finish",
    "utilities", "property_fee", "complaint_line",
)  # fmt: skip


def price_list_paper(
    price_list: PriceList, *, by: str = "", now: dt.datetime | None = None, product_type: str = ""
) -> documents.PriceList:
    """The list as a document: every unit with its filed price and its state now; with `product_type` the list of these
    units alone, under a title of its own (parking and annexes are posted apart). Three queries at most."""
    project, facts = price_list.project, price_list.facts or {}
    licence = price_list.licence
    known = {name: str(facts[name]) for name in _FACTS if facts.get(name)} | _land(facts)
    head = documents.PriceListHead(
        developer=str(facts.get("developer") or project.developer or project.company.name),
        project=str(facts.get("project") or project.name),
        licence=licence.number if licence else "", **({"location": project.address} | known),
    )  # fmt: skip
    with override(FORM_LANGUAGE):
        return documents.PriceList(
            head=head, rows=_rows(price_list, product_type), version=f"V{price_list.edition}",
            title=_title(price_list, product_type),
            published_on=price_list.published_on or project.today(),
            printed_at=project.local(now), printed_by=by,
        )  # fmt: skip


def _land(facts: Mapping[str, Any]) -> dict[str, str]:
    """土地性质 with the years of the right of use, which some forms write within it."""
    land, years = str(facts.get("land") or ""), facts.get("land_years")
    if land and years and "年" not in land:
        land = f"{land}（{years}年）"
    return {"land_use": land} if land else {}


def _title(price_list: PriceList, product_type: str) -> str:
    if not product_type:
        return documents.TITLE
    names = product_types(price_list.project_id)
    return f"{documents.TITLE}（{names.get(product_type, product_type)}）"


def types_of(lists: Iterable[PriceList]) -> dict[int, list[str]]:
    """The product types of each list, for those that have several. One query."""
    ids = [price_list.pk for price_list in lists]
    found: dict[int, list[str]] = {}
    rows = PriceRow.objects.filter(price_list__in=ids).order_by("unit__product_type")
    for pk, name in rows.values_list("price_list_id", "unit__product_type").distinct():
        found.setdefault(pk, []).append(name)
    return {pk: names for pk, names in found.items() if len(names) > 1}


def _rows(price_list: PriceList, product_type: str) -> list[documents.PriceListRow]:
    rows = PriceRow.objects.filter(project_id=price_list.project_id, price_list=price_list)
    if product_type:
        rows = rows.filter(unit__product_type=product_type)
    states = {str(value): str(label) for value, label in Unit.State.choices}
    bases = {str(value): str(label) for value, label in PriceBasis.choices}
    return [
        documents.PriceListRow(
            building=row.unit.building.code, section=row.unit.section, code=row.unit.code,
            floor="" if row.unit.floor is None else str(row.unit.floor),
            layout=row.unit.layout.name if row.unit.layout else "", storey_height=row.unit.storey_height,
            gross_area=row.gross_area, inner_area=row.inner_area, shared_area=_shared(row),
            price_basis=bases.get(row.basis, row.basis), gross_unit_price=row.gross_unit_price,
            inner_unit_price=row.inner_unit_price, list_total=row.list_total, discounts=row.discounts,
            state=states.get(row.unit.state, row.unit.state),
        )
        for row in rows.select_related("unit__building", "unit__layout").order_by("unit__sort_key")
    ]  # fmt: skip


def _shared(row: PriceRow) -> Decimal | None:
    if row.gross_area is None or row.inner_area is None:
        return None
    return row.gross_area - row.inner_area
