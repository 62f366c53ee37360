"""Which application answers a request: a live one, by its path prefix, or Django."""

from typing import Any

from anchang.config.bridge import Bridge, Receive, Scope, Send, send_whole


class Application:
    """Sends each request to the live application whose prefix it has, else to Django."""

    def __init__(self, live: dict[str, Any], django: Bridge) -> None:
        self.live = live
        self.django = django

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        for prefix, target in self.live.items():
            if scope["path"].startswith(prefix):
                if isinstance(target, str):
                    target = self.live[prefix] = _imported(target)
                await target(scope, receive, send)
                return
        try:
            await self.django(scope, receive, send)
        except Exception:
            _log_failure(scope["path"])
            await send_whole(send, 500, "text/plain; charset=utf-8", b"Internal error")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self.django.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _imported(target: str) -> Any:
    from django.utils.module_loading import import_string

    return import_string(target)


def _log_failure(path: str) -> None:
    import structlog

    structlog.get_logger(__name__).exception("request_failed", path=path)
