"""The signer's side: reading, proving who he is, confirming by code. Only the holder of his link acts here."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.kernel.errors import DomainError, forbidden
from anchang.paperwork import queries, sheets
from anchang.paperwork.channels import send_code
from anchang.paperwork.commands.notices import signed_electronically
from anchang.paperwork.commands.signing import TAIL, expire_request, keep_signed
from anchang.paperwork.identities import company_of, identity_of
from anchang.paperwork.models import SignatureRequest, Signer
from anchang.platform import personal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.documents.signing import signed
from anchang.platform.inputs import Input, Label

CODE_DIGITS = 6


class ProveInput(Input):
    """`tail`: the last four characters of the document that the deal knows him by."""

    name: Annotated[str, Field(max_length=100), Label(_("Full name"))]
    tail: Annotated[str, Field(min_length=TAIL, max_length=TAIL), Label(_("Last 4 of the document number"))]


class ConfirmInput(Input):
    code: Annotated[str, Field(min_length=CODE_DIGITS, max_length=CODE_DIGITS), Label(_("Code"), secret=True)]
    consent: Annotated[bool, Label(_("I have read the paper and agree to sign it electronically"))]
    address: Annotated[str, Field(max_length=60)] = ""
    device: Annotated[str, Field(max_length=200)] = ""


def _never(_signer: Signer) -> bool:
    return False


def _request_of(ctx: Context, signer: Signer) -> SignatureRequest:
    """The request, locked so that signers take turns. Raises for staff, for what is over, out of turn."""
    if ctx.actor.kind != "buyer":
        raise forbidden("signers.confirm")
    request = SignatureRequest.objects.select_for_update(no_key=True).get(project=ctx.here, pk=signer.request_id)
    expire_request(ctx, request)
    if request.state != SignatureRequest.State.OPEN:
        raise DomainError("signature_over")
    if signer.state == Signer.State.SIGNED:
        raise DomainError("signed_already")
    return request


def _check_turn(request: SignatureRequest, signer: Signer) -> None:
    if request.in_order:
        before = Signer.objects.filter(project=request.project_id, request=request, seq__lt=signer.seq)
        if before.exclude(state=Signer.State.SIGNED).exists():
            raise DomainError("not_your_turn")


@command(Signer, verb="open", label=_("Read the paper"), shape="", show=_never, name="open_paper_to_sign")
def open_paper(ctx: Context, signer: Signer) -> Signer:
    """The signer has opened the PDF."""
    _request_of(ctx, signer)
    if signer.opened_at is None:
        signer.opened_at, signer.state = ctx.now, Signer.State.OPENED
        signer.save(update_fields=["opened_at", "state", "updated_at"])
    return signer


@command(Signer, verb="prove", label=_("Check identity"), shape="", show=_never, name="prove_signer")
def prove(ctx: Context, signer: Signer, data: ProveInput) -> dict[str, Any]:
    """Name and document number against the deal's buyer; when they agree, a code is sent. Raises identity_wrong,
    paper_unread, not_your_turn."""
    request = _request_of(ctx, signer)
    _check_turn(request, signer)
    if signer.opened_at is None:
        raise DomainError("paper_unread")
    tail = personal.decrypt(signer.id_cipher)[-TAIL:].upper()
    same = hmac.compare_digest(tail.encode(), data.tail.upper().encode())
    if not same or "".join(data.name.split()) != "".join(signer.name.split()):
        raise DomainError("identity_wrong", status=422, fields={"tail": "identity_wrong"})
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    signer.code_digest = _digest(signer, code)
    signer.code_expires_at = ctx.now + dt.timedelta(minutes=int(ctx.param("paperwork.code_minutes")))
    signer.channel = send_code(ctx, signer, code)
    signer.state, signer.proved_at = Signer.State.PROVED, ctx.now
    signer.save(update_fields=["code_digest", "code_expires_at", "channel", "state", "proved_at", "updated_at"])
    ctx.event("signature.proved", request, customer_id=request.customer_id, signer=signer.seq, channel=signer.channel)
    return {"channel": signer.channel}


def _digest(signer: Signer, code: str) -> str:
    """Bound to the signer and his link; without the data key nobody gets from it to the code."""
    return personal.digest(f"signing-code:{signer.pk}:{signer.serial}:{code}")


@command(Signer, verb="confirm", label=_("Sign"), shape="", show=_never, name="confirm_signature")
def confirm(ctx: Context, signer: Signer, data: ConfirmInput) -> Signer:
    """Sign in the signer's name: consent given, code right and in time. After the last buyer the company's seal
    follows in the same transaction. Raises consent_missing, code_wrong, code_expired, not_your_turn."""
    request = _request_of(ctx, signer)
    _check_turn(request, signer)
    if not data.consent:
        raise DomainError("consent_missing", status=422, fields={"consent": "consent_missing"})
    if not signer.code_digest or signer.code_expires_at is None or signer.code_expires_at <= ctx.now:
        raise DomainError("code_expired", status=422, fields={"code": "code_expired"})
    if not hmac.compare_digest(_digest(signer, data.code), signer.code_digest):
        raise DomainError("code_wrong", status=422, fields={"code": "code_wrong"})
    signer.state, signer.signed_at, signer.consented_at, signer.code_digest = "signed", ctx.now, ctx.now, ""
    signer.address, signer.device = data.address, data.device
    signer.save(update_fields=["state", "signed_at", "consented_at", "code_digest", "address", "device", "updated_at"])
    _sign(ctx, request, signer)
    ctx.event(
        "signature.signed", request, customer_id=request.customer_id, deal=request.deal_id, signer=signer.seq,
        number=request.number,
    )  # fmt: skip
    signer.refresh_from_db()
    return signer


def _sign(ctx: Context, request: SignatureRequest, signer: Signer) -> None:
    identity, at = identity_of(request.certificate), ctx.here.local(ctx.now)
    pdf = signed(
        bytes(queries.paper_of(request).data), identity, sheets.field_of(signer.seq),
        sheets.name_stamp(signer.name, signer.role, at), name=signer.name, reason="买受人签署", place=ctx.here.city,
    )  # fmt: skip
    keep_signed(ctx, request, pdf, complete=False)
    rest = Signer.objects.filter(project=ctx.here, request=request).exclude(state=Signer.State.SIGNED)
    if rest.exists():
        return
    company = company_of(ctx)
    sealed = signed(
        pdf, identity, sheets.SELLER, sheets.seal(company, at), name=company, reason="出卖人盖章", place=ctx.here.city
    )
    keep_signed(ctx, request, sealed, complete=True)
    if request.notice_id is not None:
        signed_electronically(ctx, request)
