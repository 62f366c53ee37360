"""Money owed, received, spread and returned."""

from anchang.finance.models.ledger import Allocation, DayClose, Receipt, Receivable
from anchang.finance.models.refunds import Refund

__all__ = ["Allocation", "DayClose", "Receipt", "Receivable", "Refund"]
