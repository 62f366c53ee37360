"""The bridge between granian and Django, over real connections."""

import hashlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from anchang.config.postgres import free_port
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "rsgi",
            "--port",
            str(number),
            "--log-level",
            "warning",
            "--workers-kill-timeout",
            "2",
            "tests.config.serving_app:application",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", number)) == 0:
                break
        time.sleep(0.05)
    yield number
    process.terminate()
    process.wait(10)


def ask(
    port: int, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_get_and_post(port: int) -> None:
    assert ask(port, "GET", "/nothing") == (200, b"")
    assert ask(port, "POST", "/echo", "认购".encode()) == (200, "认购".encode())


def test_path_and_query_keep_their_bytes(port: int) -> None:
    assert ask(port, "GET", "/path/" + quote("楼") + "?q=%E6%A5%BC+1") == (200, b"q=%E6%A5%BC+1")


def test_a_large_upload_arrives_whole(port: int) -> None:
    body = os.urandom(20 * 1024 * 1024)
    expected = f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()
    assert ask(port, "POST", "/digest", body) == (200, expected)


def test_a_chunked_upload_arrives_whole(port: int) -> None:
    pieces = [b"a" * 100_000 for _ in range(30)]
    status, text = ask(port, "POST", "/digest", iter(pieces))
    assert (status, text.split()[0]) == (200, b"3000000")


@pytest.mark.parametrize(
    ("path", "expected"), [("/echo", b'role="alert"'), ("/api/v1/imports", b"body_too_large")]
)
def test_too_large_a_body_gets_an_answer(port: int, path: str, expected: bytes) -> None:
    status, text = ask(port, "POST", path, b"x" * (40 * 1024 * 1024))
    assert status == 413
    assert expected in text


def test_head_has_no_body(port: int) -> None:
    assert ask(port, "HEAD", "/thread") == (200, b"")


def test_a_failure_is_a_500_and_the_server_goes_on(port: int) -> None:
    assert ask(port, "GET", "/fail")[0] == 500
    assert ask(port, "GET", "/nothing")[0] == 200


def test_a_websocket_is_refused_and_the_server_goes_on(port: int) -> None:
    asked = {
        "Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    assert ask(port, "GET", "/live/board", headers=asked)[0] == 403
    assert ask(port, "GET", "/nothing")[0] == 200


def test_a_header_with_an_underscore_is_dropped(port: int) -> None:
    assert ask(port, "GET", "/forged", headers={"X_Forwarded_For": "127.0.0.1"}) == (200, b"none")


def test_a_client_that_leaves_while_uploading_blocks_nobody(port: int) -> None:
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nhalf")
    assert ask(port, "POST", "/echo", b"next") == (200, b"next")


@pytest.mark.parametrize("size", ["Content-Length: 1000", "Content-Length: 5000000", "Transfer-Encoding: chunked"])
def test_half_a_body_is_no_request(port: int, size: str) -> None:
    before = ask(port, "GET", "/marks")[1]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"POST /mark HTTP/1.1\r\nHost: x\r\n{size}\r\n\r\n4\r\nhalf\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(20)
        while connection.recv(1000):  # until the server has given the request up
            pass
    assert ask(port, "GET", "/marks")[1] == before
    assert ask(port, "POST", "/mark", b"whole")[0] == 200
    assert ask(port, "GET", "/marks")[1] == before.replace(b"]", b", 5]").replace(b"[, ", b"[")


def test_a_client_that_leaves_while_downloading_frees_its_thread(port: int) -> None:
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(1000)
    deadline = time.monotonic() + 20
    while ask(port, "GET", "/closed")[1] != b"4" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert ask(port, "GET", "/closed")[1] == b"4"


def test_a_streamed_answer_arrives_whole(port: int) -> None:
    status, text = ask(port, "GET", "/stream")
    assert (status, len(text)) == (200, 5 + 1999 * 65536)


def test_requests_run_side_by_side_and_live_streams_do_not_wait_for_them(port: int) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(ask, port, "GET", "/slow") for _ in range(2)]
        time.sleep(0.1)
        status, events = ask(port, "GET", "/live/board")
        assert time.monotonic() - started < 0.5
        assert [call.result()[0] for call in slow] == [200, 200]
    assert time.monotonic() - started < 0.95
    assert (status, events.count(b"data: ")) == (200, 3)
