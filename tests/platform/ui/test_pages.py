"""The generic pages, as a browser asks for them."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anchang.platform import resources
from anchang.platform.models import SavedView, Team
from tests.factories import PASSWORD, make_office

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(client):
    made = make_office()
    assert client.login(username="director", password=PASSWORD)
    return made


def post(client, url, headers=None, **data):
    return client.post(url, data, headers={**HTMX, "HX-Target": "dialog-host", **(headers or {})})


def teams(office):
    with office.as_("system"):
        return list(Team.objects.order_by("code"))


# --- the gate ------------------------------------------------------------------------------------


def test_pages_ask_for_sign_in_and_fragments_say_401(client):
    make_office()
    page = client.get("/r/teams/")
    assert page.status_code == 302 and page["Location"].startswith("/accounts/login/?next=%2Fr%2Fteams")
    assert client.get("/r/teams/", headers=HTMX).status_code == 401
    assert client.get("/palette/", headers={"Accept": "application/json"}).status_code == 401


def test_every_page_without_the_right_is_403(client, office):
    client.login(username="consultant1", password=PASSWORD)
    answer = client.get("/r/parameters/")
    assert answer.status_code == 403
    assert answer["X-Support-Code"] in answer.content.decode()


# --- lists ---------------------------------------------------------------------------------------


def test_every_resource_has_its_list_and_form(client, office):
    client.login(username="admin", password=PASSWORD)
    for resource in resources.all_resources():
        answer = client.get(f"/r/{resource.name}/")
        assert answer.status_code == 200, resource.name
        assert client.get(f"/r/{resource.name}/totals").status_code == 200, resource.name
        assert client.get(f"/r/{resource.name}/filter", headers=HTMX).status_code == 200
        assert client.get(f"/r/{resource.name}/pick?q=a").status_code == 200, resource.name
        assert client.get(f"/r/{resource.name}/new", headers=HTMX).status_code in (200, 404), resource.name


def test_list_filters_searches_and_sorts(client, office):
    where = json.dumps({"all": [{"field": "name", "op": "contains", "value": "A"}]})
    text = client.get("/r/teams/", {"where": where, "order": "-name"}).content.decode()
    assert "A 组" in text and "B 组" not in text
    assert "is-set" in text
    applied = client.get("/r/teams/filter", {"field": "name", "op": "contains", "value_contains": "B", "apply": "1"})
    text = client.get(applied["Location"]).content.decode()
    assert "B 组" in text and "A 组" not in text
    bad = client.get("/r/teams/", {"where": '{"field": "nope"}'})
    assert bad.status_code == 422


def test_a_saved_view_brings_filter_and_columns_back(client, office):
    where = json.dumps({"all": [{"field": "code", "op": "eq", "value": "B"}]})
    answer = client.post(f"/r/teams/save-view?where={where}", {"name": "只看 B", "shared": "on"})
    assert answer.status_code == 302
    text = client.get(answer["Location"]).content.decode()
    assert "B 组" in text and "A 组" not in text
    client.login(username="consultant1", password=PASSWORD)
    assert "只看 B" in client.get("/r/teams/").content.decode()
    refused = client.post(f"/r/teams/save-view?where={where}", {"name": "x", "shared": "on"})
    assert refused.status_code == 422
    with office.as_("system"):
        assert SavedView.objects.count() == 1


def test_a_list_costs_few_queries_whatever_its_length(client, office):
    with office.as_("system"):
        Team.objects.bulk_create([Team(project=office.project, code=f"T{i}", name=f"{i} 队") for i in range(120)])
    client.get("/r/teams/")
    with CaptureQueriesContext(connection) as seen:
        answer = client.get("/r/teams/")
    assert answer.content.count(b"<tr data-href") == 50
    assert len(seen) <= 14, [q["sql"][:90] for q in seen]
    assert len(answer.content) < 120_000


# --- records and commands ------------------------------------------------------------------------


def test_create_by_form_is_done_once(client, office):
    form = client.get("/r/teams/new", headers={**HTMX, "HX-Target": "dialog-host"}).content.decode()
    assert 'name="code"' in form and 'name="project"' not in form
    key = {"Idempotency-Key": "form-1"}
    first = post(client, "/r/teams/new", key, code="C", name="C 组")
    again = post(client, "/r/teams/new", key, code="C", name="C 组")
    assert first.status_code == again.status_code == 204
    assert first["HX-Redirect"] == again["HX-Redirect"]
    assert [t.code for t in teams(office)] == ["A", "B", "C"]


def test_a_refused_form_keeps_what_was_typed_and_says_why(client, office):
    empty = post(client, "/r/teams/new", code="", name="很长的名字")
    assert empty.status_code == 422
    assert "很长的名字" in empty.content.decode() and "has-error" in empty.content.decode()
    taken = post(client, "/r/teams/new", code="A", name="又一个 A")
    assert taken.status_code == 409 and "又一个 A" in taken.content.decode()
    assert len(teams(office)) == 2


def test_record_page_shows_facts_actions_and_changes(client, office):
    team = teams(office)[0]
    text = client.get(f"/r/teams/{team.pk}/").content.decode()
    assert "A 组" in text and f"/r/teams/{team.pk}/fact/name" in text
    assert f"/r/teams/{team.pk}/do/add-member" in text
    assert client.get(f"/r/teams/{team.pk}/panel", headers=HTMX).status_code == 200
    for tab in ("timeline", "files", "history"):
        assert client.get(f"/r/teams/{team.pk}/?tab={tab}", headers=HTMX).status_code == 200
    assert client.get("/r/teams/999999/").status_code == 404


def test_a_fact_is_edited_in_place_and_a_stale_one_refused(client, office):
    team = teams(office)[0]
    url = f"/r/teams/{team.pk}/fact/name"
    sent = {"name": "金牌组", "_had_name": "1", "version": "1"}
    assert client.post(url, sent, headers=HTMX).status_code == 200
    stale = client.post(url, {**sent, "name": "银牌组"}, headers=HTMX)
    assert stale.status_code == 409 and "银牌组" in stale.content.decode()
    assert teams(office)[0].name == "金牌组"
    assert "金牌组" in client.get(f"/r/teams/{team.pk}/?tab=history", headers=HTMX).content.decode()


def test_preview_tells_and_takes_back(client, office):
    team = teams(office)[0]
    answer = client.post(f"/r/teams/{team.pk}/do/delete?preview=1", {}, headers=HTMX)
    assert answer.status_code == 200 and "consequence-box" in answer.content.decode()
    assert len(teams(office)) == 2


def test_deleted_rows_come_back_from_the_bin(client, office):
    team = teams(office)[0]
    assert post(client, f"/r/teams/{team.pk}/do/delete").status_code == 204
    assert "A 组" not in client.get("/r/teams/").content.decode()
    assert "A 组" in client.get("/r/teams/?deleted=1").content.decode()
    assert post(client, "/r/teams/bulk/restore", ids=str(team.pk)).status_code == 204
    assert "A 组" in client.get("/r/teams/").content.decode()


def test_another_projects_record_is_not_there(client, office):
    other = make_office("BJ", prefix="x-")
    foreign = teams(other)[0]
    assert client.get(f"/r/teams/{foreign.pk}/").status_code == 404
    assert post(client, f"/r/teams/{foreign.pk}/do/delete").status_code == 404
    assert client.get(f"/r/teams/{foreign.pk}/fact/name", headers=HTMX).status_code == 404


# --- finding -------------------------------------------------------------------------------------


def test_palette_finds_places_and_commands_that_one_may(client, office):
    found = client.get("/palette/", {"q": "teams"}, headers={"Accept": "application/json"}).json()["groups"]
    urls = {item["url"] for group in found for item in group["items"]}
    assert {"/r/teams/", "/r/teams/new"} <= urls
    assert "陈强" in client.get("/r/users/", {"q": "consultant1"}).content.decode()
    assert "陈强" not in client.get("/r/users/", {"q": "周"}).content.decode()
    picked = client.get("/r/users/pick", {"q": "陈"}).json()["items"]
    assert [one["label"] for one in picked] == ["陈强"]
