"""How pay is reckoned, who is paid, who shares a deal, and prizes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Deal
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan

_ALIVE = Q(deleted_at__isnull=True)

#: What a share of the pay waits for (rules.MILESTONES).
MILESTONE_WORDS = {
    "signed": _("Contract signed"), "filed": _("Contract filed"), "collected": _("Share of the price collected"),
    "fully_collected": _("Fully collected"), "loan_paid": _("Loan paid out"), "delivered": _("Handed over"),
}  # fmt: skip


class Role(models.TextChoices):
    """For what part in a deal somebody is paid."""

    CONSULTANT = "consultant", _("Consultant")
    LEADER = "leader", _("Team leader")
    AGENCY = "agency", _("Agency")


class Period(models.TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


class Scheme(ProjectModel):
    """A pay scheme (佣金方案) of a role, dated. Once active its rules never change: another scheme follows it.

    `tiers`: [{up_to, rate}], ascending, the last without `up_to`; a boundary belongs to the lower tier.
    `milestones`: [{kind, share, percent}]; with `retention` (percent) the shares sum to 100.
    """

    class Mode(models.TextChoices):
        SEGMENTED = "segmented", _("By segment")
        FULL_JUMP = "full_jump", _("Full jump")

    class Base(models.TextChoices):
        SIGNED = "signed", _("Signed amount")
        COLLECTED = "collected", _("Collected amount")

    class Scope(models.TextChoices):
        PERSON = "person", _("Each payee")
        TEAM = "team", _("The whole team")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", pgettext_lazy("commission", "In force")
        ENDED = "ended", _("Ended")

    frozen = (
        "role", "product_type", "team_id", "mode", "base", "scope", "period", "valid_from", "tiers", "milestones",
        "retention", "retention_days", "pays_connected", "deleted_at",
    )  # fmt: skip
    frozen_when = "OLD.state <> 'draft'"

    name = models.CharField(_("Name"), max_length=50)
    role = models.CharField(_("Role"), max_length=12, choices=Role.choices, default=Role.CONSULTANT)
    product_type = models.CharField(_("Product type"), max_length=30, blank=True)
    team = ProjectKey("platform.Team", null=True, blank=True, verbose_name=_("Team"))
    mode = models.CharField(_("Mode"), max_length=10, choices=Mode.choices, default=Mode.SEGMENTED)
    base = models.CharField(
        pgettext_lazy("commission", "Base"), max_length=10, choices=Base.choices, default=Base.SIGNED
    )
    scope = models.CharField(_("Adds up for"), max_length=8, choices=Scope.choices, default=Scope.PERSON)
    period = models.CharField(_("Adds up over"), max_length=8, choices=Period.choices, default=Period.MONTH)
    valid_from = models.DateField(_("Valid from"))
    valid_to = models.DateField(_("Valid to"), null=True, blank=True)
    tiers = models.JSONField(_("Tiers"), default=list)
    milestones = models.JSONField(_("Milestones"), default=list)
    retention = models.DecimalField(_("Retention %"), max_digits=5, decimal_places=2, default=0)
    retention_days = models.PositiveSmallIntegerField(_("Days of retention"), default=0)
    pays_connected = models.BooleanField(_("Pays for deals of staff and connected buyers"), default=False)
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.DRAFT)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=("draft", "active", "ended")), name="pay_scheme_state"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="pay_scheme_role"),
            models.CheckConstraint(condition=Q(mode__in=("segmented", "full_jump")), name="pay_scheme_mode"),
            models.CheckConstraint(condition=Q(base__in=("signed", "collected")), name="pay_scheme_base"),
            models.CheckConstraint(condition=Q(scope__in=("person", "team")), name="pay_scheme_scope"),
            models.CheckConstraint(condition=Q(period__in=("month", "quarter", "year")), name="pay_scheme_period"),
            models.CheckConstraint(condition=Q(retention__gte=0, retention__lte=100), name="pay_scheme_retention"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="pay_scheme_dates"
            ),
        ]
        indexes = [models.Index(fields=["project", "state", "valid_from"], name="pay_scheme_dated")]

    def __str__(self) -> str:
        return self.name


class Payee(ProjectModel):
    """Who is paid: one of the staff, or an agency by name."""

    class Kind(models.TextChoices):
        STAFF = "staff", _("Staff")
        AGENCY = "agency", _("Agency")

    frozen = ("kind", "user_id")

    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices, default=Kind.STAFF)
    user = user_key(_("Person"), null=True)
    name = models.CharField(_("Name"), max_length=100)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="staff", user__isnull=False) | Q(kind="agency", user__isnull=True),
                name="pay_payee_kind",
            ),
            models.UniqueConstraint("project", "user", condition=_ALIVE, name="pay_payee_person_once"),
            models.UniqueConstraint(
                "project", "name", condition=_ALIVE & Q(kind="agency"), name="pay_payee_agency_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Split(ProjectModel):
    """Who shares a deal's result and how (业绩分成), in percent. A deal without rows is its consultant's alone."""

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    user = user_key(_("Consultant"))
    share = models.DecimalField(_("Share %"), max_digits=5, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=100), name="pay_split_share"),
            models.UniqueConstraint("project", "deal", "user", condition=_ALIVE, name="pay_split_once"),
        ]

    def __str__(self) -> str:
        return f"{self.share}"


class Award(ProjectModel):
    """A prize by rank (销冠奖) or for passing a mark (业绩突破奖), for every period of its time."""

    class Kind(models.TextChoices):
        CHAMPION = "champion", _("Champion")
        BREAKTHROUGH = "breakthrough", _("Breakthrough")

    class Metric(models.TextChoices):
        AMOUNT = "amount", _("Net signed amount")
        UNITS = "units", _("Net signed units")
        COLLECTION = "collection", _("Collection")

    name = models.CharField(_("Name"), max_length=50)
    kind = models.CharField(_("Kind"), max_length=12, choices=Kind.choices, default=Kind.CHAMPION)
    metric = models.CharField(
        pgettext_lazy("commission", "By"), max_length=10, choices=Metric.choices, default=Metric.AMOUNT
    )
    period = models.CharField(_("For every"), max_length=8, choices=Period.choices, default=Period.MONTH)
    prize = yuan(_("Prize"))
    threshold = yuan(_("At least"), default=0)
    valid_from = models.DateField(_("Valid from"))
    valid_to = models.DateField(_("Valid to"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(prize__gt=0, threshold__gte=0), name="pay_award_prize"),
            models.CheckConstraint(condition=Q(kind__in=("champion", "breakthrough")), name="pay_award_kind"),
            models.CheckConstraint(condition=Q(metric__in=("amount", "units", "collection")), name="pay_award_metric"),
            models.CheckConstraint(condition=Q(period__in=("month", "quarter", "year")), name="pay_award_period"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="pay_award_dates"
            ),
        ]

    def __str__(self) -> str:
        return self.name
