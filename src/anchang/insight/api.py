"""`GET /reports`, `GET /reports/<key>` and its Excel file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import force_str
from ninja import Router

from anchang.insight import catalogue
from anchang.insight.catalogue import Report
from anchang.insight.export import workbook
from anchang.insight.queries.asked import BASES, GROUPS, PERIODS
from anchang.insight.queries.money import COLLECTION_GROUPS
from anchang.platform.documents.serving import XLSX
from anchang.platform.rest import schema, work

router = Router(tags=["reports"])
routers = {"/reports": router}

_DATE = {"type": "string", "format": "date"}
_ID = {"type": "string", "maxLength": 18, "pattern": r"^\d*$"}
_PARAMETERS: dict[str, tuple[dict[str, Any], str]] = {
    "project": (
        {"type": "string", "maxLength": 20},
        "Project code or id; all of the caller's projects without one",
    ),
    "date": (_DATE, "The day, or a day of the period; today without one"),
    "period": ({"type": "string", "enum": list(PERIODS)}, "Which period holds the day"),
    "from": (_DATE, "First day"),
    "to": (_DATE, "Last day"),
    "basis": ({"type": "string", "enum": list(BASES)}, "Cohort of first leads, or events of the period"),
    "by": ({"type": "string", "enum": list(GROUPS)}, "Groups side by side"),
    "group": ({"type": "string", "enum": list(COLLECTION_GROUPS)}, "Rows of the report"),
    "team": (_ID, "Only this team"),
    "user": (_ID, "Only this person"),
    "channel": (_ID, "Only this channel"),
    "compare_from": (_DATE, "A second period to stand beside"),
    "compare_to": (_DATE, "Its last day"),
}
_ANSWER = {
    "type": "object",
    "description": "Figures; money, areas and rates are strings, `drill` names the rows behind.",
}


def _parameters(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "name": n,
            "in": "query",
            "required": False,
            "schema": _PARAMETERS[n][0],
            "description": _PARAMETERS[n][1],
        }
        for n in report.inputs
    ]


def report_list(request: HttpRequest) -> HttpResponse:
    """The reports that the caller may see, with their inputs."""
    found = catalogue.visible_to(work.access_of(request))
    items = [
        {
            "key": r.key,
            "title": force_str(r.title),
            "help": force_str(r.help),
            "group": r.group,
            "basis": force_str(r.basis),
            "inputs": list(r.inputs),
        }
        for r in found
    ]
    return work.answer({"items": items})


def _answer_view(report: Report) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        return work.answer(report.answer(report.ask(work.access_of(request), request.GET.dict())))

    return view


def _export_view(report: Report) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        asked = report.ask(work.access_of(request), request.GET.dict())
        return workbook(report, asked, report.answer(asked))

    return view


router.add_api_operation(
    "",
    ["GET"],
    report_list,
    operation_id="reports_list",
    url_name="reports_list",
    response=None,
    summary="List reports",
    openapi_extra={"responses": schema.responses(200, {"type": "object"}, 401, 403, 422)},
)
for _report in catalogue.REPORTS.values():
    _name = f"reports_{_report.key}".replace("-", "_")
    router.add_api_operation(
        f"/{_report.key}",
        ["GET"],
        _answer_view(_report),
        operation_id=_name,
        url_name=_name,
        response=None,
        summary=f"Report {_report.key}",
        openapi_extra={
            "parameters": _parameters(_report),
            "responses": schema.responses(200, _ANSWER, 401, 403, 404, 422),
        },
    )
    _file = schema.responses(200, None, 401, 403, 404, 413, 422)
    _file["200"]["content"] = {XLSX: {"schema": {"type": "string", "format": "binary"}}}
    router.add_api_operation(
        f"/{_report.key}/export",
        ["GET"],
        _export_view(_report),
        operation_id=f"{_name}_export",
        url_name=f"{_name}_export",
        response=None,
        summary=f"Report {_report.key} as an Excel file",
        openapi_extra={"parameters": _parameters(_report), "responses": _file},
    )
