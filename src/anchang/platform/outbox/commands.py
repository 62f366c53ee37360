"""Writes on channels, templates and messages."""

from __future__ import annotations

import json
import uuid
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field

from anchang.kernel import phone as phones
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import personal
from anchang.platform.access import bump_stamp
from anchang.platform.commands import command, constraint_errors, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Line, Name, Reason, Ref
from anchang.platform.models import MessageChannel, MessageTemplate, OutgoingMessage, RevealLog
from anchang.platform.outbox import http, kinds, rules
from anchang.platform.outbox import pushing as pushing
from anchang.platform.outbox.queueing import SEND, TASK, Wanted, check_way, content, mark_done, queue

constraint_errors({
    "message_channel_once": "already_exists", "message_template_once": "already_exists",
    "outgoing_message_once": "busy",
})  # fmt: skip

State = OutgoingMessage.State
KIND = Literal["sms_http", "wecom", "dingtalk", "feishu", "mail", "by_hand"]
METHOD = Literal["POST", "GET", "PUT"]
SIGNING = Literal["", "hex", "base64"]
LANGUAGE = Literal["zh-hans", "en"]
_STAYS = _("Never shown again; empty: stays as it is.")
_WORDS = _("Known words: {phone} {text} {signature} {template} {params} {key} {secret} {timestamp} {nonce}.")
#: Kinds with an address; of these, the ones whose request the office describes itself.
_CALLED = {"kind": ("sms_http", "wecom", "dingtalk", "feishu")}
_GATEWAY = {"kind": ("sms_http",)}
Short = Annotated[str, Field(max_length=50)]

kinds.declare(
    "channel_test", label=_("Test message"), audience="staff", urgent=True,
    text=_("Test message of {project}, sent by {person}."), variables={"person": _("Member of staff")},
)  # fmt: skip


# --- channels --------------------------------------------------------------------------------------


class ChannelData(Input):
    url: Annotated[
        str, Field(max_length=500), Label(_("Address"), kind="text", secret=True, help=_STAYS, only=_CALLED)
    ] = ""
    method: Annotated[METHOD, Label(_("Method"), only=_GATEWAY)] = "POST"
    headers: Annotated[
        dict[str, str],
        Label(_("Headers"), pairs=(_("Name"), _("Value")), help=_STAYS, only=_GATEWAY),
        Field(max_length=20),
    ] = {}
    body: Annotated[str, Field(max_length=4000), Label(_("Body"), "longtext", help=_WORDS, only=_GATEWAY)] = ""
    secret: Annotated[
        str, Field(max_length=500), Label(_("Secret"), kind="password", secret=True, help=_STAYS, only=_CALLED)
    ] = ""
    signature: Annotated[str, Field(max_length=30), Label(_("Signature before the text"))] = ""
    signing: Annotated[SIGNING, Label(_("Signing"), choices=dict(MessageChannel.Signing.choices), only=_GATEWAY)] = ""
    sign_text: Annotated[Line, Label(_("What is signed"), only=_GATEWAY)] = ""
    sign_header: Annotated[Short, Label(_("Header of the signature"), only=_GATEWAY)] = ""
    ok_path: Annotated[Short, Label(_("Field of the answer"), help=_("For instance: code"), only=_GATEWAY)] = ""
    ok_value: Annotated[Short, Label(_("Its value when accepted"), only=_GATEWAY)] = ""
    id_path: Annotated[Short, Label(_("Field with the gateway's number"), only=_GATEWAY)] = ""
    position: Annotated[int, Between(0, 1000), Label(_("Position"))] = 10


class NewChannel(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Name"))]
    kind: Annotated[KIND, Label(_("Kind"), choices=dict(MessageChannel.Kind.choices))]


class ChannelInput(ChannelData, NewChannel):
    """The form begins with name and kind: pydantic takes the fields of the last base first."""


class ChannelName(Input):
    name: Annotated[Name, Label(_("Name"))] = ""


class ChannelEdit(ChannelData, ChannelName):
    active: Annotated[bool, Label(_("Active"))] = True


@creates(MessageChannel, label=_("New channel"), shape="primary", private_answer=True)
def add_message_channels(ctx: Context, rows: list[ChannelInput]) -> list[MessageChannel]:
    """Raises message_address_refused, message_needs_address, message_headers_wrong."""
    made = []
    for row in rows:
        one = MessageChannel(project=ctx.here, name=row.name, kind=row.kind, created_by_id=ctx.user_id)
        _write(one, row, set(type(row).model_fields) - {"project", "name", "kind"})
        if one.kind not in ("mail", "by_hand") and one.url_cipher is None:
            raise DomainError("message_needs_address", status=422, fields={"url": "message_needs_address"})
        made.append(one)
    MessageChannel.objects.bulk_create(made)
    for one in made:
        ctx.event("record.created", one)
    bump_stamp()
    return made


@edits(MessageChannel, label=_("Edit"))
def edit_message_channel(ctx: Context, channel: MessageChannel, data: ChannelEdit) -> MessageChannel:
    """Address, headers and secret stay unless new ones are given. Raises message_secret_again: what another host would
    be told must be known to whoever names the host."""
    host = channel.host
    _write(channel, data, data.model_fields_set)
    kept = [n for n in ("secret", "headers") if getattr(channel, f"{n}_cipher") and not getattr(data, n)]
    if channel.host != host and kept:
        raise DomainError("bad_input", status=422, fields=dict.fromkeys(kept, "message_secret_again"))
    channel.save()
    bump_stamp()
    ctx.event("record.edited", channel, fields=", ".join(sorted(data.model_fields_set)))
    return channel


def _write(one: MessageChannel, data: ChannelData, names: set[str]) -> None:
    for name in names - {"url", "headers", "secret"}:
        setattr(one, name, getattr(data, name))
    if data.url:
        one.host = _host_of(data.url)
        one.url_cipher = personal.encrypt(data.url)
    if data.headers:
        if any(not n.isascii() or not n.replace("-", "").isalnum() or "\n" in v for n, v in data.headers.items()):
            raise DomainError("bad_input", status=422, fields={"headers": "message_headers_wrong"})
        one.headers_cipher = personal.encrypt(json.dumps(data.headers))
        one.header_names = ", ".join(data.headers)[:200]
    if data.secret:
        one.secret_cipher = personal.encrypt(data.secret)


def _host_of(url: str) -> str:
    try:
        http.check_url(url)
    except http.AddressRefused:
        raise DomainError("bad_input", status=422, fields={"url": "message_address_refused"}) from None
    parts = urlsplit(url)
    if "{" in parts.netloc:
        raise DomainError("bad_input", status=422, fields={"url": "message_address_refused"})
    return f"{parts.scheme}://{parts.netloc}"[:200]


class TestInput(Input):
    to: Annotated[str, Field(max_length=100), Label(_("Phone or mail"), help=_("Robots need none."), secret=True)] = ""


def _number(text: str) -> str:
    found = phones.normalise(text)
    if found is None:
        raise DomainError("bad_input", status=422, fields={"to": "bad_value"})
    return found


@command(MessageChannel, verb="test", label=_("Send me a test message"), icon="send", shape="primary",
         name="test_message_channel", show=lambda c: c.active and c.kind != "by_hand",
         refuses=lambda c: None if c.active and c.kind != "by_hand" else Refusal("message_closed"))  # fmt: skip
def test_channel(ctx: Context, channel: MessageChannel, data: TestInput) -> OutgoingMessage:
    """Through the outbox like any other; the message's page says how it ended."""
    mail = data.to if "@" in data.to else ""
    number = "" if mail or not data.to else _number(data.to)
    check_way(channel, number, mail)
    wanted = Wanted(
        key=f"channel_test:{uuid.uuid4().hex}", record=channel, values={"person": ctx.actor.name}, phone=number,
        mail=mail, user_id=ctx.user_id, channel=channel,
    )  # fmt: skip
    return queue(ctx, kinds.get("channel_test"), [wanted])[0]


# --- templates -------------------------------------------------------------------------------------


class TemplateData(Input):
    gateway_number: Annotated[str, Field(max_length=60), Label(_("Template number at the gateway"))] = ""
    channel: Annotated[Ref("message-channels") | None, Label(_("By way of"))] = None


class TemplateInput(TemplateData):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    kind: Annotated[str, Field(max_length=40), Label(_("Message"), choices=kinds.choices)]
    language: Annotated[LANGUAGE, Label(_("Language"), choices=dict(MessageTemplate.Language.choices))] = "zh-hans"
    text: Annotated[str, Field(min_length=1, max_length=500), Label(pgettext_lazy("message", "Text"), "longtext")]


class TemplateEdit(TemplateData):
    text: Annotated[str, Field(min_length=1, max_length=500), Label(pgettext_lazy("message", "Text"), "longtext")] = ""
    active: Annotated[bool, Label(_("Active"))] = True


def _checked(kind_name: str, text: str) -> str:
    kind = kinds.find(kind_name)
    if kind is None:
        raise DomainError("bad_input", status=422, fields={"kind": "bad_choice"})
    if unknown := rules.unknown_variables(text, [*kind.variables, "project"]):
        raise DomainError(
            "bad_input", status=422, fields={"text": "message_variables_unknown"},
            names=" ".join(f"{{{n}}}" for n in unknown),
        )  # fmt: skip
    return text


@creates(MessageTemplate, label=_("Own words for a message"), shape="primary")
def add_message_templates(ctx: Context, rows: list[TemplateInput]) -> list[MessageTemplate]:
    """Raises message_variables_unknown for a placeholder that this message doesn't fill."""
    made = [
        MessageTemplate(
            project=ctx.here, kind=row.kind, language=row.language, text=_checked(row.kind, row.text),
            gateway_number=row.gateway_number, channel=row.channel, created_by_id=ctx.user_id,
        )
        for row in rows
    ]  # fmt: skip
    MessageTemplate.objects.bulk_create(made)
    for one in made:
        ctx.event("record.created", one)
    return made


@edits(MessageTemplate, label=_("Edit"))
def edit_message_template(ctx: Context, template: MessageTemplate, data: TemplateEdit) -> MessageTemplate:
    if "text" in data.model_fields_set:
        _checked(template.kind, data.text)
    for name in data.model_fields_set:
        setattr(template, name, getattr(data, name))
    template.save()
    ctx.event("record.edited", template, fields=", ".join(sorted(data.model_fields_set)))
    return template


# --- messages --------------------------------------------------------------------------------------


def _in(*states: str) -> Any:
    return lambda m: m.state in states


def _only(*states: str) -> Any:
    return lambda m: None if m.state in states else Refusal("message_closed")


@command(OutgoingMessage, verb="write", label=_("Write it myself"), icon="message", shape="primary",
         show=_in("by_hand"), refuses=_only("by_hand"), private_answer=True, name="write_message")  # fmt: skip
def write_by_hand(ctx: Context, message: OutgoingMessage) -> dict[str, Any]:
    """The finished words to copy, and a link that opens them in the phone's own messages. The number in it counts as
    looked at, and is on record."""
    words = content(message)
    if not words:
        raise DomainError("message_words_gone")
    number = personal.decrypt(message.to_cipher) if message.to_cipher else ""
    if number:
        RevealLog.objects.create(
            project=ctx.here, kind="phone", resource="outgoing-messages", record_id=message.pk, user_id=ctx.user_id,
            reason=TASK,
        )  # fmt: skip
    link = f"sms:{number}?body={quote(words['text'])}" if number else ""
    return {"id": message.pk, "text": words["text"], "sms": link}


@command(OutgoingMessage, verb="sent", label=_("I have sent it"), icon="check", show=_in("by_hand"),
         refuses=_only("by_hand"), name="message_sent_by_hand")  # fmt: skip
def sent_by_hand(ctx: Context, message: OutgoingMessage) -> OutgoingMessage:
    mark_done(ctx, message, State.SENT)
    return message


class DropInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@command(OutgoingMessage, verb="drop", label=_("Don't send"), icon="ban", show=_in("queued", "failed", "by_hand"),
         refuses=_only("queued", "failed", "by_hand"), shape="danger", name="drop_message")  # fmt: skip
def drop_message(ctx: Context, message: OutgoingMessage, data: DropInput) -> OutgoingMessage:
    mark_done(ctx, message, State.DROPPED, data.reason)
    return message


@command(OutgoingMessage, verb="retry", label=_("Try again"), icon="refresh", show=_in("given_up", "failed"),
         refuses=_only("given_up", "failed"), name="retry_message")  # fmt: skip
def retry_message(ctx: Context, message: OutgoingMessage) -> OutgoingMessage:
    """At once, counted from the first attempt again. Raises message_words_gone when they are no longer kept."""
    if message.content is None:
        raise DomainError("message_words_gone")
    message.state, message.attempts, message.next_at, message.error = State.QUEUED, 0, ctx.now, ""
    message.save(update_fields=["state", "attempts", "next_at", "error", "updated_at"])
    ctx.defer(SEND)
    return message
