"""Component tags: `{% load ui %}`. Each has one template or one renderer; `/ui-catalogue` shows them all.

Values come formatted by `anchang.platform.ui.cells`; structured arguments are the plain classes of
`anchang.platform.ui.components`. No tag runs a query or checks a permission.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from anchang.platform.ui import cells, tables
from anchang.platform.ui.components import Action, Column, FilterChip, Pager, Row, Series, Tab
from anchang.platform.ui.fields import field_context, of_bound_field

register = template.Library()

register.simple_tag(cells.icon, name="icon")
register.simple_tag(cells.money, name="money")
register.simple_tag(cells.when, name="when")
register.simple_tag(cells.phone, name="phone")
register.simple_tag(cells.reference, name="reflink")
register.simple_tag(cells.face, name="face")


@register.simple_tag
def state_chip(value: str, label: str = "", tone: str = "") -> SafeString:
    """A state as colour, mark and text. `value`: the state's name; `label`: its words; `tone` overrides
    the colour
    (blue teal green amber orange red purple indigo slate grey)."""
    return cells.chip(value, label, tone)


@register.simple_tag
def value(content: object, kind: str = "text") -> SafeString:
    """Any value by its kind; the kinds are listed at `cells.RENDERERS`."""
    return cells.render(kind, content)


register.simple_tag(tables.cell, name="cell")


@register.simple_tag
def table_body(columns: Sequence[Column], rows: Sequence[Row], bulk: Sequence[Action] = ()) -> SafeString:
    """The rows of a table; `bulk`: with a box to tick before each."""
    return tables.body(columns, rows, bool(bulk))


@register.filter
def lookup(mapping: Mapping[str, Any] | None, key: str) -> object:
    """`mapping[key]`, or nothing."""
    return mapping.get(key, "") if mapping else ""


@register.inclusion_tag("ui/empty_state.html")
def empty_state(
    title: str, text: str = "", icon: str = "inbox", actions: Sequence[Action] = ()
) -> dict[str, object]:
    """Nothing here yet: says what belongs here and offers the first step. `actions`: the first is primary."""
    return {"title": title, "text": text, "icon": icon, "actions": actions}


@register.filter
def prefixed(text: str, prefix: str) -> str:
    """The text with something before it: names of form fields that are made of two parts."""
    return f"{prefix}{text}"


@register.inclusion_tag("ui/callout.html")
def callout(
    text: str, tone: str = "blue", icon: str = "info-circle", items: Sequence[str] = ()
) -> dict[str, object]:
    """A note inside a page or form. `tone`: blue, green, amber, red. `items` become a list below the text."""
    return {"text": text, "tone": tone, "icon": icon, "items": items}


@register.inclusion_tag("ui/field.html")
def field(
    name: str,
    label: str,
    kind: str = "text",
    value: Any = None,
    choices: Sequence[Any] = (),
    help: str = "",
    error: Any = "",
    **options: Any,
) -> dict[str, object]:
    """A form field with label, widget, help and error.

    `kind`: text textarea number money area date datetime time select choice ref multi refs checkbox file
    phone
    email url password code hidden.
    `choices`: (value, label) pairs, `Choice`s or model choices; for ref and refs only the chosen ones are
    needed,
    `url` answers {"items": [{"id", "label", "hint"}]} for `?q=`.
    `error`: text or list of texts. `options`: required, disabled, readonly, placeholder, url, unit, rows,
    min, max,
    step, maxlength, autofocus, wide (both columns), accept, capture, multiple, sensitive (never kept in
    the browser),
    autocomplete, inputmode, id, attrs (mapping of further attributes, e.g. hx-*).
    """
    return field_context(
        name=name, label=label, kind=kind, value=value, choices=choices, help=help, error=error, **options
    )


@register.inclusion_tag("ui/field.html")
def form_field(bound: Any, kind: str = "", **options: Any) -> dict[str, object]:
    """A field of a Django form. The kind follows from the widget, or from its `data-kind` attribute, or is
    given;
    the widget's other attributes are kept. `options` as for `field`."""
    return of_bound_field(bound, kind, **options)


@register.inclusion_tag("ui/form_errors.html")
def form_errors(form: Any = None, message: str = "", what_to_do: str = "") -> dict[str, object]:
    """What concerns the whole form: its non-field errors, or a refusal in `message` with the way out."""
    errors = [*form.non_field_errors(), *hidden_errors(form)] if form is not None else []
    return {"errors": errors, "message": message, "what_to_do": what_to_do}


def hidden_errors(form: Any) -> list[str]:
    return [error for bound in form.hidden_fields() for error in bound.errors]


@register.inclusion_tag("ui/line_items.html")
def line_items(
    columns: Sequence[Mapping[str, Any]],
    rows: Sequence[Sequence[Any]],
    prefix: str,
    sums: Sequence[str] = (),
    label: str = "",
    errors: Sequence[str] = (),
    help: str = "",
) -> dict[str, object]:
    """Rows that people add and remove, as a Django formset with `prefix`.

    `columns`: mappings with name, label, kind and any option of `field`. `rows`: values in column order.
    `sums`: column names whose total is shown. Fields are named `<prefix>-<index>-<name>`.
    """

    def line(index: object, values: Sequence[Any]) -> list[dict[str, object]]:
        padded = [*values, *[None] * (len(columns) - len(values))]
        return [
            field_context(**(dict(column) | {"name": f"{prefix}-{index}-{column['name']}", "value": content}))
            for column, content in zip(columns, padded, strict=False)
        ]

    return {
        "columns": columns,
        "prefix": prefix,
        "label": label,
        "errors": errors,
        "help": help,
        "rows": [line(index, values) for index, values in enumerate(rows)],
        "blank": line("__index__", []),
        "count": len(rows),
        "sums": [column["name"] if column["name"] in sums else "" for column in columns],
        "has_sums": bool(sums),
    }


@register.inclusion_tag("ui/action.html")
def action(item: Action, style: str = "", small: bool = False) -> dict[str, object]:
    """A button from an `Action`. `style`: "primary", "danger", "ghost" or "" (plain)."""
    return {"item": item, "style": style or item.tone, "small": small, "menu": False}


@register.inclusion_tag("ui/actions.html")
def actions(
    primary: Action | None = None, others: Sequence[Action] = (), label: str = ""
) -> dict[str, object]:
    """The one next command as the primary button, the others in a menu; impossible ones disabled with the
    reason."""
    return {"primary": primary, "others": others, "label": label}


@register.inclusion_tag("ui/submit.html")
def submit(
    label: str, cancel_url: str = "", tone: str = "primary", hint: bool = True, closes: bool = False
) -> dict[str, object]:
    """The foot of a form: save (Ctrl+Enter), and cancel as a link (`cancel_url`) or closing the overlay
    (`closes`)."""
    return {"label": label, "cancel_url": cancel_url, "tone": tone, "hint": hint, "closes": closes}


@register.simple_block_tag
def panel(content: str, title: str, url: str = "", foot: str = "") -> SafeString:
    """The answer to a request with target #panel-host. `url`: the record's own page; `foot`: markup of the
    foot."""
    return SafeString(
        render_to_string("ui/panel.html", {"content": content, "title": title, "url": url, "foot": foot})
    )


@register.simple_block_tag
def dialog(content: str, title: str) -> SafeString:
    """The answer to a request with target #dialog-host: a head with a close button and the content."""
    return SafeString(render_to_string("ui/dialog.html", {"content": content, "title": title}))


@register.simple_block_tag
def card(content: str, title: str = "", extra: str = "", flush: bool = False) -> SafeString:
    """A box with a title row. `extra`: markup at the right of the title; `flush`: no padding (tables)."""
    return SafeString(
        render_to_string("ui/card.html", {"content": content, "title": title, "extra": extra, "flush": flush})
    )


@register.inclusion_tag("ui/job.html")
def job(
    name: str,
    done: int,
    total: int,
    state: str,
    state_label: str,
    note: str = "",
    poll_url: str = "",
    cancel_url: str = "",
    report_url: str = "",
    cancel_text: str = "",
    report_text: str = "",
) -> dict[str, object]:
    """Long work with its progress. With `poll_url` it asks again every 2 s (the answer is this tag once
    more)."""
    return {
        "name": name,
        "done": done,
        "total": total,
        "state": state,
        "state_label": state_label,
        "note": note,
        "poll_url": poll_url,
        "cancel_url": cancel_url,
        "cancel_text": cancel_text or _("Stop this job? What is finished stays."),
        "report_url": report_url,
        "report_text": report_text or _("Report"),
        "share": round(100 * done / total) if total else None,
    }


@register.inclusion_tag("ui/timeline_item.html")
def timeline_item(
    title: str,
    at: Any,
    actor: str = "",
    text: str = "",
    icon: str = "history",
    tone: str = "",
    url: str = "",
    changes: Sequence[Mapping[str, str]] = (),
) -> dict[str, object]:
    """One thing that happened, inside `<ol class="tl">`. `changes`: mappings with label, before, after."""
    return {
        "title": title,
        "at": at,
        "actor": actor,
        "text": text,
        "icon": icon,
        "tone": tone,
        "url": url,
        "changes": changes,
    }


@register.inclusion_tag("ui/filter_bar.html")
def filter_bar(
    chips: Sequence[FilterChip],
    search_url: str = "",
    search: str = "",
    placeholder: str = "",
    target: str = "#list",
    add_url: str = "",
    clear_url: str = "",
    save_url: str = "",
) -> dict[str, object]:
    """Filters of a list. Search asks `search_url?q=` while typing (whole words of pinyin input only) and
    puts the
    answer into `target`. `add_url` opens the list of further filters, `save_url` the form that saves this
    view."""
    return {
        "chips": chips,
        "search_url": search_url,
        "search": search,
        "placeholder": placeholder,
        "target": target,
        "add_url": add_url,
        "clear_url": clear_url,
        "save_url": save_url,
    }


@register.inclusion_tag("ui/pager.html")
def pager(pages: Pager) -> dict[str, object]:
    """Cursor paging. Without `total` it doesn't claim one."""
    return {"pages": pages}


@register.inclusion_tag("ui/table.html")
def data_table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    sums: Mapping[str, Any] | None = None,
    pages: Pager | None = None,
    bulk: Sequence[Action] = (),
    empty: str = "",
    cards: bool = True,
    label: str = "",
    short: bool = False,
) -> dict[str, object]:
    """A table with a sticky head; on a phone every row becomes a card.

    `sums`: totals by column key, for the footer. `bulk`: commands on ticked rows (their POST gets `ids`).
    `empty`: what to say without rows. `short`: grows with its rows instead of scrolling.
    """
    return {
        "columns": columns,
        "rows": rows,
        "sums": sums,
        "pages": pages,
        "bulk": bulk,
        "empty": empty,
        "cards": cards,
        "label": label,
        "short": short,
        "width": len(columns) + bool(bulk),
    }


@register.inclusion_tag("ui/tabs.html")
def tabs(items: Sequence[Tab], label: str = "", target: str = "") -> dict[str, object]:
    """Tabs. Addresses of `#pane` switch elements of this page; others are links, loaded into `target` when
    given."""
    return {"items": items, "label": label, "target": target}


@register.inclusion_tag("ui/kpi.html")
def kpi(
    label: str,
    value: object,
    kind: str = "number",
    unit: str = "",
    note: str = "",
    change: Any = None,
    url: str = "",
) -> dict[str, object]:
    """One figure. `kind` as in `value`; `change`: a ratio against the comparison named in `note` (0.12 → ▲
    12.0%)."""
    return {
        "label": label,
        "value": cells.render(kind, value),
        "unit": unit,
        "note": note,
        "url": url,
        "change": None if change is None else abs(change),
        "rises": change is not None and change >= 0,
    }


@register.inclusion_tag("ui/chart.html")
def chart(
    kind: str,
    labels: Sequence[str],
    series: Sequence[Series],
    title: str,
    unit: str = "",
    stacked: bool = False,
    horizontal: bool = False,
    size: str = "",
) -> dict[str, object]:
    """A chart and the same numbers as a table below it. `kind`: bar, line, funnel, pie. `size`: "", "sm",
    "lg"."""
    data = {
        "kind": kind,
        "labels": [str(one) for one in labels],
        "unit": str(unit),
        "stacked": stacked,
        "horizontal": horizontal,
        "series": [
            {
                "name": str(one.name),
                "data": list(one.data),
                "state": one.state,
                "tone": one.tone,
                "states": list(one.states),
            }
            for one in series
        ],
    }
    lines = [(label, [one.data[index] for one in series]) for index, label in enumerate(labels)]
    return {
        "data": json_script(data),
        "title": title,
        "series": series,
        "lines": lines,
        "size": size,
        "unit": unit,
    }


@register.simple_tag
def board_cell(
    key: object,
    code: str,
    state: str,
    state_label: str,
    note: str = "",
    url: str = "",
    dim: bool = False,
) -> SafeString:
    """One unit on the board. Live messages address it by `key`; `note` is the second line (layout, area or
    price)."""
    return format_html(
        '<a class="cell{}" data-state="{}" data-live-key="{}" data-nav tabindex="-1" href="{}" '
        'hx-get="{}" hx-target="#panel-host" aria-label="{} {} {}">'
        "<b>{}</b><small data-live-text>{}</small></a>",
        " dim" if dim else "",
        state,
        key,
        url,
        url,
        code,
        state_label,
        note,
        code,
        note,
    )


@register.simple_tag
def fact(label: str, content: Any, kind: str = "text", edit_url: str = "") -> SafeString:
    """One fact of a record, inside `<dl class="facts">`. With `edit_url` a click puts its field in place."""
    shown = cells.render(kind, content)
    if edit_url:
        shown = format_html(
            '<button type="button" class="fact-edit" hx-get="{}" hx-target="closest dd" hx-swap="innerHTML">'
            "{}</button>",
            edit_url,
            shown,
        )
    return format_html("<dt>{}</dt><dd>{}</dd>", conditional_escape(label), shown)


@register.inclusion_tag("ui/legend.html")
def legend(items: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """What the colours of a board mean. `items`: mappings with value, label, count?"""
    return {"items": items}
