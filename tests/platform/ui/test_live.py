"""Live streams: who hears what, in which order, and at what price."""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request

import psycopg
import pytest

from anchang.platform import sse
from anchang.platform.context import Context
from anchang.platform.models import Team
from anchang.platform.ui import live
from tests.conftest import app_url_of
from tests.factories import PASSWORD, make_office


def message(resource: str = "units", project: int = 1, owner: int | None = None, at: int = 1) -> live.Message:
    return live.Message((at, at), resource, project, owner, None, b"id: %d-%d\ndata: {}\n\n" % (at, at))


def listener(access, user_id: int = 7) -> live.Listener:
    return live.Listener("key", user_id, access, frozenset(), frozenset())


class Endless:
    """A page that never reads, of an office where something always happens; both ends of its stream."""

    def __init__(self) -> None:
        self.queue = self
        self.kept = 0

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Endless:
        return self

    async def send_bytes(self, chunk: bytes) -> None:
        self.kept += len(chunk)

    async def get(self) -> bytes:
        return b"x" * 65536

    async def client_disconnect(self) -> None:
        await asyncio.sleep(3600)


def test_a_page_that_never_reads_is_sent_away_before_it_fills_the_memory():
    page = Endless()
    asyncio.run(asyncio.wait_for(sse.stream(page, page, b": hello\n\n"), 20))
    assert sse.MOST_BYTES <= page.kept < sse.MOST_BYTES + 65536 + 20


class Rights:
    """As much of an Access as a listener asks."""

    def __init__(self, scope: str | None, mates: tuple[int, ...] = ()) -> None:
        self.found, self.mates = scope, {1: mates}

    def scope(self, permission: str, project_id: int) -> str | None:
        return self.found if project_id == 1 else None


@pytest.mark.parametrize(
    ("scope", "owner", "heard"),
    [("project", None, True), ("project", 8, True), (None, 7, False), ("own", 7, True), ("own", 8, False),
     ("own", None, False), ("team", 9, True), ("team", 8, False)],
)  # fmt: skip
def test_a_listener_hears_only_what_he_may_view(scope, owner, heard):
    one = listener(Rights(scope, mates=(9,)))
    assert one.wants(message(owner=owner)) is heard
    assert not one.wants(message(project=2, owner=7))


def test_what_was_missed_is_told_or_the_page_is_sent_to_ask():
    hub = live.Hub()
    hub.kept.extend(message(at=n) for n in range(1, 6))
    one = listener(Rights("project"))
    assert hub.missed(one, "3-3").count(b"data:") == 2
    assert b"live:lost" in hub.missed(one, "0-1")


def test_five_hundred_listeners_are_told_at_once():
    """One piece each, and one question about rights each, however many events there are."""

    class Asked(Rights):
        questions = 0

        def scope(self, permission: str, project_id: int) -> str | None:
            Asked.questions += 1
            return super().scope(permission, project_id)

    async def told() -> None:
        hub = live.Hub()
        everybody = [listener(Asked("project"), n) for n in range(500)]
        hub.listeners.update(everybody)
        hub.deliver([message(at=n) for n in range(20)])
        assert all(one.queue.qsize() == 1 for one in everybody)

    asyncio.run(told())
    assert Asked.questions == 500


def test_who_comes_while_the_reader_stops_is_told_too(monkeypatch):
    """The reader stops when the last page has left; one that opens in that moment must not stay deaf."""

    async def heard() -> bytes | None:
        hub, first, second = live.Hub(), listener(Rights("project")), listener(Rights("project"))
        monkeypatch.setattr(live, "horizon", lambda: (0, 0))
        monkeypatch.setattr(live, "read_after", lambda place: ((1, 1), [message()] if second in hub.listeners else []))
        monkeypatch.setattr(live, "PAUSE", 0)
        loop = asyncio.get_running_loop()
        entered = []
        monkeypatch.setattr(
            live, "_hang_up", lambda: entered or entered.append(asyncio.run_coroutine_threadsafe(hub.enter(second), loop))
        )
        await hub.enter(first)
        hub.leave(first)
        chunk = await asyncio.wait_for(second.queue.get(), 20)
        hub.leave(second)
        return chunk

    assert asyncio.run(heard()).startswith(b"id: 1-1")


@pytest.mark.django_db
def test_pages_are_told_to_spread_their_questions(monkeypatch):
    """500 open boards that read themselves anew do it over seconds; a single one at once."""
    office = make_office()
    what = [live.Happening((1, 1), "price_list.published", "price-lists", 1, office.project.pk, None)]

    def spread() -> float:
        (said,) = live.messages_of(what)
        return json.loads(said.chunk.split(b"data: ")[1])["detail"]["spread"]

    assert spread() < 0.1
    monkeypatch.setattr(live.hub, "listeners", {listener(Rights("project"), n) for n in range(500)})
    assert spread() >= 5


@pytest.mark.django_db(transaction=True)
def test_events_come_in_the_order_of_their_commits_and_none_is_lost(database_server, database_name):
    """An event that is written first and committed last must not be skipped."""
    from anchang.config.postgres import with_database

    office = make_office()
    start = live.horizon()
    url = app_url_of(with_database(database_server, database_name))
    insert = (
        "INSERT INTO platform_event (project_id, name, resource, record_id, actor_kind, actor_name, at, business_date,"
        " data, command_id) VALUES (%s, 'team.slow', 'teams', 1, 'system', '', now(), '2025-01-01', '{}', gen_random_uuid())"
    )
    with psycopg.connect(url) as slow:
        slow.execute("SELECT set_config('app.projects', %s, true)", [f"{{{office.project.pk}}}"])
        slow.execute(insert, [office.project.pk])
        with office.as_("system") as access:
            ctx = Context(access, office.project)
            ctx.event("team.joined", Team.objects.first(), user="陈强")
            ctx.flush()
        place, early = live.read_after(start)
        assert early == []  # the slow one may still come first
        slow.commit()
    place, found = live.read_after(place)
    assert [b"team.slow" in m.chunk for m in found] == [True, False]
    assert live.read_after(place)[1] == []


def signed_in_cookie(server: str, name: str) -> str:
    """Signs in at the real server, as a browser does."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    browser.open(server + "/switch/")
    token = next(c.value for c in jar if c.name == "csrftoken")
    sent = urllib.parse.urlencode({"login": name, "password": PASSWORD, "csrfmiddlewaretoken": token})
    request = urllib.request.Request(server + "/switch/", sent.encode(), {"Referer": server + "/switch/"})
    browser.open(request)
    return "; ".join(f"{c.name}={c.value}" for c in jar)


@pytest.mark.django_db(transaction=True)
def test_a_page_hears_over_http(app_server):
    office = make_office()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(app_server + "/live/events", timeout=20)
    assert refused.value.code == 401
    cookie = signed_in_cookie(app_server, "manager")
    asked = urllib.request.Request(app_server + "/live/events?topics=teams", headers={"Cookie": cookie})
    with urllib.request.urlopen(asked, timeout=20) as page:
        assert page.headers["Content-Type"].startswith("text/event-stream")
        assert page.readline() == b": hello\n"
        with office.as_("system") as access:
            ctx = Context(access, office.project)
            ctx.event("team.joined", Team.objects.first(), user="陈强")
            ctx.flush()
        lines = [page.readline() for _ in range(3)]
    assert any(b'"trigger":"teams:changed"' in line for line in lines), lines
