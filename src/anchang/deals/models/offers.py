"""What is promised to a customer before a deal: special discounts, quotations, gifts and vouchers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models.chain import Deal
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan
from anchang.platform.row_triggers import frozen_function

_ALIVE = Q(deleted_at__isnull=True)
#: A used voucher belongs to its deal while a paper of that deal is in force; a void one stays void.
_COUPON_SQL = (
    frozen_function("anchang_coupon_kept", "deals_coupon", ("state", "deal_id", "used_at")),
    """
CREATE OR REPLACE FUNCTION anchang_coupon_released() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM deals_contract WHERE project_id = OLD.project_id AND deal_id = OLD.deal_id
                  AND state NOT IN ('terminated', 'voided'))
       OR EXISTS (SELECT FROM deals_subscription WHERE project_id = OLD.project_id AND deal_id = OLD.deal_id
                     AND state IN ('draft', 'approving', 'active', 'overdue', 'change_pending', 'terminating')) THEN
        RAISE EXCEPTION 'the deal of coupon % is in force', OLD.id
            USING ERRCODE = '23514', CONSTRAINT = 'coupon_of_its_deal';
    END IF;
    RETURN NEW;
END $$""",
    "DROP TRIGGER IF EXISTS coupon_of_its_deal ON deals_coupon",
    "CREATE TRIGGER coupon_of_its_deal BEFORE UPDATE ON deals_coupon FOR EACH ROW"
    " WHEN (OLD.state = 'void' OR OLD.state = 'used' AND NEW.state <> 'issued')"
    " EXECUTE FUNCTION anchang_coupon_kept()",
    "DROP TRIGGER IF EXISTS coupon_released ON deals_coupon",
    "CREATE TRIGGER coupon_released BEFORE UPDATE ON deals_coupon FOR EACH ROW"
    " WHEN (OLD.state = 'used' AND NEW.state = 'issued') EXECUTE FUNCTION anchang_coupon_released()",
)


class DiscountRequest(ProjectModel):
    """A special discount asked for one unit and customer (特殊折扣申请). It holds no unit. Its price is fixed when it
    is asked for; once approved by its whole chain, one deal may use it until `expires_on`.

    `chain`: the roles that decide, in order, as depth and floor price demanded; `approvers`: those still to decide.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("In approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", pgettext_lazy("discount request", "Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")
        USED = "used", pgettext_lazy("discount request", "Used")

    class Kind(models.TextChoices):
        MULT = "mult", _("Factor of the running price")
        POINT = "point", _("Percent of the list price off")
        FIX = "fix", _("Yuan off")
        TOTAL = "total", _("Fixed total")

    frozen = (
        "unit_id", "customer_id", "consultant_id", "payment_plan_id", "discounts", "kind", "value", "reason",
        "list_total", "floor_total", "total", "depth", "special_depth", "snapshot", "chain", "need",
    )  # fmt: skip
    frozen_when = "true"

    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    consultant = user_key(_("Consultant"), null=True)
    team = ProjectKey("platform.Team", null=True, verbose_name=_("Team"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.PENDING)
    payment_plan = ProjectKey("inventory.PaymentPlan", verbose_name=_("Payment plan"))
    discounts = models.JSONField(_("Discounts"), default=list)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices)
    value = models.DecimalField(_("Value"), max_digits=18, decimal_places=4)
    reason = models.CharField(_("Reason"), max_length=200)
    list_total = yuan(_("List total"))
    floor_total = yuan(_("Floor total"), null=True)
    total = yuan(_("Offer"))
    depth = models.DecimalField(_("Depth"), max_digits=9, decimal_places=4)
    special_depth = models.DecimalField(_("Depth of the special discount"), max_digits=9, decimal_places=4)
    snapshot = models.JSONField(_("Price steps"), default=dict)
    need = models.CharField(max_length=20)
    chain = models.JSONField(_("Approval chain"), default=list)
    approvers = models.JSONField(_("Approvers"), default=list)
    approve_by = models.DateTimeField(_("Approve by"), null=True)
    expires_on = models.DateField(_("Valid until"), null=True)
    decided_at = models.DateTimeField(_("Decided at"), null=True)
    deal = ProjectKey(Deal, null=True, verbose_name=_("Deal"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("pending", "approved", "refused", "withdrawn", "expired", "used")),
                name="discount_request_state",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("mult", "point", "fix", "total")), name="discount_request_kind"
            ),
            models.CheckConstraint(
                condition=Q(value__gt=0, total__gt=0, total__lte=models.F("list_total")),
                name="discount_request_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state="used", deal__isnull=False) | (~Q(state="used") & Q(deal__isnull=True)),
                name="discount_request_used_by_deal",
            ),
            models.UniqueConstraint(
                "project", "unit", "customer", condition=Q(state="pending"), name="discount_request_pending_once"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["project", "state", "approve_by"], name="discount_request_clock")]

    def __str__(self) -> str:
        return f"{self.total}"


class DiscountDecision(ProjectFact):
    """One step of a request's approval: who, as which role, what and why. Never changed (审批留痕)."""

    append_only = True

    class Decision(models.TextChoices):
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", pgettext_lazy("discount request", "Refused")

    request = ProjectKey(DiscountRequest, related_name="decisions", verbose_name=_("Discount request"))
    seq = models.PositiveSmallIntegerField(_("No."))
    role = models.CharField(_("Role"), max_length=30)
    decision = models.CharField(_("Decision"), max_length=10, choices=Decision.choices)
    opinion = models.CharField(_("Opinion"), max_length=200, blank=True)
    user = user_key(_("By"), null=True)
    at = models.DateTimeField(_("At"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "request", "seq", name="discount_decision_once"),
            models.CheckConstraint(
                condition=Q(decision__in=("approved", "refused")), name="discount_decision_known"
            ),
        ]

    def __str__(self) -> str:
        return self.decision


class Quotation(ProjectModel):
    """A price offered in writing until a day (报价单), with the steps it came from. It holds no unit."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("quotation", "Open")
        CONVERTED = "converted", _("Converted")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    frozen = (
        "number", "unit_id", "customer_id", "consultant_id", "payment_plan_id", "discounts", "list_total", "total",
        "depth", "snapshot", "quoted_on", "expires_on",
    )  # fmt: skip
    frozen_when = "true"

    number = models.CharField(_("Number"), max_length=30)
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    consultant = user_key(_("Consultant"), null=True)
    team = ProjectKey("platform.Team", null=True, verbose_name=_("Team"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    payment_plan = ProjectKey("inventory.PaymentPlan", verbose_name=_("Payment plan"))
    discounts = models.JSONField(_("Discounts"), default=list)
    list_total = yuan(_("List total"))
    total = yuan(pgettext_lazy("price", "Total"))
    depth = models.DecimalField(_("Depth"), max_digits=9, decimal_places=4)
    snapshot = models.JSONField(_("Price steps"), default=dict)
    quoted_on = models.DateField(_("Quoted on"))
    expires_on = models.DateField(_("Valid until"))
    deal = ProjectKey(Deal, null=True, verbose_name=_("Deal"))
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", name="quotation_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=("open", "converted", "expired", "withdrawn")), name="quotation_state"
            ),
            models.CheckConstraint(
                condition=Q(total__gt=0, total__lte=models.F("list_total")), name="quotation_total_within_list"
            ),
            models.CheckConstraint(
                condition=Q(state="converted", deal__isnull=False)
                | (~Q(state="converted") & Q(deal__isnull=True)),
                name="quotation_converted_into_deal",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["project", "expires_on"], condition=Q(state="open"), name="quotation_running")
        ]

    def __str__(self) -> str:
        return self.number


class Coupon(ProjectModel):
    """A voucher (赠券) that lowers the price, or a gift (赠礼) handed over with the deal. Used once, in one deal; its
    value is discount cost. A deal that ends without the buyer's fault gives it back."""

    class Kind(models.TextChoices):
        VOUCHER = "voucher", pgettext_lazy("coupon", "Voucher")
        GIFT = "gift", _("Gift")

    class State(models.TextChoices):
        ISSUED = "issued", pgettext_lazy("coupon", "Issued")
        USED = "used", pgettext_lazy("coupon", "Used")
        VOID = "void", pgettext_lazy("coupon", "Void")

    frozen = ("code", "kind", "value")
    frozen_when = "OLD.state <> 'issued'"
    guard_sql = _COUPON_SQL

    code = models.CharField(_("Code"), max_length=30)
    name = models.CharField(_("Name"), max_length=50)
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices, default=Kind.VOUCHER)
    value = yuan(_("Value"))
    customer = ProjectKey("crm.Customer", null=True, blank=True, verbose_name=_("Customer"))
    valid_from = models.DateField(_("Valid from"), null=True, blank=True)
    valid_to = models.DateField(_("Valid to"), null=True, blank=True)
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.ISSUED)
    deal = ProjectKey(Deal, null=True, verbose_name=_("Deal"))
    used_at = models.DateTimeField(_("Used at"), null=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", condition=_ALIVE, name="coupon_code_once"),
            models.CheckConstraint(condition=Q(kind__in=("voucher", "gift")), name="coupon_kind"),
            models.CheckConstraint(condition=Q(value__gt=0), name="coupon_value"),
            models.CheckConstraint(
                condition=Q(state="used", deal__isnull=False, used_at__isnull=False)
                | Q(state__in=("issued", "void"), deal__isnull=True),
                name="coupon_used_by_deal",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code


class PriceStrategy(ProjectModel):
    """What prices are meant to reach in a period (价格策略): an average price, compared with what was sold."""

    name = models.CharField(_("Name"), max_length=50)
    product_type = models.CharField(_("Product type"), max_length=30, blank=True)
    building = ProjectKey("inventory.Building", null=True, blank=True, verbose_name=_("Building"))
    starts_on = models.DateField(_("From day"))
    ends_on = models.DateField(_("Until day"))
    low_average = yuan(_("Lowest average price"), null=True, blank=True)
    target_average = yuan(_("Target average price"))
    high_average = yuan(_("Highest average price"), null=True, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="price_strategy_period"),
            models.CheckConstraint(condition=Q(target_average__gt=0), name="price_strategy_target"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
