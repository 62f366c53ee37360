"""How a page tells a refusal."""

from __future__ import annotations

import json

from django.test import RequestFactory
from django.utils import translation

from anchang.kernel.errors import DomainError
from anchang.platform.ui.errors import error_page


def test_a_button_that_is_not_ones_own_says_why():
    request = RequestFactory().post("/r/deal-changes/1/do/approve")
    request.htmx = True  # type: ignore[attr-defined]
    with translation.override("zh-hans"):
        answer = error_page(request, DomainError("own_request", status=403))
    told = json.loads(answer["HX-Trigger"])["toast"]
    assert answer.status_code == 403
    assert told["message"] == "不能审批本人提交的申请。" and told["code"] == answer["X-Support-Code"]
