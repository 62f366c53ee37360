"""Word lists of the office (字典): codes that are stored, words that are shown.

A list is a parameter `crm.words.<name>`; a code without built-in words reads as itself, so an office may
write its own words straight into the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.kernel.errors import DomainError
from anchang.platform import parameters, reading
from anchang.platform.context import Context

WORDS: dict[str, Any] = {
    "employee": _("Employee"),
    "manager": _("Company manager"),
    "civil_servant": _("Civil servant"),
    "teacher": _("Teacher"),
    "doctor": _("Doctor"),
    "self_employed": _("Self-employed"),
    "retired": _("Retired"),
    "other": _("Other"),
    "to_25": _("up to 25"),
    "26_35": _("26 to 35"),
    "36_45": _("36 to 45"),
    "46_55": _("46 to 55"),
    "56_up": _("56 and older"),
    "spouse": _("Spouse"),
    "parent": _("Parent"),
    "child": _("Child"),
    "sibling": _("Sibling"),
    "agent": _("Agent"),
    "colleague": _("Colleague"),
    "friend": _("Friend"),
    "first_home": _("First home"),
    "better_home": _("Better home"),
    "school": _("School"),
    "wedding": _("Wedding"),
    "investment": _("Investment"),
    "retirement": _("Retirement"),
    "single": _("Single"),
    "couple": _("Couple"),
    "couple_child": _("Couple with a child"),
    "couple_children": _("Couple with children"),
    "three_generations": _("Three generations"),
    "bought_elsewhere": _("Bought elsewhere"),
    "price": _("Price"),
    "location": _("Location"),
    "layout": _("Layout"),
    "loan": _("Loan"),
    "no_need": _("No need"),
    "unreachable": _("Can't be reached"),
    "competitor": _("Competitor"),
    "acceptable": _("Acceptable"),
    "high": _("High"),
    "too_high": _("Too high"),
    "liked": _("Liked"),
    "neutral": _("Neutral"),
    "disliked": _("Disliked"),
    "none": _("None"),
    "comparing": _("Comparing"),
    "prefers_other": _("Prefers another project"),
}


def choices(name: str) -> Callable[[int | None], Mapping[str, Any]]:
    """For a Field or a Label: code -> word of the project's list."""

    def of_project(project_id: int | None = None) -> dict[str, Any]:
        project = reading.project_by_key(project_id) if project_id else None
        codes = parameters.value(f"crm.words.{name}", project, timezone.localdate())
        return {code: WORDS.get(code, code) for code in codes}

    return of_project


def word(code: str) -> str:
    return str(WORDS.get(code, code))


def check_feedback(ctx: Context, feedback: Mapping[str, str]) -> dict[str, str]:
    """Only questions and answers of the project's list, so that reports can count them. Raises bad_input."""
    allowed = ctx.param("crm.words.feedback")
    for question, answer in feedback.items():
        if answer not in allowed.get(question, ()):
            raise DomainError("bad_input", status=422, fields={f"feedback.{question}"[:60]: "bad_choice"})
    return dict(feedback)
