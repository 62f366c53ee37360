"""What the codes of special affairs say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import DealChange
from anchang.platform.commands import constraint_errors
from anchang.platform.wording import say, say_values

constraint_errors({"deal_change_running_once": "change_running"})

say({
    "change_running": _("Another special affair of this deal is undecided."),
    "same_unit": _("This is the unit of the deal itself."),
    "price_moved": _("Approved was %(asked)s, today's price is %(now)s: ask anew."),
    "offset_first": _("A set-off can't move: reverse it first."),
    "demand_first": _("Demand signing first: a deposit is kept after its deadline only."),
    "demand_running": _("The demand leaves the buyer time until %(deadline)s."),
    "deadline_too_early": _("The deadline is %(least)s at the earliest."),
    "approval_pending": _("The request isn't approved yet."),
    "no_bureau_revocation": _("This office ends contracts without revocation at the bureau."),
    "more_than_forfeited": _("Only %(left)s is still kept."),
    "event.change.requested": _("%(kind)s %(number)s of %(unit_label)s asked for"),
    "event.change.demanded": _("Signing of %(unit_label)s demanded until %(deadline)s"),
    "event.change.executed": _("%(kind)s %(number)s of %(unit_label)s carried out"),
    "event.change.refused": _("%(kind)s %(number)s of %(unit_label)s refused: %(reason)s"),
    "event.change.withdrawn": _("%(kind)s %(number)s of %(unit_label)s withdrawn"),
    "event.contract.revoked": _("Contract %(number)s revoked at the bureau: %(reference)s"),
    "event.contract.kept": _("Contract %(number)s stays in force"),
    "notice.change_approval": _("%(kind)s %(number)s of %(unit)s waits for your approval."),
    "task.change_approval": _("Approve %(kind)s %(number)s of %(unit)s"),
    "notice.change_decided": _("%(kind)s %(number)s of %(unit)s: %(state)s"),
})  # fmt: skip
for _code in (
    "event.change.requested", "event.change.executed", "event.change.refused", "event.change.withdrawn",
    "notice.change_approval", "task.change_approval", "notice.change_decided",
):  # fmt: skip
    say_values(_code, kind=dict(DealChange.Kind.choices))
say_values("notice.change_decided", state=dict(DealChange.State.choices))
say_values("state_refused", state=dict(DealChange.State.choices))
