"""Before the contract: the second pair of eyes (签前信息核对, D10) and the fixed order of signing (签署流程, K07)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.affairs.models import procedure_guards
from anchang.deals.models import Subscription
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key

_ALIVE = Q(deleted_at__isnull=True)


class SigningCheck(ProjectModel):
    """What the contract will say beside what was subscribed, and who besides the drafter has compared them.

    `facts`: [{field, agreed, now}]; `digest`: SHA-256 of what it rests on, so that a later change is noticed.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("To be checked")
        CONFIRMED = "confirmed", pgettext_lazy("signing check", "Confirmed")
        RETURNED = "returned", _("Sent back")

    guard_sql = procedure_guards.CONTRACT_SQL
    frozen = (
        "subscription_id", "asked_by_id", "facts", "digest", "differences", "state", "decided_by_id", "decided_at",
        "opinion",
    )  # fmt: skip
    frozen_when = "OLD.state <> 'asked'"
    personal_of = "subscription.deal.customer"
    personal = {"facts": "'[]'::jsonb"}

    subscription = ProjectKey(Subscription, verbose_name=_("Subscription"))
    asked_by = user_key(_("Drafted by"))
    facts = models.JSONField(_("Both sides"), default=list)
    digest = models.CharField(max_length=64)
    differences = models.PositiveSmallIntegerField(_("Differences"), default=0)
    state = models.CharField(_("State"), max_length=9, choices=State.choices, default=State.ASKED)
    decided_by = user_key(pgettext_lazy("signing check", "Checked by"), null=True)
    decided_at = models.DateTimeField(_("Checked at"), null=True)
    opinion = models.CharField(_("Opinion"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")), name="signing_check_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state__in=("confirmed", "returned"), decided_by__isnull=False, decided_at__isnull=False),
                name="signing_check_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(differences=0) | ~Q(opinion=""), name="signing_check_explained"
            ),
            models.UniqueConstraint(
                "project", "subscription", condition=_ALIVE & Q(state="asked"), name="signing_check_one_open"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SigningProcedure(ProjectModel):
    """The steps that a project asks for before a contract is made. In force it never changes: a new one replaces it,
    for subscriptions whose steps haven't begun."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("In use")
        RETIRED = "retired", _("Retired")

    frozen = ("name", "deleted_at")
    frozen_when = "OLD.state <> 'draft'"

    name = models.CharField(_("Name"), max_length=50)
    state = models.CharField(_("State"), max_length=7, choices=State.choices, default=State.DRAFT)
    active_from = models.DateField(_("In use from"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=("draft", "active", "retired")), name="procedure_state"),
            models.UniqueConstraint("project", condition=_ALIVE & Q(state="active"), name="procedure_one_active"),
        ]

    def __str__(self) -> str:
        return self.name


class ProcedureStep(ProjectModel):
    """One step: what must be so, and whose it is."""

    class Kind(models.TextChoices):
        DOCUMENTS = "documents", _("Documents are complete")
        MONEY = "money", _("Money is paid")
        CHECK = "check", _("Second person has checked")
        NOTICES = "notices", _("Notices are signed")
        MANUAL = "manual", _("Done by hand")

    guard_sql = procedure_guards.STEP_SQL

    procedure = ProjectKey(SigningProcedure, related_name="steps", verbose_name=_("Signing procedure"))
    seq = models.PositiveSmallIntegerField(_("No."))
    kind = models.CharField(_("Kind"), max_length=9, choices=Kind.choices)
    name = models.CharField(_("Name"), max_length=50)
    role = models.CharField(_("Role"), max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "procedure", "seq", condition=_ALIVE, name="procedure_step_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="procedure_step_seq"),
            models.CheckConstraint(
                condition=Q(kind__in=("documents", "money", "check", "notices", "manual")), name="procedure_step_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StepDone(ProjectFact):
    """A step of a subscription is done. The database takes it only after the step before it."""

    append_only = True
    audited = True
    guard_sql = procedure_guards.DONE_SQL

    subscription = ProjectKey(Subscription, verbose_name=_("Subscription"))
    step = ProjectKey(ProcedureStep, verbose_name=_("Signing step"))
    done_by = user_key(_("Done by"), null=True)
    done_at = models.DateTimeField(_("Done at"))
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["project", "subscription", "step"], name="step_done_of")]

    def __str__(self) -> str:
        return str(self.step)


class StepBack(ProjectFact):
    """A step that was done is open again: the row of its doing stays. The database takes it for the last step only,
    and not after the contract is made."""

    append_only = True
    audited = True
    guard_sql = procedure_guards.BACK_SQL

    done = ProjectKey(StepDone, related_name="backs", verbose_name=_("Step done"))
    reason = models.CharField(_("Reason"), max_length=200)
    by = user_key(_("Taken back by"), null=True)
    at = models.DateTimeField(_("Taken back at"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "done", name="step_back_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="step_back_explained"),
        ]

    def __str__(self) -> str:
        return str(self.done)
