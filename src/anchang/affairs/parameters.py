"""Terms of the steps after signing."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare(
    "affairs.step_days",
    {
        "mortgage.submitted": 7, "mortgage.approved": 15, "mortgage.pre_registered": 15, "mortgage.disbursed": 10,
        "title.taxed": 30, "title.submitted": 30, "title.issued": 30, "title.handed_out": 15,
    },
    "json", _("Days from one step after signing to the next"),
)  # fmt: skip
declare("affairs.legal_review", False, "bool", _("Terms beyond the standard need a lawyer's review"),
        help=_("Standard are the agreed clauses of new contracts."))  # fmt: skip
declare("affairs.open_mortgages", True, "bool", _("Open the mortgages of a contract when it is signed"))
declare("affairs.open_titles", True, "bool", _("Open the title registration when a unit is handed over"))
declare("affairs.handover_needs_settled", False, "bool", _("Hand over only when all house money due is paid"))
declare(
    "affairs.warranties",
    {"屋面防水、卫生间及外墙防渗漏": 60, "供热与供冷系统": 24, "电气管线、给排水管道、设备安装": 24, "装修工程": 24},
    "json", _("Warranties that begin with the handover, in months"),
    help=_("What is covered and for how many months; at least as long as the law says (建设工程质量管理条例 40)."),
)  # fmt: skip
declare("affairs.property_fee", "0", "decimal", _("Property fee, yuan a month for each ㎡ of building area"),
        help=_("Zero: no fee is opened with the handover."))  # fmt: skip
declare("affairs.negotiation_days", 3, "int", _("Days that closing talks stay open at most"))
declare("affairs.agreed_days", 7, "int", _("Days for which agreed terms bind"))
declare("affairs.title_days", 90, "int", _("Days from handover to the title certificate"))
declare("affairs.provision_day", 1, "int", _("Day of the month on which the seller's delays are provided for"))
