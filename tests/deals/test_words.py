"""Records of deals are read in words: no code, no JSON, no `None`."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils.html import strip_tags
from django.utils.translation import override

from anchang.inventory.words import rounding_text, snapshot_text
from anchang.platform import resources
from anchang.platform.telling import actor_text, event_text, refusal_text
from tests.deals.desk import Desk
from tests.factories import PASSWORD

CODES = ("id_card", "first_payment", "half_up", "lump_sum", "None", "{&quot;", "{'", "&#x27;")


@pytest.mark.parametrize("name", ["deals", "subscriptions", "contracts"])
def test_a_record_shows_no_code(desk: Desk, client: Client, name: str) -> None:
    contract = desk.sign()
    client.login(username="manager", password=PASSWORD)
    record = {"deals": contract.deal_id, "subscriptions": contract.subscription_id, "contracts": contract.pk}[name]
    page = client.get(f"/r/{name}/{record}/panel", HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    text = strip_tags(page)
    assert [code for code in CODES if code in text] == []
    assert "居民身份证" in text
    if name != "deals":
        assert re.search(r"50,000\.00（\d{4}-\d\d-\d\d", text), text


def test_moves_between_states_are_told_in_words() -> None:
    moves = {
        "launch-schemes": "launch.state", "openings": "opening.state", "marketing-contracts": "marketing_contract.state",
        "price-schemes": "price_scheme.state",
    }  # fmt: skip
    with override("zh-hans"):
        for name, event in moves.items():
            found = resources.get(name)
            codes = list(resources.choices_of(found.by_name[found.state_field]))
            for code in codes:
                told = event_text(event, {"old": code, "new": code, "title": "–"}, name)
                assert code not in told, told
                assert code not in refusal_text("state_refused", {"state": code}, found)


def test_checklists_and_actors_are_told_in_words() -> None:
    with override("zh-hans"):
        assert "培训" in event_text("launch.ticked", {"item": "training"}, "launch-schemes")
        assert actor_text("system") == "系统" and actor_text("buyer") == "客户（线上选房）"
        assert actor_text("王芳") == "王芳"


def test_every_field_has_a_label_in_chinese() -> None:
    with override("zh-hans"):
        bare = [
            f"{one.name}.{f.name}" for one in resources.all_resources() for f in one.fields
            if str(f.label).replace("_", " ") == f.name.replace("_", " ") and f.name not in ("id", "api")
        ]  # fmt: skip
    assert bare == []


def test_parameters_and_price_steps_are_told_in_words() -> None:
    steps = [
        {"kind": "list", "code": "list", "label": "list", "after": "1000000.00", "amount": "0.00"},
        {"kind": "percent", "code": "d1", "label": "按时签约", "after": "990000.00", "amount": "-10000.00"},
    ]
    with override("zh-hans"):
        value = resources.get("parameters").by_name["value"].words
        assert value is not None and value("submit") == "审批通过" and "True" not in value({"a": True})
        told = snapshot_text({"steps": steps, "rounding": "half_up:0.01"})
        assert "1,000,000.00；按时签约 -10,000.00；" in told and told.endswith("990,000.00")
        assert "{" not in told and "list" not in told
        assert "half_up" not in rounding_text("half_up:0.01")
