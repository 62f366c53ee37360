"""Deal (one row per chain), the claim that guards a unit, and holds."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan


class Deal(ProjectModel):
    """One row per chain ticket → hold → subscription → contract. Claim, receivable, receipt and refund refer to it.

    A queued deal (of a queue ticket) has no unit yet."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        HELD = "held", _("Held")
        SUBSCRIBED = "subscribed", _("Subscribed")
        SIGNED = "signed", _("Signed")
        DELIVERED = "delivered", _("Delivered")
        ENDED = "ended", _("Ended")

    class SalesMode(models.TextChoices):
        OWN = "own", _("Own sales")
        AGENCY = "agency", _("Agency sales")
        ONLINE = "online", _("Online sales")
        OFFSET = "offset", _("Offset against a payable")

    class Connected(models.TextChoices):
        """A buyer is on the list of own staff and connected persons."""

        NONE = "", _("No connected purchase")
        STAFF = "staff", _("Own staff")
        RELATIVE = "relative", _("Relative of staff")
        CONNECTED = "connected", _("Connected person")

    class Ownership(models.TextChoices):
        SOLE = "sole", _("Sole")
        JOINT = "joint", _("Joint")
        SHARES = "shares", _("By shares")

    unit = ProjectKey("inventory.Unit", null=True, verbose_name=_("Unit"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    consultant = user_key(_("Consultant"), null=True)
    team = ProjectKey("platform.Team", null=True, verbose_name=_("Team"))
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.HELD)
    sales_mode = models.CharField(
        _("Sales mode"), max_length=8, choices=SalesMode.choices, default=SalesMode.OWN
    )
    agency = models.CharField(_("Agency"), max_length=100, blank=True)
    ownership = models.CharField(_("Ownership"), max_length=8, choices=Ownership.choices, blank=True)
    connected = models.CharField(
        _("Connected purchase"), max_length=10, choices=Connected.choices, default=Connected.NONE, blank=True
    )
    list_total = yuan(_("List total"), null=True)
    total = yuan(pgettext_lazy("price", "Total"), null=True)
    opened_on = models.DateField(_("Opened on"))
    ended_on = models.DateField(_("Ended on"), null=True)
    end_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    previous = ProjectKey("self", null=True, verbose_name=_("Previous deal"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "held", "subscribed", "signed", "delivered", "ended")),
                name="deal_state",
            ),
            models.CheckConstraint(
                condition=models.Q(state="queued", unit__isnull=True)
                | models.Q(state="ended")
                | models.Q(state__in=("held", "subscribed", "signed", "delivered"), unit__isnull=False),
                name="deal_unit_unless_queued",
            ),
            models.CheckConstraint(
                condition=models.Q(sales_mode__in=("own", "agency", "online", "offset")),
                name="deal_sales_mode",
            ),
            models.CheckConstraint(
                condition=models.Q(connected__in=("", "staff", "relative", "connected")), name="deal_connected"
            ),
            # Invariant 4: a deal is never above the list.
            models.CheckConstraint(
                condition=models.Q(total__isnull=True)
                | models.Q(total__gt=0, total__lte=models.F("list_total")),
                name="deal_total_within_list",
            ),
            models.CheckConstraint(
                condition=models.Q(state="ended", ended_on__isnull=False)
                | (~models.Q(state="ended") & models.Q(ended_on__isnull=True)),
                name="deal_end",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "customer"], name="deal_customer"),
            models.Index(fields=["project", "unit"], name="deal_unit"),
            models.Index(fields=["project", "consultant", "state"], name="deal_consultant"),
            models.Index(fields=["project", "state", "ended_on"], name="deal_state_day"),
            models.Index(fields=["project", "-id"], condition=~models.Q(connected=""), name="deal_connected_ones"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class UnitClaim(models.Model):
    """The only guard against selling a unit twice: its primary key is (project, unit). Every hold,
    subscription and contract takes it in its own transaction; releasing deletes it. `legacy` belongs to a
    unit that was sold before this system knew of it."""

    append_only: ClassVar[bool] = False
    frozen: ClassVar[tuple[str, ...]] = ()
    frozen_when: ClassVar[str] = ""
    audited: ClassVar[bool] = True

    class Kind(models.TextChoices):
        HOLD = "hold", _("Hold")
        SUBSCRIPTION = "subscription", _("Subscription")
        CONTRACT = "contract", _("Contract")
        LEGACY = "legacy", _("Sold before")

    pk = models.CompositePrimaryKey("project_id", "unit_id")
    project = models.ForeignKey("platform.Project", models.PROTECT, related_name="+", db_index=False)
    unit = ProjectKey("inventory.Unit", db_index=False)
    deal = ProjectKey(Deal, null=True, db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="legacy", deal__isnull=True)
                | models.Q(kind__in=("hold", "subscription", "contract"), deal__isnull=False),
                name="unit_claim_kind",
            ),
            models.UniqueConstraint("project", "deal", name="unit_claim_of_deal"),
        ]


class Hold(ProjectModel):
    """A unit kept for one customer until `expires_at`: lock (no money) or reservation (small money)."""

    class Kind(models.TextChoices):
        LOCK = "lock", pgettext_lazy("hold", "Lock")
        RESERVATION = "reservation", _("Reservation")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        CONVERTED = "converted", _("Converted")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    kind = models.CharField(_("Kind"), max_length=12, choices=Kind.choices, default=Kind.LOCK)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.ACTIVE)
    started_at = models.DateTimeField(_("Since"))
    expires_at = models.DateTimeField(_("Expires at"))
    extensions = models.PositiveSmallIntegerField(_("Extensions"), default=0)
    deposit = yuan(_("Small deposit"), default=0)
    ended_at = models.DateTimeField(_("Ended at"), null=True)
    business_date = models.DateField(_("Business date"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=("lock", "reservation")), name="hold_kind"),
            models.CheckConstraint(condition=models.Q(deposit__gte=0), name="hold_deposit"),
            models.CheckConstraint(
                condition=models.Q(state__in=("active", "converted", "expired", "cancelled")),
                name="hold_state",
            ),
            models.CheckConstraint(
                condition=models.Q(state="active", ended_at__isnull=True)
                | (~models.Q(state="active") & models.Q(ended_at__isnull=False)),
                name="hold_end",
            ),
            models.UniqueConstraint(
                "project", "deal", condition=models.Q(state="active"), name="hold_active_of_deal"
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "expires_at"], condition=models.Q(state="active"), name="hold_running"
            ),
            models.Index(fields=["project", "unit", "-ended_at"], name="hold_unit"),
            models.Index(fields=["project", "customer"], name="hold_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
