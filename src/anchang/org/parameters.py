"""Rules of the sales office about people."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare(
    "org.presence_assumed", False, "bool", _("People count as present unless they left"),
    help=_("Otherwise only who has checked in today gets visitors and leads."),
)  # fmt: skip
declare(
    "org.turn_return_reasons", ["refused", "wrong_project", "staff_visit", "known_customer"], "list",
    _("Reasons for which a consultant gets the turn back"),
)  # fmt: skip
declare("org.holidays", [], "list", _("Public holidays that aren't worked, as dates"))
declare("org.makeup_days", [], "list", _("Weekend days that are worked instead of a holiday, as dates"))
