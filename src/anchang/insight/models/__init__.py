"""What the reports keep: closed days, sales plans, reasons of delay."""

from anchang.insight.models.closing import DayFigure, ReportClose
from anchang.insight.models.plans import PlanTarget, SalesPlan
from anchang.insight.models.reasons import DelayReason
from anchang.insight.models.statements import BudgetEntry, MonthStatement

__all__ = ["BudgetEntry", "DayFigure", "DelayReason", "MonthStatement", "PlanTarget", "ReportClose", "SalesPlan"]
