"""Reads that belong to one record."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Event
from anchang.platform.resources import Resource


def events_of(
    resource: Resource, access: Access, record_id: int, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """What happened to the record, newest first. For a customer: everything that happened around him."""
    if resource.group_level:
        reading.get_row(resource, access, record_id)
        return {"items": [], "next": None}
    record = reading.get_record(resource, access, record_id)
    about = Q(resource=resource.name, record_id=record_id)
    if resource.name == "customers":
        about |= Q(customer_id=record_id)
    rows = Event.objects.filter(about, project_id=record.project_id).order_by("-id")
    if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19:
        rows = rows.filter(pk__lt=int(cursor))
    ids = list(rows.values_list("pk", flat=True)[: limit + 1])
    events = resources.get("events")
    items = reading.rows_by_ids(events, events.fields, ids[:limit])
    return {"items": items, "next": str(ids[limit - 1]) if len(ids) > limit else None}
