"""Steps after signing that are still open, for a contract's list of obligations."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from anchang.affairs import rules
from anchang.affairs.errors import STEPS
from anchang.affairs.models import CopyLoan, Dispute, Mortgage, Negotiation, TitleRegistration
from anchang.deals.models import Contract
from anchang.deals.obligations import Obligation, sources
from anchang.platform.wording import say_keys

say_keys(obligation={
    "mortgage": _("Mortgage"), "handover": _("Handover"), "title": _("Title registration"), "copy": _("Lent copy"),
    "dispute": _("Dispute"),
})  # fmt: skip


def after_signing(contract: Contract) -> list[Obligation]:
    """The next step of each loan and of the title, the handover, copies that are out, disputes that aren't closed."""
    mine = {"project_id": contract.project_id, "contract": contract}
    found = []
    for kind, model in (("mortgage", Mortgage), ("title", TitleRegistration)):
        for row in model._default_manager.filter(**mine).order_by("pk"):
            step = rules.next_step(kind, row.state)
            if step is not None:
                found.append(Obligation(kind, row.due_on, str(STEPS[f"{kind}.{step}"])))
    if contract.state in ("signed", "filed", "change_pending"):
        found.append(Obligation("handover", handover_due(contract)))
    loans = CopyLoan.objects.filter(
        project_id=contract.project_id, copy__contract=contract, returned_on__isnull=True
    ).select_related("copy")
    found += [Obligation("copy", loan.due_on, str(loan.copy)) for loan in loans]
    disputes = Dispute.objects.filter(**mine).exclude(state=Dispute.State.CLOSED)
    return found + [Obligation("dispute", None, dispute.subject) for dispute in disputes]


def handover_due(contract: Contract) -> dt.date | None:
    """As agreed in the closing talks, else the building's day."""
    talks = Negotiation.objects.filter(
        project_id=contract.project_id, subscription=contract.subscription_id or 0, handover_on__isnull=False
    ).first()
    return talks.handover_on if talks else contract.unit.building.handover_due_on


sources.append(after_signing)
