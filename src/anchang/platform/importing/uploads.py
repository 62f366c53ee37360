"""A file that came with a request."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from anchang.kernel.errors import DomainError
from anchang.platform.importing.jobs import start_draft
from anchang.platform.importing.kinds import kind_of
from anchang.platform.importing.source import limits_of
from anchang.platform.inputs import check_storable
from anchang.platform.models import ImportJob, Project


def form_of(request: HttpRequest) -> tuple[dict[str, str], Any]:
    """Fields and files of a multipart request. Raises bad_input (422)."""
    try:
        fields = {name: request.POST.get(name, "") for name in request.POST}
        check_storable(fields)
        return fields, request.FILES
    except RequestDataTooBig:
        raise DomainError("too_large", status=413) from None
    except (MultiPartParserError, SuspiciousOperation, ValueError, UnicodeError):
        raise DomainError("bad_input", status=422, fields={"file": "bad_value"}) from None


@contextmanager
def on_disk(upload: UploadedFile) -> Iterator[Path]:
    """The upload as a file with a path."""
    if isinstance(upload, TemporaryUploadedFile):
        yield Path(upload.temporary_file_path())
        return
    with tempfile.NamedTemporaryFile(prefix="anchang-") as copy:
        for piece in upload.chunks():
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def draft_from(access: Any, project: Project, kind: str, upload: UploadedFile | None) -> ImportJob:
    """An import job in state draft. Raises unknown_import_kind, forbidden, file errors."""
    wanted = kind_of(kind)
    access.require("imports.create", project.pk)
    if upload is None:
        raise DomainError("bad_input", status=422, fields={"file": "file_required"})
    limit = limits_of(project).file_bytes
    if (upload.size or 0) > limit:
        raise DomainError(
            "file_too_large", status=413, megabytes=(upload.size or 0) // 2**20, limit=limit // 2**20,
            fields={"file": "file_too_large"},
        )  # fmt: skip
    with on_disk(upload) as path:
        return start_draft(access, project, wanted, path, upload.name or "")
