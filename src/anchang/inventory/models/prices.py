"""Price lists, their rows, price changes, discounts and payment plans."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.inventory.models.tree import ALIVE, Licence
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan


class PriceList(ProjectModel):
    """An edition of the statutory price list (价目表, 一房一价) of a licence. A published edition never
    changes; a correction is the next edition, which supersedes this one."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        APPROVED = "approved", _("Approved")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Superseded")

    frozen = ("licence_id", "edition", "published_on", "filed_number", "facts")
    frozen_when = "OLD.state IN ('published', 'superseded')"

    licence = ProjectKey(Licence, verbose_name=_("Licence"), null=True, blank=True, db_index=False)
    edition = models.PositiveIntegerField(_("Edition"))
    name = models.CharField(_("Name"), max_length=100)
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.DRAFT)
    approved_by = user_key(_("Approved by"), null=True)
    approved_at = models.DateTimeField(_("Approved at"), null=True)
    publish_on = models.DateField(_("To be published on"), null=True)
    published_on = models.DateField(_("Published on"), null=True)
    filed_number = models.CharField(_("Filing number"), max_length=60, blank=True)
    facts = models.JSONField(_("Head of the list"), default=dict, blank=True)
    scheme = ProjectKey("inventory.PriceScheme", null=True, blank=True, verbose_name=_("Price scheme"))
    effective_on = models.DateField(_("Effective on"), null=True, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project",
                "licence",
                "edition",
                condition=ALIVE,
                nulls_distinct=False,
                name="price_list_edition_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "approved", "published", "superseded")),
                name="price_list_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("published", "superseded"))
                | Q(licence__isnull=False, published_on__isnull=False),
                name="price_list_published_has_licence",
            ),
            # Only what is approved may wait for its day.
            models.CheckConstraint(
                condition=Q(publish_on__isnull=True) | ~Q(state="draft"), name="price_list_waits_approved"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PriceRow(ProjectFact):
    """The price of one unit in a list. Immutable once the list is published."""

    audited = True
    frozen = (
        "price_list_id", "unit_id", "basis", "gross_area", "inner_area", "gross_unit_price",
        "inner_unit_price", "list_total", "floor_total", "discounts", "published",
    )  # fmt: skip
    frozen_when = "OLD.published"

    price_list = ProjectKey(PriceList, related_name="rows", verbose_name=_("Price list"), db_index=False)
    unit = ProjectKey("inventory.Unit", related_name="price_rows", verbose_name=_("Unit"), db_index=False)
    basis = models.CharField(_("Price basis"), max_length=10)
    gross_area = models.DecimalField(_("Gross area"), max_digits=12, decimal_places=2, null=True)
    inner_area = models.DecimalField(_("Inner area"), max_digits=12, decimal_places=2, null=True)
    gross_unit_price = yuan(_("Price per ㎡ of gross area"), null=True)
    inner_unit_price = yuan(_("Price per ㎡ of inner area"), null=True)
    list_total = yuan(_("List total"))
    floor_total = yuan(_("Floor total"), null=True)
    discounts = models.CharField(_("Discounts and their conditions"), max_length=1000, blank=True)
    published = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "price_list", "unit", name="price_row_once"),
            models.CheckConstraint(condition=Q(list_total__gt=0), name="price_row_positive"),
        ]
        indexes = [models.Index(fields=["project", "unit"], name="price_row_unit")]

    def __str__(self) -> str:
        return str(self.list_total)


class PriceChange(ProjectFact):
    """A unit's marked price from a day on, and why it changed: the price history."""

    append_only = True

    unit = ProjectKey("inventory.Unit", related_name="price_changes", verbose_name=_("Unit"), db_index=False)
    price_list = ProjectKey(PriceList, null=True, verbose_name=_("Price list"))
    at = models.DateTimeField(_("At"))
    business_date = models.DateField(_("Date"))
    old_total = yuan(_("Old total"), null=True)
    new_total = yuan(_("New total"))
    old_floor_total = yuan(_("Old floor total"), null=True)
    new_floor_total = yuan(_("New floor total"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(_("By"), max_length=50, blank=True)

    class Meta:
        indexes = [models.Index(fields=["project", "unit", "business_date", "id"], name="price_change_day")]

    def __str__(self) -> str:
        return str(self.new_total)


class Discount(ProjectModel):
    """A discount of the published scheme. Where it may be used: validity, plans, product types and a
    condition on the unit. `special`: asked for a single deal, so it counts for the approval chain."""

    class Kind(models.TextChoices):
        MULT = "mult", _("Factor of the running price")
        POINT = "point", _("Percent of the list price off")
        FIX = "fix", _("Yuan off")
        UNIT = "unit", _("Yuan per ㎡ off")
        TOTAL = "total", _("Fixed total")

    class Category(models.TextChoices):
        PAYMENT = "payment", _("Payment method")
        CUSTOMER = "customer", _("Customer class")
        SPECIAL = "special", _("Special")
        OTHER = "other", _("Other")

    class Purpose(models.TextChoices):
        CASH = "cash", _("Cash discount")
        QUANTITY = "quantity", _("Quantity discount")
        SEASONAL = "seasonal", _("Seasonal discount")
        FUNCTIONAL = "functional", _("Functional discount")
        ALLOWANCE = "allowance", _("Allowance")

    code = models.CharField(_("Code"), max_length=30)
    name = models.CharField(_("Name"), max_length=50)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices)
    value = models.DecimalField(_("Value"), max_digits=18, decimal_places=4)
    most = yuan(_("Yuan off at most"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(_("Uses at most"), null=True, blank=True)
    used = models.PositiveIntegerField(_("Used"), default=0)
    position = models.IntegerField(_("Order"), default=0)
    category = models.CharField(_("Class"), max_length=10, choices=Category.choices, default=Category.OTHER)
    purpose = models.CharField(
        _("Discount kind"), max_length=12, choices=Purpose.choices, default=Purpose.CASH
    )
    special = models.BooleanField(_("Needs approval"), default=False)
    valid_from = models.DateField(_("Valid from"), null=True, blank=True)
    valid_to = models.DateField(_("Valid to"), null=True, blank=True)
    payment_plans = models.JSONField(_("Payment plans"), default=list, blank=True)
    product_types = models.JSONField(_("Product types"), default=list, blank=True)
    unit_condition = models.JSONField(_("Units"), default=dict, blank=True)
    excludes = models.JSONField(_("Excludes"), default=list, blank=True)
    active = models.BooleanField(_("Active"), default=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", condition=ALIVE, name="discount_code_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("mult", "point", "fix", "unit", "total")), name="discount_kind_known"
            ),
            models.CheckConstraint(condition=Q(value__gt=0), name="discount_value_positive"),
            models.CheckConstraint(
                condition=~Q(kind="mult") | Q(value__lte=1), name="discount_factor_at_most_one"
            ),
            models.CheckConstraint(
                condition=~Q(kind="point") | Q(value__lt=100), name="discount_points_below_hundred"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gte=models.F("valid_from")),
                name="discount_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(most__isnull=True) | Q(most__gt=0), name="discount_most_positive"
            ),
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(used__lte=models.F("max_uses")), name="discount_uses_left"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PaymentPlan(ProjectModel):
    """How the price is paid. `parts`: [{item, weight, days}], the cash lines by weight and days after
    signing; a mortgage plan also has the default loan. Discounts of class payment are linked by the code."""

    class Kind(models.TextChoices):
        LUMP_SUM = "lump_sum", _("Lump sum")
        MORTGAGE = "mortgage", _("Mortgage")
        INSTALMENT = "instalment", pgettext_lazy("plan", "Instalment")

    code = models.CharField(_("Code"), max_length=30)
    name = models.CharField(_("Name"), max_length=50)
    kind = models.CharField(_("Kind"), max_length=12, choices=Kind.choices)
    parts = models.JSONField(_("Cash lines"), default=list)
    loan_ratio = models.DecimalField(_("Loan ratio"), max_digits=5, decimal_places=4, default=0)
    loan_step = models.DecimalField(_("Loan rounded down to"), max_digits=12, decimal_places=2, default=10000)
    loan_days = models.PositiveIntegerField(_("Loan due, days after signing"), default=0)
    min_down_ratio = models.DecimalField(
        _("Smallest down payment"), max_digits=5, decimal_places=4, default=0
    )
    position = models.IntegerField(_("Position"), default=0)
    active = models.BooleanField(_("Active"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", condition=ALIVE, name="payment_plan_code_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("lump_sum", "mortgage", "instalment")), name="payment_plan_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(loan_ratio__gte=0, loan_ratio__lt=1, min_down_ratio__gte=0, min_down_ratio__lt=1),
                name="payment_plan_ratios",
            ),
        ]

    def __str__(self) -> str:
        return self.name
