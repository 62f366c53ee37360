"""What a previewed command would do, in words: changes, what is made, who is told, what is to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from anchang.platform import reading, resources
from anchang.platform.models import Event, Notice, Task, User
from anchang.platform.telling import event_text
from anchang.platform.ui import cells, rows
from anchang.platform.wording import knows, worded

_UNTOLD = ("version", "updated_at", "created_at")


def consequence_of(
    deed: Any, before: Mapping[str, Any], after: Mapping[str, Any], result: Any, seen: Sequence[Event | Notice | Task]
) -> dict[str, Any]:
    """The context of `platform/consequence.html`."""
    told = [one for one in seen if isinstance(one, Notice | Task)]
    people = dict(User.objects.filter(pk__in={_person(one) for one in told}).values_list("pk", "name"))
    return {
        "changes": changes(deed, before, after),
        "made": made_of(deed, result),
        "events": [
            event_text(e.name, e.data, e.resource)
            for e in seen
            if isinstance(e, Event) and knows("event." + e.name)
        ],
        "told": [
            {
                "name": people.get(_person(one), ""),
                "text": worded(_code(one), one.params),
                "todo": isinstance(one, Task),
            }
            for one in told[:20]
        ],
    }


def _person(one: Notice | Task) -> int:
    return one.user_id if isinstance(one, Notice) else one.assignee_id


def _code(one: Notice | Task) -> str:
    return ("notice." if isinstance(one, Notice) else "task.") + one.code


def changes(deed: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for f in deed.resource.fields:
        if f.name in _UNTOLD or f.name not in after or before.get(f.name) == after.get(f.name):
            continue
        read = rows.reader_of(deed.resource, f, deed.access, deed.project_id)
        kind = rows.kind_of(deed.resource, f)
        was, now = (cells.render(kind, read(0, side.get(f.name))) for side in (before, after))
        if was != now:
            found.append({"label": f.label, "before": was, "after": now})
    return found


def made_of(deed: Any, result: Any) -> list[dict[str, Any]]:
    """The main facts of a record that the command would make."""
    if isinstance(result, list):
        result = result[0] if len(result) == 1 else None
    if not isinstance(result, models.Model) or (deed.subject is not None and type(result) is type(deed.subject)):
        return []
    resource = resources.of_model(type(result))
    if resource is None or not deed.access.may(f"{resource.name}.view"):
        return []
    project_id = getattr(result, "project_id", None)
    fields = reading.visible_fields(resource, deed.access, (project_id,) if project_id else deed.access.project_ids)
    listed = tuple(f for f in fields if f.list)
    item = next(iter(reading.rows_by_ids(resource, listed, [result.pk])), {})
    shown = []
    for f in listed:
        if item.get(f.name) not in (None, "", []):
            content = rows.reader_of(resource, f, deed.access, project_id)(0, item.get(f.name))
            shown.append({"label": f.label, "content": cells.render(rows.kind_of(resource, f), content)})
    return shown
