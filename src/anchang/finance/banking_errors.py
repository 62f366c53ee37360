"""What the codes about bank lines, closed months and charges say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.wording import say

say(
    {
        "bank_line_matched": _("This bank line is explained already."),
        "bank_line_open": _("Nothing explains this bank line yet."),
        "bank_line_is_out": _("Money that went out is no receipt."),
        "bank_match_cover": _("More than the line, the receipt or the refund still has open."),
        "bank_match_unclear": _("There is no clear match: say which deal, receipt or refund it is."),
        "proposal_stale": _("What was proposed has changed since. Match again."),
        "explained_by_matches": _("What explains a line follows its matches."),
        "period_closed": _("This month is closed: corrections stand in an open one."),
        "period_closed_before": _("This month is closed already."),
        "period_not_over": _("The month isn't over yet."),
        "period_days_open": _("Close these days first: %(days)s."),
        "period_order": _("Close the months in their order: %(month)s comes first."),
        "late_fee_nothing": _("There is no late fee to charge."),
        "waiver_over_fee": _("More than the late fee."),
        "area_not_measured": _("The measured area isn't approved yet."),
        "area_no_settlement": _("This contract's area is never settled."),
        "area_settled_before": _("The area of this contract is settled already."),
        "agency_nothing": _("There are no paid fees to pay on."),
        "agency_charged_before": _("This fee is charged already."),
        "agency_not_paid": _("The buyer hasn't paid this fee in full."),
        "remitted_before": _("This fee was paid on already."),
        "transfer_same_deal": _("Money can't be transferred to the same deal."),
        "transfer_loan_money": _("Loan money can't be transferred to another deal."),
        "event.bank.matched": _("Bank line of %(day)s over %(amount)s matched"),
        "event.bank.explained": _("%(amount)s of the bank line explained"),
        "event.bank.unmatched": _("Match of the bank line taken back: %(reason)s"),
        "event.period.closed": _("%(month)s closed with %(receipts)s receipts"),
        "event.late_fee.charged": _("Late fee of %(amount)s charged"),
        "event.late_fee.waiver_asked": _("Waiver of %(amount)s late fee asked for"),
        "event.late_fee.waived": _("%(amount)s of the late fee waived"),
        "event.late_fee.waiver_refused": _("Waiver of the late fee refused"),
        "event.area.computed": _("Area difference of %(amount)s computed"),
        "event.area.approved": _("Area difference of %(amount)s approved"),
        "event.area.rejected": _("Area difference of %(amount)s rejected: %(reason)s"),
        "event.area.posted": _("Area difference of %(amount)s posted"),
        "event.agency.charged": _("%(amount)s of fees on behalf charged"),
        "event.agency.remitted": _("%(amount)s paid on to %(payee)s"),
        "event.money.transferred": _("%(amount)s transferred between deals"),
        "notice.waiver_asked": _("A waiver of %(amount)s late fee for %(unit)s waits for you."),
    }
)
