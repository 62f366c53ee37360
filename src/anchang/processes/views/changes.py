"""A special affair with both sides of the deal: what an approver sees before he decides."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from anchang.deals.models import Contract, DealChange
from anchang.kernel.errors import DomainError
from anchang.platform.context import Context
from anchang.platform.ui import records
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of
from anchang.processes.changing import paper_of
from anchang.processes.comparing import comparison_of
from anchang.processes.offers import item_label
from anchang.processes.special_facts import role_names
from anchang.processes.views import doing


@require_safe
def change_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """The record with its comparison. Raises not_found out of the reader's reach."""
    if is_fragment(request):
        return HttpResponseRedirect(f"/r/deal-changes/{record_id}/?{request.GET.urlencode()}")
    shown = records.shown_of(request, "deal-changes", record_id)
    change: DealChange = shown.record
    names = role_names(change.approvers)
    context = {
        "chain": [names.get(code, code) for code in change.approvers] if change.state == "requested" else [],
        "change": change, "comparison": compared(request, change),
    }  # fmt: skip
    return render(
        request, "processes/change.html", records.head_of(shown) | records.side_of(request, shown) | context
    )


def compared(request: HttpRequest, change: DealChange) -> dict[str, Any] | None:
    """Both sides, without what the reader may not see; None where the paper itself is out of his reach."""
    access, paper = access_of(request), paper_of(change)
    resource = "contracts" if isinstance(paper, Contract) else "subscriptions"
    try:
        doing.record(request, resource, paper.pk)
    except DomainError:
        return None
    here = [change.project_id]
    hidden = {
        name for name in ("unit", "gross_area", "buyers", "list_total", "total", "unit_price", "payment_plan",
                          "deposit", "plan")
        if access.field_mode(resource, name, here) == "hide"
    }  # fmt: skip
    found = comparison_of(Context.for_record(access, change), change)
    lines = [] if hidden & {"plan", "total"} else [("before", found.before), ("after", found.after)]
    sees_money = access.may("receivables.view", change.project_id) and "total" not in hidden
    return {
        "rows": [row for row in found.rows if row.name not in hidden],
        "lines": [
            {"side": side, "lines": [{"label": item_label(line.item), "line": line} for line in each]}
            for side, each in lines if each
        ],
        "money": found.money if sees_money else [],
    }  # fmt: skip
