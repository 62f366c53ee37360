"""Reads of paperwork: the template in force, papers of a deal, steps of a signed PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Value, When

from anchang.deals.models import Buyer, Deal
from anchang.paperwork.models import (
    DocumentTemplate,
    RiskNotice,
    SignatureRequest,
    SignedNotice,
    SignedPaper,
    Signer,
)
from anchang.paperwork.passes import Pass
from anchang.platform import files, resources
from anchang.platform.models import Project

MOST_TEMPLATES = 200


def product_types(project_id: int | None) -> Mapping[str, Any]:
    """The office's kinds of units, as the units' own field has them."""
    return resources.choices_of(resources.get("units").by_name["product_type"], project_id)


def active_template(project: Project, kind: str, product_type: str, day: dt.date) -> DocumentTemplate | None:
    """The template of a paper on that day: one for the product type before one for all, then the latest."""
    rows = DocumentTemplate.objects.filter(
        project=project, kind=kind, state=DocumentTemplate.State.ACTIVE, active_from__lte=day,
        product_type__in={"", product_type},
    )  # fmt: skip
    own = Case(When(product_type=product_type, then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.select_related("file").order_by(own, "-active_from", "-edition", "-id").first()


def templates_within(within: Q | None) -> list[DocumentTemplate]:
    """Templates in reach, by paper and product type, the newest edition first."""
    if within is None:
        return []
    return list(DocumentTemplate.objects.filter(within).order_by("kind", "product_type", "-edition")[:MOST_TEMPLATES])


def template_bytes(template: DocumentTemplate) -> bytes:
    with files.open_file(template.file) as content:
        data: bytes = content.read()
    return data


def paper_of(request: SignatureRequest, step: int | None = None) -> SignedPaper:
    """The PDF after `step` signatures; the newest when not given."""
    rows = SignedPaper.objects.filter(project_id=request.project_id, request=request)
    found = rows.filter(step=step) if step is not None else rows.order_by("-step")
    paper = found.first()
    if paper is None:
        raise LookupError(f"signature request {request.pk} has no paper")
    return paper


def signers_of(request: SignatureRequest) -> list[Signer]:
    return list(Signer.objects.filter(project_id=request.project_id, request=request).order_by("seq"))


def archive_search(text: str) -> Q:
    """Signed papers by number, signer, customer, unit, or the SHA-256 of the file."""
    found = Q(number__icontains=text) | Q(signer_names__icontains=text) | Q(customer__name__icontains=text)
    return found | Q(unit__code__icontains=text) | Q(signed_sha256=text.lower())


def signer_of(who: Pass) -> Signer | None:
    """Whom a link names, while it is his newest."""
    rows = Signer.objects.select_related("request__unit", "request__certificate", "project__company")
    return rows.filter(project=who.project, pk=who.signer, serial=who.serial).first()


def signer_again(signer: Signer) -> Signer:
    """As the database has him."""
    return Signer.objects.select_related("request__unit", "project__company").get(pk=signer.pk)


def completed_by_code(project_id: int, code: str) -> SignatureRequest | None:
    """The signed paper of a verification code."""
    rows = SignatureRequest.objects.select_related("project", "certificate")
    return rows.filter(project=project_id, verify_code=code, state=SignatureRequest.State.COMPLETED).first()


@dataclass(frozen=True)
class NoticeOfBuyer:
    """A notice in use beside one buyer; `signed`: his signature under this edition, by himself as he stands now."""

    notice: RiskNotice
    buyer: Buyer
    signed: SignedNotice | None


def notices_of(deal: Deal) -> list[NoticeOfBuyer]:
    """Every notice in use, per buyer of the deal. A buyer who was written anew keeps what he signed. Three queries."""
    in_use = RiskNotice.objects.filter(project_id=deal.project_id, state=RiskNotice.State.ACTIVE)
    notices = list(in_use.order_by("code"))
    if not notices:
        return []
    buyers = list(Buyer.objects.filter(project_id=deal.project_id, deal=deal).order_by("seq"))
    rows = SignedNotice.objects.filter(project_id=deal.project_id, deal=deal).annotate(who=F("buyer__id_digest"))
    had = {(row.notice_id, row.who): row for row in rows}
    return [NoticeOfBuyer(n, b, had.get((n.pk, b.id_digest))) for n in notices for b in buyers]


def unsigned_notices(deal: Deal) -> list[str]:
    """Titles of required notices that a buyer has still to sign, with his name."""
    return [f"{x.notice.title} ({x.buyer.name})" for x in notices_of(deal) if x.notice.required and x.signed is None]
