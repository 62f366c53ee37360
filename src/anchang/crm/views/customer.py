"""The customer's page (360°): who he is, what comes next, and everything that happened, in one place."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anchang.crm import dictionaries
from anchang.crm.models import Need, Tour, Visit
from anchang.crm.queries.customers import merged_ids, profile_tabs, timeline
from anchang.crm.views.follow_up import form_context
from anchang.inventory import rules as inventory_rules
from anchang.inventory.queries import matching_units
from anchang.kernel.actor import SYSTEM
from anchang.platform import resources
from anchang.platform.resources import Related
from anchang.platform.ui import records, rows
from anchang.platform.ui.components import Action, Tab
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.records import Shown

PAGE = 30
MATCHES = 5
#: Filters of the timeline: key -> resources.
KINDS: dict[str, tuple[str, ...]] = {
    "contact": ("follow-ups", "call-ins"),
    "visit": ("visits", "tours", "appointments"),
    "deal": ("holds", "subscriptions", "contracts", "deals"),
    "money": ("receivables", "receipts", "refunds"),
    "affairs": (
        "deal-changes", "mortgages", "titles", "contract-copies", "disputes", "handovers", "signature-requests",
        "opportunities", "negotiations",
    ),
    "file": ("customers", "leads", "needs", "consents", "contacts"),
}
#: Facts that the head says already.
_IN_HEAD = ("name", "phone", "grade", "stage", "owner", "next_follow_at", "phones", "state")


def kind_words() -> dict[str, str]:
    return {
        "contact": _("Follow-ups and calls"),
        "visit": _("Visits"),
        "deal": _("Deals"),
        "money": _("Dues and receipts"),
        "affairs": _("Talks and affairs"),
        "file": _("File changes"),
    }


@require_safe
def customer_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    shown = records.shown_of(request, "customers", customer_id)
    if is_fragment(request):
        part = request.GET.get("part", "")
        template = "crm/customer_head.html" if part == "head" else "crm/customer_side.html"
        return render(request, template, _head(shown) if part == "head" else _side(request, shown))
    context = _head(shown) | _side(request, shown) | _looks_for(shown)
    if _may_follow_up(shown):
        context |= {"follow_up": form_context(request, "customers", shown.record, "page")}
    return render(request, "crm/customer.html", context)


def _may_follow_up(shown: Shown) -> bool:
    return shown.record.state == "active" and records.in_reach(shown, "follow-ups.create")


# --- head ----------------------------------------------------------------------------------------


def _head(shown: Shown) -> dict[str, Any]:
    customer = shown.record
    head = records.head_of(shown)
    actions = [
        a
        for a in ([head["primary"]] if head["primary"] else []) + head["others"]
        if not a.url.endswith("/follow-up")
    ]
    visit = None
    if shown.access.may("visits.create", shown.project_id) and customer.state not in ("merged", "erased"):
        visit = Action(_("Register a visit"), f"/visit/new?customer={customer.pk}", icon="door-enter")
    if shown.access.may("appointments.create", shown.project_id) and customer.state not in ("merged", "erased"):
        actions.insert(
            0,
            Action(
                _("Appointment"),
                f"/r/appointments/new?customer={customer.pk}&stay=1",
                icon="calendar-plus",
                opens="dialog",
            ),
        )
    facts = [
        {"label": s["label"], "facts": [f for f in s["facts"] if f["name"] not in _IN_HEAD]}
        for s in _named(shown, head)
    ]
    return head | {
        "customer": customer,
        "visit": visit,
        "actions": actions,
        "sections": [s for s in facts if s["facts"]],
        "chips": _chips(shown),
        "phones": _phones(shown),
        "owner": shown.item.get("owner"),
        "late": bool(customer.next_follow_at and customer.next_follow_at < timezone.now()),
        "merged_into": shown.item.get("merged_into"),
        "label": shown.label,
    }


def _named(shown: Shown, head: dict[str, Any]) -> list[dict[str, Any]]:
    """The facts with the names of their fields."""
    names = {str(f.label): f.name for f in shown.fields}
    return [
        {"label": s["label"], "facts": [f | {"name": names.get(str(f["label"]), "")} for f in s["facts"]]}
        for s in head["sections"]
    ]


def _chips(shown: Shown) -> list[dict[str, str]]:
    found = []
    for name in ("grade", "stage", "state"):
        f = shown.resource.by_name[name]
        value = shown.item.get(name)
        if not value or (name == "state" and value == "active"):
            continue
        words = resources.choices_of(f, shown.project_id)
        found.append(
            {"value": value, "label": str(words.get(value, value)), "tone": "" if name != "stage" else "teal"}
        )
    return found


def _phones(shown: Shown) -> list[dict[str, Any]]:
    """Masked numbers; the main one opens by the logged command, and can be called then."""
    f = shown.resource.by_name["phone"]
    if f not in shown.fields or not shown.item.get("phone"):
        return []
    masked = str(shown.item["phone"])
    may = records.in_reach(shown, "customers.reveal-phone")
    further = [p["phone"] for p in shown.item.get("phones") or [] if not p["main"]]
    first = {
        "masked": masked,
        "reveal_url": rows.record_url("customers", shown.record.pk, "reveal/phone") if may else "",
    }
    return [first, *({"masked": p, "reveal_url": ""} for p in further)]


# --- needs and what fits them --------------------------------------------------------------------


def _current_need(shown: Shown) -> Need | None:
    return Need.objects.filter(customer=shown.record, current=True).first()


def _looks_for(shown: Shown) -> dict[str, Any]:
    need = _current_need(shown)
    words: list[tuple[Any, str]] = []
    for name in ("purpose", "family", "heard_from", "note") if need else ():
        if value := getattr(need, name):
            words.append(
                (getattr(Need._meta.get_field(name), "verbose_name", name), dictionaries.word(value))
            )
    may = records.in_reach(shown, "customers.add-need") and shown.record.state == "active"
    url = rows.record_url("customers", shown.record.pk, "do/add-need?stay=1") if may else ""
    return {"needs": need, "need_words": words, "need_url": url, "matches": _matches(shown, need)}


def _matches(shown: Shown, need: Need | None) -> list[dict[str, Any]]:
    """Units that fit the current need and weren't shown yet, for whoever may see units."""
    if need is None or shown.project_id is None or not shown.access.may("units.view", shown.project_id):
        return []
    if not any((need.budget_low, need.budget_high, need.layouts, need.area_low, need.area_high)):
        return []
    seen = Tour.objects.filter(visit__customer=shown.record, unit__isnull=False).values_list(
        "unit_id", flat=True
    )
    wanted = inventory_rules.Need(
        budget_low=need.budget_low,
        budget_high=need.budget_high,
        layouts=frozenset(need.layouts or ()),
        area_low=need.area_low,
        area_high=need.area_high,
        refused=frozenset(seen),
    )
    return matching_units(shown.access, shown.record.project, wanted, MATCHES)


# --- the side: tabs ------------------------------------------------------------------------------


def _tabs(shown: Shown) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    """key -> (words, lists); no lists: the page draws the tab itself."""
    crm = {
        "needs": (_("Needs"), (("needs", "customer"), ("contacts", "customer"))),
        "follow-ups": (_("Follow-ups"), (("follow-ups", "customer"),)),
        "appointments": (
            _("Appointments and calls"),
            (("appointments", "customer"), ("call-ins", "customer")),
        ),
    }
    found: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
        "timeline": (_("Timeline"), ()),
        "visits": (_("Visits"), ()),
    }
    above = {tab.key: (str(tab.label), tab.lists) for tab in profile_tabs}
    own = {
        "consents": (_("Consents"), (("consents", "customer"),)),
        "changes": (_("Grades and owners"), (("grade-changes", "customer"), ("owner-changes", "customer"))),
    }
    for key, (words, lists) in (crm | above | own).items():
        allowed = tuple(one for one in lists if _listed(shown, *one))
        if allowed:
            found[key] = (words, allowed)
    if shown.access.may("files.view", shown.project_id):
        found["files"] = (_("Papers and pictures"), ())
    if shown.access.may("events.view", shown.project_id):
        found["history"] = (_("Changes"), ())
    return found


def _listed(shown: Shown, name: str, field: str) -> bool:
    other = resources.find(name)
    return other is not None and field in other.by_name and shown.access.may(f"{name}.view", shown.project_id)


def _side(request: HttpRequest, shown: Shown) -> dict[str, Any]:
    tabs = _tabs(shown)
    key = request.GET.get("tab", "")
    key = key if key in tabs else "timeline"
    base = f"/customers/{shown.record.pk}/"
    found: dict[str, Any] = {
        "tabs": [Tab(words, f"{base}?tab={k}", k == key) for k, (words, _lists) in tabs.items()],
        "tab": key,
        "side_url": f"{base}?tab={key}",
        "shown": shown,
    }
    if key == "timeline":
        return found | _timeline(request, shown, base)
    if key == "visits":
        return found | {"visits": _visits(shown)}
    if key == "files":
        return found | records.files_of(shown)
    if key == "history":
        return found | records.history_of(shown)
    return found | {"lists": [_list(request, shown, *one) for one in tabs[key][1]]}


def _list(request: HttpRequest, shown: Shown, name: str, field: str) -> dict[str, Any]:
    found = records.related_of(request, shown, Related(name, field))
    if found["add"]:
        found["add"] = Action(found["add"].label, found["add"].url + "&stay=1", icon="plus", opens="dialog")
    return found | {"more_url": ""}


def _timeline(request: HttpRequest, shown: Shown, base: str) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    before = request.GET.get("before", "")
    last = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    found = timeline(shown.access, shown.record.pk, before=last, limit=PAGE, kinds=KINDS.get(kind, ()))
    offers = [{"label": _("All"), "url": f"{base}?tab=timeline", "active": kind not in KINDS}]
    offers += [
        {"label": words, "url": f"{base}?tab=timeline&kind={k}", "active": k == kind}
        for k, words in kind_words().items()
        if any(resources.find(n) for n in KINDS[k])
    ]
    more = f"{base}?tab=timeline&kind={kind}&before={found['next']}" if found["next"] else ""
    return {"events": [_event(shown, e) for e in found["items"]], "kinds": offers, "more_url": more}


def _event(shown: Shown, event: dict[str, Any]) -> dict[str, Any]:
    resource = resources.find(event["resource"])
    own = event["resource"] == "customers"
    return {
        "title": event["text"],
        "text": event["content"] or str(event["data"].get("note") or "")[:500],
        "actor": _("Automatic") if event["actor"] == SYSTEM.name else event["actor"],
        "at": parse_datetime(event["at"]),
        "icon": resource.icon if resource and resource.icon else "history",
        "url": rows.record_url(event["resource"], event["record_id"]) if not own and _opens(shown, resource) else "",
    }


def _opens(shown: Shown, resource: resources.Resource | None) -> bool:
    """Whether the reader's role may open records of this kind here; else their names stand as plain text."""
    return resource is not None and shown.access.may(f"{resource.name}.view", shown.project_id)


def _visits(shown: Shown) -> list[dict[str, Any]]:
    """Newest first, with the units seen and the grade before and after."""
    visits = list(
        Visit.objects.filter(customer__in=merged_ids(shown.record))
        .select_related("consultant", "channel")
        .order_by("-arrived_at", "-id")[:50]
    )
    tours: dict[int, list[Tour]] = defaultdict(list)
    opens_visits, opens_units = (_opens(shown, resources.find(name)) for name in ("visits", "units"))
    for tour in Tour.objects.filter(visit__in=visits).select_related("unit").order_by("started_at", "id"):
        tours[tour.visit_id].append(tour)
    return [
        {
            "id": v.pk,
            "seq": v.seq,
            "at": v.arrived_at,
            "consultant": v.consultant.name if v.consultant else "",
            "content": v.content,
            "before": v.grade_before,
            "after": v.grade_after,
            "url": f"/visits/{v.pk}/" if opens_visits else "",
            "units": [
                {
                    "label": str(t.unit) if t.unit_id else t.place,
                    "reaction": t.reaction,
                    "url": f"/r/units/{t.unit_id}/" if t.unit_id and opens_units else "",
                }
                for t in tours[v.pk]
            ],
        }
        for v in visits
    ]
