"""Reads that belong to one record."""

from __future__ import annotations

from typing import Any

from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Event
from anchang.platform.resources import Resource
from anchang.platform.stories import story_of


def events_of(
    resource: Resource, access: Access, record_id: int, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """What happened to the record, newest first. Of a customer and a deal: everything around it."""
    if resource.group_level:
        reading.get_row(resource, access, record_id)
        return {"items": [], "next": None}
    record = reading.get_record(resource, access, record_id)
    rows = Event.objects.filter(story_of(resource, record, access), project_id=record.project_id).order_by("-id")
    if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19:
        rows = rows.filter(pk__lt=int(cursor))
    ids = list(rows.values_list("pk", flat=True)[: limit + 1])
    events = resources.get("events")
    items = reading.rows_by_ids(events, events.fields, ids[:limit])
    return {"items": items, "next": str(ids[limit - 1]) if len(ids) > limit else None}
