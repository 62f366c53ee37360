"""The writes of the reports: closing days, plans, reasons of delay."""

from anchang.insight.commands.announcing import announce_reports
from anchang.insight.commands.closing import close_report_days
from anchang.insight.commands.plans import add_sales_plans
from anchang.insight.commands.reasons import explain_delay
from anchang.insight.commands.statements import freeze_month, publish_budget

__all__ = [
    "add_sales_plans", "announce_reports", "close_report_days", "explain_delay", "freeze_month",
    "publish_budget",
]
