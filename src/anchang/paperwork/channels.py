"""How a signing code reaches its signer. A channel says what it is; the record of signing keeps its name.

Built in are two that send no text message: `desk` tells the member of staff who sent the paper, who tells the buyer
face to face, and `log` writes to the server's log, for trials. A text message channel is registered by an installation:

    register_channel("sms", send)     # send(ctx, signer, code) -> None; raises DomainError when it can't
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from anchang.kernel.errors import DomainError
from anchang.paperwork.models import Signer
from anchang.platform.context import Context

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


def _by_log(ctx: Context, signer: Signer, code: str) -> None:
    log.warning("signing_code", signer=signer.pk, given=code)


register_channel("desk", _by_desk)
register_channel("log", _by_log)
