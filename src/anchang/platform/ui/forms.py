"""A command's Input as form fields, and a posted form as the command's data.

Nothing is validated here: the command's own Input does that; its codes come back as sentences per field.
"""

from __future__ import annotations

import datetime as dt
import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from django.http import QueryDict
from pydantic.fields import FieldInfo

from anchang.kernel.errors import DomainError
from anchang.platform import bounds, resources
from anchang.platform.access import Access
from anchang.platform.commands import Command
from anchang.platform.inputs import ConditionOn, Input, RefTo, label_of
from anchang.platform.ui import condition_form, filters, formats
from anchang.platform.ui.condition_form import Editor
from anchang.platform.wording import worded

LONG_TEXT = 500
FEW_CHOICES = 5
_WIDGETS = {
    "longtext": "textarea", "int": "number", "decimal": "number", "percent": "number", "many": "refs",
    "bool": "checkbox", "json": "textarea",
}  # fmt: skip


@dataclass(frozen=True)
class FormField:
    """One field of a generated form. `shape`: value, flag, list, lines, pairs, condition or json: how the post is
    read."""

    name: str
    label: str
    kind: str
    shape: str = "value"
    required: bool = False
    optional: bool = False  # null is a value of its own
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    ref: str = ""
    secret: bool = False
    maxlength: int | None = None
    parts: tuple[FormField, ...] = field(default=())
    default: Any = None
    condition: ConditionOn | None = None
    convert: Callable[[Any], Any] | None = None  # from what was typed to what the command takes
    reloads: bool = False  # the form is drawn again when it changes
    project_id: int | None = None  # whose words and records an editor of conditions offers
    only: tuple[str, str] = ("", "")  # a field of this form, and the values (by spaces) with which this one is shown


# --- from the Input ------------------------------------------------------------------------------


Maker = Callable[[FormField, Mapping[str, Any]], FormField | None]
_makers: dict[tuple[str, str], Maker] = {}


def made_by(command: str, field_name: str) -> Callable[[Maker], Maker]:
    """This field of this command depends on what stands in the form: make(field, given) -> the field, or None for
    none yet."""

    def keep(make: Maker) -> Maker:
        _makers[command, field_name] = make
        return make

    return keep


def fields_of(
    cmd: Command, access: Access, project_ids: Sequence[int], project_id: int | None,
    given: Mapping[str, Any] | None = None,
) -> list[FormField]:  # fmt: skip
    """The form fields of a command that the actor may write. `given`: what stands in the form."""
    if cmd.input is None:
        return []
    resource = cmd.resource
    found = []
    for name, info in cmd.input.model_fields.items():
        closed = cmd.kind in ("create", "edit") and access.field_mode(resource.name, name, project_ids)
        if closed or not in_forms(info):
            continue
        made = _field(name, info, project_id, _ref_of_resource(cmd, name))
        if make := _makers.get((cmd.name, name)):
            shaped = make(made, given or {})
            if shaped is None:
                continue
            made = shaped
        found.append(_bounded(made, bounds.longest(cmd.input, cmd.model, name)))
    return found


def in_forms(info: FieldInfo) -> bool:
    """Whether generated forms have it: a label may keep it for programs and special pages."""
    label = label_of(info)
    return label is None or label.form


def _bounded(made: FormField, most: int | None) -> FormField:
    if most is None or made.kind not in ("text", "textarea"):
        return made
    return replace(made, maxlength=min(most, made.maxlength or most))


def _ref_of_resource(cmd: Command, name: str) -> str:
    """What a field of this name refers to in the resource: for inputs that take a key as well as an id."""
    f = cmd.resource.by_name.get(name)
    target = resources.ref_target(cmd.resource, f) if f is not None and f.kind == "ref" else None
    return target.name if target else ""


def _field(name: str, info: FieldInfo, project_id: int | None, ref_of_resource: str = "") -> FormField:
    label = label_of(info)
    core, marks, optional = _core(info.annotation)
    marks = [*info.metadata, *marks]
    kind = label.kind if label else ""
    common: dict[str, Any] = {
        "name": name,
        "label": str(label.text) if label else name.replace("_", " "),
        "help": str(label.help or "") if label else "",
        "required": info.is_required(),
        "optional": optional,
        "secret": bool(label and label.secret),
        "default": None if info.is_required() else info.get_default(call_default_factory=True),
    }
    if label and label.only:
        common["only"] = next((other, " ".join(values)) for other, values in label.only.items())
    if label and label.condition:
        about: dict[str, Any] = {"condition": label.condition, "project_id": project_id}
        return FormField(kind="condition", shape="condition", **about, **common)
    if label and label.parts:
        return _questions_field(label.parts(project_id), common)
    if label and label.pairs:
        return _pairs_field(label.pairs, common)
    if label and label.rows:
        return _lines_field(label.rows, common, project_id)
    ref = next((m.resource for m in marks if isinstance(m, RefTo)), "")
    if kind.startswith("ref:"):
        ref = kind[4:]
    if not ref and core is Any and kind != "json":
        ref = ref_of_resource
    choices = _choices(label.choices if label else None, project_id)
    return _shaped(core, kind, ref, choices, marks, common, project_id)


def _shaped(
    core: Any, kind: str, ref: str, choices: tuple[tuple[str, str], ...], marks: list[Any], common: dict[str, Any],
    project_id: int | None,
) -> FormField:  # fmt: skip
    if get_origin(core) in (list, tuple, set) or core is list:
        return _list_field((*get_args(core), Any)[0], ref, choices, common, project_id)
    if isinstance(core, type) and issubclass(core, Input):
        parts = tuple(_field(n, i, project_id) for n, i in core.model_fields.items())
        return FormField(kind="group", shape="group", parts=parts, **common)
    if ref:
        return FormField(kind="ref", ref=ref, **common)
    several = kind == "json" and bool(choices)
    listed = get_origin(core) is Literal or (isinstance(core, type) and issubclass(core, Enum))
    if listed or (choices and not several):
        choices = choices or _own_choices(core)
        return FormField(kind="choice" if len(choices) <= FEW_CHOICES else "select", choices=choices, **common)
    if several:
        several_of = "checks" if len(choices) <= FEW_CHOICES else "multi"
        return FormField(kind=several_of, shape="list", choices=choices, **common)
    if core is bool or kind == "bool":
        return FormField(kind="checkbox", shape="flag", **common)
    if core is dict or get_origin(core) is dict or kind == "json":
        return FormField(kind="textarea", shape="json", **(common | {"default": common["default"] or None}))
    longest = next((m.max_length for m in marks if getattr(m, "max_length", None)), None)
    widget = _WIDGETS.get(kind, kind) or _widget_of(core, longest)
    return FormField(kind=widget, maxlength=longest if core is str else None, **common)


def _list_field(
    one: Any, ref: str, choices: tuple[tuple[str, str], ...], common: dict[str, Any], project_id: int | None
) -> FormField:
    core, marks, _ = _core(one)
    ref = next((m.resource for m in marks if isinstance(m, RefTo)), ref)
    if ref:
        return FormField(kind="refs", shape="list", ref=ref, **common)
    if isinstance(core, type) and issubclass(core, Input):
        return _lines_field(core, common, project_id)
    if core is dict or get_origin(core) is dict:
        return FormField(kind="textarea", shape="json", **common)
    choices = choices or _own_choices(core)
    if choices:
        return FormField(
            kind="checks" if len(choices) <= FEW_CHOICES else "multi", shape="list", choices=choices, **common
        )
    return FormField(kind="textarea", shape="words", **common)


def _lines_field(row: type[Input], common: dict[str, Any], project_id: int | None) -> FormField:
    parts = tuple(_field(n, i, project_id) for n, i in row.model_fields.items())
    return FormField(kind="lines", shape="lines", parts=parts, **common)


def _questions_field(asked: Mapping[str, tuple[Any, Mapping[str, Any]]], common: dict[str, Any]) -> FormField:
    """A mapping of answers: one field per question, with the words of its answers."""
    parts = []
    for name, (label, words) in asked.items():
        choices = tuple((str(k), str(v)) for k, v in words.items())
        kind = "choice" if len(choices) <= FEW_CHOICES else "select"
        parts.append(FormField(name=name, label=str(label), kind=kind, choices=choices))
    return FormField(kind="group", shape="group", parts=tuple(parts), **common)


def _pairs_field(words: tuple[Any, Any], common: dict[str, Any]) -> FormField:
    """A mapping of texts, typed as rows of two columns."""
    parts = tuple(FormField(name=n, label=str(w), kind="text") for n, w in zip(("key", "value"), words, strict=True))
    return FormField(kind="lines", shape="pairs", parts=parts, **common)


def _core(annotation: Any) -> tuple[Any, list[Any], bool]:
    """(bare type, markers, may be null) of an annotation."""
    marks: list[Any] = []
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *found = get_args(annotation)
            marks += found
        elif origin in (Union, types.UnionType):
            parts = [a for a in get_args(annotation) if a is not type(None)]
            optional = optional or len(parts) < len(get_args(annotation))
            annotation = parts[0]
        else:
            return annotation, [m for mark in marks for m in _flat(mark)], optional


def _flat(mark: Any) -> list[Any]:
    return [mark, *mark.metadata] if isinstance(mark, FieldInfo) else [mark]


def _own_choices(core: Any) -> tuple[tuple[str, str], ...]:
    if get_origin(core) is Literal:
        return tuple(
            (str(v), worded(f"choice.{v}") if worded(f"choice.{v}") != f"choice.{v}" else str(v))
            for v in get_args(core)
        )
    if isinstance(core, type) and issubclass(core, Enum):
        return tuple((str(m.value), str(getattr(m, "label", m.value))) for m in core)
    return ()


def _choices(given: Any, project_id: int | None) -> tuple[tuple[str, str], ...]:
    if callable(given):
        given = given(project_id)
    return tuple((str(k), str(v)) for k, v in given.items()) if isinstance(given, Mapping) else ()


def _widget_of(core: Any, longest: int | None) -> str:
    if core is Decimal:
        return "money"
    if core is int:
        return "number"
    if core is dt.datetime:
        return "datetime"
    if core is dt.date:
        return "date"
    return "textarea" if core is str and (longest or 0) >= LONG_TEXT else "text"


# --- from the post -------------------------------------------------------------------------------


def data_of(fields: Sequence[FormField], post: QueryDict, prefix: str = "") -> dict[str, Any]:
    """The command's data as typed. Empty fields are left out, so that defaults and `required` hold."""
    data: dict[str, Any] = {}
    for f in fields:
        found, value = _read(f, post, prefix + f.name)
        if found and f.convert is not None:
            value = f.convert(value)
        if found:
            data[f.name] = value
    return data


def _read(f: FormField, post: QueryDict, name: str) -> tuple[bool, Any]:
    if f.shape == "flag":
        return True, name in post
    if f.shape == "list":
        values = [v for v in post.getlist(name) if v.strip()]
        return bool(values), values
    if f.condition is not None:
        where = condition_form.read(f.condition, post, name)
        return where is not None, where
    if f.shape == "pairs":
        pairs = {row["key"]: row.get("value", "") for row in _lines(f, post, name) if row.get("key")}
        return bool(pairs), pairs
    if f.shape == "lines":
        rows = _lines(f, post, name)
        return bool(rows) or f.required, rows
    if f.shape == "group":
        inner = data_of(f.parts, post, f"{name}.")
        filled = any(v not in (False, "", []) for v in inner.values())
        return filled or f.required, inner
    text = post.get(name, "")
    if not text.strip():
        return False, None
    if f.shape == "words":
        return True, [w for w in text.replace("，", ",").replace("\n", ",").split(",") if w.strip()]
    if f.shape == "json":
        return True, _json(text)
    return True, text.replace(",", "") if f.kind in ("money", "area", "number") else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()


def _lines(f: FormField, post: QueryDict, name: str) -> list[dict[str, Any]]:
    """Rows with anything in them, in their order on the page. A choice without an empty answer says nothing alone."""
    chosen = {p.name for p in f.parts if p.choices and p.required}
    marks = {key[len(name) + 1 :].split("-", 1)[0] for key in post if key.startswith(f"{name}-")}
    rows = []
    for index in sorted(int(m) for m in marks if m.isascii() and m.isdigit() and len(m) < 6)[:200]:
        row = data_of(f.parts, post, f"{name}-{index}-")
        if any(v not in (False, "", []) for key, v in row.items() if key not in chosen or len(f.parts) == 1):
            rows.append(row)
    return rows


def changed(
    fields: Sequence[FormField], data: Mapping[str, Any], post: QueryDict, before: Mapping[str, Any]
) -> dict[str, Any]:
    """Of an edit, only what the form held and the reader changed. An emptied field becomes null or empty text."""
    found: dict[str, Any] = {}
    for f in fields:
        if f"_had_{f.name}" not in post:
            continue
        value = data.get(f.name)
        if f.condition is not None:
            if _same(condition_form.alike(value)) != _same(condition_form.alike(before.get(f.name))):
                found[f.name] = value or {}
            continue
        if f.shape == "pairs" and not value and not before.get(f.name):
            continue
        if value is None and f.shape in ("value", "json"):
            value = None if f.optional else ""
        elif value is None:
            value = []
        if _same(value) != _same(before.get(f.name)):
            found[f.name] = value
    return found


def _same(value: Any) -> Any:
    """A value in the form in which typed and stored ones can be compared."""
    if isinstance(value, Mapping):
        return str(value["id"]) if "id" in value else {k: _same(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted(str(_same(v)) for v in value)
    if value in (None, ""):
        return ""
    if isinstance(value, str) and len(value) >= 16 and value[10:11] == "T":
        return value[:16]
    try:
        return str(Decimal(str(value)).normalize()) if not isinstance(value, bool) else value
    except ArithmeticError:
        return str(value)


# --- to the page ---------------------------------------------------------------------------------


def widgets(
    fields: Sequence[FormField], values: Mapping[str, Any], errors: Mapping[str, str], access: Access, prefix: str = ""
) -> list[dict[str, Any]]:
    """What the template draws: arguments of the `field` and `line_items` tags."""
    found = []
    for f in fields:
        name = prefix + f.name
        value = values.get(f.name, f.default)
        if f.condition is not None:
            found.append(_condition(f, f.condition, name, value, errors, access))
        elif f.kind == "lines":
            found.append(_line_items(f, name, value, errors, access))
        elif f.kind == "group":
            inner = widgets(f.parts, value if isinstance(value, Mapping) else {}, errors, access, f"{name}.")
            found.append({"group": True, "label": f.label, "fields": inner})
        else:
            found.append(_widget(f, name, value, errors.get(name, ""), access))
        if f.only[0]:
            found[-1] |= {"only": prefix + f.only[0], "only_values": f.only[1]}
    return found


def _condition(
    f: FormField, on: ConditionOn, name: str, value: Any, errors: Mapping[str, str], access: Access
) -> dict[str, Any]:
    editor = Editor(on, access, f.project_id, name).draw(value, judge=bool(errors))
    return {"condition": editor, "label": f.label, "help": f.help, "error": errors.get(name, ""), "name": name}


def missing(fields: Sequence[FormField], data: Mapping[str, Any]) -> None:
    """Raises bad_input for a condition with a row that isn't filled in."""
    bare = [f.name for f in fields if f.condition is not None and condition_form.lacks(data.get(f.name))]
    if bare:
        raise DomainError("bad_input", status=422, fields=dict.fromkeys(bare, "condition_unfinished"))


def _widget(f: FormField, name: str, value: Any, error: str, access: Access) -> dict[str, Any]:
    shown, choices = _shown(f, value, access), f.choices
    if choices and f.shape == "value" and isinstance(shown, str) and shown and shown not in dict(choices):
        choices = (*choices, (shown, shown))  # a word that the list no longer has stays until somebody changes it
    found: dict[str, Any] = {
        "name": name, "label": f.label, "kind": f.kind, "value": shown, "help": f.help, "error": error,
        "required": f.required and f.kind != "checkbox", "choices": choices,
    }  # fmt: skip
    if f.ref:
        found["url"] = f"/r/{f.ref}/pick"
    if f.reloads:
        found["reloads"] = True
    if f.maxlength and f.kind in ("text", "textarea"):
        found["maxlength"] = f.maxlength
    if f.secret:
        found |= {"sensitive": True, "value": None, "autocomplete": "new-password"}
    return found


def _shown(f: FormField, value: Any, access: Access) -> Any:
    if f.ref and value not in (None, "", []):
        return _chosen(f, value, access)
    if f.shape == "json" and not isinstance(value, str | type(None)):
        return json.dumps(value, ensure_ascii=False)
    if f.shape == "words" and isinstance(value, list):
        return "，".join(str(v) for v in value)
    if f.kind in ("datetime", "date") and isinstance(value, str):
        return value[: 16 if f.kind == "datetime" else 10]
    if isinstance(value, Mapping):
        return value.get("id", value.get("value"))
    return getattr(value, "value", value)


def _chosen(f: FormField, value: Any, access: Access) -> Any:
    """References with their labels, whatever form they come in."""
    several = value if isinstance(value, list) else [value]
    target = resources.find(f.ref)
    loose = [v for v in several if not isinstance(v, Mapping)]
    labels = filters.labels_of(target, loose, access) if target and loose else {}
    named = [v if isinstance(v, Mapping) else {"id": v, "label": labels.get(str(v), str(v))} for v in several]
    return named if f.shape == "list" else named[0]


def _line_items(f: FormField, name: str, value: Any, errors: Mapping[str, str], access: Access) -> dict[str, Any]:
    parts = dict(_flattened(f.parts))
    columns = [
        {k: v for k, v in _widget(p, where, None, "", access).items() if k not in ("value", "error", "help")}
        for where, p in parts.items()
    ]
    for column in columns:
        column["kind"] = {"choice": "select", "textarea": "text", "checks": "multi"}.get(column["kind"], column["kind"])
    if f.shape == "pairs" and isinstance(value, Mapping):
        value = [{"key": key, "value": formats.typed_list(text)} for key, text in value.items()]
    given = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
    rows = [[_shown(part, _at(row, where), access) for where, part in parts.items()] for row in given or [{}]]
    told = [
        f"{int(rest[0]) + 1}. {parts[rest[1]].label if rest[1:] and rest[1] in parts else ''} {text}".strip()
        for place, text in errors.items()
        if (rest := place.split(".")[1:]) and place.split(".")[0] == name and rest[0].isdigit()
    ]
    if name in errors:
        told.append(errors[name])
    return {"lines": True, "columns": columns, "rows": rows, "prefix": name, "label": f.label, "errors": told,
            "help": f.help}  # fmt: skip


def _flattened(parts: Sequence[FormField]) -> list[tuple[str, FormField]]:
    """(place in a row, field): a group's fields stand beside the others, as `guardian.name`."""
    found = []
    for part in parts:
        if part.kind == "group":
            label = f"{part.label} · "
            found += [(f"{part.name}.{p.name}", replace(p, label=label + p.label, required=False)) for p in part.parts]
        elif part.kind != "lines":
            found.append((part.name, part))
    return found


def _at(row: Mapping[str, Any], place: str) -> Any:
    outer, _, inner = place.partition(".")
    value = row.get(outer)
    return value.get(inner) if inner and isinstance(value, Mapping) else None if inner else value
