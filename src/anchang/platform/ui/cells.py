"""One renderer per kind of value: lists, records, timelines and exports to the page use these."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from anchang.platform.ui import formats


@lru_cache(maxsize=1000)
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite. `size`: "", "sm" or "lg". With `label` it is read aloud, else decoration."""
    classes = f"icon icon-{size}" if size else "icon"
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    address = f"{static('build/icons.svg')}#{name}"
    return format_html('<svg class="{}" {}><use href="{}"></use></svg>', classes, spoken, address)


def chip(value: object, label: str = "", tone: str = "") -> SafeString:
    """A state: colour and mark come from the state's name, or from `tone` where one is given."""
    shown = label or str(value)
    if tone:
        return format_html('<span class="chip" data-tone="{}"><span class="chip-text">{}</span></span>', tone, shown)
    return format_html('<span class="chip" data-state="{}"><span class="chip-text">{}</span></span>', value, shown)


def money(value: object, unit: str = "yuan", show_unit: bool = False) -> SafeString:
    amount = formats.as_decimal(value)
    sign = " negative" if amount is not None and amount < 0 else ""
    word = ""
    if show_unit and amount is not None:
        name = _("10k yuan") if unit == "wan" else _("yuan")
        word = format_html('<span class="money-unit">{}</span>', name)
    return format_html('<span class="tabular{}">{}{}</span>', sign, formats.money(value, unit), word)


def when(value: object, kind: str = "datetime") -> SafeString:
    """A date or time. `kind`: date, datetime, time, near (shortest clear form; the full one is a tip)."""
    shown = {"date": formats.day, "time": formats.clock, "near": formats.near}.get(kind, formats.moment)(value)
    if not value:
        return SafeString(formats.NOTHING)
    if kind == "datetime":
        shown = _short_year(str(shown))
    title = formats.moment(value) if kind == "near" else ""
    tip = format_html(' title="{}"', title) if title else ""
    return format_html('<time class="tabular" datetime="{}"{}>{}</time>', formats.machine(value), tip, shown)


def _short_year(text: str) -> SafeString:
    """The year of this year in a piece of its own: narrow cards leave it out."""
    year = f"{timezone.localdate().year}-"
    if text.startswith(year):
        return format_html('<span class="this-year">{}</span>{}', year, text[len(year) :])
    return SafeString(conditional_escape(text))


def phone(masked: str, reveal_url: str = "") -> SafeString:
    """A masked number; with `reveal_url` a button that shows it once (the server logs that)."""
    if not masked:
        return SafeString(formats.NOTHING)
    button = ""
    if reveal_url:
        hint = _("Show the whole number")
        button = format_html(
            '<button type="button" class="icon-button" data-reveal="{}" aria-label="{}" data-tip="{}">{}</button>',
            reveal_url,
            hint,
            hint,
            icon("eye", "sm"),
        )
    return format_html('<span class="reveal"><span data-masked="{0}">{0}</span>{1}</span>', masked, button)


def reference(label: object, url: str = "", panel: str = "") -> SafeString:
    """A link to another record; with `panel` it opens at the side."""
    if not label:
        return SafeString(formats.NOTHING)
    if panel:
        return format_html(
            '<a href="{}" hx-get="{}" hx-target="#panel-host" hx-swap="innerHTML">{}</a>',
            url or panel,
            panel,
            label,
        )
    return format_html('<a href="{}">{}</a>', url, label) if url else format_html("{}", label)


def face(name: str) -> SafeString:
    """A round badge with the last two characters of a name."""
    return format_html('<span class="user-face" aria-hidden="true">{}</span>', str(name)[-2:])


def progress(value: float, maximum: float = 100, label: str = "") -> SafeString:
    return format_html(
        '<progress class="bar" value="{}" max="{}" aria-label="{}"></progress>',
        value,
        maximum,
        label or _("Progress"),
    )


def _flag(value: object) -> SafeString:
    return icon("check", "sm", _("Yes")) if value else SafeString(formats.NOTHING)


def _text(value: object) -> SafeString:
    if value in (None, ""):
        return SafeString(formats.NOTHING)
    return conditional_escape(value if isinstance(value, SafeString) else str(value))


def _state(value: object) -> SafeString:
    if isinstance(value, Mapping):
        return chip(value["value"], value.get("label", ""), value.get("tone", ""))
    return chip(value) if value else SafeString(formats.NOTHING)


def _reference(value: object) -> SafeString:
    if isinstance(value, Mapping):
        return reference(value.get("label"), value.get("url", ""), value.get("panel", ""))
    return _text(value)


def _phone(value: object) -> SafeString:
    if isinstance(value, Mapping):
        return phone(value.get("masked", ""), value.get("reveal_url", ""))
    return phone(str(value or ""))


def _several(value: object) -> SafeString:
    items: Sequence[Any] = value if isinstance(value, list | tuple) else []
    shown = format_html_join("、", "{}", ((_reference(one),) for one in items))
    return shown or SafeString(formats.NOTHING)


RENDERERS: dict[str, Callable[[Any], SafeString]] = {
    "text": _text,
    "longtext": _text,
    "code": _text,
    "html": lambda value: value if isinstance(value, SafeString) else _text(value),
    "number": lambda value: format_html("{}", formats.number(value)),
    "integer": lambda value: format_html("{}", formats.number(value, 0)),
    "money": money,
    "wan": lambda value: money(value, "wan"),
    "area": lambda value: format_html("{}", formats.number(value, 2)),
    "percent": lambda value: format_html("{}", formats.percent(value)),
    "date": lambda value: when(value, "date"),
    "datetime": when,
    "time": lambda value: when(value, "time"),
    "near": lambda value: when(value, "near"),
    "bool": _flag,
    "state": _state,
    "choice": lambda value: _text(value.get("label") if isinstance(value, Mapping) else value),
    "ref": _reference,
    "refs": _several,
    "phone": _phone,
    "progress": lambda value: progress(value or 0),
}
"""Kinds: state {"value","label","tone"?} · ref {"label","url"?,"panel"?} · refs list of those ·
phone {"masked","reveal_url"?} · money, wan, number, area, percent: Decimal · html: a SafeString."""


def render(kind: str, value: object) -> SafeString:
    """`value` as markup; an unknown kind is shown as text."""
    return RENDERERS.get(kind, _text)(value)
