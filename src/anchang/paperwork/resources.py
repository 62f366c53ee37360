"""What users see of paperwork."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.paperwork.models import (
    ArchiveDownload,
    DocumentTemplate,
    RiskNotice,
    SignatureRequest,
    SignedNotice,
    Signer,
    SigningCertificate,
)
from anchang.paperwork.providers import providers_named
from anchang.paperwork.queries import product_types
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.ui.navigation import Place, register_place

register(
    Resource(
        name="document-templates", model=DocumentTemplate, label=_("Document template"),
        plural=_("Document templates"), icon="template",
        fields=(
            Field("name", list=True), Field("kind", list=True),
            Field("product_type", kind="choice", choices=product_types, list=True), Field("edition", list=True),
            Field("active_from", list=True), Field("state", list=True), Field("file", to="files", list=True),
            Field("problems", filter=False, sort=False), Field("checked_at"), Field("created_at"),
        ),
        search=("name",), state_field="state", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="signature-requests", model=SignatureRequest, label=_("Electronic signature"),
        plural=_("Electronic signatures"), area="papers", icon="writing-sign", menu_order=32,
        fields=(
            Field("number", list=True), Field("kind", list=True), Field("title"), Field("unit", list=True),
            Field("customer", list=True), Field("signer_names", list=True),
            Field("consultant", label=_("Consultant"), source="deal__consultant", to="users"),
            Field("team", label=_("Team"), source="deal__team", to="teams"),
            Field("deal"), Field("subscription"), Field("contract"), Field("notice"), Field("state", list=True),
            Field("steps"),
            Field("in_order"), Field("provider", kind="choice", choices=providers_named),
            Field("expires_at"), Field("completed_at", list=True),
            Field("source_sha256"), Field("signed_sha256"), Field("certificate"), Field("verify_code"),
            Field("end_reason"), Field("created_at"),
        ),
        label_field="number", owner="deal__consultant", team="deal__team", state_field="state", order="-id",
        search=("number", "signer_names"),
        related=(Related("signers", "request"), Related("archive-downloads", "request")),
    )
)  # fmt: skip

register(
    Resource(
        name="signers", model=Signer, label=_("Signer"), plural=_("Signers"), icon="signature",
        fields=(
            Field("name", list=True), Field("request"), Field("seq", list=True), Field("buyer"),
            Field("role", list=True), Field("id_masked", list=True, filter=False, sort=False),
            Field("phone_masked", filter=False, sort=False), Field("state", list=True), Field("opened_at"),
            Field("proved_at"), Field("consented_at"), Field("signed_at", list=True), Field("channel"),
            Field("address"), Field("device"),
        ),
        owner="request__deal__consultant", team="request__deal__team", state_field="state", order="seq",
    )
)  # fmt: skip

register(
    Resource(
        name="archive-downloads", model=ArchiveDownload, label=_("Copy of a signed paper"),
        plural=_("Copies of signed papers"), icon="download",
        fields=(
            Field("title", label=_("Number"), source="request__number", list=True), Field("request"),
            Field("user", list=True), Field("at", list=True), Field("sha256"),
        ),
        label_field="title", owner="user", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="signing-certificates", model=SigningCertificate, label=_("Signing certificate"),
        plural=_("Signing certificates"), icon="certificate",
        fields=(
            Field("subject", list=True), Field("fingerprint", list=True), Field("valid_from", list=True),
            Field("valid_to", list=True), Field("certificate", filter=False, sort=False), Field("created_at"),
        ),
        label_field="subject", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="risk-notices", model=RiskNotice, label=_("Notice to sign"), plural=_("Notices to sign"), area="setup",
        icon="alert-triangle", menu_order=62,
        fields=(
            Field("title", list=True, form="both"), Field("code", list=True, form="create"),
            Field("edition", list=True), Field("state", list=True), Field("required", list=True, form="both"),
            Field("active_from", list=True), Field("text", form="both"), Field("text_sha256"), Field("created_at"),
        ),
        label_field="title", state_field="state", order="-id", search=("title",),
    )
)  # fmt: skip

register(
    Resource(
        name="signed-notices", model=SignedNotice, label=_("Signed notice"), plural=_("Signed notices"),
        icon="file-check",
        fields=(
            Field("title", label=_("Notice to sign"), source="notice__title", list=True), Field("notice"),
            Field("deal"), Field("buyer", list=True), Field("way", list=True), Field("signed_on", list=True),
            Field("file", to="files"), Field("request"), Field("text_sha256"), Field("by", list=True, to="users"),
            Field("at"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", order="-id",
    )
)  # fmt: skip

register_place(
    Place(
        "papers", "contract-archive", _("Contract archive"), "/archive/", "signature-requests.view", icon="archive",
        order=35,
    )
)  # fmt: skip
register_place(
    Place(
        "settings", "word-templates", _("Document templates"), "/templates/", "document-templates.view",
        icon="template", order=60,
    )
)  # fmt: skip
