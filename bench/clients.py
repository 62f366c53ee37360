"""Clients that cost little: `python -m bench.clients PORT TOKEN CLIENTS SECONDS` posts customers over lasting
connections and prints {"requests", "all_requests" (with those of the warm-up), "seconds", "errors", "median_ms",
"p95_ms"}.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
import time

WARM_SECONDS = 3.0
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫", "伟芳娜敏静丽强磊军洋勇艳杰涛明超"


class Client(asyncio.Protocol):
    """One connection: as soon as an answer is whole, the next request goes out."""

    def __init__(self, token: str, numbers: itertools.count[int], spent: list[float], errors: list[bytes]) -> None:
        self.token, self.numbers, self.spent, self.errors = token, numbers, spent, errors
        self.got = b""
        self.begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        n = next(self.numbers)
        name = SURNAMES[n % 12] + GIVEN[n // 12 % 16] + GIVEN[n // 192 % 16]
        body = json.dumps({"project": "YQ", "name": name, "phone": f"13{n:09d}"}).encode()
        head = (
            "POST /api/v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.begun = time.perf_counter()
        self.transport.write(head.encode() + body)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.got += data
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.got[:end].lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.got) < end + 4 + length:
            return
        if b" 201 " not in head[:16]:
            self.errors.append(self.got[:600])
        self.spent.append(time.perf_counter() - self.begun)
        self.got = b""
        self.send()


async def post(port: int, token: str, clients: int, seconds: float) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    spent: list[float] = []
    errors: list[bytes] = []
    numbers = itertools.count(time.time_ns() // 1_000_000 % 800_000_000)
    for _ in range(clients):
        await loop.create_connection(lambda: Client(token, numbers, spent, errors), "127.0.0.1", port)
    await asyncio.sleep(WARM_SECONDS)
    warm = len(spent)
    spent.clear()
    begun = time.perf_counter()
    await asyncio.sleep(seconds)
    took, found = time.perf_counter() - begun, sorted(spent)
    if errors:
        raise SystemExit(errors[0].decode(errors="replace"))
    return {
        "requests": len(found), "all_requests": warm + len(found), "seconds": took, "errors": len(errors),
        "median_ms": statistics.median(found) * 1000, "p95_ms": found[int(len(found) * 0.95)] * 1000,
    }  # fmt: skip


if __name__ == "__main__":
    port, token, clients, seconds = sys.argv[1:5]
    print(json.dumps(asyncio.run(post(int(port), token, int(clients), float(seconds)))))
