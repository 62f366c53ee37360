"""The opening with its units and buyers, and what buyers marked beforehand."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel

ALIVE = Q(deleted_at__isnull=True)


class Opening(ProjectModel):
    """Online choice of units (开盘选房): from `starts_at` by the database's clock, one tap is one attempt.

    `round_no` counts rehearsals; the log of each round is a chain of its own, and the last round is the real one.
    `epoch` moves whenever units, buyers or claims change other than by an attempt: what a process remembers
    is good as long as it stands. `log_entries` and `log_hash` are the end of the chain, stated at the close.
    """

    frozen = ("starts_at", "ends_at", "unit_limit", "confirm_minutes", "log_entries", "log_hash")
    frozen_when = "OLD.state = 'closed'"

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        READY = "ready", _("Ready")
        REHEARSAL = "rehearsal", _("Rehearsal")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    scheme = ProjectKey("deals.LaunchScheme", verbose_name=_("Launch scheme"))
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.DRAFT)
    starts_at = models.DateTimeField(_("Starts at"))
    ends_at = models.DateTimeField(_("Ends at"))
    unit_limit = models.PositiveSmallIntegerField(_("Units per buyer"), default=1)
    confirm_minutes = models.PositiveIntegerField(_("Minutes to confirm"), default=10)
    keep_hours = models.PositiveIntegerField(_("Hours to subscribe after confirming"), default=24)
    round_no = models.PositiveIntegerField(_("Round"), default=0)
    epoch = models.BigIntegerField(default=1, editable=False)
    log_entries = models.BigIntegerField(_("Entries of the log"), null=True)
    log_hash = models.CharField(_("Last hash of the log"), max_length=64, blank=True)
    closed_at = models.DateTimeField(_("Closed at"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", condition=ALIVE, name="opening_code_once"),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "ready", "rehearsal", "open", "closed")), name="opening_state"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="opening_ends_after_start"),
            models.CheckConstraint(
                condition=Q(unit_limit__gte=1, confirm_minutes__gte=1, keep_hours__gte=1), name="opening_limits"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rehearsing(self) -> bool:
        return self.state == self.State.REHEARSAL


class OfferedUnit(ProjectFact):
    """A unit that an opening offers. While the opening runs the unit has a selection lock: no desk sells it."""

    audited = True

    opening = ProjectKey(Opening, related_name="offered", verbose_name=_("Opening"), db_index=False)
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"), db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "opening", "unit", name="offered_once"),
        ]
        indexes = [models.Index(fields=["project", "unit"], name="offered_unit")]

    def __str__(self) -> str:
        return f"{self.unit_id}"


class OpeningBuyer(ProjectModel):
    """Somebody who may choose in an opening. The link that he gets names this row and `serial`; a new serial makes
    older links worthless. `starts_at`: his own turn, when the order of a lottery gives one."""

    opening = ProjectKey(Opening, related_name="buyers", verbose_name=_("Opening"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    ticket = ProjectKey("deals.QueueTicket", null=True, verbose_name=_("Queue ticket"))
    place = models.PositiveIntegerField(_("Place"), null=True)
    unit_limit = models.PositiveSmallIntegerField(_("Units"), default=1)
    starts_at = models.DateTimeField(_("Starts at"), null=True)
    blocked = models.BooleanField(_("Blocked"), default=False)
    serial = models.PositiveIntegerField(_("Link number"), default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "opening", "customer", condition=ALIVE, name="opening_buyer_once"),
            models.CheckConstraint(condition=Q(unit_limit__gte=1), name="opening_buyer_limit"),
        ]
        indexes = [models.Index(fields=["project", "customer"], name="opening_buyer_customer")]

    def __str__(self) -> str:
        return f"{self.pk}"


class Favourite(ProjectFact):
    """A unit that a buyer marked before the opening; their counts are the heat map."""

    opening = ProjectKey(Opening, db_index=False)
    buyer = ProjectKey(OpeningBuyer, db_index=False)
    unit = ProjectKey("inventory.Unit", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("project", "buyer", "unit", name="favourite_once")]
        indexes = [models.Index(fields=["project", "opening", "unit"], name="favourite_heat")]
