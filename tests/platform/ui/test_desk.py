"""The reception PC, one-time links, the first run, messages."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache

from anchang.platform.models import Notice, Project, Task, User
from anchang.platform.ui import gate
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db


def with_pin(office, who: str, pin: str) -> User:
    User.objects.filter(pk=office.users[who].pk).update(pin=make_password(pin))
    return office.users[who]


def who(client) -> str | None:
    return client.session.get("_auth_user_id")


def test_a_pin_works_only_on_the_computer_that_was_locked(client):
    office = make_office()
    user = with_pin(office, "consultant1", "2580")
    refused = client.post("/switch/", {"login": "consultant1", "password": "2580"})
    assert refused.status_code == 422 and who(client) is None
    client.login(username="consultant1", password=PASSWORD)
    assert client.post("/lock/").status_code == 302 and who(client) is None
    assert client.post("/switch/", {"login": "consultant1", "password": "2580"}).status_code == 302
    assert who(client) == str(user.pk)


def test_the_switch_page_takes_passwords_and_pauses_after_failures(client):
    make_office()
    cache.clear()
    for _ in range(5):
        assert client.post("/switch/", {"login": "manager", "password": "0000"}).status_code == 422
    assert client.post("/switch/", {"login": "manager", "password": PASSWORD}).status_code == 422
    assert who(client) is None
    cache.clear()
    assert client.post("/switch/", {"login": "manager", "password": PASSWORD}).status_code == 302


def test_a_reset_link_sets_a_password_once(client):
    office = make_office()
    with office.as_("admin") as access:
        link = run("make_reset_link", access, office.users["clerk"])["link"]
    weak = client.post(link, {"password": "123", "again": "123"})
    assert weak.status_code == 422
    differs = client.post(link, {"password": "ein-Langes-7", "again": "x"})
    assert differs.status_code == 422
    assert client.post(link, {"password": "ein-Langes-7", "again": "ein-Langes-7"}).status_code == 302
    assert client.login(username="clerk", password="ein-Langes-7")
    client.logout()
    assert client.post(link, {"password": "noch-Eins-99", "again": "noch-Eins-99"}).status_code == 422


def test_an_empty_office_begins_with_the_guide(client, monkeypatch):
    monkeypatch.setattr(gate, "_office_has_users", False)
    assert client.get("/")["Location"] == "/welcome/"
    sent = {
        "name": "李总",
        "username": "boss",
        "password": "ein-Langes-7",
        "project_name": "云栖花园",
        "project_code": "",
    }
    refused = client.post("/welcome/", sent)
    assert refused.status_code == 422 and "李总" in refused.content.decode() and not User.objects.exists()
    assert client.post("/welcome/", sent | {"project_code": "YQ"}).status_code == 302
    assert Project.objects.get().code == "YQ" and who(client)
    guide = client.get("/welcome/")
    assert guide.status_code == 200 and "/r/users/new" in guide.content.decode()
    client.logout()
    assert client.get("/welcome/").status_code == 404


def test_messages_are_read_and_todos_done(client):
    office = make_office()
    user = office.users["manager"]
    with office.as_("system"):
        for _ in range(2):
            Notice.objects.create(project=office.project, user=user, code="x")
        Notice.objects.create(project=office.project, user=office.users["clerk"], code="x")
        task = Task.objects.create(project=office.project, assignee=user, code="x", resource="teams", record_id=1)
        foreign = Task.objects.create(
            project=office.project, assignee=office.users["clerk"], code="x", resource="teams", record_id=1
        )
    client.login(username="manager", password=PASSWORD)
    assert b">2<" in client.get("/messages/unread").content
    assert client.post("/messages/read-all").status_code == 302
    assert client.get("/messages/unread").content == b""
    assert client.get("/messages/?tab=tasks").content.count(b"/done") == 1
    assert client.post(f"/messages/tasks/{task.pk}/done").status_code == 302
    client.login(username="consultant1", password=PASSWORD)
    assert client.post(f"/messages/tasks/{foreign.pk}/done").status_code in (403, 404)
    with office.as_("system"):
        assert Notice.objects.filter(read_at__isnull=True).count() == 1
        assert set(Task.objects.filter(state="open").values_list("pk", flat=True)) == {foreign.pk}
