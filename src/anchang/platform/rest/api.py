"""The API object: one operation per resource and verb, with its schema."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import force_str
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.utils import check_csrf

from anchang.kernel.errors import DomainError
from anchang.platform import commands, reading, resources
from anchang.platform.commands import Command
from anchang.platform.middleware import error_response
from anchang.platform.resources import Resource
from anchang.platform.rest import schema, transfer, work
from anchang.platform.rest.records import events_of

COMMON = (401, 403, 422)


class AnchangAPI(NinjaAPI):
    """Ninja with our shared schemas in the description."""

    extra_components: dict[str, Any]

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_openapi_schema(*args, **kwargs)
        found["components"]["schemas"].update(self.extra_components)
        found["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"bearer": []}]
        return found


def signed_in(request: HttpRequest) -> Any:
    """A live token, or the page's session with its CSRF token."""
    if work.access_of(request).actor.kind == "public":
        return None
    by_session = not getattr(request, "by_token", False) and request.method not in ("GET", "HEAD", "OPTIONS")
    if by_session and check_csrf(request, lambda r: None) is not None:
        raise DomainError("forbidden", status=403)
    return work.access_of(request).actor


def build(namespace: str = "api") -> NinjaAPI:
    """The whole API from the registers as they are now."""
    api = AnchangAPI(
        title="Anchang", version="1", auth=signed_in, urls_namespace=namespace, docs_url="/docs",
        openapi_url="/openapi.json",
        description="The sales office's interface. Everything a page can do, the API can do.",
    )  # fmt: skip
    api.extra_components = schema.components()
    _handlers(api)
    for app in apps.get_app_configs():
        home = f"{app.name}.rest" if app.label == "platform" else app.name
        name = f"{home}.endpoints" if app.label == "platform" else f"{home}.api"
        if app.name.startswith("anchang.") and find_spec(name) is not None:
            for prefix, router in import_module(name).routers.items():
                api.add_router(prefix, router)
    for resource in resources.all_resources():
        api.add_router(f"/{resource.name}", router_for(resource, api.extra_components))
    return api


def _handlers(api: NinjaAPI) -> None:
    def coded(request: HttpRequest, exc: Any) -> HttpResponse:
        return error_response(request, exc)

    def invalid(request: HttpRequest, exc: Any) -> HttpResponse:
        fields = {str(e["loc"][-1]): "bad_value" for e in exc.errors}
        return error_response(request, DomainError("bad_input", status=422, fields=fields))

    def unknown(request: HttpRequest, exc: Any) -> HttpResponse:
        return error_response(request, DomainError("unauthenticated", status=401))

    def other(request: HttpRequest, exc: Any) -> HttpResponse:
        code = {404: "not_found", 403: "forbidden", 405: "method_not_allowed"}.get(exc.status_code, "bad_json")
        status = 422 if exc.status_code == 400 else exc.status_code
        return error_response(request, DomainError(code, status=status))

    api.add_exception_handler(DomainError, coded)
    api.add_exception_handler(ValidationError, invalid)
    api.add_exception_handler(AuthenticationError, unknown)
    api.add_exception_handler(HttpError, other)


# --- one router per resource ---------------------------------------------------------------------


def router_for(resource: Resource, components: dict[str, Any]) -> Router:
    router = Router(tags=[force_str(resource.plural)])
    verbs = {c.verb: c for c in commands.of_resource(resource)}
    _list(router, resource)
    if cmd := verbs.get("create"):
        _create(router, resource, cmd, components)
    for cmd in verbs.values():
        if cmd.kind == "project":
            _project_verb(router, resource, cmd, components)
    transfer.add_to(router, resource)
    _one(router, resource)
    if cmd := verbs.get("edit"):
        _edit(router, resource, cmd, components)
    if cmd := verbs.get("delete"):
        _delete(router, resource, cmd)
    _events(router, resource)
    for cmd in verbs.values():
        if cmd.kind == "record" and cmd.verb != "delete":
            _record_verb(router, resource, cmd, components)
    return router


def _add(
    router: Router, path: str, method: str, view: Callable[..., HttpResponse], name: str, summary: str,
    extra: dict[str, Any],
) -> None:  # fmt: skip
    router.add_api_operation(
        path, [method], view, operation_id=name, summary=summary, url_name=name, openapi_extra=extra, response=None
    )


def _record_ref(resource: Resource) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema.schema_name(resource)}"}


def _body(cmd: Command, components: dict[str, Any]) -> dict[str, Any]:
    shape = schema.input_schema(cmd, components)
    if shape is None:
        return {}
    return {"requestBody": {"content": {"application/json": {"schema": shape}}, "required": False}}


def _op(resource: Resource, verb: str) -> str:
    return f"{resource.name}_{verb}".replace("-", "_")


def _list(router: Router, resource: Resource) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        page = reading.list_rows(resource, work.access_of(request), work.query_of(request))
        body: dict[str, Any] = {"items": page.items, "next": page.next}
        if page.count is not None:
            body["count"] = page.count
        return work.answer(body)

    extra = {"parameters": schema.query_parameters(),
             "responses": schema.responses(200, schema.page_schema(resource), 404, *COMMON)}  # fmt: skip
    _add(router, "", "GET", view, _op(resource, "list"), f"List {resource.name}", extra)


def _one(router: Router, resource: Resource) -> None:
    def view(request: HttpRequest, id: str) -> HttpResponse:
        return work.answer(reading.get_row(resource, work.access_of(request), work.record_id(id)))

    extra = {"responses": schema.responses(200, _record_ref(resource), 404, *COMMON)}
    _add(router, "/{id}", "GET", view, _op(resource, "get"), f"One of {resource.name}", extra)


def _events(router: Router, resource: Resource) -> None:
    def view(request: HttpRequest, id: str) -> HttpResponse:
        access = work.access_of(request)
        return work.answer(events_of(resource, access, work.record_id(id), request.GET.get("cursor")))

    extra = {"responses": schema.responses(200, schema.page_schema(resources.get("events")), 404, *COMMON)}
    summary = f"What happened to one of {resource.name}"
    _add(router, "/{id}/events", "GET", view, _op(resource, "events"), summary, extra)


def _create(router: Router, resource: Resource, cmd: Command, components: dict[str, Any]) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        access, data = work.access_of(request), work.body_of(request)

        def make() -> tuple[int, Any]:
            made = commands.execute(cmd, access, data=data, savepoint=False)
            return 201, work.shown(access, made)

        return work.once(request, data, make)

    extra = {**_body(cmd, components), "parameters": schema.KEY_HEADERS,
             "responses": schema.responses(201, _record_ref(resource), 404, 409, 413, *COMMON)}  # fmt: skip
    _add(router, "", "POST", view, _op(resource, "create"), f"{force_str(cmd.label)}", extra)


def _edit(router: Router, resource: Resource, cmd: Command, components: dict[str, Any]) -> None:
    view = _on_record(cmd)
    extra = {**_body(cmd, components), "parameters": [*schema.KEY_HEADERS, schema.VERSION_HEADER],
             "responses": schema.responses(200, _record_ref(resource), 404, 409, 413, *COMMON)}  # fmt: skip
    _add(router, "/{id}", "PATCH", view, _op(resource, "edit"), f"Change one of {resource.name}", extra)


def _delete(router: Router, resource: Resource, cmd: Command) -> None:
    extra = {"parameters": [schema.VERSION_HEADER], "responses": schema.responses(200, None, 404, 409, 413, *COMMON)}
    _add(router, "/{id}", "DELETE", _on_record(cmd), _op(resource, "delete"), f"Delete one of {resource.name}", extra)


def _record_verb(router: Router, resource: Resource, cmd: Command, components: dict[str, Any]) -> None:
    extra = {**_body(cmd, components), "parameters": [*schema.KEY_HEADERS, schema.VERSION_HEADER],
             "responses": schema.responses(200, {}, 404, 409, 413, *COMMON)}  # fmt: skip
    _add(router, f"/{{id}}/{cmd.verb}", "POST", _on_record(cmd), _op(resource, cmd.verb), force_str(cmd.label), extra)


def _on_record(cmd: Command) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, id: str) -> HttpResponse:
        access, data = work.access_of(request), work.body_of(request)
        subject, version = work.record_id(id), work.version_of(request)

        def run() -> tuple[int, Any]:
            result = commands.execute(
                cmd, access, subject_id=subject, data=data, version=version, savepoint=False
            )
            return 200, work.shown(access, result)

        return work.once(request, data, run, cmd.private_answer)

    return view


def _project_verb(router: Router, resource: Resource, cmd: Command, components: dict[str, Any]) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        access, data = work.access_of(request), work.body_of(request)

        def run() -> tuple[int, Any]:
            return 200, work.shown(access, commands.execute(cmd, access, data=data, savepoint=False))

        return work.once(request, data, run, cmd.private_answer)

    extra = {**_body(cmd, components), "parameters": schema.KEY_HEADERS,
             "responses": schema.responses(200, {}, 404, 409, 413, *COMMON)}  # fmt: skip
    _add(router, f"/{cmd.verb}", "POST", view, _op(resource, cmd.verb), force_str(cmd.label), extra)
