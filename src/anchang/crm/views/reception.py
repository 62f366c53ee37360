"""Reception: a visitor, a caller, a new lead, each in one small form; the visit's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from anchang.crm.models import CustomerPhone, Visit
from anchang.crm.queries.customers import doubles
from anchang.crm.queries.leads import owners_to_name
from anchang.crm.queries.people import names_of
from anchang.crm.views.parts import QuickForm, channel_chips, digits_of, layout_chips
from anchang.kernel.errors import DomainError, not_found
from anchang.kernel.phone import normalise
from anchang.org.models import Turn
from anchang.org.queries import Seat, floor_now
from anchang.org.words import explained, why_words
from anchang.platform import parameters, personal, reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.ui.doing import once, perform, place_of
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go

TAIL = 4
#: The words of crm.visit_required and the fields they mean.
REQUIRED = {
    "budget": "need.budget_high",
    "area": "need.area_high",
    "layouts": "need.layouts",
    "need_purpose": "need.purpose",
    "heard_from": "need.heard_from",
    "family": "need.family",
}


@dataclass(frozen=True)
class Screen:
    """One small form: its command, the fields on sight, the ones behind "more", the address after it."""

    command: str
    permission: str
    title: str | Promise
    main: tuple[str, ...]
    more: tuple[str, ...] = ()
    note: str | Promise = ""
    labels: Mapping[str, Any] = field(default_factory=dict)


VISIT = Screen(
    "register_visits",
    "visits.create",
    gettext_lazy("Register a visit"),
    ("channel", "need.purpose", "need.layouts", "grade"),
    (
        "consultant",
        "purpose",
        "need.budget_low",
        "need.budget_high",
        "need.area_low",
        "need.area_high",
        "need.family",
        "need.heard_from",
        "people",
        "companions",
        "assistant",
        "content",
    ),
)
CALL = Screen(
    "add_call_ins",
    "call-ins.create",
    gettext_lazy("Incoming call"),
    ("question", "channel", "passed_to"),
    (),
)
LEAD = Screen(
    "add_leads",
    "leads.create",
    gettext_lazy("New lead"),
    ("channel", "owner", "note"),
    (
        "need.layouts",
        "need.purpose",
        "need.budget_low",
        "need.budget_high",
        "customer_type",
        "region",
        "campaign",
    ),
    gettext_lazy(
        "A lead of a known customer goes to the customer's consultant. Any other one goes to the owner that is named,"
        " or without one by the assignment rules, else to the public pool."
    ),
)


def _form(screen: Screen, access: Access, project: Project) -> QuickForm:
    changes: dict[str, Mapping[str, Any]] = {"need.purpose": {"kind": "choice"}}
    if chips := channel_chips(project):
        changes["channel"] = chips
    if layouts := layout_chips(project):
        changes["need.layouts"] = layouts
    named = screen is not LEAD or owners_to_name(access, project, project.today())
    return QuickForm(screen.command, access, project, changes, without=() if named else ("owner",))


def _draw(
    request: HttpRequest,
    screen: Screen,
    project: Project,
    form: QuickForm,
    values: Mapping[str, Any],
    template: str,
    extra: Mapping[str, Any] | None = None,
    exc: DomainError | None = None,
) -> HttpResponse:
    message, errors = form.errors(exc) if exc else ("", {})
    shown = form.shown(values, errors)
    main = [name for name in screen.main if name in shown]
    more = [name for name in screen.more if name in shown]
    for name in _needed(screen, project):
        if name in more:
            more.remove(name)
            main.append(name)
        if name in shown:
            shown[name]["required"] = True
    person = shown.get("name") or shown["caller"]
    person["label"] = _("Full name")
    context = {
        "title": screen.title,
        "project": project,
        "error": message,
        "phone": shown.get("phone"),
        "person": person,
        "main": [shown[n] for n in main],
        "more": [shown[n] for n in more],
        "more_open": any(shown[n]["error"] for n in more),
        "offline": str(screen.title),
        "note": screen.note,
        **(extra or {}),
    }
    return render(request, template, context, status=exc.status if exc else 200)


def _needed(screen: Screen, project: Project) -> list[str]:
    if screen is not VISIT:
        return []
    words = parameters.value("crm.visit_required", project, project.today())
    return [REQUIRED.get(word, word) for word in words]


def _serve(
    request: HttpRequest,
    screen: Screen,
    template: str,
    work: Callable[[Project, dict[str, Any]], dict[str, Any]],
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """GET draws the empty form; POST runs `work` once, or draws the form again as it was sent."""
    access = access_of(request)
    access.require(screen.permission)
    project = place_of(request, screen.permission)
    form = _form(screen, access, project)
    if request.method != "POST":
        given: dict[str, Any] = {k: v for k, v in request.GET.items() if k in ("channel", "name")}
        if screen is LEAD and form.has("owner") and project.pk in access.teams:
            given["owner"] = access.actor.user_id
        return _draw(request, screen, project, form, given, template, extra)
    data = form.data(request.POST)
    try:
        told = once(request, lambda: work(project, {**data, "project": project.pk}))
    except DomainError as exc:
        if exc.status not in (409, 422):
            raise
        return _draw(request, screen, project, form, data, template, extra, _placed(exc))
    return go(request, told["go"], told["said"])


def _placed(exc: DomainError) -> DomainError:
    """Fields of the office's rule stand where the form has them."""
    fields = {REQUIRED.get(name, name): code for name, code in exc.fields.items()}
    return DomainError(exc.code, status=exc.status, fields=fields, **exc.params)


# --- a visitor -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def visit_new(request: HttpRequest) -> HttpResponse:
    """Phone, name, done. A known phone shows whose customer it is; `?customer=` registers one at sight."""
    access = access_of(request)
    customer = _chosen(request)

    def work(project: Project, data: dict[str, Any]) -> dict[str, Any]:
        if customer is not None:
            data |= {"name": customer.name, "phone": _number_of(customer), "project": customer.project_id}
        visit = perform(access, "register_visits", data=data)
        return {"go": _visit_or_home(access, visit), "said": _received(visit)}

    extra: dict[str, Any] = {"customer": customer}
    if request.method != "POST":
        project = customer.project if customer is not None else place_of(request, VISIT.permission)
        owner = customer.owner if customer is not None else None
        extra["receiver"] = receiver_told(access, project, owner.pk if owner else None, owner.name if owner else "")
    return _serve(request, VISIT, "crm/visit_new.html", work, extra)


def _chosen(request: HttpRequest) -> Any:
    given = request.POST.get("customer", request.GET.get("customer", ""))
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise not_found()
    return reading.get_record(resources.get("customers"), access_of(request), int(given))


def _number_of(customer: Any) -> str:
    """The main number, to find the file by it; it isn't shown."""
    row = CustomerPhone.objects.filter(customer=customer, active=True).order_by("-main", "id").first()
    if row is None:
        raise DomainError("bad_input", status=422, fields={"phone": "required"})
    return personal.decrypt(row.cipher)


def _visit_or_home(access: Access, visit: Visit) -> str:
    """To the visit; whoever registered another consultant's customer can't see it."""
    within = reading.reach(resources.get("visits"), "visits.view", access, [visit.project_id])
    seen = within is not None and Visit.objects.filter(within, pk=visit.pk).exists()
    return f"/visits/{visit.pk}/" if seen else "/"


def _received(visit: Visit) -> str:
    """Who receives, and why: the turn was given in the same moment as the visit."""
    if visit.consultant_id is None:
        return _("Registered. Nobody is free: the managers have been told.")
    name = names_of([visit.consultant_id])[visit.consultant_id]
    first = _("First visit.") if visit.seq == 1 else _("Visit no. %(n)s.") % {"n": visit.seq}
    turn = Turn.objects.filter(project_id=visit.project_id, user=visit.consultant_id, at=visit.arrived_at).last()
    said = _("%(name)s receives.") % {"name": name}
    return f"{first} {said} {explained(turn.explanation) if turn else ''}".strip()


# --- who is it, who receives ---------------------------------------------------------------------


@require_POST
def visit_lookup(request: HttpRequest) -> HttpResponse:
    """What is known about the phone (whole, or its last four digits) or the name, masked; and who will receive."""
    access = access_of(request)
    project = place_of(request, "visits.create")
    text = request.POST.get("phone", "")
    number = normalise(text)
    word = (
        number or (digits_of(text) if len(digits_of(text)) == TAIL else "") or request.POST.get("name", "").strip()[:50]
    )
    hits = doubles(access, project.pk, word, limit=6) if word and access.may("customers.view", project.pk) else []
    exact = hits[0] if number and len(hits) == 1 else None
    owner_id = _owner_of(project, number) if number else None
    context = {
        "hits": [] if exact else hits,
        "exact": exact,
        "known": bool(number),
        "number_taken": exact is not None,
        "fill": exact["name"] if exact and exact["in_scope"] and not request.POST.get("name") else "",
        "receiver": receiver_told(access, project, owner_id, exact["owner"] if exact else ""),
    }
    return render(request, "crm/visit_lookup.html", context)


def _owner_of(project: Project, number: str) -> int | None:
    rows = CustomerPhone.objects.filter(project=project, digest=personal.digest(number), active=True)
    return rows.values_list("customer__owner_id", flat=True).first()


def receiver_told(access: Access, project: Project, owner_id: int | None, owner: str) -> str:
    """Who will receive, in the order in which the registration decides."""
    if owner_id is not None:
        if owner_id == access.actor.user_id:
            return _("Your own customer: you receive.")
        return _("%(name)s's customer: %(name)s receives and is told.") % {"name": owner}
    if project.pk in access.teams:
        return _("You receive.")
    seats = seats_now(project)
    free = next((s for s in seats if s.why_not is None), None)
    if free is None:
        return _("Nobody is free now: the managers will be told.")
    words = why_words()
    before = [s for s in seats[: seats.index(free)] if s.why_not]
    passed = "、".join(f"{s.name}（{words.get(str(s.why_not), s.why_not)}）" for s in before)
    said = _("By turn: %(name)s receives.") % {"name": free.name}
    return said + (" " + _("Passed over: %(people)s.") % {"people": passed} if passed else "")


def seats_now(project: Project) -> list[Seat]:
    today = project.today()
    return floor_now(project.pk, today, bool(parameters.value("org.presence_assumed", project, today)))


# --- a caller, a lead ----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def call_new(request: HttpRequest) -> HttpResponse:
    access = access_of(request)

    def work(project: Project, data: dict[str, Any]) -> dict[str, Any]:
        call = perform(access, "add_call_ins", data=data)
        own = (
            f"/customers/{call.customer_id}/"
            if call.customer_id and _sees(access, call.customer_id)
            else "/r/call-ins/"
        )
        return {"go": own, "said": _("The call is recorded.")}

    return _serve(request, CALL, "crm/quick_new.html", work)


@require_http_methods(["GET", "HEAD", "POST"])
def lead_new(request: HttpRequest) -> HttpResponse:
    access = access_of(request)

    def work(project: Project, data: dict[str, Any]) -> dict[str, Any]:
        lead = perform(access, "add_leads", data=data)
        owner = names_of([lead.owner_id]).get(lead.owner_id, "") if lead.owner_id else ""
        said = _("The lead is %(name)s's.") % {"name": owner} if owner else _("The lead is in the public pool.")
        within = reading.reach(resources.get("leads"), "leads.view", access, [lead.project_id])
        seen = within is not None and type(lead).objects.filter(within, pk=lead.pk).exists()
        return {"go": f"/r/leads/{lead.pk}/" if seen else "/", "said": said}

    return _serve(request, LEAD, "crm/quick_new.html", work)


def _sees(access: Access, customer_id: int) -> bool:
    try:
        reading.get_record(resources.get("customers"), access, customer_id)
    except DomainError:
        return False
    return True
