"""A special discount on one phone screen: everything that the decision rests on, and the decision."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from anchang.inventory.commands.quoting import worded_steps
from anchang.kernel.errors import DomainError, not_found
from anchang.kernel.money import ZERO
from anchang.platform.context import Context
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.processes.special import may_decide
from anchang.processes.special_facts import facts_of, price_steps, role_names
from anchang.processes.views import doing

COMMANDS = {"approve": "approve_discount", "refuse": "refuse_discount"}


@require_http_methods(["GET", "HEAD", "POST"])
def special_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """Price, depth, floor, history; two buttons for whose turn it is. Raises not_found out of the reader's reach."""
    found = doing.record(request, "discount-requests", record_id)
    if request.method != "POST":
        return _page(request, found)
    name = COMMANDS.get(request.POST.get("decision", ""))
    if name is None:
        raise not_found()
    data = {"opinion": request.POST.get("opinion", "").strip()}

    def work() -> dict[str, Any]:
        doing.run(request, name, record_id, data)
        return {"url": reverse("special-discount", args=[record_id])}

    try:
        told = doing.once(request, work)
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        return _page(request, found, message=message, errors=errors, status=422)
    return go(request, told["url"])


def _page(
    request: HttpRequest, found: Any, *, message: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    access = access_of(request)
    ctx = Context.for_record(access, found)
    floor = None
    if access.field_mode("discount-requests", "floor_total", [found.project_id]) != "hide":
        floor = found.floor_total
    names = role_names(found.chain)
    decided = len(found.chain) - len(found.approvers)
    context = {
        "one": found, "floor": floor, "below_floor": floor is not None and found.total < floor,
        "saved": found.list_total - found.total, "over_floor": (found.total - floor) if floor is not None else ZERO,
        "steps": worded_steps(price_steps(found)), "message": message, "errors": errors or {},
        "chain": [
            {"name": names.get(code, code), "done": n < decided, "now": found.state == "pending" and n == decided}
            for n, code in enumerate(found.chain)
        ],
        "may_decide": may_decide(ctx, found), "given": request.POST, **facts_of(access, found),
    }  # fmt: skip
    return render(request, "processes/special.html", context, status=status)
