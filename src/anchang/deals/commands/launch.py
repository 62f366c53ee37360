"""Launch schemes and their lottery: prepare, register, announce, draw."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field

from anchang.deals.models import LaunchScheme, Lottery, QueueTicket
from anchang.deals.rules import lottery as drawing
from anchang.deals.rules import queue
from anchang.inventory.dictionaries import NEWEST, check_items
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Line, Name, Quantity, Ref


class SchemeInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    code: Annotated[str, Field(min_length=1, max_length=20), Label(_("Code"))]
    name: Annotated[Name, Label(_("Name"))]
    licence: Annotated[Ref("licences") | None, Label(_("Licence"))] = None
    release_batch: Annotated[Ref("release-batches") | None, Label(_("Release batch"))] = None
    planned_on: Annotated[Day | None, Label(_("Planned for"))] = None
    sincerity_money: Annotated[Quantity, Label(_("Sincerity money"), kind="money")] = "0"  # type: ignore[assignment]


class SchemeEdit(Input):
    name: Annotated[Name | None, Label(_("Name"))] = None
    licence: Annotated[Ref("licences") | None, Label(_("Licence"))] = None
    release_batch: Annotated[Ref("release-batches") | None, Label(_("Release batch"))] = None
    planned_on: Annotated[Day | None, Label(_("Planned for"))] = None
    sincerity_money: Annotated[Quantity | None, Label(_("Sincerity money"), kind="money")] = None


def scheme_items(project_id: int | None) -> dict[str, str]:
    """What may be ticked on the project's launch schemes, the items of the newest one first."""
    rows = LaunchScheme.objects.filter(project_id=project_id or 0).order_by("-pk")
    return check_items(rows.values_list("checks", flat=True)[:NEWEST])


class CheckInput(Input):
    item: Annotated[
        str, Field(min_length=1, max_length=60),
        Label(pgettext_lazy("checklist", "Item"), "choice", choices=scheme_items),
    ]  # fmt: skip
    done: Annotated[bool, Label(_("Done"))] = True


class CommitInput(Input):
    commitment: Annotated[str, Field(max_length=64), Label(_("Hash of the seed"))]
    public_source: Annotated[Line, Label(_("Public value to come"))] = ""


class DrawInput(Input):
    seed: Annotated[str, Field(min_length=drawing.SHORTEST_SEED, max_length=200), Label(_("Seed"))]
    public_value: Annotated[Line, Label(_("Public value"))] = ""


class ResultInput(Input):
    result: Annotated[list[int], Label(_("Order drawn"), kind="json")]


@creates(LaunchScheme, label=_("New launch scheme"))
def add_launch_schemes(ctx: Context, rows: list[SchemeInput]) -> list[LaunchScheme]:
    """A scheme starts with the checklist of the project's parameter."""
    checks = [
        {"item": c["item"], "mandatory": bool(c.get("mandatory")), "done_on": None, "done_by": None}
        for c in ctx.param("deals.launch_checklist")
    ]
    made = LaunchScheme.objects.bulk_create(
        LaunchScheme(
            project=ctx.here, created_by_id=ctx.user_id, code=row.code, name=row.name, licence=row.licence,
            release_batch=row.release_batch, planned_on=row.planned_on, sincerity_money=row.sincerity_money,
            checks=checks,
        )
        for row in rows
    )  # fmt: skip
    for scheme in made:
        ctx.event("record.created", scheme)
    return made


@edits(LaunchScheme, label=_("Edit"))
def edit_launch_scheme(ctx: Context, scheme: LaunchScheme, data: SchemeEdit) -> LaunchScheme:
    for name in data.model_fields_set:
        setattr(scheme, name, getattr(data, name))
    scheme.save(update_fields=[*data.model_fields_set, "updated_at"])
    ctx.event("record.edited", scheme, fields=", ".join(sorted(data.model_fields_set)))
    scheme.refresh_from_db()
    return scheme


@command(LaunchScheme, verb="tick", label=_("Tick an item"), icon="checklist")
def tick_launch(ctx: Context, scheme: LaunchScheme, data: CheckInput) -> LaunchScheme:
    """Tick or untick one item of the checklist; who and when is kept with it."""
    found = next((c for c in scheme.checks if c["item"] == data.item), None)
    if found is None:
        raise DomainError("bad_input", status=422, fields={"item": "not_found"})
    found["done_on"] = ctx.business_date.isoformat() if data.done else None
    found["done_by"] = ctx.actor.name if data.done else None
    scheme.save(update_fields=["checks", "updated_at"])
    ctx.event("launch.ticked", scheme, item=data.item, done=data.done)
    return scheme


def move_scheme(ctx: Context, scheme: LaunchScheme, to: str) -> None:
    if to not in queue.SCHEME[scheme.state]:
        raise DomainError("state_refused", state=scheme.state, to=to)
    old, scheme.state = scheme.state, to
    scheme.save(update_fields=["state", "updated_at"])
    ctx.event("launch.state", scheme, old=old, new=to)


def _only_in(*states: str) -> Any:
    def refuses(scheme: LaunchScheme) -> Refusal | None:
        return None if scheme.state in states else Refusal("state_refused", {"state": scheme.state})

    return refuses


def _shown_in(*states: str) -> Any:
    return lambda scheme: scheme.state in states


@command(
    LaunchScheme, verb="start-registration", label=_("Take registrations"), icon="ticket", shape="primary",
    refuses=_only_in("draft", "registered"), show=_shown_in("draft"),
)  # fmt: skip
def start_registration(ctx: Context, scheme: LaunchScheme) -> LaunchScheme:
    move_scheme(ctx, scheme, LaunchScheme.State.REGISTERING)
    return scheme


@command(
    LaunchScheme, verb="end-registration", label=_("Close registration"), icon="ticket-off", shape="primary",
    refuses=_only_in("registering"), show=_shown_in("registering"),
)  # fmt: skip
def end_registration(ctx: Context, scheme: LaunchScheme) -> LaunchScheme:
    move_scheme(ctx, scheme, LaunchScheme.State.REGISTERED)
    return scheme


# --- the lottery ---------------------------------------------------------------------------------


def entrants_of(ctx: Context, scheme: LaunchScheme) -> list[int]:
    """Numbers of the tickets that take part, ascending."""
    rows = QueueTicket.objects.filter(project=ctx.here, scheme=scheme, state__in=queue.LIVE_TICKET)
    rows = (
        rows.filter(qualified=QueueTicket.Qualified.YES)
        if ctx.param("deals.queue_needs_qualification")
        else rows.exclude(qualified=QueueTicket.Qualified.NO)
    )
    found = list(rows.order_by("number").values_list("number", flat=True))
    if not found:
        raise DomainError("nobody_qualified")
    return found


@command(
    LaunchScheme, verb="commit-lottery", label=_("Announce the lottery"), icon="lock",
    refuses=_only_in("registered"), show=_shown_in("registered"),
)  # fmt: skip
def commit_lottery(ctx: Context, scheme: LaunchScheme, data: CommitInput) -> Lottery:
    """Fix entrants and the seed's hash before the draw. The seed itself stays with the notary."""
    digest = data.commitment.lower()
    if not drawing.is_digest(digest):
        raise DomainError("commitment_wrong", status=422, fields={"commitment": "commitment_wrong"})
    numbers = entrants_of(ctx, scheme)
    lottery = Lottery.objects.create(
        project=ctx.here, scheme=scheme, commitment=digest, public_source=data.public_source, entrants=numbers,
        entrants_digest=drawing.entrants_digest(numbers), committed_at=ctx.now, created_by_id=ctx.user_id,
    )  # fmt: skip
    ctx.event("lottery.committed", lottery, count=len(numbers), commitment=digest)
    return lottery


@command(
    Lottery, verb="draw", label=_("Draw"), icon="arrows-shuffle", shape="primary", lock=False,
    show=lambda lottery: lottery.state == "committed",
)  # fmt: skip
def draw_lottery(ctx: Context, lottery: Lottery, data: DrawInput) -> Lottery:
    """Publish the seed: the order follows from it and anybody can recompute it."""
    scheme, lottery = _locked(ctx, lottery)
    numbers = [int(n) for n in lottery.entrants]
    why = drawing.why_not_draw(
        lottery.commitment, lottery.entrants_digest, data.seed, data.public_value, lottery.public_source, numbers
    )
    if why:
        raise DomainError.of(why, status=422)
    lottery.seed, lottery.public_value = data.seed, data.public_value
    return _finish(ctx, scheme, lottery, drawing.draw(data.seed, data.public_value, numbers))


@command(
    LaunchScheme, verb="import-lottery", label=_("Enter the bureau's result"), icon="file-import",
    refuses=_only_in("registered"), show=_shown_in("registered"),
)  # fmt: skip
def import_lottery(ctx: Context, scheme: LaunchScheme, data: ResultInput) -> Lottery:
    """The order that the city's own lottery or a notary drew."""
    numbers = entrants_of(ctx, scheme)
    if why := drawing.why_not_import(data.result, numbers):
        raise DomainError.of(why, status=422)
    lottery = Lottery.objects.create(
        project=ctx.here, scheme=scheme, source=Lottery.Source.IMPORTED, entrants=numbers,
        entrants_digest=drawing.entrants_digest(numbers), committed_at=ctx.now, created_by_id=ctx.user_id,
    )  # fmt: skip
    return _finish(ctx, scheme, lottery, data.result)


def _locked(ctx: Context, lottery: Lottery) -> tuple[LaunchScheme, Lottery]:
    scheme = LaunchScheme.objects.select_for_update(no_key=True).get(project=ctx.here, pk=lottery.scheme_id)
    fresh = Lottery.objects.select_for_update(no_key=True).get(project=ctx.here, pk=lottery.pk)
    if fresh.state != Lottery.State.COMMITTED:
        raise DomainError("lottery_drawn")
    return scheme, fresh


def _finish(ctx: Context, scheme: LaunchScheme, lottery: Lottery, order: list[int]) -> Lottery:
    lottery.result, lottery.drawn_at, lottery.state = order, ctx.now, Lottery.State.DRAWN
    lottery.save(update_fields=["seed", "public_value", "result", "drawn_at", "state", "updated_at"])
    places = {number: place for place, number in enumerate(order, 1)}
    tickets = list(QueueTicket.objects.filter(project=ctx.here, scheme=scheme, number__in=order))
    for ticket in tickets:
        ticket.place = places[ticket.number]
    QueueTicket.objects.bulk_update(tickets, ["place"], batch_size=2000)
    move_scheme(ctx, scheme, LaunchScheme.State.DRAWN)
    ctx.event("lottery.drawn", lottery, count=len(order))
    return lottery
