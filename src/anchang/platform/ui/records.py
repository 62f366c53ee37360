"""The record page of every resource, its side panel, and the tabs beside the facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.kernel.errors import DomainError
from anchang.platform import commands, files, reading, resources
from anchang.platform.access import Access
from anchang.platform.commands import Command
from anchang.platform.models import Event, Project, StoredFile, User
from anchang.platform.reading import Query
from anchang.platform.resources import Field, Related, Resource
from anchang.platform.stories import story_of
from anchang.platform.telling import actor_text, event_text, refusal_text
from anchang.platform.ui import rows
from anchang.platform.ui.components import Action, Tab
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.lists import resource_of
from anchang.platform.ui.navigation import address_with, record_page_of
from anchang.platform.ui.overlays import refresh
from anchang.platform.wording import key_word

PAGE_EVENTS = 30
RELATED_ROWS = 30
HISTORY_ROWS = 100
NOT_A_FACT = ("version",)


@dataclass
class Shown:
    """A record as its page needs it."""

    resource: Resource
    access: Access
    item: dict[str, Any]
    record: Any
    project_ids: tuple[int, ...]
    project_id: int | None
    fields: tuple[Field, ...]

    @property
    def url(self) -> str:
        return f"/r/{self.resource.name}/{self.record.pk}/"

    @property
    def label(self) -> str:
        found = rows.label_text(self.resource, self.item, self.project_id)
        customer = self.item.get("customer")
        return found or (customer["label"] if customer else str(self.record.pk))


def shown_of(request: HttpRequest, name: str, record_id: int) -> Shown:
    """Raises not_found out of scope. Two queries and one per field that reads for itself."""
    resource, access = resource_of(name), access_of(request)
    record = reading.get_record(resource, access, record_id)
    project_id = None if resource.group_level else record.project_id
    project_ids = access.project_ids if project_id is None else (project_id,)
    fields = reading.visible_fields(resource, access, project_ids)
    items = reading.rows_by_ids(resource, fields, [record_id])
    return Shown(resource, access, items[0], record, project_ids, project_id, fields)


@require_safe
def record_page(request: HttpRequest, name: str, record_id: int) -> HttpResponse:
    own = record_page_of(name, record_id, access_of(request))
    if own and not is_fragment(request):
        return HttpResponseRedirect(own)
    shown = shown_of(request, name, record_id)
    if is_fragment(request):
        return render(request, "platform/record_side.html", side_of(request, shown))
    return render(request, "platform/record.html", head_of(shown) | side_of(request, shown))


@require_safe
def record_panel(request: HttpRequest, name: str, record_id: int) -> HttpResponse:
    """The record at the side of a list: facts, next command, the latest of what happened."""
    shown = shown_of(request, name, record_id)
    events = timeline_of(request, shown, limit=10) if not shown.resource.group_level else {}
    return render(request, "platform/record_panel.html", head_of(shown, empties=False) | events)


def head_of(shown: Shown, *, empties: bool = True) -> dict[str, Any]:
    primary, others = actions_of(shown)
    state = shown.resource.by_name.get(shown.resource.state_field)
    chip = None
    if state is not None and state in shown.fields:
        chip = rows.reader_of(shown.resource, state, shown.access, shown.project_id)(0, shown.item.get(state.name))
    return {
        "shown": shown,
        "resource": shown.resource,
        "title": shown.label,
        "state": chip,
        "primary": primary,
        "others": others,
        "sections": sections_of(shown, empties),
        "list_url": f"/r/{shown.resource.name}/",
        "page_url": shown.url,
    }


# --- commands ------------------------------------------------------------------------------------


def actions_of(shown: Shown) -> tuple[Action | None, list[Action]]:
    """The next command and the others. What the state forbids stays visible and says why."""
    primary: Action | None = None
    others: list[Action] = []
    found = [c for c in commands.of_resource(shown.resource) if c.kind in ("record", "edit") and c.shape]
    shown_by_eye = {c.name for f in shown.fields if (c := rows.reveal_command(shown.resource, f)) and f.kind == "phone"}
    found = [c for c in found if c.name not in shown_by_eye]
    for cmd in sorted(found, key=lambda c: {"primary": 0, "menu": 1}.get(c.shape, 2)):
        if not in_reach(shown, commands.permission_of(cmd)) or (cmd.show and not cmd.show(shown.record)):
            continue
        item = action_of(shown, cmd)
        if primary is None and cmd.shape == "primary" and not item.reason:
            primary = item
        else:
            others.append(item)
    return primary, others


def action_of(shown: Shown, cmd: Command) -> Action:
    why = cmd.refuses(shown.record) if cmd.refuses else None
    # What is shown only once needs a place to be shown in.
    at_once = cmd.kind == "record" and cmd.input is None and cmd.shape != "danger" and not cmd.private_answer
    return Action(
        str(cmd.label or _("Edit")),
        f"{shown.url}do/{cmd.verb}",
        icon=cmd.icon,
        opens="post" if at_once else "dialog",
        tone="danger" if cmd.shape == "danger" else "",
        reason=refusal_text(why.code, why.params, shown.resource) if why else "",
    )


def in_reach(shown: Shown, permission: str) -> bool:
    """Whether the right reaches this very record; asked in memory, the command asks the database again."""
    access, record, resource = shown.access, shown.record, shown.resource
    if shown.project_id is None:
        return access.may(permission)
    scope = access.scope(permission, shown.project_id)
    if scope in (None, "project"):
        return scope is not None
    owner = _path(record, f"{resource.owner}_id") if resource.owner else None
    if owner is not None and owner == access.actor.user_id:
        return True
    if scope == "own":
        return False
    mine = access.teams.get(shown.project_id)
    same_team = resource.team and mine is not None and _path(record, f"{resource.team}_id") == mine
    return bool(same_team) or owner in access.mates.get(shown.project_id, ())


def _path(record: Any, path: str) -> Any:
    for part in path.split("__"):
        record = getattr(record, part, None)
    return record


# --- facts ---------------------------------------------------------------------------------------


def sections_of(shown: Shown, empties: bool) -> list[dict[str, Any]]:
    """Facts by section, in declared order. Empty ones stand there (`empties`) only when they can be filled."""
    resource = shown.resource
    edit = commands.find(resource, "edit")
    able = bool(edit and edit.input and in_reach(shown, commands.permission_of(edit)))
    if able and edit and edit.show and not edit.show(shown.record):
        able = False
    editable = set(edit.input.model_fields) if able and edit and edit.input else set()
    sections: dict[str, list[dict[str, Any]]] = {}
    for f in shown.fields:
        if not f.detail or f.name in (*NOT_A_FACT, resource.state_field):
            continue
        value = shown.item.get(f.name)
        mode = shown.access.field_mode(resource.name, f.name, shown.project_ids)
        url = f"{shown.url}fact/{f.name}" if f.name in editable and not mode and f.kind != "json" else ""
        if value in (None, "", [], {}) and not (url and empties):
            continue
        read = rows.reader_of(resource, f, shown.access, shown.project_id)
        fact = {
            "label": f.label,
            "content": read(shown.item["id"], value),
            "kind": rows.kind_of(resource, f),
            "url": url,
        }
        sections.setdefault(str(f.section), []).append(fact)
    return [{"label": key_word("section", name), "facts": facts} for name, facts in sections.items()]


# --- the side: timeline, related lists, files, history -------------------------------------------


def side_of(request: HttpRequest, shown: Shown) -> dict[str, Any]:
    tabs = tabs_of(shown)
    wanted = request.GET.get("tab", "")
    keys = [key for key, _label in tabs]
    key = wanted if wanted in keys else (keys[0] if keys else "")
    context: dict[str, Any] = {
        "tabs": [Tab(label, f"{shown.url}?tab={k}", k == key) for k, label in tabs],
        "tab": key,
        "shown": shown,
    }
    if key == "timeline":
        context |= timeline_of(request, shown)
    elif key == "files":
        context |= files_of(shown)
    elif key == "history":
        context |= history_of(shown)
    elif key:
        context |= related_of(request, shown, next(r for r in shown.resource.related if _key(r) == key))
    return context


def _key(related: Related) -> str:
    return f"{related.resource}.{related.field}"


def tabs_of(shown: Shown) -> list[tuple[str, str]]:
    resource, may = shown.resource, shown.access.may
    tabs: list[tuple[str, str]] = []
    if not resource.group_level:
        tabs.append(("timeline", _("Timeline")))
    for related in resource.related:
        other = resources.get(related.resource)
        if may(f"{other.name}.view", shown.project_id):
            tabs.append((_key(related), str(related.label or other.plural)))
    if not resource.group_level:
        if may("files.view", shown.project_id) and resource.name != "files":
            tabs.append(("files", _("Files")))
        if may("events.view", shown.project_id):
            tabs.append(("history", _("Changes")))
    return tabs


def timeline_of(request: HttpRequest, shown: Shown, limit: int = PAGE_EVENTS) -> dict[str, Any]:
    """What happened, newest first. Events about objects that the reader may not view are left out."""
    seen = [r.name for r in resources.all_resources() if shown.access.may(f"{r.name}.view", shown.project_id)]
    found = Event.objects.filter(
        story_of(shown.resource, shown.record, shown.access), project=shown.project_id, resource__in=seen
    )
    kinds = sorted(set(found.order_by().values_list("resource", flat=True).distinct())) if limit == PAGE_EVENTS else []
    kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    if kind:
        found = found.filter(resource=kind)
    if before.isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    events = list(found.order_by("-pk")[: limit + 1])
    base = f"{shown.url}?tab=timeline"
    more = f"{base}&kind={kind}&before={events[limit - 1].pk}" if len(events) > limit else ""
    offers = [{"label": _("All"), "url": base, "active": not kind}]
    offers += [{"label": resources.get(k).label, "url": f"{base}&kind={k}", "active": k == kind} for k in kinds]
    return {
        "events": [event_of(e, shown) for e in events[:limit]],
        "more_url": more,
        "kinds": offers if len(kinds) > 1 else [],
    }


def event_of(event: Event, shown: Shown) -> dict[str, Any]:
    resource = resources.find(event.resource)
    elsewhere = resource is not None and (event.resource != shown.resource.name or event.record_id != shown.record.pk)
    return {
        "title": event_text(event.name, event.data, event.resource),
        "text": str(event.data.get("note") or event.data.get("content") or "")[:500],
        "actor": actor_text(event.actor_name),
        "at": event.at,
        "icon": resource.icon if resource and resource.icon else "history",
        "url": rows.record_url(event.resource, event.record_id) if elsewhere else "",
    }


def related_of(request: HttpRequest, shown: Shown, related: Related) -> dict[str, Any]:
    other = resources.get(related.resource)
    path = other.by_name[related.field].path
    project_ids = None if other.group_level else shown.project_ids
    fields = reading.visible_fields(other, shown.access, shown.project_ids)
    listed = tuple(f for f in fields if f.list and f.name != related.field)
    query = Query(
        project_ids=project_ids,
        extra=Q(**{f"{path}_id": shown.record.pk}),
        limit=RELATED_ROWS,
        columns=tuple(f.name for f in listed),
        cursor=request.GET.get("cursor") or None,
    )
    page = reading.list_rows(other, shown.access, query)
    add = None
    create = commands.find(other, "create")
    takes = bool(create and create.shape and create.input and related.field in create.input.model_fields)
    if create and takes and shown.access.may(commands.permission_of(create), shown.project_id):
        add = Action(
            str(create.label), f"/r/{other.name}/new?{related.field}={shown.record.pk}", icon="plus", opens="dialog"
        )
    return {
        "other": other,
        "columns": rows.columns_of(other, listed),
        "rows": rows.rows_of(other, listed, page.items, shown.access, shown.project_id),
        "add": add,
        "more_url": f"{shown.url}?tab={_key(related)}&cursor={page.next}" if page.next else "",
    }


def files_of(shown: Shown) -> dict[str, Any]:
    found = StoredFile.objects.filter(
        project=shown.project_id, resource=shown.resource.name, record_id=shown.record.pk
    )
    return {
        "files": [
            {"name": f.name, "size": f.size, "at": f.created_at, "url": address_with("ui-file", f.pk)}
            for f in found.order_by("-pk")[:200]
        ],
        "upload_url": f"{shown.url}upload" if shown.access.may("files.create", shown.project_id) else "",
    }


@require_POST
def upload(request: HttpRequest, name: str, record_id: int) -> HttpResponse:
    """Files for a record that the reader sees and may attach files to."""
    shown = shown_of(request, name, record_id)
    if shown.project_id is None:
        raise DomainError("not_found", status=404)
    shown.access.require("files.create", shown.project_id)
    given = request.FILES.getlist("file")
    if not given:
        raise DomainError("bad_input", status=422, fields={"file": "required"})
    project = Project.objects.get(pk=shown.project_id)
    for one in given[:20]:
        files.save(
            project, one.name or "file", one, resource=name, record_id=record_id, user_id=shown.access.actor.user_id
        )
    return refresh(request, f"{shown.url}?tab=files", _("Uploaded"))


_HISTORY = """
SELECT at, op, changes, actor FROM platform_audit
 WHERE project_id = %s AND table_name = %s AND row_id = %s ORDER BY at DESC, id DESC LIMIT %s
"""


def history_of(shown: Shown) -> dict[str, Any]:
    """Row changes as the database's own trigger wrote them; only fields that the reader may see."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, [shown.project_id, shown.resource.model._meta.db_table, shown.record.pk, HISTORY_ROWS])
        found = cursor.fetchall()
    by_column = {_column(shown.resource, f): f for f in shown.fields if f.expr is None and f.value is None}
    people = _people({actor for *_rest, actor in found})
    entries = []
    for at, op, changes, actor in found:
        told = changes_of(shown, by_column, changes) if op == "U" else []
        if told or op != "U":
            what = {"I": _("Created"), "D": _("Deleted"), "E": _("Personal data erased")}.get(op, _("Changed"))
            entries.append({"at": at, "title": what, "actor": people.get(actor, actor), "changes": told})
    return {"history": entries}


def _column(resource: Resource, f: Field) -> str:
    """The table's column; a path over relations has none here."""
    columns = {column.name: column.column for column in resource.model._meta.concrete_fields}
    return columns.get(f.path) or f"-{f.name}"


def changes_of(shown: Shown, by_column: dict[str, Field], changes: Any) -> list[dict[str, str]]:
    data = json.loads(changes) if isinstance(changes, str) else changes
    told = []
    for column, pair in data.items():
        f = by_column.get(column)
        if f is None or not isinstance(pair, list) or f.kind in ("json", "phone"):
            continue
        words = {str(k): str(v) for k, v in resources.choices_of(f, shown.project_id).items()}
        was, now = ("" if v is None else words.get(str(v), str(v)) for v in pair)
        told.append({"label": str(f.label), "before": was[:200], "after": now[:200]})
    return told


def _people(actors: Sequence[str] | set[str]) -> dict[str, str]:
    """`staff:7` -> name."""
    ids = {a: int(a.split(":")[1]) for a in actors if a.count(":") == 1 and a.split(":")[1].isdigit()}
    names = dict(User.objects.filter(pk__in=set(ids.values())).values_list("pk", "name"))
    return {a: names.get(ids[a], a) if a in ids else actor_text(a.split(":")[0]) for a in actors}


__all__ = ["actions_of", "in_reach", "record_page", "record_panel", "shown_of", "upload"]
