"""Entry criteria of grades (C08): set by the office from a day on, asked whenever a person gives a grade."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.crm.models import Customer, Grade
from anchang.crm.queries.criteria import criteria_of, in_words, met_when_new, unmet
from anchang.crm.queries.segments import condition_of
from anchang.kernel.errors import DomainError
from anchang.platform import conditions, resources
from anchang.platform.commands import project_command
from anchang.platform.context import Context
from anchang.platform.inputs import ConditionOn, Day, Input, Label, Ref
from anchang.platform.office.commands.settings import ParameterInput, set_parameters


def require_criteria(ctx: Context, given: Iterable[tuple[Customer, str]], *, reason: str = "") -> None:
    """Refuses a grade given by hand to stored customers who don't fulfil its criteria. Whoever changes the grades of
    others' customers too may give it all the same, with a reason. Raises grade_criteria_unmet."""
    criteria = criteria_of(ctx)
    decides = bool(reason) and ctx.access.scope("customers.change-grade", ctx.here.pk) in ("team", "project")
    by_grade: dict[str, list[int]] = {}
    for customer, grade in given:
        if grade in criteria:
            by_grade.setdefault(grade, []).append(customer.pk)
    for grade, ids in by_grade.items():
        if not decides and unmet(ctx, grade, ids):
            raise _refused(ctx, grade, criteria[grade])


def require_for_new(ctx: Context, customers: Iterable[Customer], given: Iterable[str | None]) -> None:
    """The same for files that are being made; no statement."""
    criteria = criteria_of(ctx)
    for customer, grade in zip(customers, given, strict=True):
        if grade and grade in criteria and not met_when_new(ctx, grade, customer):
            raise _refused(ctx, grade, criteria[grade])


def _refused(ctx: Context, grade: str, where: Any) -> DomainError:
    words = in_words(where, ctx.access, ctx.here.pk)
    return DomainError(
        "grade_criteria_unmet", status=422, fields={"grade": "grade_criteria_unmet"}, grade=grade, criteria=words
    )


class CriteriaInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    grade: Annotated[Literal["A", "B", "C", "D"], Label(_("Grade"), choices=dict(Grade.choices))]
    segment: Annotated[
        Ref("views") | None,
        Label(_("Criteria from a saved view"), form=False),
    ] = None
    condition: Annotated[dict[str, Any] | None, Label(_("Condition"), condition=ConditionOn("customers"))] = None
    valid_from: Annotated[Day | None, Label(_("Valid from"))] = None


@project_command(Customer, verb="set-grade-criteria", label=_("Entry criteria of a grade"), icon="stars",
                 permission="parameters.create")  # fmt: skip
def set_grade_criteria(ctx: Context, data: CriteriaInput) -> dict[str, Any]:
    """What a customer must fulfil to be given the grade from a day on; nothing: no criteria. The author can't ask
    about fields that he may not see. Raises bad_condition, segment_of_customers."""
    where = condition_of(data.segment) if data.segment is not None else data.condition or {}
    node = conditions.parse(where)
    conditions.compile_condition(node, resources.get("customers"), ctx.access, (ctx.here.pk,), ctx.now)
    value = {**criteria_of(ctx), data.grade: where}
    value = {grade: value[grade] for grade in sorted(value) if value[grade]}
    since = data.valid_from or ctx.business_date
    row = ParameterInput(key="crm.grade_criteria", value=value, valid_from=since)
    row.project = ctx.here
    set_parameters(ctx, [row])
    return {"grade": data.grade, "criteria": where, "valid_from": since.isoformat()}


__all__ = ["require_criteria", "require_for_new", "set_grade_criteria"]
