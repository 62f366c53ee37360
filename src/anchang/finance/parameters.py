"""Limits and periods of money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.finance import accounting_parameters  # noqa: F401 (declares its own)
from anchang.platform.parameters import declare

declare("finance.receipt_prefix", "SJ", "text", _("Letters before a receipt number"))
declare("finance.backdate_days", 31, "int", _("Days that a receipt may be dated back"))
declare("finance.escrow_only", True, "bool", _("House money of presold units only into the escrow account"))
declare("finance.dunning_before_days", 3, "int", _("Dunning: days before the due date"))
declare("finance.dunning_every_days", 7, "int", _("Dunning: every so many days after the due date"))
declare(
    "finance.transfer_second_person", True, "bool", _("A transfer between deals needs the word of a second person")
)
declare("finance.refund_second_person", False, "bool", _("Nobody approves a refund that he asked for himself"))
declare("finance.refund_days", 15, "int", _("Days in which a refund is due"))
declare("finance.overdue_buckets", [30, 60, 90], "list", _("Bounds of the overdue classes, in days"))
declare(
    "finance.match_weights",
    {
        "number": 60, "unit": 40, "name": 30, "amount": 30, "near": 10, "clear": 70, "lead": 20, "near_days": 31,
        "most": 5,
    },
    "json", _("Bank matching: points of each evidence"),
    help=_("A match is clear from `clear` points on and `lead` points before the next deal."),
)  # fmt: skip
declare(
    "finance.statement_words",
    {"fund": ["公积金"], "mortgage": ["贷款放款", "按揭", "放款", "个人住房贷款"], "pos": ["POS", "pos", "银联商务"]},
    "json", _("Bank matching: words of a statement's note by way of paying"),
)  # fmt: skip
declare("finance.pos_fee_rate", "0.01", "decimal", _("POS fee withheld at most, as a part of the day's sum"))
declare("finance.pos_settle_days", 3, "int", _("Days in which the POS provider pays out"))
declare("finance.escrow_days", 1, "int", _("Days in which house money must be in the escrow account"))
declare("finance.vat_rate", "0.09", "decimal", _("VAT rate in the house price"))
declare(
    "finance.deed_tax_rates",
    {
        "small_area": "140", "first_small": "0.01", "first_large": "0.015", "second_small": "0.01",
        "second_large": "0.02", "other": "0.03",
    },
    "json", _("Deed tax: rates by home and area, largest area of a small home"),
    help=_("Rates since 1 December 2024; the province sets `other`."),
)  # fmt: skip
declare("finance.maintenance_rate", "100", "decimal", _("Maintenance fund: yuan per square metre of building area"))
declare(
    "finance.area_rule", "capped", "choice", _("Area difference beyond the threshold"),
    help=_("capped: free or double beyond it; actual: all is settled once."), choices=("capped", "actual"),
)  # fmt: skip
