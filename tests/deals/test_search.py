"""Papers are found by their customer and unit, but by nothing that the reader may not see."""

from __future__ import annotations

import pytest

from anchang.platform import bulk, reading, resources, search
from anchang.platform.access import Access
from anchang.platform.reading import Query
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


def found(access: Access, where: str, word: str) -> set[int]:
    return {row["id"] for row in reading.list_rows(resources.get(where), access, Query(q=word)).items}


def test_nothing_is_found_by_a_hidden_field(desk):
    with desk.office.as_("admin") as base:
        subscription = desk.subscribe()
        customer = subscription.customer
        search.index(resources.get("customers"), [customer])
        tail = customer.phone_masked[-4:]
        bulk.add_tokens(customer.project_id, "customers", {customer.pk: ["#" + tail]}, fresh=False)
        held = run("hold_unit", base, desk.unit(1), customer=customer.pk)
        for where, owner, hidden, word, pk in (
            ("customers", "customers", "name", customer.name, customer.pk),
            ("customers", "customers", "phone", tail, customer.pk),
            ("subscriptions", "customers", "name", customer.name, subscription.pk),
            ("subscriptions", "customers", "phone", tail, subscription.pk),
            ("subscriptions", "subscriptions", "customer", customer.name, subscription.pk),
            ("holds", "customers", "name", customer.name, held.pk), ("holds", "customers", "phone", tail, held.pk),
            ("holds", "holds", "unit", held.unit.code, held.pk),
        ):  # fmt: skip
            assert pk in found(base, where, word), (where, word)
            rules = {desk.office.project.pk: {owner: {hidden: "hide"}}}
            assert pk not in found(Access(base.actor, base.rights, rules), where, word), (where, hidden)


def test_the_list_of_holds_is_searched_by_customer_and_unit(desk, client):
    held = run("hold_unit", desk.office.access("consultant1"), desk.unit(), customer=desk.customer("consultant1").pk)
    other = run("hold_unit", desk.office.access("consultant2"), desk.unit(1), customer=desk.customer("consultant2").pk)
    search.index(resources.get("customers"), [held.customer, other.customer])
    client.login(username="manager", password=PASSWORD)
    page = client.get("/r/holds/", {"q": held.customer.name}).content.decode()
    assert f"/r/holds/{held.pk}/" in page and f"/r/holds/{other.pk}/" not in page
