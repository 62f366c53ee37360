"""Writes about presence, roster, profiles and the reception queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from django.db.models import F, Max, Min
from django.utils.translation import gettext_lazy as _

from anchang.kernel.errors import DomainError, forbidden
from anchang.org import queries, rules
from anchang.org.models import ConsultantProfile, Presence, PresenceState, Rotation, RotationSeat, Turn
from anchang.platform import commands
from anchang.platform.commands import command, creates, edits, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Name, Reason, Ref
from anchang.platform.models import Team, User

commands.constraint_errors(
    {
        "profile_once": "profile_exists",
        "roster_once": "roster_exists",
        "rotation_once": "rotation_exists",
        "profile_level": ("level_range", 422),
    }
)


# --- presence ------------------------------------------------------------------------------------


class PresenceInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None


class PresenceSetInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    user: Annotated[Ref("users"), Label(_("Member of staff"))]
    state: Annotated[
        Literal["present", "busy", "away", "off"],
        Label(_("State"), kind="choice", choices=dict(PresenceState.choices)),
    ]


def set_presence(ctx: Context, user: User, state: str, cause: str = "") -> Presence:
    """Say where a person is today. The same state again changes only its cause."""
    row, made = Presence.objects.get_or_create(
        project=ctx.here,
        user=user,
        day=ctx.business_date,
        defaults={"state": state, "since": ctx.now, "cause": cause, "created_by_id": ctx.user_id},
    )
    if not made and row.state == state:
        if row.cause != cause:
            row.cause = cause
            row.save(update_fields=["cause", "updated_at"])
        return row
    if state in ("present", "busy") and row.came_at is None:
        row.came_at = ctx.now
    row.left_at = ctx.now if state == "off" else None
    row.state, row.since, row.cause = state, ctx.now, cause
    row.save()
    ctx.event(f"presence.{state}", row, person=user.name)
    return row


def begin_reception(ctx: Context, user_id: int) -> None:
    """This person is with a visitor now (轮排): the rotation passes him over until `end_reception`.

    Who is absent stays absent, except the actor himself, who is evidently here. Who said himself that he is
    busy stays so afterwards.
    """
    people = queries.people_now(ctx.here.pk, ctx.business_date, [user_id], bool(ctx.param("org.presence_assumed")))
    one = people[user_id]
    here = user_id == ctx.user_id or (one.on_duty and one.present)
    if here and not one.busy:
        set_presence(ctx, User.objects.get(pk=user_id), "busy", Presence.Cause.VISIT)


def end_reception(ctx: Context, user_id: int) -> None:
    """The last visitor of this person has left: he can receive again, at the place that his turns gave him."""
    rows = Presence.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
    row = rows.filter(project=ctx.here, user=user_id, day=ctx.business_date, cause=Presence.Cause.VISIT).first()
    if row is not None:
        set_presence(ctx, row.user, "present")


def _self(ctx: Context) -> User:
    if ctx.user_id is None:
        raise DomainError("forbidden", status=403)
    return User.objects.get(pk=ctx.user_id)


@project_command(Presence, verb="check-in", label=_("Check in"), permission="presence.check-in", shape="primary")
def check_in(ctx: Context, data: PresenceInput) -> Presence:
    """The actor is at the sales office and free."""
    return set_presence(ctx, _self(ctx), "present")


@project_command(Presence, verb="check-out", label=_("Check out"), permission="presence.check-out")
def check_out(ctx: Context, data: PresenceInput) -> Presence:
    """The actor has left for the day."""
    return set_presence(ctx, _self(ctx), "off")


@project_command(Presence, verb="busy", label=_("Busy"), permission="presence.check-in")
def set_busy(ctx: Context, data: PresenceInput) -> Presence:
    """The actor is with a customer: the rotation skips him, leads still come."""
    return set_presence(ctx, _self(ctx), "busy")


@project_command(Presence, verb="away", label=_("Away"), permission="presence.check-in")
def set_away(ctx: Context, data: PresenceInput) -> Presence:
    """The actor is out for a while: neither visitors nor leads come."""
    return set_presence(ctx, _self(ctx), "away")


@project_command(Presence, verb="set-state", label=_("Set presence"), permission="presence.set-state")
def set_presence_of(ctx: Context, data: PresenceSetInput) -> Presence:
    """Reception or a manager says where somebody is; a right on own rows reaches oneself only."""
    if ctx.access.scope("presence.set-state", ctx.here.pk) != "project" and data.user.pk != ctx.user_id:
        raise forbidden("presence.set-state")
    return set_presence(ctx, data.user, data.state)


# --- profiles ------------------------------------------------------------------------------------


class ProfileInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    user: Annotated[Ref("users"), Label(_("Consultant"))]
    level: Annotated[int, Label(_("Level")), Between(1, 9)] = 1
    max_open_leads: Annotated[int | None, Label(_("Most open leads")), Between(0, 100000)] = None
    takes_leads: Annotated[bool, Label(_("Takes leads"))] = True


@creates(ConsultantProfile, label=_("New profile"))
def add_profiles(ctx: Context, rows: list[ProfileInput]) -> list[ConsultantProfile]:
    """Level and lead limits of consultants."""
    made = ConsultantProfile.objects.bulk_create(
        ConsultantProfile(
            project=ctx.here,
            user=row.user,
            level=row.level,
            max_open_leads=row.max_open_leads,
            takes_leads=row.takes_leads,
            created_by_id=ctx.user_id,
        )
        for row in rows
    )
    for profile in made:
        ctx.event("record.created", profile)
    return made


class ProfileEdit(Input):
    level: Annotated[int, Label(_("Level")), Between(1, 9)] = 1
    max_open_leads: Annotated[int | None, Label(_("Most open leads")), Between(0, 100000)] = None
    takes_leads: Annotated[bool, Label(_("Takes leads"))] = True


@edits(ConsultantProfile, label=_("Edit"))
def edit_profile(ctx: Context, profile: ConsultantProfile, data: ProfileEdit) -> ConsultantProfile:
    for name in data.model_fields_set:
        setattr(profile, name, getattr(data, name))
    profile.save()
    ctx.event("record.edited", profile, fields=", ".join(sorted(data.model_fields_set)))
    return profile


# --- rotation ------------------------------------------------------------------------------------


class QueueInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    team: Annotated[Ref("teams") | None, Label(_("Team"))] = None
    users: Annotated[list[Ref("users")], Label(_("Order"))] = []


@project_command(Rotation, verb="build", label=_("Set up the queue"), permission="rotation.build", shape="primary")
def build_queue(ctx: Context, data: QueueInput) -> Rotation:
    """Put people in order: as given, or the consultants on today's roster, who keep their old places.

    Raises not_in_team.
    """
    members = dict(queries.consultants(ctx.here.pk, data.team.pk if data.team else None))
    for user in data.users:
        if user.pk not in members:
            raise DomainError("not_in_team", status=422, fields={"users": "not_in_team"}, name=user.name)
    rotation = _locked_rotation(ctx, data.team)
    order = [user.pk for user in data.users]
    if not order:
        order = list(rules.sync_queue(_order(rotation), list(members)))
    _seat(ctx, rotation, order)
    ctx.event("rotation.built", rotation, count=len(order))
    return rotation


def _locked_rotation(ctx: Context, team: Team | None) -> Rotation:
    """The queue of the team (of the whole project without one), locked; made when there is none."""
    rows = Rotation.objects.select_for_update(no_key=True, of=("self",))
    found = rows.filter(project=ctx.here, team=team).first()
    if found is None:
        # Two first visitors at once: the loser of the unique constraint finds the winner's row.
        Rotation.objects.bulk_create(
            [
                Rotation(
                    project=ctx.here,
                    team=team,
                    name=team.name if team else ctx.here.name,
                    created_by_id=ctx.user_id,
                )
            ],
            ignore_conflicts=True,
        )
        found = rows.get(project=ctx.here, team=team)
    return found


def _order(rotation: Rotation) -> list[int]:
    rows = RotationSeat.objects.filter(project_id=rotation.project_id, rotation=rotation)
    return list(rows.order_by("position", "id").values_list("user_id", flat=True))


def _seat(ctx: Context, rotation: Rotation, order: Sequence[int]) -> None:
    """Write the order anew; people who stay keep their count of turns."""
    rows = RotationSeat.objects.filter(project=ctx.here, rotation=rotation)
    turns = dict(rows.values_list("user_id", "turns"))
    rows.delete()
    RotationSeat.objects.bulk_create(
        RotationSeat(project=ctx.here, rotation=rotation, user_id=u, position=i, turns=turns.get(u, 0))
        for i, u in enumerate(order, 1)
    )
    rotation.built_on = ctx.business_date
    rotation.save(update_fields=["built_on", "updated_at"])


_KIND = {
    "rotation": Turn.Kind.TAKEN,
    "owner": Turn.Kind.OWNED,
    "named": Turn.Kind.NAMED,
    "substitute": Turn.Kind.NAMED,
    "nobody": Turn.Kind.NOBODY,
}


def next_consultant(
    ctx: Context, *, team: Team | None = None, kind: str = rules.NATURAL, wanted_id: int | None = None
) -> tuple[User | None, Turn]:
    """Who receives the visitor who has just come, and the turn with its explanation.

    kind and wanted_id as in rules.Arrival. The queue's row is locked until the end of the transaction, so two
    receptions never send to the same person by one turn. A queue that wasn't set up today follows the team.
    """
    rotation = _locked_rotation(ctx, team)
    if rotation.built_on != ctx.business_date:
        members = [u for u, _team in queries.consultants(ctx.here.pk, team.pk if team else None)]
        _seat(ctx, rotation, rules.sync_queue(_order(rotation), members))
    order = _order(rotation)
    asked = {*order, *([] if wanted_id is None else [wanted_id])}
    people = queries.people_now(ctx.here.pk, ctx.business_date, asked, bool(ctx.param("org.presence_assumed")))
    decision = rules.next_turn(order, people, rules.Arrival(kind, wanted_id))
    names = dict(User.objects.filter(pk__in=asked).values_list("pk", "name"))
    name = names.get(decision.user_id, "") if decision.user_id else ""
    former = None
    if decision.consumed and decision.user_id is not None:
        seats = RotationSeat.objects.filter(project=ctx.here, rotation=rotation)
        mine = seats.filter(user_id=decision.user_id)
        former = mine.values_list("position", flat=True).get()
        last = seats.aggregate(last=Max("position"))["last"]
        mine.update(position=last + 1, turns=F("turns") + 1)
    turn = Turn.objects.create(
        project=ctx.here,
        rotation=rotation,
        user_id=decision.user_id,
        kind=_KIND[decision.rule],
        at=ctx.now,
        business_date=ctx.business_date,
        former_position=former,
        actor_id=ctx.user_id,
        explanation=[
            {"rule": decision.rule, "user": decision.user_id, "name": name},
            *(_passed_over(ctx, people.get(u), u, names.get(u, ""), why) for u, why in decision.skipped),
        ],
    )
    ctx.event(f"turn.{turn.kind}", turn, person=name)
    user = User.objects.get(pk=decision.user_id) if decision.user_id else None
    return user, turn


def _passed_over(ctx: Context, person: rules.Consultant | None, user_id: int, name: str, why: str) -> dict[str, object]:
    """Why somebody didn't get the turn; of a busy one also by what and since when."""
    told: dict[str, object] = {"user": user_id, "name": name, "reason": why}
    if why == "busy" and person is not None and person.since is not None:
        told["since"] = person.since.astimezone(ctx.zone).strftime("%H:%M")
        if person.cause:
            told["cause"] = person.cause
    return told


class NextInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    team: Annotated[Ref("teams") | None, Label(_("Team"))] = None


@project_command(Rotation, verb="next", label=_("Next consultant"), permission="rotation.next")
def take_turn(ctx: Context, data: NextInput) -> Turn:
    """Reception asks for the next consultant without registering a visit."""
    user, turn = next_consultant(ctx, team=data.team)
    if user is not None:
        ctx.notify([user.pk], "your_turn", turn)
    return turn


class ReturnInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@command(Turn, verb="return", label=_("Give the turn back"), name="return_turn", lock=False)
def return_turn(ctx: Context, turn: Turn, data: ReturnInput) -> Turn:
    """The visitor was none, or refused: the consultant is next again.

    Raises turn_not_used, turn_already_returned, turn_reason_refused.
    """
    rotation = Rotation.objects.select_for_update(no_key=True).get(pk=turn.rotation_id)
    returned = Turn.objects.filter(project=ctx.here, returns=turn).exists()
    why = rules.why_not_return_turn(
        turn.kind == Turn.Kind.TAKEN, returned, data.reason, ctx.param("org.turn_return_reasons")
    )
    if why:
        raise DomainError.of(why)
    seats = RotationSeat.objects.filter(project=ctx.here, rotation=rotation)
    first = seats.aggregate(first=Min("position"))["first"] or 1
    # A turn that was taken has its person: `why_not_return_turn` refuses all others.
    seats.filter(user_id=turn.user_id or 0).update(position=first - 1, turns=F("turns") - 1)
    back = Turn.objects.create(
        project=ctx.here,
        rotation=rotation,
        user_id=turn.user_id,
        kind=Turn.Kind.RETURNED,
        at=ctx.now,
        business_date=ctx.business_date,
        returns=turn,
        actor_id=ctx.user_id,
        reason=data.reason,
    )
    ctx.event("turn.returned", back, person=turn.user.name, reason=data.reason)
    return back


class RotationEdit(Input):
    name: Annotated[Name, Label(_("Name"))]


@edits(Rotation, label=_("Edit"))
def edit_rotation(ctx: Context, rotation: Rotation, data: RotationEdit) -> Rotation:
    rotation.name = data.name
    rotation.save()
    ctx.event("record.edited", rotation, fields="name")
    return rotation


__all__ = [
    "begin_reception",
    "build_queue",
    "check_in",
    "check_out",
    "end_reception",
    "next_consultant",
    "return_turn",
    "set_away",
    "set_busy",
    "set_presence",
]
