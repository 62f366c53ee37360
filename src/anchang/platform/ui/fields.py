"""The context of `ui/field.html`, from plain arguments or from a field of a Django form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.forms import widgets

from anchang.platform.ui.components import Choice
from anchang.platform.ui.formats import field_value

INPUT_TYPES = {
    "number": "text",
    "money": "text",
    "area": "text",
    "phone": "tel",
    "date": "date",
    "datetime": "datetime-local",
    "time": "time",
    "email": "email",
    "url": "url",
    "password": "password",
    "code": "text",
    "hidden": "hidden",
}
INPUT_MODES = {"number": "decimal", "money": "decimal", "area": "decimal", "phone": "tel", "code": "numeric"}
LISTS = frozenset({"multi", "refs", "checks"})
CHOSEN_FROM = frozenset({"select", "choice", "ref", "multi", "refs", "checks"})
WIDGET_KINDS: tuple[tuple[type[widgets.Widget], str], ...] = (
    (widgets.CheckboxSelectMultiple, "checks"),
    (widgets.RadioSelect, "choice"),
    (widgets.SelectMultiple, "multi"),
    (widgets.NullBooleanSelect, "select"),
    (widgets.Select, "select"),
    (widgets.CheckboxInput, "checkbox"),
    (widgets.Textarea, "textarea"),
    (widgets.DateTimeInput, "datetime"),
    (widgets.DateInput, "date"),
    (widgets.TimeInput, "time"),
    (widgets.NumberInput, "number"),
    (widgets.PasswordInput, "password"),
    (widgets.EmailInput, "email"),
    (widgets.URLInput, "url"),
    (widgets.FileInput, "file"),
    (widgets.HiddenInput, "hidden"),
)
OWN_ATTRIBUTES = frozenset(
    {
        "id",
        "class",
        "placeholder",
        "rows",
        "cols",
        "min",
        "max",
        "step",
        "maxlength",
        "autofocus",
        "autocomplete",
        "inputmode",
        "required",
        "disabled",
        "readonly",
        "accept",
        "aria-describedby",
        "aria-invalid",
        "data-kind",
        "data-url",
        "data-unit",
        "data-sensitive",
        "data-wide",
    }
)


def choice_of(item: Any) -> Choice:
    """A `Choice` from a `Choice`, a {"id"|"value", "label"} mapping, or a (value, label) pair."""
    if isinstance(item, Choice):
        return item
    if isinstance(item, Mapping):
        key = item["id"] if "id" in item else item["value"]
        return Choice(str(key), str(item["label"]), str(item.get("hint", "")))
    key, label = item
    return Choice("" if key is None else str(getattr(key, "value", key)), str(label))


def flat_choices(choices: Iterable[Any]) -> list[Choice]:
    """Choices without Django's option groups."""
    flat: list[Choice] = []
    for item in choices:
        grouped = not isinstance(item, Choice | Mapping) and isinstance(item[1], list | tuple)
        flat.extend(flat_choices(item[1]) if grouped else [choice_of(item)])
    return flat


def chosen_values(value: Any, kind: str) -> list[str]:
    if value is None or value == "":
        return []
    several = value if isinstance(value, list | tuple | set) else [value]
    picked = several if kind in LISTS else several[:1] if isinstance(several, Sequence) else list(several)[:1]
    return [str(one["id"]) if isinstance(one, Mapping) else str(one) for one in picked]


def error_texts(error: Any) -> list[str]:
    if not error:
        return []
    return (
        [str(one) for one in error]
        if isinstance(error, Iterable) and not isinstance(error, str)
        else [str(error)]
    )


def field_context(
    *,
    name: str,
    label: Any,
    kind: str = "text",
    value: Any = None,
    choices: Any = (),
    help: Any = "",
    error: Any = "",
    **options: Any,
) -> dict[str, object]:
    """See `field` in the tag library for the arguments."""
    listed = flat_choices(choices) if kind in CHOSEN_FROM else []
    chosen = chosen_values(value, kind)
    for one in [value] if isinstance(value, Mapping) else value if kind in LISTS and value else []:
        if isinstance(one, Mapping) and str(one["id"]) not in {choice.value for choice in listed}:
            listed.append(choice_of(one))
    identity = options.pop("id", "") or f"id_{name}"
    errors = error_texts(error)
    described = [f"{identity}_help"] if help else []
    described += [f"{identity}_error"] if errors else []
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "id": identity,
        "help": help,
        "errors": errors,
        "described": " ".join(described),
        "choices": listed,
        "chosen": chosen,
        "type": INPUT_TYPES.get(kind, "text"),
        "mode": options.pop("inputmode", "") or INPUT_MODES.get(kind, ""),
        "value": "" if kind in CHOSEN_FROM | {"file", "password"} else field_value(value, kind),
        "checked": kind == "checkbox" and bool(value),
        "numeric": kind in {"number", "money", "area"},
        "searchable": len(listed) > 12,
        **options,
    }


def kind_of(widget: widgets.Widget) -> str:
    declared = widget.attrs.get("data-kind")
    if declared:
        return str(declared)
    return next((kind for cls, kind in WIDGET_KINDS if isinstance(widget, cls)), "text")


def of_bound_field(bound: Any, kind: str = "", **options: Any) -> dict[str, object]:
    """The field of a Django form; a ref without `url` falls back to a plain select with all choices."""
    widget = bound.field.widget
    attributes = bound.build_widget_attrs(dict(widget.attrs))
    found = kind or kind_of(widget)
    known = {
        key: attributes[key]
        for key in (
            "placeholder",
            "rows",
            "min",
            "max",
            "step",
            "maxlength",
            "autofocus",
            "autocomplete",
            "inputmode",
            "readonly",
            "accept",
        )
        if attributes.get(key) not in (None, "", False)
    }
    further = {key: content for key, content in attributes.items() if key not in OWN_ATTRIBUTES}
    own = {
        "required": bound.field.required,
        "disabled": bound.field.disabled,
        "id": bound.auto_id,
        "url": attributes.get("data-url", ""),
        "unit": attributes.get("data-unit", ""),
        "sensitive": bool(attributes.get("data-sensitive")),
        "wide": bool(attributes.get("data-wide")),
        "attrs": further,
        "multiple": bool(getattr(widget, "allow_multiple_selected", False)),
    }
    return field_context(
        name=bound.html_name,
        label=options.pop("label", bound.label),
        kind=found,
        value=bound.value(),
        choices=getattr(widget, "choices", ()),
        help=options.pop("help", bound.help_text),
        error=bound.errors,
        **(own | known | options),
    )
