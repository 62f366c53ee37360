"""Dated parameters, number books, saved views."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectFact, Watched
from anchang.platform.models.tenancy import Company, Project


class Parameter(Watched):
    """One value of a declared parameter from a date on, for the group, a company, a city or a project (E17). The rules
    of a city (城市规则包) hold for its projects whoever the developer is."""

    key = models.CharField(_("Parameter"), max_length=80)
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True)
    city = models.CharField(_("City"), max_length=50, blank=True)
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True)
    valid_from = models.DateField(_("Valid from"))
    value = models.JSONField(_("Value"))
    made_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "key", "company", "city", "project", "valid_from", nulls_distinct=False, name="parameter_once"
            ),
            models.CheckConstraint(
                condition=models.Q(city="") | models.Q(company__isnull=True, project__isnull=True),
                name="parameter_of_one_place",
            ),
        ]


class NumberBook(ProjectFact):
    """The last number given in a series (`receipt`, `contract`) and period; locked last of all."""

    kind = models.CharField(max_length=40)
    period = models.CharField(max_length=10, blank=True)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("project", "kind", "period", name="number_book_once")]


class SavedView(ProjectFact):
    """A list's saved filter, columns and order: personal, or shared in the project."""

    resource = models.CharField(max_length=60)
    name = models.CharField(_("Name"), max_length=50)
    user = models.ForeignKey("platform.User", models.CASCADE, related_name="+")
    shared = models.BooleanField(_("Shared"), default=False)
    query = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "user", "resource", "name", name="saved_view_once")
        ]
