"""Whom one may manage and what one may give away: never more than one holds, never beyond where one holds it."""

from __future__ import annotations

from anchang.kernel.errors import DomainError, forbidden
from anchang.platform.access import Access, access_of, actor_for
from anchang.platform.context import Context
from anchang.platform.models import Grant, Project, Role, User


def check_whole_group(ctx: Context, field: str = "project") -> None:
    """What is said for no single project holds for all of them: only group users may say it."""
    if not (ctx.access.whole_group or ctx.actor.kind == "system"):
        raise DomainError("bad_input", status=422, fields={field: "required"})


def check_place(ctx: Context, permission: str, project: Project | None) -> None:
    """The right must be held in the very project that is written; without one, in the whole group."""
    if project is None:
        check_whole_group(ctx)
    else:
        ctx.access.require(permission, project.pk)


def check_right(ctx: Context, permission: str, scope: str, project: Project | None) -> None:
    """Nobody gives a right that he lacks himself, or holds on fewer rows, there where he gives it."""
    if ctx.actor.kind != "system" and not ctx.access.reaches(permission, scope, project.pk if project else None):
        raise DomainError("forbidden", status=403, permission=permission)


def check_role(ctx: Context, role: Role, project: Project | None) -> None:
    if project is None:
        check_whole_group(ctx)
    for permission, scope in role.permissions.values_list("permission", "scope"):
        check_right(ctx, permission, scope, project)


def check_manages(ctx: Context, user: User, permission: str) -> None:
    """The right over a person reaches as far as his roles do: who works elsewhere or for the whole group is
    managed by those who may do it there."""
    if ctx.actor.kind == "system" or ctx.access.whole_group:
        return
    for project_id in Grant.objects.filter(user=user).values_list("project_id", flat=True):
        if project_id is None or not ctx.access.may(permission, project_id):
            raise forbidden(permission)


#: Rights over people, rights and settings: who has them can make himself anything.
ADMINISTRATION = frozenset({"users", "roles", "grants", "personal-grants", "parameters", "projects", "companies"})
#: Of those, what gives no power over others.
_HARMLESS = frozenset({"view", "set-pin"})


def administers(permission: str) -> bool:
    resource, _dot, verb = permission.partition(".")
    return permission == "*" or (resource in ADMINISTRATION and verb not in _HARMLESS)


def check_may_become(ctx: Context, user: User, permission: str) -> list[str]:
    """Who sets a person's password can act as that person. So he must hold all that the person holds; or the
    person works only in projects where he has the right over the whole staff, and administers nothing that he
    doesn't administer himself. Answers the rights beyond his own, which the caller puts on record.
    """
    if ctx.actor.kind == "system" or ctx.user_id == user.pk:
        return []
    check_manages(ctx, user, permission)
    theirs = access_of(actor_for(user))
    beyond = set()
    held = [(theirs.everywhere, None), *((rights, project_id) for project_id, rights in theirs.rights.items())]
    for rights, project_id in held:
        for right, scope in rights.items():
            if right.startswith("!") or ctx.access.reaches(right, scope, project_id):
                continue
            manages = project_id is not None and ctx.access.scope(permission, project_id) == "project"
            if not manages or ctx.access.limited or administers(right):
                raise forbidden(permission)
            beyond.add(right)
    return sorted(beyond)


def check_unlimited(access: Access) -> None:
    """A token that was cut to some rights or projects may not make one that is cut less."""
    if access.limited:
        raise forbidden("tokens.issue")
