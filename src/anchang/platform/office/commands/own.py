"""What everybody keeps for himself: tokens, to-dos, notices, views of lists."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.kernel.errors import DomainError
from anchang.platform import conditions, resources, tokens
from anchang.platform.commands import command, creates, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Name, Ref
from anchang.platform.models import ApiToken, Notice, SavedView, Task, User
from anchang.platform.office.authority import check_unlimited


class TokenInput(Input):
    name: Annotated[Line, Label(_("Name"))]
    days: Annotated[int, Label(_("Days")), PydanticField(ge=1, le=730)] = 365
    permissions: Annotated[list[str] | None, Label(_("Permissions"))] = None
    projects: Annotated[list[int] | None, Label(_("Projects"))] = None


@project_command(ApiToken, verb="issue", label=_("New token"), permission="tokens.issue", shape="primary",
                 private_answer=True)
def issue_token(ctx: Context, data: TokenInput) -> dict[str, Any]:
    """A personal token; its text is shown this once."""
    assert ctx.user_id is not None, "a token belongs to a person"
    check_unlimited(ctx.access)
    user = User.objects.get(pk=ctx.user_id)
    text, row = tokens.issue(user, data.name, dt.timedelta(days=data.days), data.permissions, data.projects)
    return {"id": row.pk, "token": text, "expires_at": row.expires_at.isoformat()}


@command(ApiToken, verb="revoke", label=_("Revoke"), name="revoke_token", shape="danger")
def revoke_token(ctx: Context, token: ApiToken) -> ApiToken:
    token.revoked_at = ctx.now
    token.save()
    return token


@command(Task, verb="done", label=_("Done"), name="finish_task", shape="primary", show=lambda t: t.state == "open")
def finish_task(ctx: Context, task: Task) -> Task:
    task.state, task.done_at = "done", ctx.now
    task.save(update_fields=["state", "done_at", "updated_at"])
    return task


@command(Notice, verb="read", label=_("Read"), name="read_notice", show=lambda n: n.read_at is None)
def read_notice(ctx: Context, notice: Notice) -> Notice:
    if notice.read_at is None:
        notice.read_at = ctx.now
        notice.save(update_fields=["read_at"])
    return notice


@project_command(Notice, verb="read-all", label=_("Mark all as read"), permission="notices.read")
def read_all_notices(ctx: Context) -> dict[str, Any]:
    count = Notice.objects.filter(user=ctx.user_id, read_at__isnull=True).update(read_at=ctx.now)
    return {"count": count}


# --- saved views of lists ------------------------------------------------------------------------


class ViewInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    resource: Annotated[Line, Label(_("List"))]
    name: Annotated[Name, Label(_("Name"))]
    shared: Annotated[bool, Label(_("Everybody in the project sees it"))] = False
    query: Annotated[dict[str, Any], Label(_("Filter, columns and order"), kind="json")]


@creates(SavedView, label=_("Save this view"), shape="")
def save_views(ctx: Context, rows: list[ViewInput]) -> list[SavedView]:
    """One view per name, list and person; saving again under the same name changes it. Sharing is a right."""
    assert ctx.user_id is not None, "a view belongs to a person"
    made = []
    for row in rows:
        if resources.find(row.resource) is None:
            raise DomainError("bad_input", status=422, fields={"resource": "bad_choice"})
        if row.shared:
            ctx.access.require("views.share", ctx.here.pk)
        query = _query_of(row.query)
        made.append(
            SavedView.objects.update_or_create(
                project=ctx.here, user_id=ctx.user_id, resource=row.resource, name=row.name,
                defaults={"shared": row.shared, "query": query},
            )[0]
        )  # fmt: skip
    return made


def _query_of(given: dict[str, Any]) -> dict[str, Any]:
    """What a list takes from it. Its page walks it before it asks: what is no condition, order or list of names would
    break the list for everybody who sees the view. Raises bad_condition, bad_input."""
    conditions.parse(given.get("where"))
    columns = given.get("columns") or []
    named = isinstance(columns, list) and all(isinstance(name, str) for name in columns)
    if not named or not isinstance(given.get("order") or "", str):
        raise DomainError("bad_input", status=422, fields={"query": "bad_choice"})
    return {key: given[key] for key in ("where", "order", "columns") if given.get(key)}


@command(SavedView, verb="delete", label=_("Delete this view"), name="delete_view", shape="danger")
def delete_view(ctx: Context, view: SavedView) -> dict[str, Any]:
    answer = {"id": view.pk}
    view.delete()
    return answer
