"""Papers are found by their customer and unit, but by nothing that the reader may not see."""

from __future__ import annotations

import pytest

from anchang.platform import bulk, reading, resources, search
from anchang.platform.access import Access
from anchang.platform.reading import Query

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
        for where, owner, hidden, word, pk in (
            ("customers", "customers", "name", customer.name, customer.pk),
            ("customers", "customers", "phone", tail, customer.pk),
            ("subscriptions", "customers", "name", customer.name, subscription.pk),
            ("subscriptions", "customers", "phone", tail, subscription.pk),
            ("subscriptions", "subscriptions", "customer", customer.name, subscription.pk),
        ):
            assert pk in found(base, where, word), (where, word)
            rules = {desk.office.project.pk: {owner: {hidden: "hide"}}}
            assert pk not in found(Access(base.actor, base.rights, rules), where, word), (where, hidden)
