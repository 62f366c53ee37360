"""Purchases of staff and connected persons: found by number or phone, approved by their own chain, reported, not paid."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import openpyxl
import pytest

from anchang.commission.models import Earning
from anchang.crm.models import CustomerPhone
from anchang.deals.models import Buyer, ConnectedPerson, Deal, Subscription
from anchang.insight.catalogue import REPORTS
from anchang.kernel.errors import DomainError
from anchang.platform import personal, reading, resources
from anchang.platform.importing.jobs import import_file
from anchang.platform.models import User
from tests.commission.pay import catch_up, make_scheme
from tests.deals.desk import BUYER, Desk
from tests.factories import run
from tests.processes.test_changes import approve, refused, set_parameter

pytestmark = pytest.mark.django_db


def listed(desk: Desk, kind: str = "staff", **more) -> ConnectedPerson:
    data = {"kind": kind, "name": "张三", "id_number": BUYER["id_number"]} | more
    return run("add_connected_persons", desk.office.access("director"), **data)


def decide(desk: Desk, paper: Subscription, *roles: str) -> Subscription:
    for role in roles:
        paper = run("approve_subscription", desk.office.access(role), paper)
    return paper


def test_a_buyer_on_the_list_needs_the_special_chain_and_marks_the_deal(desk):
    listed(desk)
    paper = desk.subscribe()
    assert (paper.state, paper.approvers) == ("approving", ["director", "group"])
    assert Deal.objects.get(pk=paper.deal_id).connected == "staff" and desk.unit().state == "held"
    refused("not_an_approver", "approve_subscription", desk.office.access("manager"), paper, status=403)
    assert decide(desk, paper, "director", "group").state == "active"
    free = desk.subscribe(1, "consultant2", buyers=[BUYER | {"id_number": "330102199105082327", "phone": ""}])
    assert free.state == "active" and Deal.objects.get(pk=free.deal_id).connected == ""


def test_the_price_is_approved_first_and_an_empty_chain_only_marks(desk):
    listed(desk)
    dear = desk.unit()
    dear.floor_total = dear.list_total
    dear.save(update_fields=["floor_total"])
    assert desk.subscribe(discounts=["F2"]).approvers == ["manager", "director", "group"]
    set_parameter("deals.connected_approvers", [])
    paper = desk.subscribe(1, "consultant2")
    assert paper.state == "active" and Deal.objects.get(pk=paper.deal_id).connected == "staff"


@pytest.mark.parametrize("place", ["phone", "customer", "guardian"])
def test_found_by_phone_by_the_customers_phone_and_as_guardian(desk, place):
    number = "13700001111"
    listed(desk, "relative", id_number="330102198001011234" if place == "guardian" else "", phone=number)
    buyer, more = BUYER | {"phone": "13812292302"}, {}
    if place == "phone":
        buyer |= {"phone": "137 0000 1111"}
    elif place == "customer":
        customer = desk.customer("consultant1")
        CustomerPhone.objects.create(
            project=customer.project, customer=customer, digest=personal.digest(number), cipher=personal.encrypt(number)
        )
    else:
        guardian = {"name": "张父", "id_type": "id_card", "id_number": "330102198001011234"}
        buyer = {"name": "张小", "id_number": "330102201503072313", "guardian": guardian}
    assert Deal.objects.get(pk=desk.subscribe(buyers=[buyer], **more).deal_id).connected == "relative"


def test_who_left_counts_no_longer_and_the_nearest_connection_counts(desk):
    user = desk.office.users["consultant6"]
    listed(desk, user=user.pk)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert desk.subscribe().state == "active"
    User.objects.filter(pk=user.pk).update(is_active=True)
    listed(desk, "connected", id_number="", phone=BUYER["phone"])
    assert Deal.objects.get(pk=desk.subscribe(1, "consultant2").deal_id).connected == "staff"


def test_a_connected_buyer_who_joins_later_is_seen(desk):
    listed(desk, "relative", id_number="330102199105082327")
    paper = desk.subscribe()
    assert paper.state == "active"
    spouse = {"name": "李四", "id_number": "330102199105082327", "relation": "spouse", "proven": True}
    buyers = [BUYER | {"share": "50"}, spouse | {"share": "50"}]
    change = run("change_buyers_subscription", desk.office.access("consultant1"), paper, buyers=buyers, reason="加名")
    assert change.approvers == ["manager", "director", "group"]
    for role in change.approvers:
        approve(desk, change, role)
    assert Deal.objects.get(pk=paper.deal_id).connected == "relative"


def test_numbers_are_sealed_and_the_list_is_not_for_the_floor(desk):
    person = listed(desk, phone="13700001111")
    row = ConnectedPerson.objects.filter(pk=person.pk).values().get()
    shown = reading.get_row(resources.get("connected-persons"), desk.office.access("director"), person.pk)
    for told in (str({k: v for k, v in row.items() if "cipher" not in k}), str(shown)):
        assert BUYER["id_number"] not in told and "13700001111" not in told
    assert personal.decrypt(row["id_cipher"]) == BUYER["id_number"]
    for who in ("consultant1", "manager", "finance"):
        with pytest.raises(DomainError):
            reading.get_row(resources.get("connected-persons"), desk.office.access(who), person.pk)
    refused("connected_needs_number", "add_connected_persons", desk.office.access("director"), kind="staff", name="无号")
    refused("already_exists", "add_connected_persons", desk.office.access("director"), kind="staff", name="又一",
            id_number=BUYER["id_number"])  # fmt: skip


def test_a_file_of_staff_and_relatives_is_taken_in_and_again_changes_nothing(desk, tmp_path: Path):
    User.objects.filter(pk=desk.office.users["consultant1"].pk).update(staff_number="A01")
    book = openpyxl.Workbook()
    for line in (
        ("姓名", "工号", "身份证号码", "手机号", "员工姓名", "与员工关系"),
        ("陈强", "A01", "330102198803124455", "13700002222", "", ""),
        ("陈母", "", "", "13700003333", "陈强", "母亲"),
        ("无号", "", "", "", "", ""),
    ):
        book.active.append(line)
    path = tmp_path / "staff.xlsx"
    book.save(path)
    report = import_file("connected-persons", path, "YQ")
    assert (report["created"], len(report["refused"])) == (2, 1)
    people = {p.name: p for p in ConnectedPerson.objects.all()}
    assert (people["陈强"].kind, people["陈强"].user_id) == ("staff", desk.office.users["consultant1"].pk)
    assert (people["陈母"].kind, people["陈母"].of_name) == ("relative", "陈强")
    again = import_file("connected-persons", path, "YQ")
    assert (again["created"], again["updated"], ConnectedPerson.objects.count()) == (0, 0, 2)


@pytest.mark.parametrize("pays", [False, True])
def test_pay_follows_the_scheme_and_the_report_lists_the_deals(desk, pays):
    make_scheme(desk, pays_connected=pays)
    listed(desk)
    paper = decide(desk, desk.subscribe(discounts=["F2"]), "director", "group")
    contract = run("sign_contract", desk.office.access("clerk"), paper)
    other = desk.sign(1, owner="consultant2", buyers=[BUYER | {"id_number": "330102199105082327", "phone": ""}])
    for each in (contract, other):
        catch_up(desk, each)
    paid = dict(Earning.objects.filter(ended=False).values_list("deal", "amount"))
    assert set(paid) == ({contract.deal_id, other.deal_id} if pays else {other.deal_id})
    report = REPORTS["connected"]
    answer = report.answer(report.ask(desk.office.access("director"), {}))
    assert [(r["deal"], r["connected"], D(r["off"])) for r in answer["rows"]] == [(contract.deal_id, "staff", D(20000))]
    assert (answer["deals"], D(answer["total"])) == (1, contract.total)
    assert report.blocks(answer).tables[0].rows[0]["unit"] == desk.unit().label
    assert not Buyer.objects.filter(id_masked=BUYER["id_number"]).exists()
