"""Papers of a deal from Word templates: what stands in them is what stands on the built-in forms."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from anchang.deals import documents, papers
from anchang.deals.models import Contract, Subscription
from anchang.finance import documents as receipts
from anchang.finance.models import Receipt, Receivable
from anchang.finance.papers import receipt_form
from anchang.kernel.errors import DomainError
from anchang.kernel.money import chinese_capitals
from anchang.paperwork import queries
from anchang.paperwork.fields import TREES, Notice, OverdueLine
from anchang.platform.documents.declared import opened
from anchang.platform.documents.typst import plain
from anchang.platform.documents.word import rendered


def product_type_of(record: Any) -> str:
    unit = record.unit if hasattr(record, "unit_id") else record.deal.unit
    return str(unit.product_type) if unit is not None else ""


def word_paper(kind: str, record: Any, *, by: str, full: bool, notice_number: str = "") -> bytes:
    """The paper as .docx from the template in force. Call after the copy was counted. DomainError: no_template
    (409), word_failed (422) when the template doesn't fit what is there."""
    project = record.project
    template = queries.active_template(project, kind, product_type_of(record), project.today())
    if template is None:
        raise DomainError("no_template", status=409)
    data = plain(_data(kind, record, by, full, notice_number))
    data.pop("qr", None)
    return rendered(queries.template_bytes(template), opened(data, TREES[kind]))


def _data(kind: str, record: Any, by: str, full: bool, notice_number: str) -> dict[str, Any]:
    if isinstance(record, Receipt):
        return receipts.receipt_data(receipt_form(record, by=by))
    if isinstance(record, Subscription):
        return documents.subscription_data(papers.subscription_form(record, by=by, full=full))
    assert isinstance(record, Contract)
    data = documents.sale_contract_data(papers.contract_form(record, by=by, full=full))
    return data | asdict(_notice(record, notice_number)) if kind == "notice" else data


def _notice(contract: Contract, number: str) -> Notice:
    today = contract.project.today()
    rows = Receivable.objects.filter(
        project=contract.project, contract=contract, voided=False, due_on__lt=today, balance__gt=0
    )
    late = [
        OverdueLine(item=papers.item_name(r.item), due=r.due_on, amount=r.balance, days=(today - r.due_on).days)
        for r in rows.order_by("due_on", "seq")
    ]
    total = sum((line.amount for line in late), Decimal("0.00"))
    return Notice(
        notice_number=number, notice_on=today, overdue=late, overdue_total=total,
        overdue_capital=chinese_capitals(total),
    )  # fmt: skip
