"""Nothing that people read shows a code: states and fields in sentences have words."""

from __future__ import annotations

from django.utils.translation import override

from anchang.platform.telling import event_text
from anchang.platform.wording import worded


def test_states_in_sentences_are_words():
    with override("zh-hans"):
        told = worded("notice.refund_decided", {"amount": "30000.00", "unit": "2幢-2704", "state": "paid"})
        assert "paid" not in told and "30000.00" in told
        assert "active" not in worded("notice.subscription_decided", {"number": "1", "unit": "2", "state": "active"})
        for state in ("contacted", "overdue", "signed"):
            assert state not in worded("state_refused", {"state": state, "to": "x"})


def test_fields_in_sentences_are_their_labels():
    with override("zh-hans"):
        text = event_text("record.edited", {"fields": "name, code"}, "teams")
    assert "name" not in text and "code" not in text and "名称" in text
    assert "something" in event_text("record.edited", {"fields": "something"}, "teams")
    assert "name" in event_text("record.edited", {"fields": "name"}, "no-such-resource")
