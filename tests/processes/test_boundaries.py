"""Moments that decide: the second at which a hold ends, midnight and month end in the project's own time zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from anchang.deals.models import Contract, Deal, Hold, Subscription
from anchang.finance.models import DayClose, Receipt
from anchang.inventory.models import Licence
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import Project, Task
from anchang.platform.ui.navigation import _places
from anchang.processes import reminders
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db
SHANGHAI, URUMQI = ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Urumqi")
TICK = dt.timedelta(microseconds=1)


@pytest.fixture
def clock(monkeypatch):
    """The wall clock of the house, moved by hand."""

    def move(moment: dt.datetime) -> dt.datetime:
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment.astimezone(dt.UTC))
        return moment

    return move


@pytest.fixture
def urumqi(desk):
    """The same office two hours further west."""
    Project.objects.filter(pk=desk.office.project.pk).update(time_zone="Asia/Urumqi")
    desk.office.project.refresh_from_db()
    bump_stamp()
    yield desk
    desk.office.project.time_zone = "Asia/Shanghai"


def hold(desk, owner="consultant1", **more):
    return run("hold_unit", desk.office.access(owner), desk.unit(), customer=desk.customer(owner).pk, **more)


def refused(code, work):
    with pytest.raises(DomainError) as caught:
        work()
    assert caught.value.code == code, (caught.value.code, caught.value.fields)


def in_job(desk, work):
    ctx = Context(desk.office.access("system"), desk.office.project)
    done = work(ctx)
    ctx.flush()
    return done


# --- the hold -------------------------------------------------------------------------------------


def test_a_hold_keeps_the_unit_until_its_second_and_not_beyond(desk, clock):
    start = clock(dt.datetime(2026, 3, 1, 10, 0, 0, tzinfo=SHANGHAI))
    held = hold(desk, minutes=30)
    end = start + dt.timedelta(minutes=30)
    assert held.expires_at == end == desk.unit().state_until
    clock(end - TICK)
    assert in_job(desk, reminders.end_what_time_has_ended) == 0
    refused("unit_taken", lambda: hold(desk, "consultant5"))
    clock(end)
    refused("hold_not_active", lambda: run("extend_hold", desk.office.access("manager"), held))
    other = hold(desk, "consultant5")
    held.refresh_from_db()
    assert (held.state, held.ended_at, other.state) == ("expired", end, "active")


def test_the_job_frees_the_unit_at_the_second(desk, clock):
    start = clock(dt.datetime(2026, 3, 1, 23, 45, 0, tzinfo=SHANGHAI))
    held = hold(desk, minutes=30)  # over midnight
    clock(start + dt.timedelta(minutes=30))
    assert in_job(desk, reminders.end_what_time_has_ended) == 1
    held.refresh_from_db()
    deal = Deal.objects.get()
    assert held.state == "expired" and desk.unit().state == "available"
    # Held on the first, given back on the second of March.
    assert (held.business_date, deal.opened_on, deal.ended_on) == (
        dt.date(2026, 3, 1), dt.date(2026, 3, 1), dt.date(2026, 3, 2),
    )  # fmt: skip


def test_the_holder_subscribes_until_the_second(desk, clock):
    start = clock(dt.datetime(2026, 3, 1, 10, tzinfo=SHANGHAI))
    held = hold(desk, minutes=30)
    clock(start + dt.timedelta(minutes=30) - TICK)
    assert desk.subscribe().deal_id == held.deal_id


def test_after_the_second_the_holder_starts_anew(desk, clock):
    start = clock(dt.datetime(2026, 3, 1, 10, tzinfo=SHANGHAI))
    held = hold(desk, minutes=30)
    clock(start + dt.timedelta(minutes=30))
    subscription = desk.subscribe()
    assert subscription.deal_id != held.deal_id and Hold.objects.get().state == "expired"


# --- the business date ----------------------------------------------------------------------------

#: The last instant of a month and the first of the next, by the project's wall clock.
EDGES = [
    ("Asia/Shanghai", dt.datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=SHANGHAI), dt.date(2026, 1, 31), "202601"),
    ("Asia/Shanghai", dt.datetime(2026, 2, 1, 0, 0, 0, tzinfo=SHANGHAI), dt.date(2026, 2, 1), "202602"),
    # By the server's zone it is February already.
    ("Asia/Urumqi", dt.datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=URUMQI), dt.date(2026, 1, 31), "202601"),
    ("Asia/Urumqi", dt.datetime(2026, 2, 1, 0, 0, 0, tzinfo=URUMQI), dt.date(2026, 2, 1), "202602"),
]


@pytest.mark.parametrize(("zone", "moment", "day", "month"), EDGES)
def test_papers_and_money_carry_the_projects_day(desk, clock, zone, moment, day, month):
    Project.objects.filter(pk=desk.office.project.pk).update(time_zone=zone)
    bump_stamp()
    clock(moment)
    subscription = desk.subscribe()
    assert (subscription.subscribed_on, subscription.sign_by) == (day, day + dt.timedelta(days=7))
    assert subscription.number.startswith(f"RG{month}")
    contract = run("sign_contract", desk.office.access("clerk"), subscription)
    receipt = desk.receive(contract, "100")
    assert contract.signed_on == receipt.received_on == receipt.business_date == day
    later = (day + dt.timedelta(days=1)).isoformat()
    refused("date_in_future", lambda: desk.receive(contract, "100", received_on=later))


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (dt.datetime(2026, 12, 31, 23, 59, 59, tzinfo=URUMQI), "SJ2026"),
        (dt.datetime(2027, 1, 1, 0, 0, 0, tzinfo=URUMQI), "SJ2027"),
    ],
)
def test_the_receipt_book_turns_with_the_projects_year(urumqi, clock, moment, number):
    clock(moment)
    assert urumqi.receive(urumqi.sign(), "100").number == f"{number}000001"


def test_a_licence_opens_and_closes_at_the_projects_midnight(urumqi, clock):
    """At 23:00 in Urumqi the server's calendar is a day ahead: the gates ask the project's."""
    Licence.objects.update(issued_on="2026-02-01", valid_to="2026-02-28")
    clock(dt.datetime(2026, 1, 31, 23, 0, tzinfo=URUMQI))
    refused("licence_not_yet_valid", lambda: hold(urumqi))
    clock(dt.datetime(2026, 2, 28, 23, 0, tzinfo=URUMQI))
    held = hold(urumqi)
    assert held.state == "active"
    receipt = run("receive_on_hold", urumqi.office.access("finance"), held, amount="10", way="cash")
    assert receipt.business_date == dt.date(2026, 2, 28)
    clock(dt.datetime(2026, 3, 1, 0, 0, tzinfo=URUMQI))
    refused("licence_expired", lambda: run("receive_on_hold", urumqi.office.access("finance"), held, amount="10", way="cash"))


# --- the signing due date -------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [SHANGHAI, URUMQI])
def test_a_subscription_is_overdue_from_the_projects_midnight(desk, clock, zone):
    Project.objects.filter(pk=desk.office.project.pk).update(time_zone=zone.key)
    desk.office.project.refresh_from_db()
    bump_stamp()
    clock(dt.datetime(2026, 1, 24, 12, tzinfo=zone))
    subscription = desk.subscribe()
    assert subscription.sign_by == dt.date(2026, 1, 31)
    clock(dt.datetime(2026, 1, 31, 23, 59, 59, tzinfo=zone))
    in_job(desk, reminders.remind_of_signing)
    subscription.refresh_from_db()
    assert subscription.state == "active"
    clock(dt.datetime(2026, 2, 1, 0, 0, 0, tzinfo=zone))
    in_job(desk, reminders.remind_of_signing)
    subscription.refresh_from_db()
    desk.office.project.time_zone = "Asia/Shanghai"
    assert subscription.state == "overdue"


# --- receipts and the close of the day ------------------------------------------------------------


def test_midnight_parts_the_cashiers_days(desk, clock):
    """Money of 23:59:59 is counted with its day, money of 00:00:00 with the next; a closed day takes no more."""
    finance = desk.office.access("finance")
    clock(dt.datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=SHANGHAI))
    contract = desk.sign()
    late = desk.receive(contract, "5", "cash")
    clock(dt.datetime(2026, 2, 1, 0, 0, 0, tzinfo=SHANGHAI))
    early = desk.receive(contract, "7", "cash")
    close = run("close_day", finance, day="2026-01-31", cash="5")
    assert (close.day, close.receipts, close.booked["cash"]) == (dt.date(2026, 1, 31), 1, "5.00")
    late.refresh_from_db()
    early.refresh_from_db()
    assert (late.state, early.state) == ("day_closed", "posted")
    refused("day_closed", lambda: desk.receive(contract, "1", "cash", received_on="2026-01-31"))
    assert desk.receive(contract, "1", "cash").business_date == dt.date(2026, 2, 1)
    refused("date_in_future", lambda: run("close_day", finance, day="2026-02-02", cash="0"))


def test_a_day_that_nobody_counted_is_asked_for_until_it_is_closed(desk, clock, client):
    clock(dt.datetime(2026, 1, 31, 18, tzinfo=SHANGHAI))
    desk.receive(desk.sign(), "5", "cash")
    assert in_job(desk, reminders.remind_of_closing) == 0  # the day still runs
    clock(dt.datetime(2026, 2, 1, 8, tzinfo=SHANGHAI))
    assert [in_job(desk, reminders.remind_of_closing) for _twice in range(2)] == [1, 1]
    task = Task.objects.get(code="day_unclosed")
    assert task.assignee_id == desk.office.users["finance"].pk and task.params["day"] == "2026-01-31"
    assert client.login(username="finance", password=PASSWORD)
    assert "/cashier/close/?day=2026-01-31" in client.get("/cashier/").content.decode()
    run("close_day", desk.office.access("finance"), day="2026-01-31", cash="5")
    task.refresh_from_db()
    assert task.state == "done" and DayClose.objects.get().receipts == 1
    assert in_job(desk, reminders.remind_of_closing) == 0
    assert "/cashier/close/?day=" not in client.get("/cashier/").content.decode()


def test_a_receipt_of_a_closed_day_is_reversed_in_the_next(desk, clock):
    finance = desk.office.access("finance")
    clock(dt.datetime(2026, 1, 31, 18, tzinfo=SHANGHAI))
    receipt = desk.receive(desk.sign(), "5", "cash")
    run("close_day", finance, cash="5")
    refused("day_closed", lambda: run("reverse_receipt", finance, receipt, reason="错"))
    clock(dt.datetime(2026, 2, 1, 0, 0, tzinfo=SHANGHAI))
    run("reverse_receipt", finance, receipt, reason="错")
    mirror = Receipt.objects.get(reverses=receipt)
    assert mirror.business_date == dt.date(2026, 2, 1) and DayClose.objects.get().booked["cash"] == "5.00"


def test_states_of_receivables_and_days_on_sale_follow_the_projects_day(urumqi):
    """Read by the database's clock, in the project's zone: what is due today is due and not overdue."""
    contract = urumqi.sign(payment_plan="instalment", deposit="0")
    today = urumqi.office.project.today()
    assert contract.signed_on == today
    access = urumqi.office.access("finance")
    rows = reading.list_rows(resources.get("receivables"), access, reading.Query(columns=("due_on", "state"))).items
    # Lines count from the agreed signing day: shifted to today, the first is due.
    assert {r["state"] for r in rows if r["due_on"] == today.isoformat()} == {"due"}
    units = reading.list_rows(resources.get("units"), access, reading.Query(columns=("days_on_sale", "state"))).items
    assert {u["days_on_sale"] for u in units if u["state"] == "available"} <= {0, 1}


def test_overdue_signing_and_filing_are_listed_from_the_menu(desk, client):
    """D09, K09: the menu leads to lists of what is late, longest first; what is due today is not there."""
    today = desk.office.project.today()
    late, due, contract = desk.subscribe(), desk.subscribe(1), desk.sign(2)
    Subscription.objects.filter(pk=late.pk).update(sign_by=today - dt.timedelta(days=2))
    Subscription.objects.filter(pk=due.pk).update(sign_by=today)
    Contract.objects.filter(pk=contract.pk).update(filing_due_on=today - dt.timedelta(days=5))
    assert client.login(username="manager", password=PASSWORD)
    links = {place.key: place.url for place in _places.values() if place.key.endswith("-overdue")}
    signing, filing = (client.get(links[key]).content.decode() for key in ("signing-overdue", "filing-overdue"))
    assert late.number in signing and due.number not in signing and contract.number in filing
    one = client.get(f"/api/v1/contracts/{contract.pk}").json()
    assert (one["filing_overdue"], client.get(f"/api/v1/subscriptions/{due.pk}").json()["signing_overdue"]) == (5, None)
    run("file_contract", desk.office.access("clerk"), contract, filing_number="B1")
    assert contract.number not in client.get(links["filing-overdue"]).content.decode()
