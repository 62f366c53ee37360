"""A subscription refused in approval is submitted again with the same buyers."""

from __future__ import annotations

import datetime as dt

import pytest

from anchang.deals.models import Buyer
from anchang.kernel.errors import DomainError
from anchang.platform import personal
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.deals.desk import BUYER
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(desk):
    Parameter.objects.create(key="deals.approval_special_only", value=False, valid_from=dt.date(2020, 1, 1))
    bump_stamp()
    child = {"name": "李小", "id_type": "birth_cert", "id_number": "X123456789", "share": "40", "guardian": {"name": "张三"}}
    asked = desk.subscribe(discounts=["D98", "F2"], buyers=[BUYER | {"share": "60"}, child])
    assert asked.state == "approving"
    return run("refuse_subscription", desk.office.access("manager"), asked, reason="折扣太大")


def test_the_same_again_with_fewer_discounts(desk, refused):
    again = run(
        "resubmit_subscription", desk.office.access("consultant1"), refused, no_discounts=True, deposit="60000"
    )
    assert (again.state, again.total, again.deposit) == ("active", again.list_total, 60000)
    assert again.number != refused.number and again.customer_id == refused.customer_id
    rows = Buyer.objects.filter(deal=again.deal_id).order_by("seq")
    assert [(b.name, str(b.share), b.guardian_name) for b in rows] == [("张三", "60.00", ""), ("李小", "40.00", "张三")]
    assert personal.decrypt(rows[0].id_cipher) == BUYER["id_number"]
    refused.refresh_from_db()
    assert refused.state == "cancelled"


def test_unchanged_it_asks_the_approvers_again(desk, refused):
    again = run("resubmit_subscription", desk.office.access("consultant1"), refused)
    assert again.state == "approving" and again.total == refused.total
    with pytest.raises(DomainError) as taken:
        run("resubmit_subscription", desk.office.access("consultant1"), refused)
    assert taken.value.code == "unit_taken"


def test_only_a_refused_one_and_only_ones_own(desk, refused, client):
    other = desk.subscribe(1)
    cancelled = run("cancel_subscription", desk.office.access("manager"), other)
    with pytest.raises(DomainError) as why:
        run("resubmit_subscription", desk.office.access("consultant1"), cancelled)
    assert why.value.code == "state_refused"
    with pytest.raises(DomainError) as why:
        run("resubmit_subscription", desk.office.access("consultant5"), refused)
    assert why.value.status == 404
    assert client.login(username="consultant1", password=PASSWORD)
    assert f"/r/subscriptions/{refused.pk}/do/resubmit" in client.get(f"/r/subscriptions/{refused.pk}/").content.decode()
