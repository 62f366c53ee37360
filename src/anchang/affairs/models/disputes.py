"""Disputes about a contract (合同纠纷, K10)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Contract
from anchang.platform.models.base import ProjectKey, ProjectModel


class Dispute(ProjectModel):
    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("dispute", "Opened")
        NEGOTIATING = "negotiating", _("Negotiating")
        COURT = "court", _("Before court or arbitration")
        CLOSED = "closed", pgettext_lazy("dispute", "Closed")

    frozen = ("contract_id", "subject", "claim", "state", "result", "closed_on")
    frozen_when = "OLD.state = 'closed'"

    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    subject = models.CharField(_("Subject of the dispute"), max_length=100)
    claim = models.DecimalField(_("Claim amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.OPEN)
    lawyer = models.CharField(_("Lawyer"), max_length=50, blank=True)
    opened_on = models.DateField(_("Opened on"))
    closed_on = models.DateField(_("Closed on"), null=True)
    result = models.CharField(_("Result"), max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="closed", closed_on__isnull=False) & ~Q(result="")
                | ~Q(state="closed") & Q(closed_on__isnull=True),
                name="dispute_closed_with_result",
            ),
            models.CheckConstraint(condition=Q(claim__isnull=True) | Q(claim__gte=0), name="dispute_claim"),
        ]

    def __str__(self) -> str:
        return self.subject
