"""Notices that a buyer reads and signs before the contract (风险提示、不利因素公示, K06)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Buyer, Deal
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key

_ALIVE = Q(deleted_at__isnull=True)

#: What was signed is the text of the notice, and whoever signed is a buyer of the deal.
_SIGNED = """
CREATE OR REPLACE FUNCTION anchang_notice_signed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE known text; its_deal bigint;
BEGIN
    SELECT text_sha256 INTO known FROM paperwork_risknotice
     WHERE project_id = NEW.project_id AND id = NEW.notice_id AND state <> 'draft';
    SELECT deal_id INTO its_deal FROM deals_buyer WHERE project_id = NEW.project_id AND id = NEW.buyer_id;
    IF known IS DISTINCT FROM NEW.text_sha256 OR its_deal IS DISTINCT FROM NEW.deal_id THEN
        RAISE EXCEPTION 'not the text or not a buyer' USING ERRCODE = '23514', CONSTRAINT = 'signed_notice_text';
    END IF;
    RETURN NEW;
END $$"""


class RiskNotice(ProjectModel):
    """One edition of a notice's text. In use it never changes; another text is the next edition of its code."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("In use")
        RETIRED = "retired", _("Retired")

    frozen = ("code", "edition", "title", "text", "text_sha256", "required", "active_from", "deleted_at")
    frozen_when = "OLD.state <> 'draft'"

    code = models.CharField(_("Code"), max_length=20)
    edition = models.PositiveSmallIntegerField(_("Version"), default=1)
    title = models.CharField(_("Title"), max_length=100)
    text = models.TextField(_("Text"))
    text_sha256 = models.CharField(_("SHA-256 of the text"), max_length=64, blank=True)
    required = models.BooleanField(_("Required before signing"), default=True)
    state = models.CharField(_("State"), max_length=7, choices=State.choices, default=State.DRAFT)
    active_from = models.DateField(_("In use from"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", "edition", condition=_ALIVE, name="risk_notice_edition_once"),
            models.UniqueConstraint(
                "project", "code", condition=_ALIVE & Q(state="active"), name="risk_notice_one_active"
            ),
            models.CheckConstraint(condition=Q(state__in=("draft", "active", "retired")), name="risk_notice_state"),
            models.CheckConstraint(
                condition=Q(state="draft") | ~Q(text_sha256="") & Q(active_from__isnull=False),
                name="risk_notice_sealed",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SignedNotice(ProjectFact):
    """A buyer has signed this edition: on paper (its scan is a file) or electronically (the request)."""

    class Way(models.TextChoices):
        PAPER = "paper", _("On paper")
        ESIGN = "esign", _("Electronically")

    append_only = True
    audited = True
    guard_sql = (
        _SIGNED,
        "CREATE OR REPLACE TRIGGER anchang_notice_signed BEFORE INSERT ON paperwork_signednotice "
        "FOR EACH ROW EXECUTE FUNCTION anchang_notice_signed()",
    )

    notice = ProjectKey(RiskNotice, verbose_name=_("Notice to sign"))
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    buyer = ProjectKey(Buyer, verbose_name=_("Buyer"))
    way = models.CharField(pgettext_lazy("signing", "Way"), max_length=5, choices=Way.choices)
    file = ProjectKey("platform.StoredFile", null=True, verbose_name=_("Scan"))
    request = ProjectKey("paperwork.SignatureRequest", null=True, verbose_name=_("Signature request"))
    text_sha256 = models.CharField(_("SHA-256 of the text"), max_length=64)
    signed_on = models.DateField(_("Signed on"))
    by = user_key(_("Recorded by"), null=True)
    at = models.DateTimeField(_("Recorded at"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "notice", "buyer", name="signed_notice_once"),
            models.CheckConstraint(
                condition=Q(way="paper", file__isnull=False, request__isnull=True)
                | Q(way="esign", file__isnull=True, request__isnull=False),
                name="signed_notice_proof",
            ),
        ]
        indexes = [models.Index(fields=["project", "deal"], name="signed_notice_deal")]

    def __str__(self) -> str:
        return self.way
