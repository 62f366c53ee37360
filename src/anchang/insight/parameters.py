"""When reports are closed, how far they look, and the targets that they are measured against."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare(
    "insight.close_hour",
    2,
    "int",
    _("Hour from which yesterday's report is closed"),
    help=_("In the project's time zone."),
)
declare("insight.late_days", 92, "int", _("Days for which late entries are still taken into the reports"))
declare(
    "insight.call_visit_days", 30, "int", _("Days in which a caller's visit counts as following the call")
)
declare("insight.longest_days", 3700, "int", _("Longest period of a report in days"))
declare("insight.target_units", None, "int", _("Monthly target: units signed"))
declare("insight.target_amount", None, "decimal", _("Monthly target: amount signed"))
declare("insight.today_sign_days", 7, "int", _("Days ahead that today's page looks for signings and filings"))
declare("insight.today_due_days", 3, "int", _("Days ahead that today's page looks for payments"))
declare("insight.statement_day", 5, "int", _("Day of the month on which the statement of the month before is frozen"))
