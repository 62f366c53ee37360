"""Buyers' links as messages: each his own, once, and a new one after a lost phone."""

from __future__ import annotations

import re

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform.models import OutgoingMessage, Task
from anchang.platform.outbox.queueing import content
from tests.factories import run
from tests.opening.launch import make_launch

pytestmark = pytest.mark.django_db


def test_every_buyer_gets_his_own_link_once(desk, client, settings):
    settings.ANCHANG_ORIGIN = "https://sales.example.com"
    launch = make_launch(desk, buyers=3)
    director, manager = desk.office.access("director"), desk.office.access("manager")
    run("block_buyer", director, launch.buyers[2])
    assert run("send_passes", manager, launch.opening) == {"buyers": 2}
    run("send_passes", manager, launch.opening)
    mine = list(OutgoingMessage.objects.filter(kind="opening_pass").order_by("pk"))
    assert [m.record_id for m in mine] == [b.pk for b in launch.buyers[:2]]
    # By hand it is whoever sends, not the customer's consultant.
    assert {m.owner_id for m in mine} == {desk.office.users["manager"].pk}
    assert Task.objects.filter(code="message_by_hand", assignee=desk.office.users["manager"]).count() == 2
    found = [re.search(r"https://sales\.example\.com(/choose/\S+/)", content(m)["text"]) for m in mine]
    assert len({one.group(1) for one in found if one}) == 2
    run("renew_pass", director, launch.buyers[0])
    run("send_pass", director, launch.buyers[0])
    assert OutgoingMessage.objects.filter(kind="opening_pass").count() == 3
    with pytest.raises(DomainError, match="buyer_blocked"):
        run("send_pass", director, launch.buyers[2])
    page = client.get(found[1].group(1))
    assert page.status_code == 200 and "一批次线上选房" in page.content.decode()
