"""Codes of leads in words."""

from django.utils.translation import gettext_lazy as _

from anchang.crm.models import LeadState
from anchang.platform.wording import say, say_values

#: Why the system or a rule moved a lead or a customer; people write their own words.
MOVE_REASONS = {
    "no_first_contact": _("No first follow-up in time"),
    "grade_limit": _("Too long without follow-up for the grade"),
    "by_hand": _("Given back by hand"),
    "reopened": _("Reopened"),
    "visit": _("Visit"),
    "lead": _("Follow-up of the lead"),
    "follow_up": _("Follow-up"),
    "appointment": _("Appointment"),
    "hand_over": _("Hand-over of a leaver"),
    "merge": _("Files merged"),
    "claimed": _("Claimed from the pool"),
}
_STATES = dict(LeadState.choices)

say(
    {
        "lead_taken": _("Somebody else has this lead."),
        "lead_known": _("This phone is a lead of %(owner)s already."),
        "lead_in_pool": _("This phone is a lead in the public pool already; claim it there."),
        "claim_quota_used": _("You have claimed %(limit)s leads today; that is the limit."),
        "last_owner_barred": _("You had this lead last; you may claim it again from %(free_at)s."),
        "same_lead_owner": _("This person has the lead already."),
        "owner_not_here": _("%(name)s isn't a consultant of this project."),
        "no_rule_target": _("Name a team or a consultant."),
        "rule_condition_wrong": _("A rule may test a lead's own fields only."),
        "channel_code_once": _("There is a channel with this code already."),
        "campaign_exists": _("There is a campaign of this name already."),
        "state_refused": _("Not possible while it is “%(state)s”."),
        "event.lead.created": _("Lead captured"),
        "event.lead.assigned": _("Assigned to %(to)s"),
        "event.lead.claimed": _("Claimed by %(to)s"),
        "event.lead.pooled": _("Put into the public pool"),
        "event.lead.recycled": _("Back to the public pool: %(reason)s"),
        "event.lead.state": _("From “%(old)s” to “%(new)s”"),
        "event.lead.edited": _("Lead edited: %(fields)s"),
        "event.lead.touched": _("Asked again"),
        "event.lead.joined": _("Joined to a customer"),
        "notice.leads_assigned": _("%(count)s new leads for you"),
        "notice.lead_assigned": _("New lead for you: %(name)s"),
        "notice.leads_touched": _("%(count)s of your leads asked again"),
        "notice.leads_recycled": _("%(count)s of your leads went back to the public pool"),
        "notice.leads_recycle_soon": _("%(count)s of your leads go back to the public pool by %(until)s"),
        "notice.customers_recycled": _("%(count)s of your customers lost you as owner: no follow-up in time"),
        "notice.customers_recycle_soon": _("%(count)s of your customers will lose you as owner by %(until)s"),
        "notice.leads_received": _("%(count)s leads are now yours"),
        "task.lead_first_contact": _("First contact with %(name)s"),
    }
)
say_values("event.lead.state", old=_STATES, new=_STATES)
say_values("state_refused", state=_STATES)
say_values("event.lead.recycled", reason=MOVE_REASONS)
