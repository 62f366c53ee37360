"""Lists as kanban and calendar: from the declaration alone, inside the reader's reach, in a few statements."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.crm.models import Lead
from anchang.platform import commands
from anchang.platform.access import bump_stamp
from anchang.platform.models import FieldRule, Role
from anchang.platform.ui import shapes
from tests.factories import PASSWORD, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    made = make_office()
    assert client.login(username="manager", password=PASSWORD)
    return made


def leads(office, count: int) -> list[Lead]:
    with office.as_("manager") as access:
        rows = [{"project": "YQ", "name": f"客户{n}", "phone": f"1380000{n:04d}", "channel": "advert"} for n in range(count)]
        commands.execute(commands.get("add_leads"), access, rows=rows)
        return list(Lead.objects.order_by("pk"))


def columns(text: str) -> dict[str, str]:
    """Value of the column -> its markup."""
    parts = re.split(r'<section class="kanban-column(?: is-free)?" data-state="(\w+)">', text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_kanban_has_a_column_per_state_and_a_command_where_one_leads_there(client, office):
    made = leads(office, 3)
    with office.as_("manager") as access:
        run("assign_lead", access, made[0], user=office.users["consultant1"].pk)
    shown = columns(client.get("/r/leads/?as=kanban").content.decode())
    assert f'data-id="{made[0].pk}"' in shown["assigned"]
    assert f'data-id="{made[0].pk}"' not in shown["qualified"]
    assert 'data-move="qualify"' in shown["qualified"] and 'data-put="yes"' in shown["qualified"]
    assert 'data-move=""' in shown["visited"] and 'data-put="no"' in shown["visited"]
    assert client.get(f"/r/leads/{made[0].pk}/do/qualify", headers={"HX-Request": "true"}).status_code == 200


def test_kanban_of_many_is_as_few_statements_as_of_few(client, office):
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/r/leads/?as=kanban").status_code == 200
        return len(seen)

    leads(office, 2)
    statements()
    few = statements()
    leads(office, 60)
    assert statements() <= few
    text = client.get("/r/leads/?as=kanban").content.decode()
    assert max(part.count("kanban-card") for part in columns(text).values()) <= 2 * shapes.CARDS


def test_shapes_obey_reach_and_field_rules(client, office):
    made = leads(office, 2)
    with office.as_("manager") as access:
        run("assign_lead", access, made[0], user=office.users["consultant1"].pk)
        run("assign_lead", access, made[1], user=office.users["consultant5"].pk)
    client.login(username="consultant1", password=PASSWORD)
    text = client.get("/r/leads/?as=kanban").content.decode()
    assert made[0].name in text and made[1].name not in text
    assert 'data-move="assign"' not in text, "he may not assign"
    FieldRule.objects.create(role=Role.objects.get(code="consultant"), resource="leads", field="state", mode="hide")
    bump_stamp()
    assert 'class="kanban"' not in client.get("/r/leads/?as=kanban").content.decode()


def test_calendar_shows_a_record_on_its_day_and_leads_to_all_of_it(client, office):
    start = timezone.localtime().replace(hour=10, minute=30, second=0, microsecond=0) + dt.timedelta(days=1)
    with office.as_("manager") as access:
        for n in range(6):
            customer = commands.execute(commands.get("add_customers"), access, data={
                "project": "YQ", "name": f"周{n}", "phone": f"1390000{n:04d}", "channel": "advert",
            })  # fmt: skip
            commands.execute(commands.get("add_appointments"), access, data={
                "project": "YQ", "customer": customer.pk, "starts_at": (start + dt.timedelta(minutes=n)).isoformat(),
                "consultant": office.users["consultant1"].pk,
            })  # fmt: skip
    text = client.get(f"/r/appointments/?as=calendar&on={start:%Y-%m}").content.decode()
    assert "<b>10:30</b> 周0" in text and text.count("calendar-item") == shapes.DAY_ITEMS
    (rest,) = re.findall(r'<a class="calendar-more" href="([^"]+)"', text)
    table = client.get(rest.replace("&amp;", "&")).content.decode()
    assert all(f"周{n}" in table for n in range(6)) and "calendar-day" not in table
    other = start + dt.timedelta(days=92)
    assert "周0" not in client.get(f"/r/appointments/?as=calendar&on={other:%Y-%m}").content.decode()
    for nonsense in ("2026-13", "x", "0001-01"):
        assert client.get(f"/r/appointments/?as=calendar&on={nonsense}").status_code == 200


def test_a_list_without_shapes_stays_a_table(client, office):
    text = client.get("/r/teams/?as=kanban").content.decode()
    assert "kanban-column" not in text and "A 组" in text and 'class="shapes' not in text
