"""50,000 bank lines against 200,000 open receivables: evidence, scores, proposals written."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from anchang.crm.models import Customer
from anchang.deals.models import Contract, Deal
from anchang.finance.commands.banking import match_bank_lines
from anchang.finance.models import BankLine, BankProposal, Receivable
from anchang.inventory.models import Building, Unit
from anchang.platform.access import system_access
from anchang.platform.context import Context
from anchang.platform.scope import open_scope
from bench import filling, office
from bench.figures import Figure, figure

LINES = int(os.environ.get("BENCH_ROWS", "50000"))
OWED = LINES * 4
_NAME = (
    "substr('赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨', 1 + ({0}) % 16, 1)"
    " || substr('伟芳娜敏静丽强磊军洋勇艳杰涛明超', 1 + ({0}) / 16 % 16, 1)"
    " || substr('一二三四五六七八九十百千万东西南北', 1 + ({0}) / 256 % 17, 1)"
)
#: The same question asked of the database without evidence: amount and name equal.
_PLAIN = """
    SELECT count(*) FROM finance_bankline b JOIN finance_receivable r
        ON r.project_id = b.project_id AND r.balance = b.amount AND NOT r.voided
      JOIN deals_deal d ON d.project_id = r.project_id AND d.id = r.deal_id
      JOIN crm_customer k ON k.project_id = d.project_id AND k.id = d.customer_id AND k.name = b.counterparty"""


def measure() -> Iterator[Figure]:
    project = office.make_project()
    _fill(project.pk)
    filling.settle()
    with filling.owner() as plain:
        begun = time.perf_counter()
        plain.execute(_PLAIN).fetchall()
        baseline = time.perf_counter() - begun
    access = system_access([project.pk])
    begun = time.perf_counter()
    with open_scope(access):
        counts = match_bank_lines(Context(access, project))
    took = time.perf_counter() - begun
    with open_scope(access):
        written = BankProposal.objects.count()
    if written != LINES or counts["exact"] < LINES // 2:
        raise RuntimeError(counts)
    against = f"an exact join of amount and name, unwritten; {counts}"
    yield figure("statement_match", took, "s", baseline, against, "<= 20 s (50,000 lines, 200,000 receivables)")


def _fill(project: int) -> None:
    """Every second receivable is a first payment, every second a loan; a line pays one in eight of them, half of
    them with the unit in the note, one in ten with another amount, one in twenty of nobody."""
    here, deals = str(project), OWED // 2
    filling.fill(Building, 1, {"id": "1", "project_id": here, "name": "'1幢'", "code": "'1'", "phase_id": "1"})
    filling.fill(Unit, deals, {
        "id": "g", "project_id": here, "building_id": "1", "room": "(100 + g)::text", "code": "g::text",
        "label": "(1 + g / 1000) || '幢-' || (1001 + g % 1000)", "sort_key": "lpad(g::text, 9, '0')",
    })  # fmt: skip
    filling.fill(Customer, deals, {
        "id": "g", "project_id": here, "name": _NAME.format("g"), "business_date": "current_date",
        "captured_at": "now()", "idle_since": "now()",
    })  # fmt: skip
    filling.fill(Deal, deals, {
        "id": "g", "project_id": here, "unit_id": "g", "customer_id": "g", "state": "'signed'",
        "opened_on": "current_date", "list_total": "3000000", "total": "2900000",
    })  # fmt: skip
    filling.fill(Contract, deals, {
        "id": "g", "project_id": here, "number": "'HT2026' || lpad(g::text, 6, '0')", "deal_id": "g", "unit_id": "g",
        "customer_id": "g", "state": "'signed'", "list_total": "3000000", "total": "2900000", "gross_area": "100",
        "inner_area": "80", "signed_on": "current_date", "filing_due_on": "current_date", "area_scheme": "'gross'",
        "area_threshold": "0.03",
    })  # fmt: skip
    filling.fill(Receivable, OWED, {
        "id": "g", "project_id": here, "deal_id": "(g + 1) / 2", "contract_id": "(g + 1) / 2", "item": "'x'",
        "seq": "1 + g % 2", "money": "CASE g % 2 WHEN 1 THEN 'cash' ELSE 'bank' END",
        "due_on": "current_date - (g % 60)::int", "amount": "500000 + g % 5000 * 100", "house": "true",
    })  # fmt: skip
    owed, deal = "(g * 4)", "(g * 2)"
    filling.fill(BankLine, LINES, {
        "id": "g", "project_id": here, "key": "'k' || g", "day": "current_date", "account": "'330104'",
        "amount": f"500000 + {owed} % 5000 * 100 + CASE g % 10 WHEN 3 THEN 7 ELSE 0 END",
        "counterparty": f"CASE WHEN g % 20 = 9 THEN '不相干' ELSE {_NAME.format(deal)} END", "voucher": "g::text",
        "note": f"CASE g % 2 WHEN 0 THEN (1 + {deal} / 1000) || '幢' || (1001 + {deal} % 1000) || '放款'"
                " ELSE '个人住房贷款放款' END",
        "way": "'mortgage'", "source": "'bank'",
    })  # fmt: skip
