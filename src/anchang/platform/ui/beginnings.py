"""Where records begin that no list makes: the sentence of their empty list, and the way there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Beginning:
    """`url`: a path that starts the first record; `label`: the words of the button that leads there; `right`: of the
    command that makes it, without which neither is shown."""

    text: object
    url: str
    label: object
    right: str = ""


_beginnings: dict[str, Beginning] = {}


def begins(resource: str, text: object, url: str, label: object, right: str = "") -> None:
    """Say where the records of this resource come from."""
    _beginnings[resource] = Beginning(text, url, label, right)


def beginning_of(resource: str, may: Callable[[str], bool]) -> Beginning | None:
    """For whom may begin: he has the right of the command, and may open the list that it stands in."""
    found = _beginnings.get(resource)
    if found is None or (found.right and not may(found.right)):
        return None
    _empty, _r, name, *_rest = [*found.url.split("/"), "", ""]
    return found if _r != "r" or may(f"{name}.view") else None
