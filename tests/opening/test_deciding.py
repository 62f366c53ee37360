"""The database's deciding function means what rules.decide says; what winning gives; what the log refuses."""

from __future__ import annotations

import random

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from anchang.crm.models import Customer
from anchang.deals.models import Deal, Hold, QueueTicket, UnitClaim
from anchang.inventory.models import Unit, UnitLock, UnitStateChange
from anchang.kernel.errors import DomainError
from anchang.opening import rules
from anchang.opening.models import Attempt, OpeningClaim
from anchang.platform.models import Event
from tests.factories import run
from tests.opening.launch import Launch, make_launch


def entries(launch: Launch) -> list[tuple[rules.Entry, bytes]]:
    return [(rules.Entry(a.seq, a.at, a.buyer_id, a.unit_id, a.key, a.result), bytes(a.hash)) for a in launch.log()]


def whole(launch: Launch) -> bool:
    opening = launch.fresh()
    return rules.broken_at(rules.genesis(opening.pk, opening.round_no), entries(launch)) is None


@pytest.mark.parametrize("state", ["open", "rehearsal"])
def test_it_decides_as_the_rules_say(desk, state):
    """Random batches, some with hints from memory, against the pure rule."""
    launch = make_launch(desk, buyers=5, state=state, unit_limit=2)
    chance = random.Random(20261120)
    now = launch.fresh().starts_at
    hall = rules.Hall(
        state, launch.opening.starts_at, launch.opening.ends_at, set(launch.units[:3]) | {launch.units[3]},
        {b.pk: rules.Buyer(b.unit_limit) for b in launch.buyers},
    )  # fmt: skip
    asked = 0
    for step in range(12):
        who = chance.sample(range(5), chance.randint(1, 5))
        batch = [(i, chance.choice([*launch.units, 999_999]), f"s{step}-{i}") for i in who]
        taken = set(hall.taken)
        hints = [rules.TAKEN if unit in taken and chance.random() < 0.5 else "" for _i, unit, _k in batch]
        got = launch.decide(batch, hints)
        meant = [rules.decide(hall, rules.Attempt(launch.buyers[i].pk, u, k), now) for i, u, k in batch]
        assert got == meant, (step, batch)
        asked += len(batch)
    live = OpeningClaim.objects.filter(state="won")
    assert dict(live.values_list("unit_id", "buyer_id")) == hall.taken
    assert len(launch.log()) == asked and whole(launch)


def test_winning_gives_what_holding_gives(desk):
    """Side by side: a hold by command on one unit, a win on another."""
    launch = make_launch(desk, tickets=False)
    unit = launch.units[0]
    assert launch.decide([(0, unit, "tap1")]) == ["won"]
    claim = OpeningClaim.objects.get()
    hold, deal = Hold.objects.get(), Deal.objects.get()
    kept = UnitClaim.objects.get()
    assert (kept.unit_id, kept.deal_id, kept.kind) == (unit, deal.pk, "hold")
    assert (hold.deal_id, hold.state, hold.kind) == (deal.pk, "active", "lock")
    assert (claim.deal_id, claim.hold_id, claim.slot) == (deal.pk, hold.pk, 1)
    assert deal.consultant_id == desk.office.users["consultant1"].pk and deal.team == desk.office.teams["A"]
    found = Unit.objects.get(pk=unit)
    assert (found.state, found.state_until, found.locks) == ("held", hold.expires_at, [])
    step = UnitStateChange.objects.filter(unit=unit).latest("id")
    assert (step.from_state, step.to_state, step.deal_id) == ("available", "held", deal.pk)
    assert not UnitLock.objects.filter(unit=unit, cleared_at=None).exists()
    names = set(Event.objects.filter(record_id__in=(hold.pk, unit)).values_list("name", flat=True))
    assert {"unit.held", "unit.claimed"} <= names
    run("settle_openings", desk.office.access("system"), project=desk.office.project.pk)
    assert Customer.objects.get(pk=deal.customer_id).stage == "prospect"
    with pytest.raises(DomainError) as error:
        other = desk.customer("consultant5").pk
        run("hold_unit", desk.office.access("consultant5"), Unit.objects.get(pk=launch.units[1]), customer=other)
    assert error.value.code == "unit_locked", "offered units are not for the desks"


def test_a_ticket_brings_its_deal_and_money(desk):
    launch = make_launch(desk, tickets=True, unit_limit=2)
    deals = set(Deal.objects.values_list("pk", flat=True))
    assert launch.decide([(0, launch.units[0], "a"), (1, launch.units[1], "a")]) == ["won", "won"]
    assert set(Deal.objects.filter(state="held").values_list("pk", flat=True)) <= deals
    assert launch.decide([(0, launch.units[2], "b")]) == ["won"]
    assert Deal.objects.filter(state="held").count() == 3
    assert QueueTicket.objects.filter(state="converted").count() == 2


def test_the_same_key_has_the_same_answer_and_one_entry(desk):
    launch = make_launch(desk)
    unit = launch.units[0]
    assert launch.decide([(0, unit, "tap1"), (1, unit, "tap1")]) == ["won", "taken"]
    assert launch.decide([(1, unit, "tap1"), (0, unit, "tap1")]) == ["taken", "won"]
    assert launch.decide([(1, unit, "tap2")], ["taken"]) == ["taken"]
    assert [a.seq for a in launch.log()] == [1, 2, 3] and whole(launch)


def test_an_old_memory_is_not_believed(desk):
    """A hint under a former epoch counts for nothing."""
    launch = make_launch(desk)
    epoch = launch.fresh().epoch
    run("block_buyer", desk.office.access("director"), launch.buyers[3])
    assert launch.fresh().epoch == epoch + 1
    opening, buyer = launch.opening, launch.buyers[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT results[1] FROM anchang_opening_decide(%s, %s, %s, %s, ARRAY[%s]::bigint[], ARRAY[1],"
            " ARRAY[%s]::bigint[], ARRAY['k'], ARRAY['taken'])",
            [opening.project_id, opening.pk, epoch, opening.round_no, buyer.pk, launch.units[0]],
        )
        assert cursor.fetchone()[0] == "won"
    assert launch.decide([(3, launch.units[1], "k")]) == ["not_eligible"]


def test_what_the_office_did_meanwhile_is_unavailable(desk):
    launch = make_launch(desk)
    run("lock_unit", desk.office.access("director"), Unit.objects.get(pk=launch.units[0]), kind="seized", reason="法院")
    assert launch.decide([(0, launch.units[0], "k")]) == ["unavailable"]
    assert not UnitClaim.objects.exists()


def test_a_licence_that_has_ended_sells_nothing(desk):
    launch = make_launch(desk)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_licence SET valid_to = issued_on")
    assert launch.decide([(0, launch.units[0], "k")]) == ["unavailable"]


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE opening_attempt SET result = 'won'",
        "DELETE FROM opening_attempt",
        "TRUNCATE opening_attempt",
        "UPDATE opening_opening SET state = 'ready'",
        "SELECT anchang_opening_wipe(project_id, id) FROM opening_opening",
        "UPDATE opening_openingclaim SET slot = 2",
        "INSERT INTO opening_attempt SELECT project_id, opening_id, round_no, seq, at, buyer_id, unit_id, 'x', result,"
        " hash FROM opening_attempt",
    ],
)
def test_the_log_and_the_limits_hold_against_sql(desk, attack):
    launch = make_launch(desk)
    launch.decide([(0, launch.units[0], "k"), (1, launch.units[0], "k")])
    before = entries(launch)
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)
    assert entries(launch) == before and whole(launch)


def test_a_closed_opening_states_the_end_of_its_log_and_never_changes(desk):
    launch = make_launch(desk)
    launch.decide([(0, launch.units[0], "k"), (1, launch.units[0], "k")])
    opening = launch.go("close_opening")
    last = launch.log()[-1]
    assert (opening.log_entries, opening.log_hash) == (2, bytes(last.hash).hex())
    assert launch.decide([(1, launch.units[1], "late")]) == ["not_open"]
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE opening_opening SET log_hash = ''")
    assert Unit.objects.get(pk=launch.units[1]).locks == [], "unsold units are back at the desks"


def test_a_rehearsal_sells_nothing_and_leaves_nothing(desk):
    launch = make_launch(desk, state="rehearsal")
    assert launch.decide([(0, launch.units[0], "k"), (1, launch.units[0], "k")]) == ["won", "taken"]
    assert not UnitClaim.objects.exists() and not Deal.objects.exists()
    launch.go("end_rehearsal")
    assert not Attempt.objects.exists() and not OpeningClaim.objects.exists()
    assert launch.go("open_opening").round_no == 2
    assert launch.decide([(0, launch.units[0], "k")]) == ["won"]


def test_nothing_opens_before_the_checklist_is_ticked(desk):
    launch = make_launch(desk, state="ready")
    run("tick_launch", desk.office.access("director"), launch.scheme, item="permit", done=False)
    with pytest.raises(DomainError) as error:
        launch.go("open_opening")
    assert error.value.code == "scheme_not_ready"
