"""The customer portrait: statistics over dictionary values (C05), tags (C07) and needs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.crm.models import Customer
from anchang.insight.catalogue import REPORTS
from anchang.platform.access import bump_stamp
from anchang.platform.models import FieldRule, Role
from tests.factories import PASSWORD, Office, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    made = make_office()
    with made.as_("admin") as access:
        run("set_parameters", access, key="crm.words.area", value=["滨江区", "西湖区"], project="YQ",
            valid_from="2020-01-01")  # fmt: skip
    with made.as_("manager") as access:
        first = {"owner": made.users["consultant1"].pk}
        add(access, 1, occupation="teacher", age_band="26_35", residence="滨江区", workplace="西湖区", tags=["学区"],
            need={"purpose": "school"}, **first)  # fmt: skip
        add(access, 2, occupation="teacher", residence="滨江区", tags=["学区", "急购"], **first)
        add(access, 3, occupation="doctor", residence="西湖区", owner=made.users["consultant5"].pk)
        gone = add(access, 4, occupation="doctor")
        Customer.objects.filter(name="客2").update(stage="subscriber")
        Customer.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    return made


def add(access, n: int, **data):
    return run("add_customers", access, project="YQ", name=f"客{n}", phone=f"1380000{n:04d}", **data)


def ask(access, **given):
    day = timezone.localdate().isoformat()
    report = REPORTS["portrait"]
    return report.answer(report.ask(access, {"project": "YQ", "from": day, "to": day, **given}))


def counts(answer, name: str) -> dict[str, tuple[int, int]]:
    return {r["label"]: (r["customers"], r["bought"]) for r in answer["by"][name]}


def test_customers_by_words_needs_and_tags(office):
    with office.as_("manager") as access, CaptureQueriesContext(connection) as seen:
        found = ask(access)
    assert (found["customers"], found["bought"]) == (3, 1)
    assert counts(found, "occupation") == {"教师": (2, 1), "医生": (1, 0)}
    assert counts(found, "residence") == {"滨江区": (2, 1), "西湖区": (1, 0)}
    assert counts(found, "workplace") == {"西湖区": (1, 0), "未填写": (2, 1)}
    assert counts(found, "tags") == {"学区": (2, 1), "急购": (1, 1)}
    assert counts(found, "purpose") == {"学区": (1, 0)}
    assert [r["share"] for r in found["by"]["residence"]] == ["0.6667", "0.3333"]
    assert len([q for q in seen if "crm_customer c" in q["sql"]]) == 4


def test_everybody_sees_his_own_reach_and_no_hidden_field(office):
    with office.as_("consultant1") as access:
        assert ask(access)["customers"] == 2
    FieldRule.objects.create(role=Role.objects.get(code="manager"), resource="customers", field="occupation", mode="hide")
    bump_stamp()
    with office.as_("manager") as access:
        assert "occupation" not in ask(access)["by"] and "residence" in ask(access)["by"]


def test_the_page_and_the_file(office, client):
    assert client.login(username="manager", password=PASSWORD)
    page = client.get("/reports/portrait/").content.decode()
    assert "客户画像" in page and "教师" in page
    assert client.get("/reports/portrait/", {"format": "xlsx"})["Content-Disposition"].endswith('.xlsx"')
    answer = client.get("/api/v1/reports/portrait", {"project": "YQ"}).json()
    assert answer["by"]["tags"]
