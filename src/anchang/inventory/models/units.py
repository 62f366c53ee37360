"""The unit (房源), its locks and its state history."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.inventory.models.prices import PriceList
from anchang.inventory.models.tree import ALIVE, Building, Layout, Licence, ReleaseBatch
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan


class PriceBasis(models.TextChoices):
    GROSS = "gross", _("By gross area")
    INNER = "inner", _("By inner area")
    UNIT = "unit", _("By unit")


class Lock(models.TextChoices):
    SELECTION = "selection", _("Selection lock")
    PRICE = "price", _("Price lock")
    RECONFIRM_PRICE = "reconfirm_price", _("Price to be confirmed again")
    MORTGAGED = "mortgaged", _("Mortgaged")
    SEIZED = "seized", _("Seized")
    BUREAU = "bureau", _("Signed at the bureau")


def _area(label: Any) -> models.DecimalField:
    return models.DecimalField(label, max_digits=12, decimal_places=2, null=True, blank=True)


def _money(label: Any) -> models.DecimalField:
    return yuan(label, null=True, blank=True)


def _effective(name: str) -> models.GeneratedField:
    """The measured area once it is approved, before that the predicted one."""
    measured = When(measured_state="approved", then=F(f"measured_{name}"))
    return models.GeneratedField(
        expression=Case(measured, default=F(f"predicted_{name}")),
        output_field=models.DecimalField(max_digits=12, decimal_places=2, null=True),
        db_persist=True,
    )


class Unit(ProjectModel):
    """One saleable room, shop or parking space.

    `state` follows the active deal and is changed by `commands.change_unit_state` alone. `list_total` is the
    marked price now, never above `filed_total`, the one of the published list (`price_list`).
    """

    class State(models.TextChoices):
        UNRELEASED = "unreleased", _("Unreleased")
        CONTROLLED = "controlled", _("Held back")
        AVAILABLE = "available", _("Available")
        HELD = "held", _("Held")
        SUBSCRIBED = "subscribed", _("Subscribed")
        SIGNED = "signed", _("Signed")
        DELIVERED = "delivered", _("Delivered")
        RETAINED = "retained", _("Retained by the developer")

    class Measured(models.TextChoices):
        NONE = "", _("Not measured")
        ENTERED = "entered", _("Measured, not approved")
        APPROVED = "approved", _("Measured and approved")

    building = ProjectKey(Building, verbose_name=_("Building"), related_name="units", db_index=False)
    section = models.CharField(_("Section"), max_length=20, blank=True)
    floor = models.SmallIntegerField(_("Floor"), null=True, blank=True)
    room = models.CharField(_("Room"), max_length=60)
    code = models.CharField(_("Code"), max_length=80)
    label = models.CharField(_("Unit"), max_length=140)
    # Numbers padded with zeros, so that 1幢-101 stands before 1幢-1001.
    sort_key = models.CharField(max_length=200, db_collation="C", editable=False)
    product_type = models.CharField(_("Product type"), max_length=30, default="housing")
    layout = ProjectKey(Layout, verbose_name=_("Layout"), null=True, blank=True, db_index=False)
    orientation = models.CharField(_("Orientation"), max_length=30, blank=True)
    view = models.CharField(pgettext_lazy("unit", "View"), max_length=30, blank=True)
    usage = models.CharField(_("Usage"), max_length=30, blank=True)
    storey_height = models.DecimalField(
        _("Storey height"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    predicted_gross_area = _area(_("Predicted gross area"))
    predicted_inner_area = _area(_("Predicted inner area"))
    predicted_shared_area = _area(_("Predicted shared area"))
    measured_gross_area = _area(_("Measured gross area"))
    measured_inner_area = _area(_("Measured inner area"))
    measured_shared_area = _area(_("Measured shared area"))
    measured_state = models.CharField(
        _("Survey"), max_length=10, choices=Measured.choices, default=Measured.NONE, blank=True
    )
    measured_by = user_key(_("Measured area entered by"), null=True)
    measured_approved_by = user_key(_("Measured area approved by"), null=True)
    measured_approved_on = models.DateField(_("Measured area approved on"), null=True)
    gross_area = _effective("gross_area")
    inner_area = _effective("inner_area")
    shared_area = _effective("shared_area")
    price_basis = models.CharField(
        _("Price basis"), max_length=10, choices=PriceBasis.choices, default=PriceBasis.GROSS
    )
    list_unit_price = _money(_("List unit price"))
    list_total = _money(_("List total"))
    filed_total = _money(_("Filed total"))
    floor_total = _money(_("Floor total"))
    price_list = ProjectKey(PriceList, verbose_name=_("Price list"), null=True, blank=True, db_index=False)
    licence = ProjectKey(
        Licence, verbose_name=_("Licence"), null=True, blank=True, related_name="units", db_index=False
    )
    release_batch = ProjectKey(
        ReleaseBatch,
        verbose_name=_("Release batch"),
        null=True,
        blank=True,
        related_name="units",
        db_index=False,
    )
    decoration = models.CharField(_("Decoration"), max_length=100, blank=True)
    decoration_price = _money(_("Decoration price"))
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.UNRELEASED)
    state_since = models.DateTimeField(_("In this state since"), null=True)
    state_until = models.DateTimeField(_("Held until"), null=True)
    control_reason = models.CharField(_("Reason of holding back"), max_length=200, blank=True)
    available_since = models.DateField(_("On sale since"), null=True)
    ever_available_on = models.DateField(_("First released on"), null=True)
    locks = models.JSONField(_("Locks"), default=list, blank=True)
    legacy_sold = models.BooleanField(_("Sold before the system"), default=False)
    note = models.TextField(_("Note"), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "building", "code", condition=ALIVE, name="unit_code_once"),
            models.CheckConstraint(
                condition=Q(state__in=(
                    "unreleased", "controlled", "available", "held", "subscribed", "signed", "delivered",
                    "retained",
                )),
                name="unit_state_known",
            ),
            models.CheckConstraint(
                condition=Q(price_basis__in=("gross", "inner", "unit")), name="unit_basis_known"
            ),
            models.CheckConstraint(
                condition=Q(measured_state__in=("", "entered", "approved")), name="unit_survey_known"
            ),
            models.CheckConstraint(
                condition=~Q(measured_state="approved") | Q(measured_gross_area__isnull=False),
                name="unit_survey_has_area",
            ),
            models.CheckConstraint(
                condition=Q(list_total__isnull=True) | Q(list_total__gt=0), name="unit_price_positive"
            ),
            models.CheckConstraint(
                condition=Q(filed_total__isnull=True) | Q(list_total__lte=F("filed_total")),
                name="unit_not_above_filed",
            ),
            # Nothing is on sale or sold without a licence and a published price (presale-permit gate).
            models.CheckConstraint(
                condition=~Q(state__in=("available", "held", "subscribed"))
                | Q(licence__isnull=False, price_list__isnull=False, list_total__isnull=False),
                name="unit_on_sale_has_licence",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["project", "building", "floor"], name="unit_building_floor"),
            models.Index(fields=["project", "state", "list_total"], name="unit_state_total"),
            models.Index(fields=["project", "layout"], name="unit_layout"),
            models.Index(fields=["project", "price_list"], name="unit_price_list"),
            models.Index(fields=["project", "licence"], name="unit_licence"),
            models.Index(
                fields=["project", "release_batch"],
                name="unit_batch",
                condition=Q(release_batch__isnull=False),
            ),
            models.Index(fields=["project", "gross_area"], name="unit_area"),
            models.Index(fields=["project", "list_total"], name="unit_total"),
            models.Index(fields=["project", "sort_key"], name="unit_order"),
        ]

    def __str__(self) -> str:
        return self.label


class UnitLock(ProjectModel):
    """A lock on a unit, from when to when and why. `Unit.locks` repeats the open ones."""

    unit = ProjectKey(Unit, related_name="lock_rows", verbose_name=_("Unit"), db_index=False)
    kind = models.CharField(_("Lock"), max_length=20, choices=Lock.choices)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    set_by = user_key(_("Set by"), null=True)
    set_at = models.DateTimeField(_("Set at"))
    cleared_by = user_key(_("Cleared by"), null=True)
    cleared_at = models.DateTimeField(_("Cleared at"), null=True)
    clear_reason = models.CharField(_("Reason of clearing"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "unit", "kind", condition=Q(cleared_at__isnull=True, deleted_at__isnull=True),
                name="unit_lock_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=Lock.values), name="unit_lock_known"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.get_kind_display())


class UnitStateChange(ProjectFact):
    """One step in a unit's life: the unit-state report of any day is read from here.

    `cause` is for everybody who sees units; `reason` is free text about people and is hidden from the floor.
    """

    class Cause(models.TextChoices):
        CONTROL = "control", _("Sales control")
        DEAL = "deal", _("Deal")
        DEAL_ENDED = "deal_ended", _("Deal ended")
        IMPORT = "import", _("Price list")

    append_only = True

    unit = ProjectKey(Unit, related_name="state_changes", verbose_name=_("Unit"), db_index=False)
    at = models.DateTimeField(_("At"))
    business_date = models.DateField(_("Date"))
    from_state = models.CharField(_("Former state"), max_length=12, blank=True, choices=Unit.State.choices)
    to_state = models.CharField(_("New state"), max_length=12, choices=Unit.State.choices)
    cause = models.CharField(_("Cause"), max_length=10, choices=Cause.choices, default=Cause.CONTROL)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(_("By"), max_length=50, blank=True)
    list_total = _money(_("List total"))
    deal_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "unit", "business_date", "id"], name="unit_state_day"),
            models.Index(fields=["project", "business_date"], name="unit_state_date"),
        ]

    def __str__(self) -> str:
        return self.to_state
