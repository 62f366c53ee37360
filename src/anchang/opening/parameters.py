"""Limits and clocks of an opening, unless it states its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("opening.unit_limit", 1, "int", _("Opening: units per buyer"))
declare("opening.confirm_minutes", 10, "int", _("Opening: minutes to confirm a unit"))
declare("opening.keep_hours", 24, "int", _("Opening: hours to subscribe after confirming"))
declare("opening.next_in_line", True, "bool", _("Opening: a unit that lapses goes to the next who tried for it"))
declare("opening.pass_hours", 48, "int", _("Opening: hours that a buyer's link works after the end"))
declare(
    "opening.identify", "link", "choice", _("Opening: who a buyer is, he proves by"),
    choices=("link", "phone", "identity"),
    help=_("link: his own link alone; phone, identity: also the last four characters of his phone or identity "
           "document."),
)  # fmt: skip
declare("opening.identify_tries", 5, "int", _("Opening: wrong ends of a number until a buyer is paused"))
declare("opening.identify_pause_minutes", 10, "int", _("Opening: minutes that a buyer is paused"))
