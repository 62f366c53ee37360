"""After winning: confirming in time, lapsing, the next in line, and what the desk ends."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from anchang.deals.models import Deal, Hold, QueueTicket, UnitClaim
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.opening import passes, queries
from anchang.opening.models import OpeningClaim
from tests.factories import PASSWORD, run
from tests.opening.launch import HOUR, Launch, make_launch


def time_over(launch: Launch) -> None:
    """The clocks of all unconfirmed claims have run out."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE opening_openingclaim SET confirm_by = now() - interval '1 second' WHERE state = 'won'")
    run("settle_openings", launch.desk.office.access("system"), project=launch.desk.office.project.pk)


def holders(launch: Launch) -> dict[int, int]:
    live = OpeningClaim.objects.filter(state__in=("won", "confirmed"))
    index = {b.pk: n for n, b in enumerate(launch.buyers)}
    return {unit: index[buyer] for unit, buyer in live.values_list("unit_id", "buyer_id")}


def test_a_confirmed_unit_stays_and_an_unconfirmed_one_goes_to_the_next_in_line(desk):
    launch = make_launch(desk)
    kept, lost = launch.units[:2]
    launch.decide([(0, kept, "a"), (1, lost, "a"), (2, lost, "a"), (3, lost, "a")])
    claim = OpeningClaim.objects.get(unit=kept)
    run("confirm_claim", desk.office.access("director"), claim)
    time_over(launch)
    assert holders(launch) == {kept: 0, lost: 2}
    entry = launch.log()[-1]
    assert (entry.result, entry.unit_id, entry.key.split("-")[0]) == ("won", lost, "line")
    assert Hold.objects.get(pk=OpeningClaim.objects.get(unit=kept).hold_id).expires_at > claim.confirm_by
    time_over(launch)
    assert holders(launch) == {kept: 0, lost: 3}
    time_over(launch)
    assert holders(launch) == {kept: 0}
    unit = Unit.objects.get(pk=lost)
    assert (unit.state, unit.locks) == ("available", ["selection"]), "free to all who choose, not to the desks"
    assert launch.decide([(1, lost, "again")]) == ["won"]
    assert UnitClaim.objects.count() == 2


def test_who_has_his_limit_is_passed_over(desk):
    launch = make_launch(desk)
    first, second = launch.units[:2]
    launch.decide([(0, first, "a"), (1, first, "a"), (2, first, "a")])
    launch.decide([(1, second, "b")])
    run("confirm_claim", desk.office.access("director"), OpeningClaim.objects.get(unit=second))
    time_over(launch)
    assert holders(launch) == {first: 2, second: 1}


def test_a_lapsed_claim_cannot_be_confirmed_and_gives_its_ticket_back(desk):
    launch = make_launch(desk, tickets=True)
    launch.decide([(0, launch.units[0], "a")])
    claim = OpeningClaim.objects.get()
    time_over(launch)
    with pytest.raises(DomainError) as error:
        run("confirm_claim", desk.office.access("director"), claim)
    assert error.value.code == "claim_over"
    ticket = QueueTicket.objects.get(pk=launch.buyers[0].ticket_id)
    assert (ticket.state, Deal.objects.get(pk=ticket.deal_id).state) == ("missed", "queued")


def test_a_hold_that_the_desk_cancels_ends_the_claim(desk):
    launch = make_launch(desk)
    launch.decide([(0, launch.units[0], "a"), (1, launch.units[0], "a")])
    run("cancel_hold", desk.office.access("manager"), Hold.objects.get())
    run("settle_openings", desk.office.access("system"), project=desk.office.project.pk)
    assert holders(launch) == {launch.units[0]: 1}


def test_nobody_confirms_for_another_and_a_consultant_runs_no_opening(desk):
    launch = make_launch(desk)
    launch.decide([(0, launch.units[0], "a")])
    for verb, subject in (("confirm_claim", OpeningClaim.objects.get()), ("close_opening", launch.opening)):
        with pytest.raises(DomainError) as error:
            run(verb, desk.office.access("consultant1"), subject)
        assert error.value.status in (403, 404)
    assert OpeningClaim.objects.get().state == "won"


def test_the_board_of_a_past_opening_still_shows_what_became_of_it(desk):
    """Its page listens with a pass of its own, however long ago the opening ended; a buyer's link has its end."""
    launch = make_launch(desk, state="draft")
    launch.opening.starts_at, launch.opening.ends_at = timezone.now() - 90 * HOUR, timezone.now() - 80 * HOUR
    launch.opening.save()
    now = timezone.now().timestamp()
    watcher = passes.read(queries.pass_for(launch.fresh(), None), now)
    assert watcher is not None and watcher.buyer == passes.WATCHER
    assert passes.read(queries.pass_for(launch.fresh(), launch.buyers[0]), now) is None


def test_a_closed_opening_offers_no_link_and_its_board_knows_at_once_what_is_taken(desk, client):
    launch = make_launch(desk)
    launch.decide([(0, launch.units[0], "a")])
    assert client.login(username="director", password=PASSWORD)
    address = f"/openings/{launch.opening.pk}/links/"
    assert "data-copy" in client.get(address).content.decode()
    launch.opening.state = "closed"
    launch.opening.save()
    page = client.get(address).content.decode()
    assert "data-copy" not in page and "/choose/" not in page
    settings = client.get(f"/openings/{launch.opening.pk}/board/").context["settings"]
    assert settings["state"] == "closed" and settings["taken"] == {launch.units[0]: "won"}
