"""What a deal earned somebody, and the lines by which it is paid."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.commission.models import guards
from anchang.commission.models.schemes import Award, Payee, Role, Scheme
from anchang.commission.models.statements import Statement
from anchang.deals.models import Contract, Deal
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import rest, yuan


class Earning(ProjectModel):
    """Pay of one payee for one deal by one scheme (佣金台账): base, rate, earned, released, settled, paid, retained.

    `period`: first day of the accumulation that it belongs to; `group`: whose accumulation. It keeps its scheme until
    somebody posts a recalculation. `ended`: the deal was terminated or the payee has no share any more.
    """

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    payee = ProjectKey(Payee, verbose_name=_("Payee"))
    role = models.CharField(_("Role"), max_length=12, choices=Role.choices)
    scheme = ProjectKey(Scheme, verbose_name=_("Commission scheme"))
    period = models.DateField(_("Accumulation from"))
    group = models.CharField(max_length=24)
    signed_on = models.DateField(_("Signed on"))
    share = models.DecimalField(_("Share %"), max_digits=5, decimal_places=2, default=100)
    base = yuan(pgettext_lazy("commission", "Base"), default=0)
    rate = models.DecimalField(pgettext_lazy("commission", "Rate"), max_digits=9, decimal_places=6, default=0)
    amount = yuan(pgettext_lazy("commission", "Earned"), default=0)
    released = yuan(pgettext_lazy("commission", "Released"), default=0)
    settled = yuan(_("Settled"), default=0)
    paid = yuan(_("Paid"), default=0)
    retained = rest(pgettext_lazy("commission", "Retained"), "amount", "released")
    ended = models.BooleanField(_("Ended"), default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "deal", "role", "payee", name="pay_earning_once"),
            models.CheckConstraint(condition=Q(amount__gte=0, base__gte=0), name="pay_earning_amount"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="pay_earning_role"),
        ]
        indexes = [
            models.Index(fields=["project", "scheme", "period", "group"], name="pay_earning_group"),
            models.Index(fields=["project", "payee", "-signed_on"], name="pay_earning_payee"),
            models.Index(fields=["project", "signed_on"], name="pay_earning_day"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class Line(ProjectModel):
    """One amount to be paid or taken back (佣金明细): a part of an earning, or an award.

    A part of an earning has at most one open line; all its lines sum to the part. Settled and paid lines never change.
    """

    class State(models.TextChoices):
        ACCRUED = "accrued", _("Accrued")
        CONFIRMED = "confirmed", pgettext_lazy("commission", "Confirmed")
        PAYABLE = "payable", _("Payable")
        SETTLED = "settled", _("Settled")
        PAID = "paid", _("Paid")
        HELD = "held", pgettext_lazy("commission", "Disputed")
        VOID = "void", _("Void")

    class Kind(models.TextChoices):
        EARNED = "earned", _("Commission")
        ADJUSTMENT = "adjustment", pgettext_lazy("commission", "Adjustment")
        CLAWBACK = "clawback", _("Clawback")
        AWARD = "award", _("Award")

    guard_sql = guards.LINE_SQL
    frozen = (
        "payee_id", "earning_id", "deal_id", "part", "milestone", "kind", "amount", "reached_on", "statement_id",
        "award_id", "award_period", "deleted_at",
    )  # fmt: skip
    frozen_when = "OLD.state IN ('settled', 'paid')"

    payee = ProjectKey(Payee, verbose_name=_("Payee"))
    earning = ProjectKey(Earning, null=True, verbose_name=_("Earning"))
    deal = ProjectKey(Deal, null=True, verbose_name=_("Deal"))
    part = models.PositiveSmallIntegerField(pgettext_lazy("commission", "Part"), null=True)
    milestone = models.CharField(_("Milestone"), max_length=16, blank=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices, default=Kind.EARNED)
    amount = yuan(_("Amount"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.ACCRUED)
    former_state = models.CharField(max_length=10, blank=True)
    reached_on = models.DateField(pgettext_lazy("commission", "Released on"), null=True)
    statement = ProjectKey(Statement, null=True, verbose_name=_("Commission statement"))
    award = ProjectKey(Award, null=True, verbose_name=_("Award"))
    award_period = models.DateField(_("Won in"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("accrued", "confirmed", "payable", "settled", "paid", "held", "void")),
                name="pay_line_state",
            ),
            models.CheckConstraint(
                condition=Q(earning__isnull=False, deal__isnull=False, part__isnull=False, award__isnull=True)
                | Q(earning__isnull=True, award__isnull=False, award_period__isnull=False, kind="award"),
                name="pay_line_of_earning_or_award",
            ),
            models.CheckConstraint(
                condition=Q(kind="clawback", amount__lt=0) | (~Q(kind="clawback") & Q(amount__gt=0)),
                name="pay_line_sign",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("payable", "settled", "paid"), reached_on__isnull=False)
                | Q(state__in=("accrued", "confirmed", "held", "void")),
                name="pay_line_payable_since",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("settled", "paid"), statement__isnull=False)
                | Q(state="payable")
                | Q(state__in=("accrued", "confirmed", "held", "void"), statement__isnull=True),
                name="pay_line_statement",
            ),
            models.UniqueConstraint(
                "project", "earning", "part", condition=Q(state__in=("accrued", "confirmed", "payable", "held")),
                name="pay_line_open_of_part",
            ),
            models.UniqueConstraint(
                "project", "award", "award_period", "payee", condition=~Q(state="void"), name="pay_line_award_once"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["project", "earning"], name="pay_line_earning"),
            models.Index(fields=["project", "payee", "state"], name="pay_line_payee"),
            models.Index(fields=["project", "statement"], name="pay_line_statement_of"),
            models.Index(
                fields=["project", "reached_on"], condition=Q(state="payable", statement__isnull=True),
                name="pay_line_waiting",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.pk}"
