"""Pages without an account: the signer's, by the link that is his, and the check of a signed PDF."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anchang.kernel.actor import Actor
from anchang.kernel.errors import DomainError
from anchang.paperwork import passes, queries
from anchang.paperwork.commands.signing import counter_of
from anchang.paperwork.identities import der_of
from anchang.paperwork.models import SignatureRequest, Signer
from anchang.platform import attempts, commands, parameters
from anchang.platform.access import Access
from anchang.platform.documents.serving import PDF, served
from anchang.platform.documents.signing import check
from anchang.platform.models import Project
from anchang.platform.scope import set_scope
from anchang.platform.wording import worded

BUYER = Actor("buyer", None, "buyer")
MOST_BYTES = 20 * 1024 * 1024
_RIGHTS = ("signers.open", "signers.prove", "signers.confirm")
#: What counts as trying.
_TRIES = ("identity_wrong", "code_wrong")


def _enter(request: HttpRequest, text: str) -> Signer:
    """Open the request's scope for the signer whom the link names: his project, his commands, nothing else.

    Raises signing_link_invalid (403), too_many_attempts (429)."""
    try:
        who = passes.read(text, timezone.now().timestamp())
    except ValueError:
        who = None
    if who is None:
        raise DomainError("signing_link_invalid", status=403)
    set_scope([who.project], BUYER)
    signer = queries.signer_of(who)
    if signer is None:
        raise DomainError("signing_link_invalid", status=403)
    _count(signer, "views", "paperwork.views_per_hour")
    return signer


def _param(project: Project, key: str) -> int:
    return int(parameters.value(key, project, project.today()))


def _count(signer: Signer, what: str, key: str) -> None:
    counter = f"{counter_of(signer)}:{what}"
    attempts.check_attempts(counter, _param(signer.project, key))
    attempts.add_attempt(counter, 60)


def _own_access(signer: Signer) -> Access:
    return Access(BUYER, {signer.project_id: dict.fromkeys(_RIGHTS, "project")})


def _do(signer: Signer, command: str, **data: Any) -> Any:
    return commands.execute(commands.get(command), _own_access(signer), subject_id=signer.pk, data=data)


@login_not_required
@require_safe
def sign_page(request: HttpRequest, text: str) -> HttpResponse:
    """The paper to read, who is to sign, and the next step."""
    return _page(request, text, _enter(request, text))


def _page(
    request: HttpRequest, text: str, signer: Signer, message: str = "", errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    asked = signer.request
    over = asked.state != SignatureRequest.State.OPEN and signer.state != Signer.State.SIGNED
    waits = asked.in_order and any(
        s.state != Signer.State.SIGNED for s in queries.signers_of(asked) if s.seq < signer.seq
    )
    context = {
        "text": text, "signer": signer, "asked": asked, "over": over, "waits": waits, "message": message,
        "errors": errors or {}, "company": signer.project.developer or signer.project.company.name,
        "project": signer.project, "signed": signer.state == Signer.State.SIGNED,
        "code_sent": bool(signer.code_digest) and "again" not in request.GET,
        "verify": f"/verify/{asked.project_id}-{asked.verify_code}/" if asked.state == "completed" else "",
    }  # fmt: skip
    response = render(request, "paperwork/sign.html", context, status=status)
    response.keep_writes = True  # type: ignore[attr-defined]  # wrong codes stay counted
    return response


@login_not_required
@require_safe
def sign_paper(request: HttpRequest, text: str) -> HttpResponse:
    """The PDF as it stands; opening it is on record."""
    signer = _enter(request, text)
    asked = signer.request
    if signer.state != Signer.State.SIGNED:
        _do(signer, "open_paper_to_sign")
    return served(bytes(queries.paper_of(asked).data), f"{asked.title}-{asked.number}.pdf", PDF, "inline")


@login_not_required
@require_POST
def sign_code(request: HttpRequest, text: str) -> HttpResponse:
    """Prove who signs; a code is sent."""
    signer = _enter(request, text)
    data = {name: request.POST.get(name, "").strip() for name in ("name", "tail")}
    return _tried(request, text, signer, "prove_signer", data, codes=True)


@login_not_required
@require_POST
def sign_confirm(request: HttpRequest, text: str) -> HttpResponse:
    """Consent and code: signed."""
    signer = _enter(request, text)
    data = {
        "code": request.POST.get("code", "").strip(), "consent": request.POST.get("consent") == "on",
        "address": request.META.get("REMOTE_ADDR", "")[:60], "device": request.headers.get("User-Agent", "")[:200],
    }  # fmt: skip
    return _tried(request, text, signer, "confirm_signature", data)


def _tried(
    request: HttpRequest, text: str, signer: Signer, name: str, data: dict[str, Any], *, codes: bool = False
) -> HttpResponse:  # fmt: skip
    """Run the signer's command. Wrong names, numbers and codes count; with too many he is locked for a while."""
    counter = counter_of(signer)
    try:
        attempts.check_attempts(counter, _param(signer.project, "paperwork.code_tries"))
        if codes:
            _count(signer, "codes", "paperwork.codes_per_hour")
        _do(signer, name, **data)
    except DomainError as exc:
        if exc.status not in (409, 422, 429):
            raise
        if exc.code in _TRIES:
            attempts.add_attempt(counter, _param(signer.project, "paperwork.lock_minutes"))
        errors = {str(f): worded(str(code), exc.params) for f, code in exc.fields.items()}
        signer = queries.signer_again(signer)
        return _page(request, text, signer, worded(exc.code, exc.params), errors, exc.status)
    return redirect("sign", text=text)


# --- checking ------------------------------------------------------------------------------------


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Who signed the paper of this code and when, with its SHA-256. A PDF sent along is compared with it and its
    signatures are checked; it is not kept. Nothing else of the deal is shown."""
    found = _by_code(code)
    upload, result = request.FILES.get("file"), None
    if upload is not None:
        result = _compared(found, upload.read(MOST_BYTES + 1))
    signers = [(s.name[:1] + "*" * (len(s.name) - 1), s.signed_at) for s in queries.signers_of(found)]
    context = {
        "asked": found, "signers": signers, "result": result, "project": found.project, "title": _("Verification"),
        "said": _said(result) if result else "",
    }  # fmt: skip
    return render(request, "paperwork/verify.html", context)


def _by_code(code: str) -> SignatureRequest:
    project, _dash, secret = code.partition("-")
    if not (project.isascii() and project.isdigit() and len(project) < 19 and 20 < len(secret) <= 40):
        raise DomainError("verify_unknown", status=404)
    set_scope([int(project)], BUYER)
    found = queries.completed_by_code(int(project), secret)
    if found is None:
        raise DomainError("verify_unknown", status=404)
    return found


def _said(result: dict[str, Any]) -> str:
    if result["good"]:
        return _("This is the signed paper, unchanged.")
    if result["same"]:
        return _("This is the signed paper, but its signatures cannot be confirmed.")
    return _("This file is not the signed paper, or it was changed.")


def _compared(found: SignatureRequest, pdf: bytes) -> dict[str, Any]:
    if len(pdf) > MOST_BYTES:
        raise DomainError("file_too_large", status=413, limit=MOST_BYTES)
    digest = hashlib.sha256(pdf).hexdigest()
    same = digest == found.signed_sha256
    checked = check(pdf, der_of(found.certificate))
    return {
        "same": same, "sha256": digest, "signatures": len(checked),
        "good": same and bool(checked) and all(one.good for one in checked),
        "broken": sum(not one.good for one in checked),
    }  # fmt: skip
