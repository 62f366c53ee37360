"""The demand letter (催告函) of a forfeiture as PDF. A Chinese legal text, worded in Chinese."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.utils.translation import override

from anchang.deals import documents, papers
from anchang.deals.models import Buyer, DealChange
from anchang.kernel.money import chinese_capitals
from anchang.platform import parameters
from anchang.platform.documents.typst import qr_svg, render


@dataclass(frozen=True, kw_only=True)
class DemandLetter:
    number: str
    seller: documents.Seller
    unit: documents.UnitFacts
    buyers: list[str]
    subscription_number: str
    subscribed_on: dt.date
    sign_by: dt.date
    deadline: dt.date
    demanded_on: dt.date
    total: Decimal
    deposit_cap_percent: str
    reason: str
    print: documents.Print


def demand_pdf(letter: DemandLetter) -> bytes:
    """Render the letter. Raises DomainError as `render` does."""
    more = {"qr": qr_svg(letter.number), "total_capital": chinese_capitals(letter.total)}
    return render(documents.FORMS / "demand.typ", asdict(letter) | asdict(letter.print) | more)


def demand_paper(demand: DealChange, *, by: str = "", now: dt.datetime | None = None) -> bytes:
    """Call after `print_demand` counted the copy."""
    subscription, project = demand.subscription, demand.project
    assert subscription is not None and demand.deadline is not None
    ratio = Decimal(str(parameters.value("deals.deposit_ratio", project, subscription.subscribed_on)))
    names = Buyer.objects.filter(project=project, deal=demand.deal).order_by("seq").values_list("name", flat=True)
    with override(papers.FORM_LANGUAGE):
        return demand_pdf(
            DemandLetter(
                number=demand.number,
                seller=papers.seller(project, demand.unit),
                unit=papers.unit_facts(demand.unit),
                buyers=list(names),
                subscription_number=subscription.number,
                subscribed_on=subscription.subscribed_on,
                sign_by=subscription.sign_by,
                deadline=demand.deadline,
                demanded_on=demand.requested_on,
                total=subscription.total,
                deposit_cap_percent=f"{(ratio * 100).normalize():f}",
                reason=demand.reason,
                print=documents.Print(printed_at=project.local(now), print_count=demand.prints, printed_by=by),
            )
        )
