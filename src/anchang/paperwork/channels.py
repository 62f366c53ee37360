"""How a signing code reaches its signer. A channel says what it is; the record of signing keeps its name.

Built in are `desk`, which tells the member of staff who sent the paper, who tells the buyer face to face; `sms`, a text
message by the project's gateway, which staff never see; and `log`, which writes to the server's log, for trials. An
installation may register others:

    register_channel("voice", send)     # send(ctx, signer, code) -> None; raises DomainError when it can't
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog

from anchang.kernel.errors import DomainError
from anchang.paperwork.messages import SIGN_CODE
from anchang.paperwork.models import Signer
from anchang.platform import personal
from anchang.platform.context import Context
from anchang.platform.outbox.queueing import Wanted, queue

log = structlog.get_logger(__name__)
Send = Callable[[Context, Signer, str], None]
_channels: dict[str, Send] = {}


def register_channel(name: str, send: Send) -> None:
    _channels[name] = send


def send_code(ctx: Context, signer: Signer, code: str) -> str:
    """Send by the channel of the project's parameter; its name. Raises channel_missing."""
    name = str(ctx.param("paperwork.code_channel"))
    if name not in _channels:
        raise DomainError("channel_missing", channel=name)
    _channels[name](ctx, signer, code)
    return name


def _by_desk(ctx: Context, signer: Signer, code: str) -> None:
    """A notice to whoever sent the paper and to the consultant; the code in it ends after minutes."""
    request = signer.request
    ctx.notify(
        [request.created_by_id, request.deal.consultant_id], "signing_code", request, signer=signer.name, given=code,
        number=request.number, minutes=int(ctx.param("paperwork.code_minutes")),
    )  # fmt: skip


def _by_sms(ctx: Context, signer: Signer, code: str) -> None:
    """Raises channel_missing without a gateway or a phone."""
    request, minutes = signer.request, int(ctx.param("paperwork.code_minutes"))
    wanted = Wanted(
        key=f"sign_code:{signer.pk}:{ctx.command_id}", record=signer, customer_id=request.customer_id, name=signer.name,
        phone=personal.decrypt(signer.phone_cipher) if signer.phone_cipher else "", owner_id=request.created_by_id,
        values={"code": code, "number": request.number, "minutes": minutes},
        expires_at=ctx.now + dt.timedelta(minutes=minutes),
    )  # fmt: skip
    if not queue(ctx, SIGN_CODE, [wanted]):
        raise DomainError("channel_missing", channel="sms")


def _by_log(ctx: Context, signer: Signer, code: str) -> None:
    log.warning("signing_code", signer=signer.pk, given=code)


register_channel("desk", _by_desk)
register_channel("sms", _by_sms)
register_channel("log", _by_log)
