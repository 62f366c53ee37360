"""What the editor of conditions asks for while somebody works in it: rows, groups, its words and who matches."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from anchang.kernel.errors import DomainError, forbidden
from anchang.platform import parameters, reading
from anchang.platform.inputs import ConditionOn
from anchang.platform.ui import condition_form
from anchang.platform.ui.condition_form import Editor
from anchang.platform.ui.condition_words import said
from anchang.platform.ui.gate import access_of, project_ids_of, project_of
from anchang.platform.ui.lists import resource_of, saved_query
from anchang.platform.ui.totals import COUNT_CAP


def editor_of(request: HttpRequest, name: str) -> Editor:
    """The editor that the address describes. It offers and counts nothing that the reader could not see himself; what
    may stand in the condition the command decides. Raises not_found, forbidden."""
    resource, access, given = resource_of(name), access_of(request), request.GET
    if not access.may(f"{resource.name}.view"):
        raise forbidden(f"{resource.name}.view")
    on = ConditionOn(resource.name, _names(given.get("only", "")), _names(given.get("without", "")),
                     _names(given["hops"]) if "hops" in given else None, bool(given.get("single")))  # fmt: skip
    asked, chosen = given.get("project", ""), project_of(request)
    project_id = next((p for p in access.project_ids if str(p) == asked), chosen.pk if chosen else None)
    return Editor(on, access, project_id, given.get("name", "")[:100])


def _names(text: str) -> tuple[str, ...]:
    return tuple(one for one in text[:2000].split(",") if one)


@require_safe
def whole(request: HttpRequest, name: str) -> HttpResponse:
    """The editor with the filter of a saved view in it."""
    editor = editor_of(request, name)
    where = saved_query(request, editor.resource, request.GET.get("start_view", "")).get("where")
    return render(request, "ui/condition.html", {"editor": editor.draw(where)})


@require_safe
def part(request: HttpRequest, name: str) -> HttpResponse:
    """A new row or group."""
    editor, depth = editor_of(request, name), request.GET.get("depth", "")
    level = int(depth) if depth in [str(n) for n in range(1, condition_form.DEEPEST + 1)] else 1
    node = editor.blank("group" if request.GET.get("kind") == "group" else "row", level)
    return render(request, "ui/condition_node.html", {"node": node, "fresh": True})


@require_safe
def row(request: HttpRequest, name: str) -> HttpResponse:
    """The row again after its field or its operator was changed; what was typed stays where it still fits."""
    editor, mark = editor_of(request, name), request.GET.get("mark", "")[:20]
    test = condition_form.read_row(editor.resource, request.GET, f"{editor.name}.{mark}.")
    return render(request, "ui/condition_node.html", {"node": editor.row(test, mark)})


@require_POST
def told(request: HttpRequest, name: str) -> HttpResponse:
    """The condition in words, and how many records fulfil it now, among those that the reader may see."""
    editor = editor_of(request, name)
    where = condition_form.read(editor.on, request.POST, editor.name)
    context: dict[str, Any] = {"resource": editor.resource, "words": "", "count": None}
    if where is not None:
        context["words"] = said(editor.resource, where, editor.access, editor.project_id)
        context["unfinished"] = condition_form.lacks(where)
        if not context["unfinished"]:
            context |= _count(request, editor, where)
    return render(request, "ui/condition_told.html", context)


def _count(request: HttpRequest, editor: Editor, where: Any) -> dict[str, Any]:
    projects = (editor.project_id,) if editor.project_id else project_ids_of(request)
    limit = int(parameters.value("platform.totals_seconds", None, timezone.localdate()) * 1000)
    try:
        with transaction.atomic():
            asked = reading.Query(project_ids=projects, where=where)
            rows, _ids = reading.filtered(editor.resource, editor.access, asked)
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {limit}")
            count = rows.order_by().values("pk")[: COUNT_CAP + 1].count()
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except DomainError:
        return {"wrong": True}
    except OperationalError as exc:
        if getattr(exc.__cause__, "sqlstate", "") != "57014":
            raise
        return {}
    return {"count": f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"}
