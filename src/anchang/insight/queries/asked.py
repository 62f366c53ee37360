"""What a report is asked for, and whose numbers the asker may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from anchang.insight.queries.facts import EVERYBODY, Who
from anchang.kernel.clock import Period, add_months, period_of
from anchang.kernel.errors import DomainError, forbidden
from anchang.platform import parameters, reading
from anchang.platform.access import Access
from anchang.platform.models import Project

PERIODS = ("day", "week", "month", "year")
BASES = ("cohort", "period")
GROUPS = ("", "channel", "team", "person", "project")
_OLDEST, _LAST = dt.date(1990, 1, 1), dt.date(2199, 12, 31)


@dataclass(frozen=True)
class Asked:
    """One question: where, when, whose. `last` and `day` are business dates; both ends count."""

    access: Access
    projects: tuple[Project, ...]
    today: dt.date
    day: dt.date
    first: dt.date
    last: dt.date
    kind: str = "day"
    basis: str = "period"
    by: str = ""
    who: Who = EVERYBODY
    scope: str = "project"
    compare: tuple[dt.date, dt.date] | None = None
    team: int | None = None
    user: int | None = None
    channel: int | None = None
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def project_ids(self) -> list[int]:
        return [p.pk for p in self.projects]

    @property
    def named_projects(self) -> list[dict[str, Any]]:
        """As every answer names them."""
        return [{"id": p.pk, "code": p.code, "label": p.name} for p in self.projects]

    def over_span(self, basis: str = "business_date") -> dict[str, Any]:
        """How an answer about the days from `first` to `last` begins; `basis`: the day that counts."""
        return {
            "projects": self.named_projects, "from": self.first.isoformat(), "to": self.last.isoformat(),
            "basis": basis, "scope": self.scope,
        }  # fmt: skip

    def as_of_today(self) -> dict[str, Any]:
        """How an answer about what stands now begins."""
        return {
            "projects": self.named_projects, "date": self.today.isoformat(), "basis": "today", "scope": self.scope,
        }  # fmt: skip

    @property
    def period(self) -> Period:
        return period_of(self.kind, self.day)  # type: ignore[arg-type]

    def param(self, key: str) -> Any:
        """The parameter where one project is asked about; the first one's for several."""
        return parameters.value(key, self.projects[0] if self.projects else None, self.today)

    def between(self, first: dt.date, last: dt.date) -> Asked:
        return replace(self, first=first, last=last)


def scope_of(access: Access, report: str, project_id: int) -> str | None:
    """project, team or own: how much of the report the actor sees; None when not at all.

    `reports.<report>` decides; without it `reports.project` opens every report, `reports.own` the own ones.
    """
    rights = access.rights.get(project_id, {})
    if rights.get(f"!reports.{report}"):
        return None
    wide = {"own": 1, "team": 2, "project": 3}
    found = [access.scope(f"reports.{report}", project_id), access.scope("reports.project", project_id)]
    if access.scope("reports.own", project_id):
        found.append("own")
    return max((s for s in found if s), key=wide.__getitem__, default=None)


def ask(access: Access, report: str, given: Mapping[str, str]) -> Asked:
    """Read the query. Raises not_found (project out of scope), forbidden, bad_input (dates, words)."""
    asked_ids = reading.projects_asked(access, _clean(given, "project")) if given.get("project") else access.project_ids
    known = reading.projects_by_id()
    scopes = {p: s for p in asked_ids if p in known and (s := scope_of(access, report, p))}
    if not scopes:
        raise forbidden(f"reports.{report}")
    # Merged numbers have one meaning: the narrowest scope among the projects asked for.
    scope = min(scopes.values(), key=("own", "team", "project").index)
    projects = tuple(sorted((known[p] for p in scopes), key=lambda p: p.code))
    today = timezone.now().astimezone(ZoneInfo(projects[0].time_zone)).date()
    kind = _choice(given, "period", PERIODS, "day")
    day = _date(given, "date") or today
    period = period_of(kind, day)  # type: ignore[arg-type]
    first, last = _date(given, "from"), _date(given, "to")
    asked = Asked(
        access,
        projects,
        today,
        day,
        first or (period.start if not last else add_months(last, -1)),
        last or (period.end if not first else max(today, first)),
        kind=kind,
        basis=_choice(given, "basis", BASES, "period"),
        by=_choice(given, "by", GROUPS, ""),
        scope=scope,
        team=_id(given, "team"),
        user=_id(given, "user"),
        channel=_id(given, "channel"),
        given=dict(given),
    )
    _check_span(asked, asked.first, asked.last, "to")
    return replace(asked, who=_who(asked), compare=_compare(asked))


def _who(asked: Asked) -> Who:
    """Own: the asker. Team: his team. Project: everybody, or the team or person that the filter names."""
    me = asked.access.actor.user_id
    if asked.scope == "own":
        return Who((me or 0,))
    if asked.scope == "team":
        mates = {u for p in asked.project_ids for u in asked.access.mates.get(p, ())} | {me or 0}
        team = next((asked.access.teams[p] for p in asked.project_ids if p in asked.access.teams), None)
        if asked.user is not None:
            return Who((asked.user,) if asked.user in mates else (0,))
        return Who(tuple(sorted(mates)), team)
    if asked.user is not None:
        return Who((asked.user,))
    return Who(None, asked.team) if asked.team is not None else EVERYBODY


def _compare(asked: Asked) -> tuple[dt.date, dt.date] | None:
    first, last = _date(asked.given, "compare_from"), _date(asked.given, "compare_to")
    if first is None and last is None:
        return None
    if first is None or last is None:
        missing = "compare_from" if first is None else "compare_to"
        raise DomainError("bad_input", status=422, fields={missing: "required"})
    _check_span(asked, first, last, "compare_to")
    return first, last


def _check_span(asked: Asked, first: dt.date, last: dt.date, name: str) -> None:
    if last < first:
        raise DomainError("bad_input", status=422, fields={name: "to_before_from"})
    longest = int(asked.param("insight.longest_days"))
    if (last - first).days >= longest:
        raise DomainError("bad_input", status=422, fields={name: "period_too_long"}, days=longest)


def _clean(given: Mapping[str, str], name: str) -> str:
    text = str(given.get(name, "") or "").strip()
    if "\x00" in text:
        raise DomainError("bad_input", status=422, fields={name: "bad_characters"})
    return text[:40]


def _date(given: Mapping[str, str], name: str) -> dt.date | None:
    text = _clean(given, name)
    if not text:
        return None
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        raise DomainError("bad_input", status=422, fields={name: "bad_date"}) from None
    if not _OLDEST <= found <= _LAST or len(text) != 10:
        raise DomainError("bad_input", status=422, fields={name: "bad_date"})
    return found


def _choice(given: Mapping[str, str], name: str, choices: Sequence[str], default: str) -> str:
    text = _clean(given, name) or default
    if text not in choices:
        raise DomainError("bad_input", status=422, fields={name: "bad_choice"})
    return text


def _id(given: Mapping[str, str], name: str) -> int | None:
    text = _clean(given, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise DomainError("bad_input", status=422, fields={name: "bad_number"})
    return int(text)
