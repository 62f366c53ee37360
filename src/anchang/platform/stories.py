"""What the timeline of a record tells: its own events, and those around it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from anchang.platform import resources
from anchang.platform.access import Access
from anchang.platform.resources import Resource


def story_of(resource: Resource, record: Any, access: Access) -> Q:
    """Events of the record, and what its resource adds of objects that the reader may view."""
    own = Q(resource=resource.name, record_id=record.pk)
    if resource.story is None:
        return own
    seen = [r.name for r in resources.all_resources() if access.may(f"{r.name}.view", record.project_id)]
    return own | (resource.story(record) & Q(resource__in=seen))
