"""Names of people, teams and channels by id: one query each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from anchang.crm.models import Channel
from anchang.platform.models import Team, TeamMember, User

Ref = dict[str, Any]


def _wanted(ids: Iterable[int | None]) -> list[int]:
    return sorted({i for i in ids if i is not None})


def people(ids: Iterable[int | None]) -> dict[int | None, Ref]:
    rows = User.objects.filter(pk__in=_wanted(ids)).values_list("pk", "name", "username")
    return {pk: {"id": pk, "label": name or username} for pk, name, username in rows}


def teams(ids: Iterable[int | None]) -> dict[int | None, Ref]:
    rows = Team.everything.filter(pk__in=_wanted(ids)).values_list("pk", "name")
    return {pk: {"id": pk, "label": name} for pk, name in rows}


def channels(ids: Iterable[int | None]) -> dict[int | None, Ref]:
    rows = Channel.everything.filter(pk__in=_wanted(ids)).values_list("pk", "name")
    return {pk: {"id": pk, "label": name} for pk, name in rows}


def members(project_ids: Iterable[int]) -> dict[int, Ref]:
    """user id -> team of everybody who is in a team of these projects."""
    rows = TeamMember.objects.filter(project_id__in=list(project_ids), user__is_active=True)
    return {
        user: {"id": team, "label": name} for user, team, name in rows.values_list("user_id", "team_id", "team__name")
    }


LABELS = {"person": people, "team": teams, "channel": channels}
KEY_OF = {"person": "user_id", "team": "team_id", "channel": "channel_id", "project": "project_id"}
