"""Files in and out of the API: uploads of imports, exports of any resource, downloads."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import Router

from anchang.kernel.errors import DomainError
from anchang.platform import commands, files, reading, resources
from anchang.platform.documents.serving import XLSX, streamed
from anchang.platform.exporting import jobs as exporting
from anchang.platform.exporting.approval import count_download
from anchang.platform.exporting.rows import Wanted
from anchang.platform.importing import jobs as importing
from anchang.platform.importing import refusals
from anchang.platform.importing.kinds import kinds_for
from anchang.platform.importing.uploads import draft_from, form_of
from anchang.platform.inputs import Input, Line, Ref, read_input
from anchang.platform.models import ImportJob
from anchang.platform.resources import Resource
from anchang.platform.rest import schema, work


class ExportInput(Input):
    """What to export: the list's own filter, search, order and columns."""

    project: Ref("projects") | None = None  # type: ignore[valid-type]
    where: Any = None
    q: Annotated[str, Line] = ""
    order: Annotated[str, Line] = ""
    columns: list[Annotated[str, Line]] | None = None
    full: bool = False
    reason: Annotated[str, Line] = ""


def add_to(router: Router, resource: Resource) -> None:
    """Operations besides the commands: exports of every resource, uploads and reports of imports, downloads."""
    _export(router, resource)
    if resource.name == "imports":
        _upload(router, resource)
        _reports(router)
    if resource.name == "files":
        _store(router)
        _download(router)


def _add(
    router: Router, path: str, method: str, view: Any, name: str, summary: str, extra: dict[str, Any]
) -> None:
    router.add_api_operation(
        path,
        [method],
        view,
        operation_id=name,
        summary=summary,
        url_name=name,
        openapi_extra=extra,
        response=None,
    )


def _export(router: Router, resource: Resource) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        access, data = work.access_of(request), work.body_of(request)
        given = read_input(ExportInput, data)
        access.require(f"{resource.name}.export")
        project = commands.one_project(access, {given.project})
        columns = tuple(given.columns) if given.columns is not None else None
        wanted = Wanted(given.where, given.q[:100], given.order, columns, given.full)

        def run() -> tuple[int, Any]:
            return 201, work.shown(access, exporting.start(access, project, resource, wanted, given.reason))

        return work.once(request, data, run)

    body = {"type": "object", "properties": {
        "project": {"type": ["string", "integer", "null"]}, "where": {}, "q": {"type": "string"},
        "order": {"type": "string"}, "columns": {"type": ["array", "null"], "items": {"type": "string"}},
        "full": {"type": "boolean"},
        "reason": {"type": "string", "description": "what it is for; asked for when the export needs approval"},
    }}  # fmt: skip
    extra = {
        "requestBody": {"content": {"application/json": {"schema": body}}, "required": False},
        "parameters": schema.KEY_HEADERS,
        "responses": schema.responses(
            201, {"$ref": "#/components/schemas/Jobs"}, 401, 403, 404, 409, 413, 422
        ),
    }
    name = f"{resource.name}_export".replace("-", "_")
    _add(router, "/export", "POST", view, name, f"Export {resource.name} to a workbook (a job)", extra)


# --- imports -------------------------------------------------------------------------------------


def _upload(router: Router, resource: Resource) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        access = work.access_of(request)
        fields, uploads = form_of(request)
        project = commands.one_project(access, {fields.get("project") or None})
        upload = uploads.get("file")
        said = {**fields, "file": getattr(upload, "name", ""), "size": getattr(upload, "size", 0)}

        def run() -> tuple[int, Any]:
            job = draft_from(access, project, fields.get("kind", ""), upload)
            return 201, work.shown(access, job)

        return work.once(request, said, run)

    form = {"type": "object", "required": ["kind", "file"], "properties": {
        "kind": {"type": "string"}, "project": {"type": "string"},
        "file": {"type": "string", "format": "binary"},
    }}  # fmt: skip
    extra = {
        "requestBody": {"content": {"multipart/form-data": {"schema": form}}, "required": True},
        "parameters": schema.KEY_HEADERS,
        "responses": schema.responses(
            201, {"$ref": "#/components/schemas/Imports"}, 401, 403, 404, 409, 413, 422
        ),
    }
    _add(
        router, "", "POST", view, "imports_create", "Upload a file; run it with POST /imports/{id}/run", extra
    )

    def kinds(request: HttpRequest) -> HttpResponse:
        access = work.access_of(request)
        access.require("imports.create")
        project = commands.one_project(access, {request.GET.get("project") or None})
        found = [
            {"kind": k.name, "label": str(k.label), "fields": [{"name": f.name, "label": str(f.label),
             "required": f.required} for f in k.fields]}
            for k in kinds_for(access, project.pk)
        ]  # fmt: skip
        return work.answer({"items": found})

    parameters = [{"name": "project", "in": "query", "required": False, "schema": {"type": "string"}}]
    extra = {
        "parameters": parameters,
        "responses": schema.responses(200, {"type": "object"}, 401, 403, 404, 422),
    }
    _add(router, "/kinds", "GET", kinds, "imports_kinds", "What can be imported", extra)


def _job(request: HttpRequest, id_text: str) -> ImportJob:
    found: ImportJob = reading.get_record(
        resources.get("imports"), work.access_of(request), work.record_id(id_text)
    )
    return found


def _reports(router: Router) -> None:
    def preview(request: HttpRequest, id: str) -> HttpResponse:
        return work.answer(importing.preview(_job(request, id)))

    def report(request: HttpRequest, id: str) -> HttpResponse:
        return work.answer(importing.report_of(_job(request, id), limit=None))

    def refused(request: HttpRequest, id: str) -> HttpResponseBase:
        job = _job(request, id)
        return streamed(refusals.workbook(job), refused_name(job), XLSX)

    problems = (401, 403, 404, 409, 413, 422)
    _add(router, "/{id}/preview", "GET", preview, "imports_preview", "Columns and first rows with problems",
         {"responses": schema.responses(200, {"type": "object"}, *problems)})  # fmt: skip
    _add(router, "/{id}/report", "GET", report, "imports_report", "The import report",
         {"responses": schema.responses(200, {"type": "object"}, *problems)})  # fmt: skip
    _add(router, "/{id}/refused", "GET", refused, "imports_refused", "Refused rows as a workbook to correct",
         {"responses": _binary(*problems)})  # fmt: skip


def refused_name(job: ImportJob) -> str:
    return f"{job.file_name.rsplit('.', 1)[0]}-{job.pk}.xlsx"


# --- files ---------------------------------------------------------------------------------------


def _store(router: Router) -> None:
    """A file of one's own: only its owner reads it until a command puts it to a record."""

    def view(request: HttpRequest) -> HttpResponse:
        access = work.access_of(request)
        fields, uploads = form_of(request)
        project = commands.one_project(access, {fields.get("project") or None})
        access.require("files.view", project.pk)
        upload = uploads.get("file")
        if upload is None:
            raise DomainError("bad_input", status=422, fields={"file": "required"})
        said = {**fields, "file": upload.name, "size": upload.size}

        def run() -> tuple[int, Any]:
            stored = files.save(project, upload.name or "file", upload, user_id=access.actor.user_id)
            return 201, work.shown(access, stored)

        return work.once(request, said, run)

    form = {"type": "object", "required": ["file"], "properties": {
        "project": {"type": "string"}, "file": {"type": "string", "format": "binary"},
    }}  # fmt: skip
    extra = {
        "requestBody": {"content": {"multipart/form-data": {"schema": form}}, "required": True},
        "parameters": schema.KEY_HEADERS,
        "responses": schema.responses(201, {"$ref": "#/components/schemas/Files"}, 401, 403, 404, 409, 413, 422),
    }
    _add(router, "", "POST", view, "files_create", "Store a file of one's own, for a command that takes one", extra)


def _download(router: Router) -> None:
    def view(request: HttpRequest, id: str) -> HttpResponseBase:
        return file_response(request, work.record_id(id))

    extra = {"responses": _binary(401, 403, 404, 410, 422)}
    _add(router, "/{id}/download", "GET", view, "files_download", "The bytes of a file", extra)


def file_response(request: HttpRequest, file_id: int) -> HttpResponseBase:
    """The file as an attachment, if the reader may see the record that it belongs to."""
    access = work.access_of(request)
    stored = files.readable_file(access, file_id)
    if stored.kind == "export":
        count_download(access, stored)
    return streamed(files.copy_out(stored), stored.name, stored.content_type)


def _binary(*codes: int) -> dict[str, Any]:
    found = schema.responses(200, None, *codes)
    found["200"]["content"] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return found


__all__ = ["add_to", "file_response", "refused_name"]
