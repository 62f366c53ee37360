"""What pages hand to the component tags: plain data, no markup.

Every URL is a finished address. An action that may not be used now carries the reason in words.
Icons are given as `icon="…"`, so that the build finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NUMBER_KINDS = frozenset({"number", "money", "wan", "area", "percent", "integer"})


@dataclass(frozen=True)
class Choice:
    """One entry of a select or filter."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Action:
    """A button or menu entry.

    `opens`: "page" follows the link; "dialog" and "panel" load the URL there; "post" sends a POST at once
    (then `confirm` asks first). `reason`: why it can't be used now; the control shows disabled with it.
    """

    label: str
    url: str = ""
    icon: str = field(default="", kw_only=True)
    opens: str = "page"
    tone: str = ""
    reason: str = ""
    confirm: str = ""
    key: str = ""


@dataclass(frozen=True)
class Tab:
    """`url` may be `#pane` (switches locally) or an address; `count` None shows none."""

    label: str
    url: str
    active: bool = False
    count: int | None = None


@dataclass(frozen=True)
class FilterChip:
    """One filter of a list: `value` in words when set; `url` opens its editor, `clear_url` drops it."""

    label: str
    url: str = ""
    value: str = ""
    clear_url: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table. `kind` is a kind of `cells.render`; numbers align right by themselves.

    `main`: names the row (bold; the head of its card on a phone). `sort_url` makes the head a link;
    `sorted` is "ascending", "descending" or "". `wrap` lets long text run over lines.
    """

    key: str
    label: StrOrPromise
    kind: str = "text"
    main: bool = False
    wrap: bool = False
    sort_url: str = ""
    sorted: str = ""
    help: str = ""

    @property
    def numeric(self) -> bool:
        return self.kind in NUMBER_KINDS


@dataclass(frozen=True)
class Row:
    """A row: `values` by column key. `url` opens the record, `panel_url` its side panel."""

    id: object
    values: Mapping[str, Any]
    url: str = ""
    panel_url: str = ""


@dataclass(frozen=True)
class Pager:
    """Cursor paging. `shown` is the number of rows here; `total` None means not counted (shown as such).

    `totals_url`: the count and sums are asked for there once the rows stand. `more`: the next rows are put
    below these instead of in their place.
    """

    shown: int
    next_url: str = ""
    previous_url: str = ""
    total: int | None = None
    target: str = ""
    totals_url: str = ""
    more: bool = False


@dataclass(frozen=True)
class Series:
    """One series of a chart; `states` colours single points of a pie or funnel like the chips."""

    name: StrOrPromise
    data: Sequence[float]
    state: str = ""
    tone: str = ""
    states: Sequence[str] = field(default_factory=tuple)
