"""Leads out of files: once, twice, with repeats and nonsense, and undone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from anchang.crm.models import Lead, LeadPhone, Touch
from anchang.platform.importing.jobs import import_file
from anchang.platform.models import ImportJob, SearchToken, Task
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db

HEADER = "线索ID,线索创建时间,姓名,手机号,渠道,广告计划名称,意向户型,预算,备注"
ROWS = [
    "1001,2026-03-01 09:00:00,黄勇,13812292302,抖音,云栖-搜索,三房,200-250万,",
    "1002,2026-03-01 10:00:00,杨艳军,+86 15051004739,抖音,云栖-直播,,,想看样板间",
    "1003,2026-03-02 11:00:00,黄先生,138-1229-2302,巨量,云栖-直播,,,又问了一次",
    "1004,2026-03-02 12:00:00,无名,12345,抖音,云栖-直播,,,",
    "1005,2026-03-03 12:00:00,李娜,13900000001/13900000002,抖音,云栖-直播,,,",
]


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


def write(tmp_path: Path, rows: list[str], name: str = "leads.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join([HEADER, *rows]), encoding="gb18030")
    return path


def take(path: Path) -> dict[str, Any]:
    return import_file("leads", path, "YQ")


def test_rows_become_leads(office: Office, tmp_path: Path) -> None:
    report = take(write(tmp_path, ROWS))
    assert {k: report[k] for k in ("rows", "created", "updated", "unchanged")} == {
        "rows": 5, "created": 3, "updated": 1, "unchanged": 0}  # fmt: skip
    assert [(r["row"], r["column"], r["value"]) for r in report["refused"]] == [(5, "手机号", "12345")]
    with office.as_("system"):
        lead = Lead.objects.get(external_id="1001")
        assert (lead.name, lead.phone_masked, lead.channel.name, lead.campaign) == (
            "黄勇", "138****2302", "抖音", "云栖-搜索")  # fmt: skip
        assert lead.need["budget_low"] == "2000000.00"
        assert lead.need["layouts"] == ["三房"]
        assert lead.captured_at.isoformat() == "2026-03-01T01:00:00+00:00"
        touch = Touch.objects.get()
        assert (touch.lead_id, touch.channel.name, touch.note) == (lead.pk, "巨量", "又问了一次")
        assert LeadPhone.objects.get().lead.external_id == "1005"
        assert SearchToken.objects.filter(resource="leads", record_id=lead.pk, token="hy").exists()


def test_second_time_changes_nothing(office: Office, tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    take(path)
    report = take(path)
    assert {k: report[k] for k in ("created", "updated", "unchanged")} == {
        "created": 0, "updated": 0, "unchanged": 4}  # fmt: skip
    with office.as_("system"):
        assert (Lead.objects.count(), Touch.objects.count()) == (3, 1)


def test_rows_without_number_and_time_are_known_again(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("姓名,手机号\n黄勇,13812292302\n黄勇,13812292302\n李娜,13900000002", encoding="utf-8")
    assert take(path)["created"] == 2
    report = take(path)
    assert (report["created"], report["updated"], report["unchanged"]) == (0, 0, 3)


def test_assigned_by_turns_with_todos(office: Office, tmp_path: Path) -> None:
    for who in ("consultant1", "consultant5"):
        with office.as_(who) as access:
            run("check_in", access)
    rows = [f"{n},2026-03-01 09:00:00,客户,138{n:08d},抖音,云栖,,," for n in range(1, 41)]
    take(write(tmp_path, rows))
    with office.as_("system"):
        found = Counter(Lead.objects.values_list("owner__username", flat=True))
        assert found == {"consultant1": 20, "consultant5": 20}
        assert Task.objects.filter(code="lead_first_contact", state="open").count() == 40


def test_undo_while_untouched(office: Office, tmp_path: Path) -> None:
    take(write(tmp_path, ROWS))
    with office.as_("admin") as access:
        job = ImportJob.objects.get()
        run("undo_import", access, job)
    with office.as_("system"):
        assert not Lead.objects.exists()
    assert take(write(tmp_path, ROWS))["created"] == 3


def test_dry_run_keeps_nothing(office: Office, tmp_path: Path) -> None:
    assert import_file("leads", write(tmp_path, ROWS), "YQ", dry_run=True)["created"] == 3
    with office.as_("system"):
        assert not Lead.objects.exists()
