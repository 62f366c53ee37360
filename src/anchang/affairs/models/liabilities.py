"""What the seller owes for being late (逾期交房、逾期办证, BS26): handovers, the ledger, what was provided for."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Contract, Deal
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import rest, user_key, yuan

#: `provided` is written by the trigger of provisions alone.
_KEPT = """
CREATE OR REPLACE FUNCTION anchang_liability_provided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.provided <> 0)
       OR (TG_OP = 'UPDATE' AND NEW.provided IS DISTINCT FROM OLD.provided AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION 'provided follows the provisions' USING ERRCODE = '23514', CONSTRAINT = 'liability_provided';
    END IF;
    RETURN NEW;
END $$"""
_PROVISION = """
CREATE OR REPLACE FUNCTION anchang_provision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE affairs_sellerliability SET provided = provided + NEW.amount
     WHERE project_id = NEW.project_id AND id = NEW.liability_id;
    RETURN NULL;
END $$"""


class Handover(ProjectFact):
    """The day on which a contract's unit became the buyer's (交房)."""

    append_only = True
    audited = True

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    on = models.DateField(_("Handed over on"))
    receiver = models.CharField(_("Receiver"), max_length=50, blank=True)
    note = models.CharField(_("Handover sheet"), max_length=500, blank=True)
    at = models.DateTimeField(_("Recorded at"))
    property_fee_from = models.DateField(_("Property fee from"), null=True)
    property_fee = yuan(_("Property fee, a month"), null=True)

    personal_of = "deal.customer"
    personal = {"receiver": "'***'", "note": "''"}

    class Meta:
        constraints = [models.UniqueConstraint("project", "deal", name="handover_once")]

    def __str__(self) -> str:
        return self.on.isoformat()


class Warranty(ProjectFact):
    """What the seller repairs, and until when: it begins with the handover (建设工程质量管理条例 40)."""

    append_only = True
    audited = True

    handover = ProjectKey(Handover, related_name="warranties", verbose_name=_("Handover"))
    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    item = models.CharField(_("Covered"), max_length=60)
    since = models.DateField(_("Since"))
    until = models.DateField(pgettext_lazy("warranty", "Until"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "handover", "item", name="warranty_once"),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="warranty_lasts"),
        ]
        indexes = [models.Index(fields=["project", "until"], name="warranty_until")]

    def __str__(self) -> str:
        return self.item


class SellerLiability(ProjectModel):
    """One delay of the seller in one deal. `days` and `amount` are computed through `through` by the contract's own
    terms; excused days (不可抗力、买受人原因) don't count."""

    class Kind(models.TextChoices):
        DELIVERY = "delivery", _("Late handover")
        TITLE = "title", _("Late title")

    guard_sql = (
        _KEPT,
        "CREATE OR REPLACE TRIGGER anchang_liability_provided BEFORE INSERT OR UPDATE ON affairs_sellerliability "
        "FOR EACH ROW EXECUTE FUNCTION anchang_liability_provided()",
    )

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices)
    due_on = models.DateField(pgettext_lazy("seller", "Due on"))
    ended_on = models.DateField(pgettext_lazy("seller", "Done on"), null=True)
    base = yuan(_("Counted on"))
    terms = models.JSONField(_("Terms"), default=dict)
    excused_days = models.PositiveIntegerField(_("Excused days"), default=0)
    excuse = models.CharField(_("Reason of excuse"), max_length=200, blank=True)
    excused_by = user_key(_("Excused by"), null=True)
    through = models.DateField(_("Computed through"))
    days = models.PositiveIntegerField(_("Days late"), default=0)
    amount = yuan(_("Amount"), default=0)
    provided = yuan(_("Provided for"), default=0)
    open = rest(_("Not provided for"), "amount", "provided")

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "deal", "kind", name="liability_once"),
            models.CheckConstraint(condition=Q(kind__in=("delivery", "title")), name="liability_kind"),
            models.CheckConstraint(condition=Q(amount__gte=0, base__gt=0), name="liability_amount"),
            models.CheckConstraint(
                condition=Q(excused_days=0) | ~Q(excuse="") & Q(excused_by__isnull=False), name="liability_excused"
            ),
        ]
        indexes = [models.Index(fields=["project", "due_on"], name="liability_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_on}"


class Provision(ProjectFact):
    """What a month adds to the provision of a liability (预计负债), or takes back from it."""

    append_only = True
    audited = True
    guard_sql = (
        _PROVISION,
        "CREATE OR REPLACE TRIGGER anchang_provision AFTER INSERT ON affairs_provision "
        "FOR EACH ROW EXECUTE FUNCTION anchang_provision()",
    )

    liability = ProjectKey(SellerLiability, verbose_name=_("Seller's delay"))
    through = models.DateField(_("Computed through"))
    days = models.PositiveIntegerField(_("Days late"))
    amount = yuan(_("Amount"))
    at = models.DateTimeField(_("At"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "liability", "through", name="provision_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="provision_amount"),
        ]
        indexes = [models.Index(fields=["project", "through"], name="provision_day")]

    def __str__(self) -> str:
        return f"{self.amount}"
