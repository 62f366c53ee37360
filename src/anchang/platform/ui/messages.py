"""Messages (消息): notices, and the to-dos that wait for the reader."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.platform import commands, resources
from anchang.platform.models import Notice, Task
from anchang.platform.ui import rows
from anchang.platform.ui.components import Tab
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of, project_ids_of
from anchang.platform.ui.overlays import refresh, toast
from anchang.platform.wording import worded

PAGE = 50


def my_notices(request: HttpRequest) -> Any:
    access = access_of(request)
    return Notice.objects.filter(project__in=access.project_ids, user=access.actor.user_id)


def my_tasks(request: HttpRequest) -> Any:
    user = access_of(request).actor.user_id
    return Task.objects.filter(project__in=project_ids_of(request), assignee=user, state="open")


@require_safe
def messages_page(request: HttpRequest) -> HttpResponse:
    tab = "tasks" if request.GET.get("tab") == "tasks" else "notices"
    unread, open_tasks = my_notices(request).filter(read_at__isnull=True).count(), my_tasks(request).count()
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": [
            Tab(_("Messages"), "/messages/", tab == "notices", unread or None),
            Tab(_("To-dos"), "/messages/?tab=tasks", tab == "tasks", open_tasks or None),
        ],
        "unread": unread,
    }
    if tab == "tasks":
        context["tasks"] = [
            task_of(t) for t in my_tasks(request).order_by(F("due_at").asc(nulls_last=True), "pk")[: PAGE * 4]
        ]
    else:
        context |= notices_of(request)
    return render(request, "platform/messages.html", context)


def notices_of(request: HttpRequest) -> dict[str, Any]:
    before = request.GET.get("before", "")
    found = my_notices(request)
    if before.isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    page = list(found.order_by("-pk")[: PAGE + 1])
    return {
        "notices": [
            {
                "text": worded("notice." + n.code, n.params),
                "at": n.at,
                "read": n.read_at is not None,
                "url": f"/messages/{n.pk}/",
            }
            for n in page[:PAGE]
        ],
        "more_url": f"/messages/?before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
    }


def task_of(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "text": worded("task." + task.code, task.params),
        "due_at": task.due_at,
        "late": task.due_at is not None and task.due_at < timezone.now(),
        "url": target_url(task.resource, task.record_id),
        "done_url": f"/messages/tasks/{task.pk}/done",
    }


def target_url(resource: str, record_id: int | None) -> str:
    known = resources.find(resource) is not None and record_id is not None
    return rows.record_url(resource, record_id) if known else ""


@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """The badge at the bell; empty when everything is read."""
    count = my_notices(request).filter(read_at__isnull=True)[:100].count()
    return HttpResponse(
        format_html('<span class="topbar-count">{}</span>', "99+" if count > 99 else count) if count else ""
    )


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    commands.execute(commands.get("read_all_notices"), access_of(request))
    return refresh(request, "/messages/")


def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """To what the message is about; it counts as read."""
    notice = commands.execute(commands.get("read_notice"), access_of(request), subject_id=notice_id)
    return HttpResponseRedirect(target_url(notice.resource, notice.record_id) or "/messages/")


@require_POST
def task_done(request: HttpRequest, task_id: int) -> HttpResponse:
    commands.execute(commands.get("finish_task"), access_of(request), subject_id=task_id)
    if is_fragment(request):
        return toast(HttpResponse(""), _("Done"))
    return HttpResponseRedirect("/messages/?tab=tasks")
