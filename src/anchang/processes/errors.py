"""What the codes of the sales screens say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.wording import say

say({
    "erase_deal_running": _("A deal of this customer is running: its parties can't be erased."),
    "erase_retention": _("The law keeps papers and money of this customer's deals until %(until)s."),
    "too_many_homes": _("%(name)s would have more than %(limit)s homes, which the city doesn't allow."),
    "another_plan": _("This plan can't be without the loan: choose another one."),
    "no_payment_plan": _("There is no payment plan yet: add one first."),
    "nothing_to_receive_on": _("This deal takes no money now."),
    "offer_incomplete": _("The offer is not complete: %(why)s"),
    "task.prepare_handover": _("Prepare the handover materials of %(unit)s (contract %(number)s)"),
    "customer_missing": _("Choose a customer, or type name and phone of a new one."),
})  # fmt: skip
