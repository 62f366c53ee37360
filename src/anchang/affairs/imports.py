"""The import of the bureau's lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.affairs.bureau_file import BUREAU_FIELDS, read_bureau_list
from anchang.affairs.commands.bureau import import_bureau_list
from anchang.platform.context import Context
from anchang.platform.importing.kinds import ImportKind, Line, Reading, Where, register_kind
from anchang.platform.importing.reader import Table
from anchang.platform.importing.rows import OpenSheet, open_sheets
from anchang.platform.models import ImportJob


def open_list(table: Table, columns: Mapping[str, int] | None = None, **options: Any) -> list[OpenSheet]:
    return open_sheets(table, BUREAU_FIELDS, columns, **options)


def read(sheets: list[OpenSheet], where: Where) -> Reading:
    def lines() -> Iterator[Line]:
        for found in read_bureau_list(sheets):
            yield Line(found.row, found.cells, found.value, found.problems, found.sheet)

    return Reading(lines())


def write(ctx: Context, lines: Sequence[Line], job: ImportJob, reading: Reading) -> Mapping[str, Any]:
    return import_bureau_list(ctx, [line.value for line in lines], job.file_name)


register_kind(ImportKind(
    name="bureau-list", label=_("Bureau list"), resource="bureau-lists", permission="bureau-lists.import",
    fields=BUREAU_FIELDS, open=open_list, read=read, write=write, batch=0, order=50,
    help=_("Units with their state at the bureau; they are compared with ours at once and every day."),
))  # fmt: skip
