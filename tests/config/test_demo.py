"""The demo office as it is loaded: its rows obey what the commands promise, and every list has something to say."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.contrib.auth.hashers import check_password

from anchang.config import demo
from anchang.config.demo.hours import still_to_come, worked_since
from anchang.config.demo.people import PASSWORD, STAFF
from anchang.config.postgres import with_database
from anchang.deals.rules import lottery
from anchang.opening import rules

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def ask(
    django_db_setup: None, django_db_blocker: Any, fresh_database: Callable[[], None], database_server: str,
    database_name: str,
) -> Iterator[Ask]:  # fmt: skip
    """The loaded office, asked by SQL past every policy."""
    with django_db_blocker.unblock():
        fresh_database()
        assert demo.load() is True
    with psycopg.connect(with_database(database_server, database_name), autocommit=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()
    with django_db_blocker.unblock():
        fresh_database()


BROKEN = {
    "plan lines sum to the contract": """
        SELECT c.id FROM deals_contract c JOIN deals_planline p ON p.contract_id = c.id
         GROUP BY c.id HAVING sum(p.amount) <> c.total""",
    "plan lines sum to the subscription": """
        SELECT s.id FROM deals_subscription s JOIN deals_planline p ON p.subscription_id = s.id
         GROUP BY s.id HAVING sum(p.amount) <> s.total""",
    "every paper has its plan": """
        SELECT id FROM deals_contract c WHERE NOT EXISTS (SELECT FROM deals_planline p WHERE p.contract_id = c.id)""",
    "house receivables sum to the contract in force": """
        SELECT c.id FROM deals_contract c LEFT JOIN finance_receivable r
            ON r.contract_id = c.id AND r.house AND NOT r.voided
         WHERE c.state <> 'terminated' GROUP BY c.id HAVING sum(r.amount) IS DISTINCT FROM c.total""",
    "a receivable's balance follows the ledger": """
        SELECT r.id FROM finance_receivable r LEFT JOIN finance_allocation a ON a.receivable_id = r.id
         GROUP BY r.id HAVING coalesce(sum(a.amount), 0) <> r.allocated OR r.allocated > r.amount""",
    "a receipt is never spread beyond its amount": """
        SELECT r.id FROM finance_receipt r LEFT JOIN finance_allocation a ON a.receipt_id = r.id
         GROUP BY r.id HAVING coalesce(sum(a.amount), 0) <> r.allocated OR r.allocated > greatest(r.amount, 0)""",
    "settled lines know their day": """
        SELECT id FROM finance_receivable WHERE house AND NOT voided AND (balance = 0) <> (settled_on IS NOT NULL)""",
    "one claim per active deal": """
        SELECT d.id FROM deals_deal d LEFT JOIN deals_unitclaim c ON c.deal_id = d.id
         WHERE (d.state <> 'ended') <> (c.deal_id IS NOT NULL)
            OR c.kind <> CASE d.state WHEN 'held' THEN 'hold' WHEN 'subscribed' THEN 'subscription' ELSE 'contract' END""",
    "a unit's state follows its deal": """
        SELECT u.id FROM inventory_unit u LEFT JOIN deals_unitclaim c ON c.unit_id = u.id
          LEFT JOIN deals_deal d ON d.id = c.deal_id
         WHERE coalesce(d.state, '') <> CASE WHEN u.state IN ('held', 'subscribed', 'signed', 'delivered') THEN u.state
                                             ELSE '' END""",
    "a unit's history ends in its state": """
        SELECT u.id FROM inventory_unit u WHERE u.state <> (SELECT h.to_state FROM inventory_unitstatechange h
            WHERE h.unit_id = u.id ORDER BY h.at DESC, h.id DESC LIMIT 1)""",
    "a customer's stage follows deals, visits and grade": """
        SELECT c.id FROM crm_customer c WHERE c.stage <> CASE
            WHEN EXISTS (SELECT FROM deals_deal d WHERE d.customer_id = c.id AND d.state = 'signed') THEN 'buyer'
            WHEN EXISTS (SELECT FROM deals_deal d WHERE d.customer_id = c.id AND d.state = 'subscribed') THEN 'subscriber'
            WHEN EXISTS (SELECT FROM deals_deal d WHERE d.customer_id = c.id AND d.state = 'held')
              OR c.visit_count >= 2 OR c.grade IN ('A', 'B') THEN 'prospect' ELSE 'visitor' END""",
    "visits are numbered and counted": """
        SELECT c.id FROM crm_customer c LEFT JOIN crm_visit v ON v.customer_id = c.id GROUP BY c.id
        HAVING count(v.id) <> c.visit_count OR coalesce(max(v.seq), 0) <> c.visit_count""",
    "a lead's trace ends in its state": """
        SELECT l.id FROM crm_lead l WHERE l.state <> (SELECT t.to_state FROM crm_leadtransfer t
            WHERE t.lead_id = l.id ORDER BY t.at DESC, t.id DESC LIMIT 1)""",
    "every customer has one main phone": """
        SELECT c.id FROM crm_customer c LEFT JOIN crm_customerphone p ON p.customer_id = c.id AND p.main AND p.active
         GROUP BY c.id HAVING count(p.id) <> 1""",
    "nothing is dated in the future": """
        SELECT id FROM crm_visit WHERE arrived_at > now() UNION ALL SELECT id FROM crm_followup WHERE at > now()
         UNION ALL SELECT id FROM crm_lead WHERE captured_at > now() UNION ALL
        SELECT id FROM platform_event WHERE at > now() UNION ALL
        SELECT id FROM finance_receipt WHERE business_date > (now() AT TIME ZONE 'Asia/Shanghai')::date""",
    "nothing is older than the history": """
        SELECT id FROM platform_event WHERE business_date < current_date - 402 UNION ALL
        SELECT id FROM crm_lead WHERE business_date < current_date - 367""",
    "business dates are days of the project": """
        SELECT id FROM crm_visit WHERE business_date <> (arrived_at AT TIME ZONE 'Asia/Shanghai')::date UNION ALL
        SELECT id FROM crm_followup WHERE business_date <> (at AT TIME ZONE 'Asia/Shanghai')::date UNION ALL
        SELECT id FROM platform_event WHERE business_date <> (at AT TIME ZONE 'Asia/Shanghai')::date UNION ALL
        SELECT id FROM crm_lead WHERE business_date <> (captured_at AT TIME ZONE 'Asia/Shanghai')::date""",
    "nobody is sold a unit before its release": """
        SELECT s.id FROM deals_subscription s JOIN inventory_unit u ON u.id = s.unit_id
         WHERE s.subscribed_on < u.ever_available_on""",
    "receipt numbers have no gaps": """
        SELECT book FROM finance_receipt GROUP BY project_id, book HAVING max(book_seq) <> count(*)""",
    "owned customers are within their grade's patience": """
        SELECT id FROM crm_customer WHERE owner_id IS NOT NULL AND state = 'active' AND stage IN ('visitor', 'prospect')
           AND idle_since < now() - CASE grade WHEN 'A' THEN interval '72 hours' WHEN 'B' THEN interval '168 hours'
                                               WHEN 'C' THEN interval '720 hours' ELSE interval '9 years' END""",
}  # fmt: skip
TABLES = {"leads": "crm_lead", "customers": "crm_customer", "subscriptions": "deals_subscription",
          "contracts": "deals_contract", "receipts": "finance_receipt"}  # fmt: skip
EVENTS = {
    "lead.created": "crm_lead", "customer.created": "crm_customer", "visit.registered": "crm_visit",
    "follow_up.added": "crm_followup", "subscription.active": "deals_subscription",
    "contract.signed": "deals_contract", "money.received": "finance_receipt", "unit.held": "deals_hold",
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_rows_obey(ask: Ask, rule: str) -> None:
    assert ask(BROKEN[rule])[:5] == []


@pytest.mark.parametrize("resource", TABLES)
def test_everything_is_found_by_search(ask: Ask, resource: str) -> None:
    missing = ask(
        f"SELECT id FROM {TABLES[resource]} r WHERE NOT EXISTS (SELECT FROM platform_searchtoken t"
        f" WHERE t.project_id = r.project_id AND t.resource = '{resource}' AND t.record_id = r.id)"
    )
    assert missing[:5] == []


@pytest.mark.parametrize("event", EVENTS)
def test_everything_has_its_event(ask: Ask, event: str) -> None:
    missing = ask(
        f"SELECT id FROM {EVENTS[event]} r WHERE (SELECT count(*) FROM platform_event e"
        f" WHERE e.record_id = r.id AND e.name = '{event}') <> 1"
    )
    assert missing[:5] == []


def test_funnel_is_believable(ask: Ask) -> None:
    ((leads, visited, subscribed, signed),) = ask("""
        SELECT count(*), count(*) FILTER (WHERE l.state = 'visited'),
               count(*) FILTER (WHERE EXISTS (SELECT FROM deals_subscription s WHERE s.customer_id = l.customer_id)),
               count(*) FILTER (WHERE EXISTS (SELECT FROM deals_contract c WHERE c.customer_id = l.customer_id))
          FROM crm_lead l""")
    assert leads > 2000
    assert 0.28 < visited / leads < 0.45
    assert 0.055 < subscribed / leads < 0.105
    assert 0.045 < signed / leads < subscribed / leads


def test_every_list_has_something_to_say(ask: Ask) -> None:
    states = {state for (state,) in ask("SELECT DISTINCT state FROM inventory_unit")}
    assert {"unreleased", "controlled", "available", "held", "subscribed", "signed"} <= states
    counts = {
        "visits today": "SELECT count(*) FROM crm_visit WHERE business_date = (now() AT TIME ZONE 'Asia/Shanghai')::date",
        "open to-dos": "SELECT count(*) FROM platform_task WHERE state = 'open'",
        "pool": "SELECT count(*) FROM crm_lead WHERE state = 'pool'",
        "waiting leads": "SELECT count(*) FROM crm_lead WHERE state = 'assigned'",
        "appointments": "SELECT count(*) FROM crm_appointment WHERE state = 'open'",
        "overdue": "SELECT count(*) FROM finance_receivable WHERE balance > 0 AND NOT voided AND due_on < current_date",
        "refunds": "SELECT count(*) FROM finance_refund",
        "terminated": "SELECT count(*) FROM deals_contract WHERE state = 'terminated'",
        "unsigned": "SELECT count(*) FROM deals_subscription WHERE state IN ('active', 'overdue')",
        "settled commission": "SELECT count(*) FROM commission_statement WHERE state = 'closed'",
        "commission to confirm": "SELECT count(*) FROM commission_line WHERE state = 'accrued'",
        "pictures": "SELECT count(*) FROM platform_storedfile WHERE resource = 'layouts'",
    }
    assert {name for name, sql in counts.items() if ask(sql)[0][0] < 3} == set()
    assert ask("SELECT count(*) FROM commission_line WHERE kind = 'clawback' AND state = 'payable'")[0][0] >= 1
    sellers = ask("SELECT consultant_id, count(*) FROM deals_deal WHERE state = 'signed' GROUP BY 1")
    assert len(sellers) == 8
    assert max(n for _u, n in sellers) >= 1.5 * min(n for _u, n in sellers)
    months = ask("SELECT date_trunc('month', signed_on), count(*) FROM deals_contract GROUP BY 1")
    assert len(months) >= 11
    weekend, week = ask("""SELECT count(*) FILTER (WHERE extract(isodow FROM business_date) > 5), count(*)
                             FROM crm_visit""")[0]
    assert 0.4 < weekend / week < 0.8


def test_a_launch_was_held_and_its_log_is_whole(ask: Ask) -> None:
    """Drawn as anybody recomputes it; every win in the log has its claim, deal and hold; nobody waits for his money."""
    ((seed, value, entrants, result),) = ask("SELECT seed, public_value, entrants, result FROM deals_lottery")
    assert result == lottery.draw(seed, value, entrants) and len(result) > 30
    ((opening, round_no, entries, last),) = ask(
        "SELECT id, round_no, log_entries, log_hash FROM opening_opening WHERE state = 'closed'"
    )
    log = ask("SELECT seq, at, buyer_id, unit_id, key, result, hash FROM opening_attempt ORDER BY seq")
    rows = [(rules.Entry(*row[:-1]), bytes(row[-1])) for row in log]
    assert rules.broken_at(rules.genesis(opening, round_no), rows) is None
    assert (entries, last) == (len(rows), rows[-1][1].hex()) and entries > 80
    won = {(e.seq, e.buyer, e.unit) for e, _hash in rows if e.result == "won"}
    claims = ask("SELECT c.seq, c.buyer_id, c.unit_id FROM opening_openingclaim c"
                 " JOIN deals_hold h ON h.id = c.hold_id AND h.deal_id = c.deal_id AND h.unit_id = c.unit_id")  # fmt: skip
    assert set(claims) == won and len(won) > 30
    states = dict(ask("SELECT state, count(*) FROM opening_openingclaim GROUP BY 1"))
    assert states["lapsed"] >= 1 and states["confirmed"] > 25
    assert ask("SELECT count(*) FROM deals_queueticket WHERE state NOT IN ('converted', 'withdrawn', 'refunded')") == [(0,)]
    assert ask("SELECT count(*) FROM inventory_pricescheme WHERE state = 'applied'")[0][0] >= 1
    sold = ask("SELECT count(*) FROM deals_subscription s JOIN opening_openingclaim c ON c.deal_id = s.deal_id")
    assert sold[0][0] >= 20


HOURS = [(0, 1), (3, 30), (6, 52), (9, 0), (12, 5), (17, 55), (21, 14), (23, 10), (23, 45)]


@pytest.mark.parametrize(("hour", "minute"), HOURS)
def test_at_every_hour_there_was_work_and_more_is_to_come(hour: int, minute: int) -> None:
    now = dt.datetime(2026, 5, 9, hour, minute, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    since = worked_since(now)
    assert since.date() == now.date() and since < now
    coming = still_to_come(now, 5)
    assert coming == sorted(coming)
    assert all(one > now and one.minute % 10 == 0 and one.second == 0 for one in coming)
    evening = now.hour == 23 and now.minute > 30
    assert {one.date() for one in coming} == {now.date() + dt.timedelta(days=1) if evening else now.date()}


def test_the_day_of_loading_is_alive(ask: Ask) -> None:
    """Some things are past, some are to come, and nobody has been waiting since the night."""
    coming = "SELECT count(*) FROM crm_appointment WHERE state = 'open' AND starts_at BETWEEN now() AND now() + {} * interval '1 h'"
    assert ask(coming.format(24))[0][0] >= 5
    assert ask("SELECT count(*) FROM crm_appointment WHERE state = 'open' AND starts_at < now()") == [(1,)]
    assert ask("SELECT count(*) FROM crm_visit WHERE left_at IS NULL AND arrived_at < now() - interval '2 hours'"
               " AND business_date = (now() AT TIME ZONE 'Asia/Shanghai')::date") == [(0,)]  # fmt: skip
    ((due,),) = ask("""SELECT count(*) FROM crm_customer WHERE state = 'active'
        AND next_follow_at BETWEEN now() AND now() + interval '1 day'""")
    assert due >= 5


def test_everybody_may_sign_in_with_the_known_password(ask: Ask) -> None:
    users = ask("SELECT username, password FROM platform_user")
    assert {name for name, _hash in users} == set(STAFF)
    assert len({hashed for _name, hashed in users}) == 1
    assert check_password(PASSWORD, users[0][1])
    assert ask("SELECT count(*) FROM platform_grant") == [(len(STAFF),)]


def test_a_second_start_finds_the_office_at_once(ask: Ask, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        started = time.monotonic()
        assert demo.load() is False
        assert time.monotonic() - started < 0.5
