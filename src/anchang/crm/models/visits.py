"""Contacts with customers: visits, tours, calls, follow-ups, appointments."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.models.base import ALIVE, one_of
from anchang.crm.models.channels import Channel
from anchang.crm.models.customers import Customer, Grade
from anchang.platform.models import ImportJob, Team
from anchang.platform.models.base import AliveManager, ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class Visit(ProjectModel):
    """A customer came to the sales office (来访). `seq` 1 is the first visit."""

    personal_of = "customer"
    personal = {"content": "''", "companions": "''", "loss_reason": "''", "import_key": "NULL"}

    customer = ProjectKey(Customer, related_name="visits", verbose_name=_("Customer"))
    # In the recycle bin a visit has no number.
    seq = models.PositiveIntegerField(_("Visit no."), null=True)
    arrived_at = models.DateTimeField(_("Arrived at"))
    left_at = models.DateTimeField(_("Left at"), null=True, blank=True)
    business_date = models.DateField(_("Business date"))
    receptionist = user_key(_("Receptionist"), null=True, blank=True)
    consultant = user_key(_("Consultant"), null=True, blank=True)
    assistant = user_key(_("Assistant"), null=True, blank=True)
    team = ProjectKey(Team, indexed=False, null=True, blank=True, verbose_name=_("Team"))
    channel = ProjectKey(Channel, indexed=False, null=True, blank=True, verbose_name=_("Channel"))
    purpose = models.CharField(pgettext_lazy("purchase", "Purpose"), max_length=50, blank=True)
    content = models.TextField(_("Content"), blank=True)
    people = models.PositiveSmallIntegerField(_("Number of people"), null=True, blank=True)
    companions = models.CharField(_("Companions"), max_length=200, blank=True)
    feedback = models.JSONField(_("Feedback"), default=dict, blank=True)
    loss_reason = models.CharField(_("Reason for no deal"), max_length=200, blank=True)
    grade_before = models.CharField(_("Grade before"), max_length=1, blank=True)
    grade_after = models.CharField(_("Grade after"), max_length=1, blank=True)
    import_job = ProjectKey(ImportJob, null=True, blank=True)
    import_key = models.CharField(max_length=64, null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            # Checked at the end of a statement, so that visits can be numbered anew in one.
            models.UniqueConstraint(
                fields=["project", "customer", "seq"],
                name="visit_seq_once",
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(
                condition=Q(seq__isnull=False) | Q(deleted_at__isnull=False), name="visit_numbered"
            ),
            models.UniqueConstraint("project", "import_key", condition=ALIVE, name="visit_import_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="visit_seq_positive"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("arrived_at")), name="visit_order"
            ),
            one_of("grade_before", ("", *Grade.values), "visit_grade_before"),
            one_of("grade_after", ("", *Grade.values), "visit_grade_after"),
        ]
        indexes = [
            models.Index(fields=["project", "-arrived_at", "-id"], condition=ALIVE, name="visit_newest"),
            models.Index(
                fields=["project", "consultant", "-arrived_at", "-id"],
                condition=ALIVE,
                name="visit_consultant",
            ),
            # With the columns that reports group by, so that a period is read from the index alone.
            models.Index(
                fields=["project", "business_date"],
                include=["customer", "seq", "consultant", "team", "channel"],
                condition=ALIVE,
                name="visit_day",
            ),
            models.Index(
                fields=["project", "customer", "business_date"],
                condition=Q(deleted_at__isnull=True, seq=1),
                name="visit_first",
            ),
            models.Index(fields=["project", "customer", "arrived_at"], name="visit_customer"),
            models.Index(
                fields=["project", "import_job"], condition=Q(import_job__isnull=False), name="visit_import"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} #{self.seq}"

    @property
    def is_first(self) -> bool:
        return self.seq == 1


class CallIn(ProjectModel):
    """A call to the hotline (来电)."""

    personal_of = "customer"
    personal = {
        "caller": "'***'", "phone_cipher": "NULL", "phone_digest": "''", "phone_masked": "''", "question": "'***'",
    }  # fmt: skip

    customer = ProjectKey(Customer, null=True, blank=True, verbose_name=_("Customer"))
    called_at = models.DateTimeField(_("Called at"))
    business_date = models.DateField(_("Business date"))
    caller = models.CharField(_("Caller"), max_length=50)
    phone_cipher = models.BinaryField(null=True)
    phone_digest = models.CharField(max_length=32, blank=True, db_collation="C")
    phone_masked = models.CharField(_("Phone"), max_length=30, blank=True)
    question = models.CharField(_("Question"), max_length=500)
    channel = ProjectKey(Channel, indexed=False, null=True, blank=True, verbose_name=_("Channel"))
    passed_to = user_key(_("Passed to"), null=True, blank=True)
    team = ProjectKey(Team, indexed=False, null=True, blank=True, verbose_name=_("Team"))
    taken_by = user_key(_("Taken by"), null=True, blank=True)
    first = models.BooleanField(_("First call"), default=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-called_at", "-id"], condition=ALIVE, name="call_in_newest"),
            models.Index(fields=["project", "business_date"], name="call_in_day"),
            models.Index(
                fields=["project", "customer"], condition=Q(customer__isnull=False), name="call_in_customer"
            ),
            models.Index(
                fields=["project", "phone_digest"], condition=~Q(phone_digest=""), name="call_in_phone"
            ),
        ]

    def __str__(self) -> str:
        return self.caller


class FollowUp(ProjectFact):
    """A contact made by staff (跟进). Never changed or deleted: it is the customer's history, and goes to the recycle
    bin only with his file."""

    class Method(models.TextChoices):
        PHONE = "phone", _("Phone")
        WECHAT = "wechat", _("WeChat")
        VISIT = "visit", _("Visit")
        OTHER = "other", _("Other")

    class Result(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        NO_ANSWER = "no_answer", _("No answer")
        REFUSED = "refused", pgettext_lazy("call", "Refused")
        WRONG_NUMBER = "wrong_number", _("Wrong number")

    # A merge may move it to the kept customer; nothing else may change.
    frozen = (
        "author_id",
        "method",
        "content",
        "grade",
        "effective",
        "duration",
        "result",
        "at",
        "business_date",
    )
    audited = True
    personal, personal_of = {"content": "'***'"}, "customer"

    customer = ProjectKey(Customer, related_name="follow_ups", verbose_name=_("Customer"))
    author = user_key(_("Author"), null=True)
    team = ProjectKey(Team, indexed=False, null=True, verbose_name=_("Team"))
    method = models.CharField(_("Method"), max_length=10, choices=Method.choices)
    content = models.TextField(_("Content"))
    next_at = models.DateTimeField(_("Next plan"), null=True)
    grade = models.CharField(_("Grade"), max_length=1, blank=True)
    intent = models.CharField(_("Intent"), max_length=10, blank=True)
    effective = models.BooleanField(_("Effective"), default=True)
    duration = models.PositiveIntegerField(_("Duration in seconds"), null=True)
    result = models.CharField(_("Result"), max_length=12, choices=Result.choices, blank=True)
    identity_confirmed = models.BooleanField(_("Identity confirmed"), default=False)
    at = models.DateTimeField(_("Time"), default=timezone.now)
    business_date = models.DateField(_("Business date"))
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[AliveManager] = AliveManager()
    everything = models.Manager()

    class Meta:
        constraints = [
            one_of("method", ("phone", "wechat", "visit", "other"), "follow_up_method"),
            models.CheckConstraint(condition=~Q(content=""), name="follow_up_content"),
        ]
        indexes = [
            models.Index(fields=["project", "-at", "-id"], condition=ALIVE, name="follow_up_newest"),
            models.Index(fields=["project", "customer", "-at"], name="follow_up_customer"),
            models.Index(fields=["project", "author", "-at", "-id"], condition=ALIVE, name="follow_up_author"),
            models.Index(
                fields=["project", "business_date"],
                include=["author", "team", "customer"],
                condition=ALIVE,
                name="follow_up_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} {self.get_method_display()}"


class Appointment(ProjectModel):
    """A customer is expected (预约): closed as arrived, late, no-show or cancelled."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state", "Open")
        ARRIVED = "arrived", _("Arrived")
        LATE = "late", _("Late")
        NO_SHOW = "no_show", _("No-show")
        CANCELLED = "cancelled", _("Cancelled")

    personal, personal_of = {"purpose": "''", "state_reason": "''"}, "customer"

    customer = ProjectKey(Customer, related_name="appointments", verbose_name=_("Customer"))
    consultant = user_key(_("Consultant"))
    team = ProjectKey(Team, null=True, blank=True, verbose_name=_("Team"))
    starts_at = models.DateTimeField(_("From"))
    ends_at = models.DateTimeField(_("To"))
    business_date = models.DateField(_("Business date"))
    purpose = models.CharField(_("Purpose"), max_length=100, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    state_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    visit = ProjectKey(Visit, null=True, blank=True, verbose_name=_("Visit"))
    reminded_at = models.DateTimeField(_("Reminded at"), null=True, blank=True)
    moved_times = models.PositiveSmallIntegerField(_("Times moved"), default=0)

    class Meta:
        constraints = [
            one_of("state", ("open", "arrived", "late", "no_show", "cancelled"), "appointment_state"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_order"),
        ]
        indexes = [
            models.Index(fields=["project", "starts_at"], condition=Q(state="open"), name="appointment_open"),
            models.Index(fields=["project", "consultant", "starts_at"], name="appointment_consultant"),
            models.Index(fields=["project", "customer"], name="appointment_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%m-%d %H:%M}"


class TruthCheck(ProjectModel):
    """A visit or follow-up that a rule doubts or a sample picked: somebody calls the customer back."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state", "Open")
        TRUE = "true", _("True")
        FALSE = "false", _("False")

    personal, personal_of = {"result": "''"}, "customer"

    customer = ProjectKey(Customer, verbose_name=_("Customer"))
    visit = ProjectKey(Visit, null=True, blank=True, verbose_name=_("Visit"))
    follow_up = ProjectKey(FollowUp, null=True, blank=True, verbose_name=_("Follow-up"))
    user = user_key(_("Member of staff"), null=True, blank=True)
    rule_id = models.CharField(_("Rule"), max_length=60)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    result = models.CharField(_("Result"), max_length=200, blank=True)
    checked_by = user_key(_("Checked by"), null=True, blank=True)
    checked_at = models.DateTimeField(_("Checked at"), null=True, blank=True)

    class Meta:
        constraints = [
            one_of("state", ("open", "true", "false"), "truth_check_state"),
            models.CheckConstraint(
                condition=Q(visit__isnull=True, follow_up__isnull=False)
                | Q(visit__isnull=False, follow_up__isnull=True),
                name="truth_check_one_subject",
            ),
            models.UniqueConstraint("project", "rule_id", "visit", name="truth_check_visit_once"),
            models.UniqueConstraint("project", "rule_id", "follow_up", name="truth_check_follow_up_once"),
        ]
        indexes = [models.Index(fields=["project", "-created_at"], name="truth_check_newest")]

    def __str__(self) -> str:
        return self.rule_id
