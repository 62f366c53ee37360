"""Marketing expenses (营销费用): subjects, yearly targets, monthly plans, contracts, expenses, payments."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.finance.models import accounting_guards
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import rest, user_key, yuan

_ALIVE = Q(deleted_at__isnull=True)


class ExpenseSubject(ProjectModel):
    """What money is spent on (费用科目): media, events, agencies, sales office."""

    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    active = models.BooleanField(_("In use"), default=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "code", condition=_ALIVE, name="expense_subject_once")]

    def __str__(self) -> str:
        return self.name


class ExpenseTarget(ProjectModel):
    """What a subject may cost in a year (费用指标): `amount`, or `rate` of `sales_plan` (the product, half-up).
    Approved ones never change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        APPROVED = "approved", _("Approved")

    frozen = ("year", "subject_id", "rate", "sales_plan", "amount", "state", "deleted_at")
    frozen_when = "OLD.state = 'approved'"

    year = models.PositiveSmallIntegerField(_("Year"))
    subject = ProjectKey(ExpenseSubject, verbose_name=_("Expense subject"))
    rate = models.DecimalField(_("Expense rate"), max_digits=7, decimal_places=6, null=True, blank=True)
    sales_plan = yuan(_("Planned sales"), null=True, blank=True)
    amount = yuan(_("Amount"))
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.DRAFT)
    approved_by = user_key(_("Approved by"), null=True)
    approved_on = models.DateField(_("Approved on"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "year", "subject", condition=_ALIVE, name="expense_target_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="expense_target_amount"),
            models.CheckConstraint(condition=Q(state__in=("draft", "approved")), name="expense_target_state"),
        ]

    def __str__(self) -> str:
        return f"{self.year}"


class ExpensePlan(ProjectModel):
    """What a subject may cost in a month (费用计划). Approved plans of a year stay within the year's target,
    unless `over_target`: approved by those who may."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        APPROVED = "approved", _("Approved")

    guard_sql = accounting_guards.PLAN_SQL
    frozen = ("month", "subject_id", "amount", "over_target", "state", "deleted_at")
    frozen_when = "OLD.state = 'approved'"

    month = models.DateField(_("Month"))
    subject = ProjectKey(ExpenseSubject, verbose_name=_("Expense subject"))
    amount = yuan(_("Amount"))
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.DRAFT)
    over_target = models.BooleanField(_("Above the target"), default=False)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    approved_by = user_key(_("Approved by"), null=True)
    approved_on = models.DateField(_("Approved on"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "month", "subject", condition=_ALIVE, name="expense_plan_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="expense_plan_first_day"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="expense_plan_amount"),
            models.CheckConstraint(condition=Q(state__in=("draft", "approved")), name="expense_plan_state"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class MarketingContract(ProjectModel):
    """A contract with a supplier (营销合同). `incurred` and `paid` follow its expenses and never exceed `amount`."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", pgettext_lazy("marketing contract", "In force")
        CLOSED = "closed", pgettext_lazy("marketing contract", "Closed")

    guard_sql = accounting_guards.CONTRACT_SQL
    frozen = ("number", "subject_id", "supplier", "amount", "signed_on")
    frozen_when = "OLD.state <> 'draft'"

    number = models.CharField(_("Number"), max_length=30)
    title = models.CharField(_("Title"), max_length=100)
    supplier = models.CharField(_("Supplier"), max_length=100)
    subject = ProjectKey(ExpenseSubject, verbose_name=_("Expense subject"))
    amount = yuan(_("Amount"))
    incurred = yuan(_("Incurred"), default=0)
    paid = yuan(_("Paid"), default=0)
    balance = rest(_("Balance"), "amount", "paid")
    signed_on = models.DateField(_("Signed on"))
    state = models.CharField(_("State"), max_length=6, choices=State.choices, default=State.DRAFT)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", condition=_ALIVE, name="marketing_contract_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="marketing_contract_amount"),
            models.CheckConstraint(
                condition=Q(incurred__gte=0, incurred__lte=F("amount")), name="marketing_contract_incurred"
            ),
            models.CheckConstraint(condition=Q(paid__gte=0, paid__lte=F("amount")), name="marketing_contract_paid"),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "active", "closed")), name="marketing_contract_state"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Expense(ProjectModel):
    """What was spent (费用发生), with a contract or without. `paid` follows its payments."""

    class State(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        APPROVED = "approved", _("Approved")
        VOIDED = "voided", _("Voided")

    guard_sql = accounting_guards.EXPENSE_SQL
    frozen = ("contract_id", "subject_id", "supplier", "amount", "incurred_on", "deleted_at")
    frozen_when = "OLD.state <> 'recorded'"

    number = models.CharField(_("Number"), max_length=30)
    contract = ProjectKey(MarketingContract, null=True, verbose_name=_("Marketing contract"))
    subject = ProjectKey(ExpenseSubject, verbose_name=_("Expense subject"))
    supplier = models.CharField(_("Supplier"), max_length=100)
    content = models.CharField(_("Content"), max_length=200, blank=True)
    amount = yuan(_("Amount"))
    paid = yuan(_("Paid"), default=0)
    unpaid = rest(_("Unpaid"), "amount", "paid")
    incurred_on = models.DateField(_("Incurred on"))
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.RECORDED)
    approved_by = user_key(_("Approved by"), null=True)
    approved_on = models.DateField(_("Approved on"), null=True)
    void_reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", name="expense_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="expense_amount"),
            models.CheckConstraint(condition=Q(paid__gte=0, paid__lte=F("amount")), name="expense_paid"),
            models.CheckConstraint(condition=Q(state__in=("recorded", "approved", "voided")), name="expense_state"),
            models.CheckConstraint(condition=Q(state="approved") | Q(paid=0), name="expense_paid_when_approved"),
        ]
        indexes = [models.Index(fields=["project", "incurred_on"], name="expense_day")]

    def __str__(self) -> str:
        return self.number


class ExpensePayment(ProjectFact):
    """Money paid for an expense; a negative one takes a payment back. Its trigger keeps `paid` of the expense and
    the contract."""

    append_only = True
    audited = True
    guard_sql = accounting_guards.PAYMENT_SQL

    expense = ProjectKey(Expense, verbose_name=pgettext_lazy("marketing", "Expense"))
    amount = yuan(_("Amount"))
    paid_on = models.DateField(_("Paid on"))
    account = models.CharField(_("Bank account"), max_length=60, blank=True)
    reference = models.CharField(_("Bank reference"), max_length=60, blank=True)
    reverses = ProjectKey("self", null=True, verbose_name=_("Reverses"))
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    paid_by = user_key(_("Paid by"), null=True)
    at = models.DateTimeField(_("At"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "reverses", name="expense_payment_reversed_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, reverses__isnull=True) | Q(amount__lt=0, reverses__isnull=False),
                name="expense_payment_amount",
            ),
        ]
        indexes = [models.Index(fields=["project", "paid_on"], name="expense_payment_day")]

    def __str__(self) -> str:
        return f"{self.amount}"
