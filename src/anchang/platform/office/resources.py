"""Declarations of the platform's own objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anchang.platform import parameters
from anchang.platform.access import Access
from anchang.platform.database import policy_sql
from anchang.platform.models import (
    ApiToken,
    Company,
    Event,
    Grant,
    ImportJob,
    JobReport,
    Notice,
    Parameter,
    PersonalGrant,
    Project,
    RevealLog,
    Role,
    SavedView,
    StoredFile,
    Task,
    Team,
    TeamMember,
    User,
)
from anchang.platform.resources import Field, Resource, register
from anchang.platform.telling import actor_text, event_text
from anchang.platform.wording import key_word, worded


def _my_projects(access: Access) -> Q:
    return Q(pk__in=access.project_ids)


def _my_companies(access: Access) -> Q:
    return Q() if access.whole_group else Q(projects__in=access.project_ids)


def _colleagues(access: Access) -> Q:
    """People who work in one of the actor's projects; the whole group for group users."""
    if access.whole_group:
        return Q()
    here = Grant.objects.filter(
        Q(project__in=access.project_ids) | Q(project__isnull=True, company__isnull=True)
        | Q(company__projects__in=access.project_ids)
    )  # fmt: skip
    return Q(pk__in=here.values("user_id")) | Q(pk=access.actor.user_id)


def _own_tokens(access: Access) -> Q:
    return Q(user=access.actor.user_id)


def _said_here(permission: str) -> Callable[[Access], Q]:
    """Rows that name one of the actor's projects; those of the whole group only for group users."""

    def reach(access: Access) -> Q:
        return Q() if access.whole_group else Q(project__in=access.projects_for(permission))

    return reach


def _roles_of(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Roles that hold where the reader is: what a colleague does in other projects is not told."""
    found: dict[int, list[dict[str, Any]]] = {}
    here = Project.objects.filter(RawSQL(policy_sql("platform_project.id"), [], output_field=BooleanField()))
    rows = Grant.objects.filter(
        Q(project__in=here) | Q(company__in=here.values("company")) | Q(project__isnull=True, company__isnull=True),
        user__in=ids,
    ).select_related("role", "project", "company")
    for grant in rows.order_by("id"):
        where = grant.project or grant.company
        found.setdefault(grant.user_id, []).append(
            {"id": grant.pk, "role": grant.role.name, "where": str(where) if where else str(_("Group"))}
        )
    return found


def _teams_of(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for member in TeamMember.objects.filter(user__in=ids).select_related("team"):
        found.setdefault(member.user_id, []).append(member.team.name)
    return found


def _task_titles(ids: Sequence[int]) -> dict[int, str]:
    rows = Task.objects.filter(pk__in=ids).values_list("id", "code", "params")
    return {i: worded("task." + code, params) for i, code, params in rows}


def _notice_texts(ids: Sequence[int]) -> dict[int, str]:
    rows = Notice.objects.filter(pk__in=ids).values_list("id", "code", "params")
    return {i: worded("notice." + code, params) for i, code, params in rows}


def _meanings(ids: Sequence[int]) -> dict[int, str]:
    """What each parameter says about itself."""
    labels = {one.key: str(one.label) for one in parameters.declared()}
    return {i: labels.get(key, "") for i, key in Parameter.objects.filter(pk__in=ids).values_list("pk", "key")}


def _value_text(value: Any) -> str:
    """The value of a parameter; a choice that its app words is told so, a structure part by part."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, Mapping):
        return "；".join(f"{key_word('parameter', k)}: {_value_text(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "、".join(_value_text(one) for one in value)
    return "" if value is None else key_word("parameter", value)


def _event_texts(ids: Sequence[int]) -> dict[int, str]:
    rows = Event.objects.filter(pk__in=ids).values_list("id", "name", "data", "resource")
    return {i: event_text(name, data, resource) for i, name, data, resource in rows}


register(Resource(
    name="companies", model=Company, label=_("Company"), plural=_("Companies"), area="setup", icon="building",
    group_level=True, group_reach=_my_companies, order="code", plain=True, key_field="code",
    fields=(
        Field("code", list=True, form="create"),
        Field("name", list=True, form="both"),
    ),
))  # fmt: skip

register(Resource(
    name="projects", model=Project, label=_("Project"), plural=_("Projects"), area="setup", icon="map",
    group_level=True, group_reach=_my_projects, order="code", key_field="code",
    fields=(
        Field("code", list=True, form="create"),
        Field("name", list=True, form="both"),
        Field("company", list=True),
        Field("city", list=True, form="both"),
        Field("address", form="both"),
        Field("developer", form="both"),
        Field("time_zone"),
        Field("active", list=True, form="edit"),
        Field("created_at"),
    ),
))  # fmt: skip

register(Resource(
    name="teams", model=Team, label=_("Team"), plural=_("Teams"), area="setup", icon="users-group", plain=True,
    order="code", key_field="code", search=("name",), team=None,
    fields=(
        Field("code", list=True, form="create"),
        Field("name", list=True, form="both"),
        Field("agency", list=True, form="both"),
        Field("conditions", kind="json", to="leads", filter=False, sort=False, help=_("Which leads this team serves")),
        Field("created_at", detail=True),
    ),
))  # fmt: skip

register(Resource(
    name="users", model=User, label=_("User"), plural=_("Users"), area="setup", icon="user",
    group_level=True, group_reach=_colleagues, order="id", key_field="username", label_field="name",
    fields=(
        Field("username", list=True),
        Field("name", list=True, form="both"),
        Field("post", list=True, form="both"),
        Field("staff_number", form="both"),
        Field("roles", label=_("Roles"), value=_roles_of, list=True),
        Field("teams", label=_("Teams"), value=_teams_of, list=True),
        Field("is_active", label=_("Active"), list=True),
        Field("left_on"),
        Field("last_login", label=_("Last sign-in")),
    ),
))  # fmt: skip

register(Resource(
    name="roles", model=Role, label=_("Role"), plural=_("Roles"), area="setup", icon="shield", group_level=True,
    order="id", key_field="code", plain=True,
    fields=(Field("code", list=True, form="create"), Field("name", list=True, form="both")),
))  # fmt: skip

register(Resource(
    name="grants", model=Grant, label=_("Role of a user"), plural=_("Roles of users"), group_level=True,
    group_reach=_said_here("grants.view"), label_field="role", order="-id",
    fields=(Field("user", label=_("User"), list=True), Field("role", label=_("Role"), list=True),
            Field("company", label=_("Company"), list=True),
            Field("project", label=_("Project"), list=True), Field("until", list=True)),
))  # fmt: skip

register(Resource(
    name="personal-grants", model=PersonalGrant, label=_("Personal right"), plural=_("Personal rights"),
    group_level=True, group_reach=_said_here("personal-grants.view"), label_field="permission", order="-id",
    fields=(Field("user", label=_("User"), list=True), Field("project", label=_("Project"), list=True),
            Field("permission", label=_("Right"), list=True),
            Field("allow", label=_("Allowed"), list=True), Field("scope", label=_("Scope"), list=True),
            Field("reason", label=_("Reason"), list=True), Field("until", label=_("Until"), list=True)),
))  # fmt: skip

register(Resource(
    name="parameters", model=Parameter, label=_("Parameter"), plural=_("Parameters"), area="setup", icon="adjustments",
    group_level=True, label_field="key", order="key",
    fields=(Field("key", list=True), Field("meaning", label=_("Meaning"), value=_meanings, kind="text", list=True),
            Field("company", label=_("Company"), list=True), Field("city", list=True),
            Field("project", label=_("Project"), list=True),
            Field("valid_from", list=True), Field("value", words=_value_text, list=True)),
))  # fmt: skip

register(Resource(
    name="tokens", model=ApiToken, label=_("API token"), plural=_("API tokens"), group_level=True,
    group_reach=_own_tokens, order="-id",
    fields=(Field("name", list=True), Field("expires_at", list=True), Field("created_at", label=_("Created at")),
            Field("revoked_at", label=_("Revoked at"), list=True)),
))  # fmt: skip

register(Resource(
    name="tasks", model=Task, label=_("To-do"), plural=_("To-dos"), owner="assignee", order="due_at",
    label_field="code", state_field="state", icon="checkbox",
    fields=(
        Field("title", label=_("To-do"), value=_task_titles, kind="text", list=True),
        Field("code"), Field("assignee", list=True), Field("due_at", list=True), Field("state", list=True),
        Field("resource", label=_("About")), Field("record_id", label=_("Record")), Field("done_at"),
        Field("created_at"),
    ),
))  # fmt: skip

register(Resource(
    name="notices", model=Notice, label=_("Message"), plural=_("Messages"), owner="user", order="-id",
    label_field="code", icon="bell",
    fields=(
        Field("text", label=_("Message"), value=_notice_texts, kind="text", list=True),
        Field("code", label=_("Kind")), Field("user", label=_("User")), Field("at", label=_("Time"), list=True),
        Field("read_at", label=_("Read at"), list=True), Field("resource", label=_("About")),
        Field("record_id", label=_("Record")),
    ),
))  # fmt: skip

register(Resource(
    name="events", model=Event, label=_("Event"), plural=_("Events"), order="-id", label_field="name", icon="history",
    fields=(
        Field("name", list=True), Field("text", label=_("What happened"), value=_event_texts, kind="text", list=True),
        Field("resource", label=_("About"), list=True), Field("record_id", label=_("Record"), list=True),
        Field("actor_name", label=_("Who"), words=actor_text, list=True), Field("at", label=_("Time"), list=True),
        Field("business_date", label=_("Business date")), Field("data", label=_("Data")),
        Field("command_id", kind="text", filter=False, sort=False, label=_("Command")),
    ),
))  # fmt: skip

register(Resource(
    name="imports", model=ImportJob, label=_("Import"), plural=_("Imports"), area="office", icon="file-import",
    owner="user", order="-id", label_field="file_name", state_field="state",
    fields=(
        Field("kind", list=True), Field("file_name", list=True), Field("state", list=True),
        Field("rows", list=True), Field("done_rows"), Field("created", list=True), Field("updated", list=True),
        Field("unchanged", list=True), Field("refused_count", list=True), Field("user", label=_("User"), list=True),
        Field("report", label=_("Report")), Field("mapping", label=_("Columns")),
        Field("file", to="files", label=_("Stored file")),
        Field("created_at", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="jobs", model=JobReport, label=_("Job"), plural=_("Jobs"), area="office", icon="checks", owner="user",
    order="-id", label_field="title", state_field="state",
    fields=(
        Field("title", list=True), Field("kind"), Field("state", list=True),
        Field("done", label=_("Done"), list=True), Field("total", label=_("Of"), list=True),
        Field("result", label=_("Result")), Field("file", to="files", label=_("File")),
        Field("user", label=_("User"), list=True), Field("created_at", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="files", model=StoredFile, label=_("File"), plural=_("Files"), order="-id", owner="created_by",
    fields=(
        Field("name", list=True), Field("size", label=_("Size"), list=True), Field("content_type", label=_("Type")),
        Field("resource", label=_("About")), Field("record_id", label=_("Record")), Field("kind", label=_("Kind")),
        Field("created_at", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="reveals", model=RevealLog, label=_("Reveal"), plural=_("Reveals and exports"), area="office", icon="eye",
    order="-id", label_field="kind",
    fields=(
        Field("kind", label=_("Kind"), list=True), Field("user", label=_("User"), list=True),
        Field("resource", label=_("About"), list=True), Field("record_id", label=_("Record"), list=True),
        Field("count", label=_("Rows"), list=True), Field("reason", label=_("Reason"), list=True),
        Field("at", label=_("Time"), list=True),
    ),
))  # fmt: skip

register(Resource(
    name="views", model=SavedView, label=_("Saved view"), plural=_("Saved views"), owner="user", order="name",
    icon="star",
    fields=(
        Field("name", list=True), Field("resource", label=_("List"), list=True), Field("user", label=_("User")),
        Field("shared", list=True), Field("query", label=_("Filter, columns and order")),
    ),
))  # fmt: skip
