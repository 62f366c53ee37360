"""Papers and sheets as answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, TypeVar

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Response = TypeVar("Response", bound=HttpResponseBase)


def served(content: bytes | str, name: str, kind: str, how: str = "attachment") -> HttpResponse:
    """A file under its Chinese name; nothing keeps it on the way. `how`: "attachment", or "inline" to show it."""
    return _named(HttpResponse(content, content_type=kind), name, how)


def streamed(content: IO[bytes] | Iterable[bytes], name: str, kind: str) -> FileResponse:
    """The same for a file too large to be held in memory."""
    return _named(FileResponse(content, content_type=kind), name, "attachment")


def _named(response: Response, name: str, how: str) -> Response:
    response["Content-Disposition"] = content_disposition_header(how == "attachment", name) or how
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
