"""Before a contract is signed: the clerk's review point by point (合同内容审核, K04), and a lawyer's review of what
leaves the standard terms (律师审核, K05)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Contract
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key

_ALIVE = Q(deleted_at__isnull=True)

#: No contract is signed while a lawyer still has it.
_LEGAL = """
CREATE OR REPLACE FUNCTION anchang_contract_legal() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM affairs_legalreview WHERE project_id = NEW.project_id AND contract_id = NEW.id
                  AND state = 'asked' AND deleted_at IS NULL) THEN
        RAISE EXCEPTION 'the lawyer has not decided'
            USING ERRCODE = '23514', CONSTRAINT = 'contract_legal';
    END IF;
    RETURN NEW;
END $$"""


class ReviewPoint(ProjectModel):
    """A point of the contract that the clerk looks at, as the office lists it."""

    name = models.CharField(_("Point of review"), max_length=60)
    hint = models.CharField(_("What to look at"), max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(_("Order"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "name", condition=_ALIVE, name="review_point_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ReviewResult(ProjectFact):
    """What one review said of one point. A later review adds rows of its own."""

    class Result(models.TextChoices):
        PASSED = "passed", pgettext_lazy("review", "In order")
        FAILED = "failed", pgettext_lazy("review", "To be corrected")
        ABSENT = "absent", pgettext_lazy("review", "Doesn't apply")

    append_only = True
    audited = True

    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    point = ProjectKey(ReviewPoint, verbose_name=_("Point of review"))
    name = models.CharField(_("Point of review"), max_length=60)
    result = models.CharField(_("Result"), max_length=6, choices=Result.choices)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    reviewed_by = user_key(_("Reviewed by"), null=True)
    reviewed_at = models.DateTimeField(_("Reviewed at"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(result__in=("passed", "failed", "absent")), name="review_result"),
            models.CheckConstraint(condition=~Q(result="failed") | ~Q(note=""), name="review_failure_explained"),
        ]
        indexes = [models.Index(fields=["project", "contract"], name="review_result_contract")]

    def __str__(self) -> str:
        return self.name


class LegalReview(ProjectModel):
    """Terms of a contract that leave the office's standard, before a lawyer.

    `terms`: [{clause, standard, text}]; `digest`: SHA-256 of them, so that a later change is noticed.
    """

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("legal review", "To be decided")
        PASSED = "passed", pgettext_lazy("legal review", "Passed")
        RETURNED = "returned", _("Sent back")
        DROPPED = "dropped", pgettext_lazy("legal review", "No longer needed")

    guard_sql = (
        _LEGAL,
        "CREATE OR REPLACE TRIGGER anchang_contract_legal BEFORE UPDATE OF state ON deals_contract "
        "FOR EACH ROW WHEN (NEW.state = 'signed' AND OLD.state = 'reviewed') "
        "EXECUTE FUNCTION anchang_contract_legal()",
    )
    frozen = ("contract_id", "terms", "digest", "state", "decided_by_id", "decided_at", "opinion")
    frozen_when = "OLD.state <> 'asked'"

    contract = ProjectKey(Contract, verbose_name=_("Contract"))
    terms = models.JSONField(_("Terms beyond the standard"), default=list)
    digest = models.CharField(max_length=64)
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = user_key(_("Asked by"), null=True)
    decided_by = user_key(_("Decided by"), null=True)
    decided_at = models.DateTimeField(_("Decided at"), null=True)
    opinion = models.CharField(_("Opinion"), max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("asked", "passed", "returned", "dropped")), name="legal_review_state"
            ),
            models.CheckConstraint(
                condition=~Q(state="passed") | Q(asked_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="legal_review_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("asked", "dropped")) | Q(decided_at__isnull=False), name="legal_review_decided"
            ),
            models.CheckConstraint(condition=~Q(state="returned") | ~Q(opinion=""), name="legal_review_explained"),
            models.UniqueConstraint(
                "project", "contract", condition=_ALIVE & Q(state="asked"), name="legal_review_one_open"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
