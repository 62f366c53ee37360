"""Word lists of the inventory (字典)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.inventory.models import Building, DictionaryEntry, Discount, Layout, PaymentPlan, ReleaseBatch
from anchang.platform.wording import key_word

#: Ways of rounding a total, with their step in yuan.
ROUNDINGS = ("half_up:0.01", "half_up:1", "down:1", "down:10", "down:100", "down:1000", "up:1")

#: Of how many checklists a form offers the items.
NEWEST = 20

BUILT_IN_TYPES = {
    "housing": _("Housing"),
    "shop": _("Shop"),
    "office": _("Office"),
    "parking": _("Parking space"),
}


def _entries(kind: str, project_id: int | None) -> dict[str, Any]:
    rows = DictionaryEntry.objects.filter(kind=kind, active=True)
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    return dict(rows.order_by("position", "code").values_list("code", "name"))


def product_types(project_id: int | None) -> Mapping[str, Any]:
    """The project's dictionary, or the built-in types while it has none."""
    return _entries("product_type", project_id) or BUILT_IN_TYPES


def usages(project_id: int | None) -> Mapping[str, Any]:
    """What a unit is registered for (规划用途), by the project's dictionary; other texts stand as they are."""
    return _entries("usage", project_id)


def buildings_named(project_id: int | None) -> dict[str, str]:
    """Code -> name of the project's buildings."""
    rows = Building.objects.filter(project_id=project_id or 0).order_by("position", "pk")
    return dict(rows.values_list("code", "name"))


def plans_named(project_id: int | None) -> dict[str, str]:
    rows = PaymentPlan.objects.filter(project_id=project_id or 0, active=True).order_by("position", "pk")
    return dict(rows.values_list("code", "name"))


def discounts_named(project_id: int | None) -> dict[str, str]:
    rows = Discount.objects.filter(project_id=project_id or 0, active=True).order_by("position", "pk")
    return dict(rows.values_list("code", "name"))


def layouts_named(project_id: int | None) -> dict[str, str]:
    """The project's layouts by their codes."""
    rows = Layout.objects.all() if project_id is None else Layout.objects.filter(project_id=project_id)
    return dict(rows.order_by("code").values_list("code", "name"))


def check_items(lists: Iterable[Iterable[Mapping[str, Any]]]) -> dict[str, str]:
    """The items of some checklists, each once, in words."""
    return {check["item"]: key_word("check", check["item"]) for checks in lists for check in checks}


def batch_items(project_id: int | None) -> dict[str, str]:
    """What may be ticked on the project's release batches, those of the newest batch first."""
    rows = ReleaseBatch.objects.filter(project_id=project_id or 0).order_by("-pk")
    return check_items(rows.values_list("checks", flat=True)[:NEWEST])
