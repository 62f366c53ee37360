"""Launch day's own ASGI application, under /opening/ (settings.LIVE_APPS): nothing of Django between buyer and batch.

POST /opening/<id>/claim/<unit>    Authorization: Bearer <pass>    Idempotency-Key: <key of the tap>
    200 {"result": "won", "entry", "unit"}; 409, 403, 404 with another result; 503 try again with the same key
GET  /opening/<id>/events?pass=<pass>    server-sent events (opening.watching)
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import asyncpg
from django.db import connections

from anchang.opening import passes, rules
from anchang.opening.hall import Answer, Hall
from anchang.opening.passes import Pass
from anchang.opening.watching import Watch

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

STATUS = {rules.WON: 200, rules.NOT_ELIGIBLE: 403, rules.NOT_OFFERED: 404}
#: Passes that this process has verified; emptied when so many.
REMEMBERED = 200_000
_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]

_passes: dict[bytes, Pass] = {}
_halls: dict[int, Hall] = {}
_watches: dict[int, Watch] = {}


async def connect() -> Any:
    """A connection as the application's role, straight to the database (no pooler between: see docs)."""
    wanted = connections["default"].settings_dict
    options = wanted["OPTIONS"]
    return await asyncpg.connect(
        host=wanted["HOST"] or None, port=int(wanted["PORT"] or 5432), user=wanted["USER"] or None,
        password=wanted["PASSWORD"] or None, database=wanted["NAME"], ssl=options.get("sslmode"), timeout=10,
        command_timeout=30,
        server_settings={"application_name": f"anchang opening {os.getpid()}", "plan_cache_mode": "force_generic_plan"},
    )  # fmt: skip


def known_pass(text: bytes) -> Pass | None:
    """The pass, verified once and remembered; None when it is wrong or over."""
    found = _passes.get(text)
    if found is not None:
        return found if time.time() < found.expires else None
    try:
        found = passes.read(text.decode("ascii"), time.time())
    except ValueError:
        return None
    if found is not None:
        if len(_passes) >= REMEMBERED:
            _passes.clear()
        _passes[text] = found
    return found


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    parts = scope["path"].split("/")
    if scope["method"] == "POST" and len(parts) == 5 and parts[3] == "claim":
        await _claim(scope, parts, send)
    elif scope["method"] == "GET" and len(parts) == 4 and parts[3] == "events":
        await _events(scope, parts, receive, send)
    else:
        await _say(send, 404, b'{"code":"not_found"}')


async def _claim(scope: Scope, parts: list[str], send: Send) -> None:
    text = key = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            text = value[7:]
        elif name == b"idempotency-key":
            key = value
    who = known_pass(text)
    if who is None or not who.buyer or str(who.opening) != parts[2]:
        await _say(send, 401, b'{"code":"pass_invalid"}')
        return
    try:
        unit, tap = int(parts[4]), key.decode("ascii")
    except ValueError:
        unit, tap = 0, ""
    if not 0 < unit < 2**63 or not rules.is_key(tap):
        await _say(send, 422, b'{"code":"bad_input"}')
        return
    waiting = hall_of(who).attempt(who, unit, tap)
    if waiting is None:
        await _say(send, 429, b'{"code":"one_at_a_time"}')
        return
    await _tell(send, await waiting, parts[4].encode())


def hall_of(who: Pass) -> Hall:
    hall = _halls.get(who.opening)
    if hall is None:
        hall = _halls[who.opening] = Hall(who.project, who.opening, connect)
    return hall


async def _tell(send: Send, answer: Answer, unit: bytes) -> None:
    if answer.entry is None:
        code = b"not_open" if answer.result == rules.NOT_OPEN else b"try_again"
        await _say(send, 409 if answer.result == rules.NOT_OPEN else 503, b'{"code":"%b"}' % code)
        return
    body = b'{"result":"%b","entry":%d,"unit":%b}' % (answer.result.encode(), answer.entry, unit)
    await _say(send, STATUS.get(answer.result, 409), body)


async def _say(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": _JSON})
    await send({"type": "http.response.body", "body": body})


async def _events(scope: Scope, parts: list[str], receive: Receive, send: Send) -> None:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    who = known_pass(query.get("pass", [""])[0].encode("ascii", "replace"))
    if who is None or str(who.opening) != parts[2]:
        await _say(send, 401, b'{"code":"pass_invalid"}')
        return
    watch = _watches.get(who.opening)
    if watch is None:
        watch = _watches[who.opening] = Watch(who.project, who.opening, connect)
    await watch.serve(who, receive, send)
