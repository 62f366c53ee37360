"""What a buyer may do whose loan was refused or lowered (BS24): the ways side by side, and one of them taken."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from anchang.affairs.models import Mortgage
from anchang.deals.models import Contract
from anchang.kernel.errors import DomainError, not_found
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import worded
from anchang.processes.offers import item_label
from anchang.processes.refused_loans import loans_left, other_plans, short_of
from anchang.processes.terminating import why_not_terminate
from anchang.processes.views import doing

#: Way → the right that it needs.
WAYS = {"replan": "contracts.replan", "other_bank": "mortgages.create", "terminate": "contracts.terminate"}


@require_http_methods(["GET", "HEAD", "POST"])
def refused_loan_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """Raises not_found out of reach."""
    mortgage: Mortgage = doing.record(request, "mortgages", record_id)
    if request.method != "POST":
        return _page(request, mortgage)
    way = request.POST.get("way", "")
    if way not in WAYS:
        raise not_found()

    def work() -> dict[str, Any]:
        with transaction.atomic():
            TAKE[way](request, mortgage)
        return {"url": reverse("deal", args=[mortgage.contract.unit_id])}

    try:
        told = doing.once(request, work)
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        return _page(request, mortgage, message=message, errors=errors, status=exc.status)
    return go(request, told["url"], _("Done"))


def _replan(request: HttpRequest, mortgage: Mortgage) -> None:
    """The smaller loan in the same plan, or another plan: a change that waits for its approval."""
    plan = doing.number(request.POST.get("payment_plan", "")) or mortgage.contract.payment_plan_id
    data: dict[str, Any] = {"reason": _reason(request), "payment_plan": plan}
    if plan == mortgage.contract.payment_plan_id:
        data["loans"] = [
            {"kind": loan.kind, "amount": str(loan.amount), "bank": loan.bank} for loan in loans_left(mortgage)
        ]
    doing.run(request, "replan_contract", mortgage.contract_id, data)


def _other_bank(request: HttpRequest, mortgage: Mortgage) -> None:
    """Another row at another bank; a loan that was only lowered is withdrawn with it."""
    if mortgage.state not in ("refused", "withdrawn"):
        doing.run(request, "withdraw_mortgage", mortgage.pk, {"reason": _reason(request)})
    data = {
        "contract": mortgage.contract_id, "kind": mortgage.kind, "bank": request.POST.get("bank", "").strip(),
        "amount": request.POST.get("amount", "").strip(), "project": mortgage.project_id,
    }  # fmt: skip
    doing.run(request, "add_mortgages", None, data)


def _terminate(request: HttpRequest, mortgage: Mortgage) -> None:
    """Nobody's fault (SPC interpretation art. 19)."""
    data = {"reason": _reason(request), "fault": "none"}
    doing.run(request, "terminate_contract", mortgage.contract_id, data)


TAKE = {"replan": _replan, "other_bank": _other_bank, "terminate": _terminate}


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip() or _("The bank refused the loan")


def _page(
    request: HttpRequest, mortgage: Mortgage, *, message: str = "", errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    access, contract = access_of(request), mortgage.contract
    refusal, choices = "", None
    try:
        choices = doing.run(request, "loan_choices", mortgage.pk, {})
    except DomainError as exc:
        if exc.status not in doing.MAX_REFUSALS:
            raise
        refusal = worded(exc.code, exc.params)
    lines = [line | {"label": item_label(line["item"])} for line in choices["replan"]["lines"]] if choices else []
    why = why_not_terminate(contract)
    context = {
        "one": mortgage, "contract": contract, "unit": contract.unit, "choices": choices, "refusal": refusal,
        "lines": lines, "plans": other_plans(contract), "message": message, "errors": errors or {},
        "given": request.POST,
        "replan_refusal": worded(choices["replan"]["refusal"]) if choices and choices["replan"]["refusal"] else "",
        "needs_plan": bool(choices and choices["replan"]["refusal"] == "another_plan"),
        "may": {way: access.may(right, mortgage.project_id) for way, right in WAYS.items()},
        "terminate_refusal": worded(why.code, why.params) if why else "",
        "here": reverse("refused-loan", args=[mortgage.pk]),
    }  # fmt: skip
    return render(request, "processes/refused_loan.html", context, status=status)


def short_loans(request: HttpRequest, contract: Contract | None) -> list[dict[str, str]]:
    """Links of the deal page: loans of the contract that the bank refused or lowered."""
    if contract is None or not access_of(request).may("mortgages.choices", contract.project_id):
        return []
    return [{"bank": one.bank, "url": reverse("refused-loan", args=[one.pk])} for one in short_of(contract)]
