"""Freezing monthly statements (F10) and giving plans and actuals to the budget (F18)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Annotated, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.insight.models import BudgetEntry, MonthStatement
from anchang.insight.queries import statements
from anchang.kernel.clock import period_of
from anchang.kernel.errors import DomainError
from anchang.platform.commands import constraint_errors, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Ref

constraint_errors({"month_statement_once": "statement_frozen"})


class FreezeInput(Input):
    """`month`: any day of it; the month before when not given."""

    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    month: Annotated[Day | None, Label(_("Month"))] = None


class PublishInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    year: Annotated[int | None, Field(ge=2000, le=2199), Label(_("Year"))] = None


@project_command(
    MonthStatement, verb="freeze", label=_("Freeze the month"), permission="month-statements.freeze", icon="snowflake"
)
def freeze_month(ctx: Context, data: FreezeInput) -> MonthStatement:
    """Write a past month's figures, once; its actuals go to the budget. Raises month_not_over, statement_frozen."""
    first = (data.month or ctx.business_date.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    made = freeze(ctx, first)
    if made is None:
        raise DomainError("statement_frozen")
    return made


def freeze(ctx: Context, first: dt.date) -> MonthStatement | None:
    """The statement of the month that begins on this day; None when there is one."""
    month = period_of("month", first)
    if month.end >= ctx.business_date:
        raise DomainError("month_not_over", status=422, fields={"month": "month_not_over"})
    figures = statements.figures_of(ctx.here.pk, month.start, month.end)
    try:
        with transaction.atomic():
            made = MonthStatement.objects.create(
                project=ctx.here, month=month.start, figures=figures, digest=_digest(figures), frozen_at=ctx.now,
                frozen_by_id=ctx.user_id,
            )  # fmt: skip
    except IntegrityError:  # frozen before, or by another worker at this moment
        return None
    ctx.event("statement.frozen", made, month=str(made), sha256=made.digest)
    actual = [{"measure": name, "amount": f"{value:.2f}"} for name, value in statements.actual_of(figures).items()]
    _give(ctx, BudgetEntry.Kind.ACTUAL, first.year, first.month, actual)
    return made


@project_command(
    BudgetEntry, verb="publish", label=_("Give the plans to the budget"), permission="budget-entries.publish",
    icon="upload",
)  # fmt: skip
def publish_budget(ctx: Context, data: PublishInput) -> dict[str, Any]:
    """The year's plans as they stand. Answers whether anything was new."""
    return {"published": publish(ctx, data.year or ctx.business_date.year)}


def publish(ctx: Context, year: int) -> bool:
    """The plans in force, unless the budget has just these."""
    plan = statements.planned([ctx.here.pk], year)
    figures = [
        {"month": month, "measure": name, "amount": f"{amount:.2f}"}
        for month, measures in plan.items() for name, amount in measures.items()
    ]  # fmt: skip
    if not any(amount for measures in plan.values() for amount in measures.values()):
        return False
    return _give(ctx, BudgetEntry.Kind.PLAN, year, None, figures)


def _give(ctx: Context, kind: str, year: int, month: int | None, figures: list[dict[str, Any]]) -> bool:
    digest = _digest(figures)
    last = BudgetEntry.objects.filter(project=ctx.here, kind=kind, year=year, month=month).order_by("-id").first()
    if last is not None and last.digest == digest:
        return False
    made = BudgetEntry.objects.create(
        project=ctx.here, kind=kind, year=year, month=month, figures=figures, digest=digest, at=ctx.now
    )
    ctx.event("budget.given", made, kind=kind, period=str(made))
    return True


def _digest(figures: Any) -> str:
    return hashlib.sha256(json.dumps(figures, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
