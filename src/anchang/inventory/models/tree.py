"""The inventory tree above the unit: phases, buildings, layouts, licences, batches, dictionaries."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel

ALIVE = Q(deleted_at__isnull=True)


class Phase(ProjectModel):
    """A phase (分期) of a project."""

    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    position = models.PositiveIntegerField(_("Position"), default=0)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "code", condition=ALIVE, name="phase_code_once")]

    def __str__(self) -> str:
        return self.name


class Building(ProjectModel):
    """A building (楼栋, 幢). Its code is the bare number: `1` of 1幢."""

    phase = ProjectKey(Phase, verbose_name=_("Phase"), db_index=False)
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    floors_above = models.PositiveIntegerField(_("Floors above ground"), default=0)
    floors_below = models.PositiveIntegerField(_("Floors below ground"), default=0)
    structure = models.CharField(_("Structure"), max_length=50, blank=True)
    building_type = models.CharField(_("Building type"), max_length=50, blank=True)
    handover_due_on = models.DateField(_("Handover due"), null=True, blank=True)
    position = models.PositiveIntegerField(_("Position"), default=0)

    class Meta:
        constraints = [models.UniqueConstraint("project", "code", condition=ALIVE, name="building_code_once")]
        indexes = [models.Index(fields=["project", "phase"], name="building_phase")]

    def __str__(self) -> str:
        return self.name


class Layout(ProjectModel):
    """A floor-plan type (户型). Pictures and plans are stored files of the layout."""

    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    rooms = models.PositiveSmallIntegerField(_("Bedrooms"), null=True, blank=True)
    halls = models.PositiveSmallIntegerField(_("Living rooms"), null=True, blank=True)
    baths = models.PositiveSmallIntegerField(_("Bathrooms"), null=True, blank=True)
    gross_area = models.DecimalField(_("Gross area"), max_digits=12, decimal_places=2, null=True, blank=True)
    inner_area = models.DecimalField(_("Inner area"), max_digits=12, decimal_places=2, null=True, blank=True)
    selling_points = models.TextField(_("Selling points"), blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "code", condition=ALIVE, name="layout_code_once")]

    def __str__(self) -> str:
        return self.name


class Licence(ProjectModel):
    """What allows selling units: a presale permit (预售许可) or a completed-sale filing (现售备案)."""

    class Kind(models.TextChoices):
        PRESALE = "presale", _("Presale permit")
        COMPLETED = "completed", _("Completed-sale filing")

    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices, default=Kind.PRESALE)
    number = models.CharField(_("Number"), max_length=60)
    issued_on = models.DateField(_("Issued on"))
    valid_to = models.DateField(_("Valid to"), null=True, blank=True)
    escrow_bank = models.CharField(_("Escrow bank"), max_length=100, blank=True)
    escrow_account = models.CharField(_("Escrow account"), max_length=60, blank=True)
    escrow_name = models.CharField(_("Escrow account name"), max_length=100, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", condition=ALIVE, name="licence_number_once"),
            models.CheckConstraint(condition=Q(kind__in=("presale", "completed")), name="licence_kind_known"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("issued_on")),
                name="licence_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class LicenceBuilding(ProjectFact):
    """A building that a licence covers."""

    audited = True

    licence = ProjectKey(Licence, related_name="covered", db_index=False)
    building = ProjectKey(Building, related_name="licences")

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "licence", "building", name="licence_building_once")
        ]


class ReleaseBatch(ProjectModel):
    """Units put on sale together (推盘批次). `checks`: [{item, mandatory, done_on, done_by}]; its units can't
    be released until every mandatory item is ticked."""

    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    planned_on = models.DateField(_("Planned for"), null=True, blank=True)
    checks = models.JSONField(_("Checklist"), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "code", condition=ALIVE, name="batch_code_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def open_checks(self) -> list[str]:
        return [c["item"] for c in self.checks if c.get("mandatory") and not c.get("done_on")]


class DictionaryEntry(ProjectModel):
    """A word that units of the project use: orientation, product type, usage. A product type also decides
    price basis, tax rate, contract form and which unit fields must be filled."""

    class Kind(models.TextChoices):
        ORIENTATION = "orientation", _("Orientation")
        VIEW = "view", pgettext_lazy("unit", "View")
        PRODUCT_TYPE = "product_type", _("Product type")
        USAGE = "usage", _("Usage")

    kind = models.CharField(_("Kind"), max_length=20, choices=Kind.choices)
    code = models.CharField(_("Code"), max_length=30)
    name = models.CharField(_("Name"), max_length=50)
    position = models.PositiveIntegerField(_("Position"), default=0)
    active = models.BooleanField(_("Active"), default=True)
    price_basis = models.CharField(_("Price basis"), max_length=10, blank=True)
    tax_rate = models.DecimalField(_("Tax rate"), max_digits=7, decimal_places=4, null=True, blank=True)
    contract_form = models.CharField(_("Contract form"), max_length=60, blank=True)
    required_fields = models.JSONField(_("Required fields"), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "kind", "code", condition=ALIVE, name="dictionary_code_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("orientation", "view", "product_type", "usage")), name="dictionary_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name
