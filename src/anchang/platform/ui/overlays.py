"""One template as a dialog, a side panel or a page, after who asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from anchang.platform.ui.errors import is_fragment

LAYOUTS = {"panel-host": "platform/as_panel.html", "page": "platform/as_page.html"}


def overlay(
    request: HttpRequest, template: str, title: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """`template` extends `layout` and fills its block `content`."""
    target = getattr(request.htmx, "target", "") if is_fragment(request) else "page"  # type: ignore[attr-defined]
    layout = LAYOUTS.get(target or "", "platform/as_dialog.html")
    return render(request, template, {**context, "layout": layout, "title": title}, status=status)


def toast(
    response: HttpResponse, message: str, tone: str = "green", events: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Say it on the page that is there; further `events` are raised on it ({"dialog:close": True})."""
    response["HX-Trigger"] = json.dumps({"toast": {"message": message, "tone": tone}, **(events or {})})
    return response


def go(request: HttpRequest, url: str, message: str = "") -> HttpResponse:
    """To another page, which says `message`; a fragment's answer makes the browser go there."""
    if message:
        messages.success(request, message)
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def refresh(request: HttpRequest, url: str, message: str = "") -> HttpResponse:
    """The page that the reader is on, anew; without a script, `url`."""
    if message:
        messages.success(request, message)
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return HttpResponseRedirect(url)
