"""Money owed, received, spread and returned; what the bank says of it; vouchers, invoices, marketing expenses."""

from anchang.finance.models.accounts import Account, AccountingPeriod, VoucherTemplate, VoucherTemplateLine
from anchang.finance.models.banking import BankLine, BankMatch, BankProposal
from anchang.finance.models.charging import AreaSettlement, LateFee, PeriodClose, Remittance, RemittanceLine
from anchang.finance.models.expenses import (
    Expense,
    ExpensePayment,
    ExpensePlan,
    ExpenseSubject,
    ExpenseTarget,
    MarketingContract,
)
from anchang.finance.models.invoices import Invoice, InvoiceReceipt
from anchang.finance.models.ledger import Allocation, DayClose, Receipt, Receivable
from anchang.finance.models.refunds import Refund
from anchang.finance.models.vouchers import Voucher, VoucherBatch, VoucherLine, VoucherRejection

__all__ = [
    "Account",
    "AccountingPeriod",
    "Allocation",
    "AreaSettlement",
    "BankLine",
    "BankMatch",
    "BankProposal",
    "DayClose",
    "Expense",
    "ExpensePayment",
    "ExpensePlan",
    "ExpenseSubject",
    "ExpenseTarget",
    "Invoice",
    "InvoiceReceipt",
    "LateFee",
    "MarketingContract",
    "PeriodClose",
    "Receipt",
    "Receivable",
    "Refund",
    "Remittance",
    "RemittanceLine",
    "Voucher",
    "VoucherBatch",
    "VoucherLine",
    "VoucherRejection",
    "VoucherTemplate",
    "VoucherTemplateLine",
]
