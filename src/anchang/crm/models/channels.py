"""Channels (渠道) and campaigns: where leads and customers come from."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.crm.models.base import ALIVE, one_of
from anchang.platform.models.base import ProjectKey, ProjectModel


class Channel(ProjectModel):
    """A way by which customers find the project; channels stand in a tree."""

    class Kind(models.TextChoices):
        ADVERT = "advert", _("Advertising platform")
        MEDIA = "media", _("Own media")
        HOTLINE = "hotline", _("Hotline")
        WALK_IN = "walk_in", _("Walk-in")
        REFERRAL = "referral", _("Referral")
        BROKER = "broker", _("Broker")
        EVENT = "event", _("Offline event")
        PARTNER = "partner", _("Partner site")
        OTHER = "other", _("Other")

    code = models.CharField(_("Code"), max_length=40)
    name = models.CharField(_("Name"), max_length=50)
    parent = ProjectKey("self", null=True, blank=True, verbose_name=_("Part of"))
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices, default=Kind.OTHER)
    active = models.BooleanField(_("Active"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", condition=ALIVE, name="channel_code_once"),
            one_of(
                "kind",
                ("advert", "media", "hotline", "walk_in", "referral", "broker", "event", "partner", "other"),
                "channel_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Campaign(ProjectModel):
    """A measure that brings leads, with its time and cost. Leads name it as their file or form does."""

    name = models.CharField(_("Name"), max_length=100)
    channel = ProjectKey(Channel, null=True, blank=True, verbose_name=_("Channel"))
    starts_on = models.DateField(_("From"), null=True, blank=True)
    ends_on = models.DateField(_("To"), null=True, blank=True)
    cost = models.DecimalField(_("Cost"), max_digits=18, decimal_places=2, default=0)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "name", condition=ALIVE, name="campaign_name_once"),
            models.CheckConstraint(condition=Q(cost__gte=0), name="campaign_cost"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True)
                | Q(starts_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="campaign_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name
