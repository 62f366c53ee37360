"""The funnel lead → valid → visited → subscribed → signed (漏斗), and the days from lead to signing.

Cohort: everybody whose first lead was captured between the two days, and how far they came until `as_of`.
Period: distinct customers with an event of the stage between the two days; those who never were a lead stand
apart as walk-ins. The two are never mixed. Terminated contracts are not signed for a cohort; for a period the
signing stays where it happened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from anchang.insight import rules
from anchang.insight.queries import drill, labels
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.facts import SIGNED, SUBSCRIBED
from anchang.insight.queries.sales import text

_COHORT = """
    SELECT {key}, count(*) AS leads, count(*) FILTER (WHERE l.valid OR v.customer_id IS NOT NULL
               OR s.customer_id IS NOT NULL OR c.customer_id IS NOT NULL),
           count(*) FILTER (WHERE v.customer_id IS NOT NULL OR s.customer_id IS NOT NULL
               OR c.customer_id IS NOT NULL),
           count(*) FILTER (WHERE s.customer_id IS NOT NULL OR c.customer_id IS NOT NULL),
           count(*) FILTER (WHERE c.customer_id IS NOT NULL),
           array_agg(c.signed_on - l.business_date) FILTER (WHERE c.signed_on >= l.business_date)
      FROM crm_lead l
      LEFT JOIN (SELECT x.project_id, x.customer_id FROM crm_visit x
                  WHERE x.project_id = ANY(%(projects)s) AND x.seq = 1 AND x.deleted_at IS NULL
                    AND x.business_date <= %(as_of)s) v
        ON v.project_id = l.project_id AND v.customer_id = l.customer_id
      LEFT JOIN (SELECT DISTINCT x.project_id, x.customer_id FROM deals_subscription x
                  WHERE x.project_id = ANY(%(projects)s) AND x.deleted_at IS NULL AND {subscribed}
                    AND x.subscribed_on <= %(as_of)s) s
        ON s.project_id = l.project_id AND s.customer_id = l.customer_id
      LEFT JOIN (SELECT x.project_id, x.customer_id, min(x.signed_on) AS signed_on FROM deals_contract x
                  WHERE x.project_id = ANY(%(projects)s) AND x.deleted_at IS NULL AND {signed}
                    AND x.signed_on <= %(as_of)s AND (x.terminated_on IS NULL OR x.terminated_on > %(as_of)s)
                  GROUP BY 1, 2) c
        ON c.project_id = l.project_id AND c.customer_id = l.customer_id
     WHERE l.project_id = ANY(%(projects)s) AND l.business_date BETWEEN %(first)s AND %(last)s
       AND l.deleted_at IS NULL AND {who} {channel}
       AND NOT EXISTS (
           SELECT FROM crm_lead e WHERE e.project_id = l.project_id AND e.customer_id = l.customer_id
              AND e.deleted_at IS NULL AND (e.business_date, e.id) < (l.business_date, l.id))
     GROUP BY 1"""

_PERIOD = """
    SELECT stage, key, count(*) FILTER (WHERE led), count(*) FILTER (WHERE NOT led),
           array_agg(days) FILTER (WHERE days >= 0)
      FROM (
        SELECT stage, key, true AS led, NULL::int AS days FROM (
            SELECT {lead_key} AS key, coalesce(bool_or(l.valid), false) AS valid FROM crm_lead l
             WHERE {lead_where} GROUP BY 1, l.project_id, coalesce(l.customer_id, -l.id)) people
          CROSS JOIN LATERAL (SELECT 'leads' AS stage UNION ALL SELECT 'valid' WHERE people.valid) stages
        UNION ALL
        SELECT 'visited', key, e.led IS NOT NULL, NULL FROM (
            SELECT DISTINCT x.project_id, x.customer_id, {visit_key} AS key FROM crm_visit x
             WHERE x.project_id = ANY(%(projects)s) AND x.business_date BETWEEN %(first)s AND %(last)s
               AND x.deleted_at IS NULL AND {visit_who} {visit_channel}) x {led}
        UNION ALL
        SELECT 'subscribed', key, e.led IS NOT NULL, NULL FROM (
            SELECT DISTINCT x.project_id, x.customer_id, {deal_key} AS key FROM deals_subscription x
              JOIN deals_deal d ON d.project_id = x.project_id AND d.id = x.deal_id {deal_channel_join}
             WHERE x.project_id = ANY(%(projects)s) AND x.subscribed_on BETWEEN %(first)s AND %(last)s
               AND x.deleted_at IS NULL AND {subscribed} AND {deal_who} {deal_channel}) x {led}
        UNION ALL
        SELECT 'signed', key, e.led IS NOT NULL, signed_on - (
                   SELECT min(f.business_date) FROM crm_lead f WHERE f.project_id = x.project_id
                      AND f.customer_id = x.customer_id AND f.deleted_at IS NULL) FROM (
            SELECT x.project_id, x.customer_id, {deal_key} AS key, min(x.signed_on) AS signed_on
              FROM deals_contract x
              JOIN deals_deal d ON d.project_id = x.project_id AND d.id = x.deal_id {deal_channel_join}
             WHERE x.project_id = ANY(%(projects)s) AND x.signed_on BETWEEN %(first)s AND %(last)s
               AND x.deleted_at IS NULL AND {signed} AND {deal_who} {deal_channel}
             GROUP BY 1, 2, 3) x {led}
      ) events GROUP BY 1, 2"""

# Joined as a set: probing the leads for every customer costs twice as much over a year.
_LED = """LEFT JOIN (
            SELECT DISTINCT e.project_id, e.customer_id, true AS led FROM crm_lead e
             WHERE e.project_id = ANY(%(projects)s) AND e.customer_id IS NOT NULL AND e.deleted_at IS NULL) e
          ON e.project_id = x.project_id AND e.customer_id = x.customer_id"""
_KEYS = {
    "": ("NULL::bigint", "NULL::bigint", "NULL::bigint"),
    "person": ("l.owner_id", "x.consultant_id", "d.consultant_id"),
    "team": ("l.team_id", "x.team_id", "d.team_id"),
    "channel": ("l.channel_id", "x.channel_id", "k.channel_id"),
    "project": ("l.project_id", "x.project_id", "x.project_id"),
}

Stages = dict[str, int]
Group = tuple[Stages, Stages, list[int]]  # stages, walk-ins, days


def funnel_report(asked: Asked) -> dict[str, Any]:
    """Stages, four rates and cycle of the basis asked for, in total and by what is asked for; with a second
    period beside it when `compare_from` and `compare_to` are given."""
    answer = {
        "projects": asked.named_projects,
        "from": asked.first.isoformat(),
        "to": asked.last.isoformat(),
        "basis": asked.basis,
        "by": asked.by,
        "as_of": asked.today.isoformat() if asked.basis == "cohort" else None,
        "scope": asked.scope,
        **_one(asked, asked.first, asked.last),
        "drill": _drill(asked),
    }
    if asked.compare:
        first, last = asked.compare
        answer["compare"] = {"from": first.isoformat(), "to": last.isoformat(), **_one(asked, first, last)}
    return answer


def _one(asked: Asked, first: dt.date, last: dt.date) -> dict[str, Any]:
    groups = groups_of(asked, first, last, asked.by)
    if asked.by and asked.basis == "period":
        # A customer may have come to two persons or by two channels: the total counts him once.
        total = groups_of(asked, first, last, "").get(None, _empty())
    else:
        total = added(groups.values())
    return {**shown(total), "groups": _named(asked, groups, total[0]) if asked.by else []}


def groups_of(asked: Asked, first: dt.date, last: dt.date, by: str) -> dict[Any, Group]:
    """{key: (stages, walk-ins, days to sign)}. One statement."""
    lead_key, visit_key, deal_key = _KEYS[by]
    params = {
        "projects": asked.project_ids,
        "first": first,
        "last": last,
        "as_of": asked.today,
        "channel": asked.channel,
        **asked.who.params(),
    }
    words = {
        "subscribed": SUBSCRIBED.format("x"),
        "signed": SIGNED.format("x"),
        "led": _LED,
        "lead_key": lead_key,
        "visit_key": visit_key,
        "deal_key": deal_key,
    }
    lead_who = asked.who.sql("l.owner_id", "l.team_id")
    channel = "AND {}.channel_id = %(channel)s" if asked.channel else ""
    if asked.basis == "cohort":
        sql = _COHORT.format(key=lead_key, who=lead_who, channel=channel.format("l"), **words)
        return {
            row[0]: (dict(zip(rules.STAGES, row[1:6], strict=True)), {}, row[6] or []) for row in _rows(sql, params)
        }
    where = (
        "l.project_id = ANY(%(projects)s) AND l.business_date BETWEEN %(first)s AND %(last)s AND l.deleted_at IS NULL"
    )
    sql = _PERIOD.format(
        lead_where=f"{where} AND {lead_who} {channel.format('l')}",
        visit_who=asked.who.sql("x.consultant_id", "x.team_id"),
        visit_channel=channel.format("x"),
        deal_who=asked.who.sql("d.consultant_id", "d.team_id"),
        deal_channel=channel.format("k"),
        deal_channel_join="LEFT JOIN crm_customer k ON k.project_id = d.project_id AND k.id = d.customer_id"
        if by == "channel" or asked.channel
        else "",
        **words,
    )
    found: dict[Any, Group] = {}
    for stage, key, led, walk_in, days in _rows(sql, params):
        stages, walk_ins, cycle = found.setdefault(key, _empty())
        stages[stage], walk_ins[stage] = led, walk_in
        cycle.extend(days or [])
    return found


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _empty() -> Group:
    return dict.fromkeys(rules.STAGES, 0), dict.fromkeys(rules.STAGES[2:], 0), []


def added(groups: Any) -> Group:
    stages, walk_ins, days = _empty()
    for one, apart, cycle in groups:
        for stage in rules.STAGES:
            stages[stage] += one[stage]
        for stage in walk_ins:
            walk_ins[stage] += apart.get(stage, 0)
        days.extend(cycle)
    return stages, walk_ins, days


def shown(group: Group) -> dict[str, Any]:
    stages, walk_ins, days = group
    cycle = rules.cycle(days)
    return {
        "stages": {stage: stages[stage] for stage in rules.STAGES},
        "rates": {name: text(value) for name, value in rules.funnel_rates(stages).items()},
        "cycle": {name: value if isinstance(value, int) else text(value) for name, value in cycle.items()},
        "walk_ins": {stage: walk_ins.get(stage, 0) for stage in rules.STAGES[2:]},
    }


def _named(asked: Asked, groups: Mapping[Any, Group], total: Stages) -> list[dict[str, Any]]:
    """Each group with its shares of the total by stage; the largest first."""
    if asked.by == "project":
        known: Mapping[Any, Any] = {p.pk: {"id": p.pk, "label": p.name} for p in asked.projects}
    else:
        known = labels.LABELS[asked.by](groups)
    rows = []
    for key, group in sorted(groups.items(), key=lambda one: (-one[1][0]["leads"], str(one[0]))):
        whole = {s: group[0][s] + group[1].get(s, 0) for s in rules.STAGES}
        rows.append(
            {
                "key": known.get(key) or (None if key is None else {"id": key, "label": str(key)}),
                **shown(group),
                "shares": {s: text(rules.rate(whole[s], total[s])) for s in rules.STAGES}
                if asked.basis == "cohort"
                else {},
            }
        )
    if asked.basis == "period":
        for stage in rules.STAGES:
            parts = rules.shares([r["stages"][stage] + r["walk_ins"].get(stage, 0) for r in rows])
            for row, part in zip(rows, parts, strict=True):
                row["shares"][stage] = text(part)
    return rows


def _drill(asked: Asked) -> dict[str, Any]:
    first, last = asked.first, asked.last
    found = {
        "leads": drill.rows("leads", drill.between("business_date", first, last)),
        "valid": drill.rows(
            "leads",
            drill.between("business_date", first, last),
            {"field": "valid", "op": "eq", "value": True},
        ),
    }
    if asked.basis == "period":
        found |= {
            "visited": drill.rows("visits", drill.between("business_date", first, last)),
            "subscribed": drill.rows("subscriptions", drill.between("subscribed_on", first, last)),
            "signed": drill.rows("contracts", drill.between("signed_on", first, last)),
        }
    return found


# --- one's own funnel beside the team's ----------------------------------------------------------


def personal_funnel(asked: Asked) -> dict[str, Any]:
    """The asker's (or the chosen person's) rates and cycle against the mean of the team: its rates are those
    of the team's sums, and its numbers the sums divided by its members."""
    me = asked.user if asked.user is not None and asked.scope != "own" else asked.access.actor.user_id
    team = _team_of(asked, me)
    everybody = _with_who(asked, tuple(sorted({*team, me or 0})))
    groups = groups_of(everybody, asked.first, asked.last, "person")
    mine = groups.get(me, _empty())
    mates = added(groups[m] for m in team if m in groups)
    count = len(team) or 1
    return {
        "projects": asked.named_projects,
        "from": asked.first.isoformat(),
        "to": asked.last.isoformat(),
        "basis": asked.basis,
        "as_of": asked.today.isoformat() if asked.basis == "cohort" else None,
        "person": labels.people([me]).get(me),
        "members": len(team),
        "mine": shown(mine),
        "team": shown(mates)
        | {
            "average": {
                s: text((rules.Decimal(mates[0][s]) / count).quantize(rules.Decimal("0.1"))) for s in rules.STAGES
            }
        },
    }


def _team_of(asked: Asked, user_id: int | None) -> Sequence[int]:
    """The members of the person's team, himself included."""
    from anchang.platform.models import TeamMember

    mine = TeamMember.objects.filter(project_id__in=asked.project_ids, user_id=user_id or 0).values("team_id")
    rows = TeamMember.objects.filter(project_id__in=asked.project_ids, team_id__in=mine)
    return sorted(set(rows.values_list("user_id", flat=True))) or [user_id or 0]


def _with_who(asked: Asked, users: tuple[int, ...]) -> Asked:
    from dataclasses import replace

    from anchang.insight.queries.facts import Who

    return replace(asked, who=Who(users))
