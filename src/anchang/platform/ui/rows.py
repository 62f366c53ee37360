"""Items of `platform.reading` as columns and rows of a table, and as facts of a record."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from anchang.platform import commands, resources
from anchang.platform.access import Access
from anchang.platform.resources import Field, Resource
from anchang.platform.ui.components import Column, Row
from anchang.platform.ui.navigation import record_page_of

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


def reader_of(resource: Resource, f: Field, access: Access, project_id: int | None) -> Callable[[Any, Any], Any]:
    """convert(record id, JSON value) -> what the cell renderer wants. Found once per column, used per row."""
    if f.kind == "choice":
        words = {str(k): str(v) for k, v in resources.choices_of(f, project_id).items()}
        return lambda _, v: None if v in (None, "") else {"value": v, "label": words.get(str(v), str(v))}
    if f.kind == "ref":
        target = resources.ref_target(resource, f)
        if target is None or not access.may(f"{target.name}.view"):
            return lambda _, v: v and {"label": v["label"]}
        base = f"/r/{target.name}/"
        return lambda _, v: v and {"label": v["label"], "url": f"{base}{v['id']}/"}
    if f.kind == "phone":
        found = reveal_command(resource, f)
        if found is None or not access.may(commands.permission_of(found)):
            return lambda _, v: v
        return lambda i, v: v and {"masked": v, "reveal_url": record_url(resource.name, i, f"reveal/{f.name}")}
    if f.kind == "date":
        return lambda _, v: parse_date(v) if isinstance(v, str) else v
    if f.kind == "datetime":
        return lambda _, v: parse_datetime(v) if isinstance(v, str) else v
    if f.kind == "many":
        return lambda _, v: v or []
    return lambda _, v: as_text(v) if isinstance(v, list | dict) else v


def as_text(value: Any) -> str:
    """A JSON value in words: labels of references, else its parts."""
    if isinstance(value, Mapping):
        if "label" in value:
            return str(value["label"])
        parts = [as_text(v) for k, v in value.items() if k != "id" and v not in (None, "", [], {}, False, True)]
        return " · ".join(parts) if len(parts) < 8 else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "、".join(as_text(one) for one in value)
    return "" if value is None else str(value)


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
        if sort_url and f.sort and f.kind not in ("json", "many", "longtext"):
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
