"""What the codes of special discounts, quotations, gifts and vouchers say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.commands import constraint_errors
from anchang.platform.wording import say

constraint_errors({
    "discount_request_pending_once": "discount_request_pending",
    "discount_request_amounts": "above_list_price",
    "coupon_code_once": "code_taken",
    "coupon_of_its_deal": "coupon_used",
    "coupon_value": ("price_not_positive", 422),
    "quotation_total_within_list": "above_list_price",
    "price_strategy_period": ("ends_before_start", 422),
    "price_strategy_target": ("price_not_positive", 422),
})  # fmt: skip

say({
    "discount_request_pending": _("A special discount for this unit and customer waits for approval."),
    "discount_request_not_approved": _("The special discount is not approved."),
    "discount_request_other_deal": _("The special discount was made for another unit, customer or payment plan."),
    "discount_request_price": _("The special discount was approved for %(approved)s; the price is now %(total)s."),
    "coupon_used": _("%(coupon)s was used or withdrawn."),
    "coupon_not_valid": _("%(coupon)s is not valid today."),
    "coupon_other_customer": _("%(coupon)s belongs to another customer."),
    "quotation_price": _("The quotation says %(quoted)s; the price is now %(total)s. Quote anew."),
    "quotation_over": _("The quotation is no longer valid."),
    "quotation_other_deal": _("The quotation was made for another unit, customer or payment plan."),
    "quotation_too_long": _("A quotation is valid for %(limit)s days at most."),
    "event.discount.asked": _("Special discount for %(unit)s asked: %(total)s, depth %(depth)s %%"),
    "event.discount.approved": _("Special discount for %(unit)s approved as %(role)s"),
    "event.discount.refused": _("Special discount for %(unit)s refused: %(reason)s"),
    "event.discount.withdrawn": _("Special discount for %(unit)s withdrawn"),
    "event.discount.used": _("Special discount for %(unit)s used"),
    "event.discount.released": _("Special discount for %(unit)s may be used again"),
    "event.quotation.made": _("Quotation %(number)s for %(unit)s: %(total)s"),
    "event.quotation.withdrawn": _("Quotation %(number)s withdrawn"),
    "event.quotation.converted": _("Quotation %(number)s turned into a subscription"),
    "event.coupon.used": _("%(title)s %(code)s used, %(value)s"),
    "event.coupon.released": _("%(title)s %(code)s may be used again"),
    "event.coupon.voided": _("%(title)s %(code)s withdrawn"),
    "task.discount_approval": _("Decide the special discount for %(unit)s: %(total)s, depth %(depth)s %%"),
    "notice.discount_approval": _("A special discount for %(unit)s waits for you: %(total)s, depth %(depth)s %%"),
    "notice.discount_decided": _("Special discount for %(unit)s: %(state)s"),
})  # fmt: skip
