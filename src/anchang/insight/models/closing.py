"""Closed days of the reports: figures written once, by a job, and never changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectFact


class ReportClose(ProjectFact):
    """The report days up to and including `through` are closed: their figures come from `DayFigure` alone."""

    append_only = True

    through = models.DateField(_("Closed through"))
    closed_at = models.DateTimeField(_("Closed at"))

    class Meta:
        constraints = [models.UniqueConstraint("project", "through", name="report_close_once")]

    def __str__(self) -> str:
        return self.through.isoformat()


class DayFigure(ProjectFact):
    """A sum of one item (DOMAIN §9) on a closed day, by person, team and channel.

    `day` is the report day, `about` the business date of the facts. They differ for what was entered after
    its day was closed: a later day carries the difference, so that no closed day changes and the sum over all
    days is still the sum of the facts. Ids are plain numbers: a figure outlives what it names.
    """

    append_only = True

    day = models.DateField(_("Day"))
    about = models.DateField(_("Business date"))
    item = models.CharField(_("Item"), max_length=20)
    user_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField(null=True)
    count = models.IntegerField(_("Count"), default=0)
    area = models.DecimalField(_("Area"), max_digits=14, decimal_places=2, null=True)
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2, null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["project", "day", "item"],
                include=["user_id", "team_id", "channel_id", "count", "area", "amount"],
                name="day_figure_day",
            ),
            models.Index(fields=["project", "about"], name="day_figure_about"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.item}"
