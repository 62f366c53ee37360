"""Roles and rights as rows, so that objects made at run time have them too."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import Watched
from anchang.platform.models.identity import User
from anchang.platform.models.tenancy import Company, Project


class Scope(models.TextChoices):
    OWN = "own", _("Own")
    TEAM = "team", _("Team")
    PROJECT = "project", _("Project")


class Role(Watched):
    code = models.CharField(_("Code"), max_length=40, unique=True)
    name = models.CharField(_("Name"), max_length=50)

    def __str__(self) -> str:
        return self.name


class RolePermission(Watched):
    """`permission` is `<resource>.<verb>` (`customers.view`, `units.hold`), `<resource>.*` or `*`."""

    role = models.ForeignKey(Role, models.CASCADE, related_name="permissions")
    permission = models.CharField(_("Permission"), max_length=80)
    scope = models.CharField(_("Scope"), max_length=10, choices=Scope.choices, default=Scope.PROJECT)

    class Meta:
        constraints = [models.UniqueConstraint("role", "permission", name="role_permission_once")]


class FieldRule(Watched):
    """What a role may not do with a field. `hide` and `mask` also bar filter, sort, group and export."""

    class Mode(models.TextChoices):
        HIDE = "hide", _("Hidden")
        LOCK = "lock", _("Read only")

    role = models.ForeignKey(Role, models.CASCADE, related_name="field_rules")
    resource = models.CharField(max_length=60)
    field = models.CharField(max_length=60)
    mode = models.CharField(max_length=5, choices=Mode.choices)

    class Meta:
        constraints = [models.UniqueConstraint("role", "resource", "field", name="field_rule_once")]


class Grant(Watched):
    """A user holds a role for the whole group, one company or one project, until a date if given."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.ForeignKey(Role, models.PROTECT, related_name="grants")
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True)
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True)
    until = models.DateField(_("Until"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(company__isnull=True) | models.Q(project__isnull=True),
                name="grant_one_level",
            ),
            models.UniqueConstraint(
                "user", "role", "company", "project", nulls_distinct=False, name="grant_once"
            ),
        ]


class PersonalGrant(Watched):
    """A right added to or taken from one person, with reason and end date (员工级权限)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="personal_grants")
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True)
    permission = models.CharField(max_length=80)
    allow = models.BooleanField()
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.OWN)
    reason = models.CharField(max_length=200)
    until = models.DateField(null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
