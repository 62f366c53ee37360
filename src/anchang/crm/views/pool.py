"""The public pool (公海): leads and customers that anybody may claim, with what is left of the day's quota."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.crm.models import ClaimCounter, Grade
from anchang.crm.queries.leads import due_for_recycling
from anchang.platform import parameters, reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.reading import Query
from anchang.platform.ui.components import Action, Tab
from anchang.platform.ui.doing import once, perform, place_of
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go, toast

PAGE = 30


#: What the pool holds: resource, and the columns of its rows.
KINDS: dict[str, tuple[str, ...]] = {
    "pool": ("name", "phone", "channel", "region", "pool_since", "need"),
    "pool-customers": ("name", "phone", "channel", "residence", "pool_since", "idle_since", "grade", "visit_count"),
}


@require_safe
def pool_page(request: HttpRequest) -> HttpResponse:
    """Leads, or with `?kind=pool-customers` customers who lost their owner."""
    access = access_of(request)
    kind = request.GET.get("kind", "pool")
    kind = kind if kind in KINDS else "pool"
    project = place_of(request, f"{kind}.view")
    word = request.GET.get("q", "").strip()[:50]
    query = Query(
        project_ids=(project.pk,), q=word, limit=PAGE, count=not is_fragment(request),
        cursor=request.GET.get("cursor") or None, columns=KINDS[kind],
    )  # fmt: skip
    page = reading.list_rows(resources.get(kind), access, query)
    right = "leads.claim" if kind == "pool" else "customers.claim"
    context = {
        "project": project,
        "kind": kind,
        "word": word,
        "tabs": [
            Tab(str(resources.get(k).plural), f"/pool/?kind={k}", k == kind)
            for k in KINDS
            if access.may(f"{k}.view", project.pk)
        ],
        "leads": [_row(kind, item) for item in page.items],
        "count": page.count,
        "quota": quota_left(access, project),
        "may_claim": access.may(right, project.pk),
        "more_url": "/pool/?" + urlencode({"kind": kind, "q": word, "cursor": page.next}) if page.next else "",
        "list_url": f"/r/{kind}/",
    }
    if is_fragment(request):
        return render(request, "crm/pool_rows.html", context)
    return render(request, "crm/pool.html", context | _for_managers(access, project))


def _row(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """A line of the list: phone masked, and what is known of the wishes."""
    need = item.get("need") or {}
    wants = [*need.get("layouts", []), str(need.get("note") or "")]
    if kind == "pool-customers":
        came = _("Visits: %(n)s") % {"n": item["visit_count"]} if item.get("visit_count") else ""
        wants = [str(Grade(item["grade"]).label) if item.get("grade") else "", came]
    since = item.get("pool_since") or item.get("idle_since")
    claim = "crm-pool-claim" if kind == "pool" else "crm-pool-customer-claim"
    return {
        "claim_url": reverse(claim, args=[item["id"]]),
        "name": item.get("name") or item.get("phone"),
        "phone": item.get("phone"),
        "channel": (item.get("channel") or {}).get("label", ""),
        "region": item.get("region") or item.get("residence") or "",
        "since": parse_datetime(since) if since else None,
        "wants": " · ".join(w for w in wants if w)[:60],
    }


def quota_left(access: Access, project: Project) -> dict[str, int]:
    today = project.today()
    limit = int(parameters.value("crm.claims_per_day", project, today))
    row = ClaimCounter.objects.filter(project=project, user=access.actor.user_id, day=today).first()
    return {"limit": limit, "left": max(limit - (row.claimed if row else 0), 0)}


def _for_managers(access: Access, project: Project) -> dict[str, Any]:
    """What will fall into the pool by the end of tomorrow, while something can be done about it."""
    if access.scope("leads.assign", project.pk) is None:
        return {}
    due = due_for_recycling(access, project)
    now = timezone.now()
    shown = []
    for one in due[:50]:
        at = parse_datetime(one["due_at"])
        shown.append(
            one
            | {
                "at": at,
                "late": at is not None and at < now,
                "assign": Action(
                    _("Assign"), f"/r/leads/{one['id']}/do/assign?stay=1", icon="user-share", opens="dialog"
                ),
            }
        )
    return {"due": shown, "due_count": len(due), "manages": True}


@require_POST
def pool_claim(request: HttpRequest, lead_id: int) -> HttpResponse:
    """One winner: a refusal says why (taken meanwhile, quota used, barred) and changes nothing."""
    return _claim(request, "claim_pool_lead", lead_id, "/r/leads/{}/", "crm-lead-follow-up")


@require_POST
def pool_customer_claim(request: HttpRequest, customer_id: int) -> HttpResponse:
    return _claim(request, "claim_pool_customer", customer_id, "/customers/{}/", "crm-follow-up")


def _claim(request: HttpRequest, command: str, record_id: int, page: str, follow_up: str) -> HttpResponse:
    access = access_of(request)

    def work() -> dict[str, Any]:
        record = perform(access, command, record_id)
        return {"record": record.pk, "name": str(record), "project": record.project_id}

    told = once(request, work)
    said = _("%(name)s is yours. Call now.") % {"name": told["name"]}
    own = page.format(told["record"])
    if not is_fragment(request):
        return go(request, own, said)
    project = reading.project_by_key(told["project"])
    context = {
        "name": told["name"], "url": own, "follow_up_url": reverse(follow_up, args=[told["record"]]),
        "quota": quota_left(access, project) if project else None,
    }  # fmt: skip
    return toast(render(request, "crm/pool_claimed.html", context), said)
