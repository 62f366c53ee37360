"""Personal files that nobody has needed for long (PIPL 47: kept no longer than needed), proposed for erasure."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.models.base import one_of
from anchang.crm.models.customers import Customer
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class RetentionList(ProjectModel):
    """What one run of the clock found (闲置档案清单), for whoever answers for personal data."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state", "Open")
        DONE = "done", _("Done")

    made_on = models.DateField(_("Made on"))
    months = models.PositiveSmallIntegerField(_("Months without activity"))
    files = models.PositiveIntegerField(_("Number of files"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(_("Closed at"), null=True, blank=True)

    class Meta:
        constraints = [one_of("state", ("open", "done"), "retention_list_state")]

    def __str__(self) -> str:
        return f"{self.made_on}"


class IdleFile(ProjectModel):
    """One customer without deal and without activity: erased, or kept with a reason until the clock runs out again."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("To be decided")
        KEPT = "kept", _("Kept")
        ERASED = "erased", _("Erased")

    personal, personal_of = {"reason": "''"}, "customer"

    list = ProjectKey(RetentionList, verbose_name=_("List"))
    customer = ProjectKey(Customer, verbose_name=_("Customer"))
    idle_since = models.DateTimeField(_("Without activity since"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.PROPOSED)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    decided_by = user_key(_("Decided by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("Decided at"), null=True, blank=True)
    erased_rows = models.PositiveIntegerField(_("Erased rows"), null=True, blank=True)

    class Meta:
        constraints = [
            one_of("state", ("proposed", "kept", "erased"), "idle_file_state"),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_at__isnull=False)),
                name="idle_file_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}"
