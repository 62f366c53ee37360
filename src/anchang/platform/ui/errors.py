"""Errors as pages: a page for a page, a toast for a fragment, JSON for a script; never a trace.

Every error page but 404 carries a support code; the same code stands in the log beside the cause.
"""

from __future__ import annotations

import json
import secrets
import sys
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.template.loader import select_template

from anchang.kernel.errors import DomainError
from anchang.platform.wording import worded

log = structlog.get_logger(__name__)
#: Without letters and digits that are mistaken for one another on the phone.
_ALPHABET = "ACDEFHJKLMNPRTUVWXY34679"
#: Refusals that a page tells in their own words; for other answers its script has a word.
_TOLD = (403, 409, 422)


def new_support_code() -> str:
    """Two groups of four, such as `7FK3-A9XD`."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/json")


def is_fragment(request: HttpRequest) -> bool:
    """The answer goes into a page that is already there."""
    return bool(getattr(request, "htmx", False))


def error_page(request: HttpRequest, exc: DomainError) -> HttpResponse:
    """How a page shows a coded error. 401 leads to the sign-in page and back."""
    if exc.status == 401:
        return sign_in_first(request)
    message = worded(exc.code, exc.params)
    code = "" if exc.status == 404 else new_support_code()
    if code:
        log.info("refused", support_code=code, code=exc.code, status=exc.status, path=request.path)
    return _answer(request, exc.status, message, code, exc.code)


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Pages are sent to sign in; fragments and scripts get 401, so that what was typed can be kept."""
    if is_fragment(request) or wants_json(request):
        return HttpResponse(status=401)
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")


def _answer(request: HttpRequest, status: int, message: str, code: str, cause: str) -> HttpResponse:
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse(
            {"code": cause, "message": message, "params": {}, "fields": {}, "support_code": code}, status=status,
            json_dumps_params={"ensure_ascii": False},
        )  # fmt: skip
    elif is_fragment(request):
        response = HttpResponse(status=status)
        response["HX-Reswap"] = "none"
        if status in _TOLD:
            response["HX-Trigger"] = json.dumps({"toast": {"message": message, "tone": "red", "code": code}})
    else:
        template = select_template([f"{status}.html", "400.html"])
        shown = "" if cause in ("not_found", "server_error") else message
        response = HttpResponse(template.render({"support_code": code, "message": shown}, request), status=status)
    if code:
        response["X-Support-Code"] = code
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: the code that the reader sees stands in the log beside the traceback."""
    code = new_support_code()
    log.error("request_failed", support_code=code, path=request.path, exc_info=sys.exc_info())
    try:
        return _answer(request, 500, worded("server_error"), code, "server_error")
    except Exception:  # the page itself may be what fails, or the database behind it
        log.exception("error_page_failed", support_code=code)
        text = f"<h1>500</h1><p>{code}</p>"
        return HttpResponse(text, status=500, headers={"X-Support-Code": code})


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return _answer(request, 404, worded("not_found"), "", "not_found")


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler403."""
    return error_page(request, DomainError("forbidden", status=403))
