"""Who holds a link: what it shows and confirms before and after the buyer said the end of his number."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from anchang.crm.models import CustomerPhone
from anchang.opening.models import OpeningClaim
from tests.factories import run
from tests.opening.launch import Launch, make_launch

pytestmark = pytest.mark.django_db


@pytest.fixture
def launch(desk) -> Launch:
    cache.clear()
    found = make_launch(desk, buyers=2)
    for n, buyer in enumerate(found.buyers):
        CustomerPhone.objects.create(
            project=buyer.project, customer=buyer.customer, cipher=b"x", digest=f"d{n}", masked="138****0000",
            tail=f"230{n}", main=True,
        )  # fmt: skip
    run(
        "set_parameters", desk.office.access("admin"), key="opening.identify", value="phone", valid_from="2020-01-01",
        project=desk.office.project.pk,
    )  # fmt: skip
    return found


def test_a_link_alone_shows_nothing_and_confirms_nothing(launch):
    page, client = f"/choose/{launch.link()}/", Client()
    launch.decide([(0, launch.units[0], "a")])
    before = client.get(page).content.decode()
    assert "手机号后四位" in before and "opening-settings" not in before
    assert client.post(f"{page}confirm", {"unit": launch.units[0]}).status_code == 403
    assert client.post(f"{page}favourites", "{}", content_type="application/json").status_code == 403
    assert client.post(f"{page}identify", {"ends": "2301"}).status_code == 422, "another buyer's number"
    assert OpeningClaim.objects.get().state == "won"
    assert client.post(f"{page}identify", {"ends": "2300"}).status_code == 302
    assert "opening-settings" in client.get(page).content.decode()
    assert client.post(f"{page}confirm", {"unit": launch.units[0]}).json()["state"] == "confirmed"
    other = client.get(f"/choose/{launch.link(1)}/").content.decode()
    assert "手机号后四位" in other, "what was said holds for one link"


def test_a_new_link_asks_again_and_guessing_is_paused(launch):
    client = Client()
    client.post(f"/choose/{launch.link()}/identify", {"ends": "2300"})
    run("renew_pass", launch.desk.office.access("director"), launch.buyers[0])
    launch.buyers[0].refresh_from_db()
    page = f"/choose/{launch.link()}/"
    assert "手机号后四位" in client.get(page).content.decode()
    answers = [client.post(f"{page}identify", {"ends": f"{n:04}"}).status_code for n in range(6)]
    assert answers == [422] * 5 + [429]
    assert client.post(f"{page}identify", {"ends": "2300"}).status_code == 429, "also the right one"
