"""Users of the office and their tokens."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models.base import Watched


class User(AbstractUser, Watched):
    """A member of staff. `is_active` false means left or locked out; records keep their name."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("Full name"), max_length=50)
    name_pinyin = models.CharField(max_length=120, blank=True, editable=False)
    staff_number = models.CharField(_("Staff number"), max_length=30, blank=True)
    post = models.CharField(_("Post"), max_length=50, blank=True)
    left_on = models.DateField(_("Left on"), null=True, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    pin = models.CharField(max_length=128, blank=True, editable=False)  # hashed; for fast user switch
    version = models.PositiveIntegerField(default=1, editable=False)

    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A bearer token. Only its SHA-256 is stored. `permissions` and `projects` narrow it when not null."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(pgettext_lazy("person", "Name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    permissions = models.JSONField(null=True, blank=True)
    projects = models.JSONField(null=True, blank=True)
    expires_at = models.DateTimeField(_("Expires at"))
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class ResetLink(models.Model):
    """A one-time link from an administrator with which a user sets a new password, without mail."""

    user = models.ForeignKey(User, models.CASCADE, related_name="reset_links")
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
