"""What the seller's delays give to the ledger: provisions as an expected liability (预计负债)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import Provision
from anchang.finance.models import Voucher
from anchang.finance.rules.vouchers import Document
from anchang.finance.sources import Fact, Source, register, vouchers_of
from anchang.platform.models import Project

EVENT = "seller_delay_provided"
vouchers_of_provisions = vouchers_of(EVENT)


def _provisions(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    rows = Provision.objects.filter(project=project, through__gte=first)
    made = Voucher.objects.filter(project=OuterRef("project"), event=EVENT, source_id=OuterRef("pk"))
    rows = rows.filter(pk=again) if again is not None else rows.filter(~Exists(made)).order_by("pk")
    found = rows.values(
        "pk", "through", "amount", number=F("liability__contract__number"),
        who=F("liability__contract__customer_id"), flat=F("liability__contract__unit_id"),
        flat_label=F("liability__contract__unit__label"),
    )  # fmt: skip
    return [
        Fact(
            row["pk"], row["through"],
            Document(
                row["number"], {"amount": row["amount"]},
                {"project": project.pk, "customer": row["who"], "unit": row["flat"]},
                {"date": row["through"].isoformat(), "unit": row["flat_label"]},
            ),
        )
        for row in found
    ]  # fmt: skip


register(
    Source(EVENT, _("Provision for the seller's delay"), "", _provisions, "provisions"),
    amounts=("amount",), provides=("customer", "unit", "project"),
    accounts=(("2801", "预计负债—逾期交付违约金", "liability", ("customer", "unit", "project")),),
    template=(
        EVENT, "计提逾期交付违约金", "转",
        (
            ("debit", "6711", "amount", "逾期交付违约金 {unit} 合同{number}"),
            ("credit", "2801", "amount", "逾期交付违约金 {unit} 合同{number}"),
        ),
    ),
)  # fmt: skip
