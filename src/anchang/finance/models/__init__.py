"""Money owed, received, spread and returned; what the bank says of it; what is owed beside the price."""

from anchang.finance.models.banking import BankLine, BankMatch, BankProposal
from anchang.finance.models.charging import AreaSettlement, LateFee, PeriodClose, Remittance, RemittanceLine
from anchang.finance.models.ledger import Allocation, DayClose, Receipt, Receivable
from anchang.finance.models.refunds import Refund

__all__ = [
    "Allocation",
    "AreaSettlement",
    "BankLine",
    "BankMatch",
    "BankProposal",
    "DayClose",
    "LateFee",
    "PeriodClose",
    "Receipt",
    "Receivable",
    "Refund",
    "Remittance",
    "RemittanceLine",
]
