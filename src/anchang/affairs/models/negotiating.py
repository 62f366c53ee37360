"""On the way to a subscription: opportunities (购房机会, D13), closing talks (逼定谈判, D14), agreed terms (D15)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Subscription
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan

_ALIVE = Q(deleted_at__isnull=True)

#: Terms are used by a subscription that has them unchanged, once.
_CARRIED = """
CREATE OR REPLACE FUNCTION anchang_terms_carried() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE s record;
BEGIN
    SELECT unit_id, customer_id, total, deposit, payment_plan_id INTO s FROM deals_subscription
     WHERE project_id = NEW.project_id AND id = NEW.subscription_id;
    IF NEW.state <> 'agreed' OR s.unit_id <> NEW.unit_id OR s.total <> NEW.total OR s.deposit <> NEW.deposit
       OR s.payment_plan_id <> NEW.payment_plan_id OR s.customer_id <> (SELECT customer_id FROM affairs_opportunity
            WHERE project_id = NEW.project_id AND id = NEW.opportunity_id) THEN
        RAISE EXCEPTION 'the subscription has other terms' USING ERRCODE = '23514', CONSTRAINT = 'terms_carried';
    END IF;
    RETURN NEW;
END $$"""


class Opportunity(ProjectModel):
    """What a customer may buy, for how much, and when. It is won by his subscription."""

    class Stage(models.TextChoices):
        INTERESTED = "interested", _("Interested")
        NEGOTIATING = "negotiating", pgettext_lazy("opportunity", "Negotiating")
        AGREED = "agreed", pgettext_lazy("opportunity", "Terms agreed")
        WON = "won", _("Subscribed")
        LOST = "lost", pgettext_lazy("opportunity", "Lost")

    frozen = ("customer_id",)
    frozen_when = "true"

    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    stage = models.CharField(_("Stage"), max_length=11, choices=Stage.choices, default=Stage.INTERESTED)
    unit = ProjectKey("inventory.Unit", null=True, blank=True, verbose_name=_("Expected unit"))
    layout = ProjectKey("inventory.Layout", null=True, blank=True, verbose_name=_("Expected layout"))
    amount = yuan(_("Expected amount"), null=True, blank=True)
    expected_on = models.DateField(_("Expected on"), null=True, blank=True)
    note = models.CharField(_("Note"), max_length=500, blank=True)
    lost_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    closed_on = models.DateField(_("Closed on"), null=True)
    subscription = ProjectKey(Subscription, null=True, verbose_name=_("Subscription"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=("interested", "negotiating", "agreed", "won", "lost")), name="opportunity_stage"
            ),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gt=0), name="opportunity_amount"),
            models.CheckConstraint(
                condition=Q(stage="won", subscription__isnull=False, closed_on__isnull=False)
                | Q(stage="lost", closed_on__isnull=False) & ~Q(lost_reason="")
                | ~Q(stage__in=("won", "lost")) & Q(closed_on__isnull=True),
                name="opportunity_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "customer"], name="opportunity_customer"),
            models.Index(fields=["project", "stage", "expected_on"], name="opportunity_stage_day"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Negotiation(ProjectModel):
    """Talks about one unit. Open until `closes_at`; agreed terms bind until `binds_until` and go into the
    subscription as they are."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("negotiation", "Open")
        AGREED = "agreed", pgettext_lazy("negotiation", "Agreed")
        REFUSED = "refused", pgettext_lazy("negotiation", "No agreement")
        LAPSED = "lapsed", pgettext_lazy("negotiation", "Lapsed")

    guard_sql = (
        _CARRIED,
        "CREATE OR REPLACE TRIGGER anchang_terms_carried BEFORE INSERT OR UPDATE OF subscription_id, state, total "
        "ON affairs_negotiation FOR EACH ROW WHEN (NEW.subscription_id IS NOT NULL) "
        "EXECUTE FUNCTION anchang_terms_carried()",
    )
    frozen = (
        "opportunity_id", "unit_id", "asked_total", "total", "payment_plan_id", "deposit", "handover_on", "terms",
        "approver_id", "opinion", "closed_at",
    )  # fmt: skip
    frozen_when = "OLD.state <> 'open'"

    opportunity = ProjectKey(Opportunity, verbose_name=_("Opportunity"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    state = models.CharField(_("State"), max_length=7, choices=State.choices, default=State.OPEN)
    asked_total = yuan(_("The customer's bid"), null=True, blank=True)
    total = yuan(pgettext_lazy("negotiation", "Offered total"))
    payment_plan = ProjectKey("inventory.PaymentPlan", verbose_name=_("Payment plan"))
    deposit = yuan(_("Deposit"))
    handover_on = models.DateField(_("Handover by"), null=True, blank=True)
    terms = models.CharField(_("Further terms"), max_length=500, blank=True)
    approver = user_key(_("Approver reached"), null=True, blank=True)
    opinion = models.CharField(_("Approver's opinion"), max_length=200, blank=True)
    closes_at = models.DateTimeField(_("Open until"))
    closed_at = models.DateTimeField(_("Closed at"), null=True)
    binds_until = models.DateField(_("Terms bind until"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    subscription = ProjectKey(Subscription, null=True, verbose_name=_("Subscription"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "opportunity", condition=_ALIVE & Q(state="open"), name="negotiation_one_open"
            ),
            models.UniqueConstraint("project", "subscription", name="negotiation_of_subscription"),
            models.CheckConstraint(
                condition=Q(state__in=("open", "agreed", "refused", "lapsed")), name="negotiation_state"
            ),
            models.CheckConstraint(
                condition=Q(total__gt=0, deposit__gte=0) & (Q(asked_total__isnull=True) | Q(asked_total__gt=0)),
                name="negotiation_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | ~Q(state="open") & Q(closed_at__isnull=False),
                name="negotiation_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(binds_until__isnull=False), name="negotiation_binds"
            ),
            models.CheckConstraint(condition=Q(deposit__lte=F("total")), name="negotiation_deposit"),
        ]
        indexes = [
            models.Index(fields=["project", "closes_at"], condition=Q(state="open"), name="negotiation_clock"),
            models.Index(fields=["project", "unit"], name="negotiation_unit"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
