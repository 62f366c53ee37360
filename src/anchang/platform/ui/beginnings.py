"""Where records begin that no list makes: the sentence of their empty list, and the way there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Beginning:
    """`url`: a path that starts the first record; `label`: the words of the button that leads there."""

    text: object
    url: str
    label: object


_beginnings: dict[str, Beginning] = {}


def begins(resource: str, text: object, url: str, label: object) -> None:
    """Say where the records of this resource come from."""
    _beginnings[resource] = Beginning(text, url, label)


def beginning_of(resource: str) -> Beginning | None:
    return _beginnings.get(resource)
