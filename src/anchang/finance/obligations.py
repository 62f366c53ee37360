"""Money that is still open under a contract, for its list of obligations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Contract
from anchang.deals.obligations import Obligation, sources
from anchang.finance.models import Receivable, Refund
from anchang.platform.wording import key_word, say_keys

say_keys(obligation={"payment": pgettext_lazy("obligation", "Payment"), "refund": _("Refund")})


def of_money(contract: Contract) -> list[Obligation]:
    """Lines that the buyer hasn't paid, and refunds that he hasn't got."""
    mine = {"project_id": contract.project_id, "deal": contract.deal_id}
    lines = Receivable.objects.filter(**mine, contract=contract, voided=False, balance__gt=0).order_by("due_on", "seq")
    found = [Obligation("payment", line.due_on, key_word("item", line.item)) for line in lines]
    refunds = Refund.objects.filter(**mine, state__in=(Refund.State.REQUESTED, Refund.State.APPROVED))
    return found + [Obligation("refund", refund.due_on) for refund in refunds]


sources.append(of_money)
