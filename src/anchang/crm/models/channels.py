"""Channels (渠道): where customers come from."""

from __future__ import annotations

from django.db import models
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
            one_of("kind", ("advert", "media", "hotline", "walk_in", "referral", "broker", "event", "partner", "other"),
                   "channel_kind"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
