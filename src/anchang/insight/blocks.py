"""What a report's page consists of: figures, charts and tables. The same tables become the Excel file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from anchang.platform.documents.sheets import Column as SheetColumn
from anchang.platform.documents.sheets import Sheet
from anchang.platform.ui.components import Column, Row, Series


@dataclass(frozen=True)
class Figure:
    """One number with its unit. `drill`: the figure's name in the answer's `drill`."""

    label: object
    value: Any
    kind: str = "integer"
    unit: object = ""
    note: object = ""
    drill: str = ""


@dataclass(frozen=True)
class Chart:
    kind: str
    title: object
    labels: Sequence[object]
    series: Sequence[Series]
    unit: object = ""
    horizontal: bool = False


@dataclass(frozen=True)
class Table:
    """`rows` are mappings by column key; `sums` names the columns that are added up."""

    title: object
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    sums: tuple[str, ...] = ()

    @property
    def shown_rows(self) -> list[Row]:
        return [Row(index, row) for index, row in enumerate(self.rows)]

    @property
    def totals(self) -> dict[str, Any]:
        """Sums by column key, for the foot."""
        if len(self.rows) < 2:
            return {}
        return {key: sum((Decimal(str(r.get(key) or 0)) for r in self.rows), Decimal(0)) for key in self.sums}


@dataclass(frozen=True)
class Blocks:
    figures: Sequence[Figure] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = field(default_factory=tuple)


_SHEET_KIND = {
    "integer": "int",
    "money": "money",
    "area": "area",
    "percent": "percent",
    "date": "date",
    "number": "area",
}


def sheets(title: str, blocks: Blocks, note: str) -> list[Sheet]:
    """The report as sheets: the figures first, then one for each table."""
    found = []
    if blocks.figures:
        rows = [(str(f.label), _plain(f), str(f.unit)) for f in blocks.figures]
        columns = [SheetColumn(_("Figure")), SheetColumn(_("Figure value")), SheetColumn(_("Measured in"))]
        found.append(Sheet(title, columns, rows, note=note))
    for table in blocks.tables:
        columns = [
            SheetColumn(str(c.label), _SHEET_KIND.get(c.kind, "text"), total=c.key in table.sums)  # type: ignore[arg-type]
            for c in table.columns
        ]
        rows_ = [[_value(c.kind, row.get(c.key)) for c in table.columns] for row in table.rows]
        found.append(Sheet(str(table.title), columns, rows_, note=note, total_label=_("Sum")))
    return found


def _value(kind: str, value: Any) -> Any:
    """Numbers as numbers, references and states by their words."""
    if value is None or value == "":
        return None
    if isinstance(value, Mapping):
        return str(value.get("label") or value.get("value") or "")
    if kind in ("integer", "money", "area", "percent", "number"):
        return Decimal(str(value))
    if kind == "date" and isinstance(value, str):
        return dt.date.fromisoformat(value)
    return str(value)


def _plain(figure: Figure) -> str:
    if figure.value is None:
        return ""
    if figure.kind == "percent":
        return f"{Decimal(str(figure.value)) * 100:.2f}%"
    return str(figure.value)
