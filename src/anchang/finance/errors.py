"""What the codes of this app say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.finance import accounting_errors, banking_errors  # noqa: F401 (each says its own)
from anchang.finance.models import Refund
from anchang.finance.models.ledger import Item, Money
from anchang.platform.wording import say, say_keys, say_values

say(
    {
        "deal_ended": _("The deal has ended."),
        "day_closed": _("This day is closed: no more receipts."),
        "day_closed_before": _("This day is closed already."),
        "date_in_future": _("The date lies in the future."),
        "date_too_old": _("The date lies more than %(days)s days back."),
        "not_escrow_account": _("House money of presold units goes into the escrow account %(account)s."),
        "line_unknown": _("This is no open receivable of the deal."),
        "more_than_balance": _("More than what is still owed."),
        "more_than_due": _("%(surplus)s more than is due. Confirm that it is kept as an advance."),
        "more_than_receipt": _("The parts are more than the receipt."),
        "way_not_for_line": _("This way of paying does not settle this line."),
        "mixed_money": _("House money, fees on behalf and late fees need receipts of their own."),
        "amount_not_positive": _("The amount must be above zero."),
        "invalid_amount": _("This is no amount."),
        "reversal_of_reversal": _("A reversal cannot be reversed."),
        "receipt_refunded": _("Money of this receipt was refunded or is about to be."),
        "refund_over_received": _("Only %(left)s may be refunded."),
        "loan_money_to_lender_only": _("Loan money goes back to the lender only."),
        "payee_proof_missing": _("Another payee needs proof: %(missing)s."),
        "paid_day_before_request": _("The refund cannot be paid before it was asked for."),
        "difference_needs_note": _("Counted and booked money differ by %(difference)s: say why."),
        "allocated_by_ledger": _("Amounts received follow the ledger."),
        "receipt_posted": _("A posted receipt never changes. Reverse it."),
        "receivable_sum": _("The receivables must sum to the contract."),
        "over_allocated": _("More than what is there."),
        "refund_is_transfer": _("This money goes to another deal: agree to the transfer instead."),
        "refund_cover": _("A refund is covered by received money."),
        "event.money.received": _("%(amount)s received, receipt %(number)s"),
        "event.receipt.reversed": _("Receipt %(number)s over %(amount)s reversed: %(reason)s"),
        "event.refund.requested": _("Refund of %(amount)s requested"),
        "event.refund.approved": _("Refund of %(amount)s approved"),
        "event.refund.paid": _("Refund of %(amount)s paid"),
        "event.refund.rejected": _("Refund of %(amount)s rejected: %(reason)s"),
        "event.day.closed": _("%(day)s closed with %(receipts)s receipts"),
        "notice.refund_requested": _("A refund of %(amount)s for %(unit)s waits for approval."),
        "notice.refund_decided": _("Your refund of %(amount)s for %(unit)s: %(state)s"),
        "notice.payment_due": _("%(unit)s: %(amount)s due on %(due_on)s"),
        "task.day_unclosed": _("Count and close %(day)s: %(receipts)s receipts"),
        "task.payment_due": _("Remind %(customer)s: %(amount)s for %(unit)s due on %(due_on)s"),
    }
)
say_values("notice.refund_decided", state=dict(Refund.State.choices))
say_keys(item=dict(Item.choices), money=dict(Money.choices))
