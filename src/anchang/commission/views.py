"""Pages of pay: the settlement report with its file, a statement with its paper, and the recalculation that shows
differences before it posts them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anchang.commission import papers, presenting, queries, rules
from anchang.kernel.errors import DomainError
from anchang.platform import commands, idempotency, reading, resources
from anchang.platform.documents.serving import PDF, XLSX, served
from anchang.platform.documents.sheets import xlsx_bytes
from anchang.platform.models import Project
from anchang.platform.ui.components import Action
from anchang.platform.ui.gate import access_of, choose_project, project_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import worded


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


# --- the settlement report (M01) -----------------------------------------------------------------


@require_safe
def settlement_page(request: HttpRequest) -> HttpResponse:
    """佣金结算报表: per person and month, and the deals behind it; his own for a consultant. `format=xlsx`: as file."""
    access = access_of(request)
    access.require("commission-earnings.view")
    project = project_of(request)
    if project is None:
        return choose_project(request, _("Commission settlement"))
    today = project.today()
    month = rules.period_start("month", _day(request.GET.get("month")) or today)
    within = reading.reach(resources.get("commission-payees"), "commission-payees.view", access, [project.pk])
    people = queries.settlements(project, month, within) if within is not None else []
    deals = queries.earnings_of_month(project, month, within) if within is not None else []
    tables = presenting.settlement_tables(people, deals)
    if request.GET.get("format") == "xlsx":
        note = _file_note(project, month, access.actor.name)
        content = xlsx_bytes(*[presenting.sheet(t, note) for t in tables])
        return served(content, f"佣金结算-{project.code}-{month:%Y%m}.xlsx", XLSX)
    statements = queries.statements_of_month(project, month, within) if within is not None else []
    context = {
        "month": month, "tables": tables, "statements": statements, "figures": presenting.figures(people),
        "may_recalculate": access.may("commission-earnings.recalculate", project.pk),
        "export": Action(
            _("Excel"), f"{reverse('commission')}?month={month.isoformat()}&format=xlsx", icon="download"
        ),
    }  # fmt: skip
    return render(request, "commission/settlement.html", context)


def _file_note(project: Project, month: dt.date, who: str) -> str:
    return _("%(project)s · %(month)s · made by %(who)s at %(at)s") % {
        "project": project.name, "month": f"{month:%Y-%m}", "who": who or "–",
        "at": timezone.localtime().strftime("%Y-%m-%d %H:%M"),
    }  # fmt: skip


# --- one statement -------------------------------------------------------------------------------


@require_safe
def statement_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """A statement with its lines. Raises not_found outside commission-statements.view."""
    access = access_of(request)
    found = reading.get_record(resources.get("commission-statements"), access, record_id)
    context = {
        "statement": found, "table": presenting.lines_table(queries.statement_lines(found)),
        "may_print": found.state != "open" and access.may("commission-statements.print", found.project_id),
    }  # fmt: skip
    return render(request, "commission/statement.html", context)


@require_POST
def statement_paper(request: HttpRequest, record_id: int) -> HttpResponse:
    """佣金结算单 as PDF; the copy is counted. Raises forbidden without commission-statements.print."""
    access = access_of(request)
    found = commands.execute(commands.get("print_commission_statement"), access, subject_id=record_id)
    content = papers.statement_paper(found, by=access.actor.name)
    return served(content, f"佣金结算单-{found.number}.pdf", PDF, "inline")


# --- recalculation (M02) -------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def recalculate_page(request: HttpRequest) -> HttpResponse:
    """First the differences, then the same posted: a POST with `post` writes, anything else only looks."""
    access = access_of(request)
    access.require("commission-earnings.recalculate")
    project = project_of(request)
    if project is None:
        return choose_project(request, _("Recalculate commission"))
    given = request.POST if request.method == "POST" else request.GET
    asked = {n: (given.get(n) or "")[:10] for n in ("signed_from", "signed_to")}
    context: dict[str, Any] = {"given": asked, "key": given.get("idempotency_key", "")}
    try:
        if request.method == "POST":
            _post_once(request, project, asked)
            return go(request, reverse("commission"), _("The differences are posted."))
        if any(asked.values()):
            shown = _recalculated(request, project, asked, preview=True)
            context["table"] = presenting.differences_table(shown["differences"])
            context["total"], context["asked"] = shown["total"], True
    except DomainError as exc:
        if exc.status not in (409, 422):
            raise
        context["message"] = worded(exc.code, exc.params)
        context["errors"] = {str(f): worded(str(c), exc.params) for f, c in exc.fields.items()}
        return render(request, "commission/recalculate.html", context, status=exc.status)
    return render(request, "commission/recalculate.html", context)


def _recalculated(request: HttpRequest, project: Project, asked: Mapping[str, str], *, preview: bool) -> dict[str, Any]:
    cmd = commands.get("recalculate_commission")
    found = commands.execute(
        cmd, access_of(request), data={k: v for k, v in asked.items() if v}, project=project, preview=preview
    )
    return dict(found)


def _post_once(request: HttpRequest, project: Project, asked: Mapping[str, str]) -> None:
    """One effect per key of the form."""
    principal, key = access_of(request).actor.principal, request.POST.get("idempotency_key", "")
    if key and idempotency.claim(
        principal, key, idempotency.request_hash("screen", request.path, sorted(asked.items()))
    ):
        return
    told = _recalculated(request, project, asked, preview=False)
    if key:
        idempotency.settle(principal, key, 200, {"total": told["total"]})
