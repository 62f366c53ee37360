"""How one message goes out: a gateway's request from the channel's own words, a robot's as its maker says, a mail.

Robots: 企业微信群机器人, 钉钉自定义机器人 (加签), 飞书自定义机器人 (签名校验), as their documentation has them in 2026.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.core.mail import EmailMessage
from django.utils.encoding import force_str

from anchang.platform import personal
from anchang.platform.models import MessageChannel
from anchang.platform.outbox import http, kinds, rules

Kind = MessageChannel.Kind
#: Where a robot's answer says that it took the message.
_ROBOT_OK = {Kind.WECOM: ("errcode", "0"), Kind.DINGTALK: ("errcode", "0"), Kind.FEISHU: ("code", "0")}
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True)
class Parcel:
    """A message that was taken out of the outbox, as plain values. Never logged."""

    id: int
    attempts: int
    key: str
    kind: str
    to: str
    text: str
    number: str
    values: dict[str, str]
    channel: MessageChannel = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """`error`: a code or a status, never a part of what the gateway said. `final`: trying again doesn't help."""

    ok: bool
    error: str = ""
    number: str = ""
    final: bool = False


def deliver(parcel: Parcel, timeout: float) -> Outcome:
    """Send it, outside any transaction."""
    try:
        if parcel.channel.kind == Kind.MAIL:
            return _mail(parcel)
        if parcel.channel.kind == Kind.SMS_HTTP:
            return _gateway(parcel, timeout)
        return _robot(parcel, timeout)
    except http.AddressRefused:
        return Outcome(False, "address_refused", final=True)
    except http.NotReached:
        return Outcome(False, "not_reached")


def _mail(parcel: Parcel) -> Outcome:
    kind = kinds.find(parcel.kind)
    subject = force_str(kind.label) if kind else parcel.kind
    try:
        sent = EmailMessage(f"{parcel.values.get('project', '')} {subject}".strip(), parcel.text, to=[parcel.to]).send()
    except OSError:  # SMTPException is one
        return Outcome(False, "not_reached")
    except ValueError:  # a line break in the address or the subject
        return Outcome(False, "bad_address", final=True)
    return Outcome(True) if sent else Outcome(False, "no_mail_server", final=True)


# --- gateways --------------------------------------------------------------------------------------


def secret_of(channel: MessageChannel) -> str:
    return personal.decrypt(channel.secret_cipher) if channel.secret_cipher else ""


def _gateway(parcel: Parcel, timeout: float) -> Outcome:
    channel = parcel.channel
    url = personal.decrypt(channel.url_cipher or b"")
    text = (f"【{channel.signature}】" if channel.signature else "") + parcel.text
    values = {
        "phone": parcel.to, "text": text, "signature": channel.signature, "template": parcel.number, "key": parcel.key,
        "params": json.dumps(parcel.values, ensure_ascii=False), "secret": secret_of(channel),
        "timestamp": str(int(time.time())), "nonce": uuid.uuid4().hex,
    }  # fmt: skip
    kind = rules.body_kind(channel.body)
    address = rules.fill_body(url, values, "form")
    body = rules.fill_body(channel.body, values, kind) if channel.method != "GET" else ""
    headers = {"Content-Type": _JSON["Content-Type"] if kind == "json" else "application/x-www-form-urlencoded",
               "Idempotency-Key": quote(parcel.key)}  # fmt: skip
    given = json.loads(personal.decrypt(channel.headers_cipher)) if channel.headers_cipher else {}
    headers |= {name: rules.fill_body(str(value), values, "text") for name, value in given.items()}
    headers |= _signed(channel, values, address, body)
    answer = http.call(address, method=channel.method, headers=headers, body=body, timeout=timeout)
    return _outcome(answer, channel.ok_path, channel.ok_value, channel.id_path)


def _signed(channel: MessageChannel, values: dict[str, str], address: str, body: str) -> dict[str, str]:
    """The header with the HMAC over what the channel says; without words of its own, timestamp and body."""
    if not channel.signing:
        return {}
    parts = urlsplit(address)
    known = values | {"method": channel.method, "path": parts.path or "/", "query": parts.query, "body": body}
    text = rules.fill_body(channel.sign_text or "{timestamp}\n{body}", known, "text").replace("\\n", "\n")
    return {
        channel.sign_header or "X-Signature": rules.hmac_sha256(values["secret"], text, channel.signing),
        "X-Timestamp": values["timestamp"], "X-Nonce": values["nonce"],
    }  # fmt: skip


def _outcome(answer: http.Answer, path: str, value: str, id_path: str = "") -> Outcome:
    said = answer.json()
    if rules.accepted(answer.status, said, path, value):
        number = rules.at_path(said, id_path) if id_path else ""
        return Outcome(True, number=str(number or "")[:100])
    return Outcome(False, f"status_{answer.status}" if not 200 <= answer.status < 300 else "not_accepted")


# --- robots ----------------------------------------------------------------------------------------


def _robot(parcel: Parcel, timeout: float) -> Outcome:
    channel = parcel.channel
    url = personal.decrypt(channel.url_cipher or b"")
    secret, moment = secret_of(channel), time.time()
    body: dict[str, Any]
    if channel.kind == Kind.WECOM:
        mention = {"mentioned_list": [parcel.to]} if parcel.to else {}
        body = {"msgtype": "text", "text": {"content": parcel.text, **mention}}
    elif channel.kind == Kind.DINGTALK:
        at = {"at": {"atUserIds": [parcel.to]}} if parcel.to else {}
        body = {"msgtype": "text", "text": {"content": parcel.text + (f" @{parcel.to}" if parcel.to else "")}, **at}
        if secret:
            stamp = str(int(moment * 1000))
            sign = rules.hmac_sha256(secret, f"{stamp}\n{secret}", "base64")
            url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": sign})
    else:
        at_text = f'<at user_id="{parcel.to}"></at> ' if parcel.to else ""
        body = {"msg_type": "text", "content": {"text": at_text + parcel.text}}
        if secret:
            stamp = str(int(moment))
            body |= {"timestamp": stamp, "sign": rules.hmac_sha256(f"{stamp}\n{secret}", "", "base64")}
    answer = http.call(url, headers=_JSON, body=json.dumps(body, ensure_ascii=False), timeout=timeout)
    return _outcome(answer, *_ROBOT_OK[Kind(channel.kind)])
