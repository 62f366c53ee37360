"""The customer's page (C06): from the first contact to what comes after signing, on one screen with one timeline."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anchang.affairs import tasks
from anchang.affairs.models import Mortgage
from tests.affairs.test_affairs import job
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_everything_of_a_buyer_is_on_one_page(desk, client):
    contract = desk.sign(payment_plan="mortgage")
    job(desk, tasks.open_affairs, deal=contract.deal_id)
    with desk.office.as_("manager") as access:
        loan = Mortgage.objects.get()
        run("add_follow_ups", access, customer=contract.customer_id, method="phone", content="回访满意")
    assert client.login(username="director", password=PASSWORD)
    url = f"/customers/{contract.customer_id}/"
    page = client.get(url).content.decode()
    for key in ("timeline", "visits", "needs", "follow-ups", "deals", "payments", "affairs", "files"):
        assert f"{url}?tab={key}" in page, key
    assert contract.number in client.get(f"{url}?tab=deals", headers=HTMX).content.decode()
    assert f"/r/mortgages/{loan.pk}/" in client.get(f"{url}?tab=affairs", headers=HTMX).content.decode()
    assert "/r/receivables/" in client.get(f"{url}?tab=payments", headers=HTMX).content.decode()
    with CaptureQueriesContext(connection) as seen:
        whole = client.get(f"{url}?tab=timeline", headers=HTMX).content.decode()
    assert len(seen) <= 30, len(seen)
    assert "回访满意" in whole and f"/r/mortgages/{loan.pk}/" in whole and contract.number in whole
    some = client.get(f"{url}?tab=timeline&kind=affairs", headers=HTMX).content.decode()
    assert "回访满意" not in some and "/r/mortgages/" in some
