"""What is still to be done under a contract, by whichever side (合同跟踪, K10). Each app adds what it knows of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anchang.deals.commands.checklist import checklist
from anchang.deals.models import Contract
from anchang.deals.models.contracts import LIVE_STATES
from anchang.platform.wording import key_word, say_keys

say_keys(obligation={
    "filing": gettext_lazy("Filing"), "document": gettext_lazy("Missing document"),
})  # fmt: skip


@dataclass(frozen=True)
class Obligation:
    """`kind`: its word is said by `say_keys(obligation={…})`. `what`: which one of its kind, as read by people.
    Amounts stand with the receivables, for those who may see them."""

    kind: str
    due_on: dt.date | None = None
    what: str = ""


#: Apps above add what they know of: source(contract) -> open obligations.
sources: list[Callable[[Contract], list[Obligation]]] = []


def _of_deal(contract: Contract) -> list[Obligation]:
    found = []
    if contract.state == Contract.State.SIGNED:
        found.append(Obligation("filing", contract.filing_due_on))
    if contract.state in LIVE_STATES:
        found += [
            Obligation("document", None, " ".join([line["document"]["label"], (line["buyer"] or {}).get("label", "")]))
            for line in checklist(contract.deal) if line["received_at"] is None
        ]  # fmt: skip
    return found


sources.append(_of_deal)


def obligations_of(contract: Contract) -> list[Obligation]:
    """All that is open, the earliest due first; what has no day comes last."""
    found = [one for source in sources for one in source(contract)]
    return sorted(found, key=lambda one: (one.due_on is None, one.due_on or dt.date.max))


def by_contract(ids: Sequence[int]) -> Mapping[int, Any]:
    """Contract id -> [{kind, what, due_on, days_over}]; read for single records, so a page is one."""
    if len(ids) != 1:
        return {}
    rows = Contract.objects.filter(pk__in=ids).select_related("project", "deal", "unit__building")
    found = {}
    for contract in rows:
        today = contract.project.today()
        found[contract.pk] = [
            {
                "kind": one.kind, "what": one.what.strip(), "due_on": one.due_on and one.due_on.isoformat(),
                "days_over": max((today - one.due_on).days, 0) if one.due_on else 0,
            }
            for one in obligations_of(contract)
        ]  # fmt: skip
    return found


def obligations_text(found: Sequence[Mapping[str, Any]]) -> str:
    """Each with its day, and how late it is."""
    told = []
    for one in found:
        name = " ".join(part for part in (key_word("obligation", one["kind"]), one["what"]) if part)
        days = _("%(days)s days late") % {"days": one["days_over"]} if one["days_over"] else ""
        day = "，".join(part for part in (one["due_on"] or "", days) if part)
        told.append(f"{name}（{day}）" if day else name)
    return "；".join(told)
