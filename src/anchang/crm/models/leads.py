"""Leads (线索): enquiries before the first visit, who handles them, and by which rule."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, GeneratedField, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat, LPad
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.models.base import ALIVE, LogManager, one_of
from anchang.crm.models.channels import Channel
from anchang.crm.models.customers import Customer
from anchang.crm.models.erasing import SAID
from anchang.platform.models import ImportJob, Team
from anchang.platform.models.base import AliveManager, ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class LeadState(models.TextChoices):
    """DOMAIN §3. In the four held states somebody owns the lead and its clock may run out."""

    NEW = "new", pgettext_lazy("lead", "New")
    ASSIGNED = "assigned", _("Assigned")
    CONTACTED = "contacted", _("Contacted")
    QUALIFIED = "qualified", _("Qualified")
    APPOINTED = "appointed", _("Appointed")
    VISITED = "visited", _("Visited")
    POOL = "pool", _("Public pool")
    INVALID = "invalid", _("Invalid")
    LOST = "lost", _("Lost")


HELD = (LeadState.ASSIGNED, LeadState.CONTACTED, LeadState.QUALIFIED, LeadState.APPOINTED)
OPEN = (LeadState.NEW, *HELD)


class AssignmentRule(ProjectModel):
    """Which leads go to whom: the first rule in order whose conditions hold decides (L09-L12)."""

    name = models.CharField(_("Name"), max_length=50)
    position = models.IntegerField(_("Order"), default=100)
    conditions = models.JSONField(_("Conditions"), default=dict, blank=True)
    team = ProjectKey(Team, null=True, blank=True, verbose_name=_("Team"))
    user = user_key(_("Consultant"), null=True, blank=True)
    min_level = models.PositiveSmallIntegerField(_("Lowest level"), null=True, blank=True)
    fall_through = models.BooleanField(_("Next rule when nobody is present"), default=False)
    valid_from = models.DateField(_("Valid from"), null=True, blank=True)
    valid_to = models.DateField(_("Valid to"), null=True, blank=True)
    active = models.BooleanField(_("Active"), default=True)

    class Meta:
        indexes = [models.Index(fields=["project", "position", "id"], name="assignment_rule_order")]

    def __str__(self) -> str:
        return self.name


class Lead(ProjectModel):
    """One person's interest in the project, known by a phone. Repeat enquiries are touches of it.

    The phone's HMAC is unique among the project's leads outside the recycle bin. `enquiry_key` names the
    first enquiry, so that the same row of a file is known again.
    """

    class Sex(models.TextChoices):
        MALE = "male", _("Male")
        FEMALE = "female", _("Female")

    class CustomerType(models.TextChoices):
        ORDINARY = "ordinary", _("Ordinary")
        HIGH_END = "high_end", _("High-end")
        INVESTOR = "investor", _("Investor")
        COMPANY = "company", pgettext_lazy("party", "Company")

    personal_of = "customer"
    personal = {
        "name": "''", "sex": "''", "phone_cipher": "''::bytea", "phone_digest": "'erased' || id",
        "phone_masked": "'***'", "phone_tail": "''", "external_id": "''", "enquiry_key": "'erased' || id",
        "city": "''", "region": "''", "need": "'{}'", "note": "''", "closed_note": "''",
    }  # fmt: skip

    number = GeneratedField(
        expression=Concat(Value("X"), LPad(Cast("id", models.CharField()), 9, Value("0"))),
        output_field=models.CharField(_("Number"), max_length=20),
        db_persist=True,
        verbose_name=_("Number"),
    )
    name = models.CharField(_("Full name"), max_length=50, blank=True)
    sex = models.CharField(_("Sex"), max_length=6, choices=Sex.choices, blank=True)
    phone_cipher = models.BinaryField()
    phone_digest = models.CharField(max_length=32, db_collation="C")
    phone_masked = models.CharField(_("Phone"), max_length=30)
    phone_tail = models.CharField(max_length=6, db_collation="C")
    channel = ProjectKey(Channel, indexed=False, null=True, blank=True, verbose_name=_("Channel"))
    campaign = models.CharField(_("Campaign"), max_length=100, blank=True)
    external_id = models.CharField(_("Number at the source"), max_length=100, blank=True)
    enquiry_key = models.CharField(max_length=130, editable=False)
    captured_at = models.DateTimeField(_("Captured at"), default=timezone.now)
    business_date = models.DateField(_("Business date"))
    city = models.CharField(_("City"), max_length=50, blank=True)
    region = models.CharField(_("Region"), max_length=50, blank=True)
    customer_type = models.CharField(
        _("Customer type"), max_length=10, choices=CustomerType.choices, default=CustomerType.ORDINARY
    )
    score = models.IntegerField(_("Score"), null=True, blank=True)
    need = models.JSONField(_("Need"), default=dict, blank=True)
    note = models.TextField(_("Note"), blank=True)
    owner = user_key(_("Owner"), null=True, blank=True)
    team = ProjectKey(Team, indexed=False, null=True, blank=True, verbose_name=_("Team"))
    state = models.CharField(_("State"), max_length=10, choices=LeadState.choices, default=LeadState.NEW)
    valid = models.BooleanField(_("Valid"), null=True, blank=True)
    invalid_reason = models.CharField(_("Reason of invalidity"), max_length=30, blank=True)
    closed_note = models.CharField(_("Reason in words"), max_length=200, blank=True)
    rule = ProjectKey(AssignmentRule, indexed=False, null=True, blank=True, verbose_name=_("Assigned by rule"))
    assigned_at = models.DateTimeField(_("Assigned at"), null=True, blank=True)
    first_contact_due_at = models.DateTimeField(_("First contact due"), null=True, blank=True)
    first_contacted_at = models.DateTimeField(_("First contacted at"), null=True, blank=True)
    pool_since = models.DateTimeField(_("In the pool since"), null=True, blank=True)
    last_owner = user_key(_("Last owner"), null=True, blank=True)
    barred_until = models.DateTimeField(_("Last owner barred until"), null=True, blank=True)
    touch_count = models.PositiveIntegerField(_("Repeat enquiries"), default=0)
    last_touch_at = models.DateTimeField(_("Last enquiry"), null=True, blank=True)
    customer = ProjectKey(Customer, null=True, blank=True, related_name="leads", verbose_name=_("Customer"))
    import_job = ProjectKey(ImportJob, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "phone_digest", condition=ALIVE, name="lead_phone_once"),
            one_of("state", LeadState.values, "lead_state"),
            one_of("customer_type", ("ordinary", "high_end", "investor", "company"), "lead_customer_type"),
            models.CheckConstraint(
                condition=~Q(state__in=HELD) | Q(owner__isnull=False, assigned_at__isnull=False),
                name="lead_held_by_owner",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("new", "pool")) | Q(owner__isnull=True), name="lead_pool_unowned"
            ),
            models.CheckConstraint(
                condition=~Q(state="pool") | Q(pool_since__isnull=False), name="lead_pool_since"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], condition=ALIVE, name="lead_newest"),
            models.Index(
                fields=["project", "owner", "-created_at", "-id"],
                condition=Q(deleted_at__isnull=True, owner__isnull=False),
                name="lead_of_owner",
            ),
            models.Index(
                fields=["project", "-pool_since", "-id"],
                condition=Q(deleted_at__isnull=True, state="pool"),
                name="lead_pool",
            ),
            models.Index(
                fields=["project", "first_contact_due_at"],
                condition=Q(deleted_at__isnull=True, state="assigned"),
                name="lead_contact_due",
            ),
            # With the columns that reports group by, so that a period is read from the index alone.
            models.Index(
                fields=["project", "business_date"],
                include=["customer", "valid", "owner", "team", "channel", "id"],
                condition=ALIVE,
                name="lead_day",
            ),
            models.Index(
                fields=["project", "customer", "business_date"],
                include=["id"],
                condition=Q(deleted_at__isnull=True, customer__isnull=False),
                name="lead_customer",
            ),
            models.Index(
                fields=["project", "import_job"], condition=Q(import_job__isnull=False), name="lead_import"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.phone_masked


class PoolManager(AliveManager):
    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(state=LeadState.POOL)


class PoolLead(Lead):
    """A lead of the public pool (公海), as everyone sees it who may claim."""

    objects: ClassVar[PoolManager] = PoolManager()

    class Meta:
        proxy = True


class PoolCustomerManager(AliveManager):
    def get_queryset(self) -> models.QuerySet:
        """A customer whose lead is in the pool is claimed with that lead and isn't listed twice."""
        pooled = Lead.objects.filter(project=OuterRef("project"), customer=OuterRef("pk"), state=LeadState.POOL)
        rows = super().get_queryset().filter(owner__isnull=True, state="active", stage__in=("visitor", "prospect"))
        return rows.exclude(Exists(pooled))


class PoolCustomer(Customer):
    """A customer whom nobody owns and who has no deal, as everyone sees him who may claim (公海客户)."""

    objects: ClassVar[PoolCustomerManager] = PoolCustomerManager()

    class Meta:
        proxy = True


class LeadPhone(ProjectFact):
    """A further phone of a lead; the main one is in the lead."""

    personal, personal_of = {"*": "delete"}, "lead.customer"

    lead = ProjectKey(Lead, related_name="further_phones")
    cipher = models.BinaryField()
    digest = models.CharField(max_length=32, db_collation="C")
    masked = models.CharField(pgettext_lazy("phone", "Number"), max_length=30)

    class Meta:
        constraints = [models.UniqueConstraint("project", "lead", "digest", name="lead_further_phone_once")]
        indexes = [models.Index(fields=["project", "digest"], name="lead_further_phone")]


class Touch(ProjectFact):
    """A repeat enquiry of a known lead: it stays with its channel, campaign and time."""

    append_only = True
    personal_of = "lead.customer"
    personal = {"note": "''", "external_id": "''", "key": "'erased' || id"}

    lead = ProjectKey(Lead, related_name="touches", verbose_name=_("Lead"))
    channel = ProjectKey(Channel, indexed=False, null=True, verbose_name=_("Channel"))
    campaign = models.CharField(_("Campaign"), max_length=100, blank=True)
    external_id = models.CharField(_("Number at the source"), max_length=100, blank=True)
    key = models.CharField(max_length=130)
    captured_at = models.DateTimeField(_("Captured at"))
    business_date = models.DateField(_("Business date"))
    note = models.TextField(_("Note"), blank=True)
    import_job = ProjectKey(ImportJob, null=True)

    objects: ClassVar[LogManager] = LogManager("lead")

    class Meta:
        constraints = [models.UniqueConstraint("project", "lead", "key", name="touch_once")]
        indexes = [models.Index(fields=["project", "-captured_at", "-id"], name="touch_newest")]

    def __str__(self) -> str:
        return f"{self.captured_at:%Y-%m-%d %H:%M}"


class LeadTransfer(ProjectFact):
    """One step in a lead's handling (L14): assignment, claim, transfer, recycling, change of state."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", _("Assigned by rule")
        POOLED = "pooled", _("Nobody present: to the pool")
        CLAIMED = "claimed", _("Claimed")
        TRANSFERRED = "transferred", _("Transferred")
        RECYCLED = "recycled", _("Recycled")
        STATE = "state", _("State changed")

    append_only = True
    personal, personal_of = {"reason": SAID}, "lead.customer"

    lead = ProjectKey(Lead, related_name="transfers", verbose_name=_("Lead"))
    kind = models.CharField(_("Step"), max_length=12, choices=Kind.choices)
    at = models.DateTimeField(_("Time"), default=timezone.now)
    actor = user_key(_("By"), null=True)
    from_owner = user_key(_("From"), null=True)
    to_owner = user_key(_("To"), null=True)
    from_state = models.CharField(_("State before"), max_length=10, choices=LeadState.choices, blank=True)
    to_state = models.CharField(_("State after"), max_length=10, choices=LeadState.choices)
    rule = ProjectKey(AssignmentRule, indexed=False, null=True, verbose_name=_("Rule"))
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    objects: ClassVar[LogManager] = LogManager("lead")

    class Meta:
        indexes = [models.Index(fields=["project", "lead", "at"], name="lead_transfer_lead")]

    def __str__(self) -> str:
        return self.get_kind_display()


class AssignmentTurn(ProjectFact):
    """Who got the last lead by each rule: one row per project, locked while leads are added, so that
    concurrent additions stay in turn and see each other's phones. `last` maps rule ids to user ids."""

    last = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint("project", name="assignment_turn_once")]


class ClaimCounter(ProjectFact):
    """How many leads a user claimed on a day."""

    user = user_key(_("User"))
    day = models.DateField()
    claimed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("project", "user", "day", name="claim_counter_once")]
