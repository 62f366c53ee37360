"""What every endpoint does: read query and body, run once per key, answer as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict

from anchang.kernel.errors import DomainError
from anchang.platform import idempotency, reading, resources
from anchang.platform.access import Access
from anchang.platform.inputs import check_storable
from anchang.platform.reading import Query
from anchang.platform.resources import Resource

MAX_JSON = 5 * 1024 * 1024


def answer(data: Any, status: int = 200) -> HttpResponse:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=reading.jsonable)
    return HttpResponse(text, content_type="application/json; charset=utf-8", status=status)


def access_of(request: HttpRequest) -> Access:
    return request.access  # type: ignore[attr-defined, no-any-return]


def body_of(request: HttpRequest) -> Any:
    """The JSON body; an empty one is {}. Raises bad_json, too_large."""
    try:
        text = request.body
    except RequestDataTooBig:
        raise DomainError("too_large", status=413) from None
    if len(text) > MAX_JSON:
        raise DomainError("too_large", status=413)
    if not text.strip():
        return {}
    try:
        data = json.loads(text, parse_constant=_no_constant)
        check_storable(data)
    except (ValueError, RecursionError):
        raise DomainError("bad_json", status=422) from None
    if not isinstance(data, dict):
        raise DomainError("bad_json", status=422)
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def record_id(text: str) -> int:
    """An id of the path; what can't be one isn't there."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise DomainError("not_found", status=404)
    return int(text)


def version_of(request: HttpRequest) -> int | None:
    text = request.headers.get("If-Match", "").strip().strip('"')
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DomainError("bad_input", status=422, fields={"If-Match": "bad_number"})
    return int(text)


def query_of(request: HttpRequest) -> Query:
    given: MultiValueDict[str, str] = request.GET
    for value in given.values():
        if "\x00" in value:
            raise DomainError("bad_input", status=422, fields={"query": "bad_characters"})
    where: Any = None
    if given.get("where"):
        try:
            where = json.loads(str(given["where"]), parse_constant=_no_constant)
            check_storable(where)
        except (ValueError, RecursionError):
            raise DomainError("bad_condition", status=422, fields={"where": "bad_json"}, reason="bad_json") from None
    limit = given.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 5 and int(limit) > 0):
        raise DomainError("bad_input", status=422, fields={"limit": "bad_number"})
    return Query(
        project_ids=reading.projects_asked(access_of(request), given.get("project")),
        where=where,
        q=given.get("q", "")[:100],
        order=given.get("order", ""),
        limit=min(int(limit), reading.MAX_LIMIT),
        cursor=given.get("cursor"),
        count=given.get("count", "").lower() in ("true", "1"),
        deleted=given.get("deleted", "").lower() in ("true", "1"),
    )


def once(
    request: HttpRequest, data: Any, work: Callable[[], tuple[int, Any]], private: bool = False
) -> HttpResponse:
    """Run `work` once per Idempotency-Key of this principal and give every caller the same answer. A private
    answer is never stored: the work is done, and logged, again."""
    key = request.headers.get("Idempotency-Key")
    if not key or private:
        status, body = work()
        return answer(body, status)
    principal = access_of(request).actor.principal
    digest = idempotency.request_hash(request.method, request.path, data)
    known = idempotency.claim(principal, key, digest)
    if known is not None:
        return answer(known[1], known[0])
    status, body = work()
    plain = json.loads(json.dumps(body, ensure_ascii=False, default=reading.jsonable))
    idempotency.settle(principal, key, status, plain)
    return answer(plain, status)


def shown(access: Access, result: Any) -> Any:
    """A command's result as JSON: a record by its resource, lists element by element, plain data as it is."""
    if isinstance(result, models.Model):
        resource = resources.of_model(type(result))
        return reading.answer(resource, access, result) if resource else {"id": result.pk}
    if isinstance(result, list):
        return [shown(access, r) for r in result]
    return {} if result is None else result


def needs(resource: Resource, access: Access, permission: str) -> None:
    if not access.may(permission):
        raise DomainError("forbidden", status=403, permission=permission)
