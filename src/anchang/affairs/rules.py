"""What follows a signed contract (正常事务): the steps of mortgage and title, and when each is due (D11, K13, K14).

Pure: states, dates and day counts in; refusals and dates out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from anchang.kernel.errors import Refusal
from anchang.kernel.money import yuan

Machine = Mapping[str, tuple[str, ...]]

#: DOMAIN §3: COLLECTING→SUBMITTED→APPROVED→PRE-REGISTERED→DISBURSED | REFUSED/WITHDRAWN.
MORTGAGE: Machine = {
    "collecting": ("submitted", "withdrawn"),
    "submitted": ("approved", "refused", "withdrawn"),
    "approved": ("pre_registered", "refused", "withdrawn"),
    "pre_registered": ("disbursed", "withdrawn"),
    "disbursed": (),
    "refused": (),
    "withdrawn": (),
}
MORTGAGE_ENDED = ("refused", "withdrawn")
#: Title registration (权属登记): taxes, submission, certificate, hand-out.
TITLE: Machine = {
    "open": ("taxed",),
    "taxed": ("submitted",),
    "submitted": ("issued",),
    "issued": ("handed_out",),
    "handed_out": (),
}
DISPUTE: Machine = {
    "open": ("negotiating", "court", "closed"),
    "negotiating": ("court", "closed"),
    "court": ("closed",),
    "closed": (),
}
#: An opportunity goes to and fro until it is won or lost.
OPPORTUNITY: Machine = {
    "interested": ("negotiating", "won", "lost"),
    "negotiating": ("interested", "agreed", "won", "lost"),
    "agreed": ("negotiating", "won", "lost"),
    "won": (),
    "lost": ("interested",),
}
MACHINES: Mapping[str, Machine] = {"mortgage": MORTGAGE, "title": TITLE, "dispute": DISPUTE}


def why_not_go(kind: str, state: str, to: str) -> Refusal | None:
    """Steps come one after the other; none is skipped."""
    return None if to in MACHINES[kind].get(state, ()) else Refusal("state_refused", {"state": state, "to": to})


def why_not_move(stage: str, to: str, *, sale_ended: bool = False) -> Refusal | None:
    """Whether an opportunity may go from one stage to another; out of a won one only the end of its sale leads."""
    if sale_ended and stage == "won":
        return None if to in ("interested", "lost") else Refusal("state_refused", {"state": stage, "to": to})
    return None if to in OPPORTUNITY.get(stage, ()) else Refusal("state_refused", {"state": stage, "to": to})


def next_step(kind: str, state: str) -> str | None:
    """The step that is worked on in this state; None when all is done."""
    after = MACHINES[kind].get(state, ())
    return after[0] if after else None


def due_on(kind: str, state: str, since: date, days: Mapping[str, int]) -> date | None:
    """When the next step is due: `days` of `<kind>.<step>` after the state was reached; None without such a term."""
    step = next_step(kind, state)
    term = days.get(f"{kind}.{step}") if step else None
    return None if term is None else since + timedelta(days=int(term))


def why_not_on(day: date, since: date, today: date) -> Refusal | None:
    """A step is taken on or after the one before, and not in the future."""
    if day > today:
        return Refusal("date_in_future", {})
    return Refusal("before_last_step", {"since": since.isoformat()}) if day < since else None


@dataclass(frozen=True)
class DelayTerms:
    """Model contract art. 12: of the whole price per day, `rate` up to `days` late, `later_rate` for all days after."""

    rate: Decimal
    later_rate: Decimal
    days: int

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> DelayTerms:
        rate = Decimal(str(given["rate"]))
        return cls(rate, Decimal(str(given.get("later_rate", rate))), int(given.get("days", 0)))


@dataclass(frozen=True)
class Delay:
    days: int
    amount: Decimal


def seller_delay(
    total: Decimal, due_on: date, done_on: date | None, through: date, terms: DelayTerms, excused: int = 0
) -> Delay:
    """What the seller owes for a delay through a day: total x rate x days, the rate chosen once, rounded half-up once.
    Day `terms.days` still counts at `rate`; excused days don't count."""
    until = through if done_on is None else min(done_on, through)
    days = max((until - due_on).days - excused, 0)
    rate = terms.rate if days <= terms.days else terms.later_rate
    return Delay(days, yuan(total * rate * days))
