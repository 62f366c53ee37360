"""Customers who want no messages (退订)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.crm.models.customers import Customer
from anchang.platform.models.base import ProjectKey, ProjectModel


class MessageStop(ProjectModel):
    """Said by the customer: no messages from the day on, until he says otherwise. Codes that he asks for himself still
    reach him."""

    # That he said so stays on record.
    personal, personal_of = {"way": "''"}, "customer"

    customer = ProjectKey(Customer, verbose_name=_("Customer"))
    since = models.DateTimeField(_("Since"))
    lifted_at = models.DateTimeField(_("Lifted at"), null=True, blank=True)
    way = models.CharField(_("Said by way of"), max_length=50, blank=True)

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d}"
