"""Rates and bounds of the sales screens."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("loans.bank_rate", "3.50", "decimal", _("Loan calculator: bank rate, percent a year"))
declare("loans.fund_rate", "2.60", "decimal", _("Loan calculator: housing fund rate, percent a year"))
declare("loans.years", 30, "int", _("Loan calculator: years unless asked otherwise"))
declare("loans.max_years", 30, "int", _("Loan calculator: years at most"))
declare("board.days_bounds", [30, 90, 180], "list", _("Unit board: bounds of the days on sale"))
declare("board.price_bands", 5, "int", _("Unit board: price bands"))
declare(
    "processes.retention_years", 30, "int", _("Years for which papers and money of an ended deal are kept by law"),
    help=_("Accounting vouchers: 30 years (会计档案管理办法). Erasure on request waits until then."),
)  # fmt: skip
declare(
    "processes.check_before_signing", False, "bool", _("A second person confirms the facts before a contract is made")
)
declare("processes.notices_before_signing", False, "bool", _("Required notices are signed before a contract is made"))
declare(
    "processes.handover_roles", ["service"], "list", _("Who prepares the handover materials of a signed contract")
)
