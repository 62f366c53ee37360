"""Invoices: tax out of the amount, how much may be issued, which receipts are exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from anchang.kernel.errors import Refusal
from anchang.kernel.money import ZERO


def why_not_invoice(amount: Decimal, received: Decimal, invoiced: Decimal) -> Refusal | None:
    """Σ invoices never exceed the money received less refunds."""
    left = max(received - invoiced, ZERO)
    return Refusal("invoice_over_received", {"left": str(left)}) if amount > left else None


def exchange(amount: Decimal, free: Sequence[tuple[int, Decimal]]) -> list[tuple[int, Decimal]]:
    """Spread an invoice over receipts that aren't exchanged yet, in the given order; what they don't cover stays
    without a receipt."""
    parts, left = [], amount
    for receipt, part in free:
        taken = min(part, left)
        if taken > 0:
            parts.append((receipt, taken))
            left -= taken
    return parts
