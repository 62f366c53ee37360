"""The page of Word templates with the fields that they may name, and papers made from them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from anchang.kernel.errors import DomainError, not_found
from anchang.paperwork import fields, queries
from anchang.paperwork.filling import word_paper
from anchang.paperwork.intake import take_in
from anchang.paperwork.models import DocumentTemplate
from anchang.platform import commands, reading, resources
from anchang.platform.documents.serving import DOCX, served
from anchang.platform.models import Project
from anchang.platform.ui.gate import access_of, choose_project, project_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import worded

#: kind -> the command that counts the copy, its resource, the paper's name.
PAPERS = {
    "subscription": ("print_subscription", "认购书"), "contract": ("print_contract", "商品房买卖合同"),
    "receipt": ("print_receipt", "收据"), "notice": ("number_notice", "通知书"),
}  # fmt: skip


#: How rows of a table are repeated, and an amount is written in capitals.
_ROWS = "{%tr for line in plan %} … {%tr endfor %}"
_CAPITALS = "{{ deposit | 大写 }}"


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Templates of the project with their problems, putting one in, and the list of fields of a paper."""
    access, project = access_of(request), project_of(request)
    access.require("document-templates.view")
    if project is None:
        return choose_project(request, _("Document templates"))
    access.require("document-templates.view", project.pk)
    message, errors, status = "", {}, 200
    if request.method == "POST":
        try:
            made = take_in(access, project, request.FILES.get("file"), request.POST)
            return go(request, f"/r/document-templates/{made.pk}/", _("Uploaded"))
        except DomainError as exc:
            if exc.status not in (409, 422):
                raise
            message, status = worded(exc.code, exc.params), exc.status
            errors = {str(f): worded(str(code), exc.params) for f, code in exc.fields.items()}
    return render(request, "paperwork/templates.html", _context(request, project, message, errors), status=status)


def _context(request: HttpRequest, project: Project, message: str, errors: dict[str, str]) -> dict[str, Any]:
    access = access_of(request)
    kind = request.GET.get("kind", "")
    kind = kind if kind in fields.TREES else "contract"
    within = reading.reach(resources.get("document-templates"), "document-templates.view", access, [project.pk])
    kinds = [(value, str(label)) for value, label in DocumentTemplate.Kind.choices]
    types = [(code, str(label)) for code, label in queries.product_types(project.pk).items()]
    return {
        "rows": [
            {"template": row, "problems": [worded(p["code"], p) for p in row.problems]}
            for row in queries.templates_within(within)
        ],
        "kind": kind, "kinds": kinds, "types": types, "fields": fields.shown_fields(kind), "message": message,
        "errors": errors, "given": request.POST, "today": project.today(),
        "may_create": access.may("document-templates.create", project.pk),
        "url": reverse("word-templates"), "rows_example": _ROWS, "capitals_example": _CAPITALS,
    }  # fmt: skip


@require_POST
def paper(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """A paper as .docx from the template in force, its copy counted like a printed one. Raises no_template,
    word_failed; then the copy is not counted."""
    if kind not in PAPERS:
        raise not_found()
    name, title = PAPERS[kind]
    access, cmd = access_of(request), commands.get(name)
    told = commands.execute(cmd, access, subject_id=record_id, data={})
    record = reading.get_record(cmd.resource, access, record_id)
    number = told["number"] if kind == "notice" else record.number
    full = access.may("customers.reveal-id", record.project_id)
    notice = number if kind == "notice" else ""
    content = word_paper(kind, record, by=access.actor.name, full=full, notice_number=notice)
    return served(content, f"{title}-{number}.docx", DOCX)
