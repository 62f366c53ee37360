"""Declarations of the inventory's objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Case, Count, F, Func, IntegerField, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.inventory import rules
from anchang.inventory.commands.tree import UnitEdit
from anchang.inventory.dictionaries import discounts_named, plans_named, product_types, usages
from anchang.inventory.models import (
    Building,
    DictionaryEntry,
    Discount,
    Layout,
    Licence,
    LicenceBuilding,
    PaymentPlan,
    Phase,
    PriceAdjustment,
    PriceChange,
    PriceList,
    PriceRow,
    PriceScheme,
    ReleaseBatch,
    SchemePrice,
    Unit,
    UnitLock,
    UnitStateChange,
)
from anchang.inventory.models.units import PriceBasis
from anchang.inventory.words import (
    checks_text,
    factors_text,
    footer_text,
    head_text,
    parts_text,
    reason_text,
    rounding_text,
    targets_text,
)
from anchang.kernel.money import ZERO, rounding_named
from anchang.platform.inputs import label_of
from anchang.platform.models import StoredFile
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.telling import actor_text


def _counted(column: str, state: str = "") -> Coalesce:
    """Units that refer to the row by `column`."""
    rows = Unit.objects.filter(**{column: OuterRef("pk")}).order_by()
    if state:
        rows = rows.filter(state=state)
    counted = rows.values(column).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _pictures(ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, list[Any]] = defaultdict(list)
    rows = StoredFile.objects.filter(resource="layouts", record_id__in=ids).order_by("pk")
    for pk, record_id, name, kind in rows.values_list("pk", "record_id", "name", "kind"):
        found[record_id or 0].append({"id": pk, "label": name, "kind": kind})
    return found


def _covered(ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, list[Any]] = defaultdict(list)
    rows = LicenceBuilding.objects.filter(licence__in=ids).order_by("building__position", "building_id")
    for licence_id, building_id, name in rows.values_list("licence_id", "building_id", "building__name"):
        found[licence_id].append({"id": building_id, "label": name})
    return found


def _list_sums(ids: Sequence[int]) -> dict[int, Any]:
    """The footer of a list: units, areas, total."""
    rows = PriceRow.objects.filter(price_list__in=ids).order_by().values_list("price_list_id")
    sums = rows.annotate(Count("pk"), Sum("gross_area"), Sum("list_total"))
    return {
        pk: {"units": units, "gross_area": str(area or 0), "list_total": str(total)}
        for pk, units, area, total in sums
    }  # fmt: skip


_DAYS_ON_SALE = Case(
    When(
        Q(state="available", available_since__isnull=False),
        then=Func(
            F("project__time_zone"), F("available_since"), arg_joiner=")::date - ", output_field=IntegerField(),
            template="((statement_timestamp() AT TIME ZONE %(expressions)s)",
        ),
    ),
    output_field=IntegerField(),
)  # fmt: skip


def unit_fields(project_id: int | None) -> dict[str, Any]:
    """What may be asked of every unit of a product type."""
    labels = {name: label_of(info) for name, info in UnitEdit.model_fields.items()}
    return {name: label.text for name, label in labels.items() if label is not None}


def fields_text(names: Sequence[str]) -> str:
    words = unit_fields(None)
    return "、".join(str(words.get(name, name)) for name in names)


register(Resource(
    name="phases", model=Phase, label=_("Phase"), plural=_("Phases"), area="inventory", icon="layers-linked",
    order="position", plain=True, key_field="code", menu_order=60,
    fields=(
        Field("code", list=True, form="both"),
        Field("name", list=True, form="both"),
        Field("position", form="both"),
        Field("note", form="both"),
    ),
    related=(Related("buildings", "phase"),),
))  # fmt: skip

register(Resource(
    name="buildings", model=Building, label=_("Building"), plural=_("Buildings"), area="inventory",
    icon="building-skyscraper", order="position", plain=True, key_field="code", menu_order=50,
    fields=(
        Field("code", list=True, form="both"),
        Field("name", list=True, form="both"),
        Field("phase", list=True, form="both"),
        Field("floors_above", list=True, form="both"),
        Field("floors_below", form="both"),
        Field("structure", form="both"),
        Field("building_type", form="both"),
        Field("handover_due_on", form="both"),
        Field("position", form="both"),
        Field("units", label=_("Units"), expr=_counted("building"), kind="int", list=True),
        Field("available", label=_("Available"), kind="int", list=True,
              expr=_counted("building", "available")),
    ),
    related=(Related("units", "building"),),
))  # fmt: skip

register(Resource(
    name="layouts", model=Layout, label=_("Layout"), plural=_("Layouts"), area="inventory", icon="layout",
    order="code", plain=True, key_field="code", search=("code", "name"), menu_order=55,
    fields=(
        Field("code", list=True, form="both"),
        Field("name", list=True, form="both"),
        Field("rooms", list=True, form="both"),
        Field("halls", form="both"),
        Field("baths", form="both"),
        Field("gross_area", kind="area", list=True, form="both"),
        Field("inner_area", kind="area", form="both"),
        Field("selling_points", form="both"),
        Field("pictures", label=_("Pictures and plans"), value=_pictures),
        Field("units", label=_("Units"), expr=_counted("layout"), kind="int", list=True),
        Field("available", label=_("Available"), kind="int", list=True,
              expr=_counted("layout", "available")),
    ),
    related=(Related("units", "layout"),),
))  # fmt: skip

register(Resource(
    name="licences", model=Licence, label=_("Licence"), plural=_("Licences"), area="inventory",
    icon="license", order="-issued_on", label_field="number", key_field="number", search=("number",),
    menu_order=40,
    fields=(
        Field("number", list=True),
        Field("kind", list=True),
        Field("issued_on", list=True),
        Field("valid_to", list=True),
        Field("buildings", label=_("Buildings"), value=_covered),
        Field("escrow_bank", section="escrow"),
        Field("escrow_account", section="escrow"),
        Field("escrow_name", section="escrow"),
        Field("note"),
        Field("units", label=_("Units"), expr=_counted("licence"), kind="int", list=True),
    ),
    related=(Related("price-lists", "licence"), Related("units", "licence")),
))  # fmt: skip

register(Resource(
    name="release-batches", model=ReleaseBatch, label=_("Release batch"), plural=_("Release batches"),
    area="inventory", icon="rocket", order="-planned_on", key_field="code", menu_order=45,
    fields=(
        Field("code", list=True),
        Field("name", list=True),
        Field("planned_on", list=True),
        Field("checks", kind="json", words=checks_text),
        Field("units", label=_("Units"), expr=_counted("release_batch"), kind="int", list=True),
    ),
    related=(Related("units", "release_batch"),),
))  # fmt: skip

register(Resource(
    name="dictionary-entries", model=DictionaryEntry, label=_("Dictionary entry"), plural=_("Dictionaries"),
    area="setup", icon="book", order="position", plain=True, menu_order=70,
    fields=(
        Field("kind", list=True, form="create"),
        Field("code", list=True, form="create"),
        Field("name", list=True, form="both"),
        Field("position", form="both"),
        Field("active", list=True, form="both"),
        Field("price_basis", kind="choice", choices=dict(PriceBasis.choices), list=True, form="both"),
        Field("tax_rate", kind="decimal", form="both"),
        Field("contract_form", form="both"),
        Field("required_fields", kind="json", form="both", choices=unit_fields, words=fields_text,
              filter=False, sort=False),
    ),
))  # fmt: skip

register(Resource(
    name="units", model=Unit, label=_("Unit"), plural=_("Units"), area="inventory", icon="home",
    order="place", label_field="label", search=("label", "code", "room"), state_field="state", menu_order=10,
    fields=(
        Field("label", list=True),
        Field("place", label=pgettext_lazy("order", "Place"), source="sort_key", detail=False, filter=False),
        Field("building", list=True),
        Field("section", list=True),
        Field("floor", list=True),
        Field("room"),
        Field("code", list=True),
        Field("product_type", kind="choice", choices=product_types, list=True),
        Field("layout", list=True),
        Field("orientation", list=True),
        Field("view"),
        Field("usage", kind="choice", choices=usages),
        Field("state", list=True),
        Field("state_since"),
        Field("state_until"),
        Field("locks", kind="json", list=True),
        Field("gross_area", label=_("Gross area"), kind="area", list=True, sum=True, section="area"),
        Field("inner_area", label=_("Inner area"), kind="area", list=True, section="area"),
        Field("shared_area", label=_("Shared area"), kind="area", section="area"),
        Field("storey_height", kind="decimal", section="area"),
        Field("predicted_gross_area", kind="area", section="area"),
        Field("predicted_inner_area", kind="area", section="area"),
        Field("predicted_shared_area", kind="area", section="area"),
        Field("measured_gross_area", kind="area", section="area"),
        Field("measured_inner_area", kind="area", section="area"),
        Field("measured_shared_area", kind="area", section="area"),
        Field("measured_state", section="area"),
        Field("measured_approved_on", section="area"),
        Field("price_basis", section="price"),
        Field("list_unit_price", list=True, section="price"),
        Field("list_total", list=True, sum=True, section="price"),
        Field("filed_total", section="price"),
        Field("floor_total", section="price"),
        Field("price_list", section="price"),
        Field("decoration", section="price"),
        Field("decoration_price", section="price"),
        Field("licence", section="sale"),
        Field("release_batch", section="sale"),
        Field("control_reason", words=reason_text, section="sale"),
        Field("available_since", section="sale"),
        Field("ever_available_on", section="sale"),
        Field("days_on_sale", label=_("Days on sale"), expr=_DAYS_ON_SALE, kind="int", section="sale"),
        Field("legacy_sold", section="sale"),
        Field("note"),
        Field("created_at"),
    ),
    related=(
        Related("unit-state-changes", "unit"), Related("price-changes", "unit"),
        Related("price-rows", "unit"), Related("unit-locks", "unit"),
    ),
))  # fmt: skip

register(Resource(
    name="unit-state-changes", model=UnitStateChange, label=_("State change"), plural=_("State changes"),
    order="-id", label_field="to_state",
    fields=(
        Field("unit", list=True),
        Field("at", list=True),
        Field("business_date"),
        Field("from_state", list=True),
        Field("to_state", list=True),
        Field("cause", list=True),
        Field("reason", words=reason_text, list=True),
        Field("actor_name", words=actor_text, list=True),
        Field("list_total"),
    ),
))  # fmt: skip

register(Resource(
    name="unit-locks", model=UnitLock, label=_("Lock"), plural=_("Locks"), order="-set_at",
    label_field="kind",
    fields=(
        Field("unit", list=True),
        Field("kind", list=True),
        Field("reason", list=True),
        Field("set_by", list=True),
        Field("set_at", list=True),
        Field("cleared_by", list=True),
        Field("cleared_at", list=True),
        Field("clear_reason", words=reason_text),
    ),
))  # fmt: skip

register(Resource(
    name="price-lists", model=PriceList, label=_("Price list"), plural=_("Price lists"), area="inventory",
    icon="report-money", order="-created_at", state_field="state", menu_order=30,
    fields=(
        Field("name", list=True),
        Field("licence", list=True),
        Field("edition", list=True),
        Field("state", list=True),
        Field("publish_on"),
        Field("published_on", list=True),
        Field("filed_number", list=True),
        Field("approved_by"),
        Field("approved_at"),
        Field("footer", label=_("Footer"), value=_list_sums, words=footer_text, list=True),
        Field("scheme"),
        Field("effective_on"),
        Field("facts", kind="json", words=head_text),
        Field("note"),
        Field("created_at"),
    ),
    related=(Related("price-rows", "price_list"),),
))  # fmt: skip

register(Resource(
    name="price-rows", model=PriceRow, label=_("Price row"), plural=_("Price rows"), order="id",
    label_field="list_total",
    fields=(
        Field("price_list", list=True),
        Field("unit", list=True),
        Field("basis", list=True),
        Field("gross_area", kind="area", list=True, sum=True),
        Field("inner_area", kind="area", list=True),
        Field("gross_unit_price", list=True),
        Field("inner_unit_price", list=True),
        Field("list_total", list=True, sum=True),
        Field("floor_total"),
        Field("discounts"),
    ),
))  # fmt: skip

register(Resource(
    name="price-changes", model=PriceChange, label=_("Price change"), plural=_("Price changes"), order="-id",
    label_field="new_total",
    fields=(
        Field("unit", list=True),
        Field("business_date", list=True),
        Field("old_total", list=True),
        Field("new_total", list=True),
        Field("old_floor_total"),
        Field("new_floor_total"),
        Field("price_list", list=True),
        Field("reason", list=True),
        Field("actor_name", words=actor_text, list=True),
        Field("at"),
    ),
))  # fmt: skip

def _formulas(ids: Sequence[int]) -> dict[int, Any]:
    """The formula of each price: base and the lines of the factors that the unit fits, in yuan."""
    rows = SchemePrice.objects.filter(pk__in=ids).select_related("scheme")
    read: dict[int, Any] = {}
    found = {}
    for row in rows:
        scheme = row.scheme
        factors = read.setdefault(scheme.pk, rules.read_factors(scheme.factors))
        price = rules.scheme_price(
            scheme.base_price, factors, row.hits, basis=rules.PriceBasis(row.basis),
            gross_area=row.gross_area or ZERO, inner_area=row.inner_area or ZERO,
            rounding=rounding_named(scheme.rounding), floor_ratio=scheme.floor_ratio,
        )  # fmt: skip
        found[row.pk] = [
            {"factor": name, "line": line, "amount": str(amount)} for name, line, amount in price.parts
        ]
    return found


register(Resource(
    name="price-schemes", model=PriceScheme, label=_("Price scheme"), plural=_("Price schemes"), area="inventory",
    icon="adjustments", order="-id", label_field="title", state_field="state", menu_order=28, search=("name",),
    fields=(
        Field("title", list=True),
        Field("name"),
        Field("edition"),
        Field("state", list=True),
        Field("licence", list=True),
        Field("product_type", kind="choice", choices=product_types),
        Field("unit_condition", to="units", filter=False, sort=False),
        Field("base_price", list=True),
        Field("floor_ratio", kind="decimal"),
        Field("rounding", words=rounding_text),
        Field("factors", kind="json", words=factors_text),
        Field("targets", kind="json", words=targets_text),
        Field("payment_plan"),
        Field("discounts", kind="json"),
        Field("effective_on", list=True),
        Field("previous"),
        Field("note"),
        Field("submitted_by"),
        Field("submitted_at"),
        Field("decided_by"),
        Field("decided_at"),
        Field("opinion"),
        Field("created_at"),
    ),
    related=(Related("scheme-prices", "scheme"), Related("price-lists", "scheme")),
))  # fmt: skip

register(Resource(
    name="scheme-prices", model=SchemePrice, label=_("Price of a scheme"), plural=_("Prices of schemes"), order="id",
    label_field="list_total",
    fields=(
        Field("scheme", list=True),
        Field("unit", list=True),
        Field("basis"),
        Field("gross_area", kind="area", list=True, sum=True),
        Field("inner_area", kind="area"),
        Field("unit_price", list=True),
        Field("list_total", list=True, sum=True),
        Field("net_total", list=True, sum=True),
        Field("floor_total"),
        Field("old_total", list=True, sum=True),
        Field("formula", label=_("Formula"), value=_formulas),
    ),
))  # fmt: skip

register(Resource(
    name="price-adjustments", model=PriceAdjustment, label=_("Price adjustment"), plural=_("Price adjustments"),
    area="inventory", icon="arrows-vertical", order="-id", label_field="reason", state_field="state", menu_order=29,
    fields=(
        Field("reason", list=True),
        Field("state", list=True),
        Field("target", list=True),
        Field("amount", list=True),
        Field("percent", kind="percent", list=True),
        Field("before", list=True),
        Field("after", list=True),
        Field("units", label=_("Units"), source="unit_ids", kind="json", filter=False, sort=False),
        Field("submitted_by", list=True),
        Field("decided_by"),
        Field("decided_at"),
        Field("opinion"),
        Field("created_at", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="discounts", model=Discount, label=_("Discount"), plural=_("Discounts"), area="inventory",
    icon="discount", order="position", key_field="code", menu_order=35,
    fields=(
        Field("code", list=True),
        Field("name", list=True),
        Field("kind", list=True),
        Field("value", kind="decimal", list=True),
        Field("most"),
        Field("max_uses"),
        Field("used"),
        Field("position", list=True),
        Field("category", list=True),
        Field("purpose", list=True),
        Field("special"),
        Field("valid_from", list=True),
        Field("valid_to", list=True),
        Field("payment_plans", kind="json", choices=plans_named),
        Field("product_types", kind="json", choices=product_types),
        Field("unit_condition", to="units", filter=False, sort=False),
        Field("excludes", kind="json", choices=discounts_named),
        Field("active", list=True),
        Field("note"),
    ),
))  # fmt: skip

register(Resource(
    name="payment-plans", model=PaymentPlan, label=_("Payment plan"), plural=_("Payment plans"),
    area="inventory", icon="cash", order="position", key_field="code", menu_order=36,
    fields=(
        Field("code", list=True),
        Field("name", list=True),
        Field("kind", list=True),
        Field("parts", kind="json", words=parts_text),
        Field("loan_ratio", kind="decimal", list=True),
        Field("loan_step"),
        Field("loan_days"),
        Field("min_down_ratio", kind="decimal"),
        Field("position"),
        Field("active", list=True),
    ),
))  # fmt: skip
