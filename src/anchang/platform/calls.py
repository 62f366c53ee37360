"""The short way of API calls that bring a bearer token.

They need no session, cookie, CSRF check, message or page, which together cost as much as a small command. The
answer has the same headers as on the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from anchang.platform.middleware import ScopeMiddleware

_View = Callable[[HttpRequest], HttpResponse]


class TokenCallMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.call = _short_way()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_token_call(request):
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost
        request.user = AnonymousUser()
        with translation.override(translation.get_language_from_request(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.call(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("X-Frame-Options", "DENY")
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


def is_token_call(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") and request.META.get("HTTP_AUTHORIZATION", "").startswith("Bearer ")


def _short_way() -> _View:
    """Scope and view, with Django's own handling of errors around each."""
    handler: Any = BaseHandler()  # its parts are Django's own and not in the stubs
    handler._view_middleware, handler._template_response_middleware = [], []
    scope = ScopeMiddleware(cast(_View, convert_exception_to_response(handler._get_response)))
    handler._exception_middleware = [scope.process_exception]
    return cast(_View, convert_exception_to_response(scope))
