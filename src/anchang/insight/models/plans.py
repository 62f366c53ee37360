"""Sales plans (销售计划): what a project means to sell and collect in each month of a year."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key

ALIVE = Q(deleted_at__isnull=True)

#: Targets change only while their plan is a draft, whoever writes.
_GUARD = """
CREATE OR REPLACE FUNCTION anchang_plan_target() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE pid bigint := coalesce(NEW.project_id, OLD.project_id); plan bigint := coalesce(NEW.plan_id, OLD.plan_id);
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.plan_id <> OLD.plan_id
       OR (SELECT state FROM insight_salesplan WHERE project_id = pid AND id = plan) <> 'draft' THEN
        RAISE EXCEPTION 'targets of an approved plan cannot change'
            USING ERRCODE = '23514', CONSTRAINT = 'plan_target_frozen';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$"""


class SalesPlan(ProjectModel):
    """One version of a year's plan. The first approved version stays beside the newest: attainment is told by
    either."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        APPROVED = "approved", _("Approved")
        REPLACED = "replaced", _("Replaced")

    frozen = ("year", "edition")
    frozen_when = "OLD.state <> 'draft'"

    year = models.PositiveSmallIntegerField(_("Year"))
    edition = models.PositiveSmallIntegerField(_("Version"), default=1)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.DRAFT)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    approved_on = models.DateField(_("Approved on"), null=True)
    approved_by = user_key(_("Approved by"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "year", "edition", condition=ALIVE, name="sales_plan_edition_once"),
            models.UniqueConstraint("project", "year", condition=ALIVE & Q(state="draft"), name="sales_plan_one_draft"),
            models.UniqueConstraint("project", "year", condition=Q(state="approved"), name="sales_plan_one_in_force"),
            models.CheckConstraint(condition=Q(state__in=("draft", "approved", "replaced")), name="sales_plan_state"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2199), name="sales_plan_year"),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.edition}"

    @property
    def label(self) -> str:
        return str(self)


def _sum(label: Any, digits: int) -> models.DecimalField:
    return models.DecimalField(label, max_digits=digits, decimal_places=2, default=0)


class PlanTarget(ProjectModel):
    """The target of a month: of the project (no person), or of one consultant; of all product types, or of one.

    The project's target of a month is the sum of its rows without a person.
    """

    guard_sql = (
        _GUARD,
        "CREATE OR REPLACE TRIGGER anchang_plan_target BEFORE INSERT OR UPDATE OR DELETE ON insight_plantarget "
        "FOR EACH ROW EXECUTE FUNCTION anchang_plan_target()",
    )

    plan = ProjectKey(SalesPlan, related_name="targets", verbose_name=_("Sales plan"))
    month = models.PositiveSmallIntegerField(_("Month"))
    product_type = models.CharField(_("Product type"), max_length=20, blank=True)
    user = user_key(_("Consultant"), null=True, blank=True)
    units = models.PositiveIntegerField(_("Units"), default=0)
    area = _sum(_("Area (㎡)"), 14)
    amount = _sum(_("Amount"), 18)
    collection = _sum(_("Collection"), 18)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "plan", "month", "product_type", "user"], nulls_distinct=False,
                name="plan_target_once",
            ),
            models.CheckConstraint(condition=Q(month__gte=1, month__lte=12), name="plan_target_month"),
            models.CheckConstraint(
                condition=Q(area__gte=0, amount__gte=0, collection__gte=0), name="plan_target_not_negative"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.month}"
