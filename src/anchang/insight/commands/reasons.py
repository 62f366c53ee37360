"""Saying why a deal is late (BS09)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field, StringConstraints

from anchang.deals.models import Deal
from anchang.insight.models import DelayReason
from anchang.insight.words import delay_reasons
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label


class DelayInput(Input):
    reason: Annotated[str, Field(max_length=30), Label(_("Reason"), kind="choice", choices=delay_reasons)]
    next_action: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Label(_("Next action"))
    ]
    next_on: Annotated[dt.date, Label(_("Next date"))]


def why_not_explain(deal: Deal) -> Refusal | None:
    return None if deal.state in ("held", "subscribed", "signed") else Refusal("deal_not_running")


@command(
    Deal, verb="explain-delay", label=_("Reason of delay"), icon="clock-exclamation", refuses=why_not_explain,
    show=lambda deal: why_not_explain(deal) is None,
)  # fmt: skip
def explain_delay(ctx: Context, deal: Deal, data: DelayInput) -> DelayReason:
    """Why it is late, what comes next and when. The word before stays in the deal's history."""
    if data.reason not in delay_reasons(deal.project_id):
        raise DomainError("bad_input", status=422, fields={"reason": "bad_choice"})
    if data.next_on < ctx.business_date:
        raise DomainError("bad_input", status=422, fields={"next_on": "date_passed"})
    said = DelayReason.objects.create(
        project=ctx.here, deal=deal, reason=data.reason, next_action=data.next_action, next_on=data.next_on,
        at=ctx.now, by_id=ctx.user_id,
    )  # fmt: skip
    ctx.event(
        "deal.delay_explained", deal, customer_id=deal.customer_id, reason=data.reason, next_on=data.next_on.isoformat()
    )
    return said
