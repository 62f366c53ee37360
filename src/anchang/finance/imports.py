"""The imports of bank statements, POS lists and lenders' payout lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.finance.commands.banking import import_bank_lines, match_bank_lines
from anchang.finance.payout_file import PAYOUT_FIELDS, open_payouts, read_payouts
from anchang.finance.statement_file import STATEMENT_FIELDS, StatementLine, open_statement, read_statement
from anchang.platform.context import Context
from anchang.platform.importing.kinds import ImportKind, Line, Reading, Where, register_kind
from anchang.platform.importing.rows import OpenSheet
from anchang.platform.models import ImportJob


def _reading(found: Iterable[StatementLine]) -> Reading:
    return Reading(Line(one.row, one.cells, one.value, one.problems, one.sheet) for one in found)


def read(sheets: list[OpenSheet], where: Where) -> Reading:
    return _reading(read_statement(sheets, where.today))


def read_loans(sheets: list[OpenSheet], where: Where) -> Reading:
    return _reading(read_payouts(sheets, where.today))


def write(ctx: Context, lines: Sequence[Line], job: ImportJob, reading: Reading) -> Mapping[str, Any]:
    """The whole file at once, so that lines which agree in everything are counted over the file; then matched."""
    report = import_bank_lines(ctx, [line.value for line in lines])
    if report["created"]:
        match_bank_lines(ctx)
    return report


register_kind(ImportKind(
    name="bank-statement", label=_("Bank statement"), resource="bank-lines", permission="bank-lines.import",
    fields=STATEMENT_FIELDS, open=open_statement, read=read, write=write, batch=0, order=40,
    help=_("Statements of the bank and lists of the POS provider; lines that are known change nothing."),
))  # fmt: skip
register_kind(ImportKind(
    name="mortgage-payouts", label=_("Payout list of a lender"), resource="bank-lines",
    permission="bank-lines.import", fields=PAYOUT_FIELDS, open=open_payouts, read=read_loans, write=write, batch=0,
    order=41, help=_("Loans paid out by contract or borrower: matched, and booked once somebody confirms."),
))  # fmt: skip
