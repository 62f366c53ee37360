"""Writes of money. `take_money` and `refund_free_money` are called by processes, which know the papers."""

from anchang.finance.commands.days import CloseDayInput, close_day
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
    }
)

__all__ = [
    "CloseDayInput", "MoneyInput", "NewLine", "RefundInput", "ReverseInput", "add_receivables",
    "allocate_open_money", "approve_refund", "close_day", "pay_refund", "print_receipt", "refund_free_money",
    "reject_refund", "release_allocations", "request_refunds", "reverse_receipt", "take_money",
    "void_receivables",
]  # fmt: skip
