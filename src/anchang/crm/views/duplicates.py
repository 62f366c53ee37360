"""Files that may be one person: find them by phone, document or name, compare, and merge."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anchang.crm.models import Customer, Need, Visit
from anchang.crm.queries.customers import doubles
from anchang.crm.views.parts import QuickForm
from anchang.kernel.errors import DomainError, not_found
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.ui import rows
from anchang.platform.ui.doing import once, perform, place_of
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go

#: What is compared side by side.
COMPARED = (
    "name",
    "phone",
    "grade",
    "stage",
    "owner",
    "channel",
    "captured_at",
    "visit_count",
    "last_follow_up_at",
    "state",
)


@require_http_methods(["GET", "HEAD", "POST"])
def search_page(request: HttpRequest) -> HttpResponse:
    """Searching is a POST, so that no number stands in an address."""
    access = access_of(request)
    project = place_of(request, "customers.view")
    word = request.POST.get("q", "").strip()[:50]
    hits = doubles(access, project.pk, word) if word else []
    context = {
        "project": project,
        "word": word,
        "hits": hits,
        "may_merge": access.may("customers.merge", project.pk),
        "two": sum(h["in_scope"] for h in hits) > 1,
    }
    return render(request, "crm/duplicates.html", context)


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The two files that were ticked."""
    ids = [int(i) for i in request.GET.getlist("file") if i.isascii() and i.isdigit() and len(i) < 19]
    if len(set(ids)) != 2:
        return render(request, "crm/merge.html", {"error": _("Choose two files.")}, status=422)
    return _page(request, sorted(set(ids))[0], sorted(set(ids))[1])


def _page(
    request: HttpRequest,
    first: int,
    second: int,
    *,
    keep: int | None = None,
    reason: str = "",
    error: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    access = access_of(request)
    files = [_file(access, pk) for pk in (first, second)]
    keep = keep or _better(files)
    context = {
        "files": files,
        "facts": _facts(access, files),
        "keep": keep,
        "reason": reason,
        "error": error,
        "reason_error": (errors or {}).get("reason", ""),
        "may_merge": access.may("customers.merge", files[0]["project"]),
    }
    return render(request, "crm/merge.html", context, status=status)


def _file(access: Access, customer_id: int) -> dict[str, Any]:
    resource = resources.get("customers")
    record = reading.get_record(resource, access, customer_id)
    item = reading.get_row(resource, access, customer_id)
    visits = Visit.objects.filter(customer=record).count()
    needs = Need.objects.filter(customer=record).count()
    return {
        "id": record.pk,
        "item": item,
        "project": record.project_id,
        "name": record.name,
        "number": record.number,
        "phones": [p["phone"] for p in item.get("phones") or []],
        "visits": visits,
        "needs": needs,
        "deal_stage": record.deal_stage,
        "captured_at": record.captured_at,
    }


def _better(files: list[dict[str, Any]]) -> int:
    """The one with a deal, else the one with more visits, else the older one."""
    return int(
        max(files, key=lambda f: (bool(f["deal_stage"]), f["visits"], -f["captured_at"].timestamp()))["id"]
    )


def _facts(access: Access, files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    resource = resources.get("customers")
    found = []
    for name in COMPARED:
        f = resource.by_name[name]
        if any(name not in one["item"] for one in files):
            continue
        read = rows.reader_of(resource, f, access, files[0]["project"])
        kind = "text" if f.kind == "phone" else rows.kind_of(resource, f)
        values = [
            one["item"].get(name) if f.kind == "phone" else read(one["id"], one["item"].get(name))
            for one in files
        ]
        found.append({"label": f.label, "kind": kind, "values": values, "differ": values[0] != values[1]})
    return found


@require_http_methods(["POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Merge, or with `?preview=1` run it, tell what would come together, and take it back."""
    access = access_of(request)
    keep, gone, reason = (
        request.POST.get("keep", ""),
        request.POST.get("files", ""),
        request.POST.get("reason", ""),
    )
    ids = [int(i) for i in gone.split(",") if i.isascii() and i.isdigit() and len(i) < 19]
    if not (keep.isascii() and keep.isdigit() and len(ids) == 2 and int(keep) in ids):
        raise not_found()
    kept, other = int(keep), next(i for i in ids if i != int(keep))
    data = {"other": other, "reason": reason}
    if request.GET.get("preview"):
        return _preview(request, access, kept, other, data)
    try:
        told = once(request, lambda: {"kept": perform(access, "merge_customers", kept, data).pk})
    except DomainError as exc:
        if exc.status not in (409, 422):
            raise
        project = reading.get_record(resources.get("customers"), access, kept).project
        message, errors = QuickForm("merge_customers", access, project).errors(exc)
        return _page(
            request, ids[0], ids[1], keep=kept, reason=reason, error=message, errors=errors, status=exc.status
        )
    return go(request, f"/customers/{told['kept']}/", _("The two files are one now."))


def _preview(
    request: HttpRequest, access: Access, kept: int, other: int, data: dict[str, Any]
) -> HttpResponse:
    told: dict[str, Any] = {}
    try:
        with transaction.atomic():
            perform(access, "merge_customers", kept, data | {"reason": data["reason"] or "-"})
            customer = Customer.objects.get(pk=kept)
            phones = list(
                customer.phones.filter(active=True).order_by("-main", "id").values_list("masked", flat=True)
            )
            told = {
                "customer": str(customer),
                "phones": list(phones),
                "grade": customer.grade,
                "owner": customer.owner.name if customer.owner else "",
                "captured_at": customer.captured_at,
                "visits": Visit.objects.filter(customer=kept).count(),
                "follow_ups": customer.follow_ups.count(),
            }
            transaction.set_rollback(True)
    except DomainError as exc:
        told = {
            "refused": QuickForm(
                "merge_customers",
                access,
                reading.get_record(resources.get("customers"), access, kept).project,
            ).errors(exc)[0]
        }
    return render(request, "crm/merge_preview.html", told)
