"""What special screens share: where they work, and a command run once per key of its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from anchang.kernel.errors import forbidden
from anchang.platform import commands, idempotency, reading
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.ui.gate import access_of, project_of

_OWN_NAMES = ("csrfmiddlewaretoken", "idempotency_key")


def place_of(request: HttpRequest, permission: str) -> Project:
    """The project that the screen works in: the chosen one, else the first in which the reader may do this.

    Raises forbidden when there is none.
    """
    access, chosen = access_of(request), project_of(request)
    if chosen is not None and access.may(permission, chosen.pk):
        return chosen
    known = reading.projects_by_id()
    able = [known[p] for p in access.projects_for(permission) if p in known]
    if chosen is not None or not able:
        raise forbidden(permission)
    return min(able, key=lambda p: p.code)


def once(request: HttpRequest, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` tells (JSON values); a repeated click gets what the first one was told.

    Raises whatever work raises, and key_reused for another form under the same key.
    """
    key = request.headers.get("Idempotency-Key") or request.POST.get("idempotency_key", "")
    if not key:
        return work()
    principal = access_of(request).actor.principal
    sent = sorted((k, v) for k, v in request.POST.lists() if k not in _OWN_NAMES)
    known = idempotency.claim(principal, key, idempotency.request_hash("page", request.path, sent))
    if known is not None:
        return dict(known[1])
    told = work()
    idempotency.settle(principal, key, 200, told)
    return told


def perform(
    access: Access, name: str, subject_id: int | None = None, data: Mapping[str, Any] | None = None
) -> Any:
    """Run a command by its name. A refusal leaves the connection able to draw the form again."""
    cmd = commands.get(name)
    if cmd.kind in ("create", "project"):
        return commands.execute(cmd, access, data=data or {})
    return commands.execute(cmd, access, subject_id=subject_id, data=data or {})


__all__ = ["once", "perform", "place_of"]
