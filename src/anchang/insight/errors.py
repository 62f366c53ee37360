"""Codes of the reports in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.wording import say

say(
    {
        "to_before_from": _("The end lies before the beginning."),
        "period_too_long": _("A report covers at most %(days)s days."),
    }
)
