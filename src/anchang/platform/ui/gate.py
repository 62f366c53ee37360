"""The gate before every page: who is signed in, in which project he works, in which language he reads.

Every page asks for sign-in unless its view is marked `login_not_required` (Django's own mark).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from anchang.platform import reading
from anchang.platform.access import Access
from anchang.platform.models import Project, User
from anchang.platform.ui.errors import sign_in_first

#: Addresses that decide by themselves: the API by token, allauth before sign-in.
OWN_GATE = ("/api/", "/accounts/", "/static/", "/live/", "/healthz")
PROJECT = "project"
_office_has_users = False


class GateMiddleware:
    """Sets `request.projects` (that the reader may enter) and `request.project` (None: all of them)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.path.startswith(("/api/", "/static/", "/live/", "/healthz")):
            return None
        access = access_of(request)
        if access.actor.kind == "staff":
            _enter(request, access)
            return None
        if request.path == "/accounts/login/" and not office_has_users():
            return redirect("ui-welcome")
        if request.path.startswith(OWN_GATE) or not getattr(view, "login_required", True):
            return None
        return redirect("ui-welcome") if not office_has_users() else sign_in_first(request)


def access_of(request: HttpRequest) -> Access:
    return request.access  # type: ignore[attr-defined, no-any-return]


def project_of(request: HttpRequest) -> Project | None:
    """The chosen project, or the only one."""
    return getattr(request, "project", None)


def choose_project(request: HttpRequest, title: Any) -> HttpResponse:
    """The page is one project's: who works in several picks one first."""
    context = {"title": title, "projects": getattr(request, "projects", []), "next": request.get_full_path()}
    return render(request, "ui/choose_project.html", context)


def project_ids_of(request: HttpRequest) -> tuple[int, ...]:
    """The projects that lists and searches look into."""
    chosen = project_of(request)
    return (chosen.pk,) if chosen else access_of(request).project_ids


def _enter(request: HttpRequest, access: Access) -> None:
    known = reading.projects_by_id()
    projects = sorted((known[p] for p in access.project_ids if p in known), key=lambda p: p.code)
    chosen = request.session.get(PROJECT)
    request.projects = projects  # type: ignore[attr-defined]
    request.project = next((p for p in projects if p.pk == chosen), None)  # type: ignore[attr-defined]
    if len(projects) == 1:
        request.project = projects[0]  # type: ignore[attr-defined]
    if "django_language" not in request.COOKIES:
        language = getattr(request.user, "language", "")
        if language and language != translation.get_language():
            translation.activate(language)
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]


def office_has_users() -> bool:
    """False only in an office where nobody has been made yet: there the first-run guide opens."""
    global _office_has_users
    if not _office_has_users:
        _office_has_users = User.objects.exists()
    return _office_has_users


@require_POST
def switch_project(request: HttpRequest) -> HttpResponse:
    """Work in another project (its code), or in all of them (empty)."""
    code = request.POST.get("project", "")
    found = next((p for p in request.projects if p.code == code), None)  # type: ignore[attr-defined]
    request.session[PROJECT] = found.pk if found else None
    return redirect_back(request)


def redirect_back(request: HttpRequest, otherwise: str = "/") -> HttpResponseRedirect:
    """To `next`, when that is an address of ours. A record's page may lie in another project: to its list."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = otherwise
    return HttpResponseRedirect(target)


def home(request: HttpRequest) -> HttpResponse:
    """The start page: "today" when it is there, else the first place that the reader may enter."""
    from anchang.platform.ui import context

    areas = context.places_of(request)["areas"]
    target = next((one["url"] for one in areas if one["url"] != "/"), "")
    return redirect(target or reverse("ui-me"))
