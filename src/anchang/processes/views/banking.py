"""Bank lines beside what they may be: clear ones confirmed together, the others chosen by a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from anchang.finance.models import BankProposal
from anchang.kernel.errors import DomainError, forbidden
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.ui.gate import access_of, choose_project, project_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import worded
from anchang.processes.bank_board import SHOWN, board_of, labels_of
from anchang.processes.views import doing

WHY = {
    "number": gettext_lazy("number"), "unit": gettext_lazy("unit"), "name": gettext_lazy("name"),
    "amount": gettext_lazy("amount"), "near": gettext_lazy("date"),
}  # fmt: skip
_KINDS = ("receivable", "receipt", "refund")


@require_safe
def bank_page(request: HttpRequest) -> HttpResponse:
    """`?finding=` chooses the lines: exact (default), difference, ambiguous, none."""
    project = _here(request, "bank-lines.view")
    if project is None:
        return choose_project(request, _("Bank matching"))
    return _page(request, project)


def _here(request: HttpRequest, right: str) -> Project | None:
    access: Access = access_of(request)
    project = project_of(request)
    if not access.may(right, project.pk if project else None):
        raise forbidden(right)
    return project


def _page(request: HttpRequest, project: Project, message: str = "", status: int = 200) -> HttpResponse:
    access = access_of(request)
    wanted = request.GET.get("finding", "")
    finding = wanted if wanted in BankProposal.Finding.values else BankProposal.Finding.EXACT
    board = board_of(project, finding)
    rows, labels = board.rows, labels_of(project, board.rows)
    context = {
        "tabs": [
            {"value": value, "label": label, "count": board.counts.get(value, 0), "active": value == finding}
            for value, label in BankProposal.Finding.choices
        ],
        "finding": finding, "unseen": board.unseen, "message": message, "shown": SHOWN,
        "rows": [{"line": row.line, "choices": _choices(row, labels)} for row in rows],
        "may_confirm": access.may("bank-lines.confirm", project.pk),
        "may_match": access.may("bank-lines.match", project.pk),
        "sum": board.sum,
    }  # fmt: skip
    return render(request, "processes/banking.html", context, status=status)


def _choices(row: BankProposal, labels: Mapping[tuple[str, int], Mapping[str, Any]]) -> list[dict[str, Any]]:
    shown = []
    for one in row.candidates:
        if one["kind"] == "batch":
            cards = one["way"] == "pos"
            words = _("Card receipts of %(day)s, fee %(fee)s") if cards else _("Payouts of %(day)s by %(lender)s")
            text = words % {"day": one["day"], "fee": one["fee"], "lender": one["lender"]}
            shown.append({"label": text, "score": one["score"], "why": "", "field": "", "id": ""})
            continue
        what, deal = labels.get((one["kind"], one["id"])), labels.get(("deal", one["deal"]), {})
        if what is None:  # gone since the matching
            continue
        shown.append({
            "label": what["label"], "amount": what["amount"], "unit": deal.get("unit__label") or "",
            "customer": deal.get("customer__name", ""), "score": one["score"],
            "why": " · ".join(str(WHY[w]) for w in one["why"]), "id": one["id"],
            "field": "receivable" if one["kind"] == "due" else one["kind"],
        })  # fmt: skip
    return shown


@require_POST
def match_page(request: HttpRequest) -> HttpResponse:
    """Match all open lines anew."""
    project = _here(request, "bank-lines.match")
    if project is None:
        return choose_project(request, _("Bank matching"))
    found = doing.run(request, "match_bank_lines", None, {"project": project.pk})
    return go(request, reverse("bank"), _("%(count)s clear matches") % {"count": found["exact"]})


@require_POST
def confirm_page(request: HttpRequest) -> HttpResponse:
    """`line` several times: these clear matches. With `choice`: one line and what it is."""
    project = _here(request, "bank-lines.confirm")
    if project is None:
        return choose_project(request, _("Bank matching"))
    try:
        told = doing.once(request, lambda: _confirm(request, project))
    except DomainError as exc:
        message, fields = doing.told_errors(exc)
        return _page(request, project, message=" ".join([message, *fields.values()]), status=exc.status)
    text = _("%(count)s bank lines confirmed") % {"count": len(told["confirmed"])}
    if told["refused"]:
        why = "; ".join(sorted({worded(one["code"]) for one in told["refused"]}))
        text = _("%(text)s, %(count)s not: %(why)s") % {"text": text, "count": len(told["refused"]), "why": why}
    return go(request, f"{reverse('bank')}?finding={request.POST.get('finding', '')}", text)


def _confirm(request: HttpRequest, project: Project) -> dict[str, Any]:
    lines = [doing.number(text) for text in request.POST.getlist("line")]
    field, _colon, wanted = request.POST.get("choice", "").partition(":")
    if field in _KINDS:
        doing.run(request, "confirm_bank_line", lines[0] if lines else 0, {field: doing.number(wanted)})
        return {"confirmed": lines[:1], "refused": []}
    told: dict[str, Any] = doing.run(request, "confirm_clear_lines", None, {"project": project.pk, "lines": lines})
    return told
