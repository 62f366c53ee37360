"""Django's WSGI handler behind granian's RSGI interface.

Why not Django's own ASGI handler: it is several times slower per request (docs/adr/0001-serving.md). Why
not a ready-made bridge: they hold a thread while a slow client sends or receives; here a thread is busy
only while Django works. The whole body is read first (to a file when large), then Django runs in a thread
with its own lasting database connection, then the answer is sent. Streamed answers are passed on piece by
piece; granian keeps in memory what the client hasn't read yet.
"""

import asyncio
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

#: What granian hands over: a request's head, and the way to its body and answer (no public types to name).
Scope = Any
Protocol = Any
Headers = list[tuple[str, str]]

IN_MEMORY_BYTES = 1024 * 1024
#: An upload that is too large is still read, and dropped, up to here: a connection that is cut earlier
#: shows the sender a network error instead of our answer.
DRAINED_BYTES = 1024 * 1024 * 1024
STREAM_SECONDS = 60.0


class ClientGone(Exception):
    """The client left before its request was complete."""


class BodyTooLarge(Exception):
    """The request's body is larger than allowed."""


def has_body(scope: Scope) -> bool:
    """Whether a body may follow. Only HTTP/1 says so in its headers."""
    if not scope.http_version.startswith("1"):
        return True
    return "content-length" in scope.headers or "transfer-encoding" in scope.headers


async def read_body(scope: Scope, protocol: Protocol, limit: int) -> IO[bytes]:
    """The whole body, rewound. Raises BodyTooLarge (after reading on for a while) or ClientGone."""
    if not has_body(scope):
        return io.BytesIO()
    stated = _stated_length(scope)
    if stated is not None and stated <= min(limit, IN_MEMORY_BYTES):
        try:
            return io.BytesIO(await protocol())  # most bodies are small
        except RuntimeError as exc:  # RSGIProtocolClosed
            raise ClientGone from exc
    body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 (the caller closes it)
    size = empty = 0
    try:
        async for chunk in protocol:
            size += len(chunk)
            empty += not chunk
            if size > DRAINED_BYTES:
                break
            if size <= limit:
                body.write(chunk)
        if size > limit:
            raise BodyTooLarge
        # granian ends every body with an empty piece, and says by one more that the connection broke off.
        if empty > 1 or stated not in (None, size):
            raise ClientGone
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def _stated_length(scope: Scope) -> int | None:
    """What Content-Length says; None when the body's end is marked otherwise."""
    if "transfer-encoding" in scope.headers:
        return None
    text = scope.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def build_environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a request."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": "HTTP/1.0" if scope.http_version == "1" else f"HTTP/{scope.http_version}",
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port or "80",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme or "http",
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # `X_Y` and `X-Y` would be the same to WSGI: a way to forge a proxy's header
            continue
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = "HTTP_" + key
        if key in environ:
            value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        environ[key] = value
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority  # HTTP/2 has no Host header
    if "HTTP_TRANSFER_ENCODING" in environ or scope.http_version != "1.1":
        environ["CONTENT_LENGTH"] = str(_length(body))
    return environ


def _length(body: IO[bytes]) -> int:
    length = body.seek(0, 2)
    body.seek(0)
    return length


class Answer:
    """What the WSGI application answered."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: Headers = []
        self.body = b""

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower(), value.strip()) for name, value in headers]


class Bridge:
    """An RSGI application that runs a WSGI one in `threads` threads.

    Bodies over `max_body` bytes are answered 413.
    """

    def __init__(self, wsgi: Callable[..., Any], *, max_body: int, threads: int) -> None:
        self.wsgi = wsgi
        self.max_body = max_body
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Scope, protocol: Protocol) -> None:
        try:
            body = await read_body(scope, protocol, self.max_body)
        except ClientGone:
            return
        except BodyTooLarge:
            say_too_large(scope, protocol, self.max_body)
            return
        stream = Stream(protocol, asyncio.get_running_loop())
        with contextlib.closing(body):
            answer = await stream.loop.run_in_executor(self.pool, self._run, build_environ(scope, body), stream)
        if answer is not None:
            protocol.response_bytes(answer.status, answer.headers, answer.body)

    def _run(self, environ: dict[str, Any], stream: "Stream") -> Answer | None:
        """In a thread: the complete answer, or None when it was streamed.

        The answer is closed in this thread, because Django gives its database connection back there.
        """
        answer = Answer()
        response = self.wsgi(environ, answer.start)
        try:
            if getattr(response, "streaming", False):
                stream.send(answer, () if environ["REQUEST_METHOD"] == "HEAD" else response)
                return None
            answer.body = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(response)
            return answer
        finally:
            if hasattr(response, "close"):
                response.close()

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)


class Stream:
    """An answer that is sent piece by piece, from a thread through the event loop."""

    def __init__(self, protocol: Protocol, loop: asyncio.AbstractEventLoop) -> None:
        self.protocol = protocol
        self.loop = loop

    def send(self, answer: Answer, pieces: Iterable[bytes]) -> None:
        try:
            transport = self._wait(self._begin(answer))
            for piece in pieces:
                self._wait(self._pass_on(transport, piece))
        except (OSError, RuntimeError, TimeoutError):
            return  # the client left, or stopped reading

    def _wait(self, doing: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(STREAM_SECONDS)

    async def _begin(self, answer: Answer) -> Any:
        return self.protocol.response_stream(answer.status, answer.headers)

    # granian's own callables are not coroutine functions, which run_coroutine_threadsafe insists on.
    async def _pass_on(self, transport: Any, piece: bytes) -> None:
        await transport.send_bytes(piece)


def say_too_large(scope: Scope, protocol: Protocol, limit: int) -> None:
    """413, in both languages: nothing is known about the reader before the request is handled."""
    megabytes = limit // (1024 * 1024)
    text = f"文件超过 {megabytes} MB 上限。 The request is larger than {megabytes} MB."
    if scope.path.startswith("/api/") or "json" in scope.headers.get("accept", ""):
        content = {"code": "body_too_large", "message": text, "params": {"limit": limit}, "fields": {}}
        kind, body = "application/json", json.dumps(content, ensure_ascii=False)
    else:
        kind, body = "text/html; charset=utf-8", f'<p role="alert" class="alert alert-danger">{text}</p>'
    protocol.response_str(413, [("content-type", kind)], body)
