"""The page of message texts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anchang.platform.models import MessageTemplate
from anchang.platform.outbox.queries import words_of
from anchang.platform.ui.gate import access_of, choose_project, project_of

LANGUAGES = dict(MessageTemplate.Language.choices)


@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    """What each message says now, and where to word it differently."""
    project, access = project_of(request), access_of(request)
    if project is None:
        return choose_project(request, _("Message texts"))
    access.require("message-templates.view", project.pk)
    language = request.GET.get("language", "")
    chosen = language if language in LANGUAGES else next(iter(LANGUAGES))
    context = {
        "words": words_of(project, chosen), "languages": LANGUAGES.items(), "chosen": chosen,
        "may_write": access.may("message-templates.create", project.pk),
    }  # fmt: skip
    return render(request, "platform/message_texts.html", context)
