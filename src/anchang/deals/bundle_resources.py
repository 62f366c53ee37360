"""What users see of bundles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Bundle, BundleItem
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.ui.beginnings import begins


def _parts(ids: Sequence[int]) -> Mapping[int, Any]:
    """Bundle id -> its units with their part of the price, in order."""
    found: dict[int, list[dict[str, Any]]] = {i: [] for i in ids}
    rows = BundleItem.objects.filter(bundle__in=ids).select_related("unit").order_by("position")
    for item in rows:
        found[item.bundle_id].append({
            "unit": {"id": item.unit_id, "label": item.unit.label}, "agreed": str(item.agreed),
        })  # fmt: skip
    return found


register(
    Resource(
        name="bundles", model=Bundle, label=_("Bundle"), plural=_("Bundles"), area="deals", icon="packages",
        menu_order=45,
        fields=(
            Field("number", list=True), Field("customer", list=True),
            Field("unit", label=_("Main unit"), source="main__unit", to="units", list=True),
            Field("consultant", label=_("Consultant"), source="main__consultant", to="users", list=True),
            Field("state", list=True), Field("rule", list=True), Field("list_total"),
            Field("total", list=True, sum=True), Field("opened_on", list=True), Field("ended_on"), Field("main"),
            Field("parts", label=_("Units"), value=_parts), Field("created_at"),
        ),
        label_field="number", owner="main__consultant", team="main__team", state_field="state", order="-id",
        search=("number",), key_field="number", related=(Related("bundle-items", "bundle"),),
    )
)  # fmt: skip

register(
    Resource(
        name="bundle-items", model=BundleItem, label=_("Unit of a bundle"), plural=_("Units of bundles"),
        icon="package", label_field="title", owner="deal__consultant", team="deal__team", order="id",
        fields=(
            Field("title", label=_("Unit"), source="unit__label"), Field("bundle", list=True),
            Field("position", list=True), Field("unit"), Field("deal", list=True),
            Field("state", label=_("State"), source="deal__state", list=True),
            Field("list_total", list=True), Field("agreed", list=True, sum=True), Field("takes_rest", list=True),
        ),
    )
)  # fmt: skip

begins(
    "bundles",
    _("They begin at a unit: choose Subscribe with other units there."),
    "/board/", _("Unit board"), "units.subscribe",
)  # fmt: skip
