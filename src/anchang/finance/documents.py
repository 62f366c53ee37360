"""The receipt (收据) as PDF: stub and customer copy on one A4 sheet.

Pure functions over values: no model, no database. Amounts are yuan, Decimal with two places; ways, money
types and item names come worded by the caller, account numbers masked as the caller may show them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from anchang.kernel.money import chinese_capitals
from anchang.platform.documents.typst import qr_svg, render

FORMS = Path(__file__).parent / "forms"

# What fits on half a sheet; more lines are summed on the last one.
LINES_PER_COPY = 7


@dataclass(frozen=True, kw_only=True)
class ReceiptLine:
    """What the money was used for. `item` is worded, e.g. "首期款 第 2 期"."""

    item: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """Why a receipt no longer counts; a printed reversed receipt carries a stamp."""

    reversed_on: date
    reason: str
    reversed_by: str = ""
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class ReceiptForm:
    """Everything on a receipt. `amount` is what the payer paid, gross; what the lines leave of it is
    shown as unallocated (预收)."""

    number: str
    company: str
    project: str
    payer: str
    amount: Decimal
    way: str
    received_on: date
    printed_at: datetime
    print_count: int
    purpose: str = ""
    unit: str = ""
    deal_number: str = ""
    account: str = ""
    voucher_number: str = ""
    lines: Sequence[ReceiptLine] = ()
    cashier: str = ""
    printed_by: str = ""
    note: str = ""
    reversal: Reversal | None = None


def receipt_data(form: ReceiptForm) -> dict[str, Any]:
    """What a receipt shows, built in or made from a template."""
    fitted = replace(form, lines=shown_lines(form.amount, form.lines))
    return asdict(fitted) | {"capital": chinese_capitals(form.amount), "qr": qr_svg(form.number)}


def receipt_pdf(form: ReceiptForm) -> bytes:
    """Render both copies of a receipt. Raises DomainError as `render` does."""
    return render(FORMS / "receipt.typ", receipt_data(form))


def shown_lines(amount: Decimal, lines: Sequence[ReceiptLine]) -> list[ReceiptLine]:
    """The lines that are printed: they always sum to `amount` and are at most `LINES_PER_COPY`."""
    shown = list(lines)
    rest = amount - sum((line.amount for line in lines), Decimal("0.00"))
    if rest:
        shown.append(ReceiptLine(item="未分配（预收）", amount=rest))
    if len(shown) > LINES_PER_COPY:
        kept, summed = shown[: LINES_PER_COPY - 1], shown[LINES_PER_COPY - 1 :]
        total = sum((line.amount for line in summed), Decimal("0.00"))
        shown = [*kept, ReceiptLine(item=f"其余 {len(summed)} 项合计", amount=total)]
    return shown
