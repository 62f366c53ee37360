"""Reads of an opening: what a buyer's page shows, the heat map, the log for the notary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from anchang.crm.models import CustomerIdentity
from anchang.deals.models import Lottery, QueueTicket
from anchang.inventory.models import Unit
from anchang.kernel.identity import mask_name
from anchang.opening import passes, rules
from anchang.opening.models import Attempt, Favourite, OfferedUnit, Opening, OpeningBuyer, OpeningClaim
from anchang.platform import parameters

_LIVE = ("won", "confirmed")


def openings(within: Q | None) -> list[Opening]:
    return list(Opening.objects.filter(within).order_by("-starts_at")[:100]) if within is not None else []


def lotteries(within: Q | None) -> list[Lottery]:
    if within is None:
        return []
    return list(Lottery.objects.filter(within).select_related("scheme").order_by("-id")[:100])


def lottery_rows(lottery: Lottery) -> list[dict[str, Any]]:
    """Every entrant as the list is made public: number, place, masked name and document, by place once drawn. Three
    queries."""
    tickets = QueueTicket.objects.filter(project_id=lottery.project_id, scheme_id=lottery.scheme_id)
    names = dict(tickets.values_list("number", "customer__name"))
    owners = dict(tickets.values_list("number", "customer_id"))
    papers = dict(
        CustomerIdentity.objects.filter(project_id=lottery.project_id, customer__in=owners.values(), active=True)
        .order_by("-id").values_list("customer_id", "masked")
    )  # fmt: skip
    places = {number: place for place, number in enumerate(lottery.result, 1)}
    order = lottery.result or sorted(lottery.entrants)
    return [
        {
            "place": places.get(number), "number": number, "name": mask_name(names.get(number, "")),
            "document": papers.get(owners.get(number, 0), ""),
        }
        for number in order
    ]  # fmt: skip


def buyer_of(who: passes.Pass) -> OpeningBuyer | None:
    """The buyer whom the pass names, unless blocked or given a newer one."""
    return (
        OpeningBuyer.objects.select_related("customer", "opening__project")
        .filter(
            project_id=who.project, opening_id=who.opening, pk=who.buyer, serial=who.serial, blocked=False,
            opening__deleted_at=None,
        )
        .first()
    )  # fmt: skip


def pass_ends(opening: Opening) -> dt.datetime:
    return opening.ends_at + _pass_time(opening)


def _pass_time(opening: Opening) -> dt.timedelta:
    return dt.timedelta(hours=int(parameters.value("opening.pass_hours", opening.project, opening.project.today())))


def pass_for(opening: Opening, buyer: OpeningBuyer | None) -> str:
    """The signed text of a buyer's link; without a buyer one that only watches, which is made anew with each page: an
    opening of last year is looked at too."""
    if buyer is None:
        until = max(opening.ends_at, timezone.now()) + _pass_time(opening)
        return passes.issue(opening.project_id, opening.pk, passes.WATCHER, 0, until)
    return passes.issue(opening.project_id, opening.pk, buyer.pk, buyer.serial, pass_ends(opening))


def offered_units(opening: Opening) -> list[dict[str, Any]]:
    """Every offered unit with its public facts, in the order of the building."""
    ids = OfferedUnit.objects.filter(project_id=opening.project_id, opening=opening).values("unit_id")
    rows = Unit.objects.filter(project_id=opening.project_id, pk__in=ids).order_by("sort_key")
    found = rows.values_list(
        "pk", "label", "code", "floor", "building__name", "layout__name", "gross_area", "inner_area", "list_unit_price",
        "list_total", "orientation",
    )  # fmt: skip
    return [
        {
            "id": pk, "label": label, "code": code, "floor": floor, "building": building, "layout": layout or "",
            "area": str(gross or ""), "inner": str(inner or ""), "unit_price": str(unit_price or ""),
            "total": str(total or ""), "facing": facing,
        }
        for pk, label, code, floor, building, layout, gross, inner, unit_price, total, facing in found
    ]  # fmt: skip


def taken_units(opening: Opening) -> dict[int, str]:
    """The state (won, confirmed) of every unit that is chosen in this round, so that a page's first answer knows it."""
    claims = OpeningClaim.objects.filter(project_id=opening.project_id, opening=opening, round_no=opening.round_no)
    return dict(claims.exclude(state=OpeningClaim.State.LAPSED).values_list("unit_id", "state"))


def favourites_of(buyer: OpeningBuyer) -> list[int]:
    return list(
        Favourite.objects.filter(project_id=buyer.project_id, buyer=buyer).order_by("at", "id")
        .values_list("unit_id", flat=True)
    )  # fmt: skip


def heat(opening: Opening) -> dict[int, int]:
    """Unit -> how many buyers marked it. For the office; buyers see no numbers before the start."""
    rows = Favourite.objects.filter(project_id=opening.project_id, opening=opening)
    return dict(rows.order_by().values("unit_id").annotate(n=Count("id")).values_list("unit_id", "n"))


def live_claim(buyer: OpeningBuyer, unit_id: int) -> OpeningClaim | None:
    return OpeningClaim.objects.filter(
        project_id=buyer.project_id, buyer=buyer, unit_id=unit_id, state__in=_LIVE,
        round_no=buyer.opening.round_no,
    ).first()  # fmt: skip


def board_facts(opening: Opening) -> dict[str, Any]:
    """Numbers of the manager's board at this moment."""
    claims = OpeningClaim.objects.filter(project_id=opening.project_id, opening=opening, round_no=opening.round_no)
    states = dict(claims.order_by().values("state").annotate(n=Count("id")).values_list("state", "n"))
    buyers = OpeningBuyer.objects.filter(project_id=opening.project_id, opening=opening)
    return {
        "won": states.get("won", 0), "confirmed": states.get("confirmed", 0), "lapsed": states.get("lapsed", 0),
        "buyers": buyers.count(), "units": OfferedUnit.objects.filter(opening=opening).count(),
        "attempts": Attempt.objects.filter(
            project_id=opening.project_id, opening_id=opening.pk, round_no=opening.round_no
        ).count(),
    }  # fmt: skip


def buyers_with_links(opening: Opening) -> Iterator[tuple[OpeningBuyer, str]]:
    rows = OpeningBuyer.objects.filter(project_id=opening.project_id, opening=opening).select_related(
        "customer", "ticket"
    )
    for buyer in rows.order_by("place", "pk"):
        yield buyer, pass_for(opening, buyer)


# --- for the notary ------------------------------------------------------------------------------

LOG_COLUMNS = ("seq", "at", "buyer", "unit", "key", "result", "hash")


def log_head(opening: Opening) -> dict[str, Any]:
    """What the log's file says before its entries; enough to verify them with nothing else."""
    return {
        "opening": opening.pk, "code": opening.code, "name": opening.name, "round": opening.round_no,
        "starts_at": opening.starts_at.isoformat(), "ends_at": opening.ends_at.isoformat(),
        "genesis": rules.genesis(opening.pk, opening.round_no).hex(), "entries": opening.log_entries,
        "last_hash": opening.log_hash,
    }  # fmt: skip


def log_rows(opening: Opening) -> Iterator[tuple[Any, ...]]:
    """Every entry in order, from the server in portions: a log may be long."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, at, buyer_id, unit_id, key, result, encode(hash, 'hex') FROM opening_attempt"
                " WHERE project_id = %s AND opening_id = %s AND round_no = %s AND seq > %s ORDER BY seq LIMIT 5000",
                [opening.project_id, opening.pk, opening.round_no, after],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        after = rows[-1][0]
