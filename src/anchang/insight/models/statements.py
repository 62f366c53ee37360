"""Monthly statements (月度财务报表, F10) and what is handed to a budget system (全面预算, F18): written once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectFact
from anchang.platform.models.fields import user_key


class MonthStatement(ProjectFact):
    """The figures of a month as they stood when it was frozen. The database neither changes nor deletes them; what is
    entered later shows as a difference.

    `figures`: [{section, code, name, units, area, amount}], numbers as text.
    """

    append_only = True
    audited = True

    month = models.DateField(_("Month"))
    figures = models.JSONField(_("Figures"), default=list)
    digest = models.CharField(_("SHA-256 of the figures"), max_length=64)
    frozen_at = models.DateTimeField(_("Frozen at"))
    frozen_by = user_key(_("Frozen by"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "month", name="month_statement_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_statement_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class BudgetEntry(ProjectFact):
    """A year's plan, or a month's actuals, as given to the budget. A newer entry of the same kind takes its place
    there; ids rise, so that an outside system asks for what came after the last one it has."""

    class Kind(models.TextChoices):
        PLAN = "plan", _("Plan of a year")
        ACTUAL = "actual", _("Actuals of a month")

    append_only = True
    audited = True

    kind = models.CharField(_("Kind"), max_length=6, choices=Kind.choices)
    year = models.PositiveSmallIntegerField(_("Year"))
    month = models.PositiveSmallIntegerField(_("Month"), null=True)
    figures = models.JSONField(_("Figures"), default=list)
    digest = models.CharField(_("SHA-256 of the figures"), max_length=64)
    at = models.DateTimeField(_("At"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="plan", month__isnull=True) | Q(kind="actual", month__gte=1, month__lte=12),
                name="budget_entry_kind",
            ),
        ]
        indexes = [models.Index(fields=["project", "year", "kind", "month", "-id"], name="budget_entry_newest")]

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}" if self.month else str(self.year)
