"""Own staff, their relatives and connected persons (员工、亲属、关联人): their purchases are seen and approved."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectModel
from anchang.platform.models.fields import user_key


class ConnectedPerson(ProjectModel):
    """Somebody whose purchase needs the special approval. Numbers are stored as cipher, digest and mask only.

    `user`: for own staff, the account; who has left counts no longer. `of_name`: whose relative.
    """

    class Kind(models.TextChoices):
        STAFF = "staff", _("Own staff")
        RELATIVE = "relative", _("Relative of staff")
        CONNECTED = "connected", _("Connected person")

    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices, default=Kind.STAFF)
    name = models.CharField(_("Full name"), max_length=100)
    user = user_key(_("User"), null=True)
    of_name = models.CharField(_("Relative of"), max_length=100, blank=True)
    relation = models.CharField(_("Relation"), max_length=30, blank=True)
    id_cipher = models.BinaryField(null=True)
    id_digest = models.CharField(max_length=32, blank=True)
    id_masked = models.CharField(_("Document number"), max_length=40, blank=True)
    phone_cipher = models.BinaryField(null=True)
    phone_digest = models.CharField(max_length=32, blank=True)
    phone_masked = models.CharField(_("Phone"), max_length=30, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=("staff", "relative", "connected")), name="connected_kind"),
            models.CheckConstraint(condition=~Q(id_digest="", phone_digest=""), name="connected_has_number"),
            models.UniqueConstraint(
                "project", "id_digest", condition=Q(deleted_at__isnull=True) & ~Q(id_digest=""),
                name="connected_id_once",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["project", "phone_digest"], condition=~Q(phone_digest=""), name="connected_phone")
        ]

    def __str__(self) -> str:
        return self.name
