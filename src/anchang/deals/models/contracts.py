"""The sale contract (买卖合同): signed, filed, delivered, or terminated."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import sums
from anchang.deals.models.chain import Deal
from anchang.deals.models.subscriptions import Subscription
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import yuan

LIVE_STATES = (
    "draft",
    "reviewed",
    "signed",
    "filed",
    "delivered",
    "titled",
    "change_pending",
    "terminating",
    "revoked",
)


class Contract(ProjectModel):
    """One contract of a deal; `revision` counts its versions. From signing on its facts are frozen."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REVIEWED = "reviewed", _("Reviewed")
        SIGNED = "signed", _("Signed")
        FILED = "filed", _("Filed")
        DELIVERED = "delivered", _("Delivered")
        TITLED = "titled", _("Titled")
        CHANGE_PENDING = "change_pending", _("Change pending")
        TERMINATING = "terminating", _("Terminating")
        REVOKED = "revoked", _("Revoked")
        TERMINATED = "terminated", _("Terminated")
        VOIDED = "voided", _("Voided")

    class AreaScheme(models.TextChoices):
        GROSS = "gross", _("By building area")
        INNER = "inner", _("By inner area")
        UNIT = "unit", _("Per unit, never settled")

    frozen = (
        "number", "revision", "deal_id", "unit_id", "list_total", "total", "decoration_total", "snapshot", "signed_on",
        "gross_area",
        "inner_area", "unit_price", "clauses",
    )  # fmt: skip
    frozen_when = "OLD.state NOT IN ('draft', 'reviewed')"
    guard_sql = sums.CONTRACT_SQL

    number = models.CharField(_("Number"), max_length=30)
    revision = models.PositiveSmallIntegerField(_("Contract version"), default=1)
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    subscription = ProjectKey(Subscription, null=True, verbose_name=_("Subscription"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    state = models.CharField(_("State"), max_length=15, choices=State.choices, default=State.DRAFT)
    former_state = models.CharField(max_length=15, blank=True)
    payment_plan = ProjectKey("inventory.PaymentPlan", null=True, verbose_name=_("Payment plan"))
    list_total = yuan(_("List total"))
    total = yuan(pgettext_lazy("price", "Total"))
    decoration_total = yuan(_("Decoration price"), default=0)
    unit_price = yuan(_("Unit price"), null=True)
    gross_area = models.DecimalField(_("Building area"), max_digits=12, decimal_places=2)
    inner_area = models.DecimalField(_("Inner area"), max_digits=12, decimal_places=2)
    snapshot = models.JSONField(_("Price steps"), default=dict)
    deposit = yuan(_("Deposit"), default=0)
    signed_on = models.DateField(_("Signed on"))
    online_number = models.CharField(_("Online signing number"), max_length=60, blank=True)
    filing_number = models.CharField(_("Filing number"), max_length=60, blank=True)
    filed_on = models.DateField(_("Filed on"), null=True)
    filing_due_on = models.DateField(_("File by"))
    area_scheme = models.CharField(_("Area settlement"), max_length=6, choices=AreaScheme.choices)
    area_threshold = models.DecimalField(_("Area threshold"), max_digits=6, decimal_places=4)
    late_fee_policy = models.JSONField(_("Late fee"), default=dict)
    clauses = models.JSONField(_("Agreed clauses"), default=dict)
    terminated_on = models.DateField(_("Terminated on"), null=True)
    fault = models.CharField(_("Fault"), max_length=6, blank=True)
    end_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    forfeited = yuan(_("Forfeited"), default=0)
    penalty = yuan(_("Penalty"), default=0)
    compensation = yuan(_("Compensation"), default=0)
    refund_due_on = models.DateField(_("Refund by"), null=True)
    prints = models.PositiveSmallIntegerField(_("Prints"), default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=(
                        "draft",
                        "reviewed",
                        "signed",
                        "filed",
                        "delivered",
                        "titled",
                        "change_pending",
                        "terminating",
                        "revoked",
                        "terminated",
                        "voided",
                    )
                ),
                name="contract_state",
            ),
            models.UniqueConstraint("project", "number", "revision", name="contract_number_once"),
            models.UniqueConstraint(
                "project", "deal", condition=models.Q(state__in=LIVE_STATES), name="contract_live_of_deal"
            ),
            models.CheckConstraint(
                condition=models.Q(total__gt=0, total__lte=models.F("list_total")),
                name="contract_total_within_list",
            ),
            models.CheckConstraint(
                condition=models.Q(decoration_total__gte=0, decoration_total__lt=models.F("total")),
                name="contract_decoration",
            ),
            # A unit is not sold again before its contract has ended: the claim's key says it too.
            models.UniqueConstraint(
                "project", "unit", condition=models.Q(state__in=LIVE_STATES), name="contract_live_of_unit"
            ),
            models.CheckConstraint(
                condition=models.Q(filed_on__isnull=True) | models.Q(filed_on__gte=models.F("signed_on")),
                name="contract_filed_after_signed",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="terminated", terminated_on__isnull=False, fault__in=("buyer", "seller", "none")
                )
                | (~models.Q(state="terminated") & models.Q(terminated_on__isnull=True)),
                name="contract_termination",
            ),
            models.CheckConstraint(
                condition=models.Q(forfeited__gte=0, penalty__gte=0, compensation__gte=0),
                name="contract_claims",
            ),
            models.UniqueConstraint(
                "project",
                "filing_number",
                condition=~models.Q(filing_number="")
                & ~models.Q(state__in=("terminated", "voided", "revoked")),
                name="contract_filing_once",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "signed_on"], name="contract_day"),
            models.Index(fields=["project", "terminated_on"], name="contract_ended"),
            models.Index(fields=["project", "state", "filing_due_on"], name="contract_filing_due"),
            models.Index(fields=["project", "unit"], name="contract_unit"),
            models.Index(fields=["project", "customer"], name="contract_customer"),
            models.Index(fields=["project", "deal"], name="contract_deal"),
        ]

    def __str__(self) -> str:
        return self.number
