"""Lists whose records no button of theirs makes say where they begin."""

from __future__ import annotations

import pytest

from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "way"),
    [("negotiations", "/r/opportunities/"), ("bundles", "/board/"), ("signing-checks", "/r/subscriptions/"),
     ("export-requests", "/r/customers/")],
)  # fmt: skip
def test_an_empty_list_leads_to_where_its_records_begin(desk, client, name, way):
    assert client.login(username="director", password=PASSWORD)
    page = client.get(f"/r/{name}/").content.decode()
    empty = page.split('class="empty-state"')[1].split("</div>")[0]
    assert f'href="{way}"' in empty
    assert client.get(way).status_code == 200


def test_nobody_is_led_to_what_he_may_not_do(desk, client):
    """The way to the first record is shown to whoever may make it, and to nobody else."""
    rights = {"negotiations": "opportunities.negotiate", "bundles": "units.subscribe",
              "signing-checks": "subscriptions.ask-check", "seller-liabilities": "seller-liabilities.compute"}  # fmt: skip
    seen = 0
    for who in ("finance", "clerk", "service", "consultant1", "manager"):
        access = desk.office.access(who)
        assert client.login(username=who, password=PASSWORD)
        for name, right in rights.items():
            if access.may(f"{name}.view") and not access.may(right):
                empty = client.get(f"/r/{name}/").content.decode().split('class="empty-state"')[1].split("</div>")[0]
                assert "<a " not in empty, (who, name)
                seen += 1
    assert seen > 2


def test_a_field_of_one_kind_names_the_kinds_with_which_it_is_shown(desk, client):
    assert client.login(username="director", password=PASSWORD)
    page = client.get("/r/message-channels/new").content.decode()
    before, _after = page.split('name="headers-0-key"', 1)
    assert before.rsplit("data-only=", 1)[1].startswith('"kind" data-only-values="sms_http"')
