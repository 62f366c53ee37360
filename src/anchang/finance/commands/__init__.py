"""Writes of money. `take_money` and `refund_free_money` are called by processes, which know the papers."""

from anchang.finance.commands import copying, expenses, invoices, voucher_exports, voucher_templates, vouchers
from anchang.finance.commands.areas import (
    approve_area_settlement,
    compute_area_settlement,
    post_area_settlement,
    reject_area_settlement,
)
from anchang.finance.commands.banking import explain_bank_line, match_bank_lines, unmatch_bank_line
from anchang.finance.commands.charging import (
    approve_waiver,
    ask_waiver,
    charge_agency_fees,
    charge_late_fee,
    compute_late_fees,
    reject_waiver,
    remit_agency_fees,
)
from anchang.finance.commands.days import CloseDayInput, close_day
from anchang.finance.commands.periods import close_month
from anchang.finance.commands.prints import print_receipt
from anchang.finance.commands.receipts import (
    MoneyInput,
    ReverseInput,
    allocate_open_money,
    release_allocations,
    reverse_receipt,
    take_money,
)
from anchang.finance.commands.receivables import NewLine, add_receivables, void_receivables
from anchang.finance.commands.refunds import (
    RefundInput,
    approve_refund,
    pay_refund,
    refund_free_money,
    reject_refund,
    request_refunds,
)
from anchang.finance.commands.transfers import approve_transfer, transfer_money
from anchang.platform.commands import constraint_errors

constraint_errors(
    {
        "allocated_by_ledger": "allocated_by_ledger",
        "receipt_allocated": "over_allocated",
        "receivable_allocated": "over_allocated",
        "finance_receipt_posted": "receipt_posted",
        "receipt_reversed_once": "state_refused",
        "receivable_sum": "receivable_sum",
        "refund_cover": "refund_cover",
        "day_closed": "day_closed",
        "day_close_once": "day_closed_before",
        "bank_line_explained": "bank_match_cover",
        "bank_match_cover": "bank_match_cover",
        "explained_by_matches": "explained_by_matches",
        "period_closed": "period_closed",
        "period_close_once": "period_closed_before",
        "area_settlement_once": "area_settled_before",
        "remitted_once": "remitted_before",
    }
)

__all__ = [
    "CloseDayInput",
    "MoneyInput",
    "NewLine",
    "RefundInput",
    "ReverseInput",
    "add_receivables",
    "allocate_open_money",
    "approve_area_settlement",
    "approve_refund",
    "approve_transfer",
    "approve_waiver",
    "ask_waiver",
    "charge_agency_fees",
    "charge_late_fee",
    "close_day",
    "close_month",
    "compute_area_settlement",
    "compute_late_fees",
    "copying",
    "expenses",
    "explain_bank_line",
    "invoices",
    "match_bank_lines",
    "pay_refund",
    "post_area_settlement",
    "print_receipt",
    "refund_free_money",
    "reject_area_settlement",
    "reject_refund",
    "reject_waiver",
    "release_allocations",
    "remit_agency_fees",
    "request_refunds",
    "reverse_receipt",
    "take_money",
    "transfer_money",
    "unmatch_bank_line",
    "void_receivables",
    "voucher_exports",
    "voucher_templates",
    "vouchers",
]  # fmt: skip
