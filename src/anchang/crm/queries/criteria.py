"""Entry criteria of grades (C08): who fulfils them, and how they read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from anchang.crm.models import Customer
from anchang.kernel.errors import DomainError
from anchang.platform import conditions, resources
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.ui.condition_words import said


def criteria_of(ctx: Context) -> Mapping[str, Any]:
    """Grade -> condition, of the grades that have one today."""
    return {grade: where for grade, where in ctx.param("crm.grade_criteria").items() if where}


def unmet(ctx: Context, grade: str, customer_ids: Collection[int]) -> set[int]:
    """Those of these stored customers who don't fulfil the grade's criteria: one statement, none without criteria.
    Raises grade_criteria_wrong when the office's condition can't be asked."""
    where = criteria_of(ctx).get(grade)
    if where is None or not customer_ids:
        return set()
    try:
        node = conditions.parse(where)
        q, notes = conditions.compile_condition(node, resources.get("customers"), None, (ctx.here.pk,), ctx.now)
    except DomainError as error:
        raise DomainError("grade_criteria_wrong", grade=grade) from error
    rows = Customer.objects.filter(project=ctx.here, pk__in=customer_ids).annotate(**notes).filter(q)
    return set(customer_ids) - set(rows.values_list("pk", flat=True))


def met_when_new(ctx: Context, grade: str, customer: Customer) -> bool:
    """Whether a file that isn't stored yet fulfils them: what only its later history can tell is not fulfilled."""
    where = criteria_of(ctx).get(grade)
    if where is None:
        return True
    try:
        return conditions.evaluate(conditions.parse(where), resources.get("customers"), customer, ctx.now)
    except DomainError:
        return False


def in_words(where: Any, access: Access, project_id: int) -> str:
    """A condition on customers as one line."""
    return said(resources.get("customers"), where, access, project_id)
