"""Who works for whom: teams of consultants and the managers to be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone

from anchang.kernel.errors import DomainError
from anchang.platform.context import Context
from anchang.platform.models import Grant, TeamMember, User


def teams_of(ctx: Context, user_ids: Iterable[int | None]) -> dict[int, int]:
    """user -> team in the project; nothing is read when only the actor is asked for."""
    wanted = {u for u in user_ids if u}
    mine = ctx.access.teams.get(ctx.here.pk)
    if wanted <= {ctx.user_id}:
        return {ctx.user_id: mine} if wanted and mine and ctx.user_id else {}
    rows = TeamMember.objects.filter(project=ctx.here, user__in=wanted)
    return dict(rows.values_list("user_id", "team_id"))


def check_consultants(ctx: Context, users: Iterable[User], name: str = "owner") -> None:
    """Raises owner_not_here when one of them left or is in no team of the project. `name`: the input's field. One
    query."""
    asked = {user.pk: user for user in users}
    if not asked:
        return
    here = set(TeamMember.objects.filter(project=ctx.here, user__in=asked).values_list("user_id", flat=True))
    for user in asked.values():
        if not user.is_active or user.pk not in here:
            raise DomainError("owner_not_here", status=422, fields={name: "owner_not_here"}, name=user.name)


def managers_by_team(ctx: Context) -> dict[int | None, list[int]]:
    """team -> who is told about its customers: its leaders and the project's managers. None: without a
    team."""
    leaders: dict[int, set[int]] = defaultdict(set)
    rows = TeamMember.objects.filter(project=ctx.here, user__is_active=True)
    teams = set()
    for team_id, user_id, leads in rows.values_list("team_id", "user_id", "leads"):
        teams.add(team_id)
        if leads:
            leaders[team_id].add(user_id)
    wide = _project_managers(ctx)
    found: dict[int | None, list[int]] = {None: sorted(wide)}
    for team_id in teams:
        found[team_id] = sorted(wide | leaders[team_id])
    return found


def _project_managers(ctx: Context) -> set[int]:
    return _holders(ctx, ctx.param("crm.manager_roles"))


def _holders(ctx: Context, codes: Iterable[str]) -> set[int]:
    grants = Grant.objects.filter(
        Q(project=ctx.here) | Q(company=ctx.here.company_id),
        Q(until__isnull=True) | Q(until__gte=timezone.localdate()),
        role__code__in=list(codes), user__is_active=True,
    )  # fmt: skip
    return set(grants.values_list("user_id", flat=True))


def role_holders(ctx: Context, codes: Iterable[str]) -> list[int]:
    """Who holds one of these roles in the project now."""
    return sorted(_holders(ctx, codes))


def names_of(user_ids: Iterable[int | None]) -> dict[int | None, str]:
    """user -> name; an empty text for nobody."""
    found: dict[int | None, str] = dict(
        User.objects.filter(pk__in={u for u in user_ids if u}).values_list("id", "name")
    )
    found[None] = ""
    return found


def consultants_by_name(ctx: Context) -> dict[str, int]:
    """name, user name or staff number -> member of a team of the project; names that two people have are left
    out."""
    found: dict[str, set[int]] = defaultdict(set)
    rows = TeamMember.objects.filter(project=ctx.here).values_list(
        "user_id", "user__name", "user__username", "user__staff_number"
    )
    for user_id, *names in rows:
        for name in names:
            if name:
                found[name].add(user_id)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}
