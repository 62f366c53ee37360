"""The commands of processes that cross apps."""

from anchang.processes import before_signing as before_signing
from anchang.processes import changing as changing
from anchang.processes import exchanging as exchanging
from anchang.processes import forfeiting as forfeiting
from anchang.processes import keeping as keeping
from anchang.processes import refused_loans as refused_loans
from anchang.processes import renaming as renaming
from anchang.processes import revoking as revoking
from anchang.processes.banking import confirm_bank_line, confirm_clear_lines
from anchang.processes.bundling import sign_bundle, subscribe_bundle
from anchang.processes.legacy import claim_sold_units
from anchang.processes.queueing import finish_launch, receive_on_ticket, withdraw_ticket
from anchang.processes.quotations import make_quotation, subscribe_quotation
from anchang.processes.receiving import receive_on_contract, receive_on_hold, receive_on_subscription
from anchang.processes.reminders import extend_signing
from anchang.processes.resubmitting import resubmit_subscription
from anchang.processes.signing import sign_contract, sign_reviewed_contract, void_contract
from anchang.processes.special import approve_discount, ask_discount, refuse_discount
from anchang.processes.subscribing import approve_subscription, refuse_subscription, subscribe_unit
from anchang.processes.terminating import cancel_subscription, terminate_contract, terminate_subscription

__all__ = [
    "approve_discount", "approve_subscription", "ask_discount", "cancel_subscription", "claim_sold_units",
    "confirm_bank_line", "confirm_clear_lines", "extend_signing", "finish_launch", "make_quotation",
    "receive_on_contract", "receive_on_hold", "receive_on_subscription", "receive_on_ticket", "refuse_discount",
    "refuse_subscription", "resubmit_subscription", "sign_bundle", "sign_contract", "sign_reviewed_contract",
    "subscribe_bundle", "subscribe_quotation", "subscribe_unit", "terminate_contract", "terminate_subscription",
    "void_contract", "withdraw_ticket",
]  # fmt: skip
