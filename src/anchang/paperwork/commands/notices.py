"""Texts of notices, and who has signed them (K06)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.deals.models import Buyer, Subscription
from anchang.kernel.errors import DomainError, Refusal
from anchang.paperwork import notice_paper, queries
from anchang.paperwork.commands.signing import SendInput, send_paper
from anchang.paperwork.models import RiskNotice, SignatureRequest, SignedNotice
from anchang.platform.commands import command, constraint_errors, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Ref
from anchang.platform.models import StoredFile

constraint_errors({
    "signed_notice_once": "signed_already_notice", "signature_open_of_notice": "signature_open",
    "paperwork_risknotice_posted": "notice_in_use", "risk_notice_edition_once": "already_exists",
    "signed_notice_text": ("notice_in_use", 422),
})  # fmt: skip

Text = Annotated[str, Field(min_length=1, max_length=20_000), Label(_("Text"), kind="longtext")]
Title = Annotated[str, Field(min_length=1, max_length=100), Label(_("Title"))]


class NoticeInput(Input):
    code: Annotated[str, Field(min_length=1, max_length=20), Label(_("Code"))]
    title: Title
    text: Text
    required: Annotated[bool, Label(_("Required before signing"))] = True


class NoticeEdit(Input):
    title: Title = ""
    text: Text = ""
    required: Annotated[bool, Label(_("Required before signing"))] = True


class SignNoticeInput(Input):
    """`buyers`: all of the deal when none is named."""

    notice: Annotated[Ref("risk-notices"), Label(_("Notice to sign"))]
    file: Annotated[Ref("files"), Label(_("Scan"))]
    buyers: Annotated[list[Ref("buyers")], Label(_("Buyers"))] = []
    signed_on: Annotated[Day | None, Label(_("Signed on"))] = None


class SendNoticeInput(SendInput):
    notice: Annotated[Ref("risk-notices"), Label(_("Notice to sign"))]


@creates(RiskNotice, label=_("New notice to sign"))
def add_risk_notices(ctx: Context, rows: Sequence[NoticeInput]) -> list[RiskNotice]:
    """The next edition of its code, as a draft."""
    made = []
    for row in rows:
        last = RiskNotice.objects.filter(project=ctx.here, code=row.code).aggregate(last=Max("edition"))["last"] or 0
        notice = RiskNotice(
            project=ctx.here, code=row.code, edition=last + 1, title=row.title, text=row.text, required=row.required,
            created_by_id=ctx.user_id,
        )  # fmt: skip
        notice.save()
        ctx.event("risk_notice.added", notice, title=notice.title, edition=notice.edition)
        made.append(notice)
    return made


def _only_in(state: str) -> dict[str, Any]:
    def why(notice: RiskNotice) -> Refusal | None:
        return None if notice.state == state else Refusal("state_refused", {"state": notice.state})

    return {"refuses": why, "show": lambda notice: why(notice) is None}


@edits(RiskNotice, label=_("Edit"), refuses=_only_in("draft")["refuses"])
def edit_risk_notice(ctx: Context, notice: RiskNotice, data: NoticeEdit) -> RiskNotice:
    for name in data.model_fields_set:
        setattr(notice, name, getattr(data, name))
    notice.save(update_fields=[*data.model_fields_set, "updated_at"])
    notice.refresh_from_db()
    return notice


@command(RiskNotice, verb="activate", label=_("Put in use"), icon="player-play", shape="primary", **_only_in("draft"))
def activate_risk_notice(ctx: Context, notice: RiskNotice) -> RiskNotice:
    """Its text is sealed; the edition in use until now is retired."""
    former = RiskNotice.objects.filter(project=ctx.here, code=notice.code, state=RiskNotice.State.ACTIVE)
    former.update(state=RiskNotice.State.RETIRED)
    notice.text_sha256 = hashlib.sha256(notice.text.encode()).hexdigest()
    notice.state, notice.active_from = RiskNotice.State.ACTIVE, ctx.business_date
    notice.save(update_fields=["text_sha256", "state", "active_from", "updated_at"])
    ctx.event("risk_notice.activated", notice, title=notice.title, edition=notice.edition)
    notice.refresh_from_db()
    return notice


@command(RiskNotice, verb="retire", label=_("Take out of use"), icon="player-stop", **_only_in("active"))
def retire_risk_notice(ctx: Context, notice: RiskNotice) -> RiskNotice:
    notice.state = RiskNotice.State.RETIRED
    notice.save(update_fields=["state", "updated_at"])
    ctx.event("risk_notice.retired", notice, title=notice.title, edition=notice.edition)
    notice.refresh_from_db()
    return notice


def _before_signing(subscription: Subscription) -> Refusal | None:
    good = subscription.state in ("active", "overdue")
    return None if good else Refusal("state_refused", {"state": subscription.state})


def _in_use(notice: RiskNotice) -> RiskNotice:
    if notice.state != RiskNotice.State.ACTIVE:
        raise DomainError("notice_not_in_use", status=422, fields={"notice": "notice_not_in_use"})
    return notice


@command(
    Subscription, verb="sign-notice", label=_("Notice signed on paper"), icon="file-alert", shape="",
    refuses=_before_signing,
)  # fmt: skip
def sign_notice(ctx: Context, subscription: Subscription, data: SignNoticeInput) -> Subscription:
    """Record the scan of a notice that buyers signed on paper. Raises notice_not_in_use, signed_already_notice."""
    notice, stored = _in_use(data.notice), _own_file(ctx, data.file)
    signed_on = data.signed_on or ctx.business_date
    if signed_on > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"signed_on": "date_in_future"})
    buyers = list(Buyer.objects.filter(project=ctx.here, deal=subscription.deal_id))
    wanted = {buyer.pk for buyer in data.buyers} or {buyer.pk for buyer in buyers}
    chosen = [buyer for buyer in buyers if buyer.pk in wanted]
    if len(chosen) != len(wanted):
        raise DomainError("bad_input", status=422, fields={"buyers": "not_found"})
    made = _record(ctx, notice, subscription, chosen, way="paper", file=stored, signed_on=signed_on)
    StoredFile.objects.filter(pk=stored.pk).update(resource="signed-notices", record_id=made[0].pk)
    return subscription


def _own_file(ctx: Context, stored: StoredFile) -> StoredFile:
    """A file of the caller that belongs to no record yet."""
    if stored.resource or stored.created_by_id != ctx.user_id:
        raise DomainError("bad_input", status=422, fields={"file": "not_found"})
    return stored


def _record(
    ctx: Context, notice: RiskNotice, subscription: Subscription, buyers: Sequence[Buyer], **proof: Any
) -> list[SignedNotice]:
    made = SignedNotice.objects.bulk_create(
        SignedNotice(
            project=ctx.here, notice=notice, deal_id=subscription.deal_id, buyer=buyer, by_id=ctx.user_id, at=ctx.now,
            text_sha256=notice.text_sha256, **proof,
        )
        for buyer in buyers
    )  # fmt: skip
    ctx.event(
        "risk_notice.signed", subscription, customer_id=subscription.customer_id, deal=subscription.deal_id,
        title=notice.title, edition=notice.edition, buyers=len(made),
    )  # fmt: skip
    return made


@command(
    Subscription, verb="esign-notice", label=_("Send a notice for electronic signature"), icon="writing-sign",
    shape="", refuses=_before_signing,
)  # fmt: skip
def esign_notice(ctx: Context, subscription: Subscription, data: SendNoticeInput) -> SignatureRequest:
    """Ask the buyers to sign the notice electronically. Raises notice_not_in_use, signature_open."""
    notice = _in_use(data.notice)
    request = SignatureRequest(subscription=subscription, kind="notice", notice=notice, title=notice.title)
    return send_paper(ctx, subscription, request, data, notice_paper.notice_pdf(notice, subscription, now=ctx.now))


def signed_electronically(ctx: Context, request: SignatureRequest) -> None:
    """All buyers of the request have signed its notice."""
    assert request.notice is not None and request.subscription is not None
    had = SignedNotice.objects.filter(project=ctx.here, notice=request.notice).values("buyer")
    buyers = [signer.buyer for signer in queries.signers_of(request)]
    missing = list(Buyer.objects.filter(pk__in=[b.pk for b in buyers]).exclude(pk__in=had))
    if missing:
        _record(
            ctx, request.notice, request.subscription, missing, way="esign", request=request,
            signed_on=ctx.business_date,
        )  # fmt: skip
