"""The quick follow-up: one small form on the customer's page, under a row of "today", and from the "+"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from anchang.crm.models import Customer, Lead
from anchang.crm.views.parts import QuickForm, next_chips
from anchang.kernel.errors import DomainError, not_found
from anchang.platform import reading, resources
from anchang.platform.ui.doing import once, perform, place_of
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.navigation import address_with
from anchang.platform.ui.overlays import go, toast

COMMANDS = {"customers": "follow_up_customer", "leads": "follow_up_lead"}
MODELS: dict[str, Any] = {"customers": Customer, "leads": Lead}
_MAIN, _MORE = ("content", "grade"), ("result", "intent", "duration")


def form_context(
    request: HttpRequest,
    kind: str,
    record: Any,
    place: str,
    values: Mapping[str, Any] | None = None,
    error: str = "",
    errors: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What `crm/follow_up_form.html` draws. `place`: page, row or new."""
    form = QuickForm(COMMANDS[kind], access_of(request), record.project)
    told = dict(values or {"method": "phone"})
    fields = form.shown(told, errors or {})
    uid = f"{kind}{record.pk}{place}"
    for name, one in fields.items():
        one["id"] = f"{uid}_{name}"
    fields["content"]["label"] = _("What was said")
    return {
        "url": follow_up_url(kind, record.pk),
        "place": place,
        "method": fields["method"],
        "error": error,
        "main": [fields[name] for name in _MAIN],
        "more": [fields[name] for name in _MORE],
        "more_open": any(name in (errors or {}) or told.get(name) for name in _MORE),
        "next_chips": next_chips(record.project),
        "next_at": str(told.get("next_at", "")),
        "next_error": (errors or {}).get("next_at", ""),
        "next_on": request.POST.get("next_on", ""),
        "uid": uid,
        "label": str(record),
    }


def follow_up_url(kind: str, record_id: int) -> str:
    return address_with("crm-follow-up" if kind == "customers" else "crm-lead-follow-up", record_id)


@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request: HttpRequest, record_id: int, kind: str = "customers") -> HttpResponse:
    """The form, and its sending. In a row the answer replaces the row, on a page it is the empty form anew."""
    access = access_of(request)
    access.require("follow-ups.create")
    record = reading.get_record(resources.get(kind), access, record_id)
    place = request.POST.get("place", request.GET.get("place", ""))
    place = place if place in ("row", "page") else "new"
    if request.method != "POST":
        context = form_context(request, kind, record, place)
        template = "crm/follow_up_form.html" if is_fragment(request) else "crm/follow_up_page.html"
        return render(request, template, context | {"kind": kind, "record": record})
    try:
        told = once(request, lambda: _record(request, kind, record))
    except DomainError as exc:
        if exc.status not in (409, 422):
            raise
        return _refused(request, kind, record, place, exc)
    return _answer(request, kind, record, place, told)


def _data(request: HttpRequest, form: QuickForm) -> dict[str, Any]:
    data = form.data(request.POST)
    if request.POST.get("next_on"):
        data["next_at"] = request.POST["next_on"]
    return data


def _record(request: HttpRequest, kind: str, record: Any) -> dict[str, Any]:
    access = access_of(request)
    data = _data(request, QuickForm(COMMANDS[kind], access, record.project))
    made = perform(access, COMMANDS[kind], record.pk, data)
    return {
        "customer": made.customer_id,
        "next_at": reading.plain(made.next_at),
        "method": made.get_method_display(),
    }


def _refused(request: HttpRequest, kind: str, record: Any, place: str, exc: DomainError) -> HttpResponse:
    """Everything that was typed stays."""
    form = QuickForm(COMMANDS[kind], access_of(request), record.project)
    message, errors = form.errors(exc)
    context = form_context(request, kind, record, place, _data(request, form), message, errors)
    template = "crm/follow_up_form.html" if is_fragment(request) else "crm/follow_up_page.html"
    return render(request, template, context | {"kind": kind, "record": record}, status=exc.status)


def _answer(request: HttpRequest, kind: str, record: Any, place: str, told: dict[str, Any]) -> HttpResponse:
    said = _("Follow-up recorded")
    if not is_fragment(request) or place == "new":
        return go(request, address_with("crm-customer", told["customer"]), said)
    events = {"customer:changed": True, "today:changed": True}
    if place == "row":
        context = {
            "label": str(record),
            "method": told["method"],
            "url": address_with("crm-customer", told["customer"]),
            "next_at": parse_datetime(told["next_at"]) if told["next_at"] else None,
        }
        return toast(render(request, "crm/follow_up_done.html", context), said, events=events)
    return toast(
        render(request, "crm/follow_up_form.html", form_context(request, kind, record, place)),
        said,
        events=events,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def choose_customer(request: HttpRequest) -> HttpResponse:
    """From the "+": whose follow-up? Then the form, in the same place."""
    place_of(request, "follow-ups.create")
    given = request.GET.get("customer", "")
    if given:
        if not (given.isascii() and given.isdigit() and len(given) < 19):
            raise not_found()
        return follow_up(request, int(given))
    recent = Customer.objects.none()
    access = access_of(request)
    if (mine := reading.reach(resources.get("customers"), "customers.view", access)) is not None:
        recent = Customer.objects.filter(mine, state="active").order_by("-idle_since")
        recent = recent.filter(owner=access.actor.user_id) if access.teams else recent
    shown = [
        {
            "id": c.pk,
            "name": c.name,
            "phone": c.phone_masked,
            "grade": c.grade,
            "at": c.last_visit_at or c.captured_at,
        }
        for c in recent[:8]
    ]
    return render(request, "crm/follow_up_choose.html", {"recent": shown})
