"""Where the copies of a contract lie, and who has borrowed them (合同保管, K08)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class ContractCopy(ProjectModel):
    class Kind(models.TextChoices):
        ORIGINAL = "original", _("Original")
        COPY = "copy", _("Copy")

    class State(models.TextChoices):
        STORED = "stored", _("Stored")
        LENT = "lent", _("Lent")
        GIVEN = "given", _("Given to the buyer")

    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    number = models.PositiveSmallIntegerField(_("Copy no."))
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices, default=Kind.ORIGINAL)
    location = models.CharField(_("Location"), max_length=100)
    state = models.CharField(_("State"), max_length=6, choices=State.choices, default=State.STORED)

    class Meta:
        constraints = [models.UniqueConstraint("project", "contract", "number", name="contract_copy_once")]

    def __str__(self) -> str:
        return str(self.number)


class CopyLoan(ProjectModel):
    """A copy in somebody's hands, until `returned_on`."""

    frozen = ("copy_id", "borrower_id", "lent_on", "returned_on")
    frozen_when = "OLD.returned_on IS NOT NULL"

    copy = ProjectKey(ContractCopy, related_name="loans", verbose_name=_("Contract copy"))
    borrower = user_key(_("Borrower"))
    purpose = models.CharField(_("Purpose"), max_length=200, blank=True)
    lent_on = models.DateField(_("Lent on"))
    due_on = models.DateField(_("Return by"))
    returned_on = models.DateField(_("Returned on"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "copy", condition=Q(returned_on__isnull=True), name="copy_lent_once"),
            models.CheckConstraint(condition=Q(due_on__gte=F("lent_on")), name="copy_due_after_lent"),
        ]

    def __str__(self) -> str:
        return self.lent_on.isoformat()
