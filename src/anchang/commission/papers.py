"""The commission statement as PDF, built from its row. Its words are Chinese, like every form of the office."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from django.utils import timezone
from django.utils.translation import override

from anchang.commission import queries
from anchang.commission.models import Statement
from anchang.commission.presenting import line_words
from anchang.deals.papers import FORM_LANGUAGE
from anchang.kernel.money import chinese_capitals
from anchang.platform.documents.typst import qr_svg, render

FORMS = Path(__file__).parent / "forms"


@dataclass(frozen=True)
class PaperLine:
    what: str
    kind: str
    base: Decimal | None
    rate: str
    released_on: dt.date | None
    amount: Decimal


def statement_paper(statement: Statement, *, by: str = "") -> bytes:
    """佣金结算单 of a closed statement. Call after `print_commission_statement` counted the copy."""
    project = statement.project
    with override(FORM_LANGUAGE):
        lines = [
            PaperLine(
                line_words(line), str(line.get_kind_display()), line.earning.base if line.earning else None,
                f"{line.earning.rate * 100:.4f}%" if line.earning else "", line.reached_on, line.amount,
            )
            for line in queries.statement_lines(statement)
        ]  # fmt: skip
        return render(
            FORMS / "statement.typ",
            {
                "number": statement.number, "company": project.developer or project.company.name,
                "project": project.name, "payee": statement.payee.name, "month": f"{statement.period:%Y年%-m月}",
                "lines": [asdict(line) for line in lines], "earned": statement.earned,
                "taken_back": statement.taken_back, "carried": statement.carried, "to_pay": statement.to_pay,
                "carry_on": statement.carry_on, "capital": chinese_capitals(statement.to_pay),
                "closed_on": statement.closed_on, "closed_by": str(statement.closed_by or ""),
                "paid_on": statement.paid_on, "reference": statement.reference, "qr": qr_svg(statement.number),
                "print_count": statement.prints, "printed_by": by,
                "printed_at": timezone.localtime().strftime("%Y-%m-%d %H:%M"),
            },
        )  # fmt: skip
