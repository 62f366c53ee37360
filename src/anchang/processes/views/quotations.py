"""A quotation on a page: its price step by step, the paper, and the way to the deal desk."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from anchang.inventory.commands.quoting import worded_steps
from anchang.platform.documents.serving import PDF, served
from anchang.platform.ui.gate import access_of
from anchang.processes.quotation_paper import TITLE, quotation_paper
from anchang.processes.quotations import why_not_use
from anchang.processes.special_facts import discount_ids
from anchang.processes.views import doing


@require_safe
def quotation_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """Raises not_found out of the reader's reach."""
    found = doing.record(request, "quotations", record_id)
    chosen: list[tuple[str, object]] = [
        ("customer", found.customer_id), ("payment_plan", found.payment_plan_id), ("quotation", found.pk),
        *(("discounts", pk) for pk in discount_ids(found)),
    ]  # fmt: skip
    context = {
        "one": found, "steps": worded_steps(found.snapshot["steps"]), "open": why_not_use(found) is None,
        "desk": f"{reverse('deal', args=[found.unit_id])}?{urlencode(chosen)}",
        "may_subscribe": access_of(request).may("units.subscribe", found.project_id),
        "may_withdraw": access_of(request).may("quotations.withdraw", found.project_id),
    }  # fmt: skip
    return render(request, "processes/quotation.html", context)


@require_safe
def quotation_pdf(request: HttpRequest, record_id: int) -> HttpResponse:
    """报价单 as PDF."""
    found = doing.record(request, "quotations", record_id)
    return served(quotation_paper(access_of(request), found), f"{TITLE}-{found.number}.pdf", PDF, "inline")
