"""Projects, teams, people and their rights."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.kernel import chinese
from anchang.kernel.errors import DomainError
from anchang.platform import commands, parameters, tokens
from anchang.platform.access import access_of, actor_for, bump_stamp
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import MAX_ID, Day, Input, Label, Line, Name, Reason, Ref
from anchang.platform.models import (
    ApiToken,
    Company,
    Grant,
    PersonalGrant,
    Project,
    ResetLink,
    Team,
    TeamMember,
    User,
)
from anchang.platform.office.authority import (
    check_manages,
    check_may_become,
    check_place,
    check_right,
    check_role,
)
from anchang.platform.office.roles import check_known, known_rights

Code = Annotated[str, PydanticField(pattern=r"^[A-Za-z0-9_\-]{1,20}$")]
UserName = Annotated[str, PydanticField(pattern=r"^[A-Za-z0-9_.@\-]{2,50}$")]

commands.constraint_errors(
    {
        "platform_project_code_key": "code_taken",
        "platform_user_username_key": "username_taken",
        "team_code_once": "code_taken",
        "member_of_one_team": "already_exists",
    }
)

parameters.declare("platform.pin_attempts", default=5, kind="int", label=_("Wrong PINs before a pause"))
parameters.declare("platform.pin_days", default=30, kind="int", label=_("Days for which a PIN works on a computer"))

#: Other apps add what a leaver still owns: count(user_id) -> int. See `deactivate_user`.
belongings: list[Callable[[int], int]] = []


# --- projects and teams --------------------------------------------------------------------------


class ProjectInput(Input):
    code: Annotated[Code, Label(_("Code"))]
    name: Annotated[Name, Label(_("Name"))]
    company: Annotated[Ref("companies") | None, Label(_("Company"))] = None
    city: Annotated[Line, Label(_("City"))] = ""
    address: Annotated[Line, Label(_("Address"))] = ""
    developer: Annotated[Line, Label(_("Developer"))] = ""


@creates(Project, label=_("New project"), shape="primary")
def create_projects(ctx: Context, rows: list[ProjectInput]) -> list[Project]:
    """New projects; without a company, the group's first one (made when there is none yet)."""
    default = Company.objects.order_by("id").first()
    made = []
    for row in rows:
        company = row.company or default
        if company is None:
            company = default = Company.objects.create(code=row.code, name=row.developer or row.name)
        made.append(
            Project.objects.create(
                code=row.code, name=row.name, company=company, city=row.city[:50], address=row.address,
                developer=row.developer[:100],
            )
        )  # fmt: skip
    bump_stamp()
    return made


class ProjectEdit(Input):
    name: Annotated[Name, Label(_("Name"))] = ""
    city: Annotated[Line, Label(_("City"))] = ""
    address: Annotated[Line, Label(_("Address"))] = ""
    developer: Annotated[Line, Label(_("Developer"))] = ""
    active: Annotated[bool, Label(_("Active"))] = True


@edits(Project, label=_("Edit"))
def edit_project(ctx: Context, project: Project, data: ProjectEdit) -> Project:
    for name in data.model_fields_set:
        setattr(project, name, getattr(data, name))
    project.save()
    bump_stamp()
    return project


class MemberInput(Input):
    user: Annotated[Ref("users"), Label(_("User"))]
    leads: Annotated[bool, Label(_("Leads the team"))] = False


@command(Team, verb="add-member", label=_("Add member"), name="add_team_member")
def add_member(ctx: Context, team: Team, data: MemberInput) -> Team:
    """Put a user into the team; someone in another team of the project moves."""
    TeamMember.objects.update_or_create(
        project=team.project, user=data.user, defaults={"team": team, "leads": data.leads}
    )
    ctx.event("team.joined", team, user=data.user.name)
    bump_stamp()
    return team


class LeaveInput(Input):
    user: Annotated[Ref("users"), Label(_("User"))]


@command(Team, verb="remove-member", label=_("Remove member"), name="remove_team_member")
def remove_member(ctx: Context, team: Team, data: LeaveInput) -> Team:
    TeamMember.objects.filter(team=team, user=data.user).delete()
    ctx.event("team.left", team, user=data.user.name)
    bump_stamp()
    return team


# --- users ---------------------------------------------------------------------------------------


class UserInput(Input):
    username: Annotated[UserName, Label(_("User name"))]
    name: Annotated[Name, Label(_("Full name"))]
    password: Annotated[str | None, Label(_("Password"), kind="password", secret=True)] = None
    role: Annotated[Ref("roles") | None, Label(_("Role"))] = None
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    team: Annotated[int | None, Label(_("Team"), kind="ref:teams"), PydanticField(ge=1, le=MAX_ID)] = None
    post: Annotated[Name | None, Label(_("Post"))] = None
    staff_number: Annotated[Annotated[str, PydanticField(max_length=30)], Label(_("Staff number"))] = ""


def check_password_strength(password: str, user: User | None = None) -> None:
    try:
        validate_password(password, user)
    except ValidationError:
        raise DomainError("bad_input", status=422, fields={"password": "weak_password"}) from None


@creates(User, label=_("New user"), shape="primary")
def add_users(ctx: Context, rows: list[UserInput]) -> list[User]:
    """New users; without a password they sign in by a one-time link (`make_reset_link`)."""
    made = []
    for row in rows:
        user = User(
            username=row.username, name=row.name, post=row.post or "", staff_number=row.staff_number,
            name_pinyin=chinese.pinyin(row.name)[:120],
        )  # fmt: skip
        if row.password:
            check_password_strength(row.password, user)
            user.set_password(row.password)
        else:
            user.set_unusable_password()
        user.save()
        if row.role:
            check_role(ctx, row.role, row.project)
            Grant.objects.create(user=user, role=row.role, project=row.project)
        if row.team:
            team = _team(ctx, row.team)
            TeamMember.objects.create(project=team.project, team=team, user=user)
        made.append(user)
    bump_stamp()
    return made


def _team(ctx: Context, team_id: int) -> Team:
    found = Team.objects.filter(pk=team_id, project__in=ctx.access.projects_for("teams.add-member")).first()
    if found is None:
        raise DomainError("bad_input", status=422, fields={"team": "not_found"})
    return found


class UserEdit(Input):
    name: Annotated[Name, Label(_("Full name"))] = ""
    post: Annotated[Line, Label(_("Post"))] = ""
    staff_number: Annotated[Line, Label(_("Staff number"))] = ""


@edits(User, label=_("Edit"))
def edit_user(ctx: Context, user: User, data: UserEdit) -> User:
    check_manages(ctx, user, "users.edit")
    for name in data.model_fields_set:
        setattr(user, name, getattr(data, name)[:50])
    user.name_pinyin = chinese.pinyin(user.name)[:120]
    user.save()
    bump_stamp()
    return user


@command(User, verb="deactivate", label=_("Left"), shape="danger", show=lambda u: u.is_active)
def deactivate_user(ctx: Context, user: User) -> User:
    """A leaver: disabled at once. Customers and leads must have been handed over before."""
    if user.pk == ctx.user_id:
        raise DomainError("own_account", status=409)
    check_manages(ctx, user, "users.deactivate")
    left = sum(count(user.pk) for count in belongings)
    if left:
        raise DomainError("customers_to_hand_over", status=409, count=left)
    user.is_active = False
    user.left_on = ctx.business_date
    user.save()
    ApiToken.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=ctx.now)
    bump_stamp()
    return user


@command(User, verb="activate", label=_("Activate"), show=lambda u: not u.is_active)
def activate_user(ctx: Context, user: User) -> User:
    check_manages(ctx, user, "users.activate")
    user.is_active, user.left_on = True, None
    user.save()
    bump_stamp()
    return user


RESET_HOURS = parameters.declare(
    "platform.reset_link_hours", default=24, kind="int", label=_("Hours for which a password link is good")
)


@command(User, verb="reset-link", label=_("One-time password link"), name="make_reset_link",
         private_answer=True)
def make_reset_link(ctx: Context, user: User) -> dict[str, Any]:
    """A link with which the user sets a new password once, without mail. Older links end. Who made it stands
    in the history of the user's projects, and the user is told."""
    beyond = check_may_become(ctx, user, "users.reset-link")
    ResetLink.objects.filter(user=user, used_at__isnull=True).update(used_at=ctx.now)
    assert ctx.user_id is not None, "a link is made by a person"
    text = secrets.token_urlsafe(24)
    until = ctx.now + dt.timedelta(hours=ctx.param("platform.reset_link_hours"))
    ResetLink.objects.create(
        user=user, digest=tokens.digest(text), made_by_id=ctx.user_id, expires_at=until
    )
    _tell_projects(ctx, user, "user.reset_link", "password_link", beyond=len(beyond))
    return {"link": f"/password/{text}", "expires_at": until.isoformat()}


def _tell_projects(ctx: Context, user: User, event: str, notice: str, **data: Any) -> None:
    """An event in every project of the user that the actor can see, and one notice to the user."""
    theirs = access_of(actor_for(user)).project_ids
    for at, project in enumerate(Project.objects.filter(pk__in=set(theirs) & set(ctx.access.project_ids))):
        place = Context(ctx.access, project, ctx.now)
        place.event(event, user, user=user.name, **data)
        if at == 0:
            place.notify([user.pk], notice, user, by=ctx.actor.name)
        place.flush()


def use_reset_link(text: str, password: str) -> User:
    """Set the password that the link's holder chose. Raises link_expired, weak_password."""
    now = timezone.now()
    row = (
        ResetLink.objects.select_for_update(no_key=True, of=("self",))
        .filter(digest=tokens.digest(text), used_at__isnull=True, expires_at__gt=now, user__is_active=True)
        .select_related("user")
        .first()
    )
    if row is None:
        raise DomainError("link_expired", status=409)
    check_password_strength(password, row.user)
    row.user.set_password(password)
    row.user.save()
    row.used_at = now
    row.save()
    return row.user


class PinInput(Input):
    pin: Annotated[
        Annotated[str, PydanticField(pattern=r"^\d{4,8}$")], Label(_("PIN"), kind="password", secret=True)
    ]


@command(User, verb="set-pin", label=_("PIN for quick user switch"), name="set_pin")
def set_pin(ctx: Context, user: User, data: PinInput) -> dict[str, Any]:
    """Only the user himself sets the PIN with which a shared reception PC switches to him."""
    if user.pk != ctx.user_id:
        raise DomainError("forbidden", status=403)
    User.objects.filter(pk=user.pk).update(pin=make_password(data.pin))
    return {"id": user.pk}


# --- rights --------------------------------------------------------------------------------------


class GrantInput(Input):
    user: Annotated[Ref("users"), Label(_("User"))]
    role: Annotated[Ref("roles"), Label(_("Role"))]
    company: Annotated[Ref("companies") | None, Label(_("Company"))] = None
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    until: Annotated[Day | None, Label(_("Until"))] = None


@creates(Grant, label=_("Give a role"), shape="primary")
def give_roles(ctx: Context, rows: list[GrantInput]) -> list[Grant]:
    """Without company and project the role holds for the whole group: only group users may give that."""
    made = []
    for row in rows:
        check_place(ctx, "grants.create", row.project)
        check_role(ctx, row.role, row.project)
        made.append(
            Grant.objects.create(
                user=row.user, role=row.role, company=row.company, project=row.project, until=row.until
            )
        )
    bump_stamp()
    return made


@command(Grant, verb="take", label=_("Take the role away"), name="take_role", shape="danger")
def take_role(ctx: Context, grant: Grant) -> dict[str, Any]:
    answer = {"id": grant.pk}
    if grant.user_id == ctx.user_id:
        raise DomainError("own_account", status=409)
    check_place(ctx, "grants.take", grant.project)
    grant.delete()
    bump_stamp()
    return answer


class PersonalGrantInput(Input):
    user: Annotated[Ref("users"), Label(_("User"))]
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    permission: Annotated[Annotated[str, PydanticField(pattern=r"^[a-z\-]+\.[a-z\-*]+$")], Label(_("Permission"))]
    allow: Annotated[bool, Label(_("Allowed"))]
    scope: Annotated[Literal["own", "team", "project"], Label(_("Scope"))] = "own"
    reason: Annotated[Reason, Label(_("Reason"))]
    until: Annotated[Day | None, Label(_("Until"))] = None


@creates(PersonalGrant, label=_("Personal right"), shape="primary")
def give_personal_rights(ctx: Context, rows: list[PersonalGrantInput]) -> list[PersonalGrant]:
    """A right added to or taken from one person, with reason and end date. Adding needs the right oneself."""
    made, known = [], known_rights()
    for row in rows:
        check_known(row.permission, "permission", known)
        check_place(ctx, "personal-grants.create", row.project)
        check_manages(ctx, row.user, "personal-grants.create")
        if row.allow:
            check_right(ctx, row.permission, row.scope, row.project)
        made.append(
            PersonalGrant.objects.create(
                user=row.user, project=row.project, permission=row.permission, allow=row.allow,
                scope=row.scope, reason=row.reason, until=row.until, made_by_id=ctx.user_id or row.user.pk,
            )
        )  # fmt: skip
    bump_stamp()
    return made
