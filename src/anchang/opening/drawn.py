"""The list of a lottery as the public and the notary get it: entrants before the draw, their order after it."""

from __future__ import annotations

import csv
import io

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from anchang.deals.models import Lottery
from anchang.deals.rules import lottery as drawing
from anchang.opening import queries
from anchang.platform import reading, resources
from anchang.platform.documents.serving import served
from anchang.platform.ui.gate import access_of

COLUMNS = ("place", "number", "name", "document")


def _lottery(request: HttpRequest, lottery_id: int) -> Lottery:
    found: Lottery = reading.get_record(resources.get("lotteries"), access_of(request), lottery_id, "lotteries.view")
    return found


def recomputes(lottery: Lottery) -> bool | None:
    """Whether the stored order follows from seed, public value and entrants; None where the bureau drew, or not yet."""
    if lottery.source != Lottery.Source.OWN or lottery.state != Lottery.State.DRAWN:
        return None
    same = drawing.draw(lottery.seed, lottery.public_value, lottery.entrants) == list(lottery.result)
    return same and drawing.commitment(lottery.seed) == lottery.commitment


@require_safe
def lottery_page(request: HttpRequest, lottery_id: int) -> HttpResponse:
    """What was announced, what was drawn, and the list with masked names. Raises not_found out of reach."""
    lottery = _lottery(request, lottery_id)
    context = {"one": lottery, "rows": queries.lottery_rows(lottery), "recomputes": recomputes(lottery)}
    return render(request, "opening/lottery.html", context)


@require_safe
def lottery_file(request: HttpRequest, lottery_id: int) -> HttpResponse:
    """The same as CSV: lines of `# name: value` first, then the list."""
    lottery = _lottery(request, lottery_id)
    text = io.StringIO()
    facts = {
        "scheme": lottery.scheme.name, "source": lottery.source, "announced_at": lottery.committed_at.isoformat(),
        "entrants": len(lottery.entrants), "entrants_hash": lottery.entrants_digest, "seed_hash": lottery.commitment,
        "public_source": lottery.public_source, "seed": lottery.seed, "public_value": lottery.public_value,
        "drawn_at": lottery.drawn_at.isoformat() if lottery.drawn_at else "",
    }  # fmt: skip
    for name, value in facts.items():
        text.write(f"# {name}: {value}\n")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(queries.lottery_rows(lottery))
    return served(text.getvalue(), f"lottery-{lottery.scheme.code}.csv", "text/csv; charset=utf-8")
