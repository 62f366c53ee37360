"""One person, several homes at the same moment: the city's number holds, whoever is first (BS19)."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from anchang.kernel.errors import DomainError
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.deals.desk import Desk, make_desk

SELLERS = ("consultant1", "consultant2", "consultant5")


@pytest.fixture
def desk(transactional_db) -> Desk:
    made = make_desk()
    with made.office.as_("system"):
        Parameter.objects.create(key="deals.homes_per_buyer", value=1, valid_from="2020-01-01")
        bump_stamp()
        for who in SELLERS:
            made.customer(who)
    return made


def test_one_home_is_sold_to_one_person(desk):
    gate = threading.Barrier(len(SELLERS), timeout=60)

    def sell(place: int) -> str:
        gate.wait()
        try:
            with desk.office.as_(SELLERS[place]):
                desk.subscribe(place, owner=SELLERS[place])
            return "sold"
        except DomainError as error:
            return error.code
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(SELLERS)) as pool:
        codes = Counter(pool.map(sell, range(len(SELLERS))))
    assert codes == {"sold": 1, "too_many_homes": 2}
