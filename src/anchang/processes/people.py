"""Who is to be told: people by role or by permission in a project."""

from __future__ import annotations

from anchang.platform.context import Context
from anchang.platform.models import Grant, RolePermission
from anchang.platform.people import grants_here, with_roles


def with_permission(ctx: Context, permission: str) -> list[int]:
    """Ids of users whose role names this permission (or all of its resource). Those who may everything are
    administrators, not the people who do the work, and aren't told."""
    named = [permission, permission.split(".", 1)[0] + ".*"]
    roles = RolePermission.objects.filter(permission__in=named).values("role_id")
    rows = Grant.objects.filter(grants_here(ctx), role__in=roles)
    return sorted(set(rows.values_list("user_id", flat=True)))


__all__ = ["with_permission", "with_roles"]
