"""Occupation, age band, residence and workplace are words of the project's lists (C05)."""

import datetime as dt

import pytest
from django.utils import translation

from anchang.crm.commands.visit_import import import_visits
from anchang.crm.models import Customer
from anchang.crm.visit_file import VisitRow
from anchang.kernel.errors import DomainError
from anchang.platform import parameters, reading, resources
from anchang.platform.context import Context
from anchang.platform.models import Parameter
from tests.factories import PASSWORD, Office, make_office, run

pytestmark = pytest.mark.django_db
CUSTOMERS = resources.get("customers")


@pytest.fixture
def office() -> Office:
    return make_office()


def add(access, n: int = 1, **data):
    return run("add_customers", access, project="YQ", name=f"客{n}", phone=f"1380000{n:04d}", **data)


def areas(office, *words: str) -> None:
    with office.as_("admin") as access:
        run("set_parameters", access, key="crm.words.area", value=list(words), project="YQ", valid_from="2020-01-01")


def test_texts_become_codes_and_strangers_are_refused(office):
    areas(office, "滨江区", "西湖区")
    with office.as_("consultant1") as access:
        with translation.override("en"):
            made = add(access, occupation="教师", age_band="26 to 35", residence="滨江区")
        assert (made.occupation, made.age_band, made.residence, made.workplace) == ("teacher", "26_35", "滨江区", "")
        for field, text in (("occupation", "宇航员"), ("residence", "火星"), ("workplace", "火星")):
            with pytest.raises(DomainError) as refused:
                run("edit_customer", access, made, **{field: text})
            assert refused.value.fields == {field: "not_in_list"}
            with pytest.raises(DomainError):
                add(access, 2, **{field: text})
        run("edit_customer", access, made, workplace="西湖区", occupation="doctor")
        run("edit_customer", access, made, residence="")
        made.refresh_from_db()
        assert (made.occupation, made.residence, made.workplace) == ("doctor", "", "西湖区")


def test_lists_filter_by_the_words(office, client):
    areas(office, "滨江区", "西湖区")
    with office.as_("consultant1") as access:
        add(access, 1, residence="滨江区")
        add(access, 2, residence="西湖区")
        where = {"field": "residence", "op": "in", "value": ["滨江区"]}
        page = reading.list_rows(CUSTOMERS, access, reading.Query(where=where, count=True))
        assert page.count == 1 and page.items[0]["name"] == "客1"
    assert client.login(username="consultant1", password=PASSWORD)
    editor = client.get("/r/customers/filter?field=residence").content.decode()
    assert 'value="滨江区"' in editor and 'value="西湖区"' in editor
    form = client.get("/r/customers/new").content.decode()
    assert '<option value="西湖区"' in form or 'value="西湖区"' in form


def row(n: int, region: str, work: str = "") -> VisitRow:
    at = dt.datetime(2026, 5, n, 10, tzinfo=dt.UTC)
    return VisitRow(n, at, [f"1390000{n:04d}"], name=f"访{n}", region=region, work_region=work, channel="路过")


def come(office, *rows: VisitRow) -> None:
    with office.as_("manager") as access:
        ctx = Context(access, office.project)
        import_visits(ctx, list(rows))
        ctx.flush()


def lives(n: int) -> str:
    return Customer.objects.get(name=f"访{n}").residence


def test_a_register_speaks_the_offices_words(office):
    areas(office, "滨江区", "西湖区")
    come(office, row(1, "滨江"), row(2, "杭州市西湖区"), row(3, " 滨江区 "), row(4, "下沙", "西湖"))
    with office.as_("manager"):
        assert [lives(n) for n in (1, 2, 3, 4)] == ["滨江区", "西湖区", "滨江区", "下沙"]
        assert Customer.objects.get(name="访4").workplace == "西湖区"
        # What the list lacked stands in it from today on, at its end.
        assert parameters.value("crm.words.area", office.project, dt.date(2199, 1, 1)) == ["滨江区", "西湖区", "下沙"]
    come(office, row(5, "下沙区"))
    with office.as_("manager"):
        assert lives(5) == "下沙"


def test_an_empty_list_is_filled_by_the_first_register(office):
    long = "浙江省杭州市滨江区江南大道三千五百八十八号恒生大厦"
    come(office, row(1, "滨江"), row(2, "滨江区"), row(3, "滨江"), row(4, long))
    with office.as_("manager"):
        assert Parameter.objects.get(key="crm.words.area").value == ["滨江"]
        assert [lives(n) for n in (1, 2, 3, 4)] == ["滨江"] * 4
    with office.as_("consultant1") as access, pytest.raises(DomainError):
        add(access, residence="火星")


def test_a_word_that_left_the_list_stays_until_somebody_changes_it(office, client):
    areas(office, "滨江区", "西湖区")
    with office.as_("consultant1") as access:
        made = add(access, residence="西湖区")
    areas(office, "滨江区")
    assert client.login(username="consultant1", password=PASSWORD)
    form = client.get(f"/r/customers/{made.pk}/fact/residence").content.decode()
    assert 'value="西湖区" selected' in form or 'value="西湖区" checked' in form
