"""Messages to buyers about signing, dues and demands: once per occasion, in the words of the office."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from anchang.crm.models import CustomerPhone
from anchang.finance.models import Receivable
from anchang.kernel.phone import mask
from anchang.platform import jobs, personal
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import Event, OutgoingMessage, Parameter, Task
from anchang.platform.outbox.queueing import SEND, content
from anchang.platform.scope import set_scope
from anchang.processes import reminders
from tests.factories import run
from tests.platform.outbox.gateway import Gateway

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
PHONE = "13812292302"


@pytest.fixture
def gateway(settings):
    settings.ANCHANG_OUTGOING_HOSTS = ["127.0.0.1"]
    found = Gateway()
    yield found
    found.stop()


def on(desk, day, work):
    now = dt.datetime.combine(day, dt.time(9), dt.timezone(dt.timedelta(hours=8)))
    ctx = Context(desk.office.access("system"), desk.office.project, now)
    done = work(ctx)
    ctx.flush()
    return done


def texts(kind: str) -> list[str]:
    return [content(m)["text"] for m in OutgoingMessage.objects.filter(kind=kind).order_by("pk")]


def test_the_buyer_is_reminded_of_signing_and_so_is_the_consultant(desk, gateway):
    """D09: N days before and on the day, both sides."""
    Parameter.objects.create(key="platform.quiet_hours", value=["00:00", "00:00"], valid_from=dt.date(2020, 1, 1))
    bump_stamp()
    sub = desk.subscribe()
    CustomerPhone.objects.create(
        project=desk.office.project, customer=sub.customer, cipher=personal.encrypt(PHONE), masked=mask(PHONE),
        digest=personal.digest(PHONE), tail=PHONE[-4:], main=True,
    )  # fmt: skip
    run("add_message_channels", desk.office.access("director"), name="短信", kind="sms_http", url=gateway.url,
        body='{"to": "{phone}", "text": "{text}"}')  # fmt: skip
    for day in (sub.sign_by - 3 * DAY, sub.sign_by - 3 * DAY, sub.sign_by):
        on(desk, day, reminders.remind_of_signing)
    assert Task.objects.filter(code="signing_due").count() == 2
    said = texts("signing_due")
    assert len(said) == 2 and sub.unit.label in said[0] and sub.sign_by.isoformat() in said[0]
    OutgoingMessage.objects.update(next_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    jobs.run_now(SEND, desk.office.access("system"), desk.office.project)
    access = desk.office.access("system")
    set_scope(access.project_ids, access.actor)
    assert [json.loads(one["body"])["to"] for one in gateway.seen] == [PHONE, PHONE]
    assert Event.objects.filter(name="message.sent", customer_id=sub.customer_id).count() == 2


def test_dues_are_told_to_the_buyer(desk):
    contract = desk.sign(payment_plan="instalment", deposit="0")
    line = Receivable.objects.filter(contract=contract).order_by("due_on").last()
    on(desk, line.due_on, reminders.remind_of_payment)
    on(desk, line.due_on, reminders.remind_of_payment)
    mine = OutgoingMessage.objects.filter(kind="payment_due", resource="receivables", record_id=line.pk)
    assert mine.count() == 1 and mine.get().owner == desk.office.users["consultant1"]
    assert str(line.balance) in content(mine.get())["text"]


def test_a_demand_goes_along_with_its_letter(desk):
    sub = desk.subscribe()
    on(desk, sub.sign_by + DAY, reminders.remind_of_signing)
    demand = run("demand_signing", desk.office.access("clerk"), sub, reason="逾期未签约")
    assert demand.deadline.isoformat() in texts("signing_demanded")[0]
