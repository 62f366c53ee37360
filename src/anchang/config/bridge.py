"""Django's WSGI handler behind an ASGI server.

Why not Django's own ASGI handler: it is several times slower per request (docs/adr/0001-serving.md). Why
not a ready-made bridge: they hold a thread while a slow client sends or receives; here a thread is busy
only while Django works. The whole body is read first (to a file when large), then Django runs in a thread
with its own lasting database connection, then the answer is sent. Streamed answers are passed on piece by
piece, at the speed of the client.
"""

import asyncio
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

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
    if not scope["http_version"].startswith("1"):
        return True
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def read_body(scope: Scope, receive: Receive, limit: int) -> IO[bytes]:
    """The whole body, rewound. Raises BodyTooLarge (after reading on for a while) or ClientGone."""
    if not has_body(scope):
        return io.BytesIO()
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        first = message.get("body", b"")
        if len(first) <= min(limit, IN_MEMORY_BYTES):
            return io.BytesIO(first)  # most bodies are small and come at once
    body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 (the caller closes it)
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            body.close()
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > DRAINED_BYTES:
            break
        if size <= limit and chunk:
            body.write(chunk)
        if not message.get("more_body", False):
            break
        message = await receive()
    if size > limit:
        body.close()
        raise BodyTooLarge
    body.seek(0)
    return body


def build_environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of an ASGI HTTP scope."""
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", "").encode().decode("latin-1"),
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(host),
        "SERVER_PORT": str(port or 80),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if client := scope.get("client"):
        environ["REMOTE_ADDR"] = client[0]
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        if "_" in name:  # `X_Y` and `X-Y` would be the same to WSGI: a way to forge a proxy's header
            continue
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = "HTTP_" + key
        value = raw_value.decode("latin-1")
        if key in environ:
            value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        environ[key] = value
    if "HTTP_TRANSFER_ENCODING" in environ or scope["http_version"] != "1.1":
        environ["CONTENT_LENGTH"] = str(_length(body))
    return environ


def _text_headers(scope: Scope) -> Iterable[tuple[str, str]]:
    return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])


def _length(body: IO[bytes]) -> int:
    length = body.seek(0, 2)
    body.seek(0)
    return length


class Answer:
    """What the WSGI application answered; `stream` is set when the body comes piece by piece."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: Headers = []
        self.body = b""
        self.stream: Iterable[bytes] | None = None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [
            (name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers
        ]


class Bridge:
    """An ASGI application that runs a WSGI one in `threads` threads.

    Bodies over `max_body` bytes are answered 413.
    """

    def __init__(self, wsgi: Callable[..., Any], *, max_body: int, threads: int) -> None:
        self.wsgi = wsgi
        self.max_body = max_body
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive, self.max_body)
        except ClientGone:
            return
        except BodyTooLarge:
            await send_too_large(scope, send, self.max_body)
            return
        loop = asyncio.get_running_loop()

        # granian's own callables are not coroutine functions, which run_coroutine_threadsafe insists on.
        async def pass_on(message: Message) -> None:
            await send(message)

        def send_from_thread(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(pass_on(message), loop).result(STREAM_SECONDS)

        with contextlib.closing(body):
            answer = await loop.run_in_executor(
                self.pool, self._run, build_environ(scope, body), send_from_thread
            )
        if answer is not None:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})

    def _run(self, environ: dict[str, Any], send: Callable[[Message], None]) -> Answer | None:
        """In a thread: the complete answer, or None when it was streamed.

        The answer is closed in this thread, because Django gives its database connection back there.
        """
        answer = Answer()
        response = self.wsgi(environ, answer.start)
        try:
            if getattr(response, "streaming", False):
                self._stream(answer, response, environ["REQUEST_METHOD"] == "HEAD", send)
                return None
            answer.body = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(response)
            return answer
        finally:
            if hasattr(response, "close"):
                response.close()

    def _stream(
        self, answer: Answer, response: Iterable[bytes], is_head: bool, send: Callable[[Message], None]
    ) -> None:
        try:
            send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            if not is_head:
                for chunk in response:
                    send({"type": "http.response.body", "body": chunk, "more_body": True})
            send({"type": "http.response.body", "body": b""})
        except (OSError, RuntimeError, TimeoutError):
            return  # the client left, or stopped reading

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)


async def send_too_large(scope: Scope, send: Send, limit: int) -> None:
    """413, in both languages: nothing is known about the reader before the request is handled."""
    megabytes = limit // (1024 * 1024)
    text = f"文件超过 {megabytes} MB 上限。 The request is larger than {megabytes} MB."
    headers = {name.lower(): value for name, value in _text_headers(scope)}
    if scope["path"].startswith("/api/") or "json" in headers.get("accept", ""):
        content = {"code": "body_too_large", "message": text, "params": {"limit": limit}, "fields": {}}
        kind, body = "application/json", json.dumps(content, ensure_ascii=False)
    else:
        kind, body = "text/html; charset=utf-8", f'<p role="alert" class="alert alert-danger">{text}</p>'
    await send_whole(send, 413, kind, body.encode())


async def send_whole(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
