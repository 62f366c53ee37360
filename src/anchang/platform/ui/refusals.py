"""A refusal as sentences: for the whole form, and for each of its fields."""

from __future__ import annotations

from collections.abc import Sequence

from anchang.kernel.errors import DomainError
from anchang.platform.ui.forms import FormField
from anchang.platform.wording import worded


def errors_of(exc: DomainError, fields: Sequence[FormField]) -> tuple[str, dict[str, str]]:
    """(sentence for the whole form, sentence per place). Places without a field join the first."""
    places = {str(place): worded(str(code), exc.params) for place, code in exc.fields.items()}
    known = {f.name for f in fields}
    if exc.code == "bad_condition":
        places = _at_condition(fields, exc, places)
    strangers = [text for place, text in places.items() if place.split(".")[0] not in known]
    params = dict(exc.params)
    if exc.code == "bad_condition" and "reason" in params:
        params["reason"] = worded(str(params["reason"]), params)
    told = {place: text for place, text in places.items() if place.split(".")[0] in known}
    return " ".join([worded(exc.code, params), *strangers]), told


def _at_condition(fields: Sequence[FormField], exc: DomainError, places: dict[str, str]) -> dict[str, str]:
    """A refused condition is said at its editor, which says it again at the row."""
    told = [f.name for f in fields if f.condition is not None]
    return {name: " ".join(places.values()) for name in told} or places
