"""Exports of personal data: asked for, decided by somebody else, made after that, fetched by the asker alone."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from anchang.kernel.errors import DomainError
from anchang.platform import files, jobs, resources
from anchang.platform.access import bump_stamp
from anchang.platform.exporting import jobs as exporting
from anchang.platform.exporting.rows import Wanted
from anchang.platform.models import (
    ExportRequest,
    JobReport,
    Notice,
    Parameter,
    PersonalGrant,
    RevealLog,
    StoredFile,
    Task,
)
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    found = make_office()
    say("platform.export_approval_personal_rows", 3)
    with found.as_("manager") as access:
        run("add_leads", access, rows=[
            {"project": "YQ", "name": f"张{n}", "phone": f"1380000010{n}", "channel": "advert"} for n in range(4)
        ])  # fmt: skip
    return found


def say(key: str, value: object) -> None:
    Parameter.objects.update_or_create(key=key, valid_from=dt.date(2020, 1, 1), defaults={"value": value})
    bump_stamp()


def ask(office, reason="给代理对账", who="manager", **wanted) -> ExportRequest:
    with office.as_(who) as access:
        report = exporting.start(access, office.project, resources.get("leads"), Wanted(**wanted), reason)
        return ExportRequest.objects.get(report=report)


def make(office, request: ExportRequest, who="manager") -> JobReport:
    jobs.run_now("platform.export", office.access(who), office.project, report=request.report_id)
    with office.as_("system"):
        return JobReport.objects.get(pk=request.report_id)


def book(office, report: JobReport) -> openpyxl.Workbook:
    with office.as_("system"):
        return openpyxl.load_workbook(io.BytesIO(b"".join(files.stream(StoredFile.objects.get(pk=report.file_id)))))


def test_below_the_limit_nobody_is_asked(office):
    request = ask(office, "", where={"field": "name", "op": "eq", "value": "张1"})
    assert (request.state, request.rows) == ("free", 1) and make(office, request).state == "done"


def test_a_list_of_units_tells_of_nobody(office):
    from anchang.platform.exporting.approval import tells_of_persons

    units, leads, visits = (resources.get(name) for name in ("units", "leads", "visits"))
    assert not any(tells_of_persons(units, f) for f in units.fields)
    assert {f.name for f in leads.fields if tells_of_persons(leads, f)} >= {"name", "phone"}
    assert tells_of_persons(visits, visits.by_name["customer"])


def test_it_waits_for_somebody_else(office):
    with office.as_("manager") as access, pytest.raises(DomainError) as error:
        exporting.start(access, office.project, resources.get("leads"), Wanted())
    assert error.value.code == "export_needs_reason"
    request = ask(office, columns=("name", "phone", "state"))
    assert (request.state, request.rows, request.personal_columns) == ("waiting", 4, "姓名、电话")
    assert make(office, request).state == "approval", "nothing is made before"
    with office.as_("director"):
        assert not StoredFile.objects.exists() and not RevealLog.objects.exists()
        task = Task.objects.get(code="export_approval")
        assert task.assignee == office.users["director"]
    with office.as_("manager") as access, pytest.raises(DomainError) as error:
        run("approve_export", access, request)
    assert error.value.code == "export_own_request"
    with office.as_("director") as access:
        run("approve_export", access, request, opinion="可以")
        task.refresh_from_db()
        assert task.state == "done"
    report = make(office, request)
    assert report.state == "done"
    with office.as_("manager"):
        assert Notice.objects.filter(code="export_approved", user=office.users["manager"]).exists()
        assert RevealLog.objects.get(kind="export").count == 4


def test_every_sheet_carries_who_when_and_the_number(office):
    request = ask(office)
    with office.as_("director") as access:
        run("approve_export", access, request)
    report = make(office, request)
    page = book(office, report).worksheets[0]
    last = [c.value for row in page.iter_rows() for c in row if c.value][-1]
    for text in (last, page.oddHeader.left.text, page.oddFooter.left.text):
        assert request.number in text and "经理" in text
    with office.as_("manager"):
        report.refresh_from_db()
        assert request.number in report.file.name


def test_what_came_later_is_not_in_it(office):
    request = ask(office)
    with office.as_("manager") as access:
        run("add_leads", access, name="后来", phone="13900000009", channel="advert")
    with office.as_("director") as access:
        run("approve_export", access, request)
    values = [c.value for row in book(office, make(office, request)).worksheets[0].iter_rows() for c in row]
    assert "张0" in values and "后来" not in values


def test_a_right_that_was_lost_meanwhile_stops_it(office):
    request = ask(office)
    with office.as_("director") as access:
        run("approve_export", access, request)
    PersonalGrant.objects.create(
        user=office.users["manager"], project=office.project, permission="leads.export", allow=False, scope="project",
        reason="x", made_by_id=office.users["admin"].pk,
    )  # fmt: skip
    bump_stamp()
    assert make(office, request).state == "failed"


def test_full_numbers_always_wait_and_count_as_looked_at(office):
    where = {"field": "name", "op": "eq", "value": "张1"}
    request = ask(office, where=where, columns=("name", "phone"), full=True)
    assert (request.state, request.full) == ("waiting", True)
    with office.as_("director") as access:
        run("approve_export", access, request)
    report = make(office, request)
    assert "13800000101" in [c.value for row in book(office, report).worksheets[0].iter_rows() for c in row]
    with office.as_("director"):
        log = RevealLog.objects.get(kind="phones")
        assert (log.count, log.reason, log.user_id) == (1, request.number, office.users["manager"].pk)


def test_a_chain_of_two_and_a_refusal(office):
    say("platform.export_chain", ["manager", "director"])
    request = ask(office, who="director")
    with office.as_("admin") as access, pytest.raises(DomainError) as error:
        run("approve_export", access, request)
    assert error.value.code == "export_not_your_turn"
    with office.as_("manager") as access:
        assert run("approve_export", access, request).state == "waiting"
    with office.as_("admin") as access:  # the asker is the only director
        run("refuse_export", access, request, reason="不需要")
    with office.as_("director") as access:
        request.refresh_from_db()
        assert (request.state, request.report.state, request.opinion) == ("refused", "cancelled", "不需要")
        with pytest.raises(DomainError):
            run("approve_export", access, request)


def test_the_database_refuses_self_approval_and_changed_requests(office):
    request = ask(office)
    for change in ({"state": "approved", "decided_by": office.users["manager"]}, {"rows": 9}, {"params": {}}):
        with office.as_("system"), pytest.raises(IntegrityError), transaction.atomic():
            ExportRequest.objects.filter(pk=request.pk).update(**change)


def test_who_stops_the_job_withdraws_the_request(office):
    request = ask(office)
    with office.as_("manager") as access:
        run("cancel_job", access, request.report_id)
        request.refresh_from_db()
        assert request.state == "withdrawn" and Task.objects.get(code="export_approval").state == "done"


def test_by_page_and_api_only_the_asker_fetches_it_so_often(office, client):
    say("platform.export_downloads", 2)
    headers = {}
    for who in ("manager", "director"):
        answer = client.post(
            "/api/v1/auth/tokens", {"username": who, "password": PASSWORD}, content_type="application/json"
        )
        headers[who] = {"Authorization": "Bearer " + answer.json()["token"]}
    json_call = {"content_type": "application/json", "headers": headers["manager"]}
    assert client.post("/api/v1/leads/export", {}, **json_call).json()["code"] == "export_needs_reason"
    made = client.post("/api/v1/leads/export", {"reason": "对账"}, **json_call)
    assert (made.status_code, made.json()["state"]) == (201, "approval")
    client.force_login(office.users["manager"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.post("/r/leads/export?" + "where=" + json.dumps({"field": "name", "op": "ne", "value": "x"}))
    assert "用途是什么" in page.content.decode() and page.status_code == 200
    assert client.post("/r/leads/export", {"reason": "对账"}).status_code == 302
    with office.as_("system"):
        request = ExportRequest.objects.latest("pk")
    client.force_login(office.users["director"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/r/export-requests/{request.pk}/").content.decode()
    assert "对账" in page and request.number in page and "经理" in page
    done = client.post(
        f"/api/v1/export-requests/{request.pk}/approve", {}, content_type="application/json", headers=headers["director"]
    )
    assert done.status_code == 200, done.content
    report = make(office, request)
    assert client.get(f"/files/{report.file_id}/download").status_code == 404, "an approver doesn't fetch it"
    url = f"/api/v1/files/{report.file_id}/download"
    assert [client.get(url, headers=headers["manager"]).status_code for _ in range(3)] == [200, 200, 410]
    client.force_login(office.users["manager"], backend="django.contrib.auth.backends.ModelBackend")
    refused = client.get(f"/files/{report.file_id}/download")
    assert refused.status_code == 410 and "没有权限" not in refused.content.decode()
    jobs = client.get("/jobs/").content.decode()
    assert request.number in jobs and "还可下载 0 次" in jobs
    say("platform.export_downloads", 9)
    jobs = client.get("/jobs/").content.decode()
    assert "还可下载 7 次" in jobs and f"/files/{report.file_id}/download" in jobs and ">下载<" in jobs
    with office.as_("system"):
        ExportRequest.objects.filter(pk=request.pk).update(available_until=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert client.get(url, headers=headers["manager"]).json()["code"] == "export_over"


def test_the_command_line_asks_too(office, tmp_path):
    target = tmp_path / "leads.xlsx"
    with pytest.raises(DomainError) as error:
        exporting.export_file("leads", "YQ", target)
    assert error.value.code == "export_needs_approval" and not target.exists()
    request = ask(office)
    with pytest.raises(DomainError):
        exporting.export_file("leads", "YQ", target, request=request.number)
    with office.as_("director") as access:
        run("approve_export", access, request)
    assert exporting.export_file("leads", "YQ", target, request=request.number) == 4


def test_files_of_exports_go_before_those_of_imports(office):
    request = ask(office, "", where={"field": "name", "op": "eq", "value": "张1"})
    report = make(office, request)
    with office.as_("system"):
        other = files.save(office.project, "leads.csv", b"x", resource="imports", record_id=1, kind="import")
        old = dt.datetime.now(dt.UTC) - dt.timedelta(days=8)
        StoredFile.objects.update(created_at=old)
    jobs.run_now("platform.files.expire", office.access("system"), office.project)
    with office.as_("system"):
        assert list(StoredFile.objects.values_list("pk", flat=True)) == [other.pk]
        report.refresh_from_db()
        assert report.file_id is None
