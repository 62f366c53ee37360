"""The page of grades: what each asks for, how long it holds, and after which limits a customer is lost (C08, BS18)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anchang.crm.models import Grade
from anchang.crm.queries.criteria import in_words
from anchang.platform import commands, parameters
from anchang.platform.ui.components import Action, Column, Row
from anchang.platform.ui.gate import access_of, choose_project, project_of

#: Parameters by grade, in the order of the page.
LIMITS = (
    "crm.grade_days", "crm.first_contact_grade_hours", "crm.grade_limit_hours", "crm.grade_visit_days", "crm.idle_days",
    "crm.follow_up_days",
)  # fmt: skip
SAME = ("crm.first_contact_hours", "crm.recycle_warn_hours", "crm.claims_per_day", "crm.barred_days")


@require_safe
def grades_page(request: HttpRequest) -> HttpResponse:
    """Of the chosen project, as the parameters are today."""
    access, project = access_of(request), project_of(request)
    access.require("customers.view", project.pk if project else None)
    if project is None:
        return choose_project(request, _("Grades"))
    today = project.today()
    labels = {one.key: one.label for one in parameters.declared()}
    values = {key: parameters.value(key, project, today) for key in (*LIMITS, *SAME)}
    criteria = parameters.value("crm.grade_criteria", project, today)
    columns = [Column("grade", _("Grade"), main=True), Column("criteria", _("Entry criteria"), wrap=True)]
    columns += [Column(key.replace(".", "_"), str(labels[key]), "integer") for key in LIMITS]
    rows = []
    for at, (grade, label) in enumerate(Grade.choices):
        cells: dict[str, Any] = {key.replace(".", "_"): values[key].get(grade) for key in LIMITS}
        where = criteria.get(grade)
        cells |= {"grade": str(label), "criteria": in_words(where, access, project.pk) if where else ""}
        rows.append(Row(at, cells))
    cmd = commands.get("set_grade_criteria")
    change = None
    if access.may(commands.permission_of(cmd), project.pk):
        change = Action(str(cmd.label), "/r/customers/do/set-grade-criteria", icon="stars", opens="dialog")
    context = {
        "columns": columns, "rows": rows, "change": change, "project": project,
        "same": [(labels[key], values[key]) for key in SAME],
    }  # fmt: skip
    return render(request, "crm/grades.html", context)
