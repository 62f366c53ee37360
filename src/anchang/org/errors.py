"""Codes of presence and rotation in words."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.wording import say

say(
    {
        "not_in_team": _("%(name)s is in no team of this project."),
        "turn_not_used": _("This was no turn, so there is none to give back."),
        "turn_already_returned": _("This turn has been given back already."),
        "turn_reason_refused": _("“%(reason)s” is no reason to give a turn back."),
        "profile_exists": _("This person has a profile already."),
        "roster_exists": _("This person is on the roster for that day already."),
        "rotation_exists": _("This team has a queue already."),
        "level_range": _("A level is a number from 1 to 9."),
        "event.presence.present": _("%(person)s is present"),
        "event.presence.busy": _("%(person)s is busy"),
        "event.presence.away": _("%(person)s is away"),
        "event.presence.off": _("%(person)s left"),
        "event.rotation.built": _("Queue of %(count)s set up"),
        "event.turn.taken": _("%(person)s had the turn"),
        "event.turn.named": _("%(person)s was named by the customer"),
        "event.turn.owned": _("%(person)s received an own customer"),
        "event.turn.nobody": _("Nobody was free"),
        "event.turn.returned": _("%(person)s got the turn back: %(reason)s"),
        "notice.your_turn": _("It is your turn: a visitor has arrived"),
    }
)
