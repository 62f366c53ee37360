"""The body of a table as markup. A page of 50 rows has some 500 cells: the template engine would take longer
for them than the database for the rows, so they are put together here."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from anchang.platform.ui import cells, formats
from anchang.platform.ui.components import Column, Row

_UNLINKED = {"ref", "phone"}


def cell(row: Row, column: Column) -> SafeString:
    """One value, linked to the record in the main column."""
    shown = cells.render(column.kind, row.values.get(column.key))
    if column.main and row.url and column.kind not in _UNLINKED:
        return format_html('<a class="row-link" href="{}">{}</a>', row.url, shown)
    return shown


def body(columns: Sequence[Column], rows: Sequence[Row], pick: bool) -> SafeString:
    """The `<tr>`s of a table. Every piece is escaped by its renderer."""
    heads = [_open_cells(column) for column in columns]
    word = conditional_escape(_("Choose this row"))
    lines = []
    for at, row in enumerate(rows):
        parts = [_open_row(row, at == 0)]
        if pick:
            parts.append(
                f'<td class="pick"><input type="checkbox" class="form-check-input m-0" data-pick '
                f'value="{conditional_escape(str(row.id))}" aria-label="{word}"></td>'
            )
        for column, (filled, empty) in zip(columns, heads, strict=True):
            shown = cell(row, column)
            parts.append(f"{empty if shown == formats.NOTHING else filled}{shown}</td>")
        parts.append("</tr>")
        lines.append("".join(parts))
    return mark_safe("".join(lines))


def _open_row(row: Row, first: bool) -> str:
    text = "<tr"
    if row.url:
        text += f' data-href="{conditional_escape(row.url)}" tabindex="{0 if first else -1}"'
    if row.panel_url:
        text += f' data-panel="{conditional_escape(row.panel_url)}"'
    return text + ">"


def _open_cells(column: Column) -> tuple[str, str]:
    """The opening tag of a filled and of an empty cell."""
    classes = [name for name, wanted in (
        ("num", column.numeric), ("main", column.main), ("state", column.kind == "state"), ("wrap", column.wrap),
    ) if wanted]  # fmt: skip
    label = conditional_escape(column.label)

    def tag(names: list[str]) -> str:
        return f'<td class="{" ".join(names)}" data-label="{label}">'

    return tag(classes), tag([*classes, "is-empty"])
