"""Electronic signing (电子签约): what was sent to whom, each step of the signed PDF, and copies taken of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Buyer, Contract, Deal, Subscription
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class SigningCertificate(ProjectModel):
    """The project's own certificate. Its key is encrypted by the data key; nothing of it ever changes."""

    frozen = ("subject", "certificate", "key_cipher", "fingerprint", "valid_from", "valid_to")
    frozen_when = "true"

    subject = models.CharField(_("Subject"), max_length=200)
    certificate = models.TextField(_("Certificate"))
    key_cipher = models.BinaryField()
    fingerprint = models.CharField(_("Fingerprint (SHA-256)"), max_length=64)
    valid_from = models.DateTimeField(_("Valid from"))
    valid_to = models.DateTimeField(_("Valid to"))

    class Meta:
        constraints = [models.UniqueConstraint("project", "fingerprint", name="signing_certificate_once")]

    def __str__(self) -> str:
        return self.subject


class SignatureRequest(ProjectModel):
    """A paper of a deal that its buyers are asked to sign. Once it is completed it is the archive's copy."""

    class State(models.TextChoices):
        OPEN = "open", _("Being signed")
        COMPLETED = "completed", pgettext_lazy("paper", "Signed by all")
        CANCELLED = "cancelled", _("Withdrawn")
        EXPIRED = "expired", _("Expired")

    class Kind(models.TextChoices):
        SUBSCRIPTION = "subscription", _("Subscription form")
        CONTRACT = "contract", _("Sale contract")
        NOTICE = "notice", _("Notice to the buyer")

    frozen = (
        "deal_id", "subscription_id", "contract_id", "kind", "number", "title", "provider", "source_sha256",
        "signed_sha256", "completed_at", "state", "verify_code", "certificate_id", "in_order", "signer_names",
        "notice_id",
    )  # fmt: skip
    frozen_when = "OLD.state = 'completed'"
    personal_of = "deal.customer"
    personal = {"signer_names": "'***'"}

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    subscription = ProjectKey(Subscription, null=True, verbose_name=_("Subscription"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    notice = ProjectKey("paperwork.RiskNotice", null=True, verbose_name=_("Notice to sign"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"))
    kind = models.CharField(pgettext_lazy("paper", "Paper"), max_length=12, choices=Kind.choices)
    title = models.CharField(_("Title"), max_length=100)
    number = models.CharField(_("Number"), max_length=30)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    provider = models.CharField(_("Provider"), max_length=30, default="built-in")
    in_order = models.BooleanField(_("One after another"), default=True)
    signer_names = models.CharField(_("Signers"), max_length=500, blank=True)
    steps = models.PositiveSmallIntegerField(_("Signatures"), default=0)
    expires_at = models.DateTimeField(_("Expires at"))
    source_sha256 = models.CharField(_("SHA-256 of the paper"), max_length=64)
    signed_sha256 = models.CharField(_("SHA-256 of the signed PDF"), max_length=64, blank=True)
    completed_at = models.DateTimeField(_("Completed at"), null=True)
    certificate = ProjectKey(SigningCertificate, verbose_name=_("Certificate"))
    verify_code = models.CharField(_("Verification code"), max_length=40)
    end_reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(subscription__isnull=False, contract__isnull=True)
                | models.Q(subscription__isnull=True, contract__isnull=False),
                name="signature_of_one_paper",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("open", "completed", "cancelled", "expired")), name="signature_state"
            ),
            models.UniqueConstraint(
                "project", "contract", condition=models.Q(state="open"), name="signature_open_of_contract"
            ),
            models.UniqueConstraint(
                "project", "subscription", condition=models.Q(state="open", notice__isnull=True),
                name="signature_open_of_subscription",
            ),
            models.UniqueConstraint(
                "project", "deal", "notice", condition=models.Q(state="open"), name="signature_open_of_notice"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="notice", notice__isnull=False)
                | ~models.Q(kind="notice") & models.Q(notice__isnull=True),
                name="signature_notice",
            ),
            models.UniqueConstraint("project", "verify_code", name="signature_verify_code"),
        ]
        indexes = [
            models.Index(fields=["project", "deal"], name="signature_deal"),
            models.Index(fields=["project", "state", "-id"], name="signature_state_new"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"


class Signer(ProjectModel):
    """Who signs, with the record of who he is (实名记录). After signing it never changes."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        OPENED = "opened", _("Read the paper")
        PROVED = "proved", _("Identity checked")
        SIGNED = "signed", _("Signed")

    class Role(models.TextChoices):
        BUYER = "buyer", _("Buyer")
        GUARDIAN = "guardian", _("Guardian")
        AGENT = "agent", _("Authorised agent")

    frozen = (
        "request_id", "seq", "buyer_id", "role", "name", "id_cipher", "id_masked", "phone_masked", "state",
        "opened_at", "proved_at", "consented_at", "signed_at", "channel", "address", "device",
    )  # fmt: skip
    frozen_when = "OLD.state = 'signed'"
    personal_of = "request.deal.customer"
    personal = {
        "name": "'***'", "id_cipher": "''::bytea", "id_masked": "'***'", "phone_cipher": "NULL",
        "phone_masked": "''", "address": "''", "device": "''",
    }  # fmt: skip

    request = ProjectKey(SignatureRequest, verbose_name=_("Signature request"))
    seq = models.PositiveSmallIntegerField(_("No."))
    buyer = ProjectKey(Buyer, verbose_name=_("Buyer"))
    role = models.CharField(_("Signs as"), max_length=8, choices=Role.choices, default=Role.BUYER)
    name = models.CharField(_("Full name"), max_length=100)
    id_cipher = models.BinaryField()
    id_masked = models.CharField(_("Document number"), max_length=40)
    phone_cipher = models.BinaryField(null=True)
    phone_masked = models.CharField(_("Phone"), max_length=30, blank=True)
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.WAITING)
    serial = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(_("Opened at"), null=True)
    proved_at = models.DateTimeField(_("Identity checked at"), null=True)
    consented_at = models.DateTimeField(_("Consented at"), null=True)
    signed_at = models.DateTimeField(_("Signed at"), null=True)
    code_digest = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True)
    channel = models.CharField(_("Code sent by"), max_length=20, blank=True)
    address = models.CharField(_("Network address"), max_length=60, blank=True)
    device = models.CharField(_("Device"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=("waiting", "opened", "proved", "signed")), name="signer_state"
            ),
            models.UniqueConstraint("project", "request", "seq", name="signer_seq_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SignedPaper(ProjectFact):
    """The PDF after `step` signatures, 0 as it was sent. The database neither changes nor deletes it."""

    append_only = True
    personal_of = "request.deal.customer"
    personal = {"*": "delete"}

    request = ProjectKey(SignatureRequest)
    step = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("project", "request", "step", name="signed_paper_step")]


class ArchiveDownload(ProjectFact):
    """Somebody took a copy of a signed paper (K11)."""

    append_only = True

    request = ProjectKey(SignatureRequest, verbose_name=_("Signature request"))
    user = user_key(_("User"))
    at = models.DateTimeField(_("Time"))
    sha256 = models.CharField(_("SHA-256 of the signed PDF"), max_length=64)

    class Meta:
        indexes = [models.Index(fields=["project", "request"], name="archive_download_request")]

    def __str__(self) -> str:
        return self.sha256[:12]
