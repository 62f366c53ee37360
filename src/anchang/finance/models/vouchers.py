"""Vouchers made from posted documents, those that were refused, and the files handed to the general ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.models import Customer
from anchang.deals.models import Contract
from anchang.finance.models import voucher_guards
from anchang.finance.models.accounts import Account, AccountingPeriod, VoucherTemplate
from anchang.finance.models.charging import AreaSettlement, RemittanceLine
from anchang.finance.models.expenses import Expense, ExpensePayment
from anchang.finance.models.invoices import Invoice
from anchang.finance.models.ledger import Receipt, Receivable
from anchang.finance.models.refunds import Refund
from anchang.inventory.models import Unit
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan


class VoucherBatch(ProjectFact):
    """One export to the general ledger: which vouchers, how many, both totals, and the file's hash."""

    append_only = True
    audited = True

    class Format(models.TextChoices):
        KINGDEE = "kingdee", _("Kingdee (xlsx)")
        YONYOU = "yonyou", _("Yonyou U8 (text)")

    format = models.CharField(_("File format"), max_length=8, choices=Format.choices)
    period = ProjectKey(AccountingPeriod, verbose_name=_("Accounting period"))
    vouchers = models.PositiveIntegerField(pgettext_lazy("bookkeeping", "Vouchers"))
    lines = models.PositiveIntegerField(pgettext_lazy("bookkeeping", "Lines"))
    debit = yuan(_("Debit"))
    credit = yuan(_("Credit"))
    sha256 = models.CharField(max_length=64)
    made_by = user_key(_("Made by"), null=True)
    made_at = models.DateTimeField(_("Made at"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(debit=models.F("credit")), name="voucher_batch_balance")]
        indexes = [models.Index(fields=["project", "period"], name="voucher_batch_period")]

    def __str__(self) -> str:
        return f"{self.pk}"


class Voucher(ProjectModel):
    """An accounting voucher (记账凭证) of one document and event, balanced at commit (in the database).

    Numbered without gaps by period and word; never deleted; nothing of it changes once exported. Documents that
    take back others (mirror receipts, red-letter invoices, terminations) carry negative amounts (红字).
    A draft is one that is being written and may be unbalanced; it can't be exported.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        POSTED = "posted", _("Posted")
        EXPORTED = "exported", _("Exported")

    guard_sql = voucher_guards.VOUCHER_SQL
    frozen = (
        "number", "word", "seq", "period_id", "voucher_date", "event", "source_id", "source_number", "state",
        "batch_id", "template_id", "total", "receipt_id", "refund_id", "contract_id", "receivable_id", "invoice_id",
        "expense_id", "payment_id", "area_settlement_id", "remittance_line_id",
    )  # fmt: skip
    frozen_when = "OLD.state = 'exported'"

    number = models.CharField(_("Number"), max_length=20)
    word = models.CharField(_("Voucher word"), max_length=4)
    seq = models.PositiveIntegerField(_("No."))
    period = ProjectKey(AccountingPeriod, verbose_name=_("Accounting period"))
    voucher_date = models.DateField(_("Voucher date"))
    event = models.CharField(_("Business event"), max_length=30)
    source_id = models.BigIntegerField()
    source_number = models.CharField(_("Document"), max_length=40, blank=True)
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.POSTED)
    total = yuan(_("Amount"))
    template = ProjectKey(VoucherTemplate, null=True, verbose_name=_("Voucher template"))
    batch = ProjectKey(VoucherBatch, null=True, verbose_name=_("Exported in"))
    receipt = ProjectKey(Receipt, null=True, verbose_name=_("Receipt"))
    refund = ProjectKey(Refund, null=True, verbose_name=_("Refund"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    receivable = ProjectKey(Receivable, null=True, verbose_name=_("Receivable"))
    invoice = ProjectKey(Invoice, null=True, verbose_name=_("Invoice"))
    expense = ProjectKey(Expense, null=True, verbose_name=pgettext_lazy("marketing", "Expense"))
    payment = ProjectKey(ExpensePayment, null=True, verbose_name=_("Expense payment"))
    area_settlement = ProjectKey(AreaSettlement, null=True, verbose_name=_("Area settlement"))
    remittance_line = ProjectKey(RemittanceLine, null=True, verbose_name=_("Payment to the authority"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "period", "word", "seq", name="voucher_number_once"),
            models.UniqueConstraint("project", "event", "source_id", name="voucher_of_document"),
            models.CheckConstraint(condition=Q(state__in=("draft", "posted", "exported")), name="voucher_state"),
            models.CheckConstraint(
                condition=Q(state="exported", batch__isnull=False) | ~Q(state="exported") & Q(batch__isnull=True),
                name="voucher_exported_in_batch",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "voucher_date"], name="voucher_day"),
            models.Index(fields=["project", "period", "state"], name="voucher_period_state"),
        ]

    def __str__(self) -> str:
        return self.number


class VoucherLine(ProjectFact):
    """One entry (分录). Account code and name stand as they were; auxiliary items as the account asks for."""

    audited = True
    guard_sql = voucher_guards.LINE_SQL

    voucher = ProjectKey(Voucher, verbose_name=pgettext_lazy("bookkeeping", "Voucher"))
    seq = models.PositiveSmallIntegerField(_("No."))
    account = ProjectKey(Account, verbose_name=pgettext_lazy("bookkeeping", "Account"))
    account_code = models.CharField(_("Account code"), max_length=20)
    account_name = models.CharField(_("Account name"), max_length=60)
    summary = models.CharField(_("Summary"), max_length=200, blank=True)
    debit = yuan(_("Debit"), default=0)
    credit = yuan(_("Credit"), default=0)
    customer = ProjectKey(Customer, null=True, verbose_name=_("Customer"))
    unit = ProjectKey(Unit, null=True, verbose_name=_("Unit"))
    by_project = models.BooleanField(_("By project"), default=False)
    bank_account = models.CharField(_("Bank account"), max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "voucher", "seq", name="voucher_line_once"),
            models.CheckConstraint(
                condition=Q(debit=0) & ~Q(credit=0) | ~Q(debit=0) & Q(credit=0), name="voucher_line_one_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_code}"


class VoucherRejection(ProjectFact):
    """A document that became no voucher, and why. It goes away when a later run makes the voucher."""

    audited = True

    event = models.CharField(_("Business event"), max_length=30)
    source_id = models.BigIntegerField()
    source_number = models.CharField(_("Document"), max_length=40, blank=True)
    day = models.DateField(_("Day"))
    code = models.CharField(_("Reason"), max_length=40)
    detail = models.CharField(_("Detail"), max_length=200, blank=True)
    at = models.DateTimeField(_("At"))

    class Meta:
        constraints = [models.UniqueConstraint("project", "event", "source_id", name="voucher_rejection_once")]

    def __str__(self) -> str:
        return self.source_number
