"""Pay follows the deals: accrual at signing, release by milestone, void and clawback at the end (BS07).

`follow` brings earnings and lines of some deals to what the deals have done; running it again changes nothing. It
also corrects the other deals of the same accumulation, whose rate may have jumped. Settled lines stay: a difference
comes as a line of its own.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from anchang.commission import queries, rules
from anchang.commission.commands.payees import payees_of
from anchang.commission.models import Earning, Line, Payee, Role, Scheme
from anchang.commission.queries import DealState
from anchang.finance.rules import release_parts
from anchang.platform import numbering
from anchang.platform.context import Context

ZERO = rules.ZERO
FEW = 500


@dataclass(frozen=True)
class Difference:
    """What a deal's pay becomes for one payee."""

    earning: Earning
    before: Decimal
    after: Decimal
    scheme_before: int

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def one_at_a_time(ctx: Context) -> None:
    """Accruals, statements and recalculations of a project wait for each other until the transaction ends."""
    numbering.take(ctx.here.pk, "commission", "", count=0)


def follow(ctx: Context, deal_ids: Iterable[int], *, repick: bool = False) -> list[Difference]:
    """Bring pay up to date. Without `repick` an earning keeps the scheme it was accrued by."""
    ids = sorted(set(deal_ids))
    one_at_a_time(ctx)
    schemes = queries.active_schemes(ctx.here)
    found: list[Difference] = []
    for start in range(0, len(ids), FEW):
        states = queries.deal_states(ctx.here, ids[start : start + FEW])
        groups, moved = _enter(ctx, states, schemes, repick)
        earnings = _of_groups(ctx, groups)
        changes = _reckon(earnings, schemes)
        _write_earnings(ctx, earnings, changes)
        _write_lines(ctx, earnings, schemes, states)
        for e in earnings:
            before = changes.get(e.pk, e.amount)
            if before != e.amount or e.pk in moved:
                found.append(Difference(e, before, e.amount, moved.get(e.pk, e.scheme_id)))
    return found


# --- who earns by which scheme -------------------------------------------------------------------


@dataclass(frozen=True)
class _Claim:
    """Somebody's part in a deal."""

    role: str
    payee: Payee
    share: Decimal
    base: Decimal


_Standing = Mapping[tuple[str, int], Earning]


def _claims(
    ctx: Context, states: Mapping[int, DealState], schemes: Mapping[int, Scheme], known: Mapping[int, _Standing],
    repick: bool,
) -> dict[int, list[_Claim]]:  # fmt: skip
    """Deal -> who has a part in it: consultants by share, every leader of the team, the agency of an agency deal.

    Who has it is settled when it accrues: a consultant's leaving or a new leader moves no pay. Sharing the result
    anew does, and a recalculation asks for the agency again."""
    roles = {s.role for s in schemes.values()}
    live = [s for s in states.values() if s.facts is not None and not s.ended]
    teams = {s.team_id for s in live if not _accrued(known.get(s.id), Role.LEADER)}
    leaders = queries.leaders(ctx.here, teams) if Role.LEADER in roles else {}
    users = {u for s in live for u, _ in s.people} | {u for team in leaders.values() for u in team}
    staff, agencies = payees_of(ctx, users, {s.agency for s in live if s.agency and Role.AGENCY in roles})
    found: dict[int, list[_Claim]] = {}
    for state in live:
        assert state.facts is not None
        total, standing = state.facts.total, known.get(state.id)
        accrued = {} if state.shared else {e.payee: e.share for e in _accrued(standing, Role.CONSULTANT)}
        people = accrued or {staff[user]: share for user, share in state.people}
        own = rules.shared_base(total, list(people.values())) if people else []
        claims = [
            _Claim(Role.CONSULTANT, payee, share, base)
            for (payee, share), base in zip(people.items(), own, strict=True)
        ]
        others = [(Role.LEADER, e.payee) for e in _accrued(standing, Role.LEADER)]
        others = others or [(Role.LEADER, staff[u]) for u in leaders.get(state.team_id or 0, ())]
        firms = [] if repick else [e.payee for e in _accrued(standing, Role.AGENCY)]
        firms = firms or ([agencies[state.agency]] if state.agency in agencies else [])
        others += [(Role.AGENCY, firm) for firm in firms]
        found[state.id] = [*claims, *(_Claim(role, payee, rules.HUNDRED, total) for role, payee in others)]
    return found


def _accrued(standing: _Standing | None, role: str) -> list[Earning]:
    return [e for (r, _payee), e in sorted((standing or {}).items()) if r == role and not e.ended]


def _enter(
    ctx: Context, states: Mapping[int, DealState], schemes: Mapping[int, Scheme], repick: bool
) -> tuple[set[tuple[int, dt.date, str]], dict[int, int]]:
    """Write one earning per deal, role and payee. Answers the accumulations that are touched, and the former schemes
    of earnings that changed theirs."""
    offered = [
        rules.Offered(s.pk, s.role, s.product_type, s.valid_from, s.valid_to, s.team_id) for s in schemes.values()
    ]
    known: dict[int, dict[tuple[str, int], Earning]] = defaultdict(dict)
    for e in Earning.objects.filter(project=ctx.here, deal__in=list(states)).select_related("payee"):
        known[e.deal_id][e.role, e.payee_id] = e
    claims = _claims(ctx, states, schemes, known, repick)
    fresh, changed, groups, moved = [], [], set(), {}
    for state in states.values():
        standing = known[state.id]
        groups |= {(e.scheme_id, e.period, e.group) for e in standing.values()}
        if not state.ended and state.facts is None:
            continue  # a version of its contract is being written anew: pay waits for it
        kept: set[tuple[str, int]] = set()
        for claim in claims.get(state.id, ()):
            earning = standing.get((claim.role, claim.payee.pk))
            scheme = _scheme(state, claim.role, standing, schemes, offered, repick)
            if scheme is None or _unpaid(state, scheme):
                continue
            kept.add((claim.role, claim.payee.pk))
            values = _values(state, claim, scheme)
            if earning is None:
                fresh.append(Earning(
                    project=ctx.here, deal_id=state.id, payee=claim.payee, role=claim.role,
                    created_by_id=ctx.user_id, **values,
                ))  # fmt: skip
            else:
                if earning.scheme_id != scheme.pk:
                    moved[earning.pk] = earning.scheme_id
                if _differs(earning, values):
                    changed.append(earning)
            groups.add((scheme.pk, values["period"], values["group"]))
        for key, earning in standing.items():
            if key not in kept and not earning.ended:
                earning.ended, earning.base = True, ZERO
                changed.append(earning)
    Earning.objects.bulk_create(fresh, batch_size=1000)
    Earning.objects.bulk_update(
        changed, ["scheme", "period", "group", "signed_on", "share", "base", "contract", "ended"], batch_size=500
    )
    return groups, moved


def _scheme(
    state: DealState, role: str, standing: Mapping[tuple[str, int], Earning], schemes: Mapping[int, Scheme],
    offered: Sequence[rules.Offered], repick: bool,
) -> Scheme | None:  # fmt: skip
    """The scheme that the deal's role has; without one, or when asked again, the one that fits its signing day."""
    pinned = next((e.scheme_id for (r, _), e in sorted(standing.items()) if r == role), None)
    if pinned is not None and pinned in schemes and not repick:
        return schemes[pinned]
    assert state.facts is not None
    best = rules.choose(offered, role, state.product_type, state.team_id, state.facts.signed_on)
    return schemes[best.id] if best else None


def _unpaid(state: DealState, scheme: Scheme) -> bool:
    """Deals of staff and connected buyers earn nothing unless the scheme says so (DOMAIN 10)."""
    return state.connected and not scheme.pays_connected


def _values(state: DealState, claim: _Claim, scheme: Scheme) -> dict[str, Any]:
    facts = state.facts
    assert facts is not None
    base = claim.base
    if scheme.base == Scheme.Base.COLLECTED:
        base = rules.yuan(facts.collected_total * claim.share / rules.HUNDRED)
    team = scheme.scope == Scheme.Scope.TEAM and state.team_id
    return {
        "scheme": scheme, "period": rules.period_start(scheme.period, facts.signed_on),
        "group": f"team:{state.team_id}" if team else f"payee:{claim.payee.pk}",
        "signed_on": facts.signed_on, "share": claim.share, "base": base, "contract_id": state.contract_id,
        "ended": False,
    }  # fmt: skip


def _differs(earning: Earning, values: Mapping[str, Any]) -> bool:
    """Take the values over; answers whether anything changed."""
    changed = False
    for name, value in values.items():
        column = "scheme_id" if name == "scheme" else name
        now = value.pk if name == "scheme" else value
        if getattr(earning, column) != now:
            setattr(earning, name, value)
            changed = True
    return changed


# --- how much ------------------------------------------------------------------------------------


def _of_groups(ctx: Context, groups: Iterable[tuple[int, dt.date, str]]) -> list[Earning]:
    """All earnings of these accumulations, in order of signing."""
    wanted = Q(pk__in=[])
    by_period: dict[tuple[int, dt.date], set[str]] = defaultdict(set)
    for scheme, period, group in groups:
        by_period[scheme, period].add(group)
    for (scheme, period), names in by_period.items():
        wanted |= Q(scheme=scheme, period=period, group__in=sorted(names))
    rows = Earning.objects.filter(wanted, project=ctx.here) if by_period else Earning.objects.none()
    return list(rows.order_by("signed_on", "deal_id", "payee_id"))


def _reckon(earnings: Sequence[Earning], schemes: Mapping[int, Scheme]) -> dict[int, Decimal]:
    """Set amount and rate of each earning. Answers id -> amount before, of those that changed."""
    groups: dict[tuple[int, dt.date, str], list[Earning]] = defaultdict(list)
    for earning in earnings:
        groups[earning.scheme_id, earning.period, earning.group].append(earning)
    changes = {}
    for (scheme_id, _period, _group), members in groups.items():
        scheme = schemes[scheme_id]
        tiers = rules.read_tiers(scheme.tiers)
        bases = [e.base for e in members]
        total = sum(bases, ZERO)
        for earning, amount in zip(members, rules.earned(bases, tiers, scheme.mode), strict=True):
            rate = rules.shown_rate(earning.base, amount, total, tiers, scheme.mode)
            if (earning.amount, earning.rate) != (amount, rate):
                changes[earning.pk] = earning.amount
                earning.amount, earning.rate = amount, rate
    return changes


def _write_earnings(ctx: Context, earnings: Sequence[Earning], changes: Mapping[int, Decimal]) -> None:
    changed = [e for e in earnings if e.pk in changes]
    Earning.objects.bulk_update(changed, ["amount", "rate"], batch_size=500)
    for earning in changed:
        before, after = changes[earning.pk], earning.amount
        if before == 0 and not earning.released:
            ctx.event("commission.accrued", earning, amount=str(after), rate=f"{earning.rate * 100:.4f}%")
        elif before != after:
            ctx.event("commission.changed", earning, before=str(before), after=str(after))


# --- in which lines ------------------------------------------------------------------------------


def _write_lines(
    ctx: Context, earnings: Sequence[Earning], schemes: Mapping[int, Scheme], known: Mapping[int, DealState]
) -> None:
    """One open line per part, so that the part's lines sum to what it should be; sums of the earnings follow."""
    others = {e.deal_id for e in earnings} - set(known)
    states = {**known, **queries.deal_states(ctx.here, others)} if others else known
    delivered = queries.delivered_deals(ctx.here, list(states))
    lines: dict[tuple[int, int], list[Line]] = defaultdict(list)
    ids = [e.pk for e in earnings]
    for line in Line.objects.filter(project=ctx.here, earning__in=ids).exclude(state="void").order_by("id"):
        lines[line.earning_id or 0, line.part or 0].append(line)
    auto = bool(ctx.param("commission.auto_confirm"))
    fresh: list[Line] = []
    changed: list[Line] = []
    for earning in earnings:
        parts = rules.read_parts(
            schemes[earning.scheme_id].milestones, schemes[earning.scheme_id].retention,
            schemes[earning.scheme_id].retention_days,
        )  # fmt: skip
        amounts = release_parts(earning.amount, [p.share for p in parts]) if earning.amount else [ZERO] * len(parts)
        past = max((n for e, n in lines if e == earning.pk), default=-1)
        for n in range(max(len(parts), past + 1)):
            target = amounts[n] if n < len(parts) else ZERO
            here = lines.get((earning.pk, n), [])
            reached = _reached(ctx, parts[n], states[earning.deal_id], delivered, here) if n < len(parts) else None
            _line(
                ctx, earning, (n, parts[n].kind if n < len(parts) else ""), target, here, reached, auto, fresh, changed
            )
    Line.objects.bulk_create(fresh, batch_size=1000)
    Line.objects.bulk_update(
        changed, ["amount", "state", "former_state", "kind", "reached_on", "milestone", "statement"], batch_size=500
    )
    refresh_sums(ctx, ids)


def _reached(
    ctx: Context, part: rules.Part, state: DealState, delivered: set[int], lines: Sequence[Line]
) -> dt.date | None:
    """The day of the part's milestone. Handover has no day of its own: it is the day on which it was seen first."""
    if part.kind == rules.DELIVERED and state.id in delivered:
        return next((line.reached_on for line in lines if line.reached_on), ctx.business_date)
    return rules.reached_on(part, state.facts, ctx.business_date) if state.facts else None


def _line(
    ctx: Context, earning: Earning, part: tuple[int, str], target: Decimal, lines: Sequence[Line],
    reached: dt.date | None, auto: bool, fresh: list[Line], changed: list[Line],
) -> None:  # fmt: skip
    open_line = next((line for line in lines if line.state in rules.OPEN), None)
    settled = sum((line.amount for line in lines if line.state in rules.CLOSED), ZERO)
    wanted = rules.wanted_line(
        target, rules.Standing(settled, open_line.state if open_line else ""), reached is not None, auto
    )
    if wanted.state == "void":
        if open_line is not None:
            open_line.former_state, open_line.state, open_line.statement = open_line.state, "void", None
            changed.append(open_line)
        return
    since = ctx.business_date if wanted.kind == "clawback" else reached
    if open_line is None:
        fresh.append(Line(
            project=ctx.here, payee_id=earning.payee_id, earning=earning, deal_id=earning.deal_id, part=part[0],
            milestone=part[1], kind=wanted.kind, amount=wanted.amount, state=wanted.state, reached_on=since,
            created_by_id=ctx.user_id,
        ))  # fmt: skip
        return
    if wanted.kind == "clawback" and open_line.kind == "clawback":
        since = open_line.reached_on
    now = (open_line.amount, open_line.state, open_line.kind, open_line.reached_on, open_line.milestone)
    if now != (wanted.amount, wanted.state, wanted.kind, since, part[1]):
        open_line.amount, open_line.state, open_line.kind = wanted.amount, wanted.state, wanted.kind
        open_line.reached_on, open_line.milestone = since, part[1]
        if wanted.state != "payable":
            open_line.statement = None
        changed.append(open_line)


_SUMS = """
UPDATE commission_earning e SET released = s.released, settled = s.settled, paid = s.paid
  FROM (SELECT x.id, coalesce(sum(l.amount) FILTER (WHERE l.state IN ('payable', 'settled', 'paid')), 0) AS released,
               coalesce(sum(l.amount) FILTER (WHERE l.state IN ('settled', 'paid')), 0) AS settled,
               coalesce(sum(l.amount) FILTER (WHERE l.state = 'paid'), 0) AS paid
          FROM commission_earning x LEFT JOIN commission_line l ON l.project_id = x.project_id AND l.earning_id = x.id
         WHERE x.project_id = %(project)s AND x.id = ANY(%(ids)s) GROUP BY x.id) s
 WHERE e.project_id = %(project)s AND e.id = s.id
   AND (e.released, e.settled, e.paid) IS DISTINCT FROM (s.released, s.settled, s.paid)"""


def refresh_sums(ctx: Context, earning_ids: Iterable[int | None]) -> None:
    """Released, settled and paid of these earnings from their lines."""
    ids = sorted({pk for pk in earning_ids if pk})
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_SUMS, {"project": ctx.here.pk, "ids": ids})
