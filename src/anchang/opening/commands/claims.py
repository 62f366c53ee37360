"""After winning: confirming, lapsing, the next in line, and telling whoever has to know."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from anchang.deals.commands.claims import lock_chain
from anchang.deals.commands.holds import expire_hold
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Hold
from anchang.inventory import rules as stock
from anchang.inventory.commands.states import add_lock, announce, set_unit_clock
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.opening import rules
from anchang.opening.commands.preparing import move_epoch
from anchang.opening.commands.running import take_turn
from anchang.opening.models import Attempt, Opening, OpeningBuyer, OpeningClaim
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Ref

#: One run settles at most so many, so that its locks stay short.
BATCH = 200
_LIVE = ("won", "confirmed")


def why_not_confirm(claim: OpeningClaim) -> Refusal | None:
    return None if claim.state == OpeningClaim.State.WON else Refusal("claim_over", {"state": claim.state})


@command(
    OpeningClaim, verb="confirm", label=_("Confirm"), icon="check", shape="primary", lock=False,
    refuses=why_not_confirm, show=lambda claim: claim.state == "won",
)  # fmt: skip
def confirm_claim(ctx: Context, claim: OpeningClaim) -> OpeningClaim:
    """The buyer takes the unit: the hold runs on for the hours in which he subscribes at the desk."""
    take_turn(claim.opening_id)
    claim = OpeningClaim.objects.select_for_update(no_key=True).get(project=ctx.here, pk=claim.pk)
    if why := why_not_confirm(claim):
        raise DomainError.of(why)
    if rules.lapsed(claim.confirm_by, ctx.now):
        raise DomainError("claim_over", state=OpeningClaim.State.LAPSED)
    claim.state, claim.confirmed_at = OpeningClaim.State.CONFIRMED, ctx.now
    claim.save(update_fields=["state", "confirmed_at"])
    if claim.hold_id is not None:
        opening = Opening.objects.get(project=ctx.here, pk=claim.opening_id)
        unit, _deal, hold = lock_chain(Hold.objects.get(project=ctx.here, pk=claim.hold_id))
        hold.expires_at = ctx.now + dt.timedelta(hours=opening.keep_hours)
        hold.save(update_fields=["expires_at", "updated_at"])
        set_unit_clock(ctx, unit, hold.expires_at)
    _tell_event(ctx, "claim.confirmed", claim)
    return claim


def _tell_event(ctx: Context, name: str, claim: OpeningClaim, **more: Any) -> None:
    buyer = OpeningBuyer.objects.select_related("customer").get(project=ctx.here, pk=claim.buyer_id)
    unit = Unit.objects.get(project=ctx.here, pk=claim.unit_id)
    ctx.event(
        name, claim, customer_id=buyer.customer_id, unit=unit.pk, unit_label=unit.label, rehearsal=claim.rehearsal,
        **more,
    )  # fmt: skip
    if not claim.rehearsal:
        code = name.replace("claim.", "claim_")
        ctx.notify([buyer.customer.owner_id], code, claim, unit=unit.label, customer=buyer.customer.name)


class SettleInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None


@project_command(
    OpeningClaim, verb="settle", label=_("Settle what time has ended"), permission="openings.close", shape=""
)
def settle_openings(ctx: Context, data: SettleInput | None = None) -> dict[str, Any]:
    """What time or the desk has ended lapses, and the unit goes to the next in line; consultants are told of new
    claims. Runs every minute and whenever a clock of a running opening is over."""
    due = OpeningClaim.objects.filter(project=ctx.here, state=OpeningClaim.State.WON, confirm_by__lte=ctx.now)
    gone = OpeningClaim.objects.filter(project=ctx.here, state__in=_LIVE, hold__state__in=("expired", "cancelled"))
    ids = {*due.values_list("pk", flat=True)[:BATCH], *gone.values_list("pk", flat=True)[:BATCH]}
    claims = OpeningClaim.objects.filter(project=ctx.here, pk__in=ids)
    for opening_id in sorted(set(claims.values_list("opening_id", flat=True))):
        take_turn(opening_id)
    lapsed = [claim for claim in claims.select_for_update(no_key=True).order_by("unit_id") if claim.state in _LIVE]
    for claim in lapsed:
        _lapse(ctx, claim)
    return {"lapsed": len(lapsed), "told": _tell_new(ctx)}


def _lapse(ctx: Context, claim: OpeningClaim) -> None:
    unit = Unit.objects.select_for_update(no_key=True).get(project=ctx.here, pk=claim.unit_id)
    if claim.hold_id is not None:
        hold = Hold.objects.get(project=ctx.here, pk=claim.hold_id)
        if hold.state == Hold.State.ACTIVE:
            Hold.objects.filter(project=ctx.here, pk=hold.pk).update(expires_at=ctx.now)
            expire_hold(ctx, hold, unit)
    claim.state, claim.ended_at = OpeningClaim.State.LAPSED, ctx.now
    claim.save(update_fields=["state", "ended_at"])
    move_epoch(ctx, claim.opening_id)
    _tell_event(ctx, "claim.lapsed", claim)
    opening = Opening.objects.get(project=ctx.here, pk=claim.opening_id)
    running = opening.rehearsing or (opening.state == Opening.State.OPEN and ctx.now < opening.ends_at)
    if not running or opening.round_no != claim.round_no:
        return
    if _give_to_next(ctx, opening, claim) or claim.rehearsal:
        return
    unit.refresh_from_db()
    if unit.state == stock.AVAILABLE:  # nobody in line: open to all who choose, still not to the desks
        add_lock(ctx, unit, stock.LOCK_SELECTION, opening.name)
        announce(ctx, [unit])


def _give_to_next(ctx: Context, opening: Opening, claim: OpeningClaim) -> bool:
    """One attempt for the next in line, decided and logged like any other."""
    if not ctx.param("opening.next_in_line"):
        return False
    of_round = OpeningClaim.objects.filter(project=ctx.here, opening=opening, round_no=opening.round_no)
    tried = Attempt.objects.filter(
        project=ctx.here, opening_id=opening.pk, round_no=opening.round_no, unit_id=claim.unit_id, result=rules.TAKEN
    )
    buyers = {b.pk: b for b in OpeningBuyer.objects.filter(project=ctx.here, opening=opening, blocked=False)}
    chosen = rules.next_in_line(
        list(tried.order_by("seq").values_list("buyer_id", flat=True)),
        set(of_round.filter(unit_id=claim.unit_id).values_list("buyer_id", flat=True)),
        Counter(of_round.filter(state__in=_LIVE).values_list("buyer_id", flat=True)),
        {b.pk: b.unit_limit for b in buyers.values()},
    )
    if chosen is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT results[1] FROM anchang_opening_decide(%s, %s, -1, -1, ARRAY[%s]::bigint[], ARRAY[%s]::int[],"
            " ARRAY[%s]::bigint[], ARRAY[%s], ARRAY[''])",
            [ctx.here.pk, opening.pk, chosen, buyers[chosen].serial, claim.unit_id, f"line-{claim.pk}"],
        )
        won = cursor.fetchone()[0] == rules.WON
    if won:
        given = of_round.get(unit_id=claim.unit_id, state__in=_LIVE)
        _tell_event(ctx, "claim.offered", given, place=given.seq)
    return won


def _tell_new(ctx: Context) -> int:
    """Stages of customers and notices to their consultants follow after the rush."""
    rows = OpeningClaim.objects.filter(project=ctx.here, told=False).select_related("buyer__customer", "unit")
    new = list(rows.order_by("pk")[:BATCH])
    for claim in new:
        customer = claim.buyer.customer
        ctx.notify([customer.owner_id], "claim_won", claim, unit=claim.unit.label, customer=customer.name)
    OpeningClaim.objects.filter(project=ctx.here, pk__in=[c.pk for c in new]).update(told=True)
    if new:
        refresh_stages(ctx, [c.buyer.customer_id for c in new])
    return len(new)
