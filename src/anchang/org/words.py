"""Turns of the reception in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def why_words() -> dict[str, str]:
    return {"off_duty": _("off duty"), "absent": _("not here"), "busy": _("busy")}


def explained(explanation: list[dict[str, Any]]) -> str:
    """The turn in words: by which rule, and who was passed over why."""
    rules = {
        "rotation": _("It was their turn."),
        "owner": _("Their own customer."),
        "named": _("The customer named them."),
        "substitute": _("In place of the customer's consultant."),
        "nobody": _("Nobody was free."),
    }
    words = why_words()
    said = [rules.get(str(one["rule"]), "") for one in explanation if "rule" in one]
    passed = [f"{one['name']}（{_why(one, words)}）" for one in explanation if "reason" in one]
    if passed:
        said.append(_("Passed over: %(people)s.") % {"people": "、".join(passed)})
    return " ".join(part for part in said if part)


def _why(one: dict[str, Any], words: Mapping[str, str]) -> str:
    """Why somebody was passed over; of a busy one also by what and since when."""
    if one.get("cause") == "visit":
        return _("with a visitor since %(time)s") % {"time": one["since"]}
    if "since" in one:
        return _("busy since %(time)s") % {"time": one["since"]}
    return words.get(str(one["reason"]), str(one["reason"]))


__all__ = ["explained", "why_words"]
