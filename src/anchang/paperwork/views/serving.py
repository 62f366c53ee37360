"""What pages of paperwork share: files as answers, the project they work in."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"


def served(content: bytes, name: str, kind: str, how: str = "attachment") -> HttpResponse:
    """A file under its Chinese name; nothing keeps it on the way."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def choose_project(request: HttpRequest, title: Any) -> HttpResponse:
    """The page is one project's: who works in several picks one first."""
    context = {"title": title, "projects": getattr(request, "projects", []), "next": request.get_full_path()}
    return render(request, "paperwork/choose.html", context)
