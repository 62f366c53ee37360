"""Special affairs on pages, in the API and in reports."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal

import pytest
from pypdf import PdfReader

from anchang.deals.models import DealChange, Subscription
from anchang.insight.queries.facts import live_sums
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import FieldRule, Role
from anchang.processes.comparing import comparison_of
from tests.deals.desk import BUYER, Desk
from tests.factories import PASSWORD, run
from tests.processes.test_changes import SPOUSE, approve, ask_exchange, bureau, cheaper, overdue

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client, desk):
    def as_user(who: str):
        assert client.login(username=who, password=PASSWORD)
        return client

    return as_user


def sums(desk: Desk, *items: str) -> dict[str, tuple[int, Decimal]]:
    day = desk.office.project.today()
    rows = live_sums([desk.office.project.pk], day, day, items)
    return {item: (found.count, found.amount) for item, _key, found in rows if found.count or found.amount}


def test_an_exchange_is_neither_new_nor_cancelled_and_moves_no_collection(desk):
    """DOMAIN 9: 0 units and the difference; receipts less refunds stay what was paid."""
    cheaper(desk)
    contract = desk.sign(payment_plan="lump_sum")
    desk.receive(contract, "1000000")
    approve(desk, ask_exchange(desk, contract, who="manager"), "admin")
    found = sums(desk, "sign", "terminate", "sign_change", "receive", "refund")
    assert found["sign"] == (1, Decimal("2828460.00")) and "terminate" not in found
    assert found["sign_change"] == (0, Decimal("-28460.00"))
    assert found["receive"][1] - found["refund"][1] == Decimal("1000000.00")


def test_a_contract_revoked_to_be_signed_again_stays_signed_in_reports(desk):
    contract = bureau(desk)
    clerk = desk.office.access("clerk")
    approve(desk, run("ask_revocation", clerk, contract, reason="加名"), "director")
    run("revoke_contract", clerk, contract, reference="CX1")
    draft = run("redraft_contract", clerk, contract)
    assert draft.state == "draft"
    assert sums(desk, "sign", "terminate", "sign_change") == {"sign": (1, Decimal("2828460.00"))}
    run("end_revoked_contract", desk.office.access("director"), draft, reason="不再签约")
    assert sums(desk, "terminate") == {"terminate": (1, Decimal("2828460.00"))}


def test_the_same_request_and_the_same_approval_twice_have_one_effect(enter, desk):
    sub = desk.subscribe()
    body = json.dumps({"new_unit": desk.unit(1).pk, "reason": "换房"})
    client = enter("consultant1")
    key = {"HTTP_IDEMPOTENCY_KEY": "x-1", "content_type": "application/json"}
    first = client.post(f"/api/v1/subscriptions/{sub.pk}/exchange", body, **key)
    again = client.post(f"/api/v1/subscriptions/{sub.pk}/exchange", body, **key)
    assert first.status_code == again.status_code < 300, first.content
    assert first.json() == again.json() and DealChange.objects.count() == 1
    other = client.post(f"/api/v1/subscriptions/{sub.pk}/exchange", body, **(key | {"HTTP_IDEMPOTENCY_KEY": "x-2"}))
    assert other.status_code == 409
    change = DealChange.objects.get()
    client = enter("manager")
    key = {"HTTP_IDEMPOTENCY_KEY": "y-1", "content_type": "application/json"}
    for _ in range(2):
        done = client.post(f"/api/v1/deal-changes/{change.pk}/approve", "{}", **key)
        assert done.status_code < 300, done.content
    assert Subscription.objects.filter(state="active").count() == 1
    assert Subscription.objects.get(state="active").unit_id == desk.unit(1).pk


def test_the_desk_shows_what_waits_and_who_may_decide(enter, desk):
    sub = desk.subscribe()
    change = ask_exchange(desk, sub)
    path = f"/deal/{sub.unit_id}/"
    page = enter("manager").get(path).content.decode()
    assert change.number in page and f"/r/deal-changes/{change.pk}/do/approve" in page
    page = enter("consultant1").get(path).content.decode()
    assert change.number in page and f"/r/deal-changes/{change.pk}/do/approve" not in page
    record = enter("manager").get(f"/r/deal-changes/{change.pk}/", follow=True)
    assert record.status_code == 200 and "330102" not in record.content.decode()


def test_the_demand_letter_names_sums_and_deadline(enter, desk):
    sub = overdue(desk)
    demand = run("demand_signing", desk.office.access("clerk"), sub, reason="逾期未签约")
    assert demand.deadline == demand.requested_on + dt.timedelta(days=15)
    answer = enter("clerk").post(f"/papers/demand/{demand.pk}.pdf")
    assert answer.status_code == 200, answer.content[:300]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    text = "".join(text.split())
    for words in (
        "催告函",
        demand.number,
        sub.number,
        "张三",
        "2,828,460.00",
        "贰佰捌拾贰万捌仟肆佰陆拾元整",
        "第1次打印",
    ):
        assert words in text, words
    assert enter("consultant1").post(f"/papers/demand/{demand.pk}.pdf").status_code == 403


def figures(comparison):
    return {row.name: (row.before, row.after) for row in (*comparison.rows, *comparison.money)}


def compared_to(desk, change, who="manager"):
    return comparison_of(Context.for_record(desk.office.access(who), change), change)


def test_both_sides_of_an_exchange_with_its_money(enter, desk):
    """Own money goes along up to the new plan; what is over goes back."""
    cheaper(desk)
    contract = desk.sign(payment_plan="lump_sum")
    desk.receive(contract, "2820000")
    change = ask_exchange(desk, contract, who="manager")
    found = compared_to(desk, change)
    told = figures(found)
    assert told["unit"] == (desk.unit().label, desk.unit(1).label)
    assert told["total"] == (Decimal("2828460.00"), Decimal("2800000.00"))
    assert told["paid"] == (Decimal("2820000.00"), Decimal("2800000.00"))
    assert told["back_to_buyer"][1] == Decimal("20000.00") and told["still_open"][1] == 0
    assert sum(line.amount for line in found.after) == Decimal("2800000.00")
    page = enter("director").get(f"/r/deal-changes/{change.pk}/", follow=True).content.decode()
    assert f"/r/deal-changes/{change.pk}/do/approve" in page and "2,800,000.00" in page and "20,000.00" in page
    approve(desk, change, "admin")
    done = compared_to(desk, DealChange.objects.get(pk=change.pk))
    assert figures(done)["total"] == told["total"] and done.after and not done.money


def test_both_sides_of_other_payment_and_other_buyers(desk):
    contract = desk.sign(payment_plan="mortgage")
    manager = desk.office.access("manager")
    change = run("replan_contract", manager, contract, reason="全款", payment_plan="lump_sum")
    found = compared_to(desk, change)
    assert figures(found)["total"][0] == figures(found)["total"][1] == contract.total
    assert {line.money for line in found.before} == {"cash", "bank"} and {line.money for line in found.after} == {"cash"}
    run("withdraw_change", manager, change)
    two = [BUYER | {"share": "60"}, SPOUSE | {"share": "40"}]
    asked = run("change_buyers_contract", manager, contract, reason="加名", buyers=two)
    was, now = figures(compared_to(desk, asked))["buyers"]
    assert "张三" in was and "60.00%" in now and "40.00%" in now and SPOUSE["id_number"] not in now


def test_a_hidden_field_stays_hidden_in_the_comparison(enter, desk):
    sub = desk.subscribe()
    change = ask_exchange(desk, sub)
    page = enter("manager").get(f"/deal/changes/{change.pk}/").content.decode()
    assert "标准总价" in page.split("record-facts")[0]
    role = Role.objects.get(code="manager")
    FieldRule.objects.create(role=role, resource="subscriptions", field="list_total", mode="hide")
    bump_stamp()
    page = enter("manager").get(f"/deal/changes/{change.pk}/").content.decode()
    assert "标准总价" not in page.split("record-facts")[0] and change.number in page
