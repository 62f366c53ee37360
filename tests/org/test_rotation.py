"""Presence and the reception queue (BS08)."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from anchang.kernel.errors import DomainError
from anchang.org import rules
from anchang.org.commands import next_consultant
from anchang.org.models import Presence, Roster, RotationSeat, Turn
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import Parameter
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


def check_in(office: Office, *who: str) -> None:
    for name in who:
        with office.as_(name) as access:
            run("check_in", access)


def take(office: Office, **arrival: Any) -> tuple[str, Turn]:
    """Who receives, by user name."""
    with office.as_("manager") as access:
        ctx = Context(access, office.project)
        user, turn = next_consultant(ctx, **arrival)
        ctx.flush()
    return (user.username if user else ""), turn


def test_presence_of_the_day(office: Office) -> None:
    with office.as_("consultant1") as access:
        assert run("check_in", access).state == "present"
        assert run("set_busy", access).state == "busy"
        row = run("check_out", access)
        assert (row.state, row.left_at is not None) == ("off", True)
        assert Presence.objects.count() == 1


def test_consultant_sets_only_himself(office: Office) -> None:
    with office.as_("consultant1") as access, pytest.raises(DomainError) as caught:
        run("set_presence_of", access, user=office.users["consultant2"].pk, state="off")
    assert caught.value.status == 403
    with office.as_("manager") as access:
        assert (
            run("set_presence_of", access, user=office.users["consultant2"].pk, state="away").state == "away"
        )


def test_queue_goes_round_and_skips(office: Office) -> None:
    check_in(office, "consultant1", "consultant2", "consultant5", "consultant6")
    with office.as_("consultant2") as access:
        run("set_busy", access)
    assert [take(office)[0] for _ in range(4)] == ["consultant1", "consultant5", "consultant6", "consultant1"]
    with office.as_("consultant2") as access:
        run("check_in", access)
    # Whoever was skipped has kept the place.
    who, turn = take(office)
    assert who == "consultant2"
    assert turn.explanation[0] == {"rule": "rotation", "user": office.users["consultant2"].pk, "name": "周敏"}


def test_skipping_is_explained(office: Office) -> None:
    check_in(office, "consultant2")
    who, turn = take(office)
    assert who == "consultant2"
    assert turn.explanation[1] == {"user": office.users["consultant1"].pk, "name": "陈强", "reason": "absent"}


def test_returning_customer_uses_no_turn(office: Office) -> None:
    check_in(office, "consultant1", "consultant2")
    wanted = office.users["consultant2"].pk
    assert take(office, kind=rules.RETURNING, wanted_id=wanted)[0] == "consultant2"
    assert take(office, kind=rules.NAMED, wanted_id=wanted)[0] == "consultant2"
    assert take(office)[0] == "consultant1"


def test_nobody_is_free(office: Office) -> None:
    who, turn = take(office)
    assert (who, turn.kind) == ("", "nobody")


def test_assumed_presence_and_days_off(office: Office) -> None:
    Parameter.objects.create(
        key="org.presence_assumed", project=office.project, value=True, valid_from="2020-01-01"
    )
    bump_stamp()
    with office.as_("manager") as access:
        Roster.objects.create(
            project=office.project, user=office.users["consultant1"], shift="off",
            day=Context(access, office.project).business_date,
        )  # fmt: skip
    with office.as_("consultant2") as access:
        run("check_out", access)
    assert take(office)[0] == "consultant5"


def test_turn_is_returned_once_and_for_a_reason(office: Office) -> None:
    check_in(office, "consultant1", "consultant2")
    who, turn = take(office)
    assert who == "consultant1"
    with office.as_("manager") as access:
        with pytest.raises(DomainError, match="turn_reason_refused"):
            run("return_turn", access, turn, reason="心情")
        run("return_turn", access, turn, reason="refused")
        with pytest.raises(DomainError, match="turn_already_returned"):
            run("return_turn", access, turn, reason="refused")
    assert take(office)[0] == "consultant1"


def test_order_is_set_by_hand(office: Office) -> None:
    check_in(office, "consultant1", "consultant5")
    with office.as_("manager") as access:
        users = [office.users["consultant5"].pk, office.users["consultant1"].pk]
        run("build_queue", access, users=users)
        with pytest.raises(DomainError, match="not_in_team"):
            run("build_queue", access, users=[office.users["finance"].pk])
    assert [take(office)[0] for _ in range(2)] == ["consultant5", "consultant1"]


@pytest.mark.django_db(transaction=True)
def test_two_receptions_never_give_one_turn_twice() -> None:
    office = make_office()
    check_in(office, "consultant1", "consultant2", "consultant5", "consultant6")
    given: list[str] = []

    def receive() -> None:
        from django.db import connections

        try:
            given.append(take(office)[0])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=receive) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(given) == {"consultant1": 3, "consultant2": 3, "consultant5": 3, "consultant6": 3}
    with office.as_("system"):
        assert sorted(RotationSeat.objects.values_list("turns", flat=True)) == [3, 3, 3, 3]
