"""The bureau's lists (网签备案清单) and where they differ from our states."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.affairs import rules_bureau as rules
from anchang.deals.models import Contract
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel


class BureauState(models.TextChoices):
    """What the bureau says of a unit."""

    FREE = rules.FREE, pgettext_lazy("bureau", "Not signed")
    DRAFT = rules.DRAFT, pgettext_lazy("bureau", "Draft")
    SIGNED = rules.SIGNED, _("Online-signed")
    FILED = rules.FILED, _("Filed")
    REVOKED = rules.REVOKED, _("Revoked")


class BureauList(ProjectModel):
    """One list as the bureau gave it out. Its rows never change; the newest one of a building is what counts."""

    frozen: ClassVar[tuple[str, ...]] = ("name", "received_on", "units", "unknown")

    name = models.CharField(_("File"), max_length=200)
    received_on = models.DateField(_("Day of the list"))
    units = models.PositiveIntegerField(_("Units"), default=0)
    unknown = models.PositiveIntegerField(_("Units not known here"), default=0)
    compared_at = models.DateTimeField(_("Compared at"), null=True)
    open_differences = models.PositiveIntegerField(_("Open differences"), default=0)

    class Meta:
        indexes = [models.Index(fields=["project", "-received_on", "-id"], name="bureau_list_newest")]

    def __str__(self) -> str:
        return self.name


class BureauRow(ProjectFact):
    """One unit of a list. Names of buyers aren't kept."""

    append_only = True

    list = ProjectKey(BureauList, related_name="rows", verbose_name=_("Bureau list"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    state = models.CharField(pgettext_lazy("bureau", "At the bureau"), max_length=8, choices=BureauState.choices)
    online_number = models.CharField(_("Online signing number"), max_length=60, blank=True)
    filing_number = models.CharField(_("Filing number"), max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "list", "unit", name="bureau_row_once")]
        indexes = [models.Index(fields=["project", "unit", "-id"], name="bureau_row_newest")]

    def __str__(self) -> str:
        return self.state


class BureauDifference(ProjectModel):
    """A unit whose state isn't the bureau's. It ends when both agree again, or with an explanation."""

    class Kind(models.TextChoices):
        NOT_REVOKED = rules.NOT_REVOKED, _("Ended here, not revoked at the bureau")
        BUREAU_ONLY = rules.BUREAU_ONLY, _("Signed at the bureau only")
        OURS_ONLY = rules.OURS_ONLY, _("Signed here only")
        REVOKED_THERE = rules.REVOKED_THERE, _("Revoked at the bureau, in force here")
        NOT_FILED_THERE = rules.NOT_FILED_THERE, _("Filed here only")
        FILING_MISSING = rules.FILING_MISSING, _("Filed at the bureau, not recorded")
        NUMBERS = rules.NUMBERS, _("Numbers differ")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("difference", "Open")
        RESOLVED = "resolved", pgettext_lazy("difference", "Agrees again")
        EXPLAINED = "explained", _("Explained")

    frozen = ("unit_id", "kind", "state", "reason", "ended_on")
    frozen_when = "OLD.state <> 'open'"

    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    list = ProjectKey(BureauList, verbose_name=_("Bureau list"))
    kind = models.CharField(_("Kind"), max_length=16, choices=Kind.choices)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    ours = models.CharField(pgettext_lazy("bureau", "Here"), max_length=8, choices=BureauState.choices)
    theirs = models.CharField(pgettext_lazy("bureau", "At the bureau"), max_length=8, choices=BureauState.choices)
    our_number = models.CharField(_("Number here"), max_length=60, blank=True)
    their_number = models.CharField(_("Number at the bureau"), max_length=60, blank=True)
    found_on = models.DateField(_("Found on"))
    ended_on = models.DateField(_("Ended on"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "unit", condition=Q(state="open"), name="bureau_difference_open_once"),
            models.CheckConstraint(
                condition=Q(state="open", ended_on__isnull=True)
                | Q(state="resolved", ended_on__isnull=False)
                | Q(state="explained", ended_on__isnull=False) & ~Q(reason=""),
                name="bureau_difference_end",
            ),
        ]
        indexes = [models.Index(fields=["project", "state", "kind"], name="bureau_difference_kind")]

    def __str__(self) -> str:
        return self.kind
