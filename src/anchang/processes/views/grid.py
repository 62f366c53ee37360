"""The cells of the unit board as markup, written for five thousand at once.

When a command changes many units, every open board asks for its cells anew at about the same time: they are
written once for all readers who see the same, and kept until the data moves (`kept_grid`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from html import escape as escaped
from threading import Lock
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from anchang.inventory.models import Unit
from anchang.inventory.queries import board_stamp, hidden_columns, unit_board
from anchang.platform.access import Access
from anchang.platform.models import Project

WAN = Decimal(10000)
TAB = ' tabindex="-1"'
escape = lru_cache(maxsize=20_000)(escaped)
MOST_COLUMNS = 60
#: Beside the states among the words of the cells: the unit of prices.
WAN_WORD = ""


#: (project, hidden fields, language) -> (stamp of the data, cells); the last few of this process.
_kept: OrderedDict[Any, tuple[Any, SafeString]] = OrderedDict()
_keeping = Lock()
_MOST_KEPT = 6


def kept_grid(access: Access, project: Project) -> SafeString:
    """The cells of the project as this reader sees them; of many who ask at once, the first writes them.

    Raises forbidden without units.view in the project.
    """
    access.require("units.view", project.pk)
    key = project.pk, hidden_columns(access, project.pk), get_language()
    stamp = board_stamp(project)
    with _keeping:
        found = _kept.get(key)
        if found is None or found[0] != stamp:
            found = _kept[key] = stamp, grid(unit_board(access, project))
        _kept.move_to_end(key)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return found[1]


def state_words() -> dict[str, str]:
    """State -> word in the reader's language, in the order of the sale."""
    return {str(value): str(label) for value, label in Unit.State.choices}


def grid(board: Mapping[str, Any]) -> SafeString:
    """Every building as floors of cells, top floor first. Floors that miss a door keep its place free."""
    words = state_words() | {WAN_WORD: _("w")}
    layouts = {pk: layout["code"] for pk, layout in board["layouts"].items()}
    parts: list[str] = []
    for building in board["buildings"]:
        if building["floors"]:
            parts.extend(_building(building, words, layouts))
    return mark_safe("".join(parts))


def _building(
    building: Mapping[str, Any], words: Mapping[str, str], layouts: Mapping[int, str]
) -> Iterator[str]:
    count = sum(len(floor["cells"]) for floor in building["floors"])
    name, word = escape(building["name"]), escape(_("%(count)s units") % {"count": count})
    yield (
        f'<section class="board-building" data-building="{building["id"]}" data-grid-nav aria-label="{name}">'
        f'<h2>{name} <small>{word}</small></h2>'
    )
    columns = _columns(building["floors"])
    first = ' tabindex="0"'
    for floor in building["floors"]:
        number = "" if floor["floor"] is None else floor["floor"]
        yield f'<div class="board-row"><span class="board-floor">{number}</span><div class="board-cells">'
        for one in _aligned(floor["cells"], columns):
            if one is None:
                yield '<span class="cell is-gap"></span>'
            else:
                yield cell_html(one, words, layouts, first)
                first = ""
        yield "</div></div>"
    yield "</section>"


def _door(cell: Mapping[str, Any]) -> tuple[str, str]:
    return cell.get("section") or "", cell["code"][-2:]


def _columns(floors: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The doors of a building, or nothing where floors are too different to be put below each other."""
    seen: set[tuple[str, str]] = set()
    widest = 0
    for floor in floors:
        doors = [_door(cell) for cell in floor["cells"]]
        if len(set(doors)) < len(doors):
            return []
        seen.update(doors)
        widest = max(widest, len(doors))
    return sorted(seen) if len(seen) <= min(MOST_COLUMNS, widest + widest // 2 + 1) else []


def _aligned(
    cells: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, str]]
) -> Sequence[Mapping[str, Any] | None]:
    if not columns or len(cells) == len(columns):
        return cells
    by_door = {_door(cell): cell for cell in cells}
    return [by_door.get(door) for door in columns]


@lru_cache(maxsize=20_000)
def wan(total: str | None) -> str:
    """Yuan as the board shows them: 269.6 for 2,696,170.00."""
    return "" if not total else f"{Decimal(total) / WAN:.1f}"


def cell_html(
    cell: Mapping[str, Any], words: Mapping[str, str], layouts: Mapping[int, str], more: str = ""
) -> str:
    """One unit. The data attributes are what filters and colours read; fields that rules hide are absent."""
    total, area = cell.get("list_total"), cell.get("gross_area")
    layout, state = cell.get("layout"), cell["state"]
    legacy = " data-old" if cell.get("legacy_sold") else ""
    locked = " data-locked" if cell.get("locks") else ""
    price = wan(total) + words[WAN_WORD] if total else ""
    kind = escape(layouts.get(layout, "")) if layout else ""
    return (
        f'<a class="cell" id="u{cell["id"]}" data-nav data-state="{state}" data-l="{layout or ""}" '
        f'data-a="{area or ""}" data-p="{total or ""}" data-f="{"" if cell.get("floor") is None else cell["floor"]}" '
        f'data-o="{escape(cell.get("orientation") or "")}" data-s="{cell.get("available_since") or ""}" '
        f'data-u="{cell.get("state_until") or ""}"{legacy}{locked} href="/board/unit/{cell["id"]}/"'
        f'{more or TAB}><b>{escape(cell["code"])}</b><i>{escape(words.get(state, state))}</i>'
        f"<small>{kind} {area or ''}</small><small>{price}</small></a>"
    )
