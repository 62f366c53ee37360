"""Who is there, on what level, and in which order visitors are received."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from anchang.org.models import ConsultantProfile, Presence, PresenceState, Roster, RotationSeat
from anchang.org.rules import Consultant, sync_queue, why_not_receive
from anchang.platform.models import TeamMember, User


@dataclass(frozen=True)
class Ability:
    """What a consultant may get. A person without profile has level 1 and no limit."""

    level: int = 1
    most_leads: int | None = None
    takes_leads: bool = True


_SAID = ("user_id", "state", "since", "cause")


def people_now(project_id: int, day: dt.date, user_ids: Iterable[int], assumed: bool) -> dict[int, Consultant]:
    """Where these people are on the day. `assumed`: who said nothing is present (parameter)."""
    ids = list(user_ids)
    active = set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    rows = Presence.objects.filter(project_id=project_id, day=day, user_id__in=ids)
    said = {u: (state, since, cause) for u, state, since, cause in rows.values_list(*_SAID)}
    off = set(
        Roster.objects.filter(project_id=project_id, day=day, user_id__in=ids, shift="off").values_list(
            "user_id", flat=True
        )
    )
    silent = PresenceState.PRESENT if assumed else PresenceState.AWAY
    found = {}
    for user_id in ids:
        state, since, cause = said.get(user_id, (silent, None, ""))
        # Whoever came although the roster gives a day off is on duty.
        on_duty = user_id in active and state != "off" and (user_id not in off or user_id in said)
        here = state in ("present", "busy")
        found[user_id] = Consultant(user_id, on_duty, here, state == "busy", since, cause)
    return found


def present_ids(project_id: int, day: dt.date, user_ids: Collection[int], assumed: bool) -> set[int]:
    """Those of the given people who are on duty and in the house, busy ones included."""
    people = people_now(project_id, day, user_ids, assumed)
    return {u for u, c in people.items() if c.on_duty and c.present}


def abilities(project_id: int, user_ids: Iterable[int]) -> dict[int, Ability]:
    """Level and limits of each of the given people."""
    ids = list(user_ids)
    rows = ConsultantProfile.objects.filter(project_id=project_id, user_id__in=ids)
    known = {p.user_id: Ability(p.level, p.max_open_leads, p.takes_leads) for p in rows}
    return {u: known.get(u, Ability()) for u in ids}


def consultants(project_id: int, team_id: int | None = None) -> list[tuple[int, int]]:
    """(user, team) of the consultants of a team, or of all teams of the project: active members who don't
    lead a team, in the order in which they joined."""
    rows = TeamMember.objects.filter(project_id=project_id, user__is_active=True, leads=False)
    if team_id is not None:
        rows = rows.filter(team_id=team_id)
    return list(rows.order_by("id").values_list("user_id", "team_id"))


def team_of(project_id: int, user_id: int | None) -> int | None:
    """The user's team in the project."""
    if user_id is None:
        return None
    rows = TeamMember.objects.filter(project_id=project_id, user_id=user_id)
    return rows.values_list("team_id", flat=True).first()


def teams_of(project_id: int, user_ids: Iterable[int]) -> dict[int, int]:
    rows = TeamMember.objects.filter(project_id=project_id, user_id__in=set(user_ids))
    return dict(rows.values_list("user_id", "team_id"))


def queue(rotation_id: int, project_id: int) -> list[RotationSeat]:
    """The queue's seats, next one first."""
    rows = RotationSeat.objects.filter(project_id=project_id, rotation_id=rotation_id)
    return list(rows.select_related("user").order_by("position", "id"))


def queue_seats(ids: Iterable[int]) -> dict[int, list[dict[str, object]]]:
    """rotation id -> its people in order, for pages and the API."""
    rows = RotationSeat.objects.filter(rotation_id__in=list(ids)).order_by("position", "id")
    found: dict[int, list[dict[str, object]]] = {i: [] for i in ids}
    for rotation_id, user_id, name, turns in rows.values_list("rotation_id", "user_id", "user__name", "turns"):
        found[rotation_id].append({"id": user_id, "label": name, "turns": turns})
    return found


@dataclass(frozen=True)
class Seat:
    """One consultant in the queue as he is now: state is present, busy, away or off."""

    user_id: int
    name: str
    turns: int
    state: str
    since: dt.datetime | None
    why_not: str | None


def floor_now(project_id: int, day: dt.date, assumed: bool) -> list[Seat]:
    """The project's queue in order as it stands, next one first: who can receive, and why others can't.

    Newcomers who have no seat yet stand at the end, as the next turn will seat them.
    """
    members = [u for u, _team in consultants(project_id)]
    queue = RotationSeat.objects.filter(project_id=project_id, rotation__team=None).order_by("position", "id")
    turns = dict(queue.values_list("user_id", "turns"))
    order = sync_queue(list(turns), members)
    people = people_now(project_id, day, order, assumed)
    rows = Presence.objects.filter(project_id=project_id, day=day, user_id__in=order)
    said = {user: (state, since) for user, state, since in rows.values_list("user_id", "state", "since")}
    names = dict(User.objects.filter(pk__in=order).values_list("pk", "name"))
    silent = ("present" if assumed else "off", None)
    seats = []
    for user in order:
        state, since = said.get(user, silent)
        why_not = why_not_receive(people.get(user))
        seats.append(Seat(user, names[user], turns.get(user, 0), state, since, why_not))
    return seats
