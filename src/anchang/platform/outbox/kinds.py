"""What is sent: each app declares its messages once, with the words that stand until the office writes its own.

    APPOINTMENT = declare("appointment_soon", label=_("Appointment reminder"), audience="customer",
                          text=_("…{name}…{time}…"), variables={"name": _("Customer"), "time": _("Time")})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import override

from anchang.platform import resources, wording
from anchang.platform.outbox import rules

#: Consent under which a message goes out: what a deal needs is no marketing.
SERVICE, MARKETING = "service", "marketing"


@dataclass(frozen=True)
class MessageKind:
    """`purpose`: service or marketing, which needs the customer's consent. `urgent`: the recipient waits for it, so
    neither quiet hours nor the daily limit hold it up. `secret`: the words carry a code; staff never see them and it
    can't go by hand. `notice`: for staff, the in-app message that it goes along with."""

    name: str
    label: Any
    audience: str
    text: Any
    variables: Mapping[str, Any] = field(default_factory=dict)
    purpose: str = SERVICE
    urgent: bool = False
    secret: bool = False
    notice: str = ""

    def words(self, language: str) -> str:
        with override(language):
            return str(self.text)


#: Sentences that name a message by its kind.
_NAMED_IN = ("event.message.sent", "event.message.given_up", "notice.message_given_up", "task.message_by_hand")
_kinds: dict[str, MessageKind] = {}
#: Apps that know customers say why one may not be written to: refused(ctx, kind, customer ids) -> {id: error code}.
refusals: list[Callable[[Any, MessageKind, Sequence[int]], Mapping[int, str]]] = []


def declare(name: str, **options: Any) -> MessageKind:
    """Raises ValueError for words that use a variable which isn't declared."""
    found = MessageKind(name, **options)
    if unknown := rules.unknown_variables(found.words("en"), [*found.variables, "project"]):
        raise ValueError(f"message {name}: {unknown}")
    _kinds[name] = found
    for code in _NAMED_IN:
        wording.say_values(code, message={name: found.label})
    return found


def get(name: str) -> MessageKind:
    return _kinds[name]


def find(name: str) -> MessageKind | None:
    return _kinds.get(name)


def choices(_project_id: int | None = None) -> dict[str, Any]:
    return {name: kind.label for name, kind in sorted(_kinds.items())}


def for_notice(code: str) -> MessageKind | None:
    """The message to staff that goes along with this in-app message."""
    return next((kind for kind in _kinds.values() if kind.notice == code), None)


def refused(ctx: Any, kind: MessageKind, customer_ids: Sequence[int]) -> dict[int, str]:
    """Who may not be written to, each with the first reason's code."""
    found: dict[int, str] = {}
    for hook in refusals if customer_ids else ():
        for customer_id, code in hook(ctx, kind, customer_ids).items():
            found.setdefault(customer_id, code)
    return found


def resource_name(record: Any) -> str:
    known = resources.of_model(type(record)) if record is not None else None
    return known.name if known else ""
