"""One visit: who came and who receives, what was shown, what was said, and when they left."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.crm import dictionaries
from anchang.crm.models import Tour
from anchang.crm.views.parts import QuickForm
from anchang.kernel.errors import DomainError
from anchang.platform import parameters
from anchang.platform.ui import records, rows
from anchang.platform.ui.components import Action
from anchang.platform.ui.doing import once, perform
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.platform.ui.records import Shown

_HIDDEN = ("customer", "feedback", "seq", "arrived_at", "left_at")


@require_safe
def visit_page(request: HttpRequest, visit_id: int) -> HttpResponse:
    return _page(request, records.shown_of(request, "visits", visit_id))


def _page(request: HttpRequest, shown: Shown, **more: Any) -> HttpResponse:
    visit = shown.record
    head = records.head_of(shown)
    hidden = {str(f.label) for f in shown.fields if f.name in _HIDDEN}
    facts = [
        s | {"facts": [f for f in s["facts"] if str(f["label"]) not in hidden]} for s in head["sections"]
    ]
    others = [
        a
        for a in ([head["primary"]] if head["primary"] else []) + head["others"]
        if not a.url.endswith(("/feedback", "/leave", "/add-tour"))
    ]
    tours = Tour.objects.filter(visit=visit).select_related("unit").order_by("started_at", "id")
    minutes = int(((visit.left_at or timezone.now()) - visit.arrived_at).total_seconds() // 60)
    context = {
        "visit": visit,
        "shown": shown,
        "customer": shown.item.get("customer"),
        "others": others,
        "sections": [s for s in facts if s["facts"]],
        "questions": questions(shown, more.pop("answers", None)),
        "loss_reason": visit.loss_reason,
        "minutes": minutes,
        "may_feedback": records.in_reach(shown, "visits.feedback"),
        "leave": Action(_("Visitor has left"), f"/visits/{visit.pk}/leave", icon="door-exit", opens="post")
        if visit.left_at is None and records.in_reach(shown, "visits.leave")
        else None,
        "tours": [
            {
                "label": str(t.unit) if t.unit_id else t.place,
                "reaction": t.reaction,
                "at": t.started_at,
                "url": f"/r/units/{t.unit_id}/" if t.unit_id else "",
                "edit_url": rows.record_url("tours", t.pk, "fact/reaction"),
            }
            for t in tours
        ],
        "tour": _tour_form(request, shown, {}, {}),
        "may_tour": records.in_reach(shown, "tours.create"),
    }
    return render(request, "crm/visit.html", context | more, status=more.pop("status", 200))


def questions(shown: Shown, answers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The office's questions with the answer so far."""
    given = shown.record.feedback if answers is None else answers
    asked = parameters.value("crm.words.feedback", shown.record.project, shown.record.project.today())
    return [
        {
            "name": f"feedback.{question}",
            "label": dictionaries.word(question),
            "choices": [(a, dictionaries.word(a)) for a in choices],
            "value": given.get(question, ""),
        }
        for question, choices in asked.items()
    ]


def _tour_form(
    request: HttpRequest, shown: Shown, values: dict[str, Any], errors: dict[str, str]
) -> list[dict[str, Any]]:
    fields = QuickForm("add_tour", shown.access, shown.record.project).shown(values, errors)
    return [fields[name] for name in ("unit", "place", "reaction")]


@require_POST
def visit_feedback(request: HttpRequest, visit_id: int) -> HttpResponse:
    shown = records.shown_of(request, "visits", visit_id)
    prefix = "feedback."
    answers = {k[len(prefix) :]: str(v) for k, v in request.POST.items() if k.startswith(prefix) and v}
    data = {"feedback": answers, "loss_reason": request.POST.get("loss_reason", "")}

    def work() -> dict[str, Any]:
        perform(access_of(request), "record_feedback", visit_id, data)
        return {"said": _("Feedback recorded")}

    try:
        told = once(request, work)
    except DomainError as exc:
        return _refused(request, shown, "record_feedback", exc, answers=answers)
    return go(request, f"/visits/{visit_id}/", told["said"])


@require_POST
def visit_tour(request: HttpRequest, visit_id: int) -> HttpResponse:
    shown = records.shown_of(request, "visits", visit_id)
    data = QuickForm("add_tour", shown.access, shown.record.project).data(request.POST)

    def work() -> dict[str, Any]:
        perform(access_of(request), "add_tour", visit_id, data)
        return {"said": _("Tour recorded")}

    try:
        told = once(request, work)
    except DomainError as exc:
        return _refused(request, shown, "add_tour", exc, tour_data=data)
    return go(request, f"/visits/{visit_id}/", told["said"])


def _refused(
    request: HttpRequest,
    shown: Shown,
    command: str,
    exc: DomainError,
    *,
    answers: dict[str, str] | None = None,
    tour_data: dict[str, Any] | None = None,
) -> HttpResponse:
    if exc.status not in (409, 422):
        raise exc
    message, errors = QuickForm(command, shown.access, shown.record.project).errors(exc)
    more: dict[str, Any] = {"error": message, "status": exc.status}
    if answers is not None:
        more |= {"answers": answers, "loss_reason": request.POST.get("loss_reason", "")}
    if tour_data is not None:
        more |= {"tour": _tour_form(request, shown, tour_data, errors)}
    return _page(request, shown, **more)


@require_POST
def visit_leave(request: HttpRequest, visit_id: int) -> HttpResponse:
    once(request, lambda: {"visit": perform(access_of(request), "visitor_left", visit_id).pk})
    return go(request, f"/visits/{visit_id}/", _("Done"))
