"""Prizes (M05): the winner comes from the ranking's data and gets a payable line."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.commission import ranking, rules
from anchang.commission.commands.following import one_at_a_time
from anchang.commission.commands.payees import payees_of
from anchang.commission.commands.schemes import in_force
from anchang.commission.models import Award, Line
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label
from anchang.platform.models import User


class GiveInput(Input):
    """`period`: any day of the month, quarter or year."""

    period: Annotated[Day, Label(_("For the period with the day"))]


def why_not_void(line: Line) -> Refusal | None:
    if line.kind != Line.Kind.AWARD:
        return Refusal("award_only", {})
    return rules.why_not_line(line.state, "void")


@command(
    Line, verb="void", label=_("Take the award back"), icon="x", shape="danger", lock=False, refuses=why_not_void,
    show=lambda line: line.kind == "award" and line.state in ("payable", "held"),
)  # fmt: skip
def void_award(ctx: Context, line: Line) -> Line:
    """An award given by mistake, as long as it isn't settled; it can be given again."""
    one_at_a_time(ctx)
    line = Line.objects.select_for_update(no_key=True).get(project=ctx.here, pk=line.pk)
    if why := why_not_void(line):
        raise DomainError.of(why)
    line.former_state, line.state, line.statement = line.state, "void", None
    line.save(update_fields=["state", "former_state", "statement", "updated_at"])
    ctx.event("commission.line", line, amount=str(line.amount), state=line.state)
    line.refresh_from_db()
    return line


@command(Award, verb="give", label=_("Give the award"), icon="trophy", shape="primary", lock=False)
def give_award(ctx: Context, award: Award, data: GiveInput) -> dict[str, Any]:
    """Name the winners of a period that is over. Raises month_not_over, award_not_then, award_given, nobody_won."""
    first = rules.period_start(award.period, data.period)
    last = rules.period_end(award.period, first)
    if last >= ctx.business_date:
        raise DomainError("month_not_over", status=422, fields={"period": "month_not_over"})
    if not in_force(award, first):
        raise DomainError("award_not_then", status=422, fields={"period": "award_not_then"})
    one_at_a_time(ctx)
    given = Line.objects.filter(project=ctx.here, award=award, award_period=first).exclude(state="void")
    if given.exists():
        raise DomainError("award_given")
    values = ranking.results(ctx.here, award.metric, first, last)
    found = rules.prizes(award.kind, values, award.prize, award.threshold)
    if not found:
        raise DomainError("nobody_won")
    staff, _agencies = payees_of(ctx, [p.payee for p in found], [])
    Line.objects.bulk_create(
        Line(
            project=ctx.here, payee=staff[p.payee], kind=Line.Kind.AWARD, amount=p.amount, state=Line.State.PAYABLE,
            reached_on=last, award=award, award_period=first, created_by_id=ctx.user_id,
        )
        for p in found if p.amount > 0
    )  # fmt: skip
    ctx.event("award.given", award, count=len(found), period=first.isoformat())
    for prize in found:
        ctx.notify([prize.payee], "award_won", award, award=award.name, amount=str(prize.amount))
    names = {u.pk: str(u) for u in User.objects.filter(pk__in=[p.payee for p in found])}
    return {
        "period": first.isoformat(),
        "winners": [
            {"user": {"id": p.payee, "label": names[p.payee]}, "value": str(p.value), "prize": str(p.amount)}
            for p in found
        ],
    }
