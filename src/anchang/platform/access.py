"""Who may do what, where: permissions and scopes resolved once per change of the configuration.

A permission is `<resource>.<verb>`. It is granted by roles (for the group, a company or a project)
and by personal rights. Its scope (own, team, project) says on which rows. Both fail closed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from anchang.kernel.actor import PUBLIC, SYSTEM, Actor
from anchang.kernel.errors import forbidden
from anchang.platform.models import (
    ConfigStamp,
    FieldRule,
    Grant,
    PersonalGrant,
    Project,
    RolePermission,
    TeamMember,
    User,
)
from anchang.platform.stamp import remember_stamp

_WIDTH = {"own": 1, "team": 2, "project": 3}


@dataclass(frozen=True, slots=True)
class Access:
    """What one actor may do. `rights[project][permission]` is a scope; `rules[project][resource][field]` a mode."""

    actor: Actor
    rights: Mapping[int, Mapping[str, str]]
    rules: Mapping[int, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    teams: Mapping[int, int] = field(default_factory=dict)  # project -> team
    mates: Mapping[int, tuple[int, ...]] = field(default_factory=dict)  # project -> user ids of my team
    whole_group: bool = False
    # What the actor may do in every project, also in those that aren't there yet (group-level roles).
    everywhere: Mapping[str, str] = field(default_factory=dict)
    limited: bool = False  # cut to a token's permissions or projects

    @property
    def project_ids(self) -> tuple[int, ...]:
        return tuple(self.rights)

    def scope(self, permission: str, project_id: int) -> str | None:
        """own, team, project, or None when the actor may not."""
        return _scope_in(self.rights.get(project_id), permission)

    def may(self, permission: str, project_id: int | None = None) -> bool:
        """In that project; without one, anywhere."""
        if project_id is not None:
            return self.scope(permission, project_id) is not None
        return any(self.scope(permission, p) for p in self.rights) or bool(_scope_in(self.everywhere, permission))

    def reaches(self, permission: str, scope: str, project_id: int | None) -> bool:
        """Holds the permission with that scope or a wider one; without a project, in the whole group."""
        rights = self.everywhere if project_id is None else self.rights.get(project_id)
        return _WIDTH.get(_scope_in(rights, permission) or "", 0) >= _WIDTH[scope]

    def projects_for(self, permission: str) -> dict[int, str]:
        """project id -> scope, of the projects where the actor holds the permission."""
        found = ((p, self.scope(permission, p)) for p in self.rights)
        return {p: s for p, s in found if s}

    def require(self, permission: str, project_id: int | None = None) -> None:
        if not self.may(permission, project_id):
            raise forbidden(permission)

    def field_mode(self, resource: str, name: str, project_ids: Iterable[int]) -> str:
        """`hide` if any of the projects hides it, else `lock` if any locks it, else `` (free)."""
        modes = {self.rules.get(p, {}).get(resource, {}).get(name, "") for p in project_ids}
        return "hide" if "hide" in modes else "lock" if "lock" in modes else ""

    def row_filter(
        self, permission: str, owner: str | None, team: str | None, project_id: int, prefix: str = ""
    ) -> Q | None:
        """The rows of one project that the permission reaches; None when it isn't held there.

        `owner` and `team` are the resource's ORM paths; a resource without them has no narrower
        scope than the project, and an own- or team-scoped right on it reaches nothing.
        """
        scope = self.scope(permission, project_id)
        if scope is None:
            return None
        base = Q(**{prefix + "project_id": project_id})
        if scope == "project":
            return base
        user = self.actor.user_id
        if scope == "team":
            mates = self.mates.get(project_id, ())
            if owner:
                reach = Q(**{f"{prefix}{owner}_id__in": [*mates, user]})
                if team and project_id in self.teams:
                    reach |= Q(**{f"{prefix}{team}_id": self.teams[project_id]})
                return base & reach
            if team and project_id in self.teams:
                return base & Q(**{f"{prefix}{team}_id": self.teams[project_id]})
            return None
        if owner and user is not None:
            return base & Q(**{f"{prefix}{owner}_id": user})
        return None

    def narrowed(self, permissions: list[str] | None, projects: list[int] | None) -> Access:
        """The same access cut to a token's permissions and projects."""
        if permissions is None and projects is None:
            return self
        keep: dict[int, dict[str, str]] = {}
        for project_id in self.rights:
            if projects is not None and project_id not in projects:
                continue
            if permissions is None:
                keep[project_id] = dict(self.rights[project_id])
            else:
                scopes = {p: self.scope(p, project_id) for p in permissions}
                keep[project_id] = {p: s for p, s in scopes.items() if s}
        everywhere: Mapping[str, str] = {} if projects is not None else self.everywhere
        if permissions is not None:
            scopes = {p: _scope_in(everywhere, p) for p in permissions}
            everywhere = {p: s for p, s in scopes.items() if s}
        whole = self.whole_group and projects is None
        return Access(self.actor, keep, self.rules, self.teams, self.mates, whole, everywhere, limited=True)


def _scope_in(rights: Mapping[str, str] | None, permission: str) -> str | None:
    """The widest scope that the rights give; `!permission` takes it away."""
    if not rights or rights.get("!" + permission):
        return None
    resource = permission.split(".", 1)[0]
    found = [rights.get(code) for code in (permission, resource + ".*", "*")]
    return max((s for s in found if s), key=_WIDTH.__getitem__, default=None)


_cache: dict[tuple[str, int, dt.date], Access] = {}


def current_stamp() -> int:
    return ConfigStamp.objects.values_list("value", flat=True).first() or 0


def bump_stamp() -> None:
    """Tell every process that roles, grants, parameters, teams or projects changed.

    The stamp is the clock in microseconds and not a count: a transaction that is rolled back must not leave
    behind, under a number that another one then commits, what this process has read meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO platform_configstamp (id, value)"
            " VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
            " ON CONFLICT (id) DO UPDATE SET value = EXCLUDED.value"
        )
    remember_stamp(0)


def access_of(actor: Actor, stamp: int | None = None) -> Access:
    """The actor's access as of the configuration's stamp (read when not given)."""
    stamp = current_stamp() if stamp is None else stamp
    key = (actor.principal, stamp, timezone.localdate())
    found = _cache.get(key)
    if found is None:
        if len(_cache) > 2000:
            _cache.clear()
        found = _cache[key] = _resolve(actor)
    return found


def actor_for(user: User) -> Actor:
    return Actor("staff", user.pk, user.name or user.username)


def system_access(project_ids: Iterable[int] | None = None, actor: Actor = SYSTEM) -> Access:
    """Everything, in the named projects (all when None). For jobs, imports by command line, the demo."""
    ids = Project.objects.values_list("id", flat=True) if project_ids is None else project_ids
    whole = project_ids is None
    everywhere = {"*": "project"} if whole else {}
    return Access(actor, {p: {"*": "project"} for p in ids}, whole_group=whole, everywhere=everywhere)


def _resolve(actor: Actor) -> Access:
    if actor.kind == "system":
        return system_access(actor=actor)
    if actor == PUBLIC or actor.user_id is None:
        return Access(actor, {})
    return _resolve_staff(actor)


def _resolve_staff(actor: Actor) -> Access:
    today = timezone.localdate()
    live = Q(until__isnull=True) | Q(until__gte=today)
    grants = list(Grant.objects.filter(live, user=actor.user_id, user__is_active=True))
    permissions: dict[int, dict[str, str]] = defaultdict(dict)
    for row in RolePermission.objects.filter(role__in={g.role_id for g in grants}):
        permissions[row.role_id][row.permission] = row.scope
    field_rules: dict[int, list[FieldRule]] = defaultdict(list)
    for rule in FieldRule.objects.filter(role__in={g.role_id for g in grants}):
        field_rules[rule.role_id].append(rule)
    projects = dict(Project.objects.values_list("id", "company_id"))
    roles_in: dict[int, set[int]] = defaultdict(set)
    for grant in grants:
        for project_id, company_id in projects.items():
            if grant.project_id not in (None, project_id) or grant.company_id not in (None, company_id):
                continue
            roles_in[project_id].add(grant.role_id)
    rights = {p: _merge(permissions[r] for r in sorted(roles)) for p, roles in roles_in.items()}
    wide = {g.role_id for g in grants if g.company_id is None and g.project_id is None}
    everywhere = _merge(permissions[r] for r in sorted(wide))
    _apply_personal(actor, rights, everywhere, live)
    memberships = dict(
        TeamMember.objects.filter(user=actor.user_id).values_list("project_id", "team_id")
    )
    return Access(
        actor,
        rights,
        {p: _merge_rules(permissions, field_rules, roles) for p, roles in roles_in.items()},
        memberships,
        _mates(memberships),
        whole_group=bool(wide),
        everywhere=everywhere,
    )


def _merge(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for part in parts:
        for permission, scope in part.items():
            if _WIDTH[scope] > _WIDTH.get(merged.get(permission, ""), 0):
                merged[permission] = scope
    return merged


def _merge_rules(
    permissions: Mapping[int, Mapping[str, str]], rules: Mapping[int, list[FieldRule]], roles: set[int]
) -> dict[str, dict[str, str]]:
    """A field stays ruled only if every role of the user that sees the resource rules it; hide beats lock
    only when all hide. The most generous role wins, as with permissions."""
    resources = {r.resource for role in roles for r in rules[role]}
    merged: dict[str, dict[str, str]] = {}
    for resource in resources:
        seeing = [
            role
            for role in roles
            if {f"{resource}.view", f"{resource}.*", "*"} & set(permissions[role])
        ]
        modes = [{r.field: r.mode for r in rules[role] if r.resource == resource} for role in seeing]
        if not modes:
            continue
        common = set.intersection(*(set(m) for m in modes))
        merged[resource] = {f: "hide" if all(m[f] == "hide" for m in modes) else "lock" for f in common}
    return merged


def _apply_personal(
    actor: Actor, rights: dict[int, dict[str, str]], everywhere: dict[str, str], live: Q
) -> None:
    for row in PersonalGrant.objects.filter(live, user=actor.user_id):
        if row.project_id is None and not row.allow:
            everywhere["!" + row.permission] = "project"
        for project_id in rights if row.project_id is None else [row.project_id]:
            mine = rights.setdefault(project_id, {}) if row.allow else rights.get(project_id)
            if mine is None:
                continue
            if not row.allow:
                mine["!" + row.permission] = "project"
            elif _WIDTH[row.scope] > _WIDTH.get(mine.get(row.permission, ""), 0):
                mine[row.permission] = row.scope


def _mates(memberships: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
    """Team mates per project. Team rows are under row-level security: read with the scope open (see scope)."""
    mates: dict[int, list[int]] = defaultdict(list)
    rows = TeamMember.objects.filter(team_id__in=memberships.values()).values_list("project_id", "user_id")
    for project_id, user_id in rows:
        mates[project_id].append(user_id)
    return {p: tuple(users) for p, users in mates.items()}
