"""The loan calculator as a page of its own, to show and to print."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from anchang.kernel.errors import DomainError
from anchang.platform.ui.gate import project_of
from anchang.processes import loans
from anchang.processes.views import doing

FIELDS = ("bank", "fund", "bank_rate", "fund_rate", "years", "method")


@require_safe
def loan_page(request: HttpRequest) -> HttpResponse:
    """Both methods side by side and the months of the chosen one. A fragment answers the result alone."""
    project = project_of(request)
    today = project.today() if project else timezone.localdate()
    given = {name: request.GET[name] for name in FIELDS if name in request.GET}
    context: dict[str, object] = {"values": loans.defaults(project, today) | given, "errors": {}}
    status = 200
    if given.get("bank") or given.get("fund"):
        try:
            loan = loans.read_loan(given, project, today)
            tables = loans.both(loan)
            context |= {"loan": loan, "tables": tables, "table": tables[loan.method]}
        except DomainError as exc:
            context["message"], context["errors"] = doing.told_errors(exc)
            status = 422
    part = bool(getattr(request, "htmx", False))
    return render(request, "processes/loan_result.html" if part else "processes/loan.html", context, status=status)
