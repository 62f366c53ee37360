"""Reads of pay: what deals have done, who shares them, what people sold, statements and the settlement report."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum

from anchang.commission import rules
from anchang.commission.models import Earning, Line, Payee, Scheme, Split, Statement
from anchang.deals.models import Contract, Deal
from anchang.finance.models import Allocation, Receipt, Receivable
from anchang.kernel.money import ZERO
from anchang.platform.models import Project, TeamMember

#: A signed contract earns until its deal has ended; one waiting to be revoked or changed still counts.
COUNTED = ("signed", "filed", "delivered", "titled", "change_pending", "terminating", "revoked")


@dataclass(frozen=True)
class DealState:
    """A deal as pay sees it. `shared`: somebody said who shares it; `facts` is None while no contract counts."""

    id: int
    ended: bool
    contract_id: int | None
    product_type: str
    team_id: int | None
    agency: str
    people: tuple[tuple[int, Decimal], ...]
    shared: bool
    facts: rules.DealFacts | None
    connected: bool = False


def deal_states(project: Project, deal_ids: Iterable[int]) -> dict[int, DealState]:
    """Facts of these deals, four statements whatever their number."""
    ids = list(deal_ids)
    papers, signed = _papers(project, ids)
    shares = _shares(project, ids)
    money = _money(project, list(papers))
    deals = Deal.objects.filter(project=project, pk__in=ids).annotate(product=F("unit__product_type"))
    return {
        deal.pk: DealState(
            deal.pk, deal.state == Deal.State.ENDED, papers[deal.pk].pk if deal.pk in papers else None,
            deal.product or "", deal.team_id,
            deal.agency if deal.sales_mode == Deal.SalesMode.AGENCY else "",
            shares.get(deal.pk) or (((deal.consultant_id, rules.HUNDRED),) if deal.consultant_id else ()),
            deal.pk in shares,
            _facts(deal, papers.get(deal.pk), signed.get(deal.pk), money), bool(deal.connected),
        )
        for deal in deals
    }  # fmt: skip


def _papers(project: Project, ids: Sequence[int]) -> tuple[dict[int, Contract], dict[int, dt.date]]:
    """Deal -> its contract in force, and the day on which its first version was signed: a new version changes the
    price, not the period."""
    papers: dict[int, Contract] = {}
    signed: dict[int, dt.date] = {}
    rows = Contract.objects.filter(project=project, deal__in=ids, state__in=(*COUNTED, "voided"))
    for paper in rows.order_by("-revision", "-id"):
        if paper.state in COUNTED:
            papers.setdefault(paper.deal_id, paper)
        if paper.deal_id in papers and (paper.state in COUNTED or paper.revision < papers[paper.deal_id].revision):
            signed[paper.deal_id] = min(paper.signed_on, signed.get(paper.deal_id, paper.signed_on))
    return papers, signed


def _shares(project: Project, ids: Sequence[int]) -> dict[int, tuple[tuple[int, Decimal], ...]]:
    found: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    rows = Split.objects.filter(project=project, deal__in=ids).order_by("deal", "user_id")
    for deal, user, share in rows.values_list("deal", "user_id", "share"):
        found[deal].append((user, share))
    return {deal: tuple(parts) for deal, parts in found.items()}


class _Money:
    def __init__(self) -> None:
        self.collected: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
        self.loans: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
        self.loan_due: dict[int, Decimal] = {}


def _money(project: Project, ids: Sequence[int]) -> _Money:
    """House money by day as the ledger has it. What was offset against a payable is no collection."""
    found = _Money()
    rows = (
        Allocation.objects.filter(project=project, receivable__deal__in=ids, receivable__house=True)
        .exclude(receipt__way=Receipt.Way.OFFSET)
        .values("receivable__deal", "business_date")
        .annotate(sum=Sum("amount"), loans=Sum("amount", filter=~Q(receivable__money="cash"), default=ZERO))
        .order_by("receivable__deal", "business_date")
    )
    for row in rows:
        found.collected[row["receivable__deal"]].append((row["business_date"], row["sum"]))
        found.loans[row["receivable__deal"]].append((row["business_date"], row["loans"]))
    due = Receivable.objects.filter(project=project, deal__in=ids, house=True, voided=False).exclude(money="cash")
    found.loan_due = dict(due.order_by().values("deal").annotate(sum=Sum("amount")).values_list("deal", "sum"))
    return found


def _facts(deal: Deal, paper: Contract | None, signed_on: dt.date | None, money: _Money) -> rules.DealFacts | None:
    if paper is None or signed_on is None:
        return None
    return rules.DealFacts(
        paper.total, signed_on, paper.filed_on, None, money.collected.get(deal.pk, ()),
        money.loans.get(deal.pk, ()), money.loan_due.get(deal.pk, ZERO),
    )  # fmt: skip


def delivered_deals(project: Project, ids: Sequence[int]) -> set[int]:
    rows = Deal.objects.filter(project=project, pk__in=ids, state=Deal.State.DELIVERED)
    return set(rows.values_list("pk", flat=True))


def active_schemes(project: Project) -> dict[int, Scheme]:
    rows = Scheme.objects.filter(project=project).exclude(state=Scheme.State.DRAFT)
    return {s.pk: s for s in rows.order_by("id")}


def leaders(project: Project, team_ids: Iterable[int | None]) -> dict[int, list[int]]:
    """Team -> the users who lead it."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = TeamMember.objects.filter(project=project, team__in=[t for t in team_ids if t], leads=True)
    for team, user in rows.order_by("team", "user_id").values_list("team", "user_id"):
        found[team].append(user)
    return found


def deals_signed(project: Project, first: dt.date, last: dt.date) -> list[int]:
    """Deals with a contract signed on these days, and those that earned pay then."""
    rows = Contract.objects.filter(project=project, state__in=COUNTED, signed_on__range=(first, last))
    earned = Earning.objects.filter(project=project, signed_on__range=(first, last))
    return sorted({*rows.values_list("deal", flat=True), *earned.values_list("deal", flat=True)})


def deals_unfinished(project: Project) -> list[int]:
    """Deals whose pay may still move: signed without pay, with parts that wait for their milestone,
    or ended."""
    known = Earning.objects.filter(project=project).values("deal")
    fresh = Contract.objects.filter(project=project, state__in=COUNTED).exclude(deal__in=known)
    waiting = Line.objects.filter(
        project=project, earning__isnull=False, state__in=("accrued", "confirmed", "payable", "held")
    )
    over = Earning.objects.filter(project=project, ended=False, deal__state=Deal.State.ENDED)
    return sorted({pk for rows in (fresh, waiting, over) for pk in rows.values_list("deal", flat=True)})


# --- the settlement report ------------------------------------------------------------------------


@dataclass(frozen=True)
class Settlement:
    """One payee's month: opening + earned − taken_back − paid = closing, what is owed to him and unpaid."""

    payee: Payee
    opening: Decimal
    earned: Decimal
    taken_back: Decimal
    paid: Decimal
    waiting: Decimal  # released, in no closed statement yet
    retained: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.earned - self.taken_back - self.paid


def settlements(project: Project, month: dt.date, payees: Q) -> list[Settlement]:
    """Per payee: settled by closed statements and paid up to and in the month; what waits and is kept back now."""
    last = rules.period_end("month", month)
    closed = Q(state__in=("closed", "paid"))
    paid_before, paid_now = Q(paid_on__lt=month), Q(paid_on__range=(month, last))
    sums: dict[int, Any] = {
        row["payee"]: row
        for row in Statement.objects.filter(closed, project=project, period__lte=last).order_by().values("payee")
        .annotate(
            before=Sum("lines_total", filter=Q(period__lt=month), default=ZERO),
            paid_before=Sum("to_pay", filter=paid_before, default=ZERO),
            now_earned=Sum("earned", filter=Q(period=month), default=ZERO),
            now_back=Sum("taken_back", filter=Q(period=month), default=ZERO),
            now_paid=Sum("to_pay", filter=paid_now, default=ZERO),
        )
    }  # fmt: skip
    lines = Line.objects.filter(project=project, state=Line.State.PAYABLE).order_by().values("payee")
    waiting = dict(lines.annotate(sum=Sum("amount")).values_list("payee", "sum"))
    kept = Earning.objects.filter(project=project).order_by().values("payee").annotate(sum=Sum("retained"))
    retained = dict(kept.values_list("payee", "sum"))
    found = []
    for payee in Payee.objects.filter(payees, project=project).order_by("name", "id"):
        row = sums.get(payee.pk, {})
        one = Settlement(
            payee, row.get("before", ZERO) - row.get("paid_before", ZERO), row.get("now_earned", ZERO),
            row.get("now_back", ZERO), row.get("now_paid", ZERO), waiting.get(payee.pk, ZERO),
            retained.get(payee.pk, ZERO),
        )  # fmt: skip
        if any((one.opening, one.earned, one.taken_back, one.paid, one.waiting, one.retained)):
            found.append(one)
    return found


def earnings_of_month(project: Project, month: dt.date, payees: Q) -> list[Earning]:
    """Deals behind the report: signed in the month, or with a line in a statement of the month."""
    last = rules.period_end("month", month)
    settled = Line.objects.filter(project=project, statement__period=month, earning__isnull=False)
    rows = Earning.objects.filter(
        Q(signed_on__range=(month, last)) | Q(pk__in=settled.values("earning")),
        project=project, payee__in=Payee.objects.filter(payees, project=project),
    ).select_related("payee", "deal__unit", "scheme", "contract")  # fmt: skip
    return list(rows.order_by("payee__name", "payee_id", "signed_on", "id"))


def statements_of_month(project: Project, month: dt.date, payees: Q) -> list[Statement]:
    rows = Statement.objects.filter(project=project, period=month, payee__in=Payee.objects.filter(payees))
    return list(rows.select_related("payee").order_by("payee__name", "id"))


def statement_lines(statement: Statement) -> list[Line]:
    rows = Line.objects.filter(project_id=statement.project_id, statement=statement)
    return list(rows.select_related("deal__unit", "earning__contract", "award").order_by("kind", "deal_id", "id"))
