"""Ageing and collection over 200,000 contracts with 600,000 lines and 2,000,000 receipts: one project, the group."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from anchang.finance.models import Receipt, Receivable
from anchang.insight.catalogue import REPORTS
from anchang.insight.queries.receivables import receivables_report
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.scope import open_scope
from anchang.platform.stamp import remember_stamp
from bench import filling, office
from bench.figures import Figure, figure, median_ms

SCALE = float(os.environ.get("BENCH_ROWS", "200000")) / 200_000
PROJECTS, CONTRACTS = 20, int(10_000 * SCALE)
LINES, RECEIPTS = 3, 10
YEARS = 5
#: What a report without indexes of its own reads: every receipt once.
_PLAIN = "SELECT project_id, sum(amount) FROM finance_receipt GROUP BY 1"


def measure() -> Iterator[Figure]:
    projects = [_fill(f"P{n:02d}") for n in range(PROJECTS)]
    filling.settle()
    everybody = office.make_person("group", "group", None)
    access = office.access(everybody)
    with filling.owner() as plain:
        whole = median_ms(lambda: plain.execute(_PLAIN).fetchall(), 5)
        one = median_ms(lambda: plain.execute(f"{_PLAIN} HAVING project_id = {projects[3].pk}").fetchall(), 5)
    size = f"{PROJECTS * CONTRACTS:,} contracts, {PROJECTS * CONTRACTS * RECEIPTS:,} receipts"
    against = f"summing every receipt once; {size}"
    yield figure(
        "receivables.project", median_ms(partial(_ask, access, {"project": projects[3].code}), 11), "ms", one, against,
        "<= 150 ms",
    )  # fmt: skip
    yield figure("receivables.group", median_ms(partial(_ask, access, {}), 7), "ms", whole, against, "<= 600 ms")


def _ask(access: Access, given: dict[str, str]) -> None:
    remember_stamp(0)
    with open_scope(access):
        receivables_report(REPORTS["receivables"].ask(access, given))


def _fill(code: str) -> Project:
    """Contracts spread over the years; the oldest lines are paid, every seventh contract owes its last line."""
    project = office.make_project(code)
    base = project.pk * 10_000_000
    lines = CONTRACTS * LINES
    signed = f"(current_date - ({YEARS * 365} - (g - 1) / {LINES} * {YEARS * 365} / {CONTRACTS})::int)"
    paid = f"((g - 1) % {LINES} < 2 AND (g - 1) / {LINES} % 9 <> 1 OR (g - 1) / {LINES} % 7 > 0)"
    filling.fill(Receivable, lines, {
        "id": f"{base} + g", "project_id": str(project.pk), "deal_id": f"{base} + 1 + (g - 1) / {LINES}",
        "contract_id": f"{base} + 1 + (g - 1) / {LINES}", "item": "'instalment'", "seq": f"1 + (g - 1) % {LINES}",
        "money": f"CASE (g - 1) % {LINES} WHEN 2 THEN 'bank' ELSE 'cash' END", "house": "true",
        "due_on": f"{signed} + ((g - 1) % {LINES})::int * 30", "amount": "100000 + g % 977",
        "allocated": f"CASE WHEN {paid} THEN 100000 + g % 977 ELSE 0 END",
    })  # fmt: skip
    receipts = CONTRACTS * RECEIPTS
    day = f"(current_date - ({YEARS * 365} - g * {YEARS * 365} / {receipts})::int)"
    filling.fill(Receipt, receipts, {
        "id": f"{base} + g", "project_id": str(project.pk), "number": f"'SJ' || {base} + g", "book": "'2026'",
        "book_seq": "g", "deal_id": f"{base} + 1 + (g - 1) / {RECEIPTS}",
        "contract_id": f"{base} + 1 + (g - 1) / {RECEIPTS}", "amount": "20000 + g % 97", "allocated": "20000 + g % 97",
        "way": "CASE WHEN g % 3 = 0 THEN 'mortgage' ELSE 'transfer' END",
        "money": "CASE WHEN g % 3 = 0 THEN 'bank' ELSE 'cash' END", "received_on": day, "business_date": day,
    })  # fmt: skip
    return project
