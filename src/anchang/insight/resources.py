"""The places of "today" and of the reports in the menu; sales plans and reasons of delay."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from anchang.commission.ranking import provide_ranking
from anchang.insight import catalogue
from anchang.insight.models import BudgetEntry, DelayReason, MonthStatement, PlanTarget, ReportClose, SalesPlan
from anchang.insight.queries.ranking import standings
from anchang.insight.words import delay_reasons
from anchang.inventory.dictionaries import product_types
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.ui.navigation import Place, register_place, register_record_page


def _sees(*keys: str) -> Any:
    return lambda access: any(catalogue.REPORTS[key].visible(access) for key in keys)


register_place(Place("today", "today", _("Today"), "/", icon="home", order=1))
register_place(Place("reports", "reports", _("Catalogue"), "reports", order=10, shown=_sees(*catalogue.REPORTS)))
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
    Place("reports", "report.ranking", _("Ranking board"), "/reports/ranking/", order=40, shown=_sees("ranking"))
)
register_place(
    Place("reports", "report.units", _("Unit-state report"), "/reports/units/", order=50, shown=_sees("units"))
)

register(Resource(
    name="report-closes", model=ReportClose, label=_("Closed report days"), plural=_("Closed report days"),
    order="-through", label_field="through",
    fields=(Field("through", list=True), Field("closed_at", list=True)),
))  # fmt: skip
register_record_page("report-closes", "report-closed", _sees("sales-daily"))

register(Resource(
    name="month-statements", model=MonthStatement, label=_("Monthly statement"), plural=_("Monthly statements"),
    area="reports", icon="snowflake", order="-month", label_field="month", menu_order=61,
    fields=(
        Field("month", list=True), Field("frozen_at", list=True), Field("frozen_by", list=True, to="users"),
        Field("digest"), Field("figures", kind="json", filter=False, sort=False),
    ),
))  # fmt: skip
register_record_page("month-statements", "month-statement", _sees("month-statement"))

register(Resource(
    name="budget-entries", model=BudgetEntry, label=_("Budget entry"), plural=_("Budget entries"), area="reports",
    icon="upload", order="-id", label_field="year", menu_order=62,
    fields=(
        Field("year", list=True), Field("month", list=True), Field("kind", list=True), Field("at", list=True),
        Field("digest"), Field("figures", kind="json", filter=False, sort=False),
    ),
))  # fmt: skip

register(Resource(
    name="sales-plans", model=SalesPlan, label=_("Sales plan"), plural=_("Sales plans"), area="reports", icon="target",
    order="-year", label_field="title", state_field="state", menu_order=60,
    fields=(
        Field("title", label=_("Sales plan"), expr=Concat(
            Cast("year", CharField()), Value("-"), Cast("edition", CharField()), output_field=CharField()
        ), kind="text"),
        Field("year", list=True, form="create"),
        Field("edition", list=True),
        Field("state", list=True),
        Field("note", list=True, form="both"),
        Field("approved_on", list=True),
        Field("approved_by", to="users"),
        Field("created_at"),
    ),
    related=(Related("plan-targets", "plan"),),
))  # fmt: skip

register(Resource(
    name="plan-targets", model=PlanTarget, label=_("Target"), plural=_("Targets"), icon="target-arrow", order="month",
    label_field="month",
    fields=(
        Field("plan", list=True, form="create"),
        Field("month", list=True, form="create"),
        Field("product_type", list=True, form="create", choices=product_types),
        Field("user", list=True, form="create", to="users"),
        Field("units", list=True, form="both", sum=True),
        Field("area", list=True, form="both", kind="area", sum=True),
        Field("amount", list=True, form="both", kind="money", sum=True),
        Field("collection", list=True, form="both", kind="money", sum=True),
    ),
))  # fmt: skip

register(Resource(
    name="delay-reasons", model=DelayReason, label=_("Reason of delay"), plural=_("Reasons of delay"),
    icon="clock-exclamation", label_field="reason", order="-id", owner="deal__consultant", team="deal__team",
    fields=(
        Field("deal", list=True),
        Field("reason", list=True, kind="choice", choices=delay_reasons),
        Field("next_action", list=True),
        Field("next_on", list=True),
        Field("at", list=True),
        Field("by", list=True, to="users"),
    ),
))  # fmt: skip

#: Awards of commission name their winners from the ranking.
provide_ranking(standings)
