"""JSON schemas of the API, from the declarations."""

from __future__ import annotations

from typing import Any

from django.utils.encoding import force_str

from anchang.platform import bounds, resources
from anchang.platform.commands import Command
from anchang.platform.resources import Field, Resource

_REF = {
    "type": ["object", "null"],
    "properties": {"id": {"type": ["integer", "string"]}, "label": {"type": "string"}},
    "required": ["id", "label"],
}
_KIND: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "longtext": {"type": ["string", "null"]},
    "choice": {"type": ["string", "null"]},
    "phone": {"type": ["string", "null"]},
    "int": {"type": ["integer", "null"]},
    "money": {"type": ["string", "null"]},
    "area": {"type": ["string", "null"]},
    "decimal": {"type": ["string", "null"]},
    "percent": {"type": ["string", "null"]},
    "bool": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "ref": _REF,
    "json": {},
    "many": {},
}

ERROR = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "params": {"type": "object"},
        "fields": {"type": "object"},
    },
    "required": ["code", "message", "params", "fields"],
}


def field_schema(f: Field) -> dict[str, Any]:
    found = dict(_KIND.get(f.kind, {})) if f.value is None else {}
    found["title"] = force_str(f.label)
    if f.kind == "choice" and isinstance(f.choices, dict) and f.choices:
        found["enum"] = [*f.choices, "", None]
    return found


def record_schema(resource: Resource) -> dict[str, Any]:
    properties: dict[str, Any] = {"id": {"type": ["integer", "string"]}, "version": {"type": "integer"}}
    if not resource.group_level:
        properties["project"] = _REF
    properties |= {f.name: field_schema(f) for f in resource.fields}
    return {"type": "object", "title": force_str(resource.label), "properties": properties, "required": ["id"]}


def page_schema(resource: Resource) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{schema_name(resource)}"}},
            "next": {"type": ["string", "null"]},
            "count": {"type": "integer"},
        },
        "required": ["items", "next"],
    }


def schema_name(resource: Resource) -> str:
    return "".join(part.capitalize() for part in resource.name.split("-"))


def input_schema(cmd: Command, components: dict[str, Any]) -> dict[str, Any] | None:
    """A reference to the input's schema, which goes into `components` together with what it uses."""
    if cmd.input is None:
        return None
    schema = cmd.input.model_json_schema(ref_template="#/components/schemas/{model}", mode="validation")
    bounds.in_schema(schema, cmd.input, cmd.model)
    for name, part in schema.pop("$defs", {}).items():
        components[name] = part
    name = cmd.input.__name__
    components[name] = schema
    return {"$ref": f"#/components/schemas/{name}"}


def responses(ok: int, content: dict[str, Any] | None, *codes: int) -> dict[str, Any]:
    what = {
        401: "Not signed in", 403: "May not", 404: "Not there or out of scope", 409: "The state forbids it",
        410: "No longer available", 413: "Too large", 422: "Bad input", 429: "Slow down",
    }  # fmt: skip
    found: dict[str, Any] = {
        str(ok): {"description": "Done", **({"content": {"application/json": {"schema": content}}} if content else {})}
    }
    for code in {*codes, 429}:
        found[str(code)] = {
            "description": what[code],
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    return found


def components() -> dict[str, Any]:
    found: dict[str, Any] = {"Error": ERROR}
    for resource in resources.all_resources():
        found[schema_name(resource)] = record_schema(resource)
    return found


def query_parameters() -> list[dict[str, Any]]:
    def one(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}

    return [
        one("project", {"type": "string", "maxLength": 20}, "Project code or id"),
        one("where", {"type": "string"}, 'Condition JSON: {"field": "grade", "op": "eq", "value": "A"}'),
        one("q", {"type": "string", "maxLength": 100}, "Search: name, pinyin initials, phone tail, code"),
        one("order", {"type": "string", "maxLength": 60}, "Field to sort by, - for descending"),
        one("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "Rows per page"),
        one("cursor", {"type": "string"}, "`next` of the page before"),
        one("count", {"type": "boolean"}, "Also count all rows"),
        one("deleted", {"type": "boolean"}, "Show the recycle bin instead, with the right to restore"),
    ]


KEY_HEADERS = [
    {"name": "Idempotency-Key", "in": "header", "required": False,
     "schema": {"type": "string", "maxLength": 100, "pattern": "^[A-Za-z0-9_.:-]+$"},
     "description": "Same key, same answer, one effect"},
]  # fmt: skip
VERSION_HEADER = {
    "name": "If-Match", "in": "header", "required": False, "schema": {"type": "string", "pattern": r"^\d{1,9}$"},
    "description": "The record's version; a stale write is 409 changed_meanwhile",
}  # fmt: skip
