"""The places of "today" and of the reports in the menu."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.insight import catalogue
from anchang.platform.ui.navigation import Place, register_place


def _sees(*keys: str) -> Any:
    return lambda access: any(catalogue.REPORTS[key].visible(access) for key in keys)


register_place(Place("today", "today", _("Today"), "/", icon="home", order=1))
register_place(
    Place("reports", "reports", _("Catalogue"), "reports", order=10, shown=_sees(*catalogue.REPORTS))
)
register_place(
    Place(
        "reports",
        "report.sales-daily",
        _("Daily sales report"),
        "/reports/sales-daily/",
        order=20,
        shown=_sees("sales-daily"),
    )
)
register_place(
    Place("reports", "report.funnel", _("Sales funnel"), "/reports/funnel/", order=30, shown=_sees("funnel"))
)
register_place(
    Place(
        "reports", "report.ranking", _("Ranking board"), "/reports/ranking/", order=40, shown=_sees("ranking")
    )
)
register_place(
    Place(
        "reports", "report.units", _("Unit-state report"), "/reports/units/", order=50, shown=_sees("units")
    )
)
