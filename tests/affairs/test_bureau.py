"""Comparison with the bureau's list: matched, differences found, followed and ended; nothing is resold before it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from anchang.affairs import rules_bureau as rules
from anchang.affairs import tasks
from anchang.affairs.models import BureauDifference, BureauList
from anchang.inventory.models import Unit
from anchang.platform.importing.jobs import import_file
from anchang.platform.models import Task
from tests.affairs.test_affairs import job
from tests.deals.desk import BUYER, Desk
from tests.factories import PASSWORD, run
from tests.processes.test_changes import refused, set_parameter

pytestmark = pytest.mark.django_db
HEAD = ("楼栋", "房号", "合同状态", "合同编号", "备案号", "买受人")


def standing(state: str, online: str = "", filing: str = "", **more) -> rules.Standing:
    return rules.Standing(state, online, filing, **more)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (standing("free"), standing("free"), ""),
        (standing("draft"), standing("free"), ""),
        (standing("revoked"), standing("revoked"), ""),
        (standing("free"), standing("signed"), "bureau_only"),
        (standing("free", ended=True), standing("filed"), "not_revoked"),
        (standing("revoked", ended=True), standing("filed"), "not_revoked"),
        (standing("signed"), standing("draft"), "ours_only"),
        (standing("filed"), standing("revoked"), "revoked_there"),
        (standing("filed"), standing("signed"), "not_filed_there"),
        (standing("signed"), standing("filed"), "filing_missing"),
        (standing("signed", "2026-001"), standing("signed", "２０２６ 001"), ""),
        (standing("signed", "2026001"), standing("signed", "2026002"), "numbers"),
        (standing("filed", "A", "B1"), standing("filed", "", "B2"), "numbers"),
        (standing("signed", known=False), standing("filed", "X"), ""),
    ],
)
def test_what_differs_and_how(ours, theirs, kind):
    assert rules.difference(ours, theirs) == kind


STATES = st.sampled_from((rules.FREE, rules.DRAFT, rules.SIGNED, rules.FILED, rules.REVOKED))


@given(STATES, STATES)
def test_a_free_unit_that_is_sold_there_always_blocks(ours, theirs):
    found = rules.difference(standing(ours), standing(theirs))
    sold_there = theirs in (rules.SIGNED, rules.FILED)
    assert (found in rules.BLOCKING) == (sold_there and ours not in (rules.SIGNED, rules.FILED))


def test_units_are_found_however_they_are_written():
    assert len({rules.building_key(text) for text in ("1幢", "1号楼", "１栋", "1#", "01 幢")}) == 1
    assert rules.room_keys("2单元", "101室")[0] == rules.room_keys("2", "101")[0]
    assert rules.building_key("幢") == "幢"


def listed(desk: Desk, tmp_path: Path, *lines: tuple[str, ...], **more) -> dict:
    """Import a bureau list of the desk's building; its four units are 101, 102, 201, 202."""
    book = openpyxl.Workbook()
    for line in (HEAD, *lines):
        book.active.append([*line, *[""] * (len(HEAD) - len(line))])
    path = tmp_path / "网签清单.xlsx"
    book.save(path)
    return import_file("bureau-list", path, "YQ", **more)


def kinds() -> dict[str, str]:
    return dict(BureauDifference.objects.filter(state="open").values_list("unit__room", "kind"))


FREE = (("1号楼", "101室", "未售"), ("1号楼", "102室", "可售"), ("1号楼", "201室", "未售"), ("1号楼", "202室", "未售"))


def test_a_list_is_compared_and_its_differences_are_to_dos_until_both_agree(desk, tmp_path):
    contract = desk.sign()
    report = listed(desk, tmp_path, *FREE[1:], ("1号楼", "999室", "已备案"))
    assert report["created"] == 3 and [r["code"] for r in report["refused"]] == ["unit_unknown"]
    assert kinds() == {"101": "ours_only"}  # the list names the building and leaves the unit out
    found = BureauDifference.objects.get()
    assert (found.contract_id, found.ours, found.theirs) == (contract.pk, "signed", "free")
    todo = Task.objects.get(code="bureau_difference")
    assert (todo.assignee_id, todo.state) == (desk.office.users["clerk"].pk, "open")
    listed(desk, tmp_path, *FREE[1:])
    assert BureauDifference.objects.count() == 1  # known already
    listed(desk, tmp_path, ("1幢", "101", "已备案", "W1", "B1", "张三"), *FREE[1:])
    found.refresh_from_db()
    assert found.state == "resolved" and Task.objects.get(pk=todo.pk).state == "done"
    assert kinds() == {"101": "filing_missing"}
    run("file_contract", desk.office.access("clerk"), contract, filing_number="B1")
    job(desk, tasks.compare_bureau)
    assert kinds() == {} and BureauList.objects.latest("id").open_differences == 0
    assert "张三" not in str(list(BureauList.objects.latest("id").rows.values()))
    with pytest.raises(IntegrityError), transaction.atomic():
        BureauDifference.objects.filter(pk=found.pk).update(reason="改")


def test_a_preview_writes_nothing(desk, tmp_path):
    assert listed(desk, tmp_path, *FREE, dry_run=True)["created"] == 4
    assert not BureauList.objects.exists()


def test_a_unit_that_is_signed_at_the_bureau_cannot_be_resold(desk, tmp_path):
    contract = desk.sign()
    run("terminate_contract", desk.office.access("director"), contract, reason="退房", fault="none")
    listed(desk, tmp_path, ("1号楼", "101室", "已备案", "", "B9"), *FREE[1:3], ("1号楼", "202室", "已网签"))
    assert kinds() == {"101": "not_revoked", "202": "bureau_only"}
    run("confirm_price", desk.office.access("director"), desk.unit(0), reason="重定")
    run("release_unit", desk.office.access("manager"), desk.unit(0))
    data = {"customer": desk.customer("consultant1").pk, "buyers": [BUYER], "payment_plan": "lump_sum", "deposit": "0"}
    for unit in (desk.unit(0), desk.unit(3)):
        refused("unit_locked", "subscribe_unit", desk.office.access("consultant1"), unit, **data)
    refused("lock_of_bureau", "unlock_unit", desk.office.access("director"), desk.unit(0), kind="bureau", reason="x")
    run("explain_difference", desk.office.access("clerk"), BureauDifference.objects.get(unit__room="202"), reason="样板房")
    job(desk, tasks.compare_bureau)
    assert kinds() == {"101": "not_revoked"} and desk.unit(3).locks == []
    listed(desk, tmp_path, ("1号楼", "101室", "已撤销"), *FREE[1:])
    assert kinds() == {} and desk.unit(0).locks == []
    assert run("subscribe_unit", desk.office.access("consultant1"), desk.unit(0), **data).state == "active"


def test_before_the_revocation_the_database_itself_refuses_a_second_sale(desk):
    set_parameter("deals.bureau_revocation", True)
    contract = desk.sign()
    run("terminate_contract", desk.office.access("director"), contract, reason="退房", fault="none")
    contract.refresh_from_db()
    assert contract.state == "terminating"
    other = desk.subscribe(1, "consultant2")
    claim = (
        "INSERT INTO deals_unitclaim (project_id, unit_id, deal_id, kind, since) VALUES (%s, %s, %s, 'contract', now())"
    )
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM deals_unitclaim WHERE deal_id = %s", [other.deal_id])
        cursor.execute(claim, [contract.project_id, contract.unit_id, other.deal_id])
    copied = "project_id, version, created_at, updated_at, number, revision, deal_id, unit_id, customer_id, state"
    rest = """former_state, list_total, total, decoration_total, gross_area, inner_area, snapshot, deposit, signed_on,
        online_number, filing_number, filing_due_on, area_scheme, area_threshold, late_fee_policy, clauses, fault,
        end_reason, forfeited, penalty, compensation, prints"""
    resold = f"""INSERT INTO deals_contract ({copied}, {rest}) SELECT project_id, 1, now(), now(), 'HT-2', 1, %s, unit_id,
        customer_id, 'signed', {rest} FROM deals_contract WHERE id = %s"""
    refusal = pytest.raises(IntegrityError, match="contract_live_of_unit")
    with refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(resold, [other.deal_id, contract.pk])
    assert Unit.objects.get(pk=contract.unit_id).state == "signed"


def test_what_the_page_shows(client, desk, tmp_path):
    with desk.office.as_("system"):
        desk.sign()
        listed(desk, tmp_path, *FREE)
    assert client.login(username="clerk", password=PASSWORD)
    page = client.get("/r/bureau-differences/").content.decode()
    assert "1幢-101" in page
    assert client.get(f"/r/bureau-lists/{BureauList.objects.latest('id').pk}/").status_code == 200
    assert client.login(username="consultant1", password=PASSWORD)
    assert client.get("/r/bureau-differences/").status_code == 403
