"""Requests that nobody sends by mistake: answers are coded JSON, never a page, a trace or a foreign row."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources, tokens
from anchang.platform.models import User
from anchang.platform.reading import Query
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return make_office()


def caller(user: User) -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": "Bearer " + tokens.issue(user, "t", dt.timedelta(hours=1))[0]}


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_a_hop_does_not_find_out_about_records_of_colleagues(office: Office) -> None:
    """A household is seen by everybody, its members' names only by their consultants."""
    made = {}
    for who, name, phone in (("consultant1", "王晓明", "13800010001"), ("consultant5", "周海燕", "13800010002")):
        with office.as_(who) as access:
            made[who] = run("add_customers", access, project="YQ", name=name, phone=phone)
    with office.as_("manager") as access:
        one, other = made["consultant1"], made["consultant5"]
        run("link_household", access, one, relative=other.pk, relation="spouse")
    for path in ("household.customers.name", "household.customers.owner.name"):
        where = {"field": path, "op": "empty", "value": False}
        assert count("customers", office, "consultant1", where) == 1
    seen = {"field": "customers.name", "op": "eq"}
    assert count("households", office, "consultant1", seen | {"value": "王晓明"}) == 1
    assert count("households", office, "consultant1", seen | {"value": "周海燕"}) == 0
    assert count("households", office, "manager", seen | {"value": "周海燕"}) == 1


def count(resource: str, office: Office, who: str, where: Any) -> int | None:
    with office.as_(who) as access:
        return reading.list_rows(resources.get(resource), access, Query(where=where, count=True)).count


@pytest.mark.parametrize("value", ["\x00", "\ud800"])
def test_a_forged_cursor_is_bad_input(office: Office, client: Client, value: str) -> None:
    address = f"/api/v1/customers?order=name&cursor={cursor('name', value, 1)}"
    answer = client.get(address, **caller(office.users["consultant1"]))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nosuch/1", 404, "not_found"),
        ("GET", "/api/nosuch", 404, "not_found"),
        ("PUT", "/api/v1/units/1", 405, "method_not_allowed"),
        ("PATCH", "/api/v1/units", 405, "method_not_allowed"),
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_addresses_of_the_api_that_are_not_there_answer_as_the_api(
    office: Office, client: Client, method: str, path: str, status: int, code: str, signed_in: bool
) -> None:
    headers = caller(office.users["consultant1"]) if signed_in else {}
    answer = client.generic(method, path, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) >= {"code", "message", "params", "fields"}


def test_a_body_that_is_too_large_is_refused_as_json(office: Office, client: Client) -> None:
    body = json.dumps({"name": "x" * 6_000_000})
    answer = client.post(
        "/api/v1/leads", body, content_type="application/json", **caller(office.users["manager"])
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_number_that_its_column_cannot_hold_is_bad_input(office: Office, client: Client) -> None:
    body = json.dumps({"project": "YQ", "code": "Z", "name": "大", "gross_area": "9999999999999999.99"})
    answer = client.post(
        "/api/v1/layouts", body, content_type="application/json", **caller(office.users["director"])
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "header",
    ["HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_VIA", "HTTP_FORWARDED"],
)
def test_the_demo_office_answers_nobody_behind_a_proxy(
    office: Office, client: Client, settings: Any, header: str
) -> None:
    settings.ANCHANG_DEMO = True
    assert client.get("/accounts/login/", headers={"host": "localhost"}).status_code == 200
    assert client.get("/accounts/login/", headers={"host": "localhost"}, **{header: "x"}).status_code == 403
    assert client.get("/accounts/login/", headers={"host": "anchang.example"}).status_code in (400, 403)


NAMED = {"field": "name", "op": "contains", "value": "王"}
NO_CONDITIONS = [
    '{"field": "name", "op": ["eq"]}', '{"field": "name", "op": {"a": 1}}', '{"field": "\\ud800", "value": "a"}',
    '{"field": "name", "value": "\\ud800"}', '{"field": "tags", "op": "in", "value": ["\\ud800"]}',
    '{"field": "grade", "op": "in", "value": [[1]]}', '{"field": "grade", "op": "between", "value": [1]}', '{"not":' * 300 + json.dumps(NAMED) + "}" * 300,
    '{"all":[' * 200 + json.dumps(NAMED) + "]}" * 200,
]  # fmt: skip


@pytest.mark.parametrize("where", NO_CONDITIONS)
def test_what_is_no_condition_is_refused_everywhere(office: Office, client: Client, where: str) -> None:
    assert client.get("/api/v1/customers", {"where": where}, **caller(office.users["manager"])).status_code == 422
    client.force_login(office.users["manager"])
    assert client.get("/r/customers/", {"where": where}).status_code == 422
    for how in ({"whole": "1"}, {"field": "grade", "at": "0"}, {"field": "name", "at": "0"}):
        assert client.get("/r/customers/filter", {"where": where, **how}).status_code == 422
    for path, name in (("/r/customers/condition/told?name=c", "c"), ("/r/customers/filter?whole=1", "filter")):
        typed = {name: ["all(", "m", ")"], f"{name}.m.kept": where}
        assert client.post(path, typed).status_code in (200, 422)
        nested = {name: ["all("] * 300 + ["m"] + [")"] * 300, f"{name}.m.kept": json.dumps(NAMED)}
        assert client.post(path, nested).status_code == 422


@pytest.mark.parametrize("query", [{"where": json.loads(NO_CONDITIONS[-1])}, {"order": [1]}, {"columns": [{}]}])
def test_a_view_that_breaks_its_list_is_not_saved(office: Office, query: dict[str, Any]) -> None:
    with office.as_("manager") as access, pytest.raises(DomainError) as caught:
        run("save_views", access, project="YQ", resource="customers", name="x", shared=True, query=query)
    assert caught.value.status == 422
