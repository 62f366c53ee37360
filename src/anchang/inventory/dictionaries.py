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


def product_types(project_id: int | None) -> Mapping[str, Any]:
    """The project's dictionary, or the built-in types while it has none."""
    rows = DictionaryEntry.objects.filter(kind="product_type", active=True)
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    found = dict(rows.order_by("position", "code").values_list("code", "name"))
    return found or BUILT_IN_TYPES
