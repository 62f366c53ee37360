"""The list page of every resource: `/r/<resource>/`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from anchang.kernel.errors import DomainError, forbidden, not_found
from anchang.platform import commands, reading, resources
from anchang.platform.access import Access
from anchang.platform.exporting.rows import may_reveal
from anchang.platform.inputs import ConditionOn
from anchang.platform.models import SavedView
from anchang.platform.reading import Query
from anchang.platform.resources import Field, Resource
from anchang.platform.ui import condition_form, filters, rows
from anchang.platform.ui.beginnings import beginning_of
from anchang.platform.ui.components import Action, FilterChip, Pager
from anchang.platform.ui.condition_form import Editor
from anchang.platform.ui.condition_words import said
from anchang.platform.ui.gate import access_of, project_ids_of, project_of
from anchang.platform.ui.navigation import address_with
from anchang.platform.ui.overlays import overlay
from anchang.platform.wording import worded

PAGE_ROWS = 50
COLUMNS = "columns"


@dataclass
class State:
    """What a list's address says. `url(**changes)` is the address with some of it changed."""

    resource: Resource
    access: Access
    project_ids: tuple[int, ...]
    project_id: int | None
    where: Any = None
    q: str = ""
    order: str = ""
    cursor: str = ""
    deleted: bool = False
    view: str = ""
    columns: tuple[str, ...] = ()
    shown_before: int = 0
    shape: str = ""  # "", kanban or calendar
    on: str = ""  # the month of the calendar
    fields: tuple[Field, ...] = field(default=())

    def query(self, **more: Any) -> Query:
        return Query(
            project_ids=self.project_ids,
            where=self.where,
            q=self.q if self.resource.by_tokens else "",
            extra=filters.plain_search(self.resource, self.q.strip()),
            order=self.order,
            deleted=self.deleted,
            **more,
        )

    def parts(self) -> dict[str, str]:
        where = filters.tests_of(self.where)
        text = filters.write_where(where) if where is not None else _json(self.where)
        found = {"q": self.q, "where": text, "order": self.order, "view": self.view, "as": self.shape, "on": self.on}
        return {k: v for k, v in found.items() if v} | ({"deleted": "1"} if self.deleted else {})

    def url(self, tail: str = "", **changes: Any) -> str:
        parts = {k: v for k, v in (self.parts() | changes).items() if v not in ("", None)}
        return f"/r/{self.resource.name}/{tail}" + (f"?{urlencode(parts)}" if parts else "")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def resource_of(name: str) -> Resource:
    found = resources.find(name)
    if found is None:
        raise not_found()
    return found


def state_of(request: HttpRequest, resource: Resource) -> State:
    """Reads the address; a saved view fills what the address leaves open."""
    access, given = access_of(request), request.GET
    for value in given.values():
        if "\x00" in value:
            raise DomainError("bad_input", status=422, fields={"query": "bad_characters"})
    right = f"{resource.name}.view"
    if not access.may(right):
        raise forbidden(right)
    project = project_of(request)
    asked = project_ids_of(request)
    if not resource.group_level and not any(access.may(right, p) for p in asked):
        asked, project = access.project_ids, None
    saved = saved_query(request, resource, given.get("view", ""))
    where = filters.read_where(given["where"]) if "where" in given else saved.get("where")
    chosen = saved.get("columns") or request.session.get(COLUMNS, {}).get(resource.name) or ()
    fields = reading.visible_fields(resource, access, asked)
    before = given.get("from", "0")
    return State(
        resource,
        access,
        asked,
        project.pk if project else None,
        where=where,
        q=given.get("q", "")[:100],
        order=given.get("order", "") or saved.get("order", ""),
        cursor=given.get("cursor", ""),
        deleted=given.get("deleted") == "1",
        view=given.get("view", "")[:20],
        columns=tuple(chosen),
        shown_before=int(before) if before.isascii() and before.isdigit() and len(before) < 8 else 0,
        shape=given.get("as", "")[:20],
        on=given.get("on", "")[:7],
        fields=fields,
    )


def listed_fields(state: State) -> tuple[Field, ...]:
    """The chosen columns, else the declared ones; the label field always."""
    names = set(state.columns) or {f.name for f in state.fields if f.list}
    if not state.columns and not names:
        names = {f.name for f in state.fields[:6]}
    label = state.resource.label_field
    return tuple(f for f in state.fields if f.name in names or (f.name == label and f.value is None))


def table_of(state: State) -> dict[str, Any]:
    fields = listed_fields(state)
    page = reading.list_rows(
        state.resource,
        state.access,
        state.query(limit=PAGE_ROWS, cursor=state.cursor or None, columns=tuple(f.name for f in fields)),
    )
    order = state.order or state.resource.order
    shown = state.shown_before + len(page.items)
    following = state.url(cursor=page.next, **{"from": str(shown)}) if page.next else ""
    return {
        "template": "platform/list_table.html",
        "state": state,
        "resource": state.resource,
        "columns": rows.columns_of(state.resource, fields, order, lambda o: state.url(order=o)),
        "rows": rows.rows_of(
            state.resource, fields, page.items, state.access, state.project_id, linked=not state.deleted
        ),
        "bulk": bulk_actions(state),
        "pages": Pager(shown, next_url=following, target="#list", totals_url=state.url("totals"), more=bool(following)),
        "empty": empty_of(state),
    }


def head_of(request: HttpRequest, state: State) -> dict[str, Any]:
    resource = state.resource
    return {
        "chips": chips_of(state),
        "add_url": state.url("filter"),
        "search_url": state.url(q="") if filters.can_search(resource) else "",
        "clear_url": f"/r/{resource.name}/" if state.where else "",
        "save_url": state.url("save-view") if may_save(state) else "",
        "columns_url": state.url("columns"),
        "views": views_of(request, resource, state),
        "export_url": export_url(state),
        "export_full": may_reveal(state.resource, state.access, state.project_ids),
        "bin_url": bin_url(state),
        "primary": primary_of(state),
        "others": others_of(state),
        "has_views": True,
    }


def bin_url(state: State) -> str:
    """The other side of the recycle bin's door, for those who may bring back."""
    right = f"{state.resource.name}.restore"
    if commands.find(state.resource, "restore") is None or not state.access.may(right):
        return ""
    return f"/r/{state.resource.name}/" if state.deleted else f"/r/{state.resource.name}/?deleted=1"


def export_url(state: State) -> str:
    if not state.access.may(f"{state.resource.name}.export"):
        return ""
    found = address_with("ui-export", state.resource.name)
    return f"{found}?{urlencode(state.parts())}" if found else ""


def chips_of(state: State) -> list[FilterChip]:
    """One chip per test in force, then the state and the owner as offers."""
    tests = filters.tests_of(state.where)
    if tests is None:
        words = said(state.resource, state.where, state.access, state.project_id)
        return [FilterChip(_("Filter"), state.url("filter", whole="1"), words, _without(state, ""))]
    found = []
    for at, test in enumerate(tests):
        label, text = filters.in_words(state.resource, test, state.access, state.project_id)
        rest = filters.write_where(tests[:at] + tests[at + 1 :])
        found.append(
            FilterChip(label, state.url("filter", field=test["field"], at=str(at)), text, _without(state, rest))
        )
    taken = {test["field"] for test in tests}
    offers = {state.resource.state_field, (state.resource.owner or "").split("__")[0]} - taken
    for f in filters.filterable(state.resource, state.fields):
        if f.name in offers:
            found.append(FilterChip(str(f.label), state.url("filter", field=f.name)))
    return found


def _without(state: State, rest: str) -> str:
    """A saved view must not bring back the filter that was taken off."""
    parts = state.parts() | {"where": rest or "{}"}
    return f"/r/{state.resource.name}/?{urlencode(parts)}"


def primary_of(state: State) -> Action | None:
    cmd = commands.find(state.resource, "create")
    if cmd is None or not cmd.shape or state.deleted or not state.access.may(commands.permission_of(cmd)):
        return None
    return Action(str(cmd.label), f"/r/{state.resource.name}/new", icon=cmd.icon or "plus", opens="dialog")


def others_of(state: State) -> list[Action]:
    """Commands without a subject, listed under the resource."""
    found = []
    for cmd in commands.of_resource(state.resource):
        if cmd.kind == "project" and cmd.shape and state.access.may(commands.permission_of(cmd)):
            address = f"/r/{state.resource.name}/do/{cmd.verb}"
            found.append(Action(str(cmd.label), address, icon=cmd.icon, opens="dialog"))
    return found


def bulk_actions(state: State) -> list[Action]:
    wanted = [c for c in commands.of_resource(state.resource) if c.kind == "record"]
    wanted = [c for c in wanted if (c.verb == "restore" if state.deleted else c.bulk)]
    return [
        Action(
            str(c.label),
            f"/r/{state.resource.name}/bulk/{c.verb}",
            icon=c.icon,
            tone="danger" if c.shape == "danger" else "",
            opens="dialog",
        )
        for c in wanted
        if state.access.may(commands.permission_of(c))
    ]


def empty_of(state: State) -> dict[str, Any]:
    """What an empty list says: nothing found, an empty bin, or how to begin."""
    name = str(state.resource.plural)
    if state.deleted:
        return {"title": _("The recycle bin is empty."), "icon": "trash"}
    if state.q or state.where:
        return {"title": _("Nothing matches."), "text": _("Change the search or take a filter off."), "icon": "search"}
    first, begun = primary_of(state), beginning_of(state.resource.name, state.access.may)
    if first is None and begun is not None:
        return {
            "title": _("No %(things)s yet") % {"things": name}, "text": begun.text,
            "icon": state.resource.icon or "inbox", "actions": [Action(str(begun.label), begun.url)],
        }  # fmt: skip
    return {
        "title": _("No %(things)s yet") % {"things": name},
        "text": _("They will stand here once there are some.") if first is None else _("Begin with the first one."),
        "icon": state.resource.icon or "inbox",
        "actions": [first] if first else [],
    }


# --- filters -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def filter_editor(request: HttpRequest, name: str) -> HttpResponse:
    """First the fields, then the test of one field; `apply=1` answers with the list's new address."""
    state = state_of(request, resource_of(name))
    if request.GET.get("whole") or filters.tests_of(state.where) is None:
        return whole_filter(request, state)
    known = filters.filterable(state.resource, state.fields)
    f = next((f for f in known if f.name == request.GET.get("field")), None)
    if f is None:
        fields = [{"label": f.label, "url": state.url("filter", field=f.name)} for f in known]
        context = {"fields": fields, "state": state, "whole_url": state.url("filter", whole="1")}
        return overlay(request, "platform/filter_fields.html", _("Filter"), context)
    tests = filters.tests_of(state.where) or []
    at = request.GET.get("at", "")
    place = int(at) if at.isascii() and at.isdigit() and int(at) < len(tests) else None
    if request.GET.get("apply"):
        test = filters.read_test(f, request.GET)
        if test["value"] in ([], ""):
            tests = [t for i, t in enumerate(tests) if i != place]
        elif place is None:
            tests = [*tests, test]
        else:
            tests = [test if i == place else t for i, t in enumerate(tests)]
        parts = state.parts() | {"where": filters.write_where(tests) or "{}"}
        return HttpResponseRedirect(f"/r/{state.resource.name}/?{urlencode(parts)}")
    return overlay(request, "platform/filter_editor.html", str(f.label), editor_of(state, f, tests, place))


def whole_filter(request: HttpRequest, state: State) -> HttpResponse:
    """The filter as groups and rows; sent, it answers with the list's new address."""
    editor = Editor(ConditionOn(state.resource.name), state.access, state.project_id, "filter")
    where, wrong = state.where, False
    if request.method == "POST":
        where = condition_form.read(editor.on, request.POST, editor.name)
        wrong = condition_form.lacks(where) or (where is not None and bool(editor.fault(where)))
        if not wrong:
            parts = state.parts() | {"where": _json(where or {})}
            return HttpResponseRedirect(f"/r/{state.resource.name}/?{urlencode(parts)}")
    context = {"editor": editor.draw(where, judge=wrong), "here": state.url("filter", whole="1")}
    return overlay(request, "platform/filter_whole.html", _("Filter"), context, status=422 if wrong else 200)


def editor_of(state: State, f: Field, tests: list[dict[str, Any]], place: int | None) -> dict[str, Any]:
    test = tests[place] if place is not None else {}
    value, op = test.get("value"), test.get("op", "")
    if op == "empty":
        op = "empty" if value else "filled"
    if op in ("gte", "lte") and "between" in filters.ops_of(f):
        value, op = ([value, ""] if op == "gte" else ["", value]), "between"
    low, high = value if op == "between" and value else ("", "")
    target = resources.ref_target(state.resource, f) if f.kind in ("ref", "many") else None
    labels = filters.labels_of(target, value if isinstance(value, list) else [], state.access) if target else {}
    choices = [(str(k), str(v)) for k, v in resources.choices_of(f, state.project_id).items()]
    return {
        "state": state,
        "field": f,
        "op": op or filters.ops_of(f)[0],
        "place": "" if place is None else place,
        "ops": [(o, filters.OP_WORDS[o]) for o in filters.ops_of(f)],
        "value": value,
        "low": low,
        "high": high,
        "spans": filters.SPANS,
        "chosen": [{"id": k, "label": v} for k, v in labels.items()] if target else value,
        "choices": choices,
        "pick_url": f"/r/{target.name}/pick" if target else "",
        "parts": state.parts(),
        "input_kind": {"int": "number", "decimal": "number", "percent": "number"}.get(f.kind, f.kind),
    }


# --- columns and saved views ---------------------------------------------------------------------


def columns_editor(request: HttpRequest, name: str) -> HttpResponse:
    """Which columns the reader sees in this list; kept for his session, and in views that he saves."""
    resource = resource_of(name)
    state = state_of(request, resource)
    if request.method == "POST":
        names = [f.name for f in state.fields if f.name in request.POST.getlist("column")]
        chosen = dict(request.session.get(COLUMNS, {}))
        if names and not request.POST.get("reset"):
            chosen[name] = names
        else:
            chosen.pop(name, None)
        request.session[COLUMNS] = chosen
        return HttpResponseRedirect(state.url())
    shown = {f.name for f in listed_fields(state)}
    fields = [{"name": f.name, "label": f.label, "on": f.name in shown} for f in state.fields]
    return overlay(
        request, "platform/columns.html", _("Columns"), {"state": state, "fields": fields, "here": state.url("columns")}
    )


def saved_views(request: HttpRequest, resource: Resource) -> Any:
    mine = Q(user=access_of(request).actor.user_id) | Q(shared=True)
    return SavedView.objects.filter(mine, resource=resource.name, project__in=project_ids_of(request))


def saved_query(request: HttpRequest, resource: Resource, key: str) -> dict[str, Any]:
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return {}
    found = saved_views(request, resource).filter(pk=int(key)).first()
    return found.query if found and isinstance(found.query, dict) else {}


def views_of(request: HttpRequest, resource: Resource, state: State) -> list[dict[str, Any]]:
    user = access_of(request).actor.user_id
    return [
        {
            "name": v.name,
            "url": f"/r/{resource.name}/?view={v.pk}",
            "active": state.view == str(v.pk),
            "shared": v.shared,
            "delete_url": f"/r/{resource.name}/views/{v.pk}/delete" if v.user_id == user else "",
        }
        for v in saved_views(request, resource).order_by("name")[:50]
    ]


def may_save(state: State) -> bool:
    return bool(state.where or state.order or state.columns) and state.access.may("views.create")


def save_view(request: HttpRequest, name: str) -> HttpResponse:
    """The view with this name: filters, columns and order as they are now."""
    resource = resource_of(name)
    state = state_of(request, resource)
    error = ""
    if request.method == "POST":
        query = {"where": state.where, "order": state.order, "columns": list(state.columns)}
        data = {
            "project": state.project_ids[0],
            "resource": name,
            "name": request.POST.get("name", ""),
            "shared": bool(request.POST.get("shared")),
            "query": query,
        }
        try:
            made = commands.execute(commands.get("save_views"), state.access, data=data)
            return HttpResponseRedirect(f"/r/{name}/?view={made.pk}")
        except DomainError as exc:
            error = " ".join(worded(str(c), exc.params) for c in exc.fields.values()) or worded(exc.code, exc.params)
    context = {
        "state": state,
        "here": state.url("save-view"),
        "error": error,
        "name": request.POST.get("name", ""),
        "may_share": state.access.may("views.share"),
    }
    return overlay(request, "platform/save_view.html", _("Save this view"), context, status=422 if error else 200)


@require_POST
def delete_view(request: HttpRequest, name: str, view_id: int) -> HttpResponse:
    commands.execute(commands.get("delete_view"), access_of(request), subject_id=view_id)
    return HttpResponseRedirect(f"/r/{name}/")
