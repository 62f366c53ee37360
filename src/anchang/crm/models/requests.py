"""What people ask about their own data (个人信息请求): a copy, or erasure (PIPL 45, 47)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.models.base import one_of
from anchang.crm.models.customers import Customer
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class PersonalRequest(ProjectModel):
    """One request, with the last working day by which it must be answered."""

    class Kind(models.TextChoices):
        COPY = "copy", _("Copy of the data")
        ERASURE = "erasure", _("Erasure of the data")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state", "Open")
        DONE = "done", _("Done")
        REFUSED = "refused", pgettext_lazy("request", "Refused")

    personal, personal_of = {"note": "''", "answer": "''", "way": "''"}, "customer"

    customer = ProjectKey(Customer, verbose_name=_("Customer"))
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices)
    received_on = models.DateField(_("Received on"))
    due_on = models.DateField(_("Answer by"))
    way = models.CharField(_("Received by way of"), max_length=50, blank=True)
    note = models.CharField(_("Note"), max_length=500, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(_("Answer"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("Closed at"), null=True, blank=True)
    closed_by = user_key(_("Closed by"), null=True, blank=True)
    erased_rows = models.PositiveIntegerField(_("Erased rows"), null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", ("copy", "erasure"), "personal_request_kind"),
            one_of("state", ("open", "done", "refused"), "personal_request_state"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="personal_request_closed",
            ),
            models.UniqueConstraint(
                "project", "customer", "kind", condition=Q(state="open"), name="personal_request_once"
            ),
        ]
        indexes = [models.Index(fields=["project", "due_on"], condition=Q(state="open"), name="personal_request_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.received_on}"
