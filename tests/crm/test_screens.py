"""The special screens of the customer work, as a browser asks for them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.crm.commands.standing import give
from anchang.crm.models import Appointment, CallIn, Channel, ClaimCounter, Customer, FollowUp, Lead, Tour, Visit
from anchang.crm.views.pool import quota_left
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import IdempotencyKey, Notice, RevealLog
from tests.factories import PASSWORD, Office, make_office, run

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(client) -> Office:
    made = make_office()
    enter(client, "consultant1")
    with made.as_("system"):
        Channel.objects.create(project=made.project, code="walk", name="自然到访", kind="other")
    return made


def enter(client, who: str) -> None:
    assert client.login(username=who, password=PASSWORD)


def come(office, who="consultant1", phone="13812292302", name="孙静伟", **data):
    with office.as_(who) as access:
        return run("register_visits", access, phone=phone, name=name, project="YQ", **data)


def text(answer) -> str:
    return answer.content.decode()


# --- reception -----------------------------------------------------------------------------------


def test_a_visit_needs_phone_and_name_only(client, office):
    page = client.get("/visit/new")
    assert page.status_code == 200 and 'name="need.purpose"' in text(page)
    answer = client.post("/visit/new", {"phone": "138 1229 2302", "name": "孙静伟", "idempotency_key": "k1"})
    with office.as_("system"):
        visit = Visit.objects.get()
    assert answer["Location"] == f"/visits/{visit.pk}/"
    again = client.post("/visit/new", {"phone": "138 1229 2302", "name": "孙静伟", "idempotency_key": "k1"})
    assert again["Location"] == answer["Location"]
    with office.as_("system"):
        assert Visit.objects.count() == 1 and IdempotencyKey.objects.filter(key="k1").exists()
    assert client.get(answer["Location"]).status_code == 200


def test_a_refused_visit_keeps_what_was_typed(client, office):
    answer = client.post(
        "/visit/new",
        {"phone": "12", "name": "孙静伟", "need.budget_low": "3000000", "need.budget_high": "2000000"},
    )
    assert (
        answer.status_code == 422 and 'value="孙静伟"' in text(answer) and 'value="3000000"' in text(answer)
    )
    assert 'id="id_phone_error"' in text(answer)
    with office.as_("system"):
        assert not Visit.objects.exists() and not Customer.objects.exists()


def test_fields_of_the_offices_rule_stand_in_front_and_are_named(client, office):
    with office.as_("admin") as access:
        run(
            "set_parameters",
            access,
            key="crm.visit_required",
            value=["need_purpose"],
            project="YQ",
            valid_from="2020-01-01",
        )
    answer = client.post("/visit/new", {"phone": "13812292302", "name": "孙静伟"})
    assert answer.status_code == 422 and 'class="field has-error' in text(answer)


def test_the_phone_tells_whose_customer_it_is(client, office):
    come(office, "consultant5")
    seen = text(client.post("/visit/lookup", {"phone": "13812292302"}, headers=HTMX))
    assert "李娜" in seen and "孙**" in seen and "孙静伟" not in seen and 'hx-swap-oob="true"' not in seen
    enter(client, "consultant5")
    mine = text(client.post("/visit/lookup", {"phone": "13812292302"}, headers=HTMX))
    assert 'value="孙静伟"' in mine and "138****2302" in mine
    tail = text(client.post("/visit/lookup", {"phone": "2302"}, headers=HTMX))
    assert "/visit/new?customer=" in tail
    assert "13812292302" not in mine + tail + seen


def test_a_known_customer_is_registered_at_sight(client, office):
    visit = come(office)
    assert client.get(f"/visit/new?customer={visit.customer_id}").status_code == 200
    answer = client.post("/visit/new", {"customer": visit.customer_id})
    assert answer.status_code == 302
    with office.as_("system"):
        assert list(Visit.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    enter(client, "consultant5")
    assert client.get(f"/visit/new?customer={visit.customer_id}").status_code == 404
    assert client.post("/visit/new", {"customer": visit.customer_id}).status_code == 404


def test_reception_sees_whose_turn_it_is_and_why(client, office):
    for who in ("consultant1", "consultant2"):
        with office.as_(who) as access:
            run("check_in", access, project="YQ")
    with office.as_("consultant1") as access:
        run("set_busy", access, project="YQ")
    enter(client, "manager")
    assert "周敏" in text(client.get("/visit/new"))
    answer = client.post("/visit/new", {"phone": "13900000001", "name": "甲"}, follow=True)
    assert "周敏" in text(answer) and "陈强" in text(answer)
    with office.as_("system"):
        assert Visit.objects.get().consultant_id == office.users["consultant2"].pk


def test_a_visit_of_anothers_customer_leads_home(client, office):
    come(office, "consultant5")
    answer = client.post("/visit/new", {"phone": "13812292302", "name": "孙静伟"})
    assert answer["Location"] == "/"


def test_calls_and_leads_have_their_small_forms(client, office):
    assert client.get("/calls/new").status_code == 200
    assert (
        client.post(
            "/calls/new", {"caller": "王", "phone": "13900000009", "question": "几期开盘?"}
        ).status_code
        == 302
    )
    refused = client.post("/calls/new", {"caller": "王", "phone": "1"})
    assert refused.status_code == 422 and 'value="王"' in text(refused)
    assert 'name="owner"' not in text(client.get("/leads/new"))
    with office.as_("admin") as access:
        run("set_parameters", access, key="crm.keep_entered_leads", value=True, project="YQ", valid_from="2020-01-01")
    form, me = text(client.get("/leads/new")), office.users["consultant1"].pk
    assert f'value="{me}"' in form and form.index('name="owner"') < form.index("<details") and "分配规则" in form
    lead = client.post("/leads/new", {"name": "赵", "phone": "13900000010", "channel": "walk", "owner": me})
    with office.as_("system"):
        assert Lead.objects.get().owner_id == me
        assert CallIn.objects.count() == 1 and Lead.objects.count() == 1
    assert lead.status_code == 302
    enter(client, "finance")
    assert client.get("/leads/new").status_code == 403


def test_feedback_and_tours_on_the_visits_page(client, office):
    visit = come(office)
    page = f"/visits/{visit.pk}/"
    assert client.post(f"{page}tour", {"place": "样板间", "reaction": "喜欢"}).status_code == 302
    assert client.post(f"{page}tour", {"reaction": "不喜欢"}).status_code == 422
    assert (
        client.post(f"{page}feedback", {"feedback.price": "high", "loss_reason": "再看看"}).status_code == 302
    )
    bad = client.post(f"{page}feedback", {"feedback.price": "nonsense", "loss_reason": "留着"})
    assert bad.status_code == 422 and "留着" in text(bad)
    assert client.post(f"{page}leave").status_code == 302
    with office.as_("system"):
        visit.refresh_from_db()
        assert visit.feedback == {"price": "high"} and visit.left_at and Tour.objects.get().place == "样板间"
    assert "样板间" in text(client.get(page))
    enter(client, "consultant5")
    assert client.get(page).status_code == 404 and client.post(f"{page}leave").status_code == 404


# --- follow-ups ----------------------------------------------------------------------------------


def test_a_follow_up_in_place(client, office):
    customer = come(office).customer_id
    url = f"/customers/{customer}/follow-up"
    form = text(client.get(f"{url}?place=row", headers=HTMX))
    assert "<textarea" in form and "data-offline" in form and "<!DOCTYPE" not in form
    empty = client.post(
        url, {"place": "row", "method": "wechat", "content": "", "duration": "30"}, headers=HTMX
    )
    assert (
        empty.status_code == 422 and 'value="30"' in text(empty) and 'value="wechat" checked' in text(empty)
    )
    next_at = (timezone.now() + dt.timedelta(days=1)).isoformat()
    sent = {"place": "row", "method": "wechat", "content": "约周末看房", "next_at": next_at, "grade": "B"}
    done = client.post(url, sent, headers=HTMX | {"Idempotency-Key": "f1"})
    assert done.status_code == 200 and "customer:changed" in done["HX-Trigger"]
    client.post(url, sent, headers=HTMX | {"Idempotency-Key": "f1"})
    with office.as_("system"):
        assert FollowUp.objects.count() == 1
        found = Customer.objects.get()
        assert found.grade == "B" and found.next_follow_at.isoformat()[:10] == next_at[:10]
    enter(client, "consultant5")
    assert client.get(url, headers=HTMX).status_code == 404
    assert client.post(url, sent, headers=HTMX).status_code == 404


def test_the_follow_up_of_a_lead_makes_the_customer(client, office):
    with office.as_("consultant1") as access:
        run("check_in", access, project="YQ")
        lead = run("add_leads", access, name="赵六", phone="13700000001", channel="walk")
    answer = client.post(f"/leads/{lead.pk}/follow-up", {"method": "phone", "content": "已联系"})
    assert answer.status_code == 302 and answer["Location"].startswith("/customers/")
    with office.as_("system"):
        assert Lead.objects.get().state == "contacted"


def test_choosing_whose_follow_up(client, office):
    customer = come(office).customer_id
    page = text(client.get("/follow-ups/new"))
    assert f"customer={customer}" in page
    assert "<textarea" in text(client.get(f"/follow-ups/new?customer={customer}"))
    assert client.get("/follow-ups/new?customer=x").status_code == 404


# --- the customer's page -------------------------------------------------------------------------


def test_the_customer_on_one_page(client, office):
    visit = come(office, need={"budget_high": "3000000", "layouts": ["三房"]})
    url = f"/customers/{visit.customer_id}/"
    page = client.get(url)
    shown = text(page)
    assert page.status_code == 200 and "138****2302" in shown and "13812292302" not in shown
    assert "data-reveal" in shown and "data-call hidden" in shown and "tel:" not in shown
    assert "三房" in shown and 'name="content"' in shown
    assert client.get(f"/r/customers/{visit.customer_id}/")["Location"] == url
    for tab in (
        "timeline",
        "visits",
        "needs",
        "follow-ups",
        "appointments",
        "deals",
        "payments",
        "consents",
        "files",
    ):
        answer = client.get(f"{url}?tab={tab}", headers=HTMX)
        chosen = text(answer).split('aria-current="true"')[0].rsplit("href=", 1)[1]
        assert answer.status_code == 200 and f"tab={tab}" in chosen, tab
    only = text(client.get(f"{url}?tab=timeline&kind=money", headers=HTMX))
    assert "tl-item" not in only and "tl-item" in text(
        client.get(f"{url}?tab=timeline&kind=visit", headers=HTMX)
    )
    enter(client, "consultant5")
    assert client.get(url).status_code == 404


def test_names_are_plain_where_the_role_may_not_open_them(client, office):
    visit = come(office)
    page = f"/customers/{visit.customer_id}/"
    assert f'href="/visits/{visit.pk}/"' in text(client.get(page + "?tab=visits"))
    enter(client, "finance")
    for tab in ("timeline", "visits"):
        assert f'/visits/{visit.pk}/"' not in text(client.get(f"{page}?tab={tab}"))


def test_a_reveal_from_the_page_is_logged(client, office):
    customer = come(office).customer_id
    answer = client.post(f"/r/customers/{customer}/reveal/phone")
    assert answer.json()["value"] == "13812292302"
    with office.as_("system"):
        assert RevealLog.objects.filter(record_id=customer).count() == 1


def test_the_customers_page_costs_the_same_for_a_long_history(client, office):
    customer = come(office).customer_id
    url = f"/customers/{customer}/"
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    for n in range(6):
        come(office)
        with office.as_("consultant1") as access:
            run("add_follow_ups", access, customer=customer, method="phone", content=f"第{n}次")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) <= len(few) + 1 and len(many) <= 45


# --- pool, floor, duplicates, hand-over ----------------------------------------------------------


def pooled(office, count=2):
    with office.as_("manager") as access:
        return [
            run("add_leads", access, name=f"线索{n}", phone=f"1360000000{n}", channel="walk", project="YQ")
            for n in range(count)
        ]


def test_claiming_from_the_pool_counts_down(client, office):
    leads = pooled(office)
    page = text(client.get("/pool/"))
    assert "136****0000" in page and "13600000000" not in page and "10" in page
    answer = client.post(f"/pool/{leads[0].pk}/claim", headers=HTMX)
    assert (
        answer.status_code == 200
        and f"/leads/{leads[0].pk}/follow-up" in text(answer)
        and "9" in text(answer)
    )
    enter(client, "consultant5")
    late = client.post(f"/pool/{leads[0].pk}/claim", headers=HTMX)
    assert late.status_code in (404, 409)
    with office.as_("system"):
        assert Lead.objects.get(pk=leads[0].pk).owner_id == office.users["consultant1"].pk
    enter(client, "finance")
    assert client.get("/pool/").status_code == 403


def test_managers_see_what_will_fall_into_the_pool(client, office):
    with office.as_("consultant1") as access:
        run("check_in", access, project="YQ")
        lead = run("add_leads", access, name="快过期", phone="13700000001", channel="walk")
    with office.as_("system"):
        Lead.objects.filter(pk=lead.pk).update(first_contact_due_at=timezone.now() + dt.timedelta(hours=1))
    assert "快过期" not in text(client.get("/pool/"))
    enter(client, "manager")
    assert "快过期" in text(client.get("/pool/")) and f"/r/leads/{lead.pk}/do/assign" in text(
        client.get("/pool/")
    )


def test_the_floor_and_the_quota_go_by_the_projects_day(client, office):
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago")  # a day ahead of or behind the server, one of them at any hour
    zone = next(z for z in zones if timezone.localdate(timezone=ZoneInfo(z)) != timezone.localdate())
    office.project.time_zone = zone
    office.project.save()
    bump_stamp()
    come(office, "manager", "13900000001", "没人接")
    ClaimCounter.objects.bulk_create([
        ClaimCounter(project=office.project, user=office.users["consultant1"], day=office.project.today(), claimed=4)
    ])  # fmt: skip
    enter(client, "manager")
    assert "没人接" in text(client.get("/floor/"))
    with office.as_("consultant1") as access:
        assert quota_left(access, office.project) == {"limit": 10, "left": 6}


def test_the_floor_tells_who_is_free_and_who_waits(client, office):
    come(office, "manager", "13900000001", "没人接")
    enter(client, "manager")
    page = text(client.get("/floor/"))
    assert "没人接" in page and "陈强" in page
    me = office.users["consultant1"].pk
    answer = client.post("/floor/state", {"user": me, "state": "present"}, headers=HTMX)
    assert answer.status_code == 200 and "is-next" in text(answer)
    turn = client.post("/floor/next", headers=HTMX)
    assert turn.status_code == 200 and "do/return" in text(turn)
    enter(client, "consultant1")
    with office.as_("consultant1"):
        notice = Notice.objects.get(user=me, code="your_turn")
    assert client.get(f"/messages/{notice.pk}/", follow=True).redirect_chain[-1][0] == "/floor/"
    mine = client.post("/floor/state", {"user": me, "state": "busy"}, headers=HTMX)
    assert mine.status_code == 200
    assert (
        client.post("/floor/state", {"user": office.users["consultant2"].pk, "state": "off"}).status_code
        == 403
    )
    assert "没人接" not in text(client.get("/floor/"))
    with CaptureQueriesContext(connection) as queries:
        client.get("/floor/", headers=HTMX)
    assert len(queries) <= 25


def test_two_files_become_one_after_a_look(client, office):
    first = come(office, phone="13812292302", name="孙静伟").customer_id
    second = come(office, phone="13900000002", name="孙静伟").customer_id
    assert client.post(
        "/customers/merge/", {"keep": first, "files": f"{first},{second}", "reason": "x"}
    ).status_code in (403, 404)
    enter(client, "manager")
    found = text(client.post("/customers/duplicates/", {"q": "孙静伟"}))
    assert f'value="{first}"' in found and f'value="{second}"' in found
    both = client.get(f"/customers/compare/?file={first}&file={second}")
    assert both.status_code == 200 and "139****0002" in text(both)
    assert client.get(f"/customers/compare/?file={first}").status_code == 422
    sent = {"keep": first, "files": f"{first},{second}", "reason": ""}
    preview = text(client.post("/customers/merge/?preview=1", sent, headers=HTMX))
    assert "138****2302" in preview and "139****0002" in preview
    refused = client.post("/customers/merge/", sent)
    assert refused.status_code == 422 and 'id="id_reason_error"' in text(refused)
    with office.as_("system"):
        assert Customer.objects.get(pk=second).state == "active"
    assert client.post("/customers/merge/", sent | {"reason": "同一人"})["Location"] == f"/customers/{first}/"
    with office.as_("system"):
        assert Customer.objects.get(pk=second).merged_into_id == first
    assert client.get(f"/customers/{second}/").status_code == 200


def test_a_leavers_customers_go_to_the_named_people(client, office):
    for n in range(3):
        come(office, phone=f"1390000000{n}", name=f"客户{n}")
    assert client.get("/hand-over/").status_code == 403
    enter(client, "manager")
    leaver, heirs = (
        office.users["consultant1"].pk,
        [office.users[w].pk for w in ("consultant2", "consultant5")],
    )
    assert "陈强" in text(client.get(f"/hand-over/?leaver={leaver}"))
    refused = client.post("/hand-over/", {"leaver": leaver, "heirs": heirs, "reason": ""})
    assert refused.status_code == 422 and text(refused).count(" checked") == 2
    done = client.post("/hand-over/", {"leaver": leaver, "heirs": heirs, "reason": "离职"})
    assert done.status_code == 302
    with office.as_("system"):
        assert not Customer.objects.filter(owner=leaver).exists()
        assert set(Customer.objects.values_list("owner_id", flat=True)) == set(heirs)


def test_appointments_lead_to_the_visit(client, office):
    customer = come(office).customer_id
    with office.as_("consultant1") as access:
        run(
            "add_appointments",
            access,
            customer=customer,
            starts_at=(timezone.now() + dt.timedelta(minutes=5)).isoformat(),
        )
    client.post("/visit/new", {"customer": customer})
    with office.as_("system"):
        assert Appointment.objects.get().state in ("arrived", "late")


@pytest.mark.parametrize("who", ["admin", "group", "director", "manager", "finance", "clerk", "service"])
def test_every_role_gets_a_page_or_a_plain_no(client, office, who):
    customer = come(office).customer_id
    enter(client, who)
    for url in ("/visit/new", "/calls/new", "/leads/new", "/follow-ups/new", f"/customers/{customer}/", "/pool/", "/floor/",
                "/customers/duplicates/", "/hand-over/"):  # fmt: skip
        assert client.get(url).status_code in (200, 403), (who, url)


def test_customers_are_claimed_on_the_pools_page(client, office):
    customer = come(office, phone="13812292302", name="孙静伟").customer_id
    with office.as_("system") as access:
        ctx = Context(access, office.project)
        give(ctx, [(Customer.objects.get(pk=customer), None)], reason="grade_limit")
        ctx.flush()
    enter(client, "consultant5")
    page = text(client.get("/pool/?kind=pool-customers&q=2302"))
    assert "138****2302" in page and "13812292302" not in page and f"/pool/customers/{customer}/claim" in page
    assert "138****2302" not in text(client.get("/pool/?kind=pool-customers&q=9999"))
    answer = client.post(f"/pool/customers/{customer}/claim", headers=HTMX)
    assert answer.status_code == 200 and f"/customers/{customer}/follow-up" in text(answer) and "9" in text(answer)
    assert client.get(f"/customers/{customer}/").status_code == 200
    enter(client, "finance")
    assert client.get("/pool/?kind=pool-customers").status_code == 403
    assert client.post(f"/pool/customers/{customer}/claim").status_code in (403, 404)
