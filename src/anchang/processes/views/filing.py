"""Files on the deal page: what is there with its versions, and putting more there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anchang.deals.models import DealFile
from anchang.kernel.errors import DomainError, not_found
from anchang.platform import files, reading, resources
from anchang.platform.models import User
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.processes.chains import Chain, chain_of
from anchang.processes.views import doing

MOST_FILES = 20
PAPERS = ("hold", "subscription", "contract")


def files_context(request: HttpRequest, chain: Chain) -> dict[str, Any]:
    """The card of the deal page: documents in force, each with its former versions behind it."""
    deal, access = chain.deal, access_of(request)
    if deal is None or not access.may("deal-files.view", deal.project_id):
        return {}
    within = reading.reach(resources.get("deal-files"), "deal-files.view", access, [deal.project_id])
    rows = DealFile.objects.none() if within is None else DealFile.objects.filter(within, deal=deal)
    found = list(rows.select_related("file").order_by("-id"))
    people = dict(User.objects.filter(pk__in={f.created_by_id for f in found}).values_list("pk", "name"))
    former = {f.replaces_id: f for f in found if f.replaces_id}
    shown = {f.pk: _shown(f, people) for f in found}
    for row in found:
        if row.pk in former:
            shown[row.pk]["replaced_by"] = former[row.pk].edition
    by_id = {f.pk: f for f in found}
    return {
        "deal_files": [shown[f.pk] | {"older": _older(f, by_id, shown)} for f in found if f.current],
        "files_url": reverse("deal-files", args=[deal.unit_id]),
        "may_attach": access.may("deals.attach", deal.project_id),
        "may_replace": access.may("deal-files.replace", deal.project_id),
        "papers_to_file": [(name, label) for name, label in _papers(chain)],
    }


def _shown(row: DealFile, people: dict[int, str]) -> dict[str, Any]:
    words = {"hold": _("Hold"), "subscription": _("Subscription"), "contract": _("Contract")}
    return {
        "id": row.pk, "title": row.title, "edition": row.edition, "name": row.file.name, "size": row.file.size,
        "at": row.created_at, "by": people.get(row.created_by_id or 0, ""), "note": row.note,
        "url": reverse("ui-file", args=[row.file_id]), "replaced_by": None,
        "paper": next(words[name] for name in PAPERS if getattr(row, f"{name}_id")),
    }  # fmt: skip


def _older(row: DealFile, by_id: dict[int, DealFile], shown: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    before = by_id.get(row.replaces_id or 0)
    while before is not None:
        found.append(shown[before.pk])
        before = by_id.get(before.replaces_id or 0)
    return found


def _papers(chain: Chain) -> list[tuple[str, str]]:
    found = (
        ("contract", _("Contract"), chain.contract), ("subscription", _("Subscription"), chain.subscription),
        ("hold", _("Hold"), chain.hold),
    )  # fmt: skip
    return [(name, label) for name, label, paper in found if paper is not None]


@require_POST
def attach(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Store the files that were sent and put them to a paper of the deal, or in the place of an older version."""
    unit = doing.record(request, "units", unit_id)
    chain = chain_of(access_of(request), unit)
    if chain.deal is None:
        raise not_found()
    given = request.FILES.getlist("file")[:MOST_FILES]
    if not given:
        raise DomainError("bad_input", status=422, fields={"file": "required"})
    old = doing.number(request.POST.get("replaces", ""))
    for one in given[: 1 if old else MOST_FILES]:
        user = access_of(request).actor.user_id
        stored = files.save(unit.project, one.name or "file", one, user_id=user)
        data: dict[str, Any] = {"file": stored.pk, "note": request.POST.get("note", "").strip()}
        if old:
            doing.run(request, "replace_file", old, data)
            continue
        paper = request.POST.get("paper", "")
        if paper in PAPERS and getattr(chain, paper) is not None:
            data[paper] = getattr(chain, paper).pk
        doing.run(request, "attach_file", chain.deal.pk, data | {"title": request.POST.get("title", "").strip()})
    return go(request, reverse("deal", args=[unit.pk]), _("Uploaded"))
