"""Each report's answer as figures, charts and tables."""

from anchang.insight.presenting.connected import connected
from anchang.insight.presenting.delays import delays
from anchang.insight.presenting.expenses import expenses
from anchang.insight.presenting.funnel import funnel, personal
from anchang.insight.presenting.money import collection, collection_rate, feedback, overdue, units, unsigned
from anchang.insight.presenting.people import assigning, portrait, process, ranking
from anchang.insight.presenting.plans import plan, uncollected
from anchang.insight.presenting.pricing import discounts, modes, slow, withheld
from anchang.insight.presenting.receivables import bank_day, escrow, receivables
from anchang.insight.presenting.sales import sales
from anchang.insight.presenting.statements import budget, statement

__all__ = [
    "assigning",
    "bank_day",
    "budget",
    "collection",
    "collection_rate",
    "connected",
    "delays",
    "discounts",
    "escrow",
    "expenses",
    "feedback",
    "funnel",
    "modes",
    "overdue",
    "personal",
    "plan",
    "portrait",
    "process",
    "ranking",
    "receivables",
    "sales",
    "slow",
    "statement",
    "uncollected",
    "units",
    "unsigned",
    "withheld",
]
