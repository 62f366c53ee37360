"""A price list from a file: sold units are claimed at once, and the import can be taken back while untouched."""

from __future__ import annotations

import pytest

from anchang.deals.models import UnitClaim
from anchang.inventory.models import Building, Licence, PriceList, Unit
from anchang.kernel.errors import DomainError
from anchang.platform.importing import jobs as importing
from anchang.platform.models import ImportJob
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db
PRICES = """预售许可证号：杭售许字(2026)第000001号,,,,,,
幢号,单元,室号,建筑面积,销售单价(元/㎡),总价(元),销售状态
1幢,1,101,100.00,20000.00,2000000.00,未售
1幢,1,102,90.00,20000.00,1800000.00,已售
"""
#: Another building of the same permit.
MORE = PRICES.split("\n", 2)[0] + "\n" + PRICES.splitlines()[1] + "\n2幢,1,101,100.00,20000.00,2000000.00,未售\n"


@pytest.fixture
def office():
    return make_office()


@pytest.fixture
def bring(office, tmp_path):
    def bring_in(text=PRICES):
        path = tmp_path / "prices.csv"
        path.write_text(text, encoding="utf-8")
        report = importing.import_file("price-list", path, "YQ")
        assert not report["refused"]
        with office.as_("system"):
            return ImportJob.objects.order_by("pk").last()

    return bring_in


def test_sold_units_are_claimed_with_the_import(office, bring):
    bring()
    with office.as_("system"):
        claim = UnitClaim.objects.get()
        assert (claim.kind, claim.unit.room, claim.deal_id) == ("legacy", "102", None)


def test_an_untouched_import_is_taken_back_and_comes_again(office, bring, client):
    job = bring()
    assert client.login(username="director", password=PASSWORD)
    assert f"/importing/{job.pk}/undo" in client.get(f"/importing/{job.pk}/").content.decode()
    assert client.post(f"/importing/{job.pk}/undo").status_code in (200, 204, 302)
    with office.as_("system"):
        left = [model.objects.count() for model in (Unit, PriceList, Building, Licence, UnitClaim)]
        assert left == [0, 0, 0, 0, 0]
    bring()
    with office.as_("system"):
        assert sorted(Unit.objects.values_list("state", flat=True)) == ["available", "signed"]
        assert PriceList.objects.get().state == "published" and UnitClaim.objects.count() == 1


def _hold(office):
    from anchang.crm.models import Customer

    customer = Customer.objects.create(
        project=office.project, name="张三", owner=office.users["consultant1"], business_date="2026-01-01"
    )
    run("hold_unit", office.access("consultant1"), Unit.objects.get(room="101"), customer=customer.pk)


def _next_edition(office):
    director = office.access("director")
    copy = run("add_price_lists", director, licence=Licence.objects.get().pk)
    run("approve_price_list", director, copy)
    run("publish_price_list", director, copy)


@pytest.mark.parametrize("work", [_hold, _next_edition])
def test_after_a_deal_or_a_publication_it_stays(office, bring, work):
    job = bring()
    with office.as_("system"):
        work(office)
        with pytest.raises(DomainError) as refused:
            run("undo_import", office.access("director"), job)
        assert refused.value.code == "import_touched"
        assert Unit.objects.count() == 2 and PriceList.objects.exists()


def test_an_import_that_took_over_an_earlier_edition_stays(office, bring):
    """Units of the earlier list are priced by the new one."""
    bring()
    second = bring(MORE)
    with office.as_("director") as access:
        with pytest.raises(DomainError) as refused:
            run("undo_import", access, second)
        assert refused.value.code == "import_touched"
        assert Unit.objects.count() == 3
