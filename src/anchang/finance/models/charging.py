"""What is owed beside the price: late fees, area differences, fees on behalf paid on; and closed months."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.finance.models import banking_guards as guards
from anchang.finance.models.ledger import Receivable
from anchang.finance.models.refunds import Refund
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import rest, user_key, yuan


class LateFee(ProjectModel):
    """The late fee (违约金) of one instalment, as of a day: computed again whenever its payments change.

    `charged` is the receivable that asks for it; `waived` was let off by the director (免收).
    """

    class Waiver(models.TextChoices):
        NONE = "", _("No waiver")
        REQUESTED = "requested", _("Waiver asked for")
        APPROVED = "approved", _("Waived")
        REJECTED = "rejected", _("Waiver refused")

    frozen = ("source_id", "deal_id")

    source = ProjectKey(Receivable, verbose_name=_("Instalment"))
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    as_of = models.DateField(_("As of"))
    delay = models.PositiveIntegerField(_("Days late"))
    rate = models.DecimalField(_("Daily rate"), max_digits=9, decimal_places=7)
    amount = yuan(_("Late fee"))
    parts = models.JSONField(_("Computed from"), default=list)
    waived = yuan(_("Waived"), default=0)
    payable = rest(_("To pay"), "amount", "waived")
    waiver = models.CharField(
        _("Waiver"), max_length=9, choices=Waiver.choices, default=Waiver.NONE, blank=True
    )
    waiver_amount = yuan(_("Waiver of"), default=0)
    waiver_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    asked_by = user_key(_("Requested by"), null=True)
    decided_by = user_key(_("Decided by"), null=True)
    charged = ProjectKey(Receivable, null=True, verbose_name=_("Receivable"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "source", name="late_fee_once"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, waived__gte=0, waived__lte=F("amount"), waiver_amount__gte=0),
                name="late_fee_amounts",
            ),
        ]
        indexes = [models.Index(fields=["project", "deal"], name="late_fee_deal")]

    def __str__(self) -> str:
        return f"{self.amount}"


class AreaSettlement(ProjectModel):
    """The settlement of the area difference (面积补差) of a contract: computed, approved, posted.

    `amount` above zero: the buyer pays; below: the seller refunds."""

    class State(models.TextChoices):
        COMPUTED = "computed", _("Computed")
        APPROVED = "approved", _("Approved")
        POSTED = "posted", _("Posted")
        REJECTED = "rejected", _("Rejected")

    frozen = ("contract_id", "contract_area", "measured_area", "ratio", "amount", "parts", "may_terminate")

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    basis = models.CharField(
        _("Area settlement"), max_length=6, choices=Contract.AreaScheme.choices
    )
    contract_area = models.DecimalField(_("Area of the contract"), max_digits=12, decimal_places=2)
    measured_area = models.DecimalField(_("Measured area"), max_digits=12, decimal_places=2)
    unit_price = yuan(_("Unit price"))
    ratio = models.DecimalField(_("Difference in percent"), max_digits=9, decimal_places=4)
    amount = yuan(_("Amount"))
    parts = models.JSONField(_("Computed from"), default=list)
    may_terminate = models.BooleanField(_("Buyer may terminate"), default=False)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.COMPUTED)
    approved_by = user_key(_("Approved by"), null=True)
    approved_on = models.DateField(_("Approved on"), null=True)
    posted_on = models.DateField(_("Posted on"), null=True)
    receivable = ProjectKey(Receivable, null=True, verbose_name=_("Receivable"))
    refund = ProjectKey(Refund, null=True, verbose_name=_("Refund"))
    reject_reason = models.CharField(_("Reason of rejection"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("computed", "approved", "posted", "rejected")), name="area_settlement_state"
            ),
            models.CheckConstraint(
                condition=Q(state="posted", posted_on__isnull=False) | (~Q(state="posted") & Q(posted_on__isnull=True)),
                name="area_settlement_posted",
            ),
            models.UniqueConstraint(
                "project", "contract", condition=~Q(state="rejected"), name="area_settlement_once"
            ),
        ]
        indexes = [models.Index(fields=["project", "deal"], name="area_settlement_deal")]

    def __str__(self) -> str:
        return f"{self.amount}"


class Remittance(ProjectModel):
    """Fees collected on behalf, paid on to the authority (代收代付). The lines say for whom."""

    frozen = ("item", "payee", "paid_on", "amount", "reference")

    item = models.CharField(_("Item"), max_length=30)
    payee = models.CharField(_("Authority"), max_length=100)
    paid_on = models.DateField(_("Paid on"))
    amount = yuan(_("Amount"))
    reference = models.CharField(_("Bank reference"), max_length=60, blank=True)
    paid_by = user_key(_("Paid by"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="remittance_amount"),
            models.CheckConstraint(condition=Q(item__startswith="agency_"), name="remittance_item"),
        ]
        indexes = [models.Index(fields=["project", "paid_on"], name="remittance_day")]

    def __str__(self) -> str:
        return f"{self.payee} {self.paid_on}"


class RemittanceLine(ProjectFact):
    """One buyer's fee in a remittance; a fee is paid on once."""

    append_only = True
    audited = True

    remittance = ProjectKey(Remittance, verbose_name=_("Payment to the authority"))
    receivable = ProjectKey(Receivable, verbose_name=_("Receivable"), indexed=False)
    amount = yuan(_("Amount"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "receivable", name="remitted_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="remittance_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class PeriodClose(ProjectFact):
    """A month that is closed (关账): everything booked up to `last_day` stands; its sums are kept here."""

    append_only = True
    audited = True
    guard_sql = guards.PERIOD_SQL

    month = models.CharField(_("Month"), max_length=7)
    last_day = models.DateField(_("Closed through"))
    receipts = models.PositiveIntegerField(_("Receipts"))
    received = yuan(_("Received"))
    refunded = yuan(_("Refunded"))
    late = yuan(_("Of it for earlier months"))
    sums = models.JSONField(_("Sums by way"), default=dict)
    late_entries = models.JSONField(_("Late entries"), default=list)
    closed_by = user_key(_("Closed by"), null=True)
    closed_at = models.DateTimeField(_("Closed at"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "month", name="period_close_once"),
            models.UniqueConstraint("project", "last_day", name="period_close_day"),
        ]

    def __str__(self) -> str:
        return self.month
