"""Signing in, listing, errors: the API's manners."""

from __future__ import annotations

import json

import pytest

from tests.factories import PASSWORD, make_office

pytestmark = pytest.mark.django_db


def sign_in(client, username: str) -> dict[str, str]:
    answer = client.post(
        "/api/v1/auth/tokens", {"username": username, "password": PASSWORD}, content_type="application/json"
    )
    assert answer.status_code == 201, answer.content
    return {"Authorization": "Bearer " + answer.json()["token"]}


def test_sign_in_and_whoami(client):
    make_office()
    head = sign_in(client, "manager")
    me = client.get("/api/v1/auth/me", headers=head).json()
    assert me["name"] == "经理"
    assert [p["code"] for p in me["projects"]] == ["YQ"]


def test_wrong_password_is_401_and_counted(client):
    make_office()
    for _ in range(10):
        answer = client.post(
            "/api/v1/auth/tokens", {"username": "manager", "password": "x"}, content_type="application/json"
        )
        assert answer.status_code == 401
    answer = client.post(
        "/api/v1/auth/tokens", {"username": "manager", "password": PASSWORD}, content_type="application/json"
    )
    assert answer.status_code == 429


def test_without_token_everything_is_401(client):
    make_office()
    assert client.get("/api/v1/teams").status_code == 401
    assert client.post("/api/v1/teams", {}, content_type="application/json").status_code == 401


def test_plain_resource_lives(client):
    office = make_office()
    head = sign_in(client, "director")
    made = client.post(
        "/api/v1/teams", {"project": "YQ", "code": "C", "name": "C 组"}, content_type="application/json",
        headers=head | {"Idempotency-Key": "k1"},
    )  # fmt: skip
    assert made.status_code == 201, made.content
    again = client.post(
        "/api/v1/teams", {"project": "YQ", "code": "C", "name": "C 组"}, content_type="application/json",
        headers=head | {"Idempotency-Key": "k1"},
    )  # fmt: skip
    assert again.json() == made.json()
    other = client.post(
        "/api/v1/teams", {"project": "YQ", "code": "D", "name": "D 组"}, content_type="application/json",
        headers=head | {"Idempotency-Key": "k1"},
    )  # fmt: skip
    assert other.status_code == 409 and other.json()["code"] == "key_reused"
    team = made.json()
    assert team["project"]["label"] == office.project.name
    changed = client.patch(
        f"/api/v1/teams/{team['id']}", {"name": "新 C 组"}, content_type="application/json",
        headers=head | {"If-Match": str(team["version"])},
    )  # fmt: skip
    assert changed.status_code == 200, changed.content
    assert changed.json()["version"] == team["version"] + 1
    stale = client.patch(
        f"/api/v1/teams/{team['id']}", {"name": "x"}, content_type="application/json",
        headers=head | {"If-Match": str(team["version"])},
    )  # fmt: skip
    assert stale.status_code == 409 and stale.json()["code"] == "changed_meanwhile"
    where = json.dumps({"field": "code", "op": "in", "value": ["C", "A"]})
    listed = client.get("/api/v1/teams", {"where": where, "count": "true", "order": "-code"}, headers=head).json()
    assert [t["code"] for t in listed["items"]] == ["C", "A"] and listed["count"] == 2
    events = client.get(f"/api/v1/teams/{team['id']}/events", headers=head).json()["items"]
    assert [e["name"] for e in events] == ["record.edited", "record.created"]
    assert client.delete(f"/api/v1/teams/{team['id']}", headers=head).status_code == 200
    assert client.get(f"/api/v1/teams/{team['id']}", headers=head).status_code == 404
    bin_ = client.get("/api/v1/teams", {"deleted": "true"}, headers=head).json()["items"]
    assert [t["code"] for t in bin_] == ["C"]
    again = client.post(f"/api/v1/teams/{team['id']}/restore", content_type="application/json", headers=head)
    assert again.status_code == 200
    assert client.get(f"/api/v1/teams/{team['id']}", headers=head).status_code == 200


def test_cursor_pages_meet_every_row_once(client):
    make_office()
    head = sign_in(client, "director")
    for n in range(7):
        client.post("/api/v1/teams", {"project": "YQ", "code": f"T{n}", "name": "同名"},
                    content_type="application/json", headers=head)  # fmt: skip
    seen, cursor = [], None
    while True:
        query = {"order": "-name", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/teams", query, headers=head).json()
        seen += [t["id"] for t in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize(
    "query",
    [{"where": "{"}, {"where": '{"field":"nope"}'}, {"order": "nope"}, {"cursor": "%%%"}, {"limit": "0"},
     {"where": '{"field":"name","op":"eq","value":{"a":1}}'}, {"where": '{"field":"id","op":"gt","value":1e400}'}],
)  # fmt: skip
def test_bad_queries_are_422(client, query):
    make_office()
    head = sign_in(client, "director")
    answer = client.get("/api/v1/teams", query, headers=head)
    assert answer.status_code == 422, answer.content
    assert set(answer.json()) == {"code", "message", "params", "fields"}


def test_openapi_describes_itself(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    paths = answer.json()["paths"]
    assert "/api/v1/teams/{id}" in paths and "post" in paths["/api/v1/teams"]


def test_a_runaway_script_is_slowed_down(client):
    """The limit is a parameter; an empty bucket answers 429 and says when to come back."""
    from anchang.platform import throttle
    from anchang.platform.access import bump_stamp
    from anchang.platform.models import Parameter

    make_office()
    head = sign_in(client, "clerk")
    Parameter.objects.create(key="platform.api_calls_per_minute", value=3, valid_from="2020-01-01")
    bump_stamp()
    throttle._full.clear()
    codes = [client.get("/api/v1/auth/me", headers=head).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    refused = client.get("/api/v1/auth/me", headers=head)
    assert refused.json()["code"] == "slow_down" and refused["Retry-After"] == "1"
    throttle._full.clear()
