"""People of the sales office: who is there, on what level, and whose turn it is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models import Team
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key

ALIVE = Q(deleted_at__isnull=True)


class PresenceState(models.TextChoices):
    PRESENT = "present", _("Present")
    BUSY = "busy", _("Busy")
    AWAY = "away", _("Away")
    OFF = "off", _("Off duty")


class Presence(ProjectModel):
    """Whether a person is at the sales office on a day, and since when in this state."""

    class Cause(models.TextChoices):
        VISIT = "visit", _("With a visitor")

    user = user_key(_("Member of staff"))
    day = models.DateField(_("Day"))
    state = models.CharField(_("State"), max_length=10, choices=PresenceState.choices, default=PresenceState.PRESENT)
    since = models.DateTimeField(_("Since"), default=timezone.now)
    # What made the person busy: a reception is given back at its end, what somebody said himself isn't.
    cause = models.CharField(_("Busy with"), max_length=10, choices=Cause.choices, blank=True)
    came_at = models.DateTimeField(_("Came at"), null=True, blank=True)
    left_at = models.DateTimeField(pgettext_lazy("post", "Left at"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "user", "day", name="presence_once"),
            models.CheckConstraint(condition=Q(state__in=PresenceState.values), name="presence_state"),
            models.CheckConstraint(condition=Q(cause="") | Q(cause="visit", state="busy"), name="presence_cause"),
        ]
        indexes = [models.Index(fields=["project", "day", "state"], name="presence_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.user}"


class Roster(ProjectModel):
    """Who is to work on a day, and in which shift (排班)."""

    class Shift(models.TextChoices):
        FULL = "full", _("Whole day")
        EARLY = "early", _("Early shift")
        LATE = "late", _("Late shift")
        OFF = "off", _("Day off")

    user = user_key(_("Member of staff"))
    day = models.DateField(_("Day"))
    shift = models.CharField(_("Shift"), max_length=10, choices=Shift.choices, default=Shift.FULL)
    note = models.CharField(_("Note"), max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "user", "day", condition=ALIVE, name="roster_once"),
            models.CheckConstraint(condition=Q(shift__in=("full", "early", "late", "off")), name="roster_shift"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.user}"


class ConsultantProfile(ProjectModel):
    """A consultant's level (能力等级) and how many open leads he may hold; none: no limit."""

    user = user_key(_("Consultant"))
    level = models.PositiveSmallIntegerField(_("Level"), default=1)
    max_open_leads = models.PositiveIntegerField(_("Most open leads"), null=True, blank=True)
    takes_leads = models.BooleanField(_("Takes leads"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "user", condition=ALIVE, name="profile_once"),
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=9), name="profile_level"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Rotation(ProjectModel):
    """The reception queue (轮排) of a project, or of one team in it. Its row is locked while a turn is
    given."""

    name = models.CharField(_("Name"), max_length=50)
    team = ProjectKey(Team, null=True, blank=True, verbose_name=_("Team"))
    built_on = models.DateField(_("Built on"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "team", condition=ALIVE, nulls_distinct=False, name="rotation_once")
        ]

    def __str__(self) -> str:
        return self.name


class RotationSeat(ProjectFact):
    """One consultant's place in a queue: the lowest position is next. `turns` counts since the queue was
    built."""

    rotation = ProjectKey(Rotation, related_name="seats", verbose_name=_("Rotation"))
    user = user_key(_("Consultant"))
    position = models.BigIntegerField(_("Position"))
    turns = models.PositiveIntegerField(_("Turns"), default=0)

    class Meta:
        constraints = [models.UniqueConstraint("project", "rotation", "user", name="rotation_seat_once")]
        indexes = [models.Index(fields=["project", "rotation", "position"], name="rotation_seat_order")]

    def __str__(self) -> str:
        return str(self.user)


class Turn(ProjectFact):
    """A turn given, returned or passed over, with its explanation. Never changed."""

    class Kind(models.TextChoices):
        TAKEN = "taken", _("Turn taken")
        NAMED = "named", _("Named by the customer")
        OWNED = "owned", _("Own customer")
        RETURNED = "returned", _("Turn returned")
        NOBODY = "nobody", _("Nobody free")

    append_only = True

    rotation = ProjectKey(Rotation, verbose_name=_("Rotation"))
    user = user_key(_("Consultant"), null=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("Time"), default=timezone.now)
    business_date = models.DateField(_("Business date"))
    explanation = models.JSONField(_("Explanation"), default=list)
    former_position = models.BigIntegerField(null=True)
    returns = ProjectKey("self", null=True, verbose_name=_("Returned turn"))
    actor = user_key(_("By"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "returns", condition=Q(returns__isnull=False), name="turn_returned_once")
        ]
        indexes = [models.Index(fields=["project", "business_date", "-id"], name="turn_day")]

    def __str__(self) -> str:
        return f"{self.at:%m-%d %H:%M} {self.user or ''}"
