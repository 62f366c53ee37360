"""Codes of launch schemes, queue tickets and lotteries in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.commands import constraint_errors
from anchang.platform.wording import say

constraint_errors({
    "launch_code_once": ("launch_code_used", 422), "ticket_once": "has_ticket", "ticket_number_once": "busy",
    "lottery_once": "lottery_announced", "deals_lottery_posted": "lottery_drawn",
})  # fmt: skip

say({
    "launch_code_used": _("There is a launch scheme with this code already."),
    "not_registering": _("The scheme takes no registrations now."),
    "has_ticket": _("The customer has a ticket of this scheme already."),
    "scheme_not_ready": _("%(count)s mandatory items of the checklist are open, first: %(item)s"),
    "scheme_has_no_licence": _("The scheme names no licence: no money may be taken."),
    "rejoined_enough": _("A ticket may rejoin %(limit)s times."),
    "nobody_waits": _("Nobody is waiting."),
    "ticket_not_live": _("The ticket is no longer valid."),
    "wish_not_in_batch": _("%(unit)s does not belong to this scheme."),
    "seed_not_committed": _("This is not the seed whose hash was announced."),
    "entrants_changed": _("The list of entrants is not the one that was announced."),
    "public_value_missing": _("Enter the public value that was announced: %(source)s"),
    "commitment_wrong": _("The hash has 64 characters, 0–9 and a–f."),
    "lottery_announced": _("The lottery of this scheme has been announced already."),
    "lottery_drawn": _("The lottery has been drawn; its record never changes."),
    "lottery_number_twice": _("A number stands in the result twice."),
    "lottery_number_missing": _("Number %(number)s is missing in the result."),
    "lottery_number_unknown": _("Number %(number)s is not among the entrants."),
    "nobody_qualified": _("No ticket is qualified."),
    "event.launch.state": _("From “%(old)s” to “%(new)s”"),
    "event.launch.ticked": _("Checklist: %(item)s"),
    "event.ticket.issued": _("Queue ticket %(number)s issued"),
    "event.ticket.qualified": _("Qualification of ticket %(number)s: %(qualified)s %(reason)s"),
    "event.ticket.called": _("Ticket %(number)s called"),
    "event.ticket.missed": _("Ticket %(number)s missed its call"),
    "event.ticket.rejoined": _("Ticket %(number)s rejoined the queue"),
    "event.ticket.converted": _("Ticket %(number)s became %(unit_label)s"),
    "event.ticket.given_back": _("Ticket %(number)s is back in the queue without a unit"),
    "event.ticket.withdrawn": _("Ticket %(number)s withdrawn: %(reason)s"),
    "event.ticket.refunded": _("Sincerity money of ticket %(number)s returned"),
    "event.lottery.committed": _("Lottery announced for %(count)s entrants, hash of the seed %(commitment)s"),
    "event.lottery.drawn": _("Lottery drawn for %(count)s entrants"),
    "notice.ticket_called": _("Ticket %(number)s of %(customer)s is called."),
})  # fmt: skip
