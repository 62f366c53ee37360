"""Sums of what happened, from the records themselves, by business date.

Each source says where one item of the daily figures stands: table, business date, person, team, channel and
what is added up. `live_sums` puts them into one statement, grouped by no more than what is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from anchang.insight.rules import Sums
from anchang.kernel.money import ZERO

#: A subscription that was in force: drafts, and drafts given up, never were.
SUBSCRIBED = "{0}.state NOT IN ('draft', 'approving') AND ({0}.state <> 'cancelled' OR {0}.activated_on IS NOT NULL)"
#: A contract that was signed; a voided one only if a later version took its place, be it a draft after a revocation.
SIGNED = (
    "({0}.state NOT IN ('draft', 'reviewed', 'voided') OR {0}.state = 'voided' AND EXISTS ("
    "SELECT FROM deals_contract later WHERE later.project_id = {0}.project_id AND later.deal_id = {0}.deal_id"
    " AND later.revision > {0}.revision AND later.state <> 'voided'))"
)

_DEAL = "JOIN deals_deal d ON d.project_id = x.project_id AND d.id = x.deal_id"
_PRODUCT_TYPE = (
    "coalesce((SELECT u.product_type FROM inventory_unit u WHERE u.project_id = d.project_id AND u.id = d.unit_id), '')"
)
_CHANNEL = "LEFT JOIN crm_customer k ON k.project_id = d.project_id AND k.id = d.customer_id"


def _prior(table: str, counts: str) -> str:
    """The paper that this one takes the place of: an earlier one of the deal, else of the deal exchanged."""
    return f"""
    LEFT JOIN LATERAL (
        SELECT p.total, p.gross_area FROM {table} p
         WHERE p.project_id = x.project_id AND p.deleted_at IS NULL AND {counts.format("p")}
           AND (p.deal_id = x.deal_id AND p.id < x.id OR p.deal_id = d.previous_id)
         ORDER BY p.deal_id = x.deal_id DESC, p.id DESC LIMIT 1) prior ON true"""


_REPLACED = "EXISTS (SELECT FROM deals_deal n WHERE n.project_id = x.project_id AND n.previous_id = x.deal_id)"


@dataclass(frozen=True)
class Source:
    """One item. `channel_join` is added only when channels are asked for."""

    item: str
    table: str
    day: str
    where: str
    user: str
    team: str
    channel: str = "NULL::bigint"
    joins: str = ""
    channel_join: str = ""
    count: str = "count(*)"
    area: str = "NULL::numeric"
    amount: str = "NULL::numeric"


def _paper(item: str, table: str, day: str, where: str, *, change: bool = False, prior: str = "") -> Source:
    """A subscription or contract as units, area and amount; a change counts the difference and no units."""
    return Source(
        item,
        table,
        day,
        where,
        "d.consultant_id",
        "d.team_id",
        "k.channel_id",
        _DEAL + prior,
        _CHANNEL,
        "0" if change else "count(*)",
        f"sum(x.gross_area{' - prior.gross_area' if change else ''})",
        f"sum(x.total{' - prior.total' if change else ''})",
    )


def _papers() -> list[Source]:
    sub, con = "deals_subscription", "deals_contract"
    counts_sub, counts_con = SUBSCRIBED.format("x"), SIGNED.format("x")
    prior_sub, prior_con = _prior(sub, SUBSCRIBED), _prior(con, SIGNED)
    ended = "x.state IN ('forfeited', 'refunded', 'cancelled')"
    return [
        _paper("subscribe", sub, "x.subscribed_on", f"{counts_sub} AND prior.total IS NULL", prior=prior_sub),
        _paper("unsubscribe", sub, "x.ended_on", f"{counts_sub} AND {ended} AND NOT {_REPLACED}"),
        _paper(
            "subscribe_change",
            sub,
            "x.subscribed_on",
            f"{counts_sub} AND prior.total IS NOT NULL",
            change=True,
            prior=prior_sub,
        ),
        _paper("sign", con, "x.signed_on", f"{counts_con} AND prior.total IS NULL", prior=prior_con),
        _paper("terminate", con, "x.terminated_on", f"x.state = 'terminated' AND NOT {_REPLACED}"),
        _paper(
            "sign_change",
            con,
            "x.signed_on",
            f"{counts_con} AND prior.total IS NOT NULL",
            change=True,
            prior=prior_con,
        ),
    ]


_TAKEN = """
    JOIN LATERAL (
        SELECT sum(a.amount) AS amount FROM finance_allocation a
          JOIN finance_receipt r ON r.project_id = a.project_id AND r.id = a.receipt_id
         WHERE a.project_id = x.project_id AND a.refund_id = x.id AND r.kind = 'house'
           AND r.way <> 'offset') t
      ON t.amount <> 0"""

SOURCES: tuple[Source, ...] = (
    Source("lead", "crm_lead", "x.business_date", "true", "x.owner_id", "x.team_id", "x.channel_id"),
    Source(
        "call",
        "crm_callin",
        "x.business_date",
        "true",
        "coalesce(x.passed_to_id, x.taken_by_id)",
        "x.team_id",
        "x.channel_id",
    ),
    Source(
        "first_call",
        "crm_callin",
        "x.business_date",
        "x.first",
        "coalesce(x.passed_to_id, x.taken_by_id)",
        "x.team_id",
        "x.channel_id",
    ),
    Source("visit", "crm_visit", "x.business_date", "true", "x.consultant_id", "x.team_id", "x.channel_id"),
    Source(
        "first_visit",
        "crm_visit",
        "x.business_date",
        "x.seq = 1",
        "x.consultant_id",
        "x.team_id",
        "x.channel_id",
    ),
    Source(
        "customer",
        "crm_customer",
        "x.business_date",
        "x.state <> 'merged'",
        "x.owner_id",
        "x.team_id",
        "x.channel_id",
    ),
    Source("follow_up", "crm_followup", "x.business_date", "true", "x.author_id", "x.team_id"),
    *_papers(),
    Source(
        "receive",
        "finance_receipt",
        "x.business_date",
        "x.kind = 'house' AND x.way <> 'offset' AND x.state <> 'draft'",
        "d.consultant_id",
        "d.team_id",
        "k.channel_id",
        _DEAL,
        _CHANNEL,
        amount="sum(x.amount)",
    ),
    Source(
        "refund",
        "finance_refund",
        "x.paid_on",
        "x.state = 'paid' AND x.kind = 'return'",
        "d.consultant_id",
        "d.team_id",
        "k.channel_id",
        _DEAL + _TAKEN,
        _CHANNEL,
        amount="sum(t.amount)",
    ),
)
ITEMS = tuple(source.item for source in SOURCES)
KEYS = ("about", "user_id", "team_id", "channel_id")


@dataclass(frozen=True)
class Who:
    """Whose figures: everybody's (both None), these persons', or these persons' and the team's."""

    users: tuple[int, ...] | None = None
    team_id: int | None = None

    def sql(self, user: str, team: str) -> str:
        if self.users is None and self.team_id is None:
            return "true"
        parts = [f"{user} = ANY(%(users)s)"] if self.users is not None else []
        if self.team_id is not None:
            parts.append(f"{team} = %(team)s")
        return f"({' OR '.join(parts)})"

    def params(self) -> dict[str, Any]:
        return {"users": list(self.users or ()), "team": self.team_id}


EVERYBODY = Who()


def facts_sql(items: Iterable[str], keys: Sequence[str], who: Who = EVERYBODY) -> str:
    """item, keys…, count, area, amount of the items between %(first)s and %(last)s in %(projects)s.

    The key `stretch` numbers the stretches of days that begin at %(starts)s, from 1.
    """
    wanted = set(items)
    return "\nUNION ALL\n".join(_arm(s, keys, who) for s in SOURCES if s.item in wanted)


def _arm(source: Source, keys: Sequence[str], who: Who) -> str:
    columns = {
        "about": source.day,
        "stretch": f"width_bucket({source.day}, %(starts)s::date[])",
        "user_id": source.user,
        "team_id": source.team,
        "channel_id": source.channel,
        "project_id": "x.project_id",
        "product_type": _PRODUCT_TYPE if _DEAL in source.joins else "''",
        "sales_mode": "d.sales_mode" if _DEAL in source.joins else "''",
        "agency": "d.agency" if _DEAL in source.joins else "''",
    }
    chosen = "".join(f", {columns[key]} AS {key}" for key in keys)
    joins = source.joins + (" " + source.channel_join if "channel_id" in keys else "")
    group = f" GROUP BY {', '.join(columns[key] for key in keys)}" if keys else ""
    return (
        f"SELECT '{source.item}'::text AS item{chosen}, {source.count} AS count, {source.area} AS area,"
        f" {source.amount} AS amount FROM {source.table} x {joins}"
        f" WHERE x.project_id = ANY(%(projects)s) AND {source.day} BETWEEN %(first)s AND %(last)s"
        " AND x.deleted_at IS NULL"
        f" AND {source.where} AND {who.sql(source.user, source.team)}{group}"
    )


Row = tuple[str, tuple[Any, ...], Sums]


def live_sums(
    project_ids: Sequence[int],
    first: dt.date,
    last: dt.date,
    items: Iterable[str],
    keys: Sequence[str] = (),
    who: Who = EVERYBODY,
) -> list[Row]:
    """(item, key values, sums) from the records. One statement."""
    if first > last:
        return []
    sql = facts_sql(items, keys, who)
    return _rows(sql, {"projects": list(project_ids), "first": first, "last": last, **who.params()}, len(keys))


def stored_sums(
    project_ids: Sequence[int],
    first: dt.date,
    last: dt.date,
    items: Iterable[str],
    keys: Sequence[str] = (),
    who: Who = EVERYBODY,
) -> list[Row]:
    """The same from closed days."""
    if first > last:
        return []
    chosen = "".join(f", {key}" for key in keys)
    sql = (
        f"SELECT item{chosen}, sum(count), sum(area), sum(amount) FROM insight_dayfigure"
        " WHERE project_id = ANY(%(projects)s) AND day BETWEEN %(first)s AND %(last)s"
        " AND item = ANY(%(items)s)"
        f" AND {who.sql('user_id', 'team_id')} GROUP BY item{chosen}"
    )
    params = {
        "projects": list(project_ids),
        "first": first,
        "last": last,
        "items": list(items),
        **who.params(),
    }
    return _rows(sql, params, len(keys))


Spans = Sequence[tuple[dt.date, dt.date]]


def stored_in_spans(
    project_ids: Sequence[int], spans: Spans, keys: Sequence[str], who: Who = EVERYBODY
) -> list[list[Row]]:
    """As `stored_sums` for several spans of closed days, in one reading of the days that they cover."""
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    if first > last:
        return [[] for _ in spans]
    chosen = "".join(f", {key}" for key in keys)
    parts, params = [], {"projects": list(project_ids), "first": first, "last": last, **who.params()}
    for at, (start, end) in enumerate(spans):
        params |= {f"s{at}": start, f"e{at}": end}
        test = f"FILTER (WHERE day BETWEEN %(s{at})s AND %(e{at})s)"
        parts.append(f"sum(count) {test}, sum(area) {test}, sum(amount) {test}")
    sql = (
        f"SELECT item{chosen}, {', '.join(parts)} FROM insight_dayfigure"
        " WHERE project_id = ANY(%(projects)s) AND day BETWEEN %(first)s AND %(last)s"
        f" AND {who.sql('user_id', 'team_id')} GROUP BY item{chosen}"
    )
    found: list[list[Row]] = [[] for _ in spans]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for row in cursor.fetchall():
            key = tuple(row[1 : 1 + len(keys)])
            for at in range(len(spans)):
                count, area, amount = row[1 + len(keys) + 3 * at : 4 + len(keys) + 3 * at]
                if count is not None:
                    found[at].append((row[0], key, Sums(int(count), area or ZERO, amount or ZERO)))
    return found


def live_in_spans(
    project_ids: Sequence[int], spans: Spans, keys: Sequence[str], who: Who = EVERYBODY
) -> list[list[Row]]:
    """As `live_sums` for several spans: one statement adds up each stretch of days between two of their ends."""
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    found: list[list[Row]] = [[] for _ in spans]
    if first > last:
        return found
    day = dt.timedelta(days=1)
    starts = sorted({start for start, _ in spans} | {end + day for _, end in spans})
    params = {"projects": list(project_ids), "first": first, "last": last, "starts": starts, **who.params()}
    for item, (stretch, *key), sums in _rows(facts_sql(ITEMS, ("stretch", *keys), who), params, len(keys) + 1):
        begins = starts[stretch - 1]
        for rows, (start, end) in zip(found, spans, strict=True):
            if start <= begins <= end:
                rows.append((item, tuple(key), sums))
    return found


def _rows(sql: str, params: dict[str, Any], keys: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [
            (row[0], tuple(row[1 : 1 + keys]), Sums(int(row[-3] or 0), row[-2] or ZERO, row[-1] or ZERO))
            for row in cursor.fetchall()
        ]
