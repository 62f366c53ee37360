"""What the sales screens share: the project, one effect per key, refusals as words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from anchang.kernel.errors import DomainError
from anchang.platform import commands, idempotency, reading, resources
from anchang.platform.ui.gate import access_of, project_of
from anchang.platform.wording import worded

_OWN_NAMES = ("csrfmiddlewaretoken", "idempotency_key")
MAX_REFUSALS = (409, 422)


def record(request: HttpRequest, resource: str, record_id: int, permission: str = "") -> Any:
    """A record in the reader's reach. Raises not_found."""
    return reading.get_record(resources.get(resource), access_of(request), record_id, permission)


def run(request: HttpRequest, name: str, subject_id: int | None, data: Mapping[str, Any]) -> Any:
    """Run a command in a savepoint, so that a refusal leaves the connection able to draw the screen."""
    cmd = commands.get(name)
    if cmd.kind in ("create", "project"):
        return commands.execute(cmd, access_of(request), data=dict(data), project=project_of(request))
    return commands.execute(cmd, access_of(request), subject_id=subject_id, data=dict(data))


def once(request: HttpRequest, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """One effect per key of the form; a repeated click gets the first one's answer."""
    key = request.headers.get("Idempotency-Key") or request.POST.get("idempotency_key", "")
    if not key:
        return work()
    sent = sorted((k, v) for k, v in request.POST.lists() if k not in _OWN_NAMES)
    digest = idempotency.request_hash("screen", request.path, sent)
    principal = access_of(request).actor.principal
    known = idempotency.claim(principal, key, digest)
    if known is not None:
        return dict(known[1])
    told = work()
    idempotency.settle(principal, key, 200, told)
    return told


def told_errors(exc: DomainError) -> tuple[str, dict[str, str]]:
    """(sentence for the form, sentence per field). Other refusals than 409 and 422 are not a form's."""
    if exc.status not in MAX_REFUSALS:
        raise exc
    return worded(exc.code, exc.params), {str(f): worded(str(code), exc.params) for f, code in exc.fields.items()}


def number(text: str) -> int:
    """An id as typed or scanned, 0 for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
