"""Places of the sales screens in the menu, and how changes of units are told to open boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.inventory.models import Unit
from anchang.inventory.queries import CELL, board_cell
from anchang.platform.models import FieldRule
from anchang.platform.ui.live import Happening, messages_for
from anchang.platform.ui.navigation import Place, QuickAdd, register_place, register_quick_add, register_record_page
from anchang.processes.profile import add_tabs

add_tabs()
register_record_page("discount-requests", "special-discount")
register_record_page("quotations", "quotation")
register_record_page("signing-checks", "signing-check")
register_record_page("deal-changes", "deal-change")
register_place(
    Place("units", "board", _("Unit board"), "/board/", "units.view", icon="layout-grid", order=1)
)
register_place(Place("units", "loan", _("Loan calculator"), "/loan/", "units.quote", icon="calculator", order=38))
register_place(
    Place("units", "price-papers", _("Price lists to print"), "/papers/", "price-lists.view", icon="printer", order=39)
)
_OVERDUE = '/r/{name}/?where={{"all":[{{"field":"{field}","op":"gt","value":0}}]}}&order=-{field}'
register_place(
    Place(
        "deals", "signing-overdue", _("Signing overdue"),
        _OVERDUE.format(name="subscriptions", field="signing_overdue"), "subscriptions.view", icon="clock-plus",
        order=90,
    )
)  # fmt: skip
register_place(
    Place(
        "deals", "filing-overdue", _("Filing overdue"),
        _OVERDUE.format(name="contracts", field="filing_overdue"), "contracts.view", icon="building-bank", order=91,
    )
)  # fmt: skip
register_place(
    Place("units", "pricing", _("Pricing"), "/pricing/", "price-schemes.view", icon="adjustments", order=26)
)
register_place(Place("money", "cashier", _("Cash desk"), "/cashier/", "contracts.receive", icon="cash", order=1))
register_place(
    Place("money", "bank", _("Bank matching"), "/bank/", "bank-lines.confirm", icon="building-bank", order=2)
)
register_quick_add(
    QuickAdd("loan", _("Loan calculator"), "/loan/", icon="calculator", permission="units.quote", order=60)
)


def tell_units(happenings: Sequence[Happening]) -> Mapping[int, Any]:
    """The unit's new cell with the usual word that it changed. What any role may not see is left out for
    everybody: one message goes to all, and the page keeps what it has."""
    cells: dict[int, Mapping[str, Any]] = {}
    names: dict[int, str] = {}
    for one in happenings:
        names[one.record_id] = one.name
        if one.name == "unit.changed":
            cells[one.record_id] = one.data
    missing = [pk for pk in names if pk not in cells]
    if missing:
        cells |= {unit.pk: board_cell(unit) for unit in Unit.objects.filter(pk__in=missing)}
    ruled = set(FieldRule.objects.filter(resource="units", mode="hide").values_list("field", flat=True))
    shown = [name for name in CELL if name not in ruled]
    projects = {one.record_id: one.project_id for one in happenings}
    return {
        pk: {
            "trigger": "units:changed",
            "detail": {
                "event": name, "resource": "units", "id": pk, "project": projects[pk],
                "cell": {k: cells[pk][k] for k in shown if k in cells[pk]} if pk in cells else None,
            },
        }
        for pk, name in names.items()
    }  # fmt: skip


messages_for("units", tell_units)
