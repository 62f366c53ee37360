"""The first-run guide of an empty office: administrator and project, price list, people, ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from anchang.kernel.actor import SYSTEM
from anchang.kernel.errors import DomainError, not_found
from anchang.platform import reading, resources
from anchang.platform.access import Access, bump_stamp
from anchang.platform.context import Context
from anchang.platform.inputs import read_input
from anchang.platform.models import Grant, Project, Role, User
from anchang.platform.office import commands as office
from anchang.platform.reading import Query
from anchang.platform.ui import navigation
from anchang.platform.ui.gate import access_of, office_has_users
from anchang.platform.wording import worded

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_FIRST_RUN = 7401  # advisory lock: two browsers must not both make the first administrator
_role_maker: list[Callable[[], dict[str, Role]]] = []
_BEFORE = ("name", "username", "password")


def provide_roles(make: Callable[[], dict[str, Role]]) -> None:
    """The roles that a new office starts with are the composition root's affair."""
    _role_maker[:] = [make]


@login_not_required
@sensitive_post_parameters("password")
def welcome(request: HttpRequest) -> HttpResponse:
    fresh = not office_has_users()
    if not fresh and not request.user.is_authenticated:
        raise not_found()
    if not fresh and not access_of(request).whole_group:
        raise not_found()
    errors: dict[str, str] = {}
    message = ""
    if request.method == "POST":
        try:
            return _begin(request) if fresh else _first_project(request)
        except DomainError as exc:
            message = worded(exc.code, exc.params)
            errors = {str(k): worded(str(c), exc.params) for k, c in exc.fields.items()}
    context: dict[str, Any] = {
        "fresh": fresh,
        "message": message,
        "errors": errors,
        "typed": request.POST,
        "needs_project": fresh or not Project.objects.exists(),
    }
    if not fresh and not context["needs_project"]:
        context["steps"] = steps_of(request)
    return render(request, "platform/welcome.html", context, status=422 if message else 200)


def _begin(request: HttpRequest) -> HttpResponse:
    """Administrator and first project in one go; then the guide goes on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FIRST_RUN])
    if User.objects.exists():
        raise not_found()
    given = {k: request.POST.get(k, "").strip() for k in _BEFORE}
    if missing := [k for k in _BEFORE if not given[k]]:
        raise DomainError("bad_input", status=422, fields=dict.fromkeys(missing, "required"))
    project = _project_input(request)
    ctx = Context(Access(SYSTEM, {}, whole_group=True), None)
    roles = _role_maker[0]() if _role_maker else {r.code: r for r in Role.objects.all()}
    person = read_input(office.UserInput, given)
    user = office.add_users(ctx, [person])[0]
    Grant.objects.create(user=user, role=roles["admin"])
    office.create_projects(ctx, [project])
    bump_stamp()
    login(request, user, backend=_BACKEND)
    return redirect("ui-welcome")


def _first_project(request: HttpRequest) -> HttpResponse:
    if Project.objects.exists():
        return redirect("ui-welcome")
    office.create_projects(Context(access_of(request), None), [_project_input(request)])
    return redirect("ui-welcome")


def _project_input(request: HttpRequest) -> Any:
    """Raises bad_input with the names that this page's fields have."""
    post = request.POST
    data = {
        "name": post.get("project_name", ""),
        "code": post.get("project_code", ""),
        "city": post.get("city", ""),
        "developer": post.get("developer", ""),
    }
    try:
        return read_input(office.ProjectInput, data)
    except DomainError as exc:
        names = {"name": "project_name", "code": "project_code"}
        fields = {names.get(str(k), str(k)): c for k, c in exc.fields.items()}
        raise DomainError("bad_input", status=422, fields=fields) from None


def steps_of(request: HttpRequest) -> list[dict[str, Any]]:
    """What is done and what comes next; any step may be left for later."""
    access = access_of(request)
    has_units = _any("units", access)
    imports = navigation.address("ui-imports")
    people = User.objects.filter(is_active=True).count() > 1
    return [
        {"title": _("Administrator and project"), "done": True, "text": ""},
        {
            "title": _("Price list"),
            "done": has_units,
            "url": imports,
            "dialog": False,
            "text": _("Import the filed price list: buildings, units, areas and prices come from it."),
            "button": _("Import the price list"),
        },
        {
            "title": _("People"),
            "done": people,
            "url": "/r/users/new",
            "dialog": True,
            "text": _("Make an account for everybody, with role and team."),
            "button": _("New user"),
        },
        {
            "title": _("Ready"),
            "done": has_units and people,
            "url": "/",
            "dialog": False,
            "text": _("Register the first visit, or import the leads that you have."),
            "button": _("To the start page"),
        },
    ]


def _any(name: str, access: Access) -> bool:
    resource = resources.find(name)
    if resource is None or not access.may(f"{name}.view"):
        return False
    found, _ids = reading.filtered(resource, access, Query())
    return found.exists()
