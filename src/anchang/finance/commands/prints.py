"""Printing receipts. Each print is counted and says its count (D05)."""

from __future__ import annotations

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from anchang.finance.models import Receipt
from anchang.platform.commands import command
from anchang.platform.context import Context


@command(Receipt, verb="print", label=_("Print"), icon="printer")
def print_receipt(ctx: Context, receipt: Receipt) -> Receipt:
    """Count a print. The paper itself is made by papers.receipt_paper, which shows the count."""
    Receipt.objects.filter(pk=receipt.pk).update(prints=F("prints") + 1)
    receipt.refresh_from_db()
    return receipt
