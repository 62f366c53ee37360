"""The public pool (公海): leads that anybody may claim, with what is left of the day's quota."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anchang.crm.models import ClaimCounter
from anchang.crm.queries.leads import due_for_recycling
from anchang.platform import parameters, reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.reading import Query
from anchang.platform.ui.components import Action
from anchang.platform.ui.doing import once, perform, place_of
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go, toast

PAGE = 30


@require_safe
def pool_page(request: HttpRequest) -> HttpResponse:
    access, project = access_of(request), place_of(request, "pool.view")
    query = Query(
        project_ids=(project.pk,),
        q=request.GET.get("q", "")[:50],
        limit=PAGE,
        count=not is_fragment(request),
        cursor=request.GET.get("cursor") or None,
        columns=("name", "phone", "channel", "region", "customer_type", "pool_since", "barred_until", "need"),
    )
    page = reading.list_rows(resources.get("pool"), access, query)
    context = {
        "project": project,
        "leads": [_row(item) for item in page.items],
        "count": page.count,
        "quota": quota_left(access, project),
        "may_claim": access.may("leads.claim", project.pk),
        "more_url": f"/pool/?cursor={page.next}" if page.next else "",
        "list_url": "/r/pool/",
    }
    if is_fragment(request):
        return render(request, "crm/pool_rows.html", context)
    return render(request, "crm/pool.html", context | _for_managers(access, project))


def _row(item: dict[str, Any]) -> dict[str, Any]:
    need = item.get("need") or {}
    wants = [*need.get("layouts", []), str(need.get("note") or "")]
    return {
        "id": item["id"],
        "name": item.get("name") or item.get("phone"),
        "phone": item.get("phone"),
        "channel": (item.get("channel") or {}).get("label", ""),
        "region": item.get("region") or "",
        "since": parse_datetime(item["pool_since"]) if item.get("pool_since") else None,
        "wants": " · ".join(w for w in wants if w)[:60],
    }


def quota_left(access: Access, project: Project) -> dict[str, int]:
    today = timezone.localdate()
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
    access = access_of(request)

    def work() -> dict[str, Any]:
        lead = perform(access, "claim_pool_lead", lead_id)
        return {"lead": lead.pk, "name": str(lead), "project": lead.project_id}

    told = once(request, work)
    said = _("%(name)s is yours. Call now.") % {"name": told["name"]}
    if not is_fragment(request):
        return go(request, f"/r/leads/{told['lead']}/", said)
    project = reading.project_by_key(told["project"])
    quota = quota_left(access, project) if project else None
    return toast(render(request, "crm/pool_claimed.html", {"told": told, "quota": quota}), said)
