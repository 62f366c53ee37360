"""Who gets a new lead: the first matching rule, by turns among the consultants who are there (L09-L12)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from anchang.crm import rules
from anchang.crm.models import HELD, AssignmentRule, AssignmentTurn, Lead
from anchang.kernel.clock import OpeningHours, due_after
from anchang.kernel.errors import DomainError
from anchang.org import queries as people
from anchang.platform import conditions, resources
from anchang.platform.context import Context
from anchang.platform.inputs import ConditionOn
from anchang.platform.models import Team

#: What a rule may test: what is known of a lead when it comes in.
RULE_ON = ConditionOn(
    "leads", single=True, hops=("channel",),
    only=("name", "sex", "channel", "campaign", "city", "region", "customer_type", "score", "note", "captured_at"),
)  # fmt: skip
#: The rule that stands after the office's own ones: every consultant whose team serves such leads, by turns.
EVERYBODY = 0


def parse_rule(data: Any) -> conditions.Node:
    """The condition of a rule. Raises bad_condition, rule_condition_wrong."""
    node = conditions.parse(data)
    for test in _tests(node):
        if not RULE_ON.allows(test.path):
            raise DomainError(
                "rule_condition_wrong", status=422, fields={"conditions": "rule_condition_wrong"}
            )
    return node


def _tests(node: conditions.Node) -> list[conditions.Test]:
    if isinstance(node, conditions.Test):
        return [node]
    parts = [node.part] if isinstance(node, conditions.Negated) else node.parts
    return [test for part in parts for test in _tests(part)]


def opening_hours(ctx: Context) -> OpeningHours | None:
    """The project's opening hours when its clocks of leads run by them, else None: hours of the clock."""
    given = ctx.param("crm.opening_hours")
    if not given:
        return None
    spans = {
        int(day): [(dt.time.fromisoformat(a), dt.time.fromisoformat(b)) for a, b in times]
        for day, times in given.items()
    }
    return OpeningHours(ctx.here.time_zone, spans)


def contact_due(ctx: Context) -> dt.datetime:
    """Until when a lead assigned now must be followed up for the first time."""
    return due_after(ctx.now, ctx.param("crm.first_contact_hours"), opening_hours(ctx))


def grade_dues(ctx: Context) -> dict[str, dt.datetime]:
    """The same for leads of known customers whose grade has its own limit (BS18); none set: empty."""
    limits = ctx.param("crm.first_contact_grade_hours")
    if not limits:
        return {}
    opening = opening_hours(ctx)
    return {grade: due_after(ctx.now, hours, opening) for grade, hours in limits.items()}


@dataclass(frozen=True)
class _Rule:
    id: int
    node: conditions.Node | None  # None: matches every lead
    members: tuple[int, ...]
    min_level: int = 0
    fall_through: bool = False


class Assigner:
    """Assigns the leads of one transaction. Making it locks the project's row of turns until the end, so that
    additions in parallel stay in turn and see each other's phones."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.turn = _locked_turn(ctx)
        self.now = ctx.now
        self.resource = resources.get("leads")
        self._ready = False
        self._together: dict[tuple[int, ...], list[_Rule]] = {}

    def _prepare(self) -> None:
        """Read rules and people; only when there is a lead to assign."""
        ctx, self._ready = self.ctx, True
        members = people.consultants(ctx.here.pk)
        own = _own_rules(ctx)
        wanted = {u for u, _t in members} | {r.user_id for r in own if r.user_id}
        able = people.abilities(ctx.here.pk, wanted)
        takes = [(u, t) for u, t in members if able[u].takes_leads]
        self.levels = {u: a.level for u, a in able.items()}
        self.rules = [*(_read_rule(r, takes) for r in own), *_team_rules(ctx, takes)]
        self.present = people.present_ids(
            ctx.here.pk, ctx.business_date, wanted, bool(ctx.param("org.presence_assumed"))
        )
        self.room = _room(ctx, {u: a.most_leads for u, a in able.items() if a.most_leads is not None})
        self.present -= {u for u, left in self.room.items() if left <= 0}

    def choose(self, facts: Any) -> tuple[int | None, int | None]:
        """(rule, consultant) for a lead; no consultant means the public pool. `facts` has the lead's
        fields."""
        if not self._ready:
            self._prepare()
        holding = tuple(
            i for i, r in enumerate(self.rules)
            if r.node is None or conditions.evaluate(r.node, self.resource, facts, self.now)
        )  # fmt: skip
        matching = [
            rules.AssignRule(r.id, r.members, self.turn.last.get(str(r.id)), r.min_level, r.fall_through)
            for r in self._asked(holding)
        ]
        found = rules.assign_lead(matching, self.present, self.levels)
        if found.user_id is not None:
            self.turn.last[str(found.rule_id or EVERYBODY)] = found.user_id
            self._took(found.user_id)
        return found.rule_id or None, found.user_id

    def _asked(self, holding: tuple[int, ...]) -> list[_Rule]:
        """The rules at these places. Those of teams come last and are one: whoever serves such leads, by
        turns."""
        found = self._together.get(holding)
        if found is None:
            matching = [self.rules[i] for i in holding]
            found = [r for r in matching if r.id != EVERYBODY]
            rest = tuple(u for r in matching if r.id == EVERYBODY for u in r.members)
            if rest:
                found.append(_Rule(EVERYBODY, None, rest))
            self._together[holding] = found
        return found

    def _took(self, user_id: int) -> None:
        if user_id in self.room:
            self.room[user_id] -= 1
            if self.room[user_id] <= 0:
                self.present.discard(user_id)

    def save(self) -> None:
        if self._ready:
            AssignmentTurn.objects.filter(pk=self.turn.pk).update(last=self.turn.last)


def _locked_turn(ctx: Context) -> AssignmentTurn:
    rows = AssignmentTurn.objects.select_for_update(no_key=True).filter(project=ctx.here)
    found = rows.first()
    if found is None:
        AssignmentTurn.objects.bulk_create([AssignmentTurn(project=ctx.here)], ignore_conflicts=True)
        found = rows.get()
    return found


def _own_rules(ctx: Context) -> list[AssignmentRule]:
    day = ctx.business_date
    rows = AssignmentRule.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=day),
        Q(valid_to__isnull=True) | Q(valid_to__gte=day),
        project=ctx.here,
        active=True,
    )
    return list(rows.order_by("position", "id"))


def _read_rule(rule: AssignmentRule, takes: list[tuple[int, int]]) -> _Rule:
    if rule.user_id:
        members: tuple[int, ...] = (rule.user_id,)
    else:
        members = tuple(u for u, team in takes if rule.team_id in (None, team))
    node = parse_rule(rule.conditions) if rule.conditions else None
    return _Rule(rule.pk, node, members, rule.min_level or 0, rule.fall_through)


def _team_rules(ctx: Context, takes: list[tuple[int, int]]) -> list[_Rule]:
    teams = dict(Team.objects.filter(project=ctx.here).values_list("pk", "conditions"))
    by_team: dict[int, list[int]] = {}
    for user_id, team_id in takes:
        by_team.setdefault(team_id, []).append(user_id)
    return [
        _Rule(EVERYBODY, parse_rule(teams[t]) if teams.get(t) else None, tuple(users))
        for t, users in by_team.items()
        if t in teams
    ]


def _room(ctx: Context, limits: Mapping[int, int]) -> dict[int, int]:
    """How many leads each of these people may still take."""
    if not limits:
        return {}
    rows = Lead.objects.filter(project=ctx.here, owner__in=list(limits), state__in=HELD)
    held = dict(rows.values_list("owner").annotate(n=Count("pk")).order_by())
    return {u: limit - held.get(u, 0) for u, limit in limits.items()}
