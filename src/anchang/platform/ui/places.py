"""Every resource with an `area` stands in the menu, for whoever may view it."""

from __future__ import annotations

from django.urls import reverse

from anchang.platform import resources
from anchang.platform.ui.navigation import AREAS, Place, has_place, register_place

#: The areas that resources name, and where the house has them.
AREA_OF = {
    "crm": "customers", "inventory": "units", "deals": "deals", "finance": "money", "office": "site",
    "setup": "settings", "marketing": "marketing",
}  # fmt: skip


def list_url(name: str) -> str:
    return reverse("ui-list", args=[name])


def register_resource_places() -> None:
    """Called once when the addresses are loaded: all declarations are known by then."""
    known = {area.key for area in AREAS}
    for resource in resources.all_resources():
        area = AREA_OF.get(resource.area, resource.area)
        if area not in known or has_place(f"resource.{resource.name}"):
            continue  # a special screen stands in its place
        register_place(
            Place(
                area, f"resource.{resource.name}", resource.plural, f"/r/{resource.name}/",
                f"{resource.name}.view", icon=resource.icon, order=resource.menu_order,
            )
        )  # fmt: skip
