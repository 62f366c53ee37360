"""Which rows of a resource a permission reaches: the one answer for lists, subjects, references and conditions."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from anchang.platform.access import Access
from anchang.platform.resources import Resource


def reach(
    resource: Resource, permission: str, access: Access, project_ids: Iterable[int] | None = None
) -> Q | None:
    """The rows that the permission reaches, in the given projects (default: all of the actor's)."""
    if resource.group_level:
        if not access.may(permission):
            return None
        return resource.group_reach(access) if resource.group_reach else Q()
    wide: list[int] = []
    narrow: list[Q] = []
    for project_id in access.project_ids if project_ids is None else project_ids:
        scope = access.scope(permission, project_id)
        if scope == "project":
            wide.append(project_id)
        elif scope:
            q = access.row_filter(permission, resource.owner, resource.team, project_id)
            if q is not None:
                narrow.append(q)
    if wide:
        narrow.append(Q(project_id=wide[0]) if len(wide) == 1 else Q(project_id__in=wide))
    if not narrow:
        return None
    q = narrow[0]
    for other in narrow[1:]:
        q |= other
    return q
