"""How long promises last."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("deals.special_valid_days", 7, "int", _("Days in which an approved special discount may be used"))
declare("deals.quotation_days", 7, "int", _("Days that a quotation is valid unless asked otherwise"))
declare("deals.quotation_max_days", 30, "int", _("Days that a quotation is valid at most"))
