"""Handing over what a leaver has (离职交接): who holds how much, to whom it goes."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from anchang.crm.models import HELD, Customer, Lead
from anchang.crm.views.parts import QuickForm
from anchang.kernel.errors import DomainError, forbidden
from anchang.platform.models import Project, Task, TeamMember, User
from anchang.platform.ui.doing import once, perform, place_of
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over_page(request: HttpRequest) -> HttpResponse:
    """A table of everybody who holds something, and the form for the one who leaves."""
    project = place_of(request, "customers.transfer")
    if access_of(request).scope("customers.transfer", project.pk) != "project":
        raise forbidden("customers.transfer")
    if request.method != "POST":
        return _page(request, project, {"leaver": request.GET.get("leaver", "")})
    data = {
        "project": project.pk,
        "leaver": request.POST.get("leaver", ""),
        "heirs": request.POST.getlist("heirs"),
        "reason": request.POST.get("reason", ""),
    }
    try:
        told = once(
            request, lambda: {"count": perform(access_of(request), "hand_over_all", data=data)["handed_over"]}
        )
    except DomainError as exc:
        if exc.status not in (409, 422):
            raise
        message, errors = QuickForm("hand_over_all", access_of(request), project).errors(exc)
        return _page(request, project, data, message, errors, exc.status)
    said = ngettext("%(n)s customer handed over.", "%(n)s customers handed over.", told["count"]) % {
        "n": told["count"]
    }
    return go(request, "/hand-over/", said)


def _page(
    request: HttpRequest,
    project: Project,
    values: dict[str, Any],
    error: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    people = holders(project)
    members = set(
        TeamMember.objects.filter(project=project, user__is_active=True).values_list("user_id", flat=True)
    )
    leaver = str(values.get("leaver", ""))
    found = {
        "project": project,
        "people": people,
        "leaver": leaver,
        "error": error,
        "errors": errors or {},
        "chosen": next((p for p in people if str(p["id"]) == leaver), None),
        "reason": values.get("reason", ""),
        "heirs": [
            {"id": u.pk, "name": u.name, "on": str(u.pk) in values.get("heirs", ())}
            for u in User.objects.filter(pk__in=members).order_by("name")
            if str(u.pk) != leaver
        ],
    }
    return render(request, "crm/hand_over.html", found | {"leaving": _("Left the company")}, status=status)


def holders(project: Project) -> list[dict[str, Any]]:
    """Everybody with customers, open leads or to-dos; those who can't sign in any more first. Four reads."""
    customers = dict(
        Customer.objects.filter(project=project, owner__isnull=False)
        .exclude(state="merged")
        .order_by()
        .values_list("owner")
        .annotate(Count("pk"))
    )
    leads = dict(
        Lead.objects.filter(project=project, state__in=HELD)
        .order_by()
        .values_list("owner")
        .annotate(Count("pk"))
    )
    tasks = dict(
        Task.objects.filter(project=project, state="open")
        .order_by()
        .values_list("assignee")
        .annotate(Count("pk"))
    )
    users = User.objects.filter(pk__in={*customers, *leads, *tasks})
    rows = [
        {
            "id": u.pk,
            "name": u.name,
            "active": u.is_active,
            "customers": customers.get(u.pk, 0),
            "leads": leads.get(u.pk, 0),
            "tasks": tasks.get(u.pk, 0),
        }
        for u in users
    ]
    return sorted(rows, key=lambda r: (r["active"], -r["customers"], r["name"]))
