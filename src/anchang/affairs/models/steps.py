"""Mortgage (按揭) and title registration (权属登记): one row each, moved on step by step."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Contract
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import yuan


class Mortgage(ProjectModel):
    """A loan applied for to pay a contract. Another bank is another row."""

    class Kind(models.TextChoices):
        BANK = "bank", _("Bank loan")
        FUND = "fund", _("Housing fund loan")

    class State(models.TextChoices):
        COLLECTING = "collecting", _("Collecting documents")
        SUBMITTED = "submitted", _("Submitted")
        APPROVED = "approved", _("Approved")
        PRE_REGISTERED = "pre_registered", _("Pre-registered")
        DISBURSED = "disbursed", _("Disbursed")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    # The contract's next version takes its loans along.
    frozen = ("kind", "bank", "amount")
    frozen_when = "OLD.state <> 'collecting'"

    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    kind = models.CharField(_("Kind"), max_length=4, choices=Kind.choices, default=Kind.BANK)
    bank = models.CharField(_("Bank"), max_length=60)
    amount = yuan(_("Applied for"))
    state = models.CharField(_("State"), max_length=15, choices=State.choices, default=State.COLLECTING)
    since = models.DateField(_("Since"))
    due_on = models.DateField(_("Next step due"), null=True)
    submitted_on = models.DateField(_("Submitted on"), null=True)
    approved_on = models.DateField(_("Approved on"), null=True)
    approved_amount = yuan(_("Approved amount"), null=True)
    pre_registered_on = models.DateField(_("Pre-registered on"), null=True)
    disbursed_on = models.DateField(_("Disbursed on"), null=True)
    ended_on = models.DateField(_("Ended on"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "contract", "kind", condition=~Q(state__in=("refused", "withdrawn")),
                name="mortgage_one_running",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="mortgage_amount"),
            models.CheckConstraint(
                condition=Q(approved_amount__isnull=True) | Q(approved_amount__gt=0, approved_amount__lte=F("amount")),
                name="mortgage_approved_amount",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "pre_registered", "disbursed")) | Q(approved_amount__isnull=False),
                name="mortgage_approved_with_amount",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["project", "contract"], name="mortgage_contract"),
            models.Index(fields=["project", "due_on"], condition=Q(due_on__isnull=False), name="mortgage_due"),
        ]

    def __str__(self) -> str:
        return self.bank


class TitleRegistration(ProjectModel):
    """The way to the title certificate (不动产权证) of a delivered contract."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("title", "Opened")
        TAXED = "taxed", _("Taxes and fund paid")
        SUBMITTED = "submitted", _("Submitted")
        ISSUED = "issued", _("Certificate issued")
        HANDED_OUT = "handed_out", _("Handed to the buyer")

    frozen = ("contract_id", "certificate_number", "issued_on")
    frozen_when = "OLD.state IN ('issued', 'handed_out')"

    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    state = models.CharField(_("State"), max_length=15, choices=State.choices, default=State.OPEN)
    since = models.DateField(_("Since"))
    due_on = models.DateField(_("Next step due"), null=True)
    tax_paid_on = models.DateField(_("Tax paid on"), null=True)
    fund_paid_on = models.DateField(_("Maintenance fund paid on"), null=True)
    submitted_on = models.DateField(_("Submitted on"), null=True)
    certificate_number = models.CharField(_("Certificate number"), max_length=60, blank=True)
    issued_on = models.DateField(_("Issued on"), null=True)
    handed_on = models.DateField(_("Handed out on"), null=True)
    receiver = models.CharField(_("Receiver"), max_length=50, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "contract", name="title_once"),
            models.UniqueConstraint(
                "project", "certificate_number", condition=~Q(certificate_number=""), name="title_certificate_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("issued", "handed_out")) | ~Q(certificate_number=""), name="title_has_number"
            ),
        ]
        indexes = [models.Index(fields=["project", "due_on"], condition=Q(due_on__isnull=False), name="title_due")]

    def __str__(self) -> str:
        return self.certificate_number or str(self.pk)
