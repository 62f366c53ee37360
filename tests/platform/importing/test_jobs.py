"""Imports from file to rows and back: batches, reports, twice, undo, going on after a kill, by API and page."""

from __future__ import annotations

import datetime as dt
import io
import uuid
import zipfile
from pathlib import Path

import pytest

from anchang.crm.models import Customer, Lead, Touch, Visit
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.platform import files, jobs
from anchang.platform.access import bump_stamp
from anchang.platform.importing import engine
from anchang.platform.importing import jobs as importing
from anchang.platform.importing import undo as undoing
from anchang.platform.importing.kinds import kind_of
from anchang.platform.importing.reader import read_table
from anchang.platform.models import ImportJob, ImportRefusal, Parameter, StoredFile
from anchang.platform.scope import open_scope
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db

LEADS = """线索ID,创建时间,姓名,手机号,渠道,预算（万）,备注
A1,2026-03-01 10:00,张伟,13800000001,抖音,200-250,想看学区
A2,2026-03-01 11:00,王芳女士,+86 139 0000 0002,抖音,300,
A3,2026-03-01 12:00,李强,1380000,百度,,号码不对
A4,2026-03-02 09:00,张伟,13800000001,百度,220,再次咨询
A5,2026-03-02 09:30,=1+1,13800000005,百度,220,
"""
VISITS = """日期,姓名,联系电话,首访/复访,置业顾问,认知途径,等级,洽谈内容
2026-03-01,张伟,13800000001,首访,陈强,抖音,B,看了样板房
2026-03-05,张伟,13800000001,复访,陈强,抖音,A,谈价格
2026-02-31,错误,13800000009,首访,陈强,抖音,A,
"""
PRICES = """预售许可证号：杭售许字(2026)第000001号,,,,,
幢号,单元,室号,建筑面积,销售单价(元/㎡),总价(元)
1幢,1,101,100.00,20000.00,2000000.00
1幢,1,102,90.00,20000.00,1800000.00
1幢,1,102,90.00,20000.00,1800000.00
合计,,,190.00,,3800000.00
"""


@pytest.fixture
def office(db):
    return make_office()


def put(folder: Path, text: str, name: str = "leads.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="gb18030")
    return path


def count(office, model, **where):
    with office.as_("system"):
        return model.objects.filter(project=office.project, **where).count()


def draft(office, path: Path, kind: str = "leads", who: str = "manager") -> ImportJob:
    with office.as_(who) as access:
        return importing.start_draft(access, office.project, kind_of(kind), path, path.name)


def started(office, job: ImportJob, who: str = "manager") -> ImportJob:
    with office.as_(who) as access:
        run("run_import", access, job)
    jobs.run_now("platform.import", office.access(who), office.project, import_job=job.pk)
    with office.as_(who):
        job.refresh_from_db()
    return job


def test_a_file_of_leads_comes_in_with_its_report(office, tmp_path):
    report = importing.import_file("leads", put(tmp_path, LEADS), "YQ")
    assert {k: report[k] for k in ("rows", "created", "updated", "unchanged")} == {
        "rows": 5, "created": 3, "updated": 1, "unchanged": 0,
    }  # fmt: skip
    (refused,) = report["refused"]
    assert (refused["row"], refused["column"], refused["value"], refused["code"]) == (
        4,
        "手机号",
        "1380000",
        "phone_invalid",
    )
    assert refused["message"] and refused["message"] != "phone_invalid"
    assert count(office, Lead) == 3 and count(office, Touch) == 1


def test_the_same_file_twice_changes_nothing(office, tmp_path):
    path = put(tmp_path, LEADS)
    importing.import_file("leads", path, "YQ")
    with office.as_("system"):
        before = list(Lead.objects.order_by("pk").values())
    report = importing.import_file("leads", path, "YQ")
    assert (report["created"], report["updated"], report["unchanged"]) == (0, 0, 4)
    with office.as_("system"):
        assert list(Lead.objects.order_by("pk").values()) == before
        assert Touch.objects.count() == 1


def test_a_dry_run_reports_and_changes_nothing(office, tmp_path):
    path = put(tmp_path, LEADS)
    dry = importing.import_file("leads", path, "YQ", dry_run=True)
    assert count(office, Lead) == 0 and count(office, ImportJob) == 0 and count(office, StoredFile) == 0
    assert importing.import_file("leads", path, "YQ") == dry


def test_visits_make_customers_and_undo_takes_them_back(office, tmp_path):
    report = importing.import_file("visits", put(tmp_path, VISITS, "visits.csv"), "YQ")
    assert report["created"] == 2 and [r["row"] for r in report["refused"]] == [4]
    assert count(office, Customer) == 1 and count(office, Visit) == 2
    again = importing.import_file("visits", put(tmp_path, VISITS, "visits.csv"), "YQ")
    assert (again["created"], again["unchanged"]) == (0, 2)
    with office.as_("manager") as access:
        job = ImportJob.objects.order_by("pk").first()
        answer = run("undo_import", access, job)
    assert answer["removed"] == 2
    assert count(office, Customer) == 0 and count(office, Visit) == 0
    third = importing.import_file("visits", put(tmp_path, VISITS, "visits.csv"), "YQ")
    assert third["created"] == 2 and count(office, Customer) == 1


def test_a_price_list_comes_in_whole(office, tmp_path):
    path = put(tmp_path, PRICES, "prices.csv")
    report = importing.import_file("price-list", path, "YQ")
    assert (report["rows"], report["created"]) == (3, 2)
    assert [r["code"] for r in report["refused"]] == ["duplicate_unit"]
    # The footer counts what the rows are, not what the repeated row would make them.
    assert "footer_area_disagrees" in {w["code"] for w in report["warnings"]}
    assert count(office, Unit) == 2
    again = importing.import_file("price-list", path, "YQ")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)


def test_unknown_kind_project_and_file_do_nothing(office, tmp_path):
    path = put(tmp_path, LEADS)
    for kind, code, wanted in (("nonsense", "YQ", "unknown_import_kind"), ("leads", "XX", "not_found")):
        with pytest.raises(DomainError) as error:
            importing.import_file(kind, path, code)
        assert error.value.code == wanted
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    with pytest.raises(DomainError) as error:
        importing.import_file("leads", picture, "YQ")
    assert error.value.code == "file_unknown"
    assert count(office, ImportJob) == 0


# --- jobs ----------------------------------------------------------------------------------------


def test_a_draft_guesses_columns_and_shows_problems(office, tmp_path):
    job = draft(office, put(tmp_path, LEADS))
    assert job.state == "draft" and job.rows == 5 and job.mapping["phone"] == 3
    with office.as_("manager"):
        seen = importing.preview(job)
    assert [row["refused"] for row in seen["rows"]] == [False, False, True, False, False]
    assert seen["rows"][2]["problems"][0]["code"] == "phone_invalid"


def test_a_wrong_guess_is_corrected_and_remembered(office, tmp_path):
    text = "甲,乙,丙\n张三,x,13800000011\n李四,y,13800000012\n"
    job = draft(office, put(tmp_path, text))
    with office.as_("manager") as access:
        with pytest.raises(DomainError) as error:
            run("map_import", access, job, mapping={"phone": 2, "name": 9})
        assert error.value.fields == {"name": "no_such_column"}
        run("map_import", access, job, mapping={"phone": 2, "name": 0})
    done = started(office, job)
    assert (done.state, done.created) == ("done", 2)
    next_one = draft(office, put(tmp_path, text.replace("1380000001", "1390000001"), "next.csv"))
    assert next_one.mapping == {"phone": 2, "name": 0}


def test_a_file_without_a_known_column_waits_for_a_choice(office, tmp_path):
    job = draft(office, put(tmp_path, "甲,乙\n张三,x\n李四,y\n"))
    assert job.report["problem"] == {"phone": "column_missing"}
    with office.as_("manager") as access, pytest.raises(DomainError) as error:
        run("run_import", access, job)
    assert error.value.code == "import_needs_columns"


def test_refused_rows_come_back_as_a_workbook_that_can_be_imported(office, tmp_path):
    from anchang.platform.importing.refusals import workbook

    job = started(office, draft(office, put(tmp_path, LEADS)))
    with office.as_("manager"):
        book = workbook(job).read()
        assert ImportRefusal.objects.filter(job=job).count() == 1
        assert b"1380000" not in bytes(ImportRefusal.objects.get(job=job).content)
    first, second = read_table(book).sheets
    rows = [cells for _n, cells in first.rows()]
    assert rows[0][3] == "手机号" and rows[1][:4] == ["A3", "2026-03-01 12:00", "李强", "1380000"]
    assert [cells[1] for _n, cells in second.rows()][1] == "4"
    path = tmp_path / "again.xlsx"
    path.write_bytes(book)
    report = importing.import_file("leads", path, "YQ")
    assert [r["value"] for r in report["refused"]] == ["1380000"]


def test_undo_refuses_when_somebody_has_worked_on_a_row(office, tmp_path):
    job = started(office, draft(office, put(tmp_path, LEADS)))
    with office.as_("manager") as access:
        lead = Lead.objects.order_by("pk").first()
        run("edit_lead", access, lead, name="张伟先生")
        with pytest.raises(DomainError) as error:
            run("undo_import", access, job)
    assert error.value.code == "import_touched" and error.value.params["count"] == 1
    assert "张伟先生" in error.value.params["rows"]
    assert count(office, Lead) == 3


def test_undo_of_leads_and_import_again(office, tmp_path):
    path = put(tmp_path, LEADS)
    job = started(office, draft(office, path))
    with office.as_("manager") as access:
        assert run("undo_import", access, job)["removed"] == 3
    assert count(office, Lead) == 0
    with office.as_("manager") as access, pytest.raises(DomainError) as error:
        run("undo_import", access, job)
    assert error.value.code == "import_state_refused"
    assert started(office, draft(office, path)).created == 3


@pytest.fixture
def little_at_once(office):
    """Undo of more than three rows is a job's work."""
    Parameter.objects.create(
        key="platform.import_undo_at_once", project=office.project, value=3, valid_from=dt.date(2000, 1, 1)
    )
    bump_stamp()


def leave_undo(office, job, who="manager"):
    """Begin an undo that a job is to do."""
    with office.as_(who) as access:
        assert run("undo_import", access, job) == {"id": job.pk, "state": "undoing"}


def undo_in_job(office, job):
    jobs.run_now("platform.import.undo", office.access("manager"), office.project, import_job=job.pk)
    with office.as_("manager"):
        job.refresh_from_db()
    return job.state


def test_a_large_undo_is_a_job_that_tells_how_far_it_is(office, tmp_path, little_at_once, client, monkeypatch):
    job = started(office, draft(office, put(tmp_path, LEADS)))
    leave_undo(office, job)
    assert count(office, Lead) == 3, "nothing goes in the request"
    sign_in(client, office, "manager")
    page = client.get(f"/importing/{job.pk}/").content.decode()
    assert f"/importing/{job.pk}/progress" in page and f"/importing/{job.pk}/cancel" in page
    told = []
    monkeypatch.setattr(undoing, "_telling", lambda *_: lambda done, total: told.append((done, total)))
    assert undo_in_job(office, job) == "undone"
    assert count(office, Lead) == 0
    assert told and told == sorted(told) and told[-1][0] == told[-1][1] > 3
    assert client.get(f"/importing/{job.pk}/progress").headers["HX-Refresh"] == "true"
    assert undo_in_job(office, job) == "undone", "a second worker finds nothing to do"


def test_a_large_undo_of_touched_rows_says_so_on_its_page(office, tmp_path, little_at_once, client):
    job = started(office, draft(office, put(tmp_path, LEADS)))
    with office.as_("manager") as access:
        run("edit_lead", access, Lead.objects.order_by("pk").first(), name="张伟先生")
    leave_undo(office, job)
    assert undo_in_job(office, job) == "done"
    assert count(office, Lead) == 3
    sign_in(client, office, "manager")
    assert "张伟先生" in client.get(f"/importing/{job.pk}/").content.decode()


def test_a_large_undo_stopped_half_way_undoes_nothing(office, tmp_path, little_at_once, monkeypatch):
    job = started(office, draft(office, put(tmp_path, LEADS)))
    leave_undo(office, job)

    def stop(*_args):
        def told(_done, _total):
            ImportJob.objects.filter(pk=job.pk, state="undoing").update(state="done")

        return told

    monkeypatch.setattr(undoing, "_telling", stop)
    undo_in_job(office, job)
    assert count(office, Lead) == 3
    with office.as_("manager") as access:
        run("cancel_import", access, job)
    with office.as_("manager"):
        job.refresh_from_db()
    assert job.state == "done" and "undo" not in job.report


def test_undo_of_a_price_list_that_changed_older_units_is_refused(office, tmp_path):
    importing.import_file("price-list", put(tmp_path, PRICES, "a.csv"), "YQ")
    dearer = PRICES.replace("20000.00,2000000.00", "21000.00,2100000.00")
    importing.import_file("price-list", put(tmp_path, dearer, "b.csv"), "YQ")
    with office.as_("director") as access:
        job = ImportJob.objects.order_by("pk").last()
        assert job.updated == 1
        with pytest.raises(DomainError) as error:
            run("undo_import", access, job)
    assert error.value.code == "import_updated_rows"


def many_leads(folder: Path, rows: int) -> Path:
    lines = ["姓名,手机号,渠道"]
    lines += [f"客户{n},{'12' if n % 50 == 0 else 13700000000 + n % (rows - 20)},抖音" for n in range(rows)]
    return put(folder, "\n".join(lines), "many.csv")


def outcome(office, job):
    with office.as_("system"):
        job.refresh_from_db()
        leads = sorted(Lead.objects.values_list("name", "phone_digest", "touch_count"))
        refused = sorted(ImportRefusal.objects.filter(job=job).values_list("row", flat=True))
    counts = job.rows, job.created, job.updated, job.unchanged, job.refused_count
    return counts, leads, refused


@pytest.mark.parametrize("stops_at", [1, 2])
def test_killed_between_batches_it_goes_on_to_the_same_result(office, tmp_path, monkeypatch, stops_at):
    monkeypatch.setattr(engine.Run, "batch_size", 100)
    path = many_leads(tmp_path, 350)
    whole = started(office, draft(office, path))
    expected = outcome(office, whole)
    with office.as_("manager") as access:
        run("undo_import", access, whole)

    job = draft(office, path)
    with office.as_("manager") as access:
        run("run_import", access, job)
    real, seen = engine.Run._batch, []

    def dies(self, lines, found):
        if len(seen) == stops_at:
            raise KeyboardInterrupt
        seen.append(1)
        real(self, lines, found)

    with monkeypatch.context() as patch:
        patch.setattr(engine.Run, "_batch", dies)
        with pytest.raises(KeyboardInterrupt):
            jobs.run_now("platform.import", office.access("manager"), office.project, import_job=job.pk)
    with office.as_("manager"):
        job.refresh_from_db()
        assert job.state == "running" and job.done_rows == stops_at * 100
    jobs.run_now("platform.import", office.access("manager"), office.project, import_job=job.pk)
    assert outcome(office, job) == expected


def test_cancelled_between_batches_it_stops_and_can_go_on(office, tmp_path, monkeypatch):
    monkeypatch.setattr(engine.Run, "batch_size", 100)
    job = draft(office, many_leads(tmp_path, 250))
    with office.as_("manager") as access:
        run("run_import", access, job)
    real = engine.Run._batch

    def cancelled_after_one(self, lines, found):
        real(self, lines, found)
        if self.done == 100:
            with office.as_("manager") as access:
                run("cancel_import", access, job)

    with monkeypatch.context() as patch:
        patch.setattr(engine.Run, "_batch", cancelled_after_one)
        jobs.run_now("platform.import", office.access("manager"), office.project, import_job=job.pk)
    with office.as_("manager"):
        job.refresh_from_db()
    assert (job.state, job.done_rows) == ("cancelled", 100)
    assert started(office, job).state == "done" and job.done_rows == 250


def test_two_workers_on_one_import_write_each_row_once(office, tmp_path, monkeypatch):
    monkeypatch.setattr(engine.Run, "batch_size", 100)
    job = draft(office, many_leads(tmp_path, 250))
    with office.as_("manager") as access:
        run("run_import", access, job)
    real, inside = engine.Run._batch, []

    def overtaken(self, lines, found):
        if not inside:
            inside.append(1)
            jobs.run_now("platform.import", office.access("manager"), office.project, import_job=job.pk)
        real(self, lines, found)

    with monkeypatch.context() as patch:
        patch.setattr(engine.Run, "_batch", overtaken)
        jobs.run_now("platform.import", office.access("manager"), office.project, import_job=job.pk)
    with office.as_("manager"):
        job.refresh_from_db()
    assert job.state == "done" and job.done_rows == 250


def test_old_files_and_refused_rows_expire(office, tmp_path):
    import datetime as dt

    from django.utils import timezone

    job = started(office, draft(office, put(tmp_path, LEADS)))
    long_ago = timezone.now() - dt.timedelta(days=400)
    with office.as_("system"):
        StoredFile.objects.update(created_at=long_ago)
        ImportJob.objects.update(created_at=long_ago)
    jobs.run_now("platform.files.expire", office.access("system"), office.project)
    with office.as_("system"):
        job.refresh_from_db()
        assert job.file_id is None and not StoredFile.objects.exists() and not ImportRefusal.objects.exists()
        assert not files.storage().exists(f"{office.project.pk}/{job.sha256}")


# --- the API -------------------------------------------------------------------------------------


def head(client, username: str) -> dict[str, str]:
    answer = client.post(
        "/api/v1/auth/tokens", {"username": username, "password": PASSWORD}, content_type="application/json"
    )
    return {"Authorization": "Bearer " + answer.json()["token"]}


def upload(client, headers, content: bytes, name: str = "leads.csv", **fields):
    source = io.BytesIO(content)
    source.name = name
    return client.post(
        "/api/v1/imports", {"kind": "leads", "project": "YQ", "file": source, **fields}, headers=headers
    )


def test_an_import_by_api(office, client):
    headers = head(client, "manager")
    made = upload(client, headers, LEADS.encode("gb18030"))
    assert made.status_code == 201, made.content
    job = made.json()
    assert (job["state"], job["rows"], job["mapping"]["phone"]) == ("draft", 5, 3)
    seen = client.get(f"/api/v1/imports/{job['id']}/preview", headers=headers).json()
    assert len(seen["rows"]) == 5
    begun = client.post(
        f"/api/v1/imports/{job['id']}/run", {}, content_type="application/json", headers=headers
    )
    assert begun.json()["state"] == "running", begun.content
    jobs.run_now("platform.import", office.access("manager"), office.project, import_job=job["id"])
    done = client.get(f"/api/v1/imports/{job['id']}", headers=headers).json()
    assert (done["state"], done["created"], done["refused_count"]) == ("done", 3, 1)
    report = client.get(f"/api/v1/imports/{job['id']}/report", headers=headers).json()
    assert report["refused"][0]["row"] == 4 and report["created"] == 3
    book = client.get(f"/api/v1/imports/{job['id']}/refused", headers=headers)
    assert zipfile.is_zipfile(io.BytesIO(book.getvalue()))
    original = client.get(f"/api/v1/files/{done['file']['id']}/download", headers=headers)
    assert original.getvalue() == LEADS.encode("gb18030")
    gone = client.post(
        f"/api/v1/imports/{job['id']}/undo", {}, content_type="application/json", headers=headers
    )
    assert gone.json()["removed"] == 3, gone.content


def test_the_same_upload_key_makes_one_job(office, client):
    headers = head(client, "manager") | {"Idempotency-Key": uuid.uuid4().hex}
    first = upload(client, headers, LEADS.encode("gb18030")).json()
    assert upload(client, headers, LEADS.encode("gb18030")).json() == first
    assert count(office, ImportJob) == 1


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("xl/workbook.xml", "<workbook/>")
        package.writestr("xl/worksheets/sheet1.xml", bytes(300 * 2**20))
    return target.getvalue()


HOSTILE = [
    ("empty", lambda: b"", 422, "file_empty"),
    ("picture", lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), 422, "file_unknown"),
    ("bomb", bomb, 422, "file_zip_bomb"),
    ("broken workbook", lambda: b"PK\x03\x04" + bytes(200), 422, None),
    ("page", lambda: b"<html><script>alert(1)</script></html>", 422, "file_unknown"),
    ("no rows", lambda: "姓名,手机号\n".encode(), 201, None),
    (
        "wide cell",
        lambda: ("姓名,手机号\n" + "x" * 40_000 + ",13800000000\n").encode(),
        422,
        "file_cell_too_long",
    ),
]


@pytest.mark.parametrize(("what", "content", "status", "code"), HOSTILE, ids=[h[0] for h in HOSTILE])
def test_hostile_files_are_refused_in_words_and_change_nothing(office, client, what, content, status, code):
    answer = upload(client, head(client, "manager"), content(), "文件.xlsx")
    assert answer.status_code == status, answer.content
    if status == 201:
        return
    body = answer.json()
    assert code is None or body["code"] == code
    assert body["message"] and body["message"] != body["code"] and "Traceback" not in body["message"]
    assert count(office, ImportJob) == 0 and count(office, StoredFile) == 0


def test_a_file_beyond_the_limit_is_413(office, client, monkeypatch):
    from anchang.platform import parameters

    real = parameters.value
    monkeypatch.setattr(
        parameters, "value", lambda key, *rest: 1 if key == "platform.import_megabytes" else real(key, *rest)
    )
    answer = upload(client, head(client, "manager"), b"a,b\n" * 400_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert count(office, ImportJob) == 0


def test_dangerous_cells_are_refused_or_kept_as_text(office, tmp_path):
    text = (
        "姓名,手机号,备注\n<script>alert(1)</script>,13800000021,=cmd|' /C calc'!A0\n坏\x00人,13800000022,\n"
        "正常,13800000023,2月31日\n"
    )
    report = importing.import_file("leads", put(tmp_path, text), "YQ")
    assert [(r["row"], r["code"]) for r in report["refused"]] == [(3, "control_character")]
    with office.as_("system"):
        found = Lead.objects.get(phone_tail="0021")
        assert found.name == "<script>alert(1)</script>" and found.note == "=cmd|' /C calc'!A0"


@pytest.mark.parametrize("fields", [{"kind": "x"}, {"project": "NO"}, {"kind": "a\x00"}])
def test_bad_uploads_are_422(office, client, fields):
    answer = upload(client, head(client, "manager"), LEADS.encode("gb18030"), **fields)
    assert answer.status_code == 422, answer.content


def test_an_upload_without_a_file_is_422(office, client):
    answer = client.post(
        "/api/v1/imports", {"kind": "leads", "project": "YQ"}, headers=head(client, "manager")
    )
    assert answer.status_code == 422 and "file" in answer.json()["fields"]


def test_who_may_not_import_is_refused_and_sees_nothing(office, client, tmp_path):
    assert upload(client, head(client, "consultant1"), LEADS.encode("gb18030")).status_code == 403
    job = draft(office, put(tmp_path, LEADS))
    headers = head(client, "consultant1")
    for tail in ("", "/preview", "/report", "/refused"):
        assert client.get(f"/api/v1/imports/{job.pk}{tail}", headers=headers).status_code in (403, 404)
    assert client.get(f"/api/v1/files/{job.file_id}/download", headers=headers).status_code == 404
    # Finance sees imports, but may not import leads.
    assert upload(client, head(client, "finance"), LEADS.encode("gb18030")).status_code == 403


# --- pages ---------------------------------------------------------------------------------------


def sign_in(client, office, who: str) -> None:
    client.force_login(office.users[who], backend="django.contrib.auth.backends.ModelBackend")


def test_the_way_through_the_pages(office, client):
    sign_in(client, office, "manager")
    assert client.get("/importing/").status_code == 200
    source = io.BytesIO(LEADS.encode("gb18030"))
    source.name = "渠道线索.csv"
    answer = client.post("/importing/", {"kind": "leads", "file": source})
    assert answer.status_code == 302, answer.content.decode()
    page = client.get(answer.url).content.decode()
    assert "渠道线索.csv" in page and "1380000" in page and 'name="field-phone"' in page
    with office.as_("manager"):
        job = ImportJob.objects.get()
    columns = {f"field-{name}": str(at) for name, at in job.mapping.items()}
    wrong = client.post(f"/importing/{job.pk}/begin", columns | {"field-phone": "", "do": "run"})
    assert wrong.status_code == 422 and 'name="field-phone"' in wrong.content.decode()
    assert client.post(f"/importing/{job.pk}/begin", columns | {"do": "run"}).status_code == 302
    running = client.get(f"/importing/{job.pk}/").content.decode()
    assert f"/importing/{job.pk}/progress" in running
    assert client.get(f"/importing/{job.pk}/progress").status_code == 200
    jobs.run_now("platform.import", office.access("manager"), office.project, import_job=job.pk)
    assert client.get(f"/importing/{job.pk}/progress").headers["HX-Refresh"] == "true"
    done = client.get(f"/importing/{job.pk}/").content.decode()
    assert f"/importing/{job.pk}/refused.xlsx" in done and "1380000" in done
    assert client.get(f"/importing/{job.pk}/refused.xlsx").status_code == 200
    assert "渠道线索.csv" in client.get("/jobs/").content.decode()
    assert client.post(f"/importing/{job.pk}/undo").status_code == 302
    assert count(office, Lead) == 0


def test_a_bad_file_on_the_page_keeps_the_form(office, client):
    sign_in(client, office, "manager")
    source = io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(500))
    source.name = "x.csv"
    answer = client.post("/importing/", {"kind": "leads", "file": source})
    text = answer.content.decode()
    assert answer.status_code == 422 and 'value="leads" selected' in text and 'role="alert"' in text


def test_pages_of_others_are_not_there(office, client, tmp_path):
    job = draft(office, put(tmp_path, LEADS))
    sign_in(client, office, "consultant1")
    for address in (
        f"/importing/{job.pk}/",
        f"/importing/{job.pk}/refused.xlsx",
        f"/files/{job.file_id}/download",
    ):
        assert client.get(address).status_code in (403, 404)
    with open_scope(office.access("system")):
        assert ImportJob.objects.get(pk=job.pk).state == "draft"
