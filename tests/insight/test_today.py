"""Today: what waits for each kind of work, done where it stands."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.crm.models import Channel, Customer, Lead
from anchang.platform.models import Task
from tests.factories import PASSWORD, Office, make_office, make_project, run

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
MOST = 15
#: Sign-in, scope, stamp, session and the shell's own reads: the same on every page.
SHELL = 12


@pytest.fixture
def office() -> Office:
    made = make_office()
    with made.as_("system"):
        Channel.objects.create(project=made.project, code="walk", name="自然到访", kind="other")
    return made


def enter(client, who: str) -> None:
    assert client.login(username=who, password=PASSWORD)


def page(client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def come(office, who, phone, name, **data):
    with office.as_(who) as access:
        return run("register_visits", access, phone=phone, name=name, **data)


def lead_of(office, who, name, phone):
    with office.as_(who) as access:
        run("check_in", access, project="YQ")
        return run("add_leads", access, name=name, phone=phone, channel="walk")


def test_a_consultant_sees_the_own_day_and_nobody_elses(client, office):
    lead_of(office, "consultant1", "新线索甲", "13700000001")
    mine = come(office, "consultant1", "13812292302", "孙静伟")
    come(office, "consultant5", "13900000005", "别人的客户")
    yesterday = timezone.now() - dt.timedelta(days=1)
    with office.as_("system"):
        Customer.objects.update(next_follow_at=yesterday)
    with office.as_("consultant1") as access:
        soon = (timezone.now() + dt.timedelta(minutes=1)).isoformat()
        run("add_appointments", access, customer=mine.customer_id, starts_at=soon, purpose="看样板间")
    enter(client, "consultant1")
    shown = page(client)
    assert "新线索甲" in shown and "孙静伟" in shown and "别人的客户" not in shown
    assert f"/customers/{mine.customer_id}/follow-up?place=row" in shown
    assert 'id="day-leads"' in shown and 'id="day-follow-ups"' in shown and 'id="day-visits"' in shown
    assert "13812292302" not in shown and "floor-strip" not in shown


def test_a_finished_follow_up_leaves_the_list(client, office):
    visit = come(office, "consultant1", "13812292302", "孙静伟")
    with office.as_("system"):
        Customer.objects.update(next_follow_at=timezone.now() - dt.timedelta(days=1))
    enter(client, "consultant1")
    url = f"/customers/{visit.customer_id}/follow-up"
    assert url in page(client)
    later = (timezone.now() + dt.timedelta(days=3)).isoformat()
    sent = {"place": "row", "method": "phone", "content": "再约", "next_at": later}
    assert client.post(url, sent, headers=HTMX).status_code == 200
    body = client.get("/", headers=HTMX).content.decode()
    assert 'id="day-follow-ups"' in body
    assert url not in body.split('id="day-visits"')[0]


def test_an_empty_day_says_so(client, office):
    enter(client, "consultant1")
    assert "day-none" in page(client) or "empty-state" in page(client)


def test_a_to_do_is_done_by_a_tap(client, office):
    user = office.users["consultant1"]
    with office.as_("system"):
        task = Task.objects.create(project=office.project, assignee=user, code="x.y", resource="leads", record_id=1)
    enter(client, "consultant1")
    assert f"/messages/tasks/{task.pk}/done" in page(client)
    client.post(f"/messages/tasks/{task.pk}/done", headers=HTMX)
    assert f"/messages/tasks/{task.pk}/done" not in page(client)


def test_a_manager_sees_figures_the_floor_and_who_is_late(client, office):
    lead = lead_of(office, "consultant1", "新线索甲", "13700000001")
    come(office, "consultant1", "13812292302", "孙静伟")
    with office.as_("system"):
        Customer.objects.update(next_follow_at=timezone.now() - dt.timedelta(days=1))
        Lead.objects.filter(pk=lead.pk).update(first_contact_due_at=timezone.now() - dt.timedelta(hours=1))
    enter(client, "manager")
    shown = page(client)
    assert "floor-strip" in shown and 'id="day-overdue"' in shown and "陈强" in shown
    assert "kpis" in shown and 'id="day-leads"' not in shown


@pytest.mark.parametrize("who", ["admin", "group", "director", "manager", "finance", "clerk", "service", "consultant1"])
def test_every_role_has_a_day_within_the_budget(client, office, who):
    for n in range(5):
        come(office, "consultant1", f"1390000000{n}", f"客户{n}")
        lead_of(office, "consultant1", f"线索{n}", f"1370000000{n}")
    with office.as_("system"):
        Customer.objects.update(next_follow_at=timezone.now() - dt.timedelta(days=1))
    enter(client, who)
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 200
    reads = [q for q in queries.captured_queries if (q["sql"] or "").startswith(("SELECT", "WITH", "\n"))]
    assert len(reads) <= MOST + SHELL, "\n".join(q["sql"][:150] for q in reads)


def test_the_group_reads_its_projects_side_by_side(client, office):
    make_project("QT", "江畔雅苑")
    enter(client, "group")
    assert "江畔雅苑" in page(client) and "云栖花园" in page(client)
    client.post("/project/", {"project": "YQ", "next": "/"})
    assert page(client).count("江畔雅苑") <= 1


def test_what_lies_in_another_project_stays_there(client, office):
    other = make_office("QT", prefix="q-")
    come(other, "consultant1", "13600000001", "别处的人")
    enter(client, "manager")
    assert "别处的人" not in page(client)
