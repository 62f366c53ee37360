"""The office's side of electronic signing: sending, links, withdrawing, copies from the archive."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Buyer, Contract, Subscription
from anchang.deals.papers import contract_paper, subscription_paper
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.identity import mask_number
from anchang.kernel.phone import mask
from anchang.paperwork import passes, queries, sheets
from anchang.paperwork.identities import certificate_of
from anchang.paperwork.models import ArchiveDownload, SignatureRequest, SignedPaper, Signer
from anchang.paperwork.providers import BUILT_IN, provider_of, providers_named
from anchang.platform import attempts, personal
from anchang.platform.commands import command, settles
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line

_CONTRACT_STATES = ("reviewed", "signed", "filed")
_SUBSCRIPTION_STATES = ("active", "overdue")


class SendInput(Input):
    in_order: Annotated[bool, Label(_("One after another"))] = True
    provider: Annotated[Line, Label(_("Provider"), "choice", choices=providers_named)] = BUILT_IN


class WithdrawInput(Input):
    reason: Annotated[Line, Label(_("Reason"))] = ""


def _only_in(*states: str) -> Any:
    return lambda paper: None if paper.state in states else Refusal("state_refused", {"state": paper.state})


@command(
    Contract, verb="esign", label=_("Send for electronic signature"), icon="writing-sign",
    refuses=_only_in(*_CONTRACT_STATES), show=lambda c: c.state in _CONTRACT_STATES, name="send_contract_to_sign",
)  # fmt: skip
def send_contract(ctx: Context, contract: Contract, data: SendInput) -> SignatureRequest:
    """Ask the buyers to sign the whole contract (K02). What they read is what is stored and signed."""
    request = SignatureRequest(contract=contract, kind="contract", title="商品房买卖合同")
    return send_paper(ctx, contract, request, data, contract_paper(contract, by=ctx.actor.name, full=True, now=ctx.now))


@command(
    Subscription, verb="esign", label=_("Send for electronic signature"), icon="writing-sign",
    refuses=_only_in(*_SUBSCRIPTION_STATES), show=lambda s: s.state in _SUBSCRIPTION_STATES,
    name="send_subscription_to_sign",
)  # fmt: skip
def send_subscription(ctx: Context, subscription: Subscription, data: SendInput) -> SignatureRequest:
    """Ask the buyers to sign the subscription form."""
    request = SignatureRequest(subscription=subscription, kind="subscription", title="商品房认购书")
    paper = subscription_paper(subscription, by=ctx.actor.name, full=True, now=ctx.now)
    return send_paper(ctx, subscription, request, data, paper)


def send_paper(
    ctx: Context, paper: Contract | Subscription, request: SignatureRequest, data: SendInput, pdf: bytes
) -> SignatureRequest:  # fmt: skip
    """Store the request with its signers and the paper as it is signed. Raises too_many_buyers, signer_unknown."""
    provider = provider_of(data.provider)
    buyers = list(Buyer.objects.filter(project=ctx.here, deal=paper.deal_id).order_by("seq"))
    if not buyers or len(buyers) > sheets.MOST_SIGNERS:
        raise DomainError("too_many_buyers", status=422)
    signers = [_signer(ctx, seq, buyer) for seq, buyer in enumerate(buyers, 1)]
    request.project, request.deal_id, request.customer_id = ctx.here, paper.deal_id, paper.customer_id
    request.unit_id, request.number, request.provider = paper.unit_id, paper.number, provider.name
    request.in_order, request.created_by_id = data.in_order, ctx.user_id
    request.signer_names = "、".join(s.name for s in signers)[:500]
    request.expires_at = ctx.now + dt.timedelta(hours=int(ctx.param("paperwork.link_hours")))
    request.certificate = certificate_of(ctx)
    request.verify_code = secrets.token_urlsafe(24)
    request.source_sha256 = hashlib.sha256(pdf).hexdigest()
    request.save(force_insert=True)
    for signer in signers:
        signer.request = request
    Signer.objects.bulk_create(signers)
    _keep(ctx, request, 0, provider.send(ctx, request, signers, pdf))
    ctx.event(
        "signature.sent", request, customer_id=request.customer_id, deal=request.deal_id, number=request.number,
        signers=len(signers), sha256=request.source_sha256,
    )  # fmt: skip
    ctx.index([request], fresh=True)
    request.refresh_from_db()
    return request


def _signer(ctx: Context, seq: int, buyer: Buyer) -> Signer:
    """A company signs by its agent, a minor by the guardian, everybody else in person."""
    made = Signer(project=ctx.here, seq=seq, buyer=buyer, created_by_id=ctx.user_id)
    cipher, made.role = None, Signer.Role.BUYER
    if buyer.kind == Buyer.Kind.COMPANY:
        cipher, made.role = buyer.agent_cipher, Signer.Role.AGENT
    elif buyer.minor:
        cipher, made.role = buyer.guardian_cipher, Signer.Role.GUARDIAN
    if made.role == Signer.Role.BUYER:
        made.name, number = buyer.name, personal.decrypt(buyer.id_cipher)
        phone = personal.decrypt(buyer.phone_cipher) if buyer.phone_cipher else ""
    else:
        who = json.loads(personal.decrypt(cipher)) if cipher else {}
        made.name, number, phone = who.get("name", "")[:100], who.get("id_number", ""), who.get("phone") or ""
    if not made.name or len(number) < TAIL:
        raise DomainError("signer_unknown", status=422, name=made.name or buyer.name)
    made.id_cipher, made.id_masked = personal.encrypt(number), mask_number(number)
    made.phone_cipher = personal.encrypt(phone) if phone else None
    made.phone_masked = mask(phone) if phone else ""
    return made


#: Characters of the document number that a signer gives.
TAIL = 4


def keep_signed(ctx: Context, request: SignatureRequest, pdf: bytes, *, complete: bool) -> SignedPaper:
    """The PDF with one signature more. `complete`: it is the last; the request is closed and never changes again."""
    request.steps += 1
    paper = _keep(ctx, request, request.steps, pdf)
    if complete:
        request.state, request.completed_at = SignatureRequest.State.COMPLETED, ctx.now
        request.signed_sha256 = paper.sha256
    request.save(update_fields=["steps", "state", "completed_at", "signed_sha256", "updated_at"])
    if complete:
        ctx.event(
            "signature.completed", request, customer_id=request.customer_id, deal=request.deal_id,
            number=request.number, sha256=paper.sha256,
        )  # fmt: skip
        ctx.notify(
            [request.created_by_id, request.deal.consultant_id], "signature_completed", request,
            number=request.number, unit=str(request.unit),
        )  # fmt: skip
    return paper


def _keep(ctx: Context, request: SignatureRequest, step: int, pdf: bytes) -> SignedPaper:
    return SignedPaper.objects.create(
        project=ctx.here, request=request, step=step, sha256=hashlib.sha256(pdf).hexdigest(), data=pdf, at=ctx.now
    )


@settles(SignatureRequest)
def expire_request(ctx: Context, request: SignatureRequest) -> None:
    """A request whose time is over is expired, whoever looks at it first."""
    if request.state == SignatureRequest.State.OPEN and request.expires_at <= ctx.now:
        end_request(ctx, request, SignatureRequest.State.EXPIRED)


def expire_requests(ctx: Context) -> int:
    """All of the project whose time is over; how many."""
    due = SignatureRequest.objects.select_for_update(no_key=True, skip_locked=True).filter(
        project=ctx.here, state=SignatureRequest.State.OPEN, expires_at__lte=ctx.now
    )
    found: Sequence[SignatureRequest] = list(due.order_by("id"))
    for request in found:
        end_request(ctx, request, SignatureRequest.State.EXPIRED)
    return len(found)


def end_request(ctx: Context, request: SignatureRequest, state: str, reason: str = "") -> None:
    provider_of(request.provider).withdraw(ctx, request)
    request.state, request.end_reason = state, reason
    request.save(update_fields=["state", "end_reason", "updated_at"])
    ctx.event(
        f"signature.{state}", request, customer_id=request.customer_id, deal=request.deal_id, number=request.number
    )


_only_open = _only_in("open")


@command(
    SignatureRequest, verb="withdraw", label=_("Withdraw"), icon="ban", shape="danger", refuses=_only_open,
    show=lambda r: r.state == "open", name="withdraw_signature",
)  # fmt: skip
def withdraw(ctx: Context, request: SignatureRequest, data: WithdrawInput) -> SignatureRequest:
    """Nobody may sign it any more. Signatures given so far stay in the archive's steps."""
    end_request(ctx, request, SignatureRequest.State.CANCELLED, data.reason)
    request.refresh_from_db()
    return request


def counter_of(signer: Signer) -> str:
    """Under which wrong codes of a signer are counted."""
    return f"sign:{signer.project_id}:{signer.pk}"


def link_of(signer: Signer, expires: dt.datetime) -> str:
    return f"/sign/{passes.issue(signer.project_id, signer.pk, signer.serial, expires)}/"


@command(
    Signer, verb="link", label=_("New link"), icon="link", private_answer=True, name="renew_signing_link",
    refuses=lambda s: Refusal("signed_already") if s.state == "signed" else None,
    show=lambda s: s.state != "signed",
)  # fmt: skip
def renew_link(ctx: Context, signer: Signer) -> dict[str, Any]:
    """The signer's link. Links given out before no longer work; a lock for wrong codes is lifted."""
    request = SignatureRequest.objects.select_for_update(no_key=True).get(project=ctx.here, pk=signer.request_id)
    expire_request(ctx, request)
    if why := _only_open(request):
        raise DomainError.of(why)
    signer.serial += 1
    signer.code_digest = ""
    signer.save(update_fields=["serial", "code_digest", "updated_at"])
    attempts.forget_attempts(counter_of(signer))
    ctx.event("signature.link", request, customer_id=request.customer_id, signer=signer.seq)
    return {"url": link_of(signer, request.expires_at), "expires_at": request.expires_at.isoformat()}


@command(
    SignatureRequest, verb="download", label=_("Take a copy"), icon="download", shape="", private_answer=True,
    refuses=lambda r: None if r.state == "completed" else Refusal("not_signed_yet"), name="download_signed_paper",
)  # fmt: skip
def log_download(ctx: Context, request: SignatureRequest) -> dict[str, Any]:
    """Log that the actor takes a copy of the signed PDF (K11). The bytes: `queries.paper_of`."""
    paper = queries.paper_of(request)
    assert ctx.user_id is not None, "copies are taken by people"
    ArchiveDownload.objects.create(
        project=ctx.here, request=request, user_id=ctx.user_id, at=ctx.now, sha256=paper.sha256
    )
    ctx.event("signature.downloaded", request, customer_id=request.customer_id, number=request.number)
    return {"sha256": paper.sha256, "size": len(paper.data)}
