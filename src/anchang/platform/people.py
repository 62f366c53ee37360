"""Who holds a role in a project now."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from anchang.platform.context import Context
from anchang.platform.models import Grant, RolePermission


def grants_here(ctx: Context) -> Q:
    """Grants that are in force in the context's project, those of its company and of the group among them."""
    here = ctx.here
    return (
        (Q(project__isnull=True) | Q(project=here))
        & (Q(company__isnull=True) | Q(company=here.company_id))
        & (Q(until__isnull=True) | Q(until__gte=ctx.business_date))
        & Q(user__is_active=True)
    )


def with_roles(ctx: Context, codes: Iterable[str]) -> list[int]:
    """Ids of users who hold one of these roles here."""
    rows = Grant.objects.filter(grants_here(ctx), role__code__in=list(codes))
    return sorted(set(rows.values_list("user_id", flat=True)))


def with_permission(ctx: Context, permission: str) -> list[int]:
    """Ids of users whose role names this permission (or all of its resource). Those who may everything are
    administrators, not the people who do the work, and aren't told."""
    named = [permission, permission.split(".", 1)[0] + ".*"]
    roles = RolePermission.objects.filter(permission__in=named).values("role_id")
    rows = Grant.objects.filter(grants_here(ctx), role__in=roles)
    return sorted(set(rows.values_list("user_id", flat=True)))
