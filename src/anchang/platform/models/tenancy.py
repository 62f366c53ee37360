"""Group, company, project, team. One database serves one group."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.kernel.clock import business_date
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel, Watched


class Company(Watched):
    """A company of the group (公司)."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=100)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Project(Watched):
    """A housing project (项目) with its sales office (案场): the unit of isolation."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="projects", verbose_name=_("Company"))
    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=100)
    city = models.CharField(_("City"), max_length=50, blank=True)
    address = models.CharField(_("Address"), max_length=200, blank=True)
    developer = models.CharField(_("Developer"), max_length=100, blank=True)
    time_zone = models.CharField(_("Time zone"), max_length=50, default="Asia/Shanghai")
    active = models.BooleanField(_("Active"), default=True)
    version = models.PositiveIntegerField(_("Version"), default=1, editable=False)
    created_at = models.DateTimeField(_("Created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Changed at"), auto_now=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def today(self) -> dt.date:
        """The business date of this moment: the day in the project's own time zone."""
        return business_date(timezone.now(), self.time_zone)

    def local(self, at: dt.datetime | None = None) -> dt.datetime:
        """`at` (now) by the clock on the project's wall."""
        return (at or timezone.now()).astimezone(ZoneInfo(self.time_zone))


class Team(ProjectModel):
    """A sales team (销售团队) of a project; an agency that sells jointly is a team as well."""

    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    agency = models.CharField(_("Agency"), max_length=100, blank=True)
    conditions = models.JSONField(_("Serves"), default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "code", condition=models.Q(deleted_at__isnull=True), name="team_code_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TeamMember(ProjectFact):
    """Who is in which team. Read before the scope is known, so its table has no policy (platform.database)."""

    audited = True

    team = ProjectKey(Team, related_name="members")
    user = models.ForeignKey("platform.User", models.PROTECT, related_name="memberships")
    leads = models.BooleanField(_("Leads the team"), default=False)

    class Meta:
        constraints = [models.UniqueConstraint("project", "user", name="member_of_one_team")]


class ConfigStamp(models.Model):
    """One counter, bumped whenever roles, grants, parameters or projects change.

    Processes keep what they computed from these tables until the counter moves.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="stamp_single_row")]
