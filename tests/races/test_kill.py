"""kill -9 of the web server under load: every acknowledged write is there afterwards, nothing is there twice,
and the books balance. A client that got no answer asks again with the same key and gets one effect."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Count, F, Q, Sum

from anchang.config.postgres import with_database
from anchang.deals.models import Subscription, UnitClaim
from anchang.finance.models import Allocation, Receipt, Receivable
from tests.conftest import RunningServer, server_environment
from tests.deals.desk import BUYER, Desk, make_desk
from tests.factories import PASSWORD

CLIENTS, FLOORS = 16, 50  # 50 floors of two flats: 100 subscriptions and 100 receipts


@dataclass
class Ask:
    """One request that is repeated with its key until it is answered."""

    path: str
    body: dict[str, Any]
    who: str
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    answers: list[tuple[int, Any]] = field(default_factory=list)


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    made = make_desk(floors=FLOORS)
    with made.office.as_("system"):
        for index in range(FLOORS * 2):
            made.customer("consultant1", index)
    return made


@pytest.fixture
def start(transactional_db: None, database_server: str, database_name: str) -> Iterator[Callable[[], RunningServer]]:
    running: list[RunningServer] = []

    def begin() -> RunningServer:
        server = RunningServer(server_environment(with_database(database_server, database_name)))
        running.append(server)
        server.wait()
        return server

    yield begin
    for server in running:
        server.stop()


def post(server: RunningServer, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any] | None:
    """The answer, or None when the server died before giving one."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/api/v1" + path, json.dumps(body), {"content-type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None


def token(server: RunningServer, username: str) -> dict[str, str]:
    answer = post(server, "/auth/tokens", {"username": username, "password": PASSWORD}, {})
    assert answer is not None
    return {"Authorization": "Bearer " + answer[1]["token"]}


def ask_all(server: RunningServer, asks: list[Ask], heads: dict[str, dict[str, str]]) -> None:
    """Send what has no answer yet, from many clients at once."""

    def send(ask: Ask) -> None:
        got = post(server, ask.path, ask.body, heads[ask.who] | {"Idempotency-Key": ask.key})
        if got is not None:
            ask.answers.append(got)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send, [a for a in asks if not a.answers]))


def kill_after(server: RunningServer, asks: list[Ask], enough: int) -> threading.Thread:
    """kill -9 of the whole server as soon as `enough` requests were acknowledged."""

    def watch() -> None:
        deadline = time.monotonic() + 60
        while sum(bool(a.answers) for a in asks) < enough and time.monotonic() < deadline:
            time.sleep(0.005)
        kill_tree(server)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def kill_tree(server: RunningServer) -> None:
    """The main process; its workers die with their parent (config.processes)."""
    server.process.kill()
    server.process.wait()


def test_nothing_acknowledged_is_lost(desk: Desk, start: Callable[[], RunningServer]) -> None:
    server = start()
    heads = {who: token(server, who) for who in ("consultant1", "finance")}
    subscriptions = [
        Ask(f"/units/{unit.pk}/subscribe", {
            "customer": desk.customers[f"consultant1:{n}"].pk, "buyers": [BUYER], "payment_plan": "lump_sum",
            "discounts": [], "deposit": "50000.00"}, "consultant1")
        for n, unit in enumerate(desk.stock.units)
    ]  # fmt: skip
    killer = kill_after(server, subscriptions, len(subscriptions) // 3)
    ask_all(server, subscriptions, heads)
    killer.join()
    acknowledged = [a for a in subscriptions if a.answers]
    assert 0 < len(acknowledged) < len(subscriptions), "the server must die in the middle"

    server = start()
    known = check_subscriptions(desk, acknowledged)
    ask_all(server, subscriptions, heads)
    assert {a.answers[0][0] for a in subscriptions} == {200}
    assert check_subscriptions(desk, subscriptions) == len(subscriptions) >= known

    receipts = [
        Ask(f"/subscriptions/{a.answers[0][1]['id']}/receive", {"amount": "50000.00", "way": "pos"}, "finance")
        for a in subscriptions
    ]
    killer = kill_after(server, receipts, len(receipts) // 3)
    ask_all(server, receipts, heads)
    killer.join()
    acknowledged = [a for a in receipts if a.answers]
    assert 0 < len(acknowledged) < len(receipts), "the server must die in the middle"

    server = start()
    check_receipts(desk, acknowledged)
    ask_all(server, receipts, heads)
    assert {a.answers[0][0] for a in receipts} == {200}
    check_receipts(desk, receipts)
    with desk.office.as_("system"):
        assert Receipt.objects.count() == len(receipts)


def check_subscriptions(desk: Desk, asks: list[Ask]) -> int:
    """Every acknowledged one is stored, once, with its claim; the answer is how many there are."""
    with desk.office.as_("system"):
        ids = [a.answers[0][1]["id"] for a in asks]
        assert len(set(ids)) == len(ids)
        assert Subscription.objects.filter(pk__in=ids, state="active").count() == len(ids)
        active = Subscription.objects.filter(state="active")
        assert not active.values("unit").annotate(n=Count("id")).filter(n__gt=1).exists()
        assert UnitClaim.objects.count() == active.count()
        return active.count()


def check_receipts(desk: Desk, asks: list[Ask]) -> None:
    """Every acknowledged one is stored, numbers have no gap, and the ledger equals the documents."""
    with desk.office.as_("system"):
        numbers = [a.answers[0][1]["number"] for a in asks]
        assert Receipt.objects.filter(number__in=numbers).count() == len(set(numbers)) == len(numbers)
        tails = sorted(int(number[-6:]) for number in Receipt.objects.values_list("number", flat=True))
        assert tails == list(range(tails[0], tails[0] + len(tails)))
        assert not Receivable.objects.filter(Q(allocated__gt=F("amount")) | Q(allocated__lt=0)).exists()
        booked = Receipt.objects.aggregate(s=Sum("allocated"))["s"]
        assert booked == Allocation.objects.aggregate(s=Sum("amount"))["s"] == Decimal("50000.00") * Receipt.objects.count()
