"""Pricing: schemes with their trial against targets and factor tables, slow-moving units, what discounts cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anchang.deals.queries import discount_costs
from anchang.deals.words import COSTS
from anchang.inventory import rules
from anchang.inventory.commands import slow_movers
from anchang.inventory.commands.schemes import trial_lines
from anchang.inventory.dictionaries import buildings_named
from anchang.inventory.models import PriceScheme
from anchang.inventory.queries import newest_schemes
from anchang.kernel.errors import DomainError
from anchang.kernel.money import parse_money
from anchang.platform import resources
from anchang.platform.context import Context
from anchang.platform.ui.condition_words import said
from anchang.platform.ui.gate import access_of, choose_project, project_of
from anchang.platform.ui.overlays import go
from anchang.processes.views import doing

SHOWN = 200
DIMENSIONS = {
    "floor": gettext_lazy("Floor"), "orientation": gettext_lazy("Orientation"), "view": gettext_lazy("Outlook"),
    "layout": gettext_lazy("Layout"), "building": gettext_lazy("Building"), "section": gettext_lazy("Section"),
    "product_type": gettext_lazy("Product type"), "area": gettext_lazy("Gross area"), "room": gettext_lazy("Room"),
    "own": gettext_lazy("Own condition"),
}  # fmt: skip
KINDS = {
    "amount": gettext_lazy("Yuan on the unit price"), "percent": gettext_lazy("Percent of the base price"),
    "fixed": gettext_lazy("Yuan on the total"),
}  # fmt: skip


@require_safe
def pricing_page(request: HttpRequest) -> HttpResponse:
    """Schemes, slow movers, costs of 30 days or `?from=&to=`. Raises forbidden without price-schemes.view."""
    access, project = access_of(request), project_of(request)
    access.require("price-schemes.view", project.pk if project else None)
    if project is None:
        return choose_project(request, _("Pricing"))
    ctx = Context(access, project)
    end = _day(request.GET.get("to", ""), ctx.business_date)
    start = _day(request.GET.get("from", ""), end - dt.timedelta(days=29))
    costs = [row | {"label": COSTS.get(row["purpose"], row["purpose"])} for row in discount_costs(project, start, end)]
    movers = slow_movers(ctx)
    context = {
        "schemes": newest_schemes(project), "movers": movers[:SHOWN],
        "more": max(len(movers) - SHOWN, 0), "costs": costs, "start": start, "end": end,
        "may_adjust": access.may("price-adjustments.create", project.pk),
    }  # fmt: skip
    return render(request, "processes/pricing.html", context)


def _day(text: str, otherwise: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return otherwise


@require_POST
def ask_adjustment(request: HttpRequest) -> HttpResponse:
    """An adjustment of the ticked slow movers by one percentage; it waits for somebody else's approval."""

    def work() -> dict[str, Any]:
        data = {
            "units": [i for text in request.POST.getlist("units") if (i := doing.number(text))],
            "percent": request.POST.get("percent", ""), "reason": request.POST.get("reason", "").strip(),
        }  # fmt: skip
        made = doing.run(request, "add_price_adjustments", None, data)
        return {"url": f"/r/price-adjustments/{made.pk}/"}

    try:
        return go(request, doing.once(request, work)["url"])
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        context = {"message": " ".join([message, *errors.values()]), "back": reverse("pricing")}
        return render(request, "processes/pricing_refused.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def scheme_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """Trial and factor tables of a scheme; `?base=` tries another base price without writing it."""
    scheme = doing.record(request, "price-schemes", record_id)
    if request.method != "POST":
        return _scheme(request, scheme)
    try:
        data = {"factors": _factors(request.POST, scheme), "base_price": request.POST.get("base_price", "")}
        doing.run(request, "edit_price_scheme", record_id, data)
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        return _scheme(request, scheme, message=message, errors=errors, status=422)
    return go(request, reverse("price-scheme", args=[record_id]))


def _scheme(
    request: HttpRequest, scheme: PriceScheme, *, message: str = "", errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    access = access_of(request)
    base, why, lines = scheme.base_price, "", []
    try:
        if request.GET.get("base"):
            base = parse_money(request.GET["base"].replace(",", ""), field="base")
        names = buildings_named(scheme.project_id)
        found = trial_lines(Context.for_record(access, scheme), scheme, base)
        lines = [replace(line, building=names.get(line.building or "", line.building)) for line in found]
    except DomainError as exc:
        why, _found = doing.told_errors(exc)
    factors = [
        {
            "index": n, "name": f.name, "dimension": f.dimension, "kind": f.kind.value, "rows": len(f.lines) + 2,
            "dimension_name": DIMENSIONS[f.dimension], "kind_name": KINDS[f.kind.value],
            "text": request.POST.get(f"factor-{n}") or rules.lines_text(f),
            "lines": [
                (line.label or said(resources.get("units"), line.where, access, scheme.project_id), line.value)
                for line in f.lines if f.dimension == "own"
            ],
        }
        for n, f in enumerate(rules.read_factors(scheme.factors))
    ]  # fmt: skip
    context = {
        "scheme": scheme, "lines": lines, "why": why, "base": base, "tried": base != scheme.base_price,
        "factors": factors, "dimensions": [(k, v) for k, v in DIMENSIONS.items() if k != "own"],
        "kinds": list(KINDS.items()), "message": message, "errors": errors or {}, "given": request.POST,
        "may_edit": scheme.state == PriceScheme.State.DRAFT and access.may("price-schemes.edit", scheme.project_id),
    }  # fmt: skip
    return render(request, "processes/price_scheme.html", context, status=status)


def _factors(given: Any, scheme: PriceScheme) -> list[dict[str, Any]]:
    """The tables as typed; an emptied one goes, the last form is a new one."""
    found = []
    for n, factor in enumerate(scheme.factors):
        if factor["dimension"] == "own":
            found.append(factor)
        elif lines := rules.read_lines(factor["dimension"], given.get(f"factor-{n}", "")):
            found.append(factor | {"lines": lines})
    if name := given.get("new-name", "").strip():
        dimension = given.get("new-dimension", "")
        lines = rules.read_lines(dimension, given.get("new-lines", ""))
        found.append({"name": name, "dimension": dimension, "kind": given.get("new-kind", ""), "lines": lines})
    return found
