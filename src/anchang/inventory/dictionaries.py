"""Word lists of the inventory (字典)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.inventory.models import DictionaryEntry

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
