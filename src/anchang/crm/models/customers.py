"""Customers (客户), their phones, identities, people around them, needs and the logs of what changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, GeneratedField, Q, Value
from django.db.models.functions import Cast, Concat, LPad
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.models.base import ALIVE, LogManager, one_of
from anchang.crm.models.channels import Channel
from anchang.crm.models.erasing import SAID, EraseFunction
from anchang.platform.models import ImportJob, Team
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class Grade(models.TextChoices):
    """How near the customer is to buying (DOMAIN §3)."""

    A = "A", _("A: ready")
    B = "B", _("B: intent")
    C = "C", _("C: potential")
    D = "D", _("D: no need")


class Stage(models.TextChoices):
    """Life cycle; set by business events only."""

    VISITOR = "visitor", _("Visitor")
    PROSPECT = "prospect", _("Prospect")
    SUBSCRIBER = "subscriber", _("Subscriber")
    BUYER = "buyer", pgettext_lazy("stage", "Buyer")
    OWNER = "owner", _("Property owner")


class Household(ProjectModel):
    """Relatives who buy as one (家庭)."""

    name = models.CharField(_("Name"), max_length=50)

    def __str__(self) -> str:
        return self.name


class Customer(ProjectModel):
    """A person or a company that the project sells to. Personal numbers are rows of their own, encrypted."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", pgettext_lazy("party", "Company")

    class Sex(models.TextChoices):
        MALE = "male", _("Male")
        FEMALE = "female", _("Female")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        FROZEN = "frozen", _("Frozen")
        LOST = "lost", _("Lost")
        MERGED = "merged", _("Merged")
        ERASED = "erased", _("Erased")

    class Worth(models.TextChoices):
        HIGH = "high", _("High value")
        NORMAL = "normal", _("Normal")
        LOW = "low", _("Low value")

    class Source(models.TextChoices):
        LEAD = "lead", _("Lead")
        VISIT = "visit", _("Visit")
        CALL = "call", _("Incoming call")
        IMPORT = "import", _("Import")
        STAFF = "staff", _("Entered by staff")

    guard_sql = EraseFunction()
    personal = {
        "name": "'***'", "sex": "''", "phone_masked": "''", "email": "''", "licence_number": "''", "occupation": "''",
        "age_band": "''", "residence": "''", "workplace": "''", "note": "''", "state_reason": "''",
        "household_id": "NULL", "household_relation": "''", "next_follow_at": "NULL",
        "state": "CASE state WHEN 'merged' THEN 'merged' ELSE 'erased' END",
    }  # fmt: skip
    personal_of = "self"

    # Made from the id by the database: a series without gaps would let one customer be created at a time.
    number = GeneratedField(
        expression=Concat(Value("K"), LPad(Cast("id", models.CharField()), 9, Value("0"))),
        output_field=models.CharField(_("Number"), max_length=20),
        db_persist=True,
        verbose_name=_("Number"),
    )
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("Full name"), max_length=50)
    sex = models.CharField(_("Sex"), max_length=6, choices=Sex.choices, blank=True)
    phone_masked = models.CharField(_("Phone"), max_length=30, blank=True)
    email = models.CharField(_("Mail"), max_length=100, blank=True)
    licence_number = models.CharField(_("Licence number"), max_length=30, blank=True)
    grade = models.CharField(_("Grade"), max_length=1, choices=Grade.choices, default=Grade.C)
    grade_until = models.DateField(_("Grade valid until"), null=True, blank=True)
    stage = models.CharField(_("Stage"), max_length=10, choices=Stage.choices, default=Stage.VISITOR)
    # The highest stage that active deals give; written by the apps above through `set_deal_stages`.
    deal_stage = models.CharField(max_length=10, blank=True, editable=False)
    value_class = models.CharField(
        _("Value class"), max_length=10, choices=Worth.choices, default=Worth.NORMAL
    )
    owner = user_key(_("Owner"), null=True, blank=True)
    team = ProjectKey(Team, indexed=False, null=True, blank=True, verbose_name=_("Team"))
    channel = ProjectKey(Channel, indexed=False, null=True, blank=True, verbose_name=_("First channel"))
    campaign = models.CharField(_("First campaign"), max_length=100, blank=True)
    source = models.CharField(_("First contact"), max_length=10, choices=Source.choices, default=Source.STAFF)
    captured_at = models.DateTimeField(_("Captured at"), default=timezone.now)
    business_date = models.DateField(_("Business date"))
    last_follow_up_at = models.DateTimeField(_("Last follow-up"), null=True, blank=True)
    last_visit_at = models.DateTimeField(_("Last visit"), null=True, blank=True)
    next_follow_at = models.DateTimeField(_("Next follow-up"), null=True, blank=True)
    idle_since = models.DateTimeField(_("Without follow-up since"), default=timezone.now)
    visit_count = models.PositiveIntegerField(_("Visits"), default=0)
    # Who lost the customer to the pool, and when: he is barred from claiming him back for some days.
    last_owner = user_key(_("Last owner"), null=True, blank=True)
    pool_since = models.DateTimeField(_("In the pool since"), null=True, blank=True)
    household = ProjectKey(Household, null=True, blank=True, verbose_name=_("Household"))
    household_relation = models.CharField(_("Relation in the household"), max_length=20, blank=True)
    occupation = models.CharField(_("Occupation"), max_length=50, blank=True)
    age_band = models.CharField(_("Age band"), max_length=20, blank=True)
    residence = models.CharField(_("Residence area"), max_length=50, blank=True)
    workplace = models.CharField(_("Workplace area"), max_length=50, blank=True)
    note = models.TextField(_("Note"), blank=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    merged_into = ProjectKey("self", null=True, blank=True, verbose_name=_("Merged into"))
    import_job = ProjectKey(ImportJob, null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", ("person", "company"), "customer_kind"),
            one_of("grade", Grade.values, "customer_grade"),
            one_of("stage", Stage.values, "customer_stage"),
            one_of("state", ("active", "frozen", "lost", "merged", "erased"), "customer_state"),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="customer_merged_into",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], condition=ALIVE, name="customer_newest"),
            models.Index(
                fields=["project", "owner", "-created_at", "-id"], condition=ALIVE, name="customer_of_owner"
            ),
            models.Index(
                fields=["project", "grade", "-created_at", "-id"], condition=ALIVE, name="customer_of_grade"
            ),
            models.Index(
                fields=["project", "stage", "-created_at", "-id"], condition=ALIVE, name="customer_of_stage"
            ),
            models.Index(
                fields=["project", "grade", "idle_since"],
                condition=Q(deleted_at__isnull=True, state="active", owner__isnull=False),
                name="customer_idle",
            ),
            models.Index(
                fields=["project", "-idle_since", "-id"],
                condition=Q(deleted_at__isnull=True, state="active", owner__isnull=True),
                name="customer_pool",
            ),
            # How many A and B customers everybody has now.
            models.Index(
                fields=["project", "grade"], include=["owner", "team"],
                condition=Q(deleted_at__isnull=True, state="active", grade__in=("A", "B"), owner__isnull=False),
                name="customer_intent",
            ),
            models.Index(
                fields=["project", "next_follow_at"],
                condition=Q(next_follow_at__isnull=False),
                name="customer_next",
            ),
            models.Index(
                fields=["project", "grade_until"],
                condition=Q(grade_until__isnull=False),
                name="customer_grade_until",
            ),
            models.Index(
                fields=["project", "household"],
                condition=Q(household__isnull=False),
                name="customer_household",
            ),
            # Reports read a period's new customers from the index alone.
            models.Index(
                fields=["project", "business_date"],
                include=["owner", "team", "channel", "state"],
                condition=ALIVE,
                name="customer_day",
            ),
            models.Index(
                fields=["project", "import_job"],
                condition=Q(import_job__isnull=False),
                name="customer_import",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PersonalNumber(ProjectFact):
    """A number of a person: cipher to show it, HMAC to find it, mask and tail for lists."""

    cipher = models.BinaryField()
    digest = models.CharField(max_length=32, db_collation="C")
    masked = models.CharField(pgettext_lazy("phone", "Number"), max_length=30)
    tail = models.CharField(max_length=6, db_collation="C")
    active = models.BooleanField(_("Active"), default=True)
    added_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class CustomerPhone(PersonalNumber):
    """A phone of a customer. While active, no other active customer of the project has it (DOMAIN §4.2)."""

    personal, personal_of = {"*": "delete"}, "customer"

    customer = ProjectKey(Customer, related_name="phones", verbose_name=_("Customer"))
    main = models.BooleanField(_("Main number"), default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "digest", condition=Q(active=True), name="customer_phone_once"
            ),
            models.UniqueConstraint(
                "project", "customer", condition=Q(active=True, main=True), name="customer_phone_one_main"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "customer"], name="customer_phones"),
        ]


class CustomerIdentity(PersonalNumber):
    """An identity document's number of a customer."""

    class Type(models.TextChoices):
        ID_CARD = "id_card", _("ID card")
        PASSPORT = "passport", _("Passport")
        HK_MO_PERMIT = "hk_mo_permit", _("Hong Kong or Macao permit")
        TW_PERMIT = "tw_permit", _("Taiwan permit")
        BIRTH_CERT = "birth_cert", _("Birth certificate")
        CREDIT_CODE = "credit_code", _("Social credit code")

    personal, personal_of = {"*": "delete"}, "customer"

    customer = ProjectKey(Customer, related_name="identities", verbose_name=_("Customer"))
    id_type = models.CharField(_("Document"), max_length=12, choices=Type.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "digest", condition=Q(active=True), name="customer_identity_once"
            ),
            one_of(
                "id_type",
                ("id_card", "passport", "hk_mo_permit", "tw_permit", "birth_cert", "credit_code"),
                "customer_identity_type",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "customer"], name="customer_identities"),
            models.Index(fields=["project", "tail"], condition=Q(active=True), name="customer_identity_tail"),
        ]


class Contact(ProjectModel):
    """Another person around a customer: spouse, parent, a company's agent (联系人)."""

    personal, personal_of = {"*": "delete"}, "customer"

    customer = ProjectKey(Customer, related_name="contacts", verbose_name=_("Customer"))
    name = models.CharField(_("Full name"), max_length=50)
    relation = models.CharField(_("Relation"), max_length=20)
    phone_cipher = models.BinaryField(null=True)
    phone_digest = models.CharField(max_length=32, blank=True, db_collation="C")
    phone_masked = models.CharField(_("Phone"), max_length=30, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "customer"], name="contact_customer"),
            models.Index(
                fields=["project", "phone_digest"], condition=~Q(phone_digest=""), name="contact_phone"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Consent(ProjectModel):
    """A customer's consent to one purpose, under one text (PIPL 13-15)."""

    class Purpose(models.TextChoices):
        SERVICE = "service", _("Handling the purchase")
        MARKETING = "marketing", _("Marketing messages")
        SHARING = "sharing", _("Passing on to partners")
        IDENTITY = "identity", _("Identity documents")
        FACE = "face", _("Face data")

    frozen = ("customer_id", "purpose", "text_version", "given_at")
    # That a consent was given stays on record.
    personal, personal_of = {"way": "''"}, "customer"

    customer = ProjectKey(Customer, related_name="consents", verbose_name=_("Customer"))
    purpose = models.CharField(_("Purpose"), max_length=10, choices=Purpose.choices)
    text_version = models.CharField(_("Text version"), max_length=30)
    given_at = models.DateTimeField(_("Given at"))
    withdrawn_at = models.DateTimeField(_("Withdrawn at"), null=True, blank=True)
    way = models.CharField(_("Given by way of"), max_length=50, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "customer", "purpose", condition=Q(withdrawn_at__isnull=True), name="consent_once"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_order",
            ),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()


class Need(ProjectModel):
    """What a customer looks for. A change is a new row; the newest one is `current`."""

    personal, personal_of = {"note": "''", "family": "''"}, "customer"

    customer = ProjectKey(Customer, related_name="needs", verbose_name=_("Customer"))
    seq = models.PositiveIntegerField(_("Edition"), default=1)
    current = models.BooleanField(_("Current"), default=True)
    budget_low = models.DecimalField(_("Budget from"), max_digits=18, decimal_places=2, null=True, blank=True)
    budget_high = models.DecimalField(_("Budget to"), max_digits=18, decimal_places=2, null=True, blank=True)
    area_low = models.DecimalField(_("Area from"), max_digits=18, decimal_places=2, null=True, blank=True)
    area_high = models.DecimalField(_("Area to"), max_digits=18, decimal_places=2, null=True, blank=True)
    layouts = models.JSONField(_("Layouts"), default=list, blank=True)
    purpose = models.CharField(pgettext_lazy("purchase", "Purpose"), max_length=50, blank=True)
    family = models.CharField(_("Family structure"), max_length=50, blank=True)
    heard_from = models.CharField(_("Way heard"), max_length=50, blank=True)
    note = models.CharField(_("Note"), max_length=500, blank=True)
    import_job = ProjectKey(ImportJob, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "customer", "seq", name="need_edition"),
            models.UniqueConstraint(
                "project", "customer", condition=Q(current=True), name="need_one_current"
            ),
            models.CheckConstraint(
                condition=Q(budget_low__isnull=True)
                | Q(budget_high__isnull=True)
                | Q(budget_high__gte=F("budget_low")),
                name="need_budget_order",
            ),
            models.CheckConstraint(
                condition=Q(area_low__isnull=True)
                | Q(area_high__isnull=True)
                | Q(area_high__gte=F("area_low")),
                name="need_area_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.seq}"


class GradeChange(ProjectFact):
    """One change of grade: by whom or by which rule."""

    append_only = True
    personal, personal_of = {"reason": SAID}, "customer"

    customer = ProjectKey(Customer, verbose_name=_("Customer"))
    old = models.CharField(_("Old grade"), max_length=1)
    new = models.CharField(_("New grade"), max_length=1)
    by = user_key(_("Changed by"), null=True)
    rule_id = models.CharField(_("Rule"), max_length=60, blank=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("Time"))

    objects: ClassVar[LogManager] = LogManager("customer")

    class Meta:
        indexes = [models.Index(fields=["project", "customer", "at"], name="grade_change_customer")]


class OwnerChange(ProjectFact):
    """One hand-over of a customer from one consultant to another."""

    append_only = True
    personal, personal_of = {"reason": SAID}, "customer"

    customer = ProjectKey(Customer, verbose_name=_("Customer"))
    old = user_key(_("From"), null=True)
    new = user_key(_("To"), null=True)
    by = user_key(_("Changed by"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("Time"))

    objects: ClassVar[LogManager] = LogManager("customer")

    class Meta:
        indexes = [models.Index(fields=["project", "customer", "at"], name="owner_change_customer")]


class CustomerMerge(ProjectFact):
    """Two files of one customer made one; `moved` counts what changed hands, `rule` says why `owner` has him
    now (判客)."""

    append_only = True
    personal, personal_of = {"reason": "''"}, "kept"

    kept = ProjectKey(Customer, verbose_name=_("Kept"))
    gone = ProjectKey(Customer, verbose_name=_("Merged"))
    by = user_key(_("Merged by"), null=True)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    moved = models.JSONField(default=dict)
    rule = models.CharField(_("Rule"), max_length=20)
    owner = user_key(_("Owner"), null=True)
    at = models.DateTimeField(_("Time"))

    class Meta:
        indexes = [models.Index(fields=["project", "kept", "at"], name="customer_merge_kept")]
