"""Codes of openings in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.commands import constraint_errors
from anchang.platform.wording import say

constraint_errors({
    "opening_code_once": ("opening_code_used", 422), "opening_unit_once": "unit_taken",
    "opening_slot_once": "opening_limit", "opening_slot_in_limit": "opening_limit",
    "opening_state_move": "state_refused", "opening_wipe": "state_refused", "opening_opening_posted": "opening_closed",
})  # fmt: skip

say({
    "opening_code_used": _("There is an opening with this code already."),
    "opening_limit": _("The buyer has as many units as he may choose."),
    "opening_closed": _("The opening is closed; its record never changes."),
    "opening_over": _("The end of the opening lies in the past."),
    "no_units_offered": _("No unit is offered yet."),
    "no_buyers_admitted": _("No buyer is admitted yet."),
    "claim_over": _("The time to confirm is over."),
    "buyer_blocked": _("This buyer is blocked."),
    "identity_needed": _("Say first who you are: open your link again."),
    "identity_tail_wrong": _("That is not the end of a number that the office has of you."),
    "pass_invalid": _("This link doesn't work, or no longer."),
    "event.opening.state": _("From “%(old)s” to “%(new)s”"),
    "event.opening.offered": _("%(count)s units offered"),
    "event.opening.admitted": _("%(count)s buyers admitted"),
    "event.opening.rehearsed": _("Rehearsal over, %(attempts)s attempts wiped"),
    "event.buyer.blocked": _("Buyer blocked"),
    "event.buyer.unblocked": _("Buyer unblocked"),
    "event.buyer.pass_renewed": _("New link; older ones no longer work"),
    "event.unit.claimed": _("%(unit)s chosen in the opening"),
    "event.claim.confirmed": _("%(unit_label)s confirmed"),
    "event.claim.lapsed": _("%(unit_label)s not confirmed in time"),
    "event.claim.offered": _("%(unit_label)s passed to the next in line"),
    "notice.claim_won": _("%(customer)s chose %(unit)s."),
    "notice.claim_confirmed": _("%(customer)s confirmed %(unit)s."),
    "notice.claim_lapsed": _("%(customer)s did not confirm %(unit)s."),
    "notice.claim_offered": _("%(customer)s is next in line for %(unit)s."),
})  # fmt: skip
