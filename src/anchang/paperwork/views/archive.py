"""The archive of signed papers (合同档案, K11): found by any key, copies logged; the links of signers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.paperwork import queries
from anchang.paperwork.models import SignatureRequest
from anchang.platform import commands, reading, resources
from anchang.platform.documents.serving import PDF, served
from anchang.platform.reading import Query
from anchang.platform.ui.gate import access_of, project_ids_of

_SHOWN = ("number", "kind", "unit", "customer", "signer_names", "completed_at", "signed_sha256")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Signed papers, newest first; found by number, signer, customer, unit or the file's SHA-256."""
    access = access_of(request)
    access.require("signature-requests.view")
    text = request.GET.get("q", "").strip()[:100]
    resource = resources.get("signature-requests")
    where: dict[str, object] = {"field": "state", "op": "eq", "value": "completed"}
    extra = queries.archive_search(text) if text else None
    page = reading.list_rows(
        resource, access, Query(project_ids=project_ids_of(request), where=where, columns=_SHOWN, extra=extra)
    )
    return render(request, "paperwork/archive.html", {"rows": page.items, "q": text, "more": page.next is not None})


@require_POST
def copy(request: HttpRequest, record_id: int) -> HttpResponse:
    """The signed PDF; who took it and when is logged first. Raises not_signed_yet, forbidden, not_found."""
    access = access_of(request)
    commands.execute(commands.get("download_signed_paper"), access, subject_id=record_id, data={})
    found = reading.get_record(resources.get("signature-requests"), access, record_id, "signature-requests.download")
    assert isinstance(found, SignatureRequest)
    return served(bytes(queries.paper_of(found).data), f"{found.title}-{found.number}-已签.pdf", PDF)


@require_POST
def link(request: HttpRequest, record_id: int) -> HttpResponse:
    """A signer's link, to be handed to him alone. Older ones stop working."""
    access = access_of(request)
    told = commands.execute(commands.get("renew_signing_link"), access, subject_id=record_id, data={})
    signer = reading.get_record(resources.get("signers"), access, record_id)
    context = {
        "signer": signer, "url": request.build_absolute_uri(told["url"]), "expires_at": signer.request.expires_at,
        "title": _("Link to sign"),
    }  # fmt: skip
    return render(request, "paperwork/link.html", context)


@require_safe
def signing(request: HttpRequest, record_id: int) -> HttpResponse:
    """How far a paper is: who has signed, links for those who have not."""
    access = access_of(request)
    found = reading.get_record(resources.get("signature-requests"), access, record_id)
    signers = queries.signers_of(found) if access.may("signers.view", found.project_id) else []
    context = {
        "request_": found, "signers": signers,
        "may_link": found.state == "open" and access.may("signers.link", found.project_id),
        "may_copy": found.state == "completed" and access.may("signature-requests.download", found.project_id),
        "verify_url": request.build_absolute_uri(f"/verify/{found.project_id}-{found.verify_code}/"),
    }  # fmt: skip
    return render(request, "paperwork/signing.html", context)
