"""Makes the demo office from beginning to today, in the transaction of the caller."""

from __future__ import annotations

from django.utils import timezone

from anchang.config.demo import market, people, stock


def make_office(code: str) -> people.Office:
    office = people.make_people(code, timezone.now())
    places = market.make_market(office)
    homes = stock.make_stock(office)
    market.set_rules(office)
    market.open_doors(office)
    return office
