"""Which application answers a request: a live one, by its path prefix, or Django."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from anchang.config.bridge import Bridge, Protocol, Scope


class Application:
    """Sends each request to the live application whose prefix it has, else to Django."""

    def __init__(self, live: dict[str, Any], django: Bridge) -> None:
        self.live = live
        self.django = django

    def __rsgi__(self, scope: Scope, protocol: Protocol) -> Awaitable[None]:
        if scope.proto != "http":
            return _refuse(protocol)
        path = scope.path
        for prefix, target in self.live.items():
            if path.startswith(prefix):
                if isinstance(target, str):
                    target = self.live[prefix] = _imported(target)
                answered: Awaitable[None] = target(scope, protocol)
                return answered
        return self._django(scope, protocol)

    async def _django(self, scope: Scope, protocol: Protocol) -> None:
        try:
            await self.django(scope, protocol)
        except Exception:
            _log_failure(scope.path)
            protocol.response_str(500, [("content-type", "text/plain; charset=utf-8")], "Internal error")

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.django.close()


async def _refuse(protocol: Protocol) -> None:
    """No handshake: an HTTP status, for another number ends granian's process."""
    protocol.close(403)


def _imported(target: str) -> Any:
    from django.utils.module_loading import import_string

    return import_string(target)


def _log_failure(path: str) -> None:
    import structlog

    structlog.get_logger(__name__).exception("request_failed", path=path)
