"""The list page `/r/<resource>/` and its shapes: the table, a kanban by state, a calendar by day. Which a resource
has stands in its declaration.

    kanban=Kanban("state", moves={"qualified": "qualify"}), calendar=Calendar("starts_at", title="customer")

Filters, search and saved views hold in every shape. A card that is dropped on another column opens the command
that leads there; columns without one take no cards.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anchang.platform import commands, reading, resources
from anchang.platform.resources import Field, Kanban, Resource
from anchang.platform.ui import filters, rows
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.lists import State, empty_of, head_of, listed_fields, resource_of, state_of, table_of

CARDS = 20
CARD_FACTS = 4
DAY_ITEMS = 4
MONTH_ROWS = 3000
WORDS = {"": "table", "kanban": "layout-kanban", "calendar": "calendar"}


@require_safe
def list_page(request: HttpRequest, name: str) -> HttpResponse:
    """Page and fragment (`#list`) at one address; counts and sums come later by themselves."""
    resource = resource_of(name)
    state = state_of(request, resource)
    context = of(state) or table_of(state)
    if is_fragment(request) and (state.cursor or request.htmx.target == "list"):  # type: ignore[attr-defined]
        return render(request, context["template"], context)
    return render(request, "platform/list.html", context | head_of(request, state) | {"shapes": shapes_of(state)})


def shapes_of(state: State) -> list[dict[str, Any]]:
    """The shapes that the reader may choose from, or nothing when there is only the table."""
    names = {f.name for f in state.fields}
    found = [("", _("Table"))]
    if (kanban := state.resource.kanban) is not None and kanban.by in names:
        found.append(("kanban", _("Kanban")))
    if (marked := state.resource.calendar) is not None and marked.by in names:
        found.append(("calendar", _("Calendar")))
    if len(found) == 1 or state.deleted:
        return []
    return [
        {
            "label": label, "icon": WORDS[name], "active": state.shape == name,
            "url": state.url(**{"as": name, "on": ""}) + ("#today" if name == "calendar" else ""),
        }
        for name, label in found
    ]  # fmt: skip


def of(state: State) -> dict[str, Any] | None:
    """What the template of the asked shape needs; None for the table."""
    if state.shape not in {one for one in ("kanban", "calendar") if getattr(state.resource, one)} or state.deleted:
        return None
    declared = getattr(state.resource, state.shape)
    f = next((f for f in state.fields if f.name == declared.by), None)
    if f is None:
        return None
    common = {"state": state, "resource": state.resource, "empty": empty_of(state)}
    return common | (_kanban(state, f, declared) if state.shape == "kanban" else _calendar(state, f))


# --- kanban --------------------------------------------------------------------------------------


def _kanban(state: State, f: Field, kanban: Kanban) -> dict[str, Any]:
    """A column per value with its first cards: two statements, however many columns there are."""
    words = {str(k): str(v) for k, v in resources.choices_of(f, state.project_id).items()}
    ids = reading.first_of_each(state.resource, state.access, state.query(), f, list(words), CARDS + 1)
    fields = tuple(one for one in listed_fields(state) if one.name != f.name)
    shown = [pk for found in ids.values() for pk in found[:CARDS]]
    items = reading.rows_by_ids(state.resource, fields, shown)
    cards = {row.id: row for row in rows.rows_of(state.resource, fields, items, state.access, state.project_id)}
    columns = rows.columns_of(state.resource, fields)
    main = next((c for c in columns if c.main), columns[0])
    return {
        "template": "platform/list_kanban.html",
        "title": main,
        "facts": [c for c in columns if c is not main][:CARD_FACTS],
        "columns": [
            {
                "value": value, "label": label, "cards": [cards[pk] for pk in ids[value][:CARDS] if pk in cards],
                "more": len(ids[value]) > CARDS, "move": _move(state, kanban, value),
                "url": _filtered(state, {"field": f.name, "op": "in", "value": [value]}),
            }
            for value, label in words.items()
        ],
        "any": bool(shown),
    }  # fmt: skip


def _move(state: State, kanban: Kanban, value: str) -> str:
    """The verb of the command that leads to this column, when the reader may use it."""
    cmd = commands.find(state.resource, kanban.moves.get(value, ""))
    return cmd.verb if cmd is not None and state.access.may(commands.permission_of(cmd)) else ""


def _filtered(state: State, test: Mapping[str, Any]) -> str:
    """The table with one more test."""
    tests = [one for one in filters.tests_of(state.where) or [] if one["field"] != test["field"]]
    return state.url(**{"as": "", "on": "", "where": filters.write_where([*tests, dict(test)])})


# --- calendar ------------------------------------------------------------------------------------


def month_of(text: str, today: dt.date) -> dt.date:
    """The first day of the month of an address (2026-05); of this month when it says nothing sensible."""
    try:
        found = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        found = today.replace(day=1)
    return found if 2000 <= found.year <= 2200 else today.replace(day=1)


def _calendar(state: State, f: Field) -> dict[str, Any]:
    """The weeks of a month, Monday first, each day with its first records: two statements."""
    today = timezone.localdate()
    first = month_of(state.on, today)
    days = [day for week in calendar.Calendar().monthdatescalendar(first.year, first.month) for day in week]
    found = _between(state, f, days[0], days[-1] + dt.timedelta(days=1))
    shown = [pk for many in found.values() for pk, _at in many[:DAY_ITEMS]]
    labels = _labels(state, shown)
    return {
        "template": "platform/list_calendar.html",
        "month": date_format(first, "YEAR_MONTH_FORMAT"),
        "before_url": state.url(on=f"{first - dt.timedelta(days=1):%Y-%m}"),
        "after_url": state.url(on=f"{first + dt.timedelta(days=31):%Y-%m}"),
        "today_url": state.url(on="") + "#today",
        "weekdays": [date_format(day, "D") for day in days[:7]],
        "days": [
            {
                "date": day, "other": day.month != first.month, "today": day == today,
                "items": [labels[pk] | {"at": at} for pk, at in found.get(day, ())[:DAY_ITEMS] if pk in labels],
                "count": len(found.get(day, ())), "more": max(0, len(found.get(day, ())) - DAY_ITEMS),
                "url": _filtered(state, {"field": f.name, "op": "between", "value": [day.isoformat()] * 2}),
            }
            for day in days
        ],
        "any": bool(shown),
        "cut": sum(len(many) for many in found.values()) >= MONTH_ROWS,
    }  # fmt: skip


def _between(state: State, f: Field, start: dt.date, end: dt.date) -> dict[dt.date, list[tuple[int, str]]]:
    """Day -> (id, time of day) in the order of time."""
    rows_, _ids = reading.filtered(state.resource, state.access, state.query())
    low, high = ((_midnight(start), _midnight(end)) if f.kind == "datetime" else (start, end))
    within = rows_.filter(**{f"{f.path}__gte": low, f"{f.path}__lt": high}).order_by(f.path, "pk")
    found: dict[dt.date, list[tuple[int, str]]] = {}
    for pk, value in within.values_list("pk", f.path)[:MONTH_ROWS]:
        moment = timezone.localtime(value) if f.kind == "datetime" else None
        found.setdefault(moment.date() if moment else value, []).append((pk, f"{moment:%H:%M}" if moment else ""))
    return found


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _labels(state: State, ids: list[int]) -> dict[int, dict[str, Any]]:
    """What a record is called in the calendar, its state and its addresses."""
    resource: Resource = state.resource
    title = resource.calendar.title if resource.calendar and resource.calendar.title else resource.label_field
    wanted = tuple(f for f in state.fields if f.name in (title, resource.state_field))
    return {
        item["id"]: {
            "label": rows.told(resource.by_name[title], item.get(title), state.project_id) or resource.label,
            "state": item.get(resource.state_field, ""),
            "url": rows.record_url(resource.name, item["id"]), "panel_url": f"/r/{resource.name}/{item['id']}/panel",
        }
        for item in reading.rows_by_ids(resource, wanted, ids)
    }  # fmt: skip


