"""The unit board (销控图) and its side panel: facts, price to the cent, loan, hold, sales control, history."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.deals.models import Hold
from anchang.inventory.models import Unit
from anchang.inventory.queries import price_history, state_history, unit_board
from anchang.kernel.errors import DomainError
from anchang.platform import parameters, reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Project, StoredFile
from anchang.platform.ui import filters, records
from anchang.platform.ui.components import Action
from anchang.platform.ui.gate import access_of, choose_project, project_of
from anchang.platform.ui.overlays import overlay, toast
from anchang.processes import loans
from anchang.processes.offers import Offer, offer
from anchang.processes.views import doing
from anchang.processes.views.asking import asked_of
from anchang.processes.views.grid import grid, kept_grid, state_words

TONES = ("blue", "green", "amber", "purple", "teal", "orange", "indigo", "red", "slate")


@require_safe
def board_page(request: HttpRequest) -> HttpResponse:
    """All buildings of the project. `?part=grid` answers the cells alone."""
    project = project_of(request)
    if project is None:
        return choose_project(request, _("Unit board"))
    access = access_of(request)
    if request.GET.get("part") == "grid":
        return HttpResponse(kept_grid(access, project))
    board = unit_board(access, project)
    cells = grid(board)
    words = state_words()
    counts = board["counts"]
    facings = Counter(
        cell.get("orientation") for b in board["buildings"] for f in b["floors"] for cell in f["cells"]
    )
    context = {
        "project": project,
        "grid": cells,
        "empty": not counts,
        "buildings": [b for b in board["buildings"] if b["floors"]],
        "legend": [{"value": s, "label": w, "count": counts.get(s, 0)} for s, w in words.items() if counts.get(s)],
        "layouts": sorted(
            ((pk, lay["code"], lay["name"]) for pk, lay in board["layouts"].items()), key=lambda each: each[1]
        ),
        "facings": sorted(f for f in facings if f),
        "settings": _settings(project, board, words),
        "may_import": access.may("imports.create", project.pk),
        "bulk": [
            (label, verb) for label, verb in ((_("Put on sale"), "release"), (_("Hold back"), "control"))
            if access.scope(f"units.{verb}", project.pk)
        ],
    }  # fmt: skip
    return render(request, "processes/board.html", context)


def _settings(project: Project, board: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """What the board's script needs: words of states, layouts and bounds, none of it personal."""
    today = project.today()
    return {
        "grid_url": reverse("board") + "?part=grid",
        "states": words,
        "layouts": {str(pk): layout["code"] for pk, layout in board["layouts"].items()},
        "tones": TONES,
        "days_bounds": list(parameters.value("board.days_bounds", project, today)),
        "bands": int(parameters.value("board.price_bands", project, today)),
        "today": today.isoformat(),
        "words": {
            "wan": _("w"), "days": _("{from}–{to} days"), "days_more": _("over {from} days"),
            "price": _("{from}–{to} w"), "left": _("{minutes} min left"), "over": _("time is over"),
            "shown": _("{shown} of {all} units fit"),
        },
    }  # fmt: skip


# --- the panel -----------------------------------------------------------------------------------


@require_safe
def unit_panel(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Everything that a consultant needs with the customer in front of him."""
    return panel(request, unit_id)


def panel(
    request: HttpRequest, unit_id: int, *, values: Mapping[str, Any] | None = None, message: str = "",
    errors: Mapping[str, str] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    access = access_of(request)
    shown = records.shown_of(request, "units", unit_id)
    unit: Unit = shown.record
    head = records.head_of(shown, empties=False)
    may_hold = access.may("units.hold", unit.project_id)
    context: dict[str, Any] = {
        "unit": unit, "item": shown.item, "state": head["state"], "facts": _facts(shown),
        "pictures": _pictures(unit), "here": reverse("board-unit", args=[unit_id]), "page_url": shown.url,
        "hold_state": _hold_state(access, unit), "control": control_actions(shown),
        "may_hold": may_hold and unit.state == "available",
        "why_not_hold": _why_not(shown, "hold") if may_hold else "",
        "may_deal": access.may("units.subscribe", unit.project_id) or access.may("deals.view", unit.project_id),
        "deal_url": reverse("deal", args=[unit_id]),
        "minutes": int(parameters.value("deals.lock_minutes", unit.project, unit.project.today())),
        "values": _hold_values(values or request.GET, access), "message": message, "errors": errors or {},
        "key": request.POST.get("idempotency_key", ""),
    }  # fmt: skip
    if access.may("units.quote", unit.project_id) and "list_total" in shown.item:
        context |= {"offer": offer(access, unit, asked_of(request.GET)), "loan": _loan_values(request, unit.project)}
        context |= loan_of(context["offer"], context["loan"])
    return overlay(request, "processes/unit_panel.html", shown.label, context, status=status)


def _facts(shown: records.Shown) -> list[dict[str, Any]]:
    wanted = (
        "layout", "gross_area", "inner_area", "orientation", "product_type", "list_unit_price", "list_total",
        "licence", "days_on_sale", "control_reason",
    )  # fmt: skip
    found = [fact for section in records.sections_of(shown, False) for fact in section["facts"]]
    labels = [str(shown.resource.by_name[name].label) for name in wanted]
    kept = [fact for fact in found if str(fact["label"]) in labels]
    return sorted(kept, key=lambda fact: labels.index(str(fact["label"])))


def _pictures(unit: Unit) -> list[dict[str, Any]]:
    if unit.layout_id is None:
        return []
    rows = StoredFile.objects.filter(project_id=unit.project_id, resource="layouts", record_id=unit.layout_id)
    return [
        {"name": name, "url": reverse("ui-file", args=[pk])}
        for pk, name, kind in rows.order_by("pk").values_list("pk", "name", "content_type")[:4]
        if kind.startswith("image/")
    ]


def _hold_state(access: Access, unit: Unit) -> dict[str, Any] | None:
    """The running hold for whoever may see it; others see the clock alone."""
    if unit.state != "held":
        return None
    within = reading.reach(resources.get("holds"), "holds.view", access, [unit.project_id])
    hold = None
    if within is not None:
        rows = Hold.objects.filter(within, unit=unit, state=Hold.State.ACTIVE)
        hold = rows.select_related("customer", "deal__consultant").first()
    return {"hold": hold, "until": unit.state_until}


def control_actions(shown: records.Shown) -> list[Action]:
    """Sales control in place: the panel stays open behind the dialog."""
    primary, others = records.actions_of(shown)
    found = [primary, *others] if primary else others
    verbs = ("release", "control", "retain", "lock", "unlock", "confirm-price")
    return [
        replace(a, url=f"{a.url}?stay=1") for a in found if a.url.rsplit("/", 1)[-1] in verbs
    ]  # fmt: skip


def _why_not(shown: records.Shown, verb: str) -> str:
    primary, others = records.actions_of(shown)
    found = [a for a in ([primary] if primary else []) + others if a.url.endswith(f"/{verb}")]
    return found[0].reason if found else ""


def _hold_values(given: Mapping[str, Any], access: Access) -> dict[str, Any]:
    customer = doing.number(str(given.get("customer", "")))
    chosen = None
    if customer:
        labels = filters.labels_of(resources.get("customers"), [customer], access)
        if str(customer) in labels:
            chosen = {"id": customer, "label": labels[str(customer)]}
    return {"customer": chosen, "kind": given.get("kind", "lock"), "minutes": given.get("minutes", "")}


@require_safe
def unit_price(request: HttpRequest, unit_id: int) -> HttpResponse:
    """The price part of the panel alone, for another plan, other discounts or another loan."""
    unit = doing.record(request, "units", unit_id, "units.quote")
    found = offer(access_of(request), unit, asked_of(request.GET))
    loan = _loan_values(request, unit.project)
    context = {"offer": found, "loan": loan, "unit": unit, "here": reverse("board-unit", args=[unit_id])}
    return render(request, "processes/unit_price.html", context | loan_of(found, loan))


def _loan_values(request: HttpRequest, project: Project) -> dict[str, str]:
    names = ("bank", "fund", "bank_rate", "fund_rate", "years", "method")
    given = {name: request.GET[name] for name in names if request.GET.get(name)}
    return loans.defaults(project, project.today()) | given


def loan_of(found: Offer, values: dict[str, str]) -> dict[str, Any]:
    """The loan that the plan asks for, by both methods. Amounts follow the plan."""
    planned = found.loan
    if not sum(planned.values()):
        return {"tables": None, "loan_error": ""}
    asked = values | {"bank": str(planned["bank"]), "fund": str(planned["fund"])}
    try:
        loan = loans.read_loan(asked, found.unit.project, found.unit.project.today())
    except DomainError as exc:
        return {"tables": None, "loan_error": " ".join(doing.told_errors(exc)[1].values())}
    tables = loans.both(loan)
    return {"tables": tables, "chosen_table": tables[loan.method], "the_loan": loan, "loan_error": ""}


@require_safe
def unit_history(request: HttpRequest, unit_id: int) -> HttpResponse:
    """States and prices of the unit, newest first."""
    unit = doing.record(request, "units", unit_id)
    access = access_of(request)
    words = state_words()
    texts = access.field_mode("unit-state-changes", "reason", [unit.project_id]) != "hide"
    may = access.may("unit-state-changes.view", unit.project_id)
    states = state_history(unit, with_reasons=texts) if may else []
    for row in states:
        row["at"] = dt.datetime.fromisoformat(row["at"])
        row["from_word"], row["to_word"] = words.get(row["from"], ""), words.get(row["to"], row["to"])
    prices = price_history(unit) if access.may("price-changes.view", unit.project_id) else []
    return render(request, "processes/unit_history.html", {"states": states, "prices": prices})


@require_POST
def unit_hold(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Hold from the panel; the panel comes back with the clock running, or with what was typed and why not."""
    fields = ("customer", "kind", "minutes")
    data = {name: request.POST[name].strip() for name in fields if request.POST.get(name, "").strip()}
    try:
        doing.once(request, lambda: {"id": doing.run(request, "hold_unit", unit_id, data).pk})
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        return panel(request, unit_id, values=request.POST, message=message, errors=errors, status=exc.status)
    return toast(panel(request, unit_id), _("The unit is held."))
