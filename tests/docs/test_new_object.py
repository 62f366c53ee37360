"""The worked example of docs/new-object.md lives: its code is taken from the page and used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from django.test import Client, override_settings
from django.urls import clear_url_caches

from anchang.platform import commands, database, plain, reading, resources
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PAGE = Path(__file__).parents[2] / "docs" / "new-object.md"


def blocks() -> dict[str, str]:
    return dict(re.findall(r"```python (\w+)\n(.*?)```", PAGE.read_text(), re.S))


@pytest.fixture
def gifts(db: None) -> Iterator[Any]:
    """The example's table, declaration and commands, for the time of one test."""
    space: dict[str, Any] = {"__name__": "gift_example"}
    exec(blocks()["model"], space)
    model = space["Gift"]
    with connections["owner"].schema_editor() as editor:
        editor.create_model(model)
    database.guard()
    exec(blocks()["declaration"], space)
    plain.equip(space["GIFTS"])
    yield space["GIFTS"]
    commands.forget(space["GIFTS"])
    resources.forget("gifts")
    del apps.all_models["inventory"]["gift"]
    apps.clear_cache()


def test_the_example_is_a_whole_object(gifts: Any) -> None:
    office = make_office()
    with override_settings(ROOT_URLCONF="tests.docs.urls"):
        clear_url_caches()
        client = Client()
        token = client.post(
            "/api/v1/auth/tokens", {"username": "admin", "password": PASSWORD}, content_type="application/json"
        ).json()["token"]
        head = {"Authorization": f"Bearer {token}"}

        def post(path: str, **data: Any) -> Any:
            return client.post(f"/api/v1/{path}", data, content_type="application/json", headers=head)

        made = post("gifts", project="YQ", name="雨伞", value="35.50", team=office.teams["A"].pk)
        assert made.status_code == 201, made.content
        gift = made.json()
        assert (gift["value"], gift["team"]["label"]) == ("35.50", "A 组")
        assert post("gifts", project="YQ", name="x", value="-1").status_code == 422
        found = client.get("/api/v1/gifts", {"q": "yusan"}, headers=head).json()["items"]
        assert [g["id"] for g in found] == [gift["id"]]
        changed = client.patch(
            f"/api/v1/gifts/{gift['id']}", {"value": "40.00"}, content_type="application/json", headers=head
        ).json()
        assert (changed["value"], changed["version"]) == ("40.00", gift["version"] + 1)
        assert client.delete(f"/api/v1/gifts/{gift['id']}", headers=head).status_code == 200
        assert client.get(f"/api/v1/gifts/{gift['id']}", headers=head).status_code == 404
        assert "/api/v1/gifts/{id}" in client.get("/api/v1/openapi.json").json()["paths"]
        client.force_login(office.users["admin"])
        page = client.get("/r/gifts/")
        assert page.status_code == 200
        assert client.get(f"/r/gifts/{gift['id']}/").status_code == 404
        assert client.get("/r/gifts/new").status_code == 200


def test_the_example_is_isolated(gifts: Any) -> None:
    """The database itself hides another project's gifts and refuses another project's team."""
    here, there = make_office("YQ"), make_office("ZZ", prefix="z")
    with there.as_("admin") as access:
        run("create_gifts", access, project="ZZ", name="伞", value="1.00")
    with here.as_("manager"):
        assert gifts.model.objects.count() == 0
    with there.as_("admin") as access:
        assert reading.list_rows(gifts, access, reading.Query()).items[0]["name"] == "伞"
