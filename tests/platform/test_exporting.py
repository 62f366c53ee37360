"""Exports: what the list shows, under export right, scope and field rules; masked, marked and on record."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from anchang.crm.models import Lead
from anchang.kernel.errors import DomainError
from anchang.platform import files, jobs, reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.exporting import jobs as exporting
from anchang.platform.exporting.rows import Wanted
from anchang.platform.importing.reader import read_table
from anchang.platform.models import FieldRule, JobReport, Parameter, PersonalGrant, RevealLog, Role, StoredFile
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    found = make_office()
    with found.as_("manager") as access:
        run("add_leads", access, rows=[
            {"project": "YQ", "name": name, "phone": f"1380000010{n}", "channel": "advert"}
            for n, name in enumerate(["张伟", "=1+1", "王芳", "李强"])
        ])  # fmt: skip
    return found


def set_parameter(key: str, value: object) -> None:
    Parameter.objects.create(key=key, valid_from=dt.date(2020, 1, 1), value=value)
    bump_stamp()


def sheet(content: bytes) -> list[list[str]]:
    return [cells for _n, cells in read_table(content).sheets[0].rows()]


def exported(office, who: str = "manager", resource: str = "leads", **wanted) -> list[list[str]]:
    with office.as_(who) as access:
        report = exporting.start(access, office.project, resources.get(resource), Wanted(**wanted))
    jobs.run_now("platform.export", office.access(who), office.project, report=report.pk)
    with office.as_(who):
        report.refresh_from_db()
        assert report.state == "done", report.result
        return sheet(b"".join(files.stream(report.file)))


def test_an_export_is_what_the_list_shows(office):
    rows = exported(office, order="name", columns=("name", "phone", "state"))
    with office.as_("manager") as access:
        page = reading.list_rows(resources.get("leads"), access, reading.Query(order="name"))
    assert [r[0] for r in rows[1 : len(page.items) + 1]] == [item["name"] for item in page.items]
    assert {r[1] for r in rows[1:5]} == {item["phone"] for item in page.items}
    assert all("****" in r[1] for r in rows[1:5])


def test_filter_and_search_hold(office):
    where = {"field": "name", "op": "eq", "value": "王芳"}
    assert [r[0] for r in exported(office, where=where, columns=("name",))][1:2] == ["王芳"]
    assert [r[0] for r in exported(office, q="张伟", columns=("name",))][1:2] == ["张伟"]


def test_it_says_who_took_it_out_and_is_on_record(office):
    rows = exported(office, columns=("name",))
    assert "经理" in rows[-1][0] and "云栖花园" in rows[-1][0]
    with office.as_("director"):
        log = RevealLog.objects.get(kind="export")
    assert (log.resource, log.count, log.user_id) == ("leads", 4, office.users["manager"].pk)


def test_full_phones_need_the_right_to_reveal(office):
    set_parameter("platform.export_approval_full_rows", 0)
    rows = exported(office, order="name", columns=("name", "phone"), full=True)
    with office.as_("director"):
        log = RevealLog.objects.get(kind="phones")
    assert (log.resource, log.count, log.user_id) == ("leads", 4, office.users["manager"].pk)
    assert {r[1] for r in rows[1:5]} == {f"1380000010{n}" for n in range(4)}
    with office.as_("system"):
        PersonalGrant.objects.create(
            user=office.users["manager"], project=office.project, permission="leads.reveal", allow=False,
            scope="project", reason="x", made_by_id=office.users["admin"].pk,
        )  # fmt: skip
    bump_stamp()
    with office.as_("manager") as access, pytest.raises(DomainError) as error:
        exporting.start(access, office.project, resources.get("leads"), Wanted(full=True))
    assert error.value.status == 403


def test_a_hidden_field_is_neither_exported_nor_filtered_by(office):
    with office.as_("system"):
        FieldRule.objects.create(
            role=Role.objects.get(code="manager"), resource="leads", field="name", mode="hide"
        )
    bump_stamp()
    assert "张伟" not in str(exported(office))
    for wanted in (
        Wanted(columns=("name",)),
        Wanted(order="name"),
        Wanted(where={"field": "name", "op": "eq", "value": "x"}),
    ):
        with office.as_("manager") as access, pytest.raises(DomainError) as error:
            exporting.start(access, office.project, resources.get("leads"), wanted)
        assert error.value.status == 422


def test_without_the_right_nothing_leaves(office):
    with office.as_("consultant1") as access, pytest.raises(DomainError) as error:
        exporting.start(access, office.project, resources.get("leads"), Wanted())
    assert error.value.status == 403
    with office.as_("system"):
        assert not JobReport.objects.exists()


def test_stopped_it_leaves_no_file(office):
    with office.as_("manager") as access:
        report = exporting.start(access, office.project, resources.get("leads"), Wanted())
        run("cancel_job", access, report)
    jobs.run_now("platform.export", office.access("manager"), office.project, report=report.pk)
    with office.as_("manager"):
        report.refresh_from_db()
        assert report.state == "cancelled" and not StoredFile.objects.exists()


def test_the_command_line_writes_a_workbook(office, tmp_path):
    target = tmp_path / "leads.xlsx"
    assert exporting.export_file("leads", "YQ", target) == 4
    rows = sheet(target.read_bytes())
    assert len([r for r in rows if "****" in "".join(r)]) == 4
    for resource, code in (("nonsense", "YQ"), ("leads", "XX")):
        with pytest.raises(DomainError):
            exporting.export_file(resource, code, tmp_path / "no.xlsx")
    assert not (tmp_path / "no.xlsx").exists()


def test_every_resource_can_be_exported_by_the_administrator(office):
    with office.as_("admin") as access:
        for resource in resources.all_resources():
            report = exporting.start(access, office.project, resource, Wanted())
            exporting.run(access, office.project, report.pk)
            report.refresh_from_db()
            assert report.state == "done", (resource.name, report.result)


def test_an_export_by_api_and_page(office, client):
    answer = client.post(
        "/api/v1/auth/tokens", {"username": "manager", "password": PASSWORD}, content_type="application/json"
    )
    headers = {"Authorization": "Bearer " + answer.json()["token"]}
    body = {"project": "YQ", "columns": ["name"], "where": {"field": "name", "op": "eq", "value": "=1+1"}}
    made = client.post("/api/v1/leads/export", body, content_type="application/json", headers=headers)
    assert made.status_code == 201, made.content
    jobs.run_now("platform.export", office.access("manager"), office.project, report=made.json()["id"])
    done = client.get(f"/api/v1/jobs/{made.json()['id']}", headers=headers).json()
    assert done["state"] == "done" and done["result"] == {"rows": 1}
    content = client.get(f"/api/v1/files/{done['file']['id']}/download", headers=headers).getvalue()
    assert sheet(content)[1] == ["=1+1"]
    bad = client.post(
        "/api/v1/leads/export", {"columns": ["nope"]}, content_type="application/json", headers=headers
    )
    assert bad.status_code == 422

    client.force_login(office.users["manager"], backend="django.contrib.auth.backends.ModelBackend")
    where = json.dumps({"field": "name", "op": "eq", "value": "张伟"})
    answer = client.post("/r/leads/export?" + f"where={where}&order=-name")
    assert answer.status_code == 302 and answer.url == "/jobs/"
    with office.as_("manager"):
        report = JobReport.objects.order_by("-pk").first()
        assert report.total == 1
    jobs.run_now("platform.export", office.access("manager"), office.project, report=report.pk)
    page = client.get("/jobs/").content.decode()
    with office.as_("manager"):
        report.refresh_from_db()
    assert f"/files/{report.file_id}/download" in page
    assert sheet(client.get(f"/files/{report.file_id}/download").getvalue())[1][0]
    client.force_login(office.users["consultant2"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/files/{report.file_id}/download").status_code == 404


def test_many_rows_stream_in_pieces(office, monkeypatch):
    from anchang.platform.exporting import rows as module

    monkeypatch.setattr(module, "PER_READ", 2)
    names = [r[0] for r in exported(office, order="-name", columns=("name",))][1:5]
    with office.as_("manager"):
        expected = list(Lead.objects.order_by("-name").values_list("name", flat=True))
    assert sorted(names) == sorted(expected)
