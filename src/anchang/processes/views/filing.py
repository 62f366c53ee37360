"""Files on the deal page: what is there with its versions, and putting more there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anchang.kernel.errors import DomainError, not_found
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.processes.chains import Chain, chain_of
from anchang.processes.filing import PAPERS, attach_uploads, files_of_deal
from anchang.processes.views import doing


def files_context(request: HttpRequest, chain: Chain) -> dict[str, Any]:
    """The card of the deal page: documents in force, each with its former versions behind it."""
    deal, access = chain.deal, access_of(request)
    if deal is None or not access.may("deal-files.view", deal.project_id):
        return {}
    words = {"contract": _("Contract"), "subscription": _("Subscription"), "hold": _("Hold")}
    found = files_of_deal(access, deal)
    for one in [*found, *(old for shown in found for old in shown["older"])]:
        one["url"] = reverse("ui-file", args=[one["file"]])
        one["paper"] = words[one["paper"]]
    return {
        "deal_files": found,
        "files_url": reverse("deal-files", args=[deal.unit_id]),
        "may_attach": access.may("deals.attach", deal.project_id),
        "may_replace": access.may("deal-files.replace", deal.project_id),
        "papers_to_file": [(name, words[name]) for name in reversed(PAPERS) if getattr(chain, name) is not None],
    }


@require_POST
def attach(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Put the files that were sent to a paper of the deal, or in the place of an older version."""
    unit = doing.record(request, "units", unit_id)
    chain = chain_of(access_of(request), unit)
    if chain.deal is None:
        raise not_found()
    uploads = request.FILES.getlist("file")
    if not uploads:
        raise DomainError("bad_input", status=422, fields={"file": "required"})
    said = {name: request.POST.get(name, "").strip() for name in ("paper", "title", "note")}
    old = doing.number(request.POST.get("replaces", ""))
    attach_uploads(access_of(request), unit, chain, uploads, old=old, **said)
    return go(request, reverse("deal", args=[unit.pk]), _("Uploaded"))
