"""Clocks and limits of electronic signing."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("paperwork.link_hours", 72, "int", _("Hours in which a paper may be signed electronically"))
declare("paperwork.code_minutes", 5, "int", _("Minutes that a signing code holds"))
declare("paperwork.code_tries", 5, "int", _("Wrong codes or document numbers until a signer is locked"))
declare("paperwork.lock_minutes", 30, "int", _("Minutes that a signer stays locked"))
declare("paperwork.codes_per_hour", 5, "int", _("Signing codes per signer and hour"))
declare("paperwork.views_per_hour", 300, "int", _("Openings of a signing page per signer and hour"))
declare("paperwork.certificate_years", 10, "int", _("Years that the project's signing certificate holds"))
declare(
    "paperwork.code_channel", "desk", "choice", _("Signing codes are sent by"), choices=("desk", "sms", "log"),
    help=_("desk: shown to the member of staff who sent the paper, who tells the buyer face to face; "
           "sms: a text message by the project's gateway; log: written to the server's log, for trials."),
)  # fmt: skip
