"""Pages of the reports: the catalogue, and one page for every report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anchang.insight import catalogue
from anchang.insight.catalogue import Report
from anchang.insight.export import workbook
from anchang.insight.queries import labels, sums
from anchang.insight.queries.asked import Asked
from anchang.kernel.errors import DomainError, not_found
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Team
from anchang.platform.ui.components import Action
from anchang.platform.ui.gate import access_of, project_of
from anchang.platform.wording import worded


def _words() -> dict[str, dict[str, Any]]:
    """Labels and choices of the inputs."""
    return {
        "date": {"label": _("Day"), "kind": "date"},
        "from": {"label": _("From"), "kind": "date"},
        "to": {"label": _("To"), "kind": "date"},
        "compare_from": {"label": _("Compare from"), "kind": "date"},
        "compare_to": {"label": _("Compare to"), "kind": "date"},
        "period": {
            "label": _("Period"),
            "kind": "select",
            "choices": [
                ("day", _("One day")),
                ("week", _("One week")),
                ("month", _("One month")),
                ("year", _("One year")),
            ],
        },
        "basis": {
            "label": _("Basis"),
            "kind": "select",
            "choices": [("period", _("Events of the period")), ("cohort", _("Leads of the period"))],
        },
        "by": {
            "label": _("Side by side"),
            "kind": "select",
            "choices": [
                ("", _("Not grouped")),
                ("team", _("By team")),
                ("channel", _("By channel")),
                ("person", _("By person")),
                ("project", _("By project")),
            ],
        },
        "group": {
            "label": _("Rows by"),
            "kind": "select",
            "choices": [
                ("day", _("By day")),
                ("item", _("By item")),
                ("way", _("By way of payment")),
                ("person", _("By consultant")),
                ("cashier", _("By cashier")),
                ("project", _("By project")),
            ],
        },
    }


@require_safe
def catalogue_page(request: HttpRequest) -> HttpResponse:
    """The reports that the reader may see, by group."""
    found = catalogue.visible_to(access_of(request))
    groups = [
        {"label": label, "reports": [r for r in found if r.group == key]}
        for key, label in catalogue.GROUPS.items()
    ]
    return render(request, "insight/catalogue.html", {"groups": [g for g in groups if g["reports"]]})


@require_safe
def closed_page(request: HttpRequest, close_id: int) -> HttpResponse:
    """The daily report of a closed day: where the message about it leads. Raises not_found out of scope."""
    close = sums.closing(close_id)
    if close is None or not catalogue.REPORTS["sales-daily"].visible(access_of(request)):
        raise not_found()
    asked = urlencode({"project": close.project.code, "date": close.through.isoformat()})
    return HttpResponseRedirect(f"{reverse('report', args=['sales-daily'])}?{asked}")


@require_safe
def statement_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """The report of a frozen month: where its record leads. Raises not_found out of scope."""
    found = reading.get_record(resources.get("month-statements"), access_of(request), record_id)
    asked = urlencode({"project": found.project.code, "date": found.month.isoformat()})
    return HttpResponseRedirect(f"{reverse('report', args=['month-statement'])}?{asked}")


@require_safe
def report_page(request: HttpRequest, key: str) -> HttpResponse:
    """Filters, figures, charts and tables of a report; `format=xlsx` answers the same as a file."""
    report = catalogue.REPORTS.get(key)
    if report is None:
        raise not_found()
    given = {k: str(v) for k, v in request.GET.items() if k in report.inputs and v}
    chosen = project_of(request)
    if "project" not in given and chosen is not None:
        given["project"] = chosen.code
    try:
        asked = report.ask(access_of(request), given)
        answer = report.answer(asked)
    except DomainError as exc:
        if exc.status != 422:
            raise
        return _refused(request, report, given, exc)
    if request.GET.get("format") == "xlsx":
        return workbook(report, asked, answer)
    blocks = report.blocks(answer)
    context = {
        "report": report,
        "asked": asked,
        "fields": _fields(report, given, asked),
        "note": _note(report, asked, answer),
        "figures": [(f, _drill_url(access_of(request), answer, f.drill)) for f in blocks.figures],
        "charts": blocks.charts,
        "tables": blocks.tables,
        "export": _export(report, given),
    }
    return render(request, "insight/report.html", context)


def _refused(
    request: HttpRequest, report: Report, given: Mapping[str, str], exc: DomainError
) -> HttpResponse:
    """What was typed stays; the fields say what is wrong."""
    errors = {name: worded(str(code), exc.params) for name, code in exc.fields.items()}
    context = {
        "report": report,
        "fields": _fields(report, given, None, errors),
        "message": worded(exc.code, exc.params),
    }
    return render(request, "insight/report.html", context, status=422)


def _fields(
    report: Report, given: Mapping[str, str], asked: Asked | None, errors: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    words, found = _words(), []
    for name in report.inputs:
        if name in ("team", "user"):
            shown = _people_field(name, asked) if asked else None
        else:
            shown = words.get(name)
        if shown is None:
            continue
        value = given.get(name) or report.preset.get(name) or _default(name, asked)
        found.append(
            {"name": name, "value": value, "error": (errors or {}).get(name, ""), "choices": (), **shown}
        )
    return found


def _default(name: str, asked: Asked | None) -> str:
    if asked is None:
        return ""
    days = {"date": asked.day, "from": asked.first, "to": asked.last}
    plain = {"period": asked.kind, "basis": asked.basis, "by": asked.by, "group": "day"}
    return days[name].isoformat() if name in days else plain.get(name, "")


def _people_field(name: str, asked: Asked) -> dict[str, Any] | None:
    """Team and person, for those who see more than their own numbers."""
    if asked.scope == "own" or (name == "team" and asked.scope != "project"):
        return None
    members = labels.members(asked.project_ids)
    if name == "team":
        rows = Team.objects.filter(project_id__in=asked.project_ids).values_list("pk", "name")
        return {
            "label": _("Team"),
            "kind": "select",
            "choices": [("", _("All teams")), *((str(p), n) for p, n in rows)],
        }
    if asked.scope == "team":
        members = {u: t for u, t in members.items() if u in (asked.who.users or ())}
    names = sorted(labels.people(members).values(), key=lambda r: r["label"])
    return {
        "label": _("Staff member"),
        "kind": "select",
        "choices": [("", _("Everybody")), *((str(n["id"]), n["label"]) for n in names)],
    }


def _note(report: Report, asked: Asked, answer: Mapping[str, Any]) -> str:
    whose = {"own": _("Your own numbers."), "team": _("Your team's numbers."), "project": ""}[asked.scope]
    closed = ""
    if "closed" in answer:
        closed = _("Closed.") if answer["closed"] else _("Not closed yet: numbers still move.")
    names = "、".join(p.name for p in asked.projects[:3])
    return " ".join(part for part in (names, str(report.basis), closed, whose) if part)


def _export(report: Report, given: Mapping[str, str]) -> Action:
    query = urlencode({**given, "format": "xlsx"})
    return Action(_("Excel"), f"{reverse('report', args=[report.key])}?{query}", icon="download")


def _drill_url(access: Access, answer: Mapping[str, Any], name: str) -> str:
    """The list of the rows behind a figure, for whoever may view it."""
    behind = answer.get("drill", {}).get(name) if name else None
    if (
        not behind
        or not access.may(f"{behind['resource']}.view")
        or resources.find(behind["resource"]) is None
    ):
        return ""
    where = json.dumps(behind["where"], ensure_ascii=False, separators=(",", ":"))
    return f"/r/{behind['resource']}/?{urlencode({'where': where})}"
