"""Special affairs of a deal (特殊事务): what is asked for, who decides, what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anchang.deals.models.chain import Deal
from anchang.deals.models.contracts import Contract
from anchang.deals.models.subscriptions import Subscription
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import rest, user_key, yuan


class DealChange(ProjectModel):
    """One request. Its paper waits (change pending, terminating) until it is carried out, refused or withdrawn;
    carrying it out changes deal, papers and money in one transaction. A decided request never changes.

    `paper`: the one that was asked about; a new version follows it. New buyers are kept as cipher only.
    """

    class Kind(models.TextChoices):
        EXCHANGE = "exchange", _("Exchange of the unit")
        BUYERS = "buyers", _("Change of buyers")
        PLAN = "plan", _("Change of payment")
        PRICE = "price", _("Change of price")
        FORFEIT = "forfeit", _("Forfeiture")
        RETURN_FORFEIT = "return_forfeit", _("Return of a kept deposit")
        REVOKE = "revoke", _("Revocation of the online signing")

    class State(models.TextChoices):
        DEMANDED = "demanded", _("Demanded")
        REQUESTED = "requested", _("Requested")
        EXECUTED = "executed", _("Carried out")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Cause(models.TextChoices):
        BUYER = "buyer", _("The buyer doesn't sign")
        LOAN = "loan_refused", _("The loan was refused")
        POLICY = "policy", _("Purchase rules changed")
        FORCE = "force_majeure", _("Force majeure")
        SELLER = "seller", _("The seller can't sign")

    frozen = (
        "kind", "deal_id", "unit_id", "subscription_id", "contract_id", "new_unit_id", "new_total", "amount", "state",
    )  # fmt: skip
    frozen_when = "OLD.state NOT IN ('demanded', 'requested')"
    personal_of = "deal.customer"
    personal = {"buyers_cipher": "NULL", "reason": "'***'", "refuse_reason": "''"}

    number = models.CharField(_("Number"), max_length=30)
    kind = models.CharField(_("Kind"), max_length=15, choices=Kind.choices)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.REQUESTED)
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    subscription = ProjectKey(Subscription, null=True, verbose_name=_("Subscription"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    reason = models.CharField(_("Reason"), max_length=200)
    new_unit = ProjectKey("inventory.Unit", null=True, verbose_name=_("New unit"))
    new_deal = ProjectKey(Deal, null=True, verbose_name=_("New deal"))
    payment_plan = ProjectKey("inventory.PaymentPlan", null=True, verbose_name=_("Payment plan"))
    loans = models.JSONField(_("Loans"), null=True)
    discounts = models.JSONField(_("Discounts"), default=list)
    special = ProjectKey("deals.DiscountRequest", null=True, verbose_name=_("Special discount"))
    ownership = models.CharField(_("Ownership"), max_length=8, blank=True)
    buyers_cipher = models.BinaryField(null=True)
    old_total = yuan(_("Former total"))
    new_total = yuan(_("New total"), null=True)
    difference = rest(_("Difference"), "new_total", "old_total")
    deposit = yuan(_("Deposit"), null=True)
    amount = yuan(_("Amount"), null=True)
    cause = models.CharField(_("Cause"), max_length=15, choices=Cause.choices, blank=True)
    deadline = models.DateField(_("Deadline"), null=True)
    approvers = models.JSONField(_("Approvers"), default=list)
    requested_by = user_key(_("Requested by"), null=True)
    requested_on = models.DateField(_("Requested on"))
    decided_by = user_key(_("Decided by"), null=True)
    decided_on = models.DateField(_("Decided on"), null=True)
    refuse_reason = models.CharField(_("Reason of refusal"), max_length=200, blank=True)
    prints = models.PositiveSmallIntegerField(_("Prints"), default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("exchange", "buyers", "plan", "price", "forfeit", "return_forfeit", "revoke")),
                name="deal_change_kind",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("demanded", "requested", "executed", "refused", "withdrawn")),
                name="deal_change_state",
            ),
            models.CheckConstraint(
                condition=Q(subscription__isnull=False, contract__isnull=True)
                | Q(subscription__isnull=True, contract__isnull=False),
                name="deal_change_of_one_paper",
            ),
            models.CheckConstraint(
                condition=Q(cause__in=("", "buyer", "loan_refused", "policy", "force_majeure", "seller")),
                name="deal_change_cause",
            ),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="deal_change_amount"),
            models.CheckConstraint(
                condition=~Q(state="demanded") | Q(deadline__isnull=False), name="deal_change_deadline"
            ),
            models.UniqueConstraint("project", "number", name="deal_change_number_once"),
            models.UniqueConstraint("project", "deal", condition=Q(state="requested"), name="deal_change_running_once"),
        ]
        indexes = [
            models.Index(fields=["project", "deal"], name="deal_change_deal"),
            models.Index(fields=["project", "state", "requested_on"], name="deal_change_state_day"),
        ]

    def __str__(self) -> str:
        return self.number
