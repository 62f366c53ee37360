"""The hot path over HTTP: who may, when, how often; many at once; kill -9 of whatever takes part."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from anchang.config.postgres import with_database
from anchang.deals.models import Deal, Hold, UnitClaim
from anchang.opening import rules
from anchang.opening.models import OpeningClaim
from tests.conftest import RunningServer, server_environment
from tests.deals.desk import make_desk
from tests.factories import run
from tests.opening.launch import HOUR, Launch, claim, make_launch

FLOORS, BUYERS, THREADS = 20, 60, 24


@pytest.fixture
def start(transactional_db: None, database_server: str, database_name: str) -> Iterator[Callable[[], RunningServer]]:
    running: list[RunningServer] = []

    def begin() -> RunningServer:
        secret = {"ANCHANG_SECRET_KEY": settings.SECRET_KEY}  # links are signed here and read there
        server = RunningServer(server_environment(with_database(database_server, database_name)) | secret)
        running.append(server)
        server.wait(60)
        return server

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def launch(transactional_db: None) -> Launch:
    """Forty units, sixty buyers with a limit of one, open."""
    desk = make_desk(floors=FLOORS)
    with desk.office.as_("system"):
        return make_launch(desk, buyers=BUYERS)


@dataclass
class Tap:
    buyer: int
    unit: int
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    answers: list[tuple[int, Any]] = field(default_factory=list)


def taps_of(launch: Launch, rounds: int = 4) -> list[Tap]:
    """Every buyer tries several units, all buyers the same ones: many more taps than units."""
    units = launch.units
    return [Tap(buyer, units[(buyer * 7 + turn * 3) % len(units)]) for turn in range(rounds) for buyer in range(BUYERS)]


def send_all(port: int, launch: Launch, taps: list[Tap]) -> None:
    """One thread per buyer, as a buyer has one tap at a time; what was answered is not asked again."""
    links = [launch.link(n) for n in range(BUYERS)]

    def play(buyer: int) -> None:
        for tap in (t for t in taps if t.buyer == buyer and not t.answers):
            got = claim(port, launch.opening.pk, tap.unit, links[buyer], tap.key)
            if got is not None and got[0] != 503:
                tap.answers.append(got)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(play, range(BUYERS)))


def check(launch: Launch, taps: list[Tap]) -> None:
    """Every answer is in the log as it was given; every win has its claim, deal and hold, once; the chain is whole."""
    with launch.desk.office.as_("system"):
        log = launch.log()
        by_key = {(a.buyer_id, a.key): a for a in log}
        assert len(by_key) == len(log)
        for tap in taps:
            for status, body in tap.answers:
                entry = by_key[launch.buyers[tap.buyer].pk, tap.key]
                assert (body["result"], body["entry"], body["unit"]) == (entry.result, entry.seq, tap.unit)
                assert (status == 200) == (entry.result == rules.WON)
        won = [(a.unit_id, a.buyer_id) for a in log if a.result == rules.WON]
        assert len({unit for unit, _b in won}) == len({buyer for _u, buyer in won}) == len(won)
        assert set(OpeningClaim.objects.values_list("unit_id", "buyer_id")) == set(won)
        assert UnitClaim.objects.count() == Deal.objects.count() == Hold.objects.count() == len(won)
        pairs = [(rules.Entry(a.seq, a.at, a.buyer_id, a.unit_id, a.key, a.result), bytes(a.hash)) for a in log]
        assert rules.broken_at(rules.genesis(launch.opening.pk, launch.opening.round_no), pairs) is None


def test_who_may_not_and_when_not(launch, start):
    server = start()
    unit, opening = launch.units[0], launch.opening.pk

    def result(link: str, key: str | None = None, where: int = opening, what: int = unit) -> tuple[int, str]:
        got = claim(server.port, where, what, link, uuid.uuid4().hex if key is None else key)
        assert got is not None
        return got[0], got[1].get("result") or got[1]["code"]

    good = launch.link()
    assert result("") == (401, "pass_invalid")
    assert result(good[:-1] + ("0" if good[-1] != "0" else "1")) == (401, "pass_invalid")
    assert result(good.replace(f".{launch.buyers[0].pk}.", f".{launch.buyers[1].pk}.")) == (401, "pass_invalid")
    assert result(launch.link(hours=-1)) == (401, "pass_invalid")
    assert result(good, where=opening + 1) == (401, "pass_invalid")
    assert result(good, key="") == (422, "bad_input")
    assert result(good, key="a|b") == (422, "bad_input")
    assert result(launch.link(serial=2)) == (403, "not_eligible")
    assert result(good, what=999_999) == (404, "not_offered")
    assert result(good, "k2") == (200, "won")
    assert result(launch.link(1)) == (409, "taken")
    assert result(good, "k2", what=launch.units[1]) == (409, "key_reused")
    assert result(good, "k3", what=launch.units[1]) == (409, "limit")
    with launch.desk.office.as_("system"):
        director = launch.desk.office.access("director")
        run("renew_pass", director, launch.buyers[2])
        run("block_buyer", director, launch.buyers[3])
    assert result(launch.link(2), what=launch.units[1]) == (403, "not_eligible")
    assert result(launch.link(3), what=launch.units[1]) == (403, "not_eligible")
    with launch.desk.office.as_("system"):
        launch.go("close_opening")
    assert result(launch.link(4), what=launch.units[2]) == (409, "not_open")
    check(launch, [])


def test_a_buyer_of_another_project_gets_nothing(launch, start):
    other = make_desk("XX", "x")
    with other.office.as_("system"):
        theirs = make_launch(other, buyers=1)
    server = start()
    assert claim(server.port, theirs.opening.pk, launch.units[0], theirs.link(), "k")[1]["result"] == "not_offered"
    assert claim(server.port, launch.opening.pk, launch.units[0], theirs.link(), "k")[0] == 401
    assert claim(server.port, theirs.opening.pk, theirs.units[0], theirs.link(), "k2")[0] == 200


@pytest.mark.parametrize(("starts", "ends", "result"), [(1, 2, "not_started"), (-2, 1, "won")])
def test_the_databases_clock_starts_it(transactional_db, start, starts, ends, result):
    desk = make_desk()
    now = timezone.now()
    times = {"starts_at": (now + starts * HOUR).isoformat(), "ends_at": (now + ends * HOUR).isoformat()}
    with desk.office.as_("system"):
        launch = make_launch(desk, buyers=1, **times)
    server = start()
    assert claim(server.port, launch.opening.pk, launch.units[0], launch.link(), "k")[1]["result"] == result


def test_many_at_once_one_winner_each_and_the_same_key_the_same_answer(launch, start):
    server = start()
    taps = taps_of(launch)
    send_all(server.port, launch, taps)
    assert all(t.answers for t in taps)
    check(launch, taps)
    first = {id(t): t.answers[0] for t in taps}
    again = [Tap(t.buyer, t.unit, t.key) for t in taps]
    send_all(server.port, launch, again)
    assert [a.answers[0] for a in again] == [first[id(t)] for t in taps]
    results = Counter(t.answers[0][1]["result"] for t in taps)
    assert results["won"] == len(launch.units), "more buyers than units: every unit has one"
    assert set(results) <= {"won", "taken", "limit"}
    check(launch, taps)


@pytest.mark.parametrize("key", ["null", "NULL", "-", "0"])
def test_a_key_may_be_any_word(launch, start, key):
    """Keys travel in PostgreSQL's own notation, where a bare null is no text."""
    server = start()
    tap = Tap(0, launch.units[0], key)
    for _ in range(2):
        tap.answers.append(claim(server.port, launch.opening.pk, tap.unit, launch.link(0), key))
    assert [(status, body["result"]) for status, body in tap.answers] == [(200, rules.WON)] * 2
    check(launch, [tap])


def test_without_the_claims_indexes_the_same_attack_sells_twice(launch, database_server, database_name):
    """Negative control: decisions by memory alone (a hint is believed, the lock and the look-ups left out) would
    sell a unit twice; the unique indexes are what refuses it."""
    insert = (
        "INSERT INTO opening_openingclaim (project_id, opening_id, round_no, rehearsal, unit_id, buyer_id, slot, slots,"
        " seq, state, won_at, confirm_by, told) VALUES (%s, %s, 1, true, %s, %s, 1, 1, %s, 'won', now(), now(), true)"
    )
    opening, owner = launch.opening, with_database(database_server, database_name)
    connections.close_all()

    def both(db: psycopg.Connection[Any]) -> int:
        done = 0
        for n in (0, 1):
            try:
                with db.transaction():
                    db.execute(insert, [opening.project_id, opening.pk, launch.units[0], launch.buyers[n].pk, 900 + n])
                done += 1
            except psycopg.errors.UniqueViolation as error:
                assert error.diag.constraint_name == "opening_unit_once"
        return done

    with psycopg.connect(owner) as db:
        db.execute("SELECT 1")  # begins the transaction in which the blocks are savepoints
        assert both(db) == 1
        db.rollback()
        db.execute("DROP INDEX opening_unit_once")
        assert both(db) == 2
        db.rollback()


def worker_of(server: RunningServer) -> psutil.Process:
    """The process that decides: granian's worker."""
    return psutil.Process(server.process.pid).children(recursive=True)[0]


def killing(taps: list[Tap], enough: int, kill: Callable[[], None]) -> threading.Thread:
    """`kill` as soon as `enough` taps were answered."""

    def watch() -> None:
        deadline = time.monotonic() + 60
        while sum(bool(t.answers) for t in taps) < enough and time.monotonic() < deadline:
            time.sleep(0.002)
        kill()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.mark.parametrize("whom", ["worker", "server"])
def test_kill_9_of_the_deciding_process(launch, start, whom):
    server = start()
    taps = taps_of(launch)

    def kill() -> None:
        if whom == "worker":
            os.kill(worker_of(server).pid, signal.SIGKILL)
        else:
            server.process.kill()
            server.process.wait()

    killer = killing(taps, len(taps) // 4, kill)
    send_all(server.port, launch, taps)
    killer.join()
    answered = [t for t in taps if t.answers]
    assert answered, "something must have been acknowledged"
    if whom == "server":
        assert len(answered) < len(taps), "the server must die in the middle"
        server = start()
    check(launch, answered)
    first = {t.key: t.answers[0] for t in answered}
    again = [Tap(t.buyer, t.unit, t.key) for t in taps]
    server.wait(60)
    send_all(server.port, launch, again)
    assert all(a.answers for a in again)
    assert all(a.answers[0] == first[a.key] for a in again if a.key in first), "same key, same answer"
    check(launch, again)


def test_kill_9_of_postgresql(launch, start, database_server, database_name):
    """A backend killed with -9 makes PostgreSQL throw everybody out and recover from its log. The test server runs
    without fsync, which a crash of processes doesn't need: what was written is in the system's memory."""
    owner = with_database(database_server, database_name)
    connections.close_all()
    with psycopg.connect(owner, autocommit=True) as db:
        db.execute("CHECKPOINT")
    server = start()
    taps = taps_of(launch)

    def kill() -> None:
        with psycopg.connect(owner, autocommit=True) as db:
            row = db.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'anchang opening %'"
            ).fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGKILL)

    killer = killing(taps, len(taps) // 4, kill)
    send_all(server.port, launch, taps)
    killer.join()
    assert all(t.answers for t in taps), "taps wait for the database and are answered when it is back"
    connections.close_all()
    check(launch, taps)


def test_the_stream_tells_everybody_what_is_taken_and_the_winner_his_clock(launch, start):
    import http.client

    server = start()

    def listen(index: int) -> Any:
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        wire.request("GET", f"/opening/{launch.opening.pk}/events?pass={launch.link(index)}")
        return wire.getresponse()

    def next_message(stream: Any) -> dict[str, Any]:
        while True:
            line = stream.readline()
            if line.startswith(b"data: "):
                found: dict[str, Any] = json.loads(line[6:])
                return found

    winner, other = listen(0), listen(1)
    assert next_message(winner)["units"] == next_message(other)["units"] == {}
    unit = launch.units[0]
    assert claim(server.port, launch.opening.pk, unit, launch.link(0), "k")[0] == 200
    mine, theirs = next_message(winner), next_message(other)
    assert mine["units"] == theirs["units"] == {str(unit): "won"}
    assert "mine" not in theirs and mine["mine"][str(unit)]["state"] == "won"
    wait = dt.timedelta(milliseconds=mine["mine"][str(unit)]["confirm_by"] - mine["now"])
    assert dt.timedelta(minutes=9) < wait <= dt.timedelta(minutes=10)
    assert next_message(listen(2))["units"] == {str(unit): "won"}, "who comes later sees it all"
    wrong = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    wrong.request("GET", f"/opening/{launch.opening.pk}/events?pass=nobody")
    assert wrong.getresponse().status == 401
