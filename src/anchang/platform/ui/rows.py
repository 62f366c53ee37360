"""Items of `platform.reading` as columns and rows of a table, and as facts of a record."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from anchang.platform import commands, resources
from anchang.platform.access import Access
from anchang.platform.resources import Field, Resource
from anchang.platform.ui import formats
from anchang.platform.ui.components import Column, Row
from anchang.platform.ui.condition_words import Sayer
from anchang.platform.ui.navigation import record_page_of
from anchang.platform.wording import key_word

CELL_KINDS = {
    "int": "integer", "money": "money", "area": "area", "decimal": "number", "percent": "percent", "bool": "bool",
    "date": "date", "datetime": "datetime", "ref": "ref", "phone": "phone", "many": "refs", "longtext": "longtext",
}  # fmt: skip


def record_url(name: str, record_id: Any, tail: str = "") -> str:
    own = "" if tail else record_page_of(name, record_id)
    return own or f"/r/{name}/{record_id}/{tail}"


def kind_of(resource: Resource, f: Field) -> str:
    """The cell renderer of a field; states are chips."""
    if f.kind == "choice":
        return "state" if f.name == resource.state_field else "choice"
    return CELL_KINDS.get(f.kind, "text")


def reveal_command(resource: Resource, f: Field) -> commands.Command | None:
    """The command that shows a masked field in full, when the resource has one."""
    for verb in (f"reveal-{f.name}", "reveal"):
        if found := commands.find(resource, verb):
            return found
    return commands.find(resource, "reveal-phone") if f.kind == "phone" else None


def may_follow(
    target: Resource, permission: str, listed: Resource, access: Access, project_id: int | None
) -> bool:
    """Whether cells of `listed` lead on: the right is held in the rows' project, or in every one whose rows are listed
    together, so that no link ends at a refusal."""
    if target.group_level:
        return access.may(permission)
    if project_id is not None:
        return access.may(permission, project_id)
    places = access.projects_for(f"{listed.name}.view")
    return bool(places) and all(access.may(permission, p) for p in places)


def reader_of(resource: Resource, f: Field, access: Access, project_id: int | None) -> Callable[[Any, Any], Any]:
    """convert(record id, JSON value) -> what the cell renderer wants. Found once per column, used per row."""
    if f.words is not None:
        say = f.words
        return lambda _id, v: None if v in (None, "", [], {}) else say(v)
    if f.kind == "choice":
        words = {str(k): str(v) for k, v in resources.choices_of(f, project_id).items()}
        return lambda _id, v: None if v in (None, "") else {"value": v, "label": words.get(str(v), str(v))}
    if f.kind == "json" and f.choices is not None:
        named = {str(k): str(v) for k, v in resources.choices_of(f, project_id).items()}
        return lambda _id, v: [named.get(str(one), one) for one in v] if isinstance(v, list) else v
    if f.kind == "ref":
        target = resources.ref_target(resource, f)
        if target is None or not may_follow(target, f"{target.name}.view", resource, access, project_id):
            return lambda _id, v: v and {"label": v["label"]}
        base, names = f"/r/{target.name}/", target.by_name[target.label_field]
        return lambda _id, v: v and {"label": told(names, v["label"], project_id), "url": f"{base}{v['id']}/"}
    if f.kind == "phone":
        found = reveal_command(resource, f)
        if found is None or not may_follow(resource, commands.permission_of(found), resource, access, project_id):
            return lambda _id, v: v
        return lambda i, v: v and {"masked": v, "reveal_url": record_url(resource.name, i, f"reveal/{f.name}")}
    if f.kind == "date":
        return lambda _id, v: parse_date(v) if isinstance(v, str) else v
    if f.kind == "datetime":
        return lambda _id, v: parse_datetime(v) if isinstance(v, str) else v
    if f.kind == "many" and f.value is not None:
        return lambda _id, v: [_linked(one, f.to, access) for one in v or ()]
    if f.kind == "many":
        return lambda _id, v: v or []
    if f.kind == "json" and f.to:
        sayer, about = Sayer(access, project_id), resources.get(f.to)
        return lambda _id, v: sayer.say(about, v)
    if f.kind == "bool":
        return lambda _id, v: v  # the renderer draws it; a word for "no" would count as a yes
    return lambda _id, v: as_text(v, f.name) if isinstance(v, list | dict | bool) else v


def _linked(one: Mapping[str, Any], to: str, access: Access) -> dict[str, Any]:
    """A record that a field names, `{"id", "label", "resource"?}`, as a link for whoever may see such records."""
    target = one.get("resource") or to
    may = target and access.may(f"{target}.view")
    return {"label": one["label"], "url": record_url(target, one["id"]) if may else ""}


def as_text(value: Any, name: str = "") -> str:
    """A JSON value in words: labels of references, else its parts; `name` says what codes in it mean."""
    if isinstance(value, Mapping):
        if "label" in value:
            return str(value["label"])
        kept = {k: v for k, v in value.items() if k != "id" and not isinstance(v, bool) and v not in (None, "", [], {})}
        parts = [as_text(v, k) for k, v in kept.items()]
        return " · ".join(parts) if len(parts) < 8 else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "、".join(as_text(one, name) for one in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else key_word(name, value)


def label_text(resource: Resource, item: Mapping[str, Any], project_id: int | None = None) -> str:
    """What a record is called, from its item: words for codes, local times for moments."""
    return told(resource.by_name[resource.label_field], item.get(resource.label_field), project_id)


def told(f: Field, value: Any, project_id: int | None = None) -> str:
    """One value as plain text."""
    if f.words is not None and value not in (None, ""):
        return f.words(value)
    if f.kind == "choice" and isinstance(value, str):
        return str(resources.choices_of(f, project_id).get(value, value))
    if f.kind == "datetime" and isinstance(value, str):
        return formats.moment(parse_datetime(value))
    return as_text(value, f.name)


def columns_of(
    resource: Resource, fields: Sequence[Field], order: str = "", sort_url: Callable[[str], str] | None = None
) -> list[Column]:
    """The first label field names the row; sortable heads lead to `sort_url(order)`."""
    names = [f.name for f in fields]
    main = resource.label_field if resource.label_field in names else (names[0] if names else "")
    descending, by = order.startswith("-"), order.lstrip("-")
    found = []
    for f in fields:
        mark = ("descending" if descending else "ascending") if f.name == by else ""
        link = ""
        if sort_url and f.sort and f.kind not in ("json", "longtext"):
            link = sort_url(f.name if mark == "descending" else f"-{f.name}" if mark else f.name)
        kind = kind_of(resource, f)
        found.append(
            Column(
                f.name, str(f.label), kind, main=f.name == main, wrap=kind == "longtext", sort_url=link,
                sorted=mark, help=str(f.help or ""),
            )
        )  # fmt: skip
    return found


def rows_of(
    resource: Resource, fields: Sequence[Field], items: Sequence[Mapping[str, Any]], access: Access,
    project_id: int | None = None, *, panel: bool = True, linked: bool = True,
) -> list[Row]:  # fmt: skip
    readers = [(f.name, reader_of(resource, f, access, project_id)) for f in fields]
    base = f"/r/{resource.name}/"
    return [
        Row(
            item["id"],
            {name: read(item["id"], item.get(name)) for name, read in readers},
            url=f"{base}{item['id']}/" if linked else "",
            panel_url=f"{base}{item['id']}/panel" if linked and panel else "",
        )
        for item in items
    ]


def day_of(value: Any) -> dt.date | None:
    return parse_date(value[:10]) if isinstance(value, str) else value
