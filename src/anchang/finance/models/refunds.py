"""Money going back to the payer or the lender."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.finance.models import guards
from anchang.finance.models.ledger import Money
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan


class Refund(ProjectModel):
    """A refund of a deal. A `return` takes its money from receipts through the ledger, so it can never exceed
    received less refunded, and with `to_deal` it becomes a receipt there; a `compensation` is what the seller pays
    beyond (double deposit, penalty)."""

    class Kind(models.TextChoices):
        RETURN = "return", _("Return of received money")
        COMPENSATION = "compensation", _("Compensation")

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        APPROVED = "approved", _("Approved")
        PAID = "paid", _("Paid")
        REJECTED = "rejected", _("Rejected")

    guard_sql = guards.REFUND_SQL
    frozen = ("deal_id", "to_deal_id", "kind", "money", "amount", "payee", "payee_account", "payer_receives")
    frozen_when = "OLD.state <> 'requested'"

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    to_deal = ProjectKey(Deal, null=True, related_name="+", verbose_name=_("To the deal"))
    kind = models.CharField(_("Kind"), max_length=12, choices=Kind.choices, default=Kind.RETURN)
    money = models.CharField(_("Kind of money"), max_length=8, choices=Money.choices, default=Money.CASH)
    amount = yuan(_("Amount"))
    allocated = yuan(_("Taken from receipts"), default=0)
    payee = models.CharField(_("Payee"), max_length=100, blank=True)
    payee_account = models.CharField(_("Payee's account"), max_length=60, blank=True)
    payer_receives = models.BooleanField(_("To the original payer"), default=True)
    proofs = models.JSONField(_("Proofs"), default=list)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.REQUESTED)
    due_on = models.DateField(_("Due on"), null=True)
    requested_by = user_key(_("Requested by"), null=True)
    approved_by = user_key(_("Approved by"), null=True)
    approved_on = models.DateField(_("Approved on"), null=True)
    way = models.CharField(_("Way"), max_length=12, blank=True)
    paid_by = user_key(_("Paid by"), null=True)
    paid_on = models.DateField(_("Paid on"), null=True)
    reference = models.CharField(_("Bank reference"), max_length=60, blank=True)
    reject_reason = models.CharField(_("Reason of rejection"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount"),
            models.CheckConstraint(condition=Q(kind__in=("return", "compensation")), name="refund_kind"),
            models.CheckConstraint(condition=Q(money__in=("cash", "bank", "fund")), name="refund_money"),
            models.CheckConstraint(
                condition=Q(state__in=("requested", "approved", "paid", "rejected")), name="refund_state"
            ),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, allocated__lte=F("amount")), name="refund_allocated"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_on__isnull=False)
                | (~Q(state="paid") & Q(paid_on__isnull=True)),
                name="refund_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "deal"], name="refund_deal"),
            models.Index(fields=["project", "state", "due_on"], name="refund_state_due"),
            models.Index(
                fields=["project", "paid_on"], condition=Q(paid_on__isnull=False), name="refund_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
