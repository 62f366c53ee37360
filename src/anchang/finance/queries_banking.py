"""What the matching reads: open lines, and everything that they may be. Set-based, plain rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection

from anchang.finance.rules import matching

_LINES = """
    SELECT id, open_amount, day, way, note, counterparty, voucher FROM finance_bankline
     WHERE project_id = %s AND source = %s AND open_amount <> 0 AND deleted_at IS NULL ORDER BY id"""

#: Deal -> names of customer and buyers, unit with building, numbers of its papers, the bureau's too.
_DEALS = """
    SELECT d.id, k.name, u.label, b.name, u.room, y.texts, c.texts, s.texts
      FROM deals_deal d
      LEFT JOIN (SELECT deal_id, array_agg(DISTINCT name) AS texts FROM deals_buyer
                  WHERE project_id = %s AND deleted_at IS NULL GROUP BY 1) y ON y.deal_id = d.id
      LEFT JOIN (SELECT deal_id, array_agg(number) || array_agg(filing_number) AS texts FROM deals_contract
                  WHERE project_id = %s AND deleted_at IS NULL GROUP BY 1) c ON c.deal_id = d.id
      LEFT JOIN (SELECT deal_id, array_agg(number) AS texts FROM deals_subscription
                  WHERE project_id = %s AND deleted_at IS NULL GROUP BY 1) s ON s.deal_id = d.id
      JOIN crm_customer k ON k.project_id = d.project_id AND k.id = d.customer_id
      LEFT JOIN inventory_unit u ON u.project_id = d.project_id AND u.id = d.unit_id
      LEFT JOIN inventory_building b ON b.project_id = u.project_id AND b.id = u.building_id
     WHERE d.project_id = %s AND d.deleted_at IS NULL AND (d.state <> 'ended'
        OR EXISTS (SELECT FROM finance_refund f WHERE f.project_id = d.project_id AND f.deal_id = d.id))"""

_DUES = """
    SELECT id, deal_id, balance, due_on, money, NULL, NULL FROM finance_receivable
     WHERE project_id = %s AND NOT voided AND balance > 0 AND deleted_at IS NULL AND item <> 'forfeiture'
     ORDER BY due_on, seq, id"""
_FOUND = """LEFT JOIN (SELECT {key} AS id, sum(amount) AS amount FROM finance_bankmatch
             WHERE project_id = %s AND source = %s AND {key} IS NOT NULL GROUP BY 1) m ON m.id = t.id"""
_RECEIPTS = f"""
    SELECT t.id, t.deal_id, t.amount - coalesce(m.amount, 0), t.received_on, t.money, t.number, t.reference
      FROM finance_receipt t {_FOUND.format(key="receipt_id")}
     WHERE t.project_id = %s AND t.state IN ('posted', 'day_closed') AND t.reverses_id IS NULL
       AND t.way NOT IN ('cash', 'transfer_in', 'offset')
       AND (%s = 'bank' OR CASE t.money WHEN 'cash' THEN t.way ELSE 'loan' END = %s)
       AND t.amount > coalesce(m.amount, 0)
       AND t.received_on >= (SELECT min(day) FROM finance_bankline WHERE project_id = t.project_id) - 45
     ORDER BY t.id"""
_REFUNDS = f"""
    SELECT t.id, t.deal_id, t.amount + coalesce(m.amount, 0), t.paid_on, 'cash', NULL, t.reference
      FROM finance_refund t {_FOUND.format(key="refund_id")}
     WHERE t.project_id = %s AND t.state = 'paid' AND t.way NOT IN ('cash', 'transfer_out')
       AND t.amount + coalesce(m.amount, 0) > 0
     ORDER BY t.id"""


def _rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def open_entries(project_id: int, source: str) -> Iterator[matching.BankEntry]:
    """Lines of which something isn't explained yet."""
    for pk, amount, day, way, note, name, voucher in _rows(_LINES, project_id, source):
        yield matching.BankEntry(pk, amount, day, way, (note, name), name, voucher)


def bank_book(project_id: int, source: str) -> Iterator[matching.Target]:
    """Everything that a line may be: open receivables, receipts and refunds that no line of this source shows."""
    deals = {pk: _named(*rest) for pk, *rest in _rows(_DEALS, *[project_id] * 4)}
    nothing: tuple[tuple[str, ...], ...] = ((), (), ())
    for kind, sql, params in (
        (matching.DUE, _DUES, (project_id,)),
        (matching.RECEIPT, _RECEIPTS, (project_id, source, project_id, source, source)),
        (matching.REFUND, _REFUNDS, (project_id, source, project_id)),
    ):
        for pk, deal, amount, day, money, number, reference in _rows(sql, *params):
            names, units, numbers = deals.get(deal, nothing)
            own = tuple(x.upper() for x in (number, reference) if x)
            yield matching.Target(kind, pk, deal, amount, day, money, names, units, numbers + own)


def unbanked_pos(project_id: int) -> Iterator[tuple[dt.date, Decimal]]:
    """Sums by day of the card receipts that no line of the bank explains."""
    yield from _rows(
        """SELECT t.received_on, sum(t.amount) FROM finance_receipt t
            WHERE t.project_id = %s AND t.way = 'pos' AND t.state IN ('posted', 'day_closed') AND t.reverses_id IS NULL
              AND NOT EXISTS (SELECT FROM finance_bankmatch m WHERE m.project_id = t.project_id
                                AND m.receipt_id = t.id AND m.source = 'bank'
                              GROUP BY m.receipt_id HAVING sum(m.amount) <> 0)
            GROUP BY 1""", project_id,
    )  # type: ignore[misc]  # fmt: skip


def unbanked_loans(project_id: int) -> Iterator[tuple[dt.date, str, str, Decimal]]:
    """Day, way, lender and sum of the payouts that lists of lenders named and no line of the bank explains."""
    yield from _rows(
        """SELECT t.received_on, t.way, l.lender, sum(t.amount) FROM finance_receipt t
             JOIN (SELECT DISTINCT m.receipt_id AS id, b.lender FROM finance_bankmatch m
                     JOIN finance_bankline b ON b.project_id = m.project_id AND b.id = m.line_id
                    WHERE m.project_id = %s AND m.source = 'loan' AND m.receipt_id IS NOT NULL) l ON l.id = t.id
            WHERE t.project_id = %s AND t.state IN ('posted', 'day_closed')
              AND NOT EXISTS (SELECT FROM finance_bankmatch m WHERE m.project_id = t.project_id
                                AND m.receipt_id = t.id AND m.source = 'bank'
                              GROUP BY m.receipt_id HAVING sum(m.amount) <> 0)
            GROUP BY 1, 2, 3""", project_id, project_id,
    )  # type: ignore[misc]  # fmt: skip


def _named(
    customer: str, unit: str | None, building: str | None, room: str | None, buyers: list[str] | None,
    contracts: list[str] | None, subscriptions: list[str] | None,
) -> tuple[tuple[str, ...], ...]:  # fmt: skip
    names = tuple({matching.plain_name(name) for name in (customer, *(buyers or ())) if name})
    units = tuple({*matching.unit_tokens(unit or ""), *matching.unit_tokens(f"{building or ''}{room or ''}")})
    return names, units, tuple(number.upper() for number in (*(contracts or ()), *(subscriptions or ())) if number)
