"""A role's rights on the page: one object at a time, its verbs with the rows they reach, and its fields."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anchang.kernel.errors import DomainError, not_found
from anchang.platform import resources
from anchang.platform.access import Access
from anchang.platform.models import FieldRule, Role, RolePermission
from anchang.platform.models.access import Scope
from anchang.platform.office import roles
from anchang.platform.resources import Resource
from anchang.platform.ui import navigation
from anchang.platform.ui.doing import once, perform
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import worded


@require_safe
def role_page(request: HttpRequest, role_id: int) -> HttpResponse:
    """Every object with what the role may do to it, in a few words each; and the last changes."""
    role = _role(request, role_id)
    held = _held(role)
    known = roles.known_rights()
    fields = list(FieldRule.objects.filter(role=role).values_list("resource", flat=True))
    objects = [
        {
            "name": name, "label": _label(name), "url": f"/roles/{role.pk}/{name}/", "fields": fields.count(name),
            "words": [force_str(words) for verb, words in verbs.items() if _scope_of(held, name, verb)],
            "all": len(verbs),
        }
        for name, verbs in known.items()
    ]  # fmt: skip
    context = {
        "role": role, "everything": held.get("*", ""), "people": role.grants.filter(user__is_active=True).count(),
        "objects": sorted(objects, key=lambda o: (not o["words"], o["label"])),
        "may_change": _may_change(request), "history": roles.history(role),
    }  # fmt: skip
    return render(request, "platform/role.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def role_object(request: HttpRequest, role_id: int, name: str) -> HttpResponse:
    """One object's rights and fields of the role, to look at or to change."""
    role, known = _role(request, role_id), roles.known_rights()
    if name not in known:
        raise not_found()
    error = ""
    if request.method == "POST":
        given = request.POST
        data = {
            "rights": {k[6:]: v for k, v in given.items() if k.startswith(f"right:{name}.")},
            "fields": {k[6:]: v for k, v in given.items() if k.startswith(f"field:{name}.")},
        }
        try:
            once(request, lambda: {"role": perform(access_of(request), "set_role_rights", role.pk, data).pk})
            return go(request, f"/roles/{role.pk}/", _("Saved"))
        except DomainError as exc:
            if exc.status not in (403, 409, 422):
                raise
            codes = list(exc.fields.values()) or [exc.code]
            error = " ".join(worded(str(code), exc.params) for code in codes)
    held, resource = _held(role), resources.find(name)
    modes = dict(FieldRule.objects.filter(role=role, resource=name).values_list("field", "mode"))
    context = {
        "role": role, "label": _label(name), "error": error, "may_change": _may_change(request),
        "whole": held.get("*") or held.get(f"{name}.*") or "", "whole_name": f"{name}.*",
        "rights": [
            {"name": f"{name}.{verb}", "label": force_str(words), "scope": held.get(f"{name}.{verb}", "")}
            for verb, words in [("*", _("Everything")), *known[name].items()]
        ],
        "fields": _fields(resource, modes) if resource else [],
        "scopes": [("", _("no")), *Scope.choices],
        "modes": [("", _("free")), *FieldRule.Mode.choices],
    }  # fmt: skip
    return render(request, "platform/role_object.html", context, status=422 if error else 200)


def _role(request: HttpRequest, role_id: int) -> Role:
    access = access_of(request)
    access.require("roles.view")
    if not _sees(access):
        access.require("roles.set-rights")
    found = Role.objects.filter(pk=role_id).first()
    if found is None:
        raise not_found()
    return found


def _sees(access: Access) -> bool:
    """What a role may do is shown to the group's people and to those who change it."""
    return access.whole_group or access.may("roles.set-rights")


def _may_change(request: HttpRequest) -> bool:
    return access_of(request).reaches("roles.set-rights", "project", None)


def _held(role: Role) -> dict[str, str]:
    return dict(RolePermission.objects.filter(role=role).values_list("permission", "scope"))


def _scope_of(held: dict[str, str], name: str, verb: str) -> str:
    return held.get(f"{name}.{verb}") or held.get(f"{name}.*") or held.get("*") or ""


def _label(name: str) -> str:
    resource = resources.find(name)
    return force_str(resource.plural) if resource else {"reports": _("Reports")}.get(name, name)


def _fields(resource: Resource, modes: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": f"{resource.name}.{f.name}", "label": force_str(f.label), "mode": modes.get(f.name, "")}
        for f in resource.fields
    ]


navigation.register_record_page("roles", "ui-role", _sees)
