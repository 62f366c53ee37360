"""Codes of exports in words."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.wording import say

say(
    {
        "export_needs_reason": _("This export needs approval: say what it is for."),
        "export_needs_approval": _("This export needs approval: ask for it in the office and give its number."),
        "export_no_approver": _("Nobody here may approve this export."),
        "export_own_request": _("Somebody else decides on what you asked for."),
        "export_not_your_turn": _("Another role decides on this export now."),
        "export_decided": _("This export isn't waiting for approval."),
        "export_over": _("The file is no longer kept; ask for the export again."),
        "export_downloads_used": _("The file was downloaded %(limit)s times; ask for the export again."),
        "export_refused": _("Refused: %(reason)s"),
        "task.export_approval": _("Decide on an export: %(title)s, %(rows)s rows, asked by %(name)s"),
        "notice.export_approved": _("Your export %(number)s was approved"),
        "notice.export_refused": _("Your export %(number)s was refused: %(reason)s"),
        "event.export.asked": _("Export asked for: %(rows)s rows"),
        "event.export.agreed": _("Agreed as %(role)s"),
        "event.export.approved": _("Export approved"),
        "event.export.refused": _("Export refused"),
        "event.export.withdrawn": _("Export withdrawn"),
        "event.export.made": _("File made: %(rows)s rows"),
        "event.export.downloaded": _("File downloaded"),
    }
)
