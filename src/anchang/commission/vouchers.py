"""What commission gives to the ledger: closed statements as cost, paid ones as money that left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from anchang.commission.models import Statement
from anchang.finance.models import Voucher
from anchang.finance.rules.vouchers import Document
from anchang.finance.sources import Fact, Source, register, vouchers_of
from anchang.platform.models import Project

RESOURCE = "commission-statements"
vouchers_of_statements = vouchers_of("commission_closed", "commission_paid")


def _statements(event: str, day: str, amount: str) -> Callable[[Project, dt.date, int | None], list[Fact]]:
    def documents(project: Project, first: dt.date, again: int | None) -> list[Fact]:
        rows = Statement.objects.filter(project=project, **{f"{day}__gte": first})
        made = Voucher.objects.filter(project=OuterRef("project"), event=event, source_id=OuterRef("pk"))
        rows = rows.filter(pk=again) if again is not None else rows.filter(~Exists(made)).order_by("pk")
        return [
            Fact(pk, on, _document(project, number, on, money))
            for pk, number, on, money in rows.values_list("pk", "number", day, amount)
        ]

    return documents


def _document(project: Project, number: str, on: dt.date, money: Decimal) -> Document:
    return Document(number, {"amount": money}, {"project": project.pk}, {"date": on.isoformat(), "unit": ""})


register(
    Source("commission_closed", _("Commission statement closed"), "",
           _statements("commission_closed", "closed_on", "lines_total"), RESOURCE),
    amounts=("amount",), provides=("project",),
    accounts=(
        ("2211", "应付职工薪酬—佣金", "liability", ("project",)),
        ("660103", "销售费用—销售佣金", "expense", ("project",)),
    ),
    template=(
        "commission_closed", "计提佣金", "转",
        (("debit", "660103", "amount", "佣金结算单{number}"), ("credit", "2211", "amount", "佣金结算单{number}")),
    ),
)  # fmt: skip
register(
    Source("commission_paid", _("Commission paid"), "", _statements("commission_paid", "paid_on", "to_pay"), RESOURCE),
    amounts=("amount",), provides=("project",),
    template=(
        "commission_paid", "支付佣金", "付",
        (("debit", "2211", "amount", "支付佣金{number}"), ("credit", "1002", "amount", "支付佣金{number}")),
    ),
)  # fmt: skip
