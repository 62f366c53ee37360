"""Chart of accounts, accounting periods and voucher templates (动态会计平台)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.finance.models import voucher_guards
from anchang.platform.models.base import ProjectKey, ProjectModel

_ALIVE = Q(deleted_at__isnull=True)


class Account(ProjectModel):
    """An account (科目) of the project's chart. The `by_…` columns are its auxiliary items (辅助核算): every
    line on the account then names the customer, unit, project or bank account of its document."""

    class Kind(models.TextChoices):
        ASSET = "asset", _("Asset")
        LIABILITY = "liability", _("Liability")
        EQUITY = "equity", _("Equity")
        COST = "cost", pgettext_lazy("account", "Cost")
        INCOME = "income", pgettext_lazy("account", "Income")
        EXPENSE = "expense", pgettext_lazy("account", "Expense")

    code = models.CharField(_("Account code"), max_length=20)
    name = models.CharField(_("Name"), max_length=60)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices)
    by_customer = models.BooleanField(_("By customer"), default=False)
    by_unit = models.BooleanField(_("By unit"), default=False)
    by_project = models.BooleanField(_("By project"), default=False)
    by_bank_account = models.BooleanField(_("By bank account"), default=False)
    active = models.BooleanField(_("In use"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", condition=_ALIVE, name="account_code_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("asset", "liability", "equity", "cost", "income", "expense")),
                name="account_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class AccountingPeriod(ProjectModel):
    """A month of the books (会计期间). Only an open one takes vouchers; the first one is where the books begin."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("period", "Open")
        CLOSED = "closed", pgettext_lazy("period", "Closed")

    month = models.DateField(_("Month"))
    state = models.CharField(_("State"), max_length=6, choices=State.choices, default=State.OPEN)
    closed_on = models.DateField(_("Closed on"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "month", name="accounting_period_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="accounting_period_first_day"),
            models.CheckConstraint(
                condition=Q(state="open", closed_on__isnull=True) | Q(state="closed", closed_on__isnull=False),
                name="accounting_period_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class VoucherTemplate(ProjectModel):
    """How documents of one event become vouchers (凭证模板). One per event is in use.

    Changing it or one of its lines takes it out of use (in the database): it is checked again before it makes
    vouchers.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_USE = "in_use", _("In use")

    guard_sql = voucher_guards.TEMPLATE_SQL

    event = models.CharField(_("Business event"), max_length=30)
    name = models.CharField(_("Name"), max_length=50)
    word = models.CharField(_("Voucher word"), max_length=4, default="记")
    state = models.CharField(_("State"), max_length=6, choices=State.choices, default=State.DRAFT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "event", condition=_ALIVE & Q(state="in_use"), name="voucher_template_in_use"
            ),
            models.CheckConstraint(condition=Q(state__in=("draft", "in_use")), name="voucher_template_state"),
        ]

    def __str__(self) -> str:
        return self.name


class VoucherTemplateLine(ProjectModel):
    """One line of a template: side, account and which named amount of the document stands there.

    `amount` is of the closed list of the event (rules.vouchers.AMOUNTS). `summary` may name {number}, {unit},
    {date} and {event}. `bank_account` stands where the document names none.
    """

    class Side(models.TextChoices):
        DEBIT = "debit", _("Debit")
        CREDIT = "credit", _("Credit")

    guard_sql = voucher_guards.TEMPLATE_LINE_SQL

    template = ProjectKey(VoucherTemplate, verbose_name=_("Voucher template"))
    seq = models.PositiveSmallIntegerField(_("No."), default=1)
    side = models.CharField(_("Side"), max_length=6, choices=Side.choices)
    account = ProjectKey(Account, verbose_name=pgettext_lazy("bookkeeping", "Account"))
    amount = models.CharField(_("Named amount"), max_length=30)
    summary = models.CharField(_("Summary"), max_length=100, blank=True)
    bank_account = models.CharField(_("Bank account"), max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(side__in=("debit", "credit")), name="template_line_side"),
        ]
        indexes = [models.Index(fields=["project", "template", "seq"], name="template_line_order")]

    def __str__(self) -> str:
        return f"{self.seq}"
