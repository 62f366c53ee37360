"""Nothing that people read shows a code: states and fields in sentences have words."""

from __future__ import annotations

import re

from django.utils import timezone
from django.utils.translation import override

from anchang.platform import resources
from anchang.platform.models import Role
from anchang.platform.telling import event_text
from anchang.platform.ui import rows
from anchang.platform.ui.condition_words import said
from anchang.platform.wording import worded
from tests.factories import PASSWORD, make_office


def test_states_in_sentences_are_words():
    with override("zh-hans"):
        told = worded("notice.refund_decided", {"amount": "30000.00", "unit": "2幢-2704", "state": "paid"})
        assert "paid" not in told and "30000.00" in told
        assert "active" not in worded("notice.subscription_decided", {"number": "1", "unit": "2", "state": "active"})
        for state in ("contacted", "overdue", "signed"):
            assert state not in worded("state_refused", {"state": state, "to": "x"})


def test_moments_and_amounts_in_events_are_for_people():
    with override("zh-hans"), timezone.override("Asia/Shanghai"):
        told = event_text("unit.held", {"unit_label": "1幢-3102", "expires_at": "2026-11-22T05:48:36.917652+00:00"})
        assert "2026-11-22 13:48" in told and "T05" not in told
        assert "1,034,567.80" in event_text("refund.paid", {"amount": "1034567.80", "money": "x"})


def test_a_first_owner_is_no_hand_over():
    with override("zh-hans"):
        assert event_text("customer.owner_changed", {"old": "", "new": "陈思远"}) == "归属 陈思远"
        assert "陈思远" in (gone := event_text("customer.owner_changed", {"old": "陈思远", "new": ""})) and "移交给" not in gone


def test_fields_in_sentences_are_their_labels():
    with override("zh-hans"):
        text = event_text("record.edited", {"fields": "name, code"}, "teams")
    assert "name" not in text and "code" not in text and "名称" in text
    assert "something" in event_text("record.edited", {"fields": "something"}, "teams")
    assert "name" in event_text("record.edited", {"fields": "name"}, "no-such-resource")


def test_codes_inside_structured_values_and_labels_are_words(db, client):
    line = {"seq": 1, "item": "deposit", "money": "cash", "amount": "50000.00"}
    with override("zh-hans"):
        assert rows.as_text([line]) == "1 · 定金 · 自有资金 · 50000.00"
        assert rows.as_text(["reconfirm_price"], "locks") != "reconfirm_price"
        named = {"id": 1, resources.get("receivables").label_field: "deposit"}
        assert rows.label_text(resources.get("receivables"), named) == "定金"
        at = {"id": 1, "starts_at": "2026-05-06T12:20:00+08:00"}
        assert rows.label_text(resources.get("appointments"), at) == "2026-05-06 12:20"
        condition = {"field": "customer_type", "op": "eq", "value": "high_end"}
        office = make_office()
        text = said(resources.get("leads"), condition, office.access("manager"), office.project.pk)
    assert "customer_type" not in text and "high_end" not in text and "eq" not in text


def test_a_role_that_the_reader_may_not_open_shows_its_plain_page(db, client):
    make_office()
    role = Role.objects.get(code="finance")
    client.login(username="director", password=PASSWORD)
    assert client.get(f"/r/roles/{role.pk}/").status_code == 200
    client.login(username="admin", password=PASSWORD)
    assert client.get(f"/r/roles/{role.pk}/")["Location"] == f"/roles/{role.pk}/"


def test_links_of_the_day_lead_somewhere(db, client):
    """Every address on everybody's first page answers."""
    make_office()
    for who in ("manager", "finance", "clerk", "consultant1", "director", "service"):
        client.login(username=who, password=PASSWORD)
        page = client.get("/").content.decode()
        for address in set(re.findall(r'href="(/(?:r|reports)/[^"#]*)"', page)):
            answer = client.get(address.replace("&amp;", "&"))
            assert answer.status_code in (200, 302), (who, address)
