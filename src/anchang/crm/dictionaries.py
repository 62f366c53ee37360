"""Word lists of the office (字典): codes that are stored, words that are shown.

A list is a parameter `crm.words.<name>`; a code without built-in words reads as itself, so an office may
write its own words straight into the list."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from anchang.kernel.errors import DomainError
from anchang.platform import parameters, reading
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import Parameter
from anchang.platform.reading import projects_by_id

#: A customer's field -> the list that its words come from.
LISTS = {"occupation": "occupation", "age_band": "age_band", "residence": "area", "workplace": "area"}
LONGEST_WORD, MOST_WORDS = 20, 200

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


def read_words(ctx: Context, said: Mapping[str, str | None]) -> dict[str, str]:
    """Codes for what was typed, by the lists of `LISTS`: a code or its word, in either language; where a list is empty,
    each text is its own word. Raises bad_input with not_in_list."""
    found = {name: code_of(ctx, name, text or "") for name, text in said.items()}
    wrong = {name: "not_in_list" for name, code in found.items() if code is None}
    if wrong:
        raise DomainError("bad_input", status=422, fields=wrong)
    return {name: code or "" for name, code in found.items()}


def code_of(ctx: Context, name: str, text: str) -> str | None:
    """The code of a customer's field; "" for nothing said, None for a word that the list doesn't have."""
    if not text:
        return ""
    codes = tuple(ctx.param(f"crm.words.{LISTS[name]}"))
    if not codes or text in codes:
        return text
    return _known(codes).get(_folded(text))


def near_code(ctx: Context, name: str, text: str) -> str | None:
    """As `code_of`, for files: a word with or without its last 区, 县 or 市, or the only one that the text holds
    (杭州市滨江区)."""
    found = code_of(ctx, name, text)
    if found is not None or not text:
        return found
    codes = ctx.param(f"crm.words.{LISTS[name]}")
    bare = {_bare(code): code for code in codes}
    if _bare(text) in bare:
        return bare[_bare(text)]
    inside = [code for word, code in bare.items() if len(word) > 1 and word in text]
    return inside[0] if len(inside) == 1 else None


def learn(ctx: Context, name: str, texts: Iterable[str]) -> None:
    """Put the words of a file that a list lacks at its end, from today on in this project: a register's areas are the
    office's. What is too long for a word, or comes when the list is full, is left out."""
    key = f"crm.words.{LISTS[name]}"
    codes = list(ctx.param(key))
    missing = Counter(t for t in texts if 0 < len(t) <= LONGEST_WORD and not (codes and near_code(ctx, name, t)))
    fresh = list({_bare(t): t for t, _n in reversed(missing.most_common())}.values())[::-1]
    fresh = fresh[: max(0, MOST_WORDS - len(codes))]
    if not fresh:
        return
    Parameter.objects.update_or_create(
        key=key, company=None, city="", project=ctx.here, valid_from=ctx.business_date,
        defaults={"value": [*codes, *fresh], "made_by_id": ctx.user_id},
    )  # fmt: skip
    bump_stamp()


@lru_cache(maxsize=200)
def _known(codes: tuple[str, ...]) -> Mapping[str, str]:
    """What is said for each code, folded, in every language of the house."""
    found = {_folded(code): code for code in codes}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {_folded(str(WORDS[code])): code for code in codes if code in WORDS}
    return found


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _bare(text: str) -> str:
    text = _folded(text)
    return text[:-1] if len(text) > 2 and text[-1] in "区县市" else text


def word(code: str) -> str:
    return str(WORDS.get(code, code))


def feedback_asked(project_id: int | None) -> dict[str, tuple[str, dict[str, str]]]:
    """The office's questions about a visit, each with its answers, in words."""
    project = projects_by_id().get(project_id) if project_id else None
    asked = parameters.value("crm.words.feedback", project, timezone.localdate())
    return {question: (word(question), {a: word(a) for a in answers}) for question, answers in asked.items()}


def check_feedback(ctx: Context, feedback: Mapping[str, str]) -> dict[str, str]:
    """Only questions and answers of the project's list, so that reports can count them. Raises bad_input."""
    allowed = ctx.param("crm.words.feedback")
    for question, answer in feedback.items():
        if answer not in allowed.get(question, ()):
            raise DomainError("bad_input", status=422, fields={f"feedback.{question}"[:60]: "bad_choice"})
    return dict(feedback)
