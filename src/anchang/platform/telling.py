"""What happened, in a sentence: the words of an event, with the fields that it names by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anchang.platform import resources
from anchang.platform.wording import worded


def event_text(name: str, data: Mapping[str, Any], resource: str = "") -> str:
    """The sentence of an event in the active language. `resource`: whose fields `data["fields"]` names."""
    found = resources.find(resource)
    named = data.get("fields")
    if found is not None and isinstance(named, str):
        labels = (found.by_name[n].label if n in found.by_name else n for n in named.split(", "))
        data = {**data, "fields": ", ".join(str(label) for label in labels)}
    return worded(f"event.{name}", data)
