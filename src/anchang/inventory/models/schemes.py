"""Price schemes with the prices they give, and adjustments that wait for approval."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.inventory.models.prices import PaymentPlan
from anchang.inventory.models.tree import ALIVE, Licence
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan


class PriceScheme(ProjectModel):
    """How list prices are made (价格方案): base price, factor tables, target. It gives prices to its units only
    after approval; `edition` counts the versions of one name.

    `factors`: [{name, dimension, kind, lines}] as `rules.read_factors` reads them. `targets`: [{building?, average?,
    total?}]. `discounts`: codes that the expected price (预计成交价) is reckoned with.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", pgettext_lazy("price scheme", "Submitted")
        APPROVED = "approved", _("Approved")
        APPLIED = "applied", pgettext_lazy("price scheme", "In price lists")
        SUPERSEDED = "superseded", _("Superseded")

    frozen = (
        "name", "edition", "title", "licence_id", "product_type", "unit_condition", "base_price", "floor_ratio",
        "rounding", "factors", "targets", "payment_plan_id", "discounts", "effective_on",
    )  # fmt: skip
    frozen_when = "OLD.state <> 'draft'"

    name = models.CharField(_("Name"), max_length=50)
    edition = models.PositiveIntegerField(_("Edition"), default=1)
    title = models.CharField(_("Price scheme"), max_length=70)
    previous = ProjectKey("self", null=True, verbose_name=_("Former version"))
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.DRAFT)
    licence = ProjectKey(Licence, null=True, blank=True, verbose_name=_("Licence"))
    product_type = models.CharField(_("Product type"), max_length=30, blank=True)
    unit_condition = models.JSONField(_("Units"), default=dict, blank=True)
    base_price = yuan(_("Base price"))
    floor_ratio = models.DecimalField(
        _("Floor price as part of the list price"), max_digits=6, decimal_places=4, null=True, blank=True
    )
    rounding = models.CharField(_("Rounding of list totals"), max_length=15, default="half_up:0.01")
    factors = models.JSONField(_("Price factors"), default=list, blank=True)
    targets = models.JSONField(pgettext_lazy("price scheme", "Targets"), default=list, blank=True)
    payment_plan = ProjectKey(PaymentPlan, null=True, blank=True, verbose_name=_("Payment plan"))
    discounts = models.JSONField(_("Discounts"), default=list, blank=True)
    effective_on = models.DateField(_("Effective on"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    submitted_by = user_key(_("Submitted by"), null=True)
    submitted_at = models.DateTimeField(_("Submitted at"), null=True)
    decided_by = user_key(_("Decided by"), null=True)
    decided_at = models.DateTimeField(_("Decided at"), null=True)
    opinion = models.CharField(_("Opinion"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "name", "edition", condition=ALIVE, name="price_scheme_edition_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "submitted", "approved", "applied", "superseded")),
                name="price_scheme_state_known",
            ),
            models.CheckConstraint(condition=Q(base_price__gt=0), name="price_scheme_base_positive"),
            models.CheckConstraint(
                condition=Q(floor_ratio__isnull=True) | Q(floor_ratio__gt=0, floor_ratio__lte=1),
                name="price_scheme_floor_ratio",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


class SchemePrice(ProjectFact):
    """What a submitted scheme gives one unit. `hits`: the line of each factor's table that the unit fits, so the
    formula can be shown and the price recalculated; `net_total` is the price after the scheme's discounts."""

    append_only = False

    scheme = ProjectKey(PriceScheme, related_name="prices", verbose_name=_("Price scheme"), indexed=False)
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    basis = models.CharField(_("Price basis"), max_length=10)
    gross_area = models.DecimalField(_("Gross area"), max_digits=12, decimal_places=2, null=True)
    inner_area = models.DecimalField(_("Inner area"), max_digits=12, decimal_places=2, null=True)
    hits = models.JSONField(default=list)
    unit_price = yuan(_("Unit price"))
    list_total = yuan(_("List total"))
    floor_total = yuan(_("Floor total"), null=True)
    net_total = yuan(_("Expected price"))
    old_total = yuan(_("Old total"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "scheme", "unit", name="scheme_price_once"),
            models.CheckConstraint(
                condition=Q(unit_price__gt=0, list_total__gt=0, net_total__gt=0), name="scheme_price_positive"
            ),
        ]

    def __str__(self) -> str:
        return str(self.list_total)


class PriceAdjustment(ProjectModel):
    """A change of marked prices that somebody asks for and somebody else decides (调价单)."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("In approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", pgettext_lazy("price adjustment", "Refused")

    class Target(models.TextChoices):
        LIST = "list", _("List price")
        FLOOR = "floor", _("Floor price")

    frozen = ("target", "amount", "percent", "unit_ids", "decided_by_id", "decided_at", "state")
    frozen_when = "OLD.state <> 'submitted'"

    reason = models.CharField(_("Reason"), max_length=200)
    target = models.CharField(_("Price"), max_length=5, choices=Target.choices, default=Target.LIST)
    amount = yuan(_("Yuan on the total"), default=0)
    percent = models.DecimalField(_("Percent"), max_digits=9, decimal_places=4, default=0)
    unit_ids = models.JSONField(default=list)
    before = yuan(_("Total before"))
    after = yuan(_("Total after"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.SUBMITTED)
    submitted_by = user_key(_("Submitted by"), null=True)
    decided_by = user_key(_("Decided by"), null=True)
    decided_at = models.DateTimeField(_("Decided at"), null=True)
    opinion = models.CharField(_("Opinion"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("submitted", "approved", "refused")), name="price_adjustment_state"
            ),
            models.CheckConstraint(condition=Q(target__in=("list", "floor")), name="price_adjustment_target"),
        ]

    def __str__(self) -> str:
        return self.reason
