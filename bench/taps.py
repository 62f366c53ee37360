"""Buyers who tap as fast as they are answered: `python -m bench.taps PORT FILE CONNECTIONS SECONDS`.

FILE holds [{"opening", "units": [...], "links": [...]}, …]. Every connection belongs to one opening and plays some of
its buyers in turn; each tap is for a unit chosen at random, with a key of its own. One process, no event loop: what
the client costs is missing on the server's side. Prints {"attempts", "seconds", "won", "median_ms", "p99_ms",
"worst_ms", "results"}.
"""

from __future__ import annotations

import json
import random
import select
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any


class Buyer:
    """One connection with its buyers; `heads[n]` is a request but for unit and key."""

    def __init__(self, port: int, number: int, opening: int, units: list[int], links: list[str]) -> None:
        self.wire = socket.create_connection(("127.0.0.1", port))
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number, self.taps = number, 0
        self.firsts = [b"POST /opening/%d/claim/%d HTTP/1.1\r\n" % (opening, unit) for unit in units]
        self.heads = [
            b"Host: 127.0.0.1\r\nAuthorization: Bearer %b\r\nContent-Length: 0\r\nIdempotency-Key: %d-"
            % (link.encode(), number)
            for link in links
        ]
        self.begun = 0.0

    def tap(self) -> None:
        self.taps += 1
        request = random.choice(self.firsts) + self.heads[self.taps % len(self.heads)] + b"%d\r\n\r\n" % self.taps
        self.begun = time.perf_counter()
        self.wire.send(request)


def answer_of(data: bytes) -> str:
    """The result in a whole answer; anything else is a failure of the run."""
    at = data.find(b'{"result":"')
    if at < 0 or not data.endswith(b"}"):
        raise SystemExit(data.decode(errors="replace"))
    return data[at + 11 : data.index(b'"', at + 11)].decode()


def play(port: int, openings: list[dict[str, Any]], connections: int, seconds: float) -> dict[str, Any]:
    buyers: dict[int, Buyer] = {}
    poll = select.epoll()
    per = max(connections // len(openings), 1)
    for o in openings:
        for n in range(per):
            buyer = Buyer(port, n, o["opening"], o["units"], o["links"][n::per])
            buyers[buyer.wire.fileno()] = buyer
            poll.register(buyer.wire, select.EPOLLIN)
    spent: list[float] = []
    results: Counter[str] = Counter()
    begun = time.perf_counter()
    for buyer in buyers.values():
        buyer.tap()
    end, open_ones = begun + seconds, len(buyers)
    last = begun
    while open_ones:
        for handle, _event in poll.poll(10):
            buyer = buyers[handle]
            data = buyer.wire.recv(4096)
            last = time.perf_counter()
            spent.append(last - buyer.begun)
            results[answer_of(data)] += 1
            if last < end:
                buyer.tap()
            else:
                open_ones -= 1
    spent.sort()
    return {
        "attempts": len(spent), "seconds": last - begun, "won": results["won"], "results": dict(results),
        "median_ms": spent[len(spent) // 2] * 1000, "p99_ms": spent[int(len(spent) * 0.99)] * 1000,
        "worst_ms": spent[-1] * 1000,
    }  # fmt: skip


if __name__ == "__main__":
    port, file, connections, seconds = sys.argv[1:5]
    given = json.loads(Path(file).read_text())
    print(json.dumps(play(int(port), given, int(connections), float(seconds))))
