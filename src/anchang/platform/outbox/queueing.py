"""Into the outbox: in the command's own transaction, once per key, by the channel that fits."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from anchang.kernel import phone as phones
from anchang.kernel.errors import DomainError
from anchang.platform import personal
from anchang.platform.context import Context
from anchang.platform.models import MessageChannel, MessageTemplate, OutgoingMessage, User
from anchang.platform.outbox import kinds, rules
from anchang.platform.outbox.kinds import MessageKind

State = OutgoingMessage.State
Kind = MessageChannel.Kind
ROBOTS = (Kind.WECOM, Kind.DINGTALK, Kind.FEISHU)
SEND = "platform.send_messages"
TASK = "message_by_hand"
LANGUAGE = "zh-hans"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One message. `key`: the same message is queued once however often it is asked for. `owner_id`: who is asked to
    send it by hand and told when it can't be delivered. `mention`: a robot's name for the member of staff."""

    key: str
    record: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    customer_id: int | None = None
    name: str = ""
    phone: str = ""
    mail: str = ""
    user_id: int | None = None
    mention: str = ""
    owner_id: int | None = None
    language: str = LANGUAGE
    expires_at: dt.datetime | None = None
    channel: MessageChannel | None = None


@dataclass
class _Words:
    """The project's templates and channels for one kind of message."""

    kind: MessageKind
    templates: dict[str, MessageTemplate]
    channels: list[MessageChannel]
    by_hand: bool

    @classmethod
    def of(cls, ctx: Context, kind: MessageKind) -> _Words:
        rows = MessageTemplate.objects.filter(project=ctx.here, kind=kind.name).select_related("channel")
        channels = MessageChannel.objects.filter(project=ctx.here, active=True).order_by("position", "id")
        return cls(kind, {t.language: t for t in rows}, list(channels), bool(ctx.param("platform.messages_by_hand")))

    def channel(self, wanted: Wanted) -> MessageChannel | None:
        if wanted.channel is not None:
            return wanted.channel
        template = self.templates.get(wanted.language)
        chosen = template.channel if template else None
        first = [chosen] if chosen is not None and chosen.active else []
        return next((c for c in (*first, *self.channels) if self.fits(c, wanted)), None)

    def fits(self, channel: MessageChannel, wanted: Wanted) -> bool:
        if channel.kind == Kind.MAIL:
            return bool(wanted.mail)
        if self.kind.audience == "staff":
            return channel.kind in ROBOTS
        if channel.kind == Kind.BY_HAND:
            return not self.kind.secret
        return channel.kind == Kind.SMS_HTTP and bool(wanted.phone)


def queue(ctx: Context, kind: MessageKind, wanted: Sequence[Wanted]) -> list[OutgoingMessage]:
    """Queue these messages; those whose key is known, whose template is switched off, or for which there is no way at
    all are left out. Customers who may not be written to get a message that says so and is never sent."""
    wanted = _new(ctx, wanted)
    if not wanted:
        return []
    words = _Words.of(ctx, kind)
    refused = kinds.refused(ctx, kind, sorted({w.customer_id for w in wanted if w.customer_id}))
    made = [m for w in wanted if (m := _message(ctx, words, w, refused.get(w.customer_id or 0, "")))]
    OutgoingMessage.objects.bulk_create(made, batch_size=1000)
    names = {w.key: w.name for w in wanted}
    for one in made:
        if one.state == State.BY_HAND and one.owner_id:
            ctx.task(one.owner_id, TASK, one, due_at=one.expires_at, name=names[one.key], message=kind.name)
    if any(one.state == State.QUEUED for one in made):
        ctx.defer(SEND)
    return made


def _new(ctx: Context, wanted: Sequence[Wanted]) -> list[Wanted]:
    by_key = {w.key: w for w in wanted}
    known = OutgoingMessage.everything.filter(project=ctx.here, key__in=list(by_key)).values_list("key", flat=True)
    for key in known:
        del by_key[key]
    return list(by_key.values())


def _message(ctx: Context, words: _Words, wanted: Wanted, refusal: str) -> OutgoingMessage | None:
    kind, template = words.kind, words.templates.get(wanted.language)
    if template is not None and not template.active:
        return None
    channel = words.channel(wanted)
    by_hand = channel.kind == Kind.BY_HAND if channel else _goes_by_hand(words, wanted)
    if channel is None and not by_hand:
        return None
    to = _address(channel, wanted)
    one = OutgoingMessage(
        project=ctx.here, kind=kind.name, audience=kind.audience, customer_id=wanted.customer_id,
        user_id=wanted.user_id, owner_id=wanted.owner_id or wanted.user_id,
        record_id=getattr(wanted.record, "pk", None), resource=kinds.resource_name(wanted.record),
        channel=channel, way=channel.kind if channel else Kind.BY_HAND,
        to_cipher=personal.encrypt(to) if to else None, to_masked=masked(to), urgent=kind.urgent, purpose=kind.purpose,
        content=personal.encrypt(json.dumps(content_of(ctx, kind, template, wanted), ensure_ascii=False)),
        expires_at=wanted.expires_at, key=wanted.key, created_by_id=ctx.user_id, next_at=ctx.now,
        state=State.BY_HAND if by_hand else State.QUEUED,
    )  # fmt: skip
    if refusal:
        one.state, one.error, one.next_at, one.content, one.to_cipher = State.DROPPED, refusal, None, None, None
    elif by_hand:
        one.next_at = None
    return one


def _goes_by_hand(words: _Words, wanted: Wanted) -> bool:
    return words.by_hand and words.kind.audience == "customer" and not words.kind.secret and bool(wanted.owner_id)


def _address(channel: MessageChannel | None, wanted: Wanted) -> str:
    if channel is not None and channel.kind == Kind.MAIL:
        return wanted.mail
    return wanted.mention if channel is not None and channel.kind in ROBOTS else wanted.phone


def content_of(ctx: Context, kind: MessageKind, template: MessageTemplate | None, wanted: Wanted) -> dict[str, Any]:
    """The finished words. A value that the template asks for and nobody gave is empty."""
    values = {name: wanted.values.get(name, "") for name in kind.variables} | {"project": ctx.here.name}
    text = template.text if template else kind.words(wanted.language)
    return {
        "text": rules.fill(text, values), "values": {k: str(v) for k, v in values.items()},
        "number": template.gateway_number if template else "",
    }  # fmt: skip


def content(message: OutgoingMessage) -> dict[str, Any]:
    """What was written, while it is kept; {} after."""
    found: dict[str, Any] = json.loads(personal.decrypt(message.content)) if message.content else {}
    return found


def masked(to: str) -> str:
    name, at, server = to.partition("@")
    if at:
        return f"{name[:1]}***@{server}"[:60]
    return phones.mask(to)[:30] if any(c.isdigit() for c in to) and len(to) >= 7 else to[:30]


def tell_staff(
    ctx: Context, kind: MessageKind, user_ids: Sequence[int], key: str, record: Any = None, **values: Any
) -> None:
    """The same message to each of these members of staff, by robot or mail; nothing where the project has neither."""
    people = User.objects.filter(pk__in=user_ids, is_active=True)
    queue(ctx, kind, [
        Wanted(key=f"{kind.name}:{key}:{user.pk}", record=record, values={"person": user.name, **values},
               user_id=user.pk, mention=user.username, mail=user.email, language=user.language)
        for user in people
    ])  # fmt: skip


def mark_done(ctx: Context, message: OutgoingMessage, state: str, error: str = "") -> None:
    """Write how a message ended and say it on the customer's timeline. Words with a secret in them are forgotten."""
    kind = kinds.find(message.kind)
    message.state, message.error, message.next_at = state, error[:200], None
    fields = ["state", "error", "next_at", "attempts", "updated_at"]
    if state == State.SENT:
        message.sent_at = timezone.now()
        fields += ["sent_at", "remote_number"]
    if kind is not None and kind.secret:
        message.content = None
        fields.append("content")
    message.save(update_fields=fields)
    ctx.finish_tasks("outgoing-messages", [message.pk], TASK)
    name = "message.sent" if state == State.SENT else "message.given_up"
    ctx.event(name, message, customer_id=message.customer_id, message=message.kind, way=message.way)


def check_way(channel: MessageChannel, phone: str, mail: str) -> None:
    """Raises bad_input for a channel that needs another address than the given one."""
    if (channel.kind == Kind.SMS_HTTP and not phone) or (channel.kind == Kind.MAIL and not mail):
        raise DomainError("bad_input", status=422, fields={"to": "required"})
