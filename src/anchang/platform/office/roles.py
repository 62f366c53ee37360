"""What a role may do: rights on objects with their rows, and fields that it doesn't see or change (Z01)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from django.db import connection
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.kernel.errors import DomainError
from anchang.platform import commands, resources
from anchang.platform.access import access_of, actor_for, bump_stamp
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label
from anchang.platform.models import FieldRule, Grant, Role, RolePermission, User
from anchang.platform.office.authority import check_right, check_whole_group

SCOPE = Literal["own", "team", "project", ""]
MODE = Literal["hide", "lock", ""]
#: Rights that every resource has besides those of its commands.
_READS = ("view", "export")


def known_rights() -> dict[str, dict[str, Any]]:
    """object -> verb -> words, of everything that a role can be given. Rights that some role has already and that
    belong to no object (reports) are known by that."""
    found: dict[str, dict[str, Any]] = {}
    for resource in resources.all_resources():
        found[resource.name] = {"view": _("View"), "export": _("Export")}
    for cmd in commands.all_commands():
        name, _dot, verb = commands.permission_of(cmd).partition(".")
        found.setdefault(name, {}).setdefault(verb, cmd.label or verb)
    for right in RolePermission.objects.values_list("permission", flat=True).distinct().order_by("permission"):
        name, dot, verb = right.partition(".")
        if dot and verb != "*":
            found.setdefault(name, {}).setdefault(verb, verb)
    return found


class RightsInput(Input):
    rights: Annotated[dict[str, SCOPE], Field(max_length=2000), Label(_("Rights"), "json")] = {}
    fields: Annotated[dict[str, MODE], Field(max_length=2000), Label(_("Fields"), "json")] = {}


@command(Role, verb="set-rights", label=_("Rights of the role"), name="set_role_rights", shape="")
def set_role_rights(ctx: Context, role: Role, data: RightsInput) -> Role:
    """`rights`: right -> rows (own, team, project; empty takes it away). `fields`: `object.field` -> hide or lock
    (empty frees it). What isn't named stays. A role holds in the whole group, so that group users alone change it,
    and nobody gives what he lacks. Raises unknown_right, last_administrator.
    """
    check_whole_group(ctx, "rights")
    known = known_rights()
    for right, scope in data.rights.items():
        check_known(right, "rights", known)
        if scope:
            check_right(ctx, right, scope, None)
    for name in data.fields:
        resource_name, _dot, field = name.partition(".")
        resource = resources.find(resource_name)
        if resource is None or field not in resource.by_name:
            raise DomainError("bad_input", status=422, fields={"fields": "unknown_field"}, field=name)
    _write_rights(role, data.rights)
    _write_fields(role, data.fields)
    bump_stamp()
    _check_somebody_administers(ctx)
    return role


def check_known(right: str, field: str, known: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises unknown_permission on that field for a right that nothing asks for."""
    name, _dot, verb = right.partition(".")
    if right == "*" or (name in known and (verb == "*" or verb in known[name])):
        return
    raise DomainError("bad_input", status=422, fields={field: "unknown_permission"}, permission=right)


def _write_rights(role: Role, rights: Mapping[str, str]) -> None:
    rows = RolePermission.objects.filter(role=role, permission__in=rights)
    have = {row.permission: row for row in rows}
    for right, scope in rights.items():
        row = have.get(right)
        if row is None and scope:
            RolePermission.objects.create(role=role, permission=right, scope=scope)
        elif row is not None and not scope:
            row.delete()
        elif row is not None and row.scope != scope:
            row.scope = scope
            row.save(update_fields=["scope"])


def _write_fields(role: Role, fields: Mapping[str, str]) -> None:
    have = {(r.resource, r.field): r for r in FieldRule.objects.filter(role=role)}
    for name, mode in fields.items():
        resource, _dot, field = name.partition(".")
        row = have.get((resource, field))
        if row is None and mode:
            FieldRule.objects.create(role=role, resource=resource, field=field, mode=mode)
        elif row is not None and not mode:
            row.delete()
        elif row is not None and row.mode != mode:
            row.mode = mode
            row.save(update_fields=["mode"])


def _check_somebody_administers(ctx: Context) -> None:
    """Somebody must be left who can undo this: the actor himself, or another active group user."""
    group = Grant.objects.filter(project__isnull=True, company__isnull=True, user__is_active=True)
    for user in User.objects.filter(pk__in=group.values("user_id")):
        if access_of(actor_for(user)).reaches("roles.set-rights", "project", None):
            return
    raise DomainError("last_administrator", status=409)


_HISTORY = """
SELECT a.at, a.op, a.actor, coalesce(a.changes ->> 'permission', p.permission,
       (a.changes ->> 'resource') || '.' || (a.changes ->> 'field'), f.resource || '.' || f.field, '')
  FROM platform_audit a
  LEFT JOIN platform_rolepermission p ON a.table_name = 'platform_rolepermission' AND p.id = a.row_id
  LEFT JOIN platform_fieldrule f ON a.table_name = 'platform_fieldrule' AND f.id = a.row_id
 WHERE a.project_id IS NULL AND a.table_name IN ('platform_rolepermission', 'platform_fieldrule')
   AND coalesce((a.changes ->> 'role_id')::bigint, p.role_id, f.role_id) = %s
 ORDER BY a.at DESC, a.id DESC LIMIT 50
"""


def history(role: Role) -> list[dict[str, Any]]:
    """The role's last changes: when, who, which right or field, and what came or went."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, [role.pk])
        rows = cursor.fetchall()
    people = dict(User.objects.values_list("pk", "name")) if rows else {}
    return [{"at": at, "op": op, "what": what, "actor": _person(actor, people)} for at, op, actor, what in rows]


def _person(principal: str, people: Mapping[int, str]) -> str:
    kind, _colon, key = principal.partition(":")
    return people.get(int(key), kind) if key.isdigit() else kind
