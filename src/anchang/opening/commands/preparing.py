"""Before the opening: what is offered, who may choose, what buyers mark."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm.commands.telling import ToCustomer, tell_customers
from anchang.deals.commands.tickets import belongs
from anchang.deals.models import LaunchScheme, QueueTicket
from anchang.deals.rules import queue
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.opening.messages import OPENING_PASS
from anchang.opening.models import Favourite, OfferedUnit, Opening, OpeningBuyer
from anchang.opening.queries import pass_for
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Moment, Name, Ref


class OpeningInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    scheme: Annotated[Ref("launch-schemes"), Label(_("Launch scheme"))]
    code: Annotated[str, Field(min_length=1, max_length=20), Label(_("Code"))]
    name: Annotated[Name, Label(_("Name"))]
    starts_at: Annotated[Moment, Label(_("Starts at"))]
    ends_at: Annotated[Moment, Label(_("Ends at"))]
    unit_limit: Annotated[int | None, Between(1, 100), Label(_("Units per buyer"))] = None
    confirm_minutes: Annotated[int | None, Between(1, 1440), Label(_("Minutes to confirm"))] = None
    keep_hours: Annotated[int | None, Between(1, 720), Label(_("Hours to subscribe after confirming"))] = None


class OpeningEdit(Input):
    name: Annotated[Name | None, Label(_("Name"))] = None
    starts_at: Annotated[Moment | None, Label(_("Starts at"))] = None
    ends_at: Annotated[Moment | None, Label(_("Ends at"))] = None
    unit_limit: Annotated[int | None, Between(1, 100), Label(_("Units per buyer"))] = None
    confirm_minutes: Annotated[int | None, Between(1, 1440), Label(_("Minutes to confirm"))] = None
    keep_hours: Annotated[int | None, Between(1, 720), Label(_("Hours to subscribe after confirming"))] = None


class OfferInput(Input):
    """Units by name; without names all of the scheme that are on sale."""

    units: Annotated[list[Ref("units")], Label(_("Units"))] = []


class AdmitInput(Input):
    """Customers by name; without names every live ticket of the scheme. `first_minutes` and `step_minutes`: who has
    a drawn place starts in turn, in groups of `group` (0: all together)."""

    customers: Annotated[list[Ref("customers")], Label(_("Customers"))] = []
    group: Annotated[int, Between(0, 10_000), Label(_("Buyers per turn"))] = 0
    step_minutes: Annotated[int, Between(0, 1440), Label(_("Minutes per turn"))] = 0


class FavouriteInput(Input):
    units: Annotated[list[Ref("units")], Field(max_length=200), Label(_("Units"))] = []


def why_not_prepare(opening: Opening) -> Refusal | None:
    return None if opening.state == Opening.State.DRAFT else Refusal("state_refused", {"state": opening.state})


def _draft(opening: Opening) -> bool:
    return opening.state == Opening.State.DRAFT


def _check_times(starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    if ends_at <= starts_at:
        raise DomainError("bad_input", status=422, fields={"ends_at": "ends_before_start"})


@creates(Opening, label=_("New opening"))
def add_openings(ctx: Context, rows: list[OpeningInput]) -> list[Opening]:
    """Limits and clocks that aren't named come from the project's parameters."""
    made = []
    for row in rows:
        _check_times(row.starts_at, row.ends_at)
        opening = Opening(
            project=ctx.here, created_by_id=ctx.user_id, scheme=row.scheme, code=row.code, name=row.name,
            starts_at=row.starts_at, ends_at=row.ends_at,
            unit_limit=row.unit_limit or int(ctx.param("opening.unit_limit")),
            confirm_minutes=row.confirm_minutes or int(ctx.param("opening.confirm_minutes")),
            keep_hours=row.keep_hours or int(ctx.param("opening.keep_hours")),
        )  # fmt: skip
        opening.save(force_insert=True)
        ctx.event("record.created", opening)
        made.append(opening)
    return made


@edits(Opening, label=_("Edit"), refuses=why_not_prepare)
def edit_opening(ctx: Context, opening: Opening, data: OpeningEdit) -> Opening:
    sent = [name for name in data.model_fields_set if getattr(data, name) is not None]
    for name in sent:
        setattr(opening, name, getattr(data, name))
    _check_times(opening.starts_at, opening.ends_at)
    opening.save(update_fields=[*sent, "updated_at"])
    ctx.event("record.edited", opening, fields=", ".join(sorted(sent)))
    return opening


@command(
    Opening, verb="offer", label=_("Offer units"), icon="building-skyscraper", refuses=why_not_prepare, show=_draft
)
def offer_units(ctx: Context, opening: Opening, data: OfferInput) -> dict[str, Any]:
    """What buyers may choose from; replaces what was offered before."""
    scheme = LaunchScheme.objects.get(project=ctx.here, pk=opening.scheme_id)
    units = data.units or [u for u in Unit.objects.filter(project=ctx.here, state="available") if belongs(scheme, u)]
    for unit in units:
        if not belongs(scheme, unit):
            raise DomainError("wish_not_in_batch", status=422, fields={"units": "wish_not_in_batch"}, unit=unit.label)
    OfferedUnit.objects.filter(project=ctx.here, opening=opening).delete()
    OfferedUnit.objects.bulk_create(
        [OfferedUnit(project=ctx.here, opening=opening, unit=unit) for unit in units], batch_size=2000
    )
    ctx.event("opening.offered", opening, count=len(units))
    return {"offered": len(units)}


@command(Opening, verb="admit", label=_("Admit buyers"), icon="users", refuses=why_not_prepare, show=_draft)
def admit_buyers(ctx: Context, opening: Opening, data: AdmitInput) -> dict[str, Any]:
    """Who may choose; those admitted before stay. In turns when the scheme was drawn and turns are asked for."""
    had = set(OpeningBuyer.objects.filter(project=ctx.here, opening=opening).values_list("customer_id", flat=True))
    made = []
    for customer_id, ticket in _wanted(ctx, opening, data):
        if customer_id in had:
            continue
        had.add(customer_id)
        place = ticket.place or ticket.number if ticket else None
        made.append(OpeningBuyer(
            project=ctx.here, opening=opening, customer_id=customer_id, ticket=ticket, place=place,
            unit_limit=opening.unit_limit, created_by_id=ctx.user_id,
            starts_at=_turn(opening.starts_at, place, data) if place else None,
        ))  # fmt: skip
    OpeningBuyer.objects.bulk_create(made, batch_size=2000)
    ctx.event("opening.admitted", opening, count=len(made))
    return {"admitted": len(made), "buyers": len(had)}


def _turn(starts_at: dt.datetime, place: int, data: AdmitInput) -> dt.datetime | None:
    if not data.group or not data.step_minutes:
        return None
    return starts_at + dt.timedelta(minutes=data.step_minutes * ((place - 1) // data.group))


def _wanted(ctx: Context, opening: Opening, data: AdmitInput) -> list[tuple[int, QueueTicket | None]]:
    rows = QueueTicket.objects.filter(project=ctx.here, scheme_id=opening.scheme_id, state__in=queue.LIVE_TICKET)
    rows = (
        rows.filter(qualified=QueueTicket.Qualified.YES)
        if ctx.param("deals.queue_needs_qualification")
        else rows.exclude(qualified=QueueTicket.Qualified.NO)
    )
    tickets = {t.customer_id: t for t in rows.order_by("number")}
    if data.customers:
        return [(c.pk, tickets.get(c.pk)) for c in data.customers]
    return [(t.customer_id, t) for t in sorted(tickets.values(), key=lambda t: t.place or t.number)]


def move_epoch(ctx: Context, opening_id: int) -> None:
    """What processes remember of this opening is no longer good."""
    Opening.objects.filter(project=ctx.here, pk=opening_id).update(epoch=F("epoch") + 1)


@command(OpeningBuyer, verb="block", label=_("Block"), icon="ban", shape="danger", show=lambda buyer: not buyer.blocked)
def block_buyer(ctx: Context, buyer: OpeningBuyer) -> OpeningBuyer:
    """No further attempts of this buyer win; what he has stays."""
    return _set_blocked(ctx, buyer, True)


@command(OpeningBuyer, verb="unblock", label=_("Unblock"), icon="lock-open", show=lambda buyer: buyer.blocked)
def unblock_buyer(ctx: Context, buyer: OpeningBuyer) -> OpeningBuyer:
    return _set_blocked(ctx, buyer, False)


def _set_blocked(ctx: Context, buyer: OpeningBuyer, blocked: bool) -> OpeningBuyer:
    buyer.blocked = blocked
    buyer.save(update_fields=["blocked", "updated_at"])
    move_epoch(ctx, buyer.opening_id)
    ctx.event("buyer.blocked" if blocked else "buyer.unblocked", buyer, customer_id=buyer.customer_id)
    return buyer


@command(OpeningBuyer, verb="renew-pass", label=_("New link"), icon="link")
def renew_pass(ctx: Context, buyer: OpeningBuyer) -> OpeningBuyer:
    """Links given out before no longer work (a phone was lost, a link went astray)."""
    buyer.serial += 1
    buyer.save(update_fields=["serial", "updated_at"])
    move_epoch(ctx, buyer.opening_id)
    ctx.event("buyer.pass_renewed", buyer, customer_id=buyer.customer_id)
    return buyer


@command(OpeningBuyer, verb="send-pass", label=_("Send the link"), icon="send", bulk=True,
         refuses=lambda buyer: Refusal("buyer_blocked") if buyer.blocked else None,
         show=lambda buyer: not buyer.blocked)  # fmt: skip
def send_pass(ctx: Context, buyer: OpeningBuyer) -> OpeningBuyer:
    """The buyer's own link as a message; the same link goes out once."""
    _send_passes(ctx, buyer.opening, [buyer])
    return buyer


@command(Opening, verb="send-passes", label=_("Send every buyer his link"), icon="send",
         permission="opening-buyers.send-pass")  # fmt: skip
def send_passes(ctx: Context, opening: Opening) -> dict[str, Any]:
    """To everybody who may choose and hasn't got his present link by message yet."""
    buyers = OpeningBuyer.objects.filter(project=ctx.here, opening=opening, blocked=False).order_by("place", "pk")
    return {"buyers": _send_passes(ctx, opening, list(buyers))}


def _send_passes(ctx: Context, opening: Opening, buyers: list[OpeningBuyer]) -> int:
    """Whoever sends is asked to do it by hand where there is no gateway: no consultant gets a buyer's link."""
    starts = f"{opening.starts_at.astimezone(ctx.zone):%m-%d %H:%M}"
    tell_customers(ctx, OPENING_PASS, [
        ToCustomer(
            customer_id=buyer.customer_id, record=buyer, key=f"{buyer.pk}:{buyer.serial}", owner_id=ctx.user_id,
            expires_at=opening.ends_at,
            values={
                "opening": opening.name, "time": starts,
                "link": f"{settings.ANCHANG_ORIGIN}/choose/{pass_for(opening, buyer)}/",
            },
        )
        for buyer in buyers
    ])  # fmt: skip
    return len(buyers)


@command(OpeningBuyer, verb="favour", label=_("Favourites"), shape="")
def mark_favourites(ctx: Context, buyer: OpeningBuyer, data: FavouriteInput) -> dict[str, Any]:
    """The buyer's favourites are exactly these. Called with the buyer's own pass."""
    offered = set(
        OfferedUnit.objects.filter(project=ctx.here, opening_id=buyer.opening_id).values_list("unit_id", flat=True)
    )
    wanted = [unit.pk for unit in data.units if unit.pk in offered]
    mine = Favourite.objects.filter(project=ctx.here, buyer=buyer)
    mine.exclude(unit__in=wanted).delete()
    Favourite.objects.bulk_create(
        [Favourite(project=ctx.here, opening_id=buyer.opening_id, buyer=buyer, unit_id=pk, at=ctx.now)
         for pk in wanted],
        ignore_conflicts=True,
    )  # fmt: skip
    return {"favourites": wanted}
