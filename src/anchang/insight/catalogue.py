"""The catalogue of reports (报表目录): what there is, what each may be asked, who sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.insight import presenting
from anchang.insight.blocks import Blocks
from anchang.insight.queries import (
    assigning,
    boards,
    connected,
    control,
    delays,
    expenses,
    funnel,
    money,
    plans,
    portrait,
    pricing,
    ranking,
    receivables,
    sales,
    statements,
    stock,
)
from anchang.insight.queries.asked import Asked, ask, scope_of
from anchang.kernel.errors import forbidden
from anchang.platform.access import Access

#: Which inputs a report offers, as names of query parameters.
DATED = ("project", "date", "team", "user")
SPAN = ("project", "from", "to", "team", "user")


@dataclass(frozen=True)
class Report:
    """`preset` are query values that stand unless given. `basis` says by which date things count."""

    key: str
    title: object
    help: object
    group: str
    inputs: tuple[str, ...]
    answer: Callable[[Asked], dict[str, Any]]
    blocks: Callable[[Mapping[str, Any]], Blocks]
    basis: object = _("Counted by business date in the project's time zone. Closed days don't change.")
    preset: Mapping[str, str] = field(default_factory=dict)
    icon: str = field(default="chart-bar", kw_only=True)
    #: Figures that are no person's: only for readers of the whole project.
    whole: bool = field(default=False, kw_only=True)

    def ask(self, access: Access, given: Mapping[str, str]) -> Asked:
        """Raises not_found, forbidden, bad_input."""
        asked = ask(access, self.key, {**self.preset, **{k: v for k, v in given.items() if v}})
        if self.whole and asked.scope != "project":
            raise forbidden(f"reports.{self.key}")
        return asked

    def visible(self, access: Access) -> bool:
        scopes = {scope_of(access, self.key, p) for p in access.project_ids}
        return "project" in scopes if self.whole else bool(scopes - {None})


GROUPS = {
    "sales": _("Sales"),
    "customers": _("Customers"),
    "people": _("People"),
    "money": _("Money"),
    "units": _("Units"),
}
_NOW = _("As of today.")
_FUNNEL_BASIS = _("Cohort: first leads of the period and how far they came until today. Period: events of the period.")
_FUNNEL = (*SPAN, "basis", "by", "channel", "compare_from", "compare_to")

REPORTS: dict[str, Report] = {
    r.key: r
    for r in (
        Report(
            "sales-daily",
            _("Daily sales report"),
            _("Leads, calls, visits, subscriptions, signing and collection of a day"),
            "sales",
            (*DATED, "period"),
            sales.sales_report,
            presenting.sales,
            icon="report-analytics",
        ),
        Report(
            "sales-weekly",
            _("Weekly sales report"),
            _("The same for a week from Monday to Sunday"),
            "sales",
            DATED,
            sales.sales_report,
            presenting.sales,
            preset={"period": "week"},
            icon="report-analytics",
        ),
        Report(
            "sales-monthly",
            _("Monthly sales report"),
            _("The same for a month, with attainment of the target"),
            "sales",
            DATED,
            sales.sales_report,
            presenting.sales,
            preset={"period": "month"},
            icon="report-analytics",
        ),
        Report(
            "plan",
            _("Attainment of the sales plan"),
            _("Planned and done by month, product type and person, by the first and the newest version"),
            "sales",
            DATED,
            plans.plan_report,
            presenting.plan,
            icon="target",
        ),
        Report(
            "unsigned",
            _("Subscribed, not signed"),
            _("Subscriptions in force by overdue days"),
            "sales",
            ("project", "team", "user"),
            money.unsigned_report,
            presenting.unsigned,
            basis=_NOW,
            icon="clock",
        ),
        Report(
            "connected",
            _("Connected purchases"),
            _("Deals of staff, their relatives and connected persons"),
            "sales",
            SPAN,
            connected.connected_report,
            presenting.connected,
            basis=_("Counted by the day on which the deal was opened."),
            preset={"period": "year"},
            icon="user-shield",
        ),
        Report(
            "sales-modes",
            _("Sales by mode"),
            _("Subscriptions, signing and collection by sales mode and agency"),
            "sales",
            SPAN,
            pricing.modes_report,
            presenting.modes,
            basis=_("Counted by business date, from the records as they stand."),
            preset={"period": "month"},
            icon="building-store",
        ),
        Report(
            "discounts",
            _("Cost of discounts"),
            _("What discounts, vouchers and gifts took off, by kind and by discount"),
            "sales",
            SPAN,
            pricing.discounts_report,
            presenting.discounts,
            basis=_("Subscriptions in force by the day on which they became active."),
            preset={"period": "month"},
            icon="discount",
        ),
        Report(
            "funnel",
            _("Sales funnel"),
            _("Four rates and the days to signing; teams, channels and periods side by side"),
            "customers",
            _FUNNEL,
            funnel.funnel_report,
            presenting.funnel,
            basis=_FUNNEL_BASIS,
            preset={"period": "month"},
            icon="filter",
        ),
        Report(
            "sources",
            _("Customer sources"),
            _("Counts and shares by channel at every stage"),
            "customers",
            (*SPAN, "basis"),
            funnel.funnel_report,
            presenting.funnel,
            basis=_FUNNEL_BASIS,
            preset={"by": "channel", "period": "month"},
            icon="speakerphone",
        ),
        Report(
            "feedback",
            _("Visit feedback"),
            _("What visitors said about price, layout, location and competitors"),
            "customers",
            SPAN,
            stock.feedback_report,
            presenting.feedback,
            preset={"period": "month"},
            icon="message-circle",
        ),
        Report(
            "ranking",
            _("Ranking board"),
            _("Net signing, collection and new customers by person"),
            "people",
            ("project", "date", "period", "team"),
            ranking.ranking_report,
            presenting.ranking,
            preset={"period": "month"},
            icon="trophy",
        ),
        Report(
            "personal-funnel",
            _("My funnel"),
            _("One person's rates and cycle beside the team's mean"),
            "people",
            ("project", "from", "to", "basis", "user"),
            funnel.personal_funnel,
            presenting.personal,
            basis=_FUNNEL_BASIS,
            preset={"period": "year", "basis": "cohort"},
            icon="user",
        ),
        Report(
            "portrait",
            _("Customer portrait"),
            _("New customers by occupation, age, where they live and work, needs and tags, and who of them bought"),
            "customers",
            SPAN,
            portrait.portrait_report,
            presenting.portrait,
            preset={"period": "month"},
            icon="users-group",
        ),
        Report(
            "process",
            _("Process indicators"),
            _("Follow-ups, new customers, A and B customers by person"),
            "people",
            SPAN,
            ranking.process_report,
            presenting.process,
            preset={"period": "week"},
            icon="checkup-list",
        ),
        Report(
            "assigning",
            _("Assignment of leads"),
            _("Time to assignment and first contact in time, by rule and person"),
            "people",
            SPAN,
            assigning.assigning_report,
            presenting.assigning,
            preset={"period": "month"},
            icon="user-share",
        ),
        Report(
            "collection",
            _("Collection"),
            _("Receipts less refunds by day, item, way and person, equal to the ledger"),
            "money",
            (*SPAN, "group"),
            money.collection_report,
            presenting.collection,
            preset={"period": "month"},
            icon="wallet",
        ),
        Report(
            "collection-rate",
            _("Collection rate"),
            _("Collected of what was due, by person, project and month"),
            "money",
            SPAN,
            money.collection_rate_report,
            presenting.collection_rate,
            basis=_("Lines due in the period, collected by its end."),
            preset={"period": "year"},
            icon="percentage",
        ),
        Report(
            "uncollected",
            _("Signed, not collected"),
            _("What contracts still owe, by who pays it; late ones with reason and next step"),
            "money",
            ("project", "team", "user"),
            boards.uncollected_report,
            presenting.uncollected,
            basis=_NOW,
            icon="clock-dollar",
        ),
        Report(
            "overdue",
            _("Overdue receivables"),
            _("Overdue house money by age, and what is due soon"),
            "money",
            ("project", "team", "user"),
            money.overdue_report,
            presenting.overdue,
            basis=_NOW,
            icon="alert-triangle",
        ),
        Report(
            "receivables",
            _("Receivables by age"),
            _("Open money by age and class, dues and collection of the period, by project"),
            "money",
            SPAN,
            receivables.receivables_report,
            presenting.receivables,
            basis=_("Ages as of today; collection by business date."),
            preset={"period": "month"},
            icon="hourglass",
        ),
        Report(
            "escrow",
            _("Escrow account control"),
            _("House money of presold units that isn't in its escrow account"),
            "money",
            SPAN,
            control.escrow_report,
            presenting.escrow,
            preset={"period": "month"},
            icon="shield-dollar",
        ),
        Report(
            "month-statement",
            _("Monthly statement"),
            _("Sales, collection, receivables and expenses of a month, as frozen and as of now"),
            "money",
            ("project", "date"),
            statements.statement_report,
            presenting.statement,
            basis=_("Frozen on the set day of the next month; what is entered later shows as a difference."),
            icon="snowflake",
            whole=True,
        ),
        Report(
            "budget",
            _("Budget: planned and actual"),
            _("Sales, collection and expenses by month of the year, plans beside actuals"),
            "money",
            ("project", "date"),
            statements.budget_report,
            presenting.budget,
            basis=_("Plans in force; actuals of frozen months as frozen, of others as of now."),
            icon="adjustments-dollar",
            whole=True,
        ),
        Report(
            "expenses",
            _("Expense ledger"),
            _("Target, plans, incurred and paid by subject and month of the year, spending without a target too"),
            "money",
            ("project", "date"),
            expenses.expenses_report,
            presenting.expenses,
            basis=_("Counted by the day on which an expense was incurred or paid."),
            icon="report-money",
            whole=True,
        ),
        Report(
            "seller-delays",
            _("Seller's delays"),
            _("Late handover and late title by unit: days, amount and what is provided for"),
            "money",
            ("project", "team", "user"),
            delays.delays_report,
            presenting.delays,
            basis=_("As of the day the ledger was computed through."),
            icon="clock-exclamation",
        ),
        Report(
            "bank-day",
            _("Bank and card compare"),
            _("A day's receipts against card list, bank and count, with what is unexplained"),
            "money",
            ("project", "date"),
            control.bank_day_report,
            presenting.bank_day,
            icon="scale",
        ),
        Report(
            "units",
            _("Unit-state report"),
            _("Units, area and value by state, building and layout on any day"),
            "units",
            ("project", "date"),
            stock.units_report,
            presenting.units,
            basis=_("State at the end of the day, at list price."),
            icon="building-skyscraper",
        ),
        Report(
            "slow-moving",
            _("Slow-moving units"),
            _("Units on sale for long with the suggested change of their price"),
            "units",
            ("project",),
            pricing.slow_report,
            presenting.slow,
            basis=_NOW,
            icon="hourglass",
        ),
        Report(
            "withheld",
            _("Withheld units and late lists"),
            _("Licensed units that are not on sale without a reason, and lists not public in time"),
            "units",
            ("project",),
            pricing.withheld_report,
            presenting.withheld,
            basis=_NOW,
            icon="lock",
        ),
    )
}


def visible_to(access: Access) -> list[Report]:
    return [r for r in REPORTS.values() if r.visible(access)]
