"""Limits and periods of money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("finance.receipt_prefix", "SJ", "text", _("Letters before a receipt number"))
declare("finance.backdate_days", 31, "int", _("Days that a receipt may be dated back"))
declare("finance.escrow_only", True, "bool", _("House money of presold units only into the escrow account"))
declare("finance.dunning_before_days", 3, "int", _("Dunning: days before the due date"))
declare("finance.dunning_every_days", 7, "int", _("Dunning: every so many days after the due date"))
declare("finance.refund_days", 15, "int", _("Days in which a refund is due"))
declare("finance.overdue_buckets", [30, 60, 90], "list", _("Bounds of the overdue classes, in days"))
