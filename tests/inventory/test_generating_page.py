"""Quick generation in its dialog: typed line by line, with the numbers shown before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from anchang.inventory.models import Unit
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db


def test_units_are_typed_previewed_and_made(client: Any) -> None:
    office = make_office()
    with office.as_("director") as access:
        phase = run("create_phases", access, code="1", name="一期")
        building = run("create_buildings", access, phase=phase.pk, code="1", name="1幢")
        run("create_layouts", access, code="A", name="A户型", rooms=3)
    client.login(username="director", password=PASSWORD)
    url = f"/r/buildings/{building.pk}/do/generate-units"
    page = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "A户型" in page and "住宅" in page, "layouts and product types are chosen"
    form = {
        "first_floor": "3", "last_floor": "6", "skip_floors": "4，5", "sections": "1，2", "pattern": "{floor}{index2}",
        "continue_index": "on", "product_type": "housing", "positions-TOTAL_FORMS": "2", "positions-INITIAL_FORMS": "0",
        "positions-0-layout": "A", "positions-0-gross_area": "120.36", "positions-0-inner_area": "96.28",
        "positions-1-layout": "A", "positions-1-gross_area": "98.52", "positions-1-inner_area": "78.90",
    }  # fmt: skip
    shown = client.post(f"{url}?preview=1", form, headers={"HX-Request": "true"}).content.decode()
    assert "8 套房源：1-301、1-302、2-303、2-304 至 1-601、1-602、2-603、2-604" in shown
    assert not Unit.objects.exists(), "a look writes nothing"
    again = client.post(f"{url}?preview=1", form | {"pattern": "{floor}"}, headers={"HX-Request": "true"})
    assert "套房源" not in again.content.decode(), "numbers that repeat make nothing"
    assert client.post(url, form, headers={"HX-Request": "true"}).status_code in (200, 204, 302)
    first = Unit.objects.order_by("sort_key").values_list("section", "room")[:2]
    assert list(first) == [("1", "301"), ("1", "302")]
    assert Unit.objects.filter(layout__code="A").count() == 8
