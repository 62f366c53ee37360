"""Server-sent events to one open page, on the event loop (granian's RSGI interface, see config/rsgi.py)."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

HEADERS = [
    ("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-store"), ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
]  # fmt: skip
#: Seconds without an event after which a comment shows that the connection lives.
HEARTBEAT = 15.0
#: After so much the page is sent away to come back: granian keeps in memory what a page doesn't read, and doesn't tell.
MOST_BYTES = 4 * 1024 * 1024


class Listener(Protocol):
    """Whoever has a page open. `queue` may be exchanged; None in it sends the page away, to come back."""

    queue: asyncio.Queue[bytes | None]


async def stream(protocol: Any, listener: Listener, hello: bytes) -> None:
    """Pass on what comes into the listener's queue until the page is gone, has had MOST_BYTES, or None comes."""
    transport = protocol.response_stream(200, HEADERS)
    gone = asyncio.create_task(_gone(protocol))
    left = MOST_BYTES
    try:
        chunk: bytes | None = hello
        while chunk is not None and left > 0:
            await transport.send_bytes(chunk)
            left -= len(chunk)
            chunk = await _next(listener, gone)
    except (OSError, RuntimeError):
        return  # the page is gone
    finally:
        gone.cancel()


async def _next(listener: Listener, gone: asyncio.Task[None]) -> bytes | None:
    """The next chunk, a heartbeat when nothing happens, None when it is over."""
    waiting = asyncio.create_task(listener.queue.get())
    done, _ = await asyncio.wait({waiting, gone}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
    if waiting in done:
        return waiting.result()
    waiting.cancel()
    return None if gone in done else b": still here\n\n"


async def _gone(protocol: Any) -> None:
    await protocol.client_disconnect()
