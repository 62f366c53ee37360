"""Subscription and the lines of its payment plan."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import sums
from anchang.deals.models.chain import Deal, Hold
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import yuan


class Subscription(ProjectModel):
    """The preliminary contract (认购): unit, buyers, price with its snapshot, plan, deposit and signing
    due date. Once submitted, its facts are frozen; a change is a new document.

    `decoration_total`: the part of the total that a decoration contract of its own agrees on (精装双合同)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        APPROVING = "approving", _("In approval")
        ACTIVE = "active", _("Active")
        OVERDUE = "overdue", _("Overdue")
        CHANGE_PENDING = "change_pending", _("Change pending")
        TERMINATING = "terminating", _("Terminating")
        SIGNED = "signed", _("Signed")
        EXCHANGED = "exchanged", _("Exchanged")
        REPLACED = "replaced", _("Replaced by a new version")
        FORFEITED = "forfeited", _("Forfeited")
        REFUNDED = "refunded", _("Refunded")
        CANCELLED = "cancelled", _("Cancelled")

    frozen = (
        "number", "deal_id", "unit_id", "list_total", "total", "decoration_total", "snapshot", "deposit",
        "subscribed_on",
    )  # fmt: skip
    frozen_when = "OLD.state NOT IN ('draft', 'approving')"
    guard_sql = sums.SUBSCRIPTION_SQL

    number = models.CharField(_("Number"), max_length=30)
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    hold = ProjectKey(Hold, null=True, verbose_name=_("Hold"))
    state = models.CharField(_("State"), max_length=15, choices=State.choices, default=State.DRAFT)
    former_state = models.CharField(max_length=15, blank=True)
    payment_plan = ProjectKey("inventory.PaymentPlan", verbose_name=_("Payment plan"))
    loans = models.JSONField(_("Loans"), default=list)
    list_total = yuan(_("List total"))
    total = yuan(pgettext_lazy("price", "Total"))
    decoration_total = yuan(_("Decoration price"), default=0)
    depth = models.DecimalField(_("Depth"), max_digits=9, decimal_places=4)
    unit_price = yuan(_("Unit price"), null=True)
    gross_area = models.DecimalField(_("Building area"), max_digits=12, decimal_places=2)
    inner_area = models.DecimalField(_("Inner area"), max_digits=12, decimal_places=2)
    snapshot = models.JSONField(_("Price steps"), default=dict)
    deposit = yuan(_("Deposit"))
    subscribed_on = models.DateField(_("Subscribed on"))
    activated_on = models.DateField(_("Active since"), null=True)
    sign_by = models.DateField(_("Sign by"))
    approve_by = models.DateTimeField(_("Approve by"), null=True)
    approvers = models.JSONField(_("Approvers"), default=list)
    refused_on = models.DateField(_("Refused on"), null=True)
    ended_on = models.DateField(_("Ended on"), null=True)
    fault = models.CharField(_("Fault"), max_length=6, blank=True)
    end_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    forfeited = yuan(_("Forfeited"), default=0)
    prints = models.PositiveSmallIntegerField(_("Prints"), default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=(
                        "draft",
                        "approving",
                        "active",
                        "overdue",
                        "change_pending",
                        "terminating",
                        "signed",
                        "exchanged",
                        "replaced",
                        "forfeited",
                        "refunded",
                        "cancelled",
                    )
                ),
                name="subscription_state",
            ),
            models.UniqueConstraint("project", "number", name="subscription_number_once"),
            models.CheckConstraint(
                condition=models.Q(total__gt=0, total__lte=models.F("list_total")),
                name="subscription_total_within_list",
            ),
            models.CheckConstraint(
                condition=models.Q(decoration_total__gte=0, decoration_total__lt=models.F("total")),
                name="subscription_decoration",
            ),
            models.CheckConstraint(condition=models.Q(deposit__gte=0), name="subscription_deposit"),
            models.CheckConstraint(
                condition=models.Q(fault__in=("", "buyer", "seller", "none")), name="subscription_fault"
            ),
            models.UniqueConstraint(
                "project",
                "deal",
                condition=models.Q(
                    state__in=(
                        "draft",
                        "approving",
                        "active",
                        "overdue",
                        "change_pending",
                        "terminating",
                        "signed",
                    )
                ),
                name="subscription_live_of_deal",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "subscribed_on"], name="subscription_day"),
            models.Index(fields=["project", "state", "sign_by"], name="subscription_due"),
            models.Index(
                fields=["project", "ended_on"],
                condition=models.Q(ended_on__isnull=False),
                name="subscription_ended",
            ),
            models.Index(fields=["project", "unit"], name="subscription_unit"),
            models.Index(fields=["project", "customer"], name="subscription_customer"),
        ]

    def __str__(self) -> str:
        return self.number


class PlanLine(ProjectFact):
    """One line of the plan as agreed: of a subscription, or of a contract (dates then count from signing).
    The lines of a paper sum to its total: checked at commit."""

    append_only = True
    guard_sql = sums.PLAN_SQL

    class Money(models.TextChoices):
        CASH = "cash", _("Own money")
        BANK = "bank", _("Bank loan")
        FUND = "fund", _("Housing fund")

    subscription = ProjectKey(Subscription, null=True)
    contract = ProjectKey("deals.Contract", null=True)
    seq = models.PositiveSmallIntegerField(_("No."))
    item = models.CharField(_("Item"), max_length=30)
    money = models.CharField(_("Paid by"), max_length=8, choices=Money.choices)
    amount = yuan(_("Amount"))
    due_on = models.DateField(_("Due on"))
    bank = models.CharField(_("Bank"), max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="plan_line_amount"),
            models.CheckConstraint(
                condition=models.Q(money__in=("cash", "bank", "fund")), name="plan_line_money"
            ),
            models.CheckConstraint(
                condition=models.Q(subscription__isnull=False, contract__isnull=True)
                | models.Q(subscription__isnull=True, contract__isnull=False),
                name="plan_line_of_one_paper",
            ),
            models.UniqueConstraint(
                "project", "subscription", "contract", "seq", nulls_distinct=False, name="plan_line_once"
            ),
        ]
        indexes = [models.Index(fields=["project", "contract"], name="plan_line_contract")]
