"""Bundled units (车位、储藏室搭售): flat, parking space and storage room sold together, each by its own deal.

A bundle links deals; claim, contract, taxes and money stay with each deal, as titles aren't merged (产权不合并).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models.chain import Deal
from anchang.deals.models.sums import at_commit
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import yuan

#: Parts sum to the bundle's price, to the cent.
_CHECK = """
CREATE OR REPLACE FUNCTION anchang_bundle_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE whole numeric; parts numeric; pid bigint := NEW.project_id; bid bigint;
BEGIN
    IF TG_TABLE_NAME = 'deals_bundle' THEN bid := NEW.id; ELSE bid := NEW.bundle_id; END IF;
    SELECT total INTO whole FROM deals_bundle WHERE project_id = pid AND id = bid;
    SELECT sum(agreed) INTO parts FROM deals_bundleitem
     WHERE project_id = pid AND bundle_id = bid AND deleted_at IS NULL;
    IF parts IS NOT NULL AND parts IS DISTINCT FROM whole THEN
        RAISE EXCEPTION 'the parts of the bundle sum to %, its price is %', parts, whole
            USING ERRCODE = '23514', CONSTRAINT = 'bundle_sum';
    END IF;
    RETURN NULL;
END $$"""


class Bundle(ProjectModel):
    """What was sold together, its price and how it was split. `main`: the deal whose end ends the bundle."""

    class Rule(models.TextChoices):
        LIST_SHARE = "list_share", _("By list price")
        FIXED = "fixed", _("Fixed prices")

    class State(models.TextChoices):
        LIVE = "live", pgettext_lazy("bundle", "In force")
        ENDED = "ended", _("Ended")

    # A merge may move it to the kept customer.
    frozen = ("number", "rule", "opened_on")
    guard_sql = (_CHECK, at_commit("anchang_bundle_sum", "deals_bundle", "INSERT OR UPDATE", "anchang_bundle_sum()"))

    number = models.CharField(_("Number"), max_length=30)
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    main = ProjectKey(Deal, verbose_name=_("Main deal"))
    rule = models.CharField(_("Price split"), max_length=10, choices=Rule.choices, default=Rule.FIXED)
    state = models.CharField(_("State"), max_length=6, choices=State.choices, default=State.LIVE)
    list_total = yuan(_("List total"))
    total = yuan(pgettext_lazy("price", "Total"))
    opened_on = models.DateField(_("Opened on"))
    ended_on = models.DateField(_("Ended on"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", name="bundle_number_once"),
            models.CheckConstraint(condition=Q(rule__in=("list_share", "fixed")), name="bundle_rule"),
            models.CheckConstraint(
                condition=Q(total__gt=0, total__lte=models.F("list_total")), name="bundle_total_within_list"
            ),
            models.CheckConstraint(
                condition=Q(state="live", ended_on__isnull=True) | Q(state="ended", ended_on__isnull=False),
                name="bundle_end",
            ),
        ]
        indexes = [models.Index(fields=["project", "customer"], name="bundle_customer")]

    def __str__(self) -> str:
        return self.number


class BundleItem(ProjectModel):
    """One unit of a bundle with its part of the price. `takes_rest`: what rounding leaves is in this part."""

    frozen = ("bundle_id",)
    guard_sql = (
        _CHECK, at_commit("anchang_bundle_sum", "deals_bundleitem", "INSERT OR UPDATE", "anchang_bundle_sum()")
    )  # fmt: skip

    bundle = ProjectKey(Bundle, related_name="items", verbose_name=_("Bundle"))
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    position = models.PositiveSmallIntegerField(_("No."))
    list_total = yuan(_("List total"))
    agreed = yuan(_("Agreed price"))
    takes_rest = models.BooleanField(_("Takes the remainder"), default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "deal", name="bundle_item_of_deal"),
            models.UniqueConstraint("project", "bundle", "position", name="bundle_item_position"),
            models.UniqueConstraint(
                "project", "bundle", condition=Q(takes_rest=True), name="bundle_one_takes_rest"
            ),
            models.CheckConstraint(
                condition=Q(agreed__gt=0, agreed__lte=models.F("list_total")), name="bundle_item_within_list"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}"
