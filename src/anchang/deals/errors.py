"""What the codes of this app say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.deals import change_errors, launch_errors, offer_errors  # noqa: F401 (words of their own)
from anchang.deals.models import Bundle, Contract, Deal, Hold, LaunchScheme, QueueTicket, Subscription
from anchang.deals.words import END_REASONS
from anchang.platform.commands import constraint_errors
from anchang.platform.wording import say, say_values

constraint_errors(
    {
        "deals_unitclaim_pkey": "unit_taken",
        "unit_claim_of_deal": "unit_taken",
        "hold_active_of_deal": "unit_taken",
        "subscription_live_of_deal": "unit_taken",
        "contract_live_of_deal": "unit_taken",
        "deal_total_within_list": "above_list_price",
        "subscription_total_within_list": "above_list_price",
        "contract_total_within_list": "above_list_price",
        "plan_sum": "plan_sum",
        "bundle_sum": "plan_sum",
        "bundle_item_of_deal": "unit_taken",
        "contract_live_of_unit": "unit_taken",
        "decoration_sum": "plan_sum",
        "connected_id_once": "already_exists",
        "shares_sum": ("shares_not_100", 422),
        "buyer_once": ("buyer_twice", 422),
        "contract_filing_once": ("filing_number_used", 422),
        "deal_file_replaced_once": "file_replaced_before",
    }
)

_ERRORS = {
    "connected_needs_number": _("A document number or a phone is needed."),
    "no_decoration": _("This contract has no decoration price."),
    "decoration_not_marked": _("The price list marks no decoration price for this unit."),
    "decoration_above_marked": _("The decoration's marked price is %(marked)s; it can't cost more."),
    "house_above_marked": _("The house's marked price is %(marked)s; it can't cost more."),
    "decoration_too_much": _("Nothing is left for the house."),
    "bundle_above_list": _("The bundle's list price is %(list)s; it can't cost more."),
    "bundle_part_price": _("A part of the bundle must cost something and not more than its list price."),
    "bundle_units": _("A bundle has 2 to %(most)s units."),
    "bundle_part": _("This unit was sold along in %(number)s and ends with its main unit."),
    "bundle_part_busy": _("%(number)s of the bundle must be settled first."),
    "bundle_nothing_to_sign": _("Nothing of the bundle waits for signing."),
    "hold_not_active": _("The hold is over."),
    "hold_too_long": _("At most %(limit)s minutes."),
    "customer_holds_enough": _("This customer holds %(limit)s units already."),
    "consultant_holds_enough": _("The consultant holds %(limit)s units already."),
    "held_before": _("This household held the unit before and may hold it again from %(free_at)s."),
    "extensions_used_up": _("Extended %(limit)s times already."),
    "not_your_customer": _("This is not your customer."),
    "paper_not_of_deal": _("This belongs to another deal."),
    "deal_has_no_paper": _("The deal has no hold, subscription or contract yet."),
    "file_replaced_before": _("There is a newer version of this file."),
    "clause_not_free": _("The model contract leaves no free text here."),
    "approval_running": _("A subscription of this hold is in approval."),
    "tenant_notice_pending": _("The tenant must be told %(days)s days before a sale."),
    "buyers_invalid": _("Please check the buyers."),
    "too_many_buyers": _("Too many buyers."),
    "buyer_twice": _("The same document number stands twice."),
    "shares_not_100": _("The shares must sum to 100.00 %."),
    "share_invalid": _("A share is above 0 and has at most two decimals."),
    "sole_needs_one_buyer": _("Sole ownership has one buyer."),
    "joint_needs_two_buyers": _("Joint ownership has at least two buyers."),
    "joint_has_no_shares": _("Joint ownership has no shares."),
    "guardian_required": _("A minor needs a guardian who signs."),
    "agent_required": _("A company needs an agent."),
    "id_type_invalid": _("This kind of document does not fit the buyer."),
    "phone_invalid": _("This is no phone number."),
    "date_invalid": _("This is no date."),
    "choice_invalid": _("This choice is not known."),
    "original_buyer_must_stay": _("At least one of the first buyers must stay."),
    "buyer_not_related": _("Only a spouse or direct relative may join."),
    "relation_not_proven": _("The relation is not proven."),
    "deposit_over_cap": _("The deposit of %(deposit)s is above the legal cap of %(cap)s."),
    "deposit_too_low": _("The deposit is at least %(least)s."),
    "deposit_required": _("This needs a deposit."),
    "lock_has_no_deposit": _("A lock takes no deposit: reserve the unit."),
    "deposit_over_cash": _("The deposit is more than the buyer's own money, %(cash)s."),
    "plan_has_no_loans": _("This payment plan has no loan."),
    "loans_invalid": _("The loans do not fit the price."),
    "down_payment_too_low": _("The buyer's own money must be at least %(needed)s."),
    "paid_exceeds_plan": _("%(excess)s more was paid than the new plan asks for: refund first."),
    "sign_by_in_past": _("The signing day lies before the subscription."),
    "sign_by_too_late": _("Signing is due within %(days)s days."),
    "plan_sum": _("The payment lines must sum to the price."),
    "documents_missing": _("Documents are missing: %(documents)s"),
    "document_unknown": _("This document is not on the list of the deal."),
    "paid_too_little": _("%(paid)s is paid; signing needs %(needed)s."),
    "signed_before_subscribed": _("Signing lies before the subscription."),
    "filed_before_signed": _("Filing lies before signing."),
    "filing_number_used": _("This filing number belongs to another contract."),
    "revoke_first": _("The filing must be revoked first."),
    "penalty_without_fault": _("Without fault there is no penalty."),
    "penalty_or_deposit": _("Penalty and deposit exclude each other."),
    "forfeit_over_deposit": _("At most the paid deposit of %(effective)s may be kept."),
    "forfeit_without_fault": _("A deposit is kept only when the buyer is at fault."),
    "agency_required": _("An agency sale names its agency."),
    "not_an_approver": _("Someone else approves this step."),
    "customer_has_deal": _("The customer has a running deal."),
}
_EVENTS = {
    "event.deal.connected": _("Connected purchase: %(connection)s"),
    "event.bundle.made": _("Bundle %(number)s of %(units)s for %(total)s"),
    "event.bundle.ended": _("Bundle %(number)s ended"),
    "event.unit.held": _("%(unit_label)s held until %(expires_at)s"),
    "event.hold.extended": _("Hold of %(unit_label)s extended to %(expires_at)s"),
    "event.hold.cancelled": _("Hold of %(unit_label)s cancelled: %(reason)s"),
    "event.hold.expired": _("Hold of %(unit_label)s expired"),
    "event.subscription.submitted": _(
        "Subscription %(number)s of %(unit_label)s for %(total)s waits for approval"
    ),
    "event.subscription.active": _("Subscription %(number)s of %(unit_label)s for %(total)s"),
    "event.subscription.approved": _("Subscription %(number)s approved"),
    "event.subscription.refused": _("Subscription %(number)s refused: %(reason)s"),
    "event.subscription.cancelled": _("Subscription %(number)s cancelled: %(reason)s"),
    "event.subscription.overdue": _("Subscription %(number)s is overdue"),
    "event.subscription.extended": _("Subscription %(number)s: signing until %(sign_by)s"),
    "event.subscription.terminated": _("Subscription %(number)s ended: %(reason)s"),
    "event.contract.drafted": _("Contract %(number)s of %(unit_label)s drafted"),
    "event.contract.reviewed": _("Contract %(number)s reviewed"),
    "event.contract.clauses_set": _("Contract %(number)s: agreed clauses changed"),
    "event.contract.signed": _("Contract %(number)s of %(unit_label)s signed for %(total)s"),
    "event.contract.filed": _("Contract %(number)s filed under %(filing_number)s"),
    "event.contract.terminating": _("Contract %(number)s: termination asked for: %(reason)s"),
    "event.contract.terminated": _("Contract %(number)s terminated: %(reason)s"),
    "event.documents.received": _("Documents received: %(documents)s"),
    "event.deal.file_attached": _("%(title)s, version %(edition)s attached"),
    "event.paper.printed": _("%(number)s printed, copy %(prints)s"),
    "event.deal.edited": _("Sales mode: %(sales_mode)s %(agency)s"),
}
_MESSAGES = {
    "notice.hold_expired": _("The hold of %(unit)s for %(customer)s has expired."),
    "notice.subscription_approval": _("Subscription %(number)s of %(unit)s waits for your approval."),
    "task.subscription_approval": _("Approve subscription %(number)s of %(unit)s for %(total)s"),
    "notice.subscription_decided": _("Subscription %(number)s of %(unit)s: %(state)s"),
    "notice.signing_due": _("%(customer)s signs %(unit)s until %(sign_by)s"),
    "task.signing_due": _("Remind %(customer)s: contract of %(unit)s is due on %(sign_by)s"),
    "notice.subscription_overdue": _("%(customer)s has not signed %(unit)s, due on %(sign_by)s"),
    "notice.contract_signed": _("%(customer)s signed %(unit)s for %(total)s."),
    "notice.contract_terminated": _("The contract of %(unit)s is terminated: %(reason)s"),
    "notice.filing_overdue": _("Contract %(number)s of %(unit)s should have been filed by %(due_on)s."),
    "task.filing_due": _("File contract %(number)s of %(unit)s by %(due_on)s"),
}
say(_ERRORS | _EVENTS | _MESSAGES)
say_values("notice.subscription_decided", state=dict(Subscription.State.choices))
for _model in (Bundle, Subscription, Contract, Hold, QueueTicket, LaunchScheme):
    say_values("state_refused", state=dict(_model.State.choices))
for _code in (
    "event.hold.cancelled", "event.hold.expired", "event.subscription.cancelled", "event.subscription.terminated",
    "event.contract.terminated", "event.ticket.withdrawn", "notice.contract_terminated",
):  # fmt: skip
    say_values(_code, reason=END_REASONS)
say_values("event.deal.connected", connection=dict(Deal.Connected.choices))
say_values("event.deal.edited", sales_mode=dict(Deal._meta.get_field("sales_mode").flatchoices))
say_values("event.ticket.qualified", qualified=dict(QueueTicket.Qualified.choices))
