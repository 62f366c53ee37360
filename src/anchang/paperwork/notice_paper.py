"""A notice as the paper that a buyer signs. A Chinese text, worded in Chinese."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from django.utils.translation import override

from anchang.deals import documents, papers
from anchang.deals.models import Buyer, Subscription
from anchang.paperwork.models import RiskNotice
from anchang.paperwork.sheets import FORMS
from anchang.platform.documents.typst import qr_svg, render


@dataclass(frozen=True, kw_only=True)
class NoticeSheet:
    number: str
    title: str
    edition: int
    text_sha256: str
    paragraphs: list[str]
    seller: documents.Seller
    unit: documents.UnitFacts
    buyers: list[str]
    print: documents.Print


def notice_pdf(
    notice: RiskNotice, subscription: Subscription, *, by: str = "", now: dt.datetime | None = None
) -> bytes:
    """Raises DomainError as `render` does."""
    project = subscription.project
    names = Buyer.objects.filter(project=project, deal=subscription.deal_id).order_by("seq")
    with override(papers.FORM_LANGUAGE):
        sheet = NoticeSheet(
            number=f"{subscription.number}-{notice.code}", title=notice.title, edition=notice.edition,
            text_sha256=notice.text_sha256, paragraphs=[line for line in notice.text.splitlines() if line.strip()],
            seller=papers.seller(project, subscription.unit), unit=papers.unit_facts(subscription.unit),
            buyers=list(names.values_list("name", flat=True)),
            print=documents.Print(printed_at=project.local(now), print_count=1, printed_by=by),
        )  # fmt: skip
        return render(FORMS / "notice.typ", asdict(sheet) | asdict(sheet.print) | {"qr": qr_svg(sheet.number)})
