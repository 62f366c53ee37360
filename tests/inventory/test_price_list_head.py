"""The head of the statutory list, kept through its editions, and the separate lists of parking and annexes."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import override
from openpyxl import load_workbook

from anchang.inventory.documents import price_list_pdf, statutory_price_list_xlsx
from anchang.inventory.models import PriceList, Unit
from anchang.inventory.papers import price_list_paper
from anchang.inventory.words import footer_text
from tests.factories import PASSWORD, make_office, run
from tests.inventory.stock import make_stock
from tests.inventory.test_units import refused

pytestmark = pytest.mark.django_db
HEAD = {"developer": "滨江置业", "land": "住宅", "plot_ratio": "2.2", "complaint_line": "12345", "utilities": "水电气到户"}


@pytest.fixture
def office() -> Any:
    return make_office()


def words_of(price_list: PriceList, product_type: str = "") -> list[str]:
    paper = price_list_paper(price_list, product_type=product_type)
    sheet = load_workbook(io.BytesIO(statutory_price_list_xlsx(paper))).active
    return [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]


def test_the_head_is_written_goes_on_with_the_next_edition_and_is_fixed_once_published(office: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        refused("price_list_published", "set_head", access, stock.price_list, plot_ratio="2.0")
        draft = run("add_price_lists", access, licence=stock.licence.pk)
        run("set_head", access, draft, **HEAD)
        PriceList.objects.filter(pk=draft.pk).update(facts={**HEAD, "land_years": 70})
        run("set_head", access, draft, plot_ratio="2.4", utilities="")
        draft.refresh_from_db()
        assert draft.facts == {
            "developer": "滨江置业", "land": "住宅", "plot_ratio": "2.4", "complaint_line": "12345", "land_years": 70,
        }  # fmt: skip
        told = words_of(draft)
        for fact in ("开发企业：滨江置业", "土地性质：住宅（70年）", "容积率：2.4", "价格举报电话：12345"):
            assert fact in told
        assert not any(word.startswith("基础设施") for word in told)
        run("approve_price_list", access, draft)
        run("publish_price_list", access, draft)
        later = run("add_price_lists", access, licence=stock.licence.pk)
        assert later.facts == draft.facts
        with pytest.raises(DatabaseError), transaction.atomic():
            PriceList.objects.filter(pk=draft.pk).update(facts={})


def test_parking_has_a_list_of_its_own(office: Any, client: Any) -> None:
    with office.as_("director") as access:
        stock = make_stock(office, access)
        client.login(username="director", password=PASSWORD)
        url = f"/papers/price-list/{stock.price_list.pk}.xlsx"
        assert client.get(url, {"type": "housing"}).status_code == 404, "the list has one kind only"
    with office.as_("director") as access:
        Unit.objects.filter(pk=stock.units[3].pk).update(product_type="parking")
        told = words_of(stock.price_list, "parking")
        assert "商品房销售价目表（车位）" in told and "共 1 套，均价 23,500.00 元/㎡" in told
        assert stock.units[3].room in told and stock.units[0].room not in told
        assert price_list_pdf(price_list_paper(stock.price_list, product_type="parking"))[:5] == b"%PDF-"
    page = client.get("/papers/").content.decode()
    assert f"{url}?type=parking" in page and "车位" in page
    assert client.get(url, {"type": "parking"}).status_code == 200
    assert client.get(url, {"type": "office"}).status_code == 404


def test_the_foot_reads_as_on_paper() -> None:
    with override("zh-hans"):
        told = footer_text({"units": 4, "gross_area": "481.44", "list_total": "11313840.00"})
    assert told == "4 套 · 481.44 ㎡ · 11,313,840.00"
