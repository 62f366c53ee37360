"""Invoices (发票), red-letter ones included, and the receipts exchanged for them (换票)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.finance.models import accounting_guards
from anchang.finance.models.ledger import Receipt
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import yuan


class Invoice(ProjectModel):
    """One invoice as issued by the tax system; it never changes. A red-letter one (红字) is negative and names
    the one it takes back. Σ of a deal never exceeds the money received for it (in the database). The buyer's name
    stays after an erasure, as on receipts: accounting records are kept by law (《会计档案管理办法》)."""

    class Kind(models.TextChoices):
        SPECIAL = "special", _("Special VAT invoice")
        ORDINARY = "ordinary", _("Ordinary VAT invoice")

    guard_sql = accounting_guards.INVOICE_SQL
    frozen = (
        "number", "code", "kind", "deal_id", "contract_id", "buyer", "tax_number", "amount", "net", "tax", "tax_rate",
        "issued_on", "red_of_id", "reason",
    )  # fmt: skip
    frozen_when = "true"

    number = models.CharField(_("Invoice number"), max_length=30)
    code = models.CharField(_("Invoice code"), max_length=20, blank=True)
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices, default=Kind.ORDINARY)
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    buyer = models.CharField(_("Buyer"), max_length=100)
    tax_number = models.CharField(_("Tax number"), max_length=30, blank=True)
    amount = yuan(_("Amount"))
    tax_rate = models.DecimalField(_("Tax rate"), max_digits=5, decimal_places=4)
    net = yuan(_("Amount without tax"))
    tax = yuan(_("Tax"))
    issued_on = models.DateField(_("Issued on"))
    red_of = ProjectKey("self", null=True, verbose_name=_("Takes back"))
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", "number", name="invoice_number_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, red_of__isnull=True) | Q(amount__lt=0, red_of__isnull=False),
                name="invoice_amount",
            ),
            models.CheckConstraint(condition=Q(amount=F("net") + F("tax")), name="invoice_tax"),
            models.CheckConstraint(condition=Q(kind__in=("special", "ordinary")), name="invoice_kind"),
        ]
        indexes = [
            models.Index(fields=["project", "deal"], name="invoice_deal"),
            models.Index(fields=["project", "issued_on"], name="invoice_day"),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceReceipt(ProjectFact):
    """A receipt handed in for an invoice: how much of it the invoice covers; negative when taken back."""

    append_only = True
    audited = True
    guard_sql = accounting_guards.EXCHANGE_SQL

    invoice = ProjectKey(Invoice, verbose_name=_("Invoice"))
    receipt = ProjectKey(Receipt, verbose_name=_("Receipt"))
    amount = yuan(_("Amount"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "invoice", "receipt", name="invoice_receipt_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="invoice_receipt_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
