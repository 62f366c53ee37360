"""The live floor (现场): the queue, who is with whom, who waits; for managers and reception."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.crm.models import Appointment, Visit
from anchang.crm.views.reception import explained, seats_now, why_words
from anchang.kernel.errors import not_found
from anchang.org.models import PresenceState, Turn
from anchang.org.queries import Seat
from anchang.platform.models import Project
from anchang.platform.ui.doing import once, perform, place_of
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import toast

TURNS = 12
_TONES = {"present": "green", "busy": "amber", "away": "slate", "off": ""}


@require_safe
def floor_page(request: HttpRequest) -> HttpResponse:
    """Everybody's own work is elsewhere; this page shows all, so it needs the right to see presence and visits."""
    project = _place(request)
    context = floor_of(request, project)
    return render(request, "crm/floor_body.html" if is_fragment(request) else "crm/floor.html", context)


def _place(request: HttpRequest) -> Project:
    return (
        place_of(request, "presence.set-state") if _manages(request) else place_of(request, "rotation.view")
    )


def _manages(request: HttpRequest) -> bool:
    return access_of(request).may("rotation.next")


def floor_of(request: HttpRequest, project: Project) -> dict[str, Any]:
    """Eight reads whatever the number of people."""
    access, today = access_of(request), project.today()
    seats = seats_now(project)
    manages = access.scope("presence.set-state", project.pk) == "project"
    wide = access.scope("visits.view", project.pk) == "project"
    visits = Visit.objects.filter(project=project, business_date=today, left_at=None)
    visits = visits if wide else visits.filter(consultant=access.actor.user_id)
    inside = list(visits.select_related("customer", "consultant").order_by("arrived_at", "id")[:200])
    people = _people(seats, inside)
    expected = Appointment.objects.filter(project=project, state="open", business_date=today)
    expected = expected if access.scope("appointments.view", project.pk) == "project" else expected.none()
    return {
        "project": project,
        "people": people,
        "next": next((p for p in people if not p["why_not"]), None),
        "waiting": [_visitor(v) for v in inside if v.consultant_id is None],
        "states": PresenceState.choices,
        "may_set": manages,
        "may_next": access.may("rotation.next", project.pk),
        "may_visit": access.may("visits.create", project.pk),
        "turns": _turns(access, project, today),
        "expected": list(expected.select_related("customer", "consultant").order_by("starts_at")[:20]),
        "here": sum(p["state"] in ("present", "busy") for p in people),
        "inside": len(inside),
        "me": access.actor.user_id,
        "may_check": access.may("presence.check-in", project.pk),
        "at": timezone.now(),
    }


def _people(seats: Sequence[Seat], inside: Sequence[Visit]) -> list[dict[str, Any]]:
    words, states = why_words(), dict(PresenceState.choices)
    found = []
    for place, seat in enumerate(seats, 1):
        with_whom = [_visitor(v) for v in inside if v.consultant_id == seat.user_id]
        found.append(
            {
                "id": seat.user_id,
                "name": seat.name,
                "place": place,
                "turns": seat.turns,
                "state": seat.state,
                "state_label": str(states.get(seat.state, seat.state)),
                "tone": _TONES.get(seat.state, ""),
                "since": seat.since,
                "why_not": words.get(str(seat.why_not), "") if seat.why_not else "",
                "with": with_whom,
            }
        )
    return found


def _visitor(visit: Visit) -> dict[str, Any]:
    minutes = int((timezone.now() - visit.arrived_at).total_seconds() // 60)
    return {
        "id": visit.pk,
        "name": visit.customer.name,
        "minutes": minutes,
        "seq": visit.seq,
        "url": f"/visits/{visit.pk}/",
        "at": visit.arrived_at,
    }


def _turns(access: Any, project: Project, today: Any) -> list[dict[str, Any]]:
    if not access.may("turns.view", project.pk):
        return []
    rows = list(
        Turn.objects.filter(project=project, business_date=today)
        .select_related("user")
        .order_by("-id")[:TURNS]
    )
    returned = set(
        Turn.objects.filter(project=project, returns__in=[t.pk for t in rows]).values_list(
            "returns_id", flat=True
        )
    )
    return [
        {
            "id": t.pk,
            "name": t.user.name if t.user else "–",
            "kind": t.get_kind_display(),
            "at": t.at,
            "why": explained(t.explanation) or t.reason,
            "return_url": f"/r/turns/{t.pk}/do/return?stay=1"
            if t.kind == "taken" and t.pk not in returned and access.may("turns.return", project.pk)
            else "",
        }
        for t in rows
    ]


@require_safe
def turn_page(request: HttpRequest, turn_id: int) -> HttpResponse:
    """A turn is looked at where it was given: whoever it was given to may not list turns."""
    return redirect("crm-floor")


@require_POST
def floor_state(request: HttpRequest) -> HttpResponse:
    """Somebody is here, busy, out or gone: oneself, or anybody for whoever may say so."""
    access, project = access_of(request), _place(request)
    user, state = request.POST.get("user", ""), request.POST.get("state", "")
    if not (user.isascii() and user.isdigit() and len(user) < 19):
        raise not_found()
    data = {"project": project.pk, "user": int(user), "state": state}
    once(request, lambda: {"presence": perform(access, "set_presence_of", data=data).pk})
    return render(request, "crm/floor_body.html", floor_of(request, project))


@require_POST
def floor_next(request: HttpRequest) -> HttpResponse:
    """The next one in turn for a visitor who isn't registered yet."""
    access, project = access_of(request), place_of(request, "rotation.next")

    def work() -> dict[str, Any]:
        turn = perform(access, "take_turn", data={"project": project.pk})
        name = turn.user.name if turn.user else _("Nobody")
        return {"said": f"{name} · {explained(turn.explanation)}"}

    told = once(request, work)
    return toast(render(request, "crm/floor_body.html", floor_of(request, project)), told["said"])
