"""Buyers of a deal and the documents they must bring."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import sums
from anchang.deals.models.chain import Deal
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class Buyer(ProjectModel):
    """A party of the deal, not a customer. Numbers are stored as cipher, digest and mask only; guardian and
    agent as cipher with the name in the open."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", pgettext_lazy("party", "Company")

    class IdType(models.TextChoices):
        ID_CARD = "id_card", _("Identity card")
        PASSPORT = "passport", _("Passport")
        HK_MO_PERMIT = "hk_mo_permit", _("Hong Kong or Macao permit")
        TW_PERMIT = "tw_permit", _("Taiwan permit")
        BIRTH_CERT = "birth_cert", _("Birth certificate")
        CREDIT_CODE = "credit_code", _("Credit code")

    guard_sql = sums.BUYER_SQL
    personal_of = "deal.customer"
    personal = {
        "name": "'***'", "id_cipher": "''::bytea", "id_digest": "'erased' || id", "id_masked": "'***'",
        "phone_cipher": "NULL", "phone_digest": "''", "phone_masked": "''", "guardian_name": "''",
        "guardian_cipher": "NULL", "agent_name": "''", "agent_cipher": "NULL", "warning": "''",
    }  # fmt: skip

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    seq = models.PositiveSmallIntegerField(_("No."))
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("Full name"), max_length=100)
    id_type = models.CharField(_("Document"), max_length=12, choices=IdType.choices, default=IdType.ID_CARD)
    id_cipher = models.BinaryField()
    id_digest = models.CharField(max_length=32)
    id_masked = models.CharField(_("Document number"), max_length=40)
    phone_cipher = models.BinaryField(null=True)
    phone_digest = models.CharField(max_length=32, blank=True)
    phone_masked = models.CharField(_("Phone"), max_length=30, blank=True)
    share = models.DecimalField(_("Ownership share"), max_digits=5, decimal_places=2, null=True)
    minor = models.BooleanField(_("Minor"), default=False)
    guardian_name = models.CharField(_("Guardian"), max_length=100, blank=True)
    guardian_cipher = models.BinaryField(null=True)
    agent_name = models.CharField(_("Authorised agent"), max_length=100, blank=True)
    agent_cipher = models.BinaryField(null=True)
    warning = models.CharField(_("Warning"), max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=("person", "company")), name="buyer_kind"),
            models.CheckConstraint(
                condition=models.Q(
                    id_type__in=(
                        "id_card",
                        "passport",
                        "hk_mo_permit",
                        "tw_permit",
                        "birth_cert",
                        "credit_code",
                    )
                ),
                name="buyer_id_type",
            ),
            models.CheckConstraint(
                condition=models.Q(share__isnull=True) | models.Q(share__gt=0, share__lte=100),
                name="buyer_share",
            ),
            models.UniqueConstraint(
                "project", "deal", "seq", condition=models.Q(deleted_at__isnull=True), name="buyer_seq_once"
            ),
            models.UniqueConstraint(
                "project", "deal", "id_digest", condition=models.Q(deleted_at__isnull=True), name="buyer_once"
            ),
        ]
        indexes = [models.Index(fields=["project", "id_digest"], name="buyer_id")]

    def __str__(self) -> str:
        return self.name


class RequiredDocument(ProjectModel):
    """A document that a kind of buyer must bring before signing (签约资料)."""

    class For(models.TextChoices):
        ANY = "any", _("Every deal")
        PERSON = "person", _("Each person")
        COMPANY = "company", _("Each company")
        MINOR = "minor", _("Each minor")
        MORTGAGE = "mortgage", _("Deals with a loan")

    name = models.CharField(_("Document needed"), max_length=60)
    needed_for = models.CharField(_("Needed for"), max_length=10, choices=For.choices, default=For.ANY)
    blocks_signing = models.BooleanField(_("Blocks signing"), default=True)
    order = models.PositiveSmallIntegerField(_("Order"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "name", "needed_for", condition=models.Q(deleted_at__isnull=True),
                name="required_document_once",
            ),
            models.CheckConstraint(
                condition=models.Q(needed_for__in=("any", "person", "company", "minor", "mortgage")),
                name="required_document_for",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class ReceivedDocument(ProjectFact):
    """A tick on the list: this document of this buyer (or of the deal) was received."""

    audited = True

    deal = ProjectKey(Deal)
    buyer = ProjectKey(Buyer, null=True)
    document = ProjectKey(RequiredDocument)
    received_at = models.DateTimeField(_("Received at"))
    received_by = user_key(_("Received by"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "deal", "buyer", "document", nulls_distinct=False, name="document_received_once"
            )
        ]
