"""The unit board of 5,000 units, and how soon 500 open boards hear of a change."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

from anchang.inventory.models import Building, Layout, Licence, Unit
from anchang.inventory.models.tree import Phase
from bench import filling, office
from bench.figures import Figure, figure, median_ms

UNITS, BUILDINGS, FLOORS, ROOMS = 5000, 25, 25, 8
BOARDS = 500
CHANGES = 5


def measure() -> Iterator[Figure]:
    project = office.make_project()
    manager = office.make_person("director", "director", project)
    cookie, token = f"sessionid={office.session_cookie(manager)}", office.token(manager)
    _fill(project.pk)
    filling.settle()
    with office.running() as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def board(path: str, headers: dict[str, str]) -> bytes:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(body[:500])
            return body

        page = median_ms(lambda: board("/board/", {"Cookie": cookie}), 15)
        plain = median_ms(lambda: board("/board/?part=grid", {"Cookie": cookie}), 15)
        if board("/board/", {"Cookie": cookie}).count(b'class="cell"') != UNITS:
            raise RuntimeError("units are missing on the board")
        yield figure("unit_board", page, "ms", plain, "the cells alone", "<= 300 ms")
        spent = asyncio.run(_changes(port, cookie, token))
        yield figure(
            "unit_board.change", max(spent), "ms", min(spent), "the fastest of five changes",
            "<= 1,000 ms to 500 boards",
        )  # fmt: skip


def _fill(project_id: int) -> None:
    filling.fill(Phase, 1, {"id": "1", "project_id": str(project_id), "code": "'1'", "name": "'一期'"})
    filling.fill(Layout, 4, {"id": "g", "project_id": str(project_id), "code": "'L' || g", "name": "'户型' || g"})
    filling.fill(Building, BUILDINGS, {
        "id": "g", "project_id": str(project_id), "phase_id": "1", "code": "g::text", "name": "g || '幢'",
        "floors_above": str(FLOORS), "position": "g",
    })  # fmt: skip
    filling.fill(Licence, 1, {
        "id": "1", "project_id": str(project_id), "number": "'1'", "issued_on": "current_date",
    })  # fmt: skip
    place = {
        "building": f"(g - 1) / {FLOORS * ROOMS} + 1", "floor": f"(g - 1) / {ROOMS} % {FLOORS} + 1",
        "room": f"(g - 1) % {ROOMS} + 1",
    }  # fmt: skip
    code = f"({place['floor']} || '0' || {place['room']})"
    filling.fill(Unit, UNITS, {
        "project_id": str(project_id), "building_id": place["building"], "floor": place["floor"], "room": code,
        "code": code, "label": f"({place['building']} || '幢-' || {code})",
        "sort_key": f"(lpad(({place['building']})::text, 6, '0') || lpad({code}, 6, '0'))",
        "layout_id": "1 + g % 4", "predicted_gross_area": "89 + g % 60", "predicted_inner_area": "70 + g % 50",
        "state": "CASE g % 4 WHEN 0 THEN 'signed' WHEN 1 THEN 'controlled' ELSE 'unreleased' END",
        "list_unit_price": "21000 + g % 500", "list_total": "(21000 + g % 500) * (89 + g % 60)",
    })  # fmt: skip


async def _changes(port: int, cookie: str, token: str) -> list[float]:
    """Milliseconds from the answered change until the last board has it, for several changes."""
    boards = await asyncio.gather(*(_open(port, cookie) for _ in range(BOARDS)))
    await asyncio.sleep(2)
    spent = []
    for n in range(CHANGES):
        waiting = [asyncio.create_task(_next(reader)) for reader, _ in boards]
        begun = time.perf_counter()
        await asyncio.to_thread(_change, port, token, n + 1)
        await asyncio.wait_for(asyncio.gather(*waiting), 30)
        spent.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.5)
    for _, writer in boards:
        writer.close()
    return spent


async def _open(port: int, cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /live/events?topics=units&project=YQ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head[:16]:
        raise RuntimeError(head)
    return reader, writer


async def _next(reader: asyncio.StreamReader) -> None:
    """Until the next message; heartbeats are comments."""
    while not (await reader.readline()).startswith(b"data: "):
        pass


def _change(port: int, token: str, unit: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    found = _asked(connection, "GET", f"/api/v1/units?project=YQ&limit={unit}", headers, None)["items"]
    _asked(connection, "PATCH", f"/api/v1/units/{found[-1]['id']}", headers, {"note": f"看过 {unit}"})
    connection.close()


def _asked(connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], data: Any) -> Any:
    connection.request(method, path, body=json.dumps(data) if data else None, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(body[:500])
    return json.loads(body)
