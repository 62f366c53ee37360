"""Launch day's own application, under /opening/ (settings.LIVE_APPS): nothing of Django between buyer and batch.

POST /opening/<id>/claim/<unit>    Authorization: Bearer <pass>    Idempotency-Key: <key of the tap>
    200 {"result": "won", "entry", "unit"}; 409, 403, 404 with another result; 503 try again with the same key
GET  /opening/<id>/events?pass=<pass>    server-sent events (opening.watching)
"""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import parse_qs

import asyncpg
from django.db import connections

from anchang.opening import passes, rules
from anchang.opening.hall import Answer, Hall
from anchang.opening.passes import Pass
from anchang.opening.watching import Watch

STATUS = {rules.WON: 200, rules.NOT_ELIGIBLE: 403, rules.NOT_OFFERED: 404}
#: Passes that this process has verified; emptied when so many.
REMEMBERED = 200_000
_JSON = [("content-type", "application/json"), ("cache-control", "no-store")]

_passes: dict[str, Pass] = {}
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


def known_pass(text: str) -> Pass | None:
    """The pass, verified once and remembered; None when it is wrong or over."""
    found = _passes.get(text)
    if found is not None:
        return found if time.time() < found.expires else None
    try:
        found = passes.read(text, time.time())
    except ValueError:
        return None
    if found is not None:
        if len(_passes) >= REMEMBERED:
            _passes.clear()
        _passes[text] = found
    return found


async def application(scope: Any, protocol: Any) -> None:
    parts = scope.path.split("/")
    if scope.method == "POST" and len(parts) == 5 and parts[3] == "claim":
        await _claim(scope.headers, parts, protocol)
    elif scope.method == "GET" and len(parts) == 4 and parts[3] == "events":
        await _events(scope, parts, protocol)
    else:
        _say(protocol, 404, b'{"code":"not_found"}')


async def _claim(headers: Any, parts: list[str], protocol: Any) -> None:
    who = known_pass(headers.get("authorization", "")[7:])
    if who is None or not who.buyer or str(who.opening) != parts[2]:
        _say(protocol, 401, b'{"code":"pass_invalid"}')
        return
    tap, unit = headers.get("idempotency-key", ""), _number(parts[4])
    if not unit or not rules.is_key(tap):
        _say(protocol, 422, b'{"code":"bad_input"}')
        return
    waiting = hall_of(who).attempt(who, unit, tap)
    if waiting is None:
        _say(protocol, 429, b'{"code":"one_at_a_time"}')
        return
    _tell(protocol, await waiting, unit)


def _number(text: str) -> int:
    """A positive number that fits into a key; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def hall_of(who: Pass) -> Hall:
    hall = _halls.get(who.opening)
    if hall is None:
        hall = _halls[who.opening] = Hall(who.project, who.opening, connect)
    return hall


def _tell(protocol: Any, answer: Answer, unit: int) -> None:
    if answer.entry is None:
        code = b"not_open" if answer.result == rules.NOT_OPEN else b"try_again"
        _say(protocol, 409 if answer.result == rules.NOT_OPEN else 503, b'{"code":"%b"}' % code)
        return
    body = b'{"result":"%b","entry":%d,"unit":%d}' % (answer.result.encode(), answer.entry, unit)
    _say(protocol, STATUS.get(answer.result, 409), body)


def _say(protocol: Any, status: int, body: bytes) -> None:
    protocol.response_bytes(status, _JSON, body)


async def _events(scope: Any, parts: list[str], protocol: Any) -> None:
    who = known_pass(parse_qs(scope.query_string).get("pass", [""])[0])
    if who is None or str(who.opening) != parts[2]:
        _say(protocol, 401, b'{"code":"pass_invalid"}')
        return
    watch = _watches.get(who.opening)
    if watch is None:
        watch = _watches[who.opening] = Watch(who.project, who.opening, connect)
    await watch.serve(who, protocol)
