"""Flats shown to customers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.crm.models.visits import Visit
from anchang.inventory.models import Unit
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class Tour(ProjectModel):
    """A flat or model unit shown during a visit, and how the customer took it (带看)."""

    personal, personal_of = {"reaction": "''"}, "visit.customer"

    visit = ProjectKey(Visit, related_name="tours", verbose_name=_("Visit"))
    unit = ProjectKey(Unit, null=True, blank=True, verbose_name=_("Unit"))
    place = models.CharField(_("Place"), max_length=50, blank=True)
    consultant = user_key(_("Consultant"), null=True, blank=True)
    started_at = models.DateTimeField(_("From"))
    ended_at = models.DateTimeField(_("To"), null=True, blank=True)
    reaction = models.CharField(_("Reaction"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(unit__isnull=False) | ~Q(place=""), name="tour_somewhere"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="tour_order"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "visit"], name="tour_visit"),
            models.Index(
                fields=["project", "unit", "-started_at"], condition=Q(unit__isnull=False), name="tour_unit"
            ),
        ]

    def __str__(self) -> str:
        return self.place or str(self.unit_id)
