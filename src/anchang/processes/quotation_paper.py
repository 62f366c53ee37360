"""The quotation (报价单) as a paper. The form is worded in Chinese."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils.translation import override

from anchang.deals import documents
from anchang.deals.models import Quotation
from anchang.deals.papers import FORM_LANGUAGE, item_name, seller, unit_facts
from anchang.kernel import money
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.processes.subscribing import preview_plan

TITLE = "报价单"


def quotation_paper(access: Access, quotation: Quotation) -> bytes:
    """What was quoted, as it was quoted, with its last day; a plan counted from the day of the quotation."""
    unit, project = quotation.unit, quotation.project
    ctx = Context.for_record(access, quotation)
    lines = [
        documents.PlanLine(
            seq=line["seq"], item=item_name(line["item"]), amount=Decimal(line["amount"]),
            due=dt.date.fromisoformat(line["due_on"]), note="",
        )
        for line in preview_plan(ctx, quotation.payment_plan, quotation.total)
    ]  # fmt: skip
    with override(FORM_LANGUAGE):
        option = documents.ProposalOption(
            unit=unit_facts(unit), price=_price(quotation), plan_name=quotation.payment_plan.name, plan=lines
        )
        return documents.proposal_pdf(documents.Proposal(
            title=TITLE, number=quotation.number, seller=seller(project, unit), customer=quotation.customer.name,
            options=[option], made_on=quotation.quoted_on, valid_until=quotation.expires_on,
            consultant=str(quotation.consultant or ""), notes=[quotation.note] if quotation.note else [],
            print=documents.Print(printed_at=project.local(ctx.now), printed_by=ctx.actor.name),
        ))  # fmt: skip


def _price(quotation: Quotation) -> documents.PriceFacts:
    snapshot = quotation.snapshot
    gross, inner = Decimal(snapshot["gross_area"]), Decimal(snapshot["inner_area"])
    steps = [
        documents.PriceStep(
            name="取整" if step["kind"] == "rounding" else step["label"], rule=step["value"],
            amount=Decimal(step["amount"]), result=Decimal(step["after"]),
        )
        for step in snapshot["steps"] if step["kind"] != "list"
    ]  # fmt: skip
    return documents.PriceFacts(
        list_total=quotation.list_total, total=quotation.total, depth=f"{snapshot['depth']}%", steps=steps,
        unit_price=None if snapshot["unit_price"] is None else Decimal(snapshot["unit_price"]),
        inner_unit_price=money.unit_price(quotation.total, inner),
        list_unit_price=money.unit_price(quotation.list_total, gross),
    )  # fmt: skip
