"""The launch of the fourth building: priced by a scheme, queued for, drawn, chosen online, and what came of it.

Everything goes through the commands, each at its own moment, but for the hour of choosing: the deciding function knows
the present only. Its decisions are made here by the rule that it follows (opening.rules.decide), chained by the same
rule, and what a win gives is given by the same function of the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from random import Random

from django.db import connection

from anchang.config.demo.crowd import Crowd
from anchang.config.demo.dealings import Dealer
from anchang.config.demo.lives import Life
from anchang.config.demo.people import Office, given
from anchang.config.demo.stock import Plot, Stock, raise_building, release
from anchang.crm.models import Customer
from anchang.deals.commands.launch import (
    CheckInput,
    CommitInput,
    DrawInput,
    SchemeInput,
    add_launch_schemes,
    commit_lottery,
    draw_lottery,
    end_registration,
    start_registration,
    tick_launch,
)
from anchang.deals.commands.tickets import QualifyInput, TicketInput, issue_tickets, qualify_ticket
from anchang.deals.models import LaunchScheme, QueueTicket
from anchang.finance.commands import MoneyInput
from anchang.finance.models import Receipt
from anchang.inventory.commands import schemes as pricing
from anchang.inventory.commands.prices import publish
from anchang.inventory.models import Licence, PriceList, Unit
from anchang.opening import rules
from anchang.opening.commands.claims import confirm_claim, settle_openings
from anchang.opening.commands.preparing import (
    AdmitInput,
    FavouriteInput,
    OfferInput,
    OpeningInput,
    add_openings,
    admit_buyers,
    mark_favourites,
    offer_units,
)
from anchang.opening.commands.running import (
    close_opening,
    end_rehearsal,
    make_ready,
    open_opening,
    start_rehearsal,
)
from anchang.opening.models import Attempt, OfferedUnit, Opening, OpeningBuyer, OpeningClaim
from anchang.processes.queueing import WithdrawInput, finish_launch, receive_on_ticket, withdraw_ticket
from anchang.processes.receiving import receive_on_subscription
from anchang.processes.signing import SignInput, sign_contract
from anchang.processes.subscribing import SubscribeInput, subscribe_unit

PLOT = Plot("4", 12, "ABBA", 13, 25200)
#: Days before today.
REGISTERED, DRAWN, OPENED, FINISHED = 10, 6, 4, 2
TICKETS, TRIES, LATE, SIGNED = 42, 16, 2, 9
SINCERITY = Decimal(20000)
FACTORS = [
    {"name": "楼层", "dimension": "floor", "kind": "amount", "lines": [
        {"from": 2, "to": 3, "value": "-500"}, {"from": 4, "to": 8, "value": "200"}, {"from": 9, "value": "520"}]},
    {"name": "朝向", "dimension": "orientation", "kind": "percent", "lines": [
        {"is": "东南", "value": "1.2"}, {"is": "西南", "value": "-0.4"}]},
    {"name": "户型", "dimension": "layout", "kind": "amount", "lines": [{"is": "A", "value": "300"}]},
    {"name": "顶层", "dimension": "floor", "kind": "percent", "lines": [{"from": 12, "to": 12, "value": "-1.5"}]},
]  # fmt: skip
SEED = "云栖花园四幢公证处封存种子-7391-5520"


@dataclass
class Wish:
    """Who chooses, and the units that he would take, best first."""

    buyer: OpeningBuyer
    life: Life
    units: list[int]


def hold_launch(office: Office, stock: Stock, dealer: Dealer, crowd: Crowd) -> None:
    """Call after the history and before the last days' work."""
    random = Random(20_260_404)
    licence = raise_building(office, stock, PLOT)
    _price(office, licence)
    # Not among what other demo deals choose from: `released_on` of a stock of its own.
    release(office, Stock(), licence, PLOT, office.day(REGISTERED + 1))
    scheme = _scheme(office, licence)
    lives = _registered(office, scheme, dealer, crowd, random)
    _draw(office, scheme)
    opening = _prepare(office, scheme)
    wishes = _favourites(office, opening, lives, random)
    moments = _choose(office, opening, wishes, random)
    _after_the_rush(office, opening, moments, random)
    _sell(office, opening, dealer, {wish.buyer.pk: wish.life for wish in wishes}, random)
    ctx = office.context("director", office.at(office.day(FINISHED), 17))
    finish_launch(ctx, LaunchScheme.objects.get(pk=scheme.pk))
    ctx.flush()


def _price(office: Office, licence: Licence) -> None:
    """价格方案: entered by the manager, approved by the director, filed and published."""
    day = licence.issued_on + dt.timedelta(days=1)
    ctx = office.context("manager", office.at(day, 9))
    scheme = pricing.add_price_schemes(ctx, [given(ctx, pricing.SchemeInput(
        name="4幢首开价格方案", licence=licence.pk, base_price=Decimal(PLOT.price), floor_ratio=Decimal("0.94"),
        factors=FACTORS, effective_on=day,
    ))])[0]  # fmt: skip
    pricing.submit_scheme(ctx, scheme)
    ctx.flush()
    ctx = office.context("director", office.at(day, 11))
    pricing.approve_scheme(ctx, scheme, pricing.OpinionInput(opinion="同意，按备案价公示"))
    pricing.apply_scheme(ctx, scheme)
    ctx.flush()
    ctx = office.context("director", office.at(day, 15))
    publish(ctx, PriceList.objects.get(scheme=scheme), on=day, filed_number=f"价备{day:%Y%m%d}{PLOT.code}")
    ctx.flush()


def _scheme(office: Office, licence: Licence) -> LaunchScheme:
    ctx = office.context("director", office.at(office.day(REGISTERED), 9))
    scheme = add_launch_schemes(ctx, [given(ctx, SchemeInput(
        code="L4", name="4幢首开", licence=licence.pk, planned_on=office.day(OPENED), sincerity_money=SINCERITY,
    ))])[0]  # fmt: skip
    start_registration(ctx, scheme)
    ctx.flush()
    return scheme


def _registered(
    office: Office, scheme: LaunchScheme, dealer: Dealer, crowd: Crowd, random: Random
) -> dict[int, Life]:
    """Tickets with sincerity money over four days; customer id -> his life. One is turned down, one withdraws."""
    lives = {row.pk: crowd.lives[n] for n, row in crowd.customers.items()}
    rows = Customer.objects.filter(
        project=office.project, state="active", owner__isnull=False, stage__in=("visitor", "prospect"),
        visit_count__gte=1, last_visit_at__gte=office.at(office.day(150), 0),
    )  # fmt: skip
    found = [c for c in rows.order_by("-grade", "-last_visit_at") if c.pk in lives]
    customers = random.sample(found[:200], min(TICKETS, len(found)))
    login = {user.pk: name for name, user in office.users.items()}
    for n, customer in enumerate(customers):
        at = office.at(office.day(REGISTERED - n * 4 // len(customers)), 10 + random.random() * 6)
        ctx = office.context(login[customer.owner_id or 0], at)
        ticket = issue_tickets(ctx, [given(ctx, TicketInput(scheme=scheme.pk, customer=customer.pk))])[0]
        ctx.flush()
        ctx = office.context("finance", at + dt.timedelta(minutes=12))
        receive_on_ticket(ctx, ticket, MoneyInput(amount=SINCERITY, way=random.choice(("pos", "transfer")),
                                                  payer=customer.name))  # fmt: skip
        ctx.flush()
        ctx = office.context("clerk", at + dt.timedelta(minutes=30))
        if n == 17:
            withdraw_ticket(ctx, ticket, WithdrawInput(reason="家庭计划有变"))
        else:
            known = n != 29
            qualify_ticket(ctx, QueueTicket.objects.get(pk=ticket.pk), QualifyInput(
                qualified="yes" if known else "no", reason="" if known else "购房资格未通过核验"))  # fmt: skip
        ctx.flush()
        # A ticket's number is kept at the scheme; issue_tickets has written it.
        scheme.refresh_from_db()
    return lives


def _draw(office: Office, scheme: LaunchScheme) -> None:
    day = office.day(DRAWN)
    ctx = office.context("director", office.at(day, 9))
    end_registration(ctx, scheme)
    lottery = commit_lottery(ctx, scheme, CommitInput(
        commitment=sha256(SEED.encode()).hexdigest(), public_source="当日福利彩票 3D 开奖号",
    ))  # fmt: skip
    ctx.flush()
    ctx = office.context("director", office.at(day, 21.5))
    draw_lottery(ctx, lottery, DrawInput(seed=SEED, public_value="4 0 7"))
    ctx.flush()


def _prepare(office: Office, scheme: LaunchScheme) -> Opening:
    """The opening with its units and buyers, rehearsed, and opened shortly before its time."""
    start = office.at(office.day(OPENED), 10)
    ctx = office.context("director", office.at(office.day(DRAWN - 1), 9))
    scheme.refresh_from_db()
    for check in scheme.checks:
        tick_launch(ctx, scheme, CheckInput(item=check["item"]))
    opening = add_openings(ctx, [given(ctx, OpeningInput(
        scheme=scheme.pk, code="K4", name="4幢线上选房", starts_at=start, ends_at=start + dt.timedelta(hours=2),
        unit_limit=1, confirm_minutes=10, keep_hours=24 * (OPENED + 2),
    ))])[0]  # fmt: skip
    offer_units(ctx, opening, OfferInput())
    admit_buyers(ctx, opening, AdmitInput())
    make_ready(ctx, opening)
    ctx.flush()
    ctx = office.context("manager", office.at(office.day(DRAWN - 1), 15))
    start_rehearsal(ctx, opening)
    end_rehearsal(ctx, opening)
    ctx.flush()
    ctx = office.context("director", start - dt.timedelta(minutes=10))
    open_opening(ctx, opening)
    ctx.flush()
    return opening


def _favourites(office: Office, opening: Opening, lives: dict[int, Life], random: Random) -> list[Wish]:
    """Middle floors and the corners are liked best; buyers mark a few units the evening before."""
    units = {one.unit_id: one.unit for one in OfferedUnit.objects.filter(opening=opening).select_related("unit")}
    found = []
    for buyer in OpeningBuyer.objects.filter(opening=opening).select_related("customer").order_by("place"):
        liking = {pk: random.random() + (0.5 if 5 <= (u.floor or 0) <= 10 else 0) for pk, u in units.items()}
        best = sorted(units, key=lambda pk: -liking[pk])[:TRIES]
        found.append(Wish(buyer, lives[buyer.customer_id], best))
        ctx = office.context("", office.at(office.day(OPENED + 1), 18 + random.random() * 4))
        mark_favourites(ctx, buyer, given(ctx, FavouriteInput(units=best[: random.randrange(1, 5)])))
        ctx.flush()
    return found


def _choose(office: Office, opening: Opening, wishes: Sequence[Wish], random: Random) -> list[dt.datetime]:
    """The rush: everybody taps his units in turn until he has one. Returns the moments of the wins."""
    start = opening.starts_at
    taps: list[tuple[dt.datetime, int, int]] = []  # moment, who, his how manieth wish
    for n in range(len(wishes)):
        late = n in range(5, 5 + LATE)  # came back when the time was nearly over
        at = start + (dt.timedelta(minutes=114) if late else dt.timedelta(seconds=0.08 + random.expovariate(0.9)))
        for turn in range(TRIES):
            taps.append((at, n, turn))
            at += dt.timedelta(seconds=0.9 + random.random() * 2.5)
    taps.sort()
    hall = rules.Hall(
        "open", start, opening.ends_at, {pk for wish in wishes for pk in wish.units},
        {wish.buyer.pk: rules.Buyer(1) for wish in wishes},
    )  # fmt: skip
    entries: list[rules.Entry] = []
    won: list[tuple[rules.Entry, dt.datetime]] = []
    for at, n, turn in taps:
        wish = wishes[n]
        if wish.buyer.pk in hall.taken.values() and random.random() < 0.9:
            continue  # content; one in ten taps once more
        attempt = rules.Attempt(wish.buyer.pk, wish.units[turn], f"demo-{n}-{turn}")
        result = rules.decide(hall, attempt, at)
        entry = rules.Entry(
            len(entries) + 1, int(at.timestamp() * 1_000_000), attempt.buyer, attempt.unit, attempt.key, result
        )
        entries.append(entry)
        if result == rules.WON:
            won.append((entry, at))
    _log(opening, entries)
    for entry, at in won:
        _award(opening, entry, at)
    return [at for _entry, at in won]


def _log(opening: Opening, entries: Sequence[rules.Entry]) -> None:
    hashes = rules.chain(rules.genesis(opening.pk, opening.round_no), entries)
    Attempt.objects.bulk_create(
        Attempt(
            project_id=opening.project_id, opening_id=opening.pk, round_no=opening.round_no, seq=entry.seq,
            at=entry.at, buyer_id=entry.buyer, unit_id=entry.unit, key=entry.key, result=entry.result, hash=digest,
        )
        for entry, digest in zip(entries, hashes, strict=True)
    )  # fmt: skip


def _award(opening: Opening, entry: rules.Entry, at: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT deal, hold FROM anchang_opening_award(%s, %s, %s, ARRAY[%s]::bigint[], ARRAY[%s]::bigint[])",
            [opening.project_id, opening.pk, at, entry.unit, entry.buyer],
        )
        deal, hold = cursor.fetchone()
    OpeningClaim.objects.create(
        project_id=opening.project_id, opening=opening, round_no=opening.round_no, unit_id=entry.unit,
        buyer_id=entry.buyer, slot=1, slots=1, seq=entry.seq, deal_id=deal, hold_id=hold, won_at=at,
        confirm_by=rules.confirm_by(at, opening.confirm_minutes),
    )  # fmt: skip


def _after_the_rush(office: Office, opening: Opening, moments: Sequence[dt.datetime], random: Random) -> None:
    """Winners confirm within minutes, the last ones let their time pass; then the office closes."""
    claims = list(OpeningClaim.objects.filter(opening=opening, round_no=opening.round_no).order_by("won_at"))
    for claim in claims[: len(claims) - LATE]:
        ctx = office.context("", claim.won_at + dt.timedelta(seconds=40 + random.random() * 400))
        confirm_claim(ctx, claim)
        ctx.flush()
    ctx = office.context("", max(moments) + dt.timedelta(minutes=opening.confirm_minutes + 1))
    settle_openings(ctx)
    ctx.flush()
    ctx = office.context("director", opening.ends_at + dt.timedelta(minutes=20))
    close_opening(ctx, Opening.objects.get(pk=opening.pk))
    ctx.flush()


def _sell(office: Office, opening: Opening, dealer: Dealer, lives: dict[int, Life], random: Random) -> None:
    """Most winners subscribe at the desk on the day and the two after it, some have signed."""
    confirmed = OpeningClaim.objects.filter(opening=opening, state=OpeningClaim.State.CONFIRMED)
    login = {user.pk: name for name, user in office.users.items()}
    for n, claim in enumerate(confirmed.select_related("buyer__customer").order_by("won_at")):
        if n % 5 == 4:
            continue  # still has his hours
        life, customer = lives[claim.buyer_id], claim.buyer.customer
        at = office.at(office.day(OPENED - n % 2), 13 + random.random() * 4)
        plan, discounts, _deposit = dealer.terms(life)
        ctx = office.context(login[customer.owner_id or 0], at)
        rows = Unit.objects.select_for_update(no_key=True, of=("self",))
        unit = rows.select_related("licence", "price_list", "building").get(pk=claim.unit_id)
        paper = subscribe_unit(ctx, unit, given(ctx, SubscribeInput(
            customer=customer.pk, buyers=dealer.buyers(life), payment_plan=plan, discounts=discounts,
            deposit=Decimal(50000),
        )))  # fmt: skip
        ctx.flush()
        ctx = office.context("finance", at + dt.timedelta(minutes=25))
        had = Receipt.objects.filter(deal=claim.deal).values_list("amount", flat=True)
        owed = Decimal(50000) - sum(had, Decimal(0))
        receive_on_subscription(ctx, paper, MoneyInput(amount=owed, way="pos", payer=customer.name))
        ctx.flush()
        if n < SIGNED:
            ctx = office.context("clerk", office.at(office.day(FINISHED), 10 + n * 0.6))
            sign_contract(ctx, paper, SignInput(online_number=f"WQ{office.day(FINISHED):%Y%m%d}4{n:04d}"))
            ctx.flush()
