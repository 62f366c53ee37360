"""Segments (客户群): saved views of customers, one's own and the shared ones, read within the reader's own reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from anchang.kernel.errors import DomainError, not_found
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.models import SavedView
from anchang.platform.reading import Query


def segments(access: Access, project_ids: Sequence[int]) -> QuerySet[SavedView]:
    mine = Q(user=access.actor.user_id) | Q(shared=True)
    return SavedView.objects.filter(mine, resource="customers", project__in=project_ids).order_by("name", "pk")


def segment_of(access: Access, project_id: int, key: int) -> SavedView:
    """Raises not_found."""
    found = segments(access, [project_id]).filter(pk=key).first()
    if found is None:
        raise not_found()
    return found


def condition_of(segment: SavedView) -> dict[str, Any]:
    """What makes a customer belong to it. Raises segment_of_customers for a view of other records or without filter."""
    where = segment.query.get("where")
    if segment.resource != "customers" or not where:
        raise DomainError("bad_input", status=422, fields={"segment": "segment_of_customers"})
    return dict(where)


def members(access: Access, segment: SavedView) -> QuerySet:
    """The customers of a segment that this actor may see. Raises bad_condition for a filter that he may not use."""
    query = Query(project_ids=(segment.project_id,), where=segment.query.get("where"))
    rows, _ids = reading.filtered(resources.get("customers"), access, query)
    return rows.order_by("-pk")
