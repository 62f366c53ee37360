"""Opens the request's transaction in the actor's scope, and turns coded errors into answers.

One request is one transaction: it is rolled back on any error (a failed sign-in keeps its count:
`keep_writes`). `request.access` is set for everybody; nobody is signed in on public pages.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation

from anchang.kernel.actor import PUBLIC
from anchang.kernel.errors import DomainError
from anchang.platform import throttle
from anchang.platform.access import Access, access_of, actor_for, current_stamp
from anchang.platform.scope import set_scope
from anchang.platform.stamp import remember_stamp
from anchang.platform.tokens import access_by_token
from anchang.platform.wording import worded

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_FORWARDED = {"HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"}
_UNSCOPED = ("/static/", "/live/", "/healthz")


class ScopeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.access = Access(PUBLIC, {})  # type: ignore[attr-defined]
        if request.path.startswith(_UNSCOPED):
            return self.get_response(request)
        if settings.ANCHANG_DEMO and not _is_local(request):
            return error_response(request, DomainError("only_local", status=403))
        try:
            _identify(request)
        except DomainError as exc:
            return error_response(request, exc)
        with transaction.atomic():
            set_scope(request.access.project_ids, request.access.actor, uuid.uuid4())  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.status_code >= 400 and not getattr(response, "keep_writes", False):
                transaction.set_rollback(True)
        remember_stamp(0)
        if response.status_code == 405 and request.path.startswith("/api/"):
            return _method_not_allowed(request, response)
        return response

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if isinstance(exc, DomainError):
            transaction.set_rollback(True)
            return error_response(request, exc)
        return None


def _method_not_allowed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """In the words of the API; what is allowed stays in the header."""
    coded = error_response(request, DomainError("method_not_allowed", status=405))
    coded["Allow"] = response.get("Allow", "")
    return coded


def _identify(request: HttpRequest) -> None:
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer ") and request.path.startswith("/api/"):
        found = access_by_token(header[7:].strip())
        if found is None:
            raise DomainError("unauthenticated", status=401)
        request.access, language = found  # type: ignore[attr-defined]
        throttle.take_one(request.access.actor.principal)  # type: ignore[attr-defined]
        request.by_token = True  # type: ignore[attr-defined]
        if "Accept-Language" not in request.headers:
            translation.activate(language)
        return
    if request.user.is_authenticated:
        stamp = current_stamp()
        remember_stamp(stamp)
        request.access = access_of(actor_for(request.user), stamp)  # type: ignore[attr-defined, arg-type]


def _is_local(request: HttpRequest) -> bool:
    """The demo office has known passwords: it answers this machine only, never through a proxy."""
    host = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0].strip("[]")
    forwarded = any(k.startswith("HTTP_X_FORWARDED") or k in _FORWARDED for k in request.META)
    return request.META.get("REMOTE_ADDR", "") in LOOPBACK | {""} and host in LOOPBACK and not forwarded


def error_body(exc: DomainError) -> dict[str, object]:
    fields = {name: {"code": str(code), "message": worded(str(code), exc.params)} for name, code in exc.fields.items()}
    return {
        "code": exc.code,
        "message": worded(exc.code, exc.params),
        "params": {k: str(v) for k, v in exc.params.items()},
        "fields": fields,
    }


def error_response(request: HttpRequest, exc: DomainError) -> HttpResponse:
    """JSON for the API; pages get the error page (platform.ui renders it when it is there)."""
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            error_body(exc), status=exc.status, json_dumps_params={"ensure_ascii": False}
        )
        if exc.status == 401:
            response["WWW-Authenticate"] = "Bearer"
        if exc.status == 429:
            response["Retry-After"] = "1"
        return response
    from anchang.platform.ui.errors import error_page

    return error_page(request, exc)
