"""Finding records: the pickers of references, and the palette (⌘K)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anchang.kernel.errors import forbidden
from anchang.platform import commands, reading, resources
from anchang.platform.access import Access
from anchang.platform.reading import Query
from anchang.platform.resources import Field, Resource
from anchang.platform.ui import context, filters, navigation, rows
from anchang.platform.ui.gate import access_of, project_ids_of
from anchang.platform.ui.lists import resource_of

PICKED = 20
FOUND_EACH = 5
_OPEN = {"ensure_ascii": False}


def hint_fields(resource: Resource, fields: Sequence[Field]) -> tuple[Field, ...]:
    """What tells two records of the same name apart: phone, code or number, state."""
    kinds = ("phone", "text", "choice")
    found = [f for f in fields if f.list and f.name != resource.label_field and f.kind in kinds and f.value is None]
    found += [f for f in fields if f.kind == "phone" and f not in found]
    return tuple(sorted(found, key=lambda f: kinds.index(f.kind))[:2])


def found_in(
    resource: Resource, access: Access, project_ids: tuple[int, ...], q: str, limit: int
) -> list[dict[str, Any]]:
    """The first records that match, with label and hint."""
    fields = reading.visible_fields(resource, access, project_ids)
    label = resource.by_name[resource.label_field]
    hints = hint_fields(resource, fields)
    wanted = {label.name, *(f.name for f in hints)}
    columns = tuple(f for f in fields if f.name in wanted)
    extra = filters.plain_search(resource, q)
    query = Query(
        project_ids=project_ids, q=q if resource.by_tokens else "", extra=extra, limit=limit,
        columns=tuple(f.name for f in columns),
    )  # fmt: skip
    page = reading.list_rows(resource, access, query)
    readers = [
        (f.name, rows.reader_of(resource, f, access, project_ids[0] if len(project_ids) == 1 else None)) for f in hints
    ]
    return [
        {
            "id": item["id"],
            "label": rows.as_text(item.get(label.name)) or str(item["id"]),
            "hint": " · ".join(t for n, read in readers if (t := _hint(read(item["id"], item.get(n))))),
        }
        for item in page.items
    ]


def _hint(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("masked") or value.get("label") or "")
    return "" if value is None else str(value)


@require_safe
def pick(request: HttpRequest, name: str) -> HttpResponse:
    """`{"items": [{"id", "label", "hint"}]}` for a picker, inside the reader's scope."""
    resource, access = resource_of(name), access_of(request)
    right = f"{resource.name}.view"
    if not access.may(right):
        raise forbidden(right)
    q = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    project_ids = project_ids_of(request)
    if not resource.group_level and not any(access.may(right, p) for p in project_ids):
        project_ids = access.project_ids
    return JsonResponse({"items": found_in(resource, access, project_ids, q, PICKED)}, json_dumps_params=_OPEN)


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """Records by name, initials, phone tail or number; commands; places."""
    access = access_of(request)
    q = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    groups: list[dict[str, Any]] = []
    if q:
        groups += records_found(access, project_ids_of(request), q)
    groups.append({"label": _("Commands"), "items": commands_found(access, q)})
    groups.append({"label": _("Places"), "items": places_found(request, q)})
    return JsonResponse({"groups": [g for g in groups if g["items"]]}, json_dumps_params=_OPEN)


def records_found(access: Access, project_ids: tuple[int, ...], q: str) -> list[dict[str, Any]]:
    groups = []
    for resource in resources.all_resources():
        if not resource.search or not any(access.may(f"{resource.name}.view", p) for p in project_ids):
            continue
        found = found_in(resource, access, project_ids, q, FOUND_EACH)
        icon = resource.icon or "file"
        items = [
            {"label": one["label"], "hint": one["hint"], "icon": icon, "url": rows.record_url(resource.name, one["id"])}
            for one in found
        ]
        if items:
            groups.append({"label": str(resource.plural), "items": items})
    return groups


def commands_found(access: Access, q: str) -> list[dict[str, Any]]:
    """Commands that need no record: new ones of everything, and those listed under a resource."""
    found = []
    for cmd in commands.all_commands():
        if cmd.kind not in ("create", "project") or not cmd.shape or resources.of_model(cmd.model) is None:
            continue
        if not access.may(commands.permission_of(cmd)):
            continue
        label = str(cmd.label)
        thing = str(cmd.resource.label)
        text = label if thing.lower() in label.lower() else f"{label} · {thing}"
        if matches(q, text, cmd.verb, cmd.resource.name):
            tail = "new" if cmd.kind == "create" else f"do/{cmd.verb}"
            found.append(
                {
                    "label": text,
                    "hint": "",
                    "icon": cmd.icon or "plus",
                    "url": f"/r/{cmd.resource.name}/{tail}",
                    "dialog": True,
                }
            )
    return found[:8]


def places_found(request: HttpRequest, q: str) -> list[dict[str, Any]]:
    access = access_of(request)
    found = []
    for area in navigation.AREAS:
        for place in navigation.places(area.key, access.may, access):
            if matches(q, str(place.label), place.key):
                url = navigation.address(place.url)
                found.append(
                    {"label": str(place.label), "hint": str(area.label), "icon": place.icon or area.icon, "url": url}
                )
    shell = context.places_of(request)
    for label, url, icon in ((_("Messages"), shell["messages_url"], "bell"), (_("Me"), shell["me_url"], "user")):
        if url and matches(q, label):
            found.append({"label": label, "hint": "", "icon": icon, "url": url})
    return found[:8]


def matches(q: str, *texts: str) -> bool:
    return not q or any(q.lower() in text.lower() for text in texts)
