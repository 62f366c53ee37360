"""Papers are found by their number, and by what finds their customer and their unit."""

from __future__ import annotations

from anchang.platform import reading, resources, search
from anchang.platform.reading import Query
from tests.deals.desk import Desk
from tests.factories import run


def test_papers_are_found_by_customer_phone_and_unit(desk: Desk) -> None:
    with desk.office.as_("consultant1") as access:
        customer = run("add_customers", access, name="孙静伟", phone="13812297788")
    paper = desk.subscribe(customer=customer)
    access = desk.office.access("manager")
    search.index(resources.get("units"), [paper.unit])
    for text in (paper.number, "孙静伟", "sjw", "7788", paper.unit.label):
        page = reading.list_rows(resources.get("subscriptions"), access, Query(q=text))
        assert [item["id"] for item in page.items] == [paper.pk], text
    assert not reading.list_rows(resources.get("subscriptions"), access, Query(q="无此人")).items
    assert resources.get("contracts").search_through == ("customer", "unit")
