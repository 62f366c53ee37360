"""The import of the list of staff and connected persons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.deals.commands.connected import import_connected
from anchang.deals.connected_file import CONNECTED_FIELDS, read_connected
from anchang.platform.context import Context
from anchang.platform.importing.kinds import ImportKind, Line, Reading, Where, register_kind
from anchang.platform.importing.reader import Table
from anchang.platform.importing.rows import OpenSheet, open_sheets
from anchang.platform.models import ImportJob


def open_connected(table: Table, columns: Mapping[str, int] | None = None, **options: Any) -> list[OpenSheet]:
    return open_sheets(table, CONNECTED_FIELDS, columns, **options)


def read(sheets: list[OpenSheet], where: Where) -> Reading:
    def lines() -> Iterator[Line]:
        for found in read_connected(sheets):
            yield Line(found.row, found.cells, found.value, found.problems, found.sheet)

    return Reading(lines())


def write(ctx: Context, lines: Sequence[Line], job: ImportJob, reading: Reading) -> Mapping[str, Any]:
    return import_connected(ctx, [line.value for line in lines])


register_kind(ImportKind(
    name="connected-persons", label=_("Staff and connected persons"), resource="connected-persons",
    permission="connected-persons.import", fields=CONNECTED_FIELDS, open=open_connected, read=read, write=write,
    order=60, help=_("Own staff, their relatives and connected persons, by document number or phone."),
))  # fmt: skip
