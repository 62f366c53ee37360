"""Makes the demo office from beginning to today, in the transaction of the caller."""

from __future__ import annotations

from random import Random

from django.utils import timezone

from anchang.config.demo import market, people, stock
from anchang.config.demo.books import keep_books
from anchang.config.demo.contacts import ContactWriter
from anchang.config.demo.crowd import CrowdWriter
from anchang.config.demo.dealings import Dealer
from anchang.config.demo.launch import hold_launch
from anchang.config.demo.lives import Storyteller
from anchang.config.demo.pay import pay_everybody
from anchang.config.demo.recent import Worker
from anchang.config.demo.sales import Writer
from anchang.config.demo.targets import set_targets
from anchang.config.demo.writing import Journal
from anchang.platform.access import current_stamp
from anchang.platform.stamp import remember_stamp

SEED = 20_260_101


def make_office(code: str) -> people.Office:
    office = people.make_people(code, timezone.now())
    # Nothing changes the configuration from here on: parameters need not look again.
    remember_stamp(current_stamp())
    try:
        places = market.make_market(office)
        homes = stock.make_stock(office)
        market.set_rules(office)
        market.open_doors(office)
        make_history(office, places, homes)
        pay_everybody(office)
        keep_books(office)
        set_targets(office)
    finally:
        remember_stamp(0)
    return office


def make_history(office: people.Office, places: market.Market, homes: stock.Stock) -> None:
    """People, contacts and deals of the year; then the last days by the commands."""
    random = Random(SEED)
    teller = Storyteller(office, places, sorted(set(homes.released_on.values())), random)
    lives = teller.tell()
    dealer = Dealer(office, homes, random, teller.names)
    dealer.choose(lives)
    journal = Journal(office)
    crowd = CrowdWriter(office, places, random, journal).write(lives)
    ContactWriter(office, homes, random, journal).write(crowd)
    writer = Writer(office, homes)
    writer.journal = journal
    dealer.settle(crowd, writer)
    hold_launch(office, homes, dealer, crowd)
    Worker(office, places, random, teller.names, crowd).work(dealer)
