"""Requests to other systems, to public hosts over HTTPS only: a channel's address is typed by an office, and must not
become a way into the network that the server stands in.

`ANCHANG_OUTGOING_HOSTS` names hosts that the operator allows besides: private ones, and such without TLS.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

MOST_ANSWER = 64 * 1024


class AddressRefused(Exception):
    """The address isn't one that may be called. Trying again doesn't help."""


class NotReached(Exception):
    """No connection, no answer in time, or no HTTP."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def check_url(url: str) -> SplitResult:
    """Raises AddressRefused for what can't be called whatever its host resolves to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused from None
    host = parts.hostname or ""
    if not host or parts.username or any(c.isspace() or ord(c) < 32 for c in url):
        raise AddressRefused
    if _allowed(host, port):
        if parts.scheme not in ("http", "https"):
            raise AddressRefused
        return parts
    if parts.scheme != "https" or port not in (None, 443) or _is_private_number(host):
        raise AddressRefused
    return parts


def _allowed(host: str, port: int | None) -> bool:
    named = settings.ANCHANG_OUTGOING_HOSTS
    return host in named or f"{host}:{port}" in named


def _is_private_number(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def call(
    url: str, *, method: str = "POST", headers: Mapping[str, str] | None = None, body: str = "", timeout: float
) -> Answer:
    """One request, never redirected. The host is resolved once and every address must be public: what was checked is
    what is connected to. Raises AddressRefused, NotReached."""
    parts = check_url(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        address = _resolved(host, port)
        connection = _connection(parts.scheme, host, port, address, timeout)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body=body.encode() or None, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(MOST_ANSWER).decode("utf-8", "replace"))
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as exc:
        raise NotReached(type(exc).__name__) from None


def _resolved(host: str, port: int) -> str:
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or (not _allowed(host, port) and any(_is_private_number(one) for one in found)):
        raise AddressRefused
    return found[0]


def _connection(scheme: str, host: str, port: int, address: str, timeout: float) -> http.client.HTTPConnection:
    made = http.client.HTTPConnection(host, port, timeout=timeout)
    plain = socket.create_connection((address, port), timeout=timeout)
    if scheme == "https":
        try:
            made.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError):
            plain.close()
            raise
        # The header `Host` leaves out the port of its scheme.
        made.default_port = port  # type: ignore[misc]
    else:
        made.sock = plain
    return made
