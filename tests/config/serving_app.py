"""A small application behind the bridge, for the tests of serving."""

import asyncio
import hashlib
import threading
import time

from anchang.config.bridge import Bridge
from anchang.config.dispatch import Application

closed: list[int] = []
marks: list[int] = []


class Pieces:
    streaming = True

    def __init__(self, number: int) -> None:
        self.number = number

    def __iter__(self):
        for index in range(self.number):
            yield b"x" * 65536 if index else b"first"

    def close(self) -> None:
        closed.append(self.number)


def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return Pieces(2000)
    if path == "/slow":
        time.sleep(0.5)
    body = environ["wsgi.input"].read()
    if path == "/mark":
        marks.append(len(body))
    text = {
        "/echo": lambda: body,
        "/digest": lambda: f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode(),
        "/closed": lambda: str(len(closed)).encode(),
        "/marks": lambda: repr(marks).encode(),
        "/path/楼": lambda: environ["QUERY_STRING"].encode(),
        "/thread": lambda: threading.current_thread().name.encode(),
        "/forged": lambda: environ.get("HTTP_X_FORWARDED_FOR", "none").encode(),
    }.get(path.encode("latin-1").decode(), lambda: b"")()
    if path == "/fail":
        raise RuntimeError("as asked")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]


async def live(scope, protocol) -> None:
    transport = protocol.response_stream(200, [("content-type", "text/event-stream")])
    for number in range(3):
        await transport.send_bytes(b"data: %d\n\n" % number)
        await asyncio.sleep(0.05)


application = Application({"/live/": live}, Bridge(wsgi, max_body=32 * 1024 * 1024, threads=2))
