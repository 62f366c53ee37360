"""The import of bank statements and POS lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.finance.commands.banking import import_bank_lines, match_bank_lines
from anchang.finance.statement_file import STATEMENT_FIELDS, open_statement, read_statement
from anchang.platform.context import Context
from anchang.platform.importing.kinds import ImportKind, Line, Reading, Where, register_kind
from anchang.platform.importing.rows import OpenSheet
from anchang.platform.models import ImportJob


def read(sheets: list[OpenSheet], where: Where) -> Reading:
    def lines() -> Iterator[Line]:
        for found in read_statement(sheets, where.today):
            yield Line(found.row, found.cells, found.value, found.problems, found.sheet)

    return Reading(lines())


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
