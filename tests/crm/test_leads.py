"""Leads: assignment, pool, claims, judgement, contact, scope."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation

from anchang.crm.commands.lead_clock import recycle_uncontacted, run_clock
from anchang.crm.commands.standing import give
from anchang.crm.models import AssignmentRule, Customer, Lead, LeadTransfer, Touch
from anchang.kernel.errors import DomainError
from anchang.org.models import ConsultantProfile
from anchang.platform import personal, reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import Event, Notice, Parameter, Task
from anchang.platform.wording import worded
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


def check_in(office: Office, *who: str) -> None:
    for name in who:
        with office.as_(name) as access:
            run("check_in", access)


def set_parameter(office: Office, key: str, value: Any) -> None:
    Parameter.objects.create(key=key, project=office.project, value=value, valid_from=dt.date(2020, 1, 1))
    bump_stamp()


def test_a_team_serves_what_the_office_says(office: Office) -> None:
    with office.as_("director") as access:
        served = {"all": [{"field": "channel.code", "op": "eq", "value": "advert"}]}
        assert run("set_served", access, office.teams["A"], conditions=served).conditions == served
        with pytest.raises(DomainError) as caught:
            run("set_served", access, office.teams["A"], conditions={"field": "owner", "op": "eq", "value": 1})
        assert caught.value.code == "rule_condition_wrong"
        assert run("set_served", access, office.teams["A"]).conditions == {}


def add(office: Office, phone: str, who: str = "manager", **data: Any) -> Lead:
    with office.as_(who) as access:
        return run("add_leads", access, **({"name": "黄勇", "phone": phone, "channel": "advert"} | data))


def phones(count: int) -> list[str]:
    return [f"138{n:08d}" for n in range(1, count + 1)]


def owners(office: Office, leads: list[Lead]) -> list[str]:
    names = {user.pk: who for who, user in office.users.items()}
    return [names.get(lead.owner_id, "") for lead in leads]


# --- assignment ----------------------------------------------------------------------------------


def test_nobody_present_sends_to_the_pool(office: Office) -> None:
    lead = add(office, "13812292302")
    assert (lead.state, lead.owner_id) == ("pool", None)
    assert lead.pool_since is not None


def test_turns_among_present_consultants(office: Office) -> None:
    check_in(office, "consultant1", "consultant2", "consultant5")
    leads = [add(office, phone) for phone in phones(6)]
    assert Counter(owners(office, leads)) == {"consultant1": 2, "consultant2": 2, "consultant5": 2}
    with office.as_("consultant2") as access:
        run("set_away", access)
    leads = [add(office, f"139{n:08d}") for n in range(4)]
    assert Counter(owners(office, leads)) == {"consultant1": 2, "consultant5": 2}


def test_assignee_gets_todo_and_notice(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("system"):
        task = Task.objects.get(resource="leads", record_id=lead.pk)
        assert (task.code, task.assignee_id) == ("lead_first_contact", office.users["consultant1"].pk)
        assert task.due_at == lead.assigned_at + dt.timedelta(hours=24)
        assert Notice.objects.filter(user=office.users["consultant1"], code="lead_assigned").count() == 1
        assert set(Event.objects.filter(resource="leads").values_list("name", flat=True)) == {
            "lead.created", "lead.assigned"}  # fmt: skip
        trace = LeadTransfer.objects.get(lead=lead)
        assert (trace.kind, trace.from_state, trace.to_state) == ("assigned", "new", "assigned")


def test_first_rule_in_order_decides(office: Office) -> None:
    check_in(office, "consultant1", "consultant5")
    with office.as_("manager") as access:
        run("add_assignment_rules", access, name="余杭", position=20, team=office.teams["B"].pk,
            conditions={"field": "region", "op": "eq", "value": "余杭"})  # fmt: skip
        run("add_assignment_rules", access, name="高端", position=10, team=office.teams["A"].pk,
            conditions={"field": "customer_type", "op": "eq", "value": "high_end"})  # fmt: skip
    assert owners(office, [add(office, "13800000001", region="余杭")]) == ["consultant5"]
    high = add(office, "13800000002", region="余杭", customer_type="high_end")
    assert owners(office, [high]) == ["consultant1"]
    with office.as_("system"):
        assert Lead.objects.get(pk=high.pk).rule.name == "高端"


def test_level_bars_ordinary_consultants(office: Office) -> None:
    check_in(office, "consultant1", "consultant2")
    with office.as_("system"):
        ConsultantProfile.objects.create(project=office.project, user=office.users["consultant2"], level=3)
        AssignmentRule.objects.create(
            project=office.project,
            name="优质",
            min_level=3,
            conditions={"field": "score", "op": "gte", "value": 80},
        )
    leads = [add(office, phone, score=90) for phone in phones(3)]
    assert owners(office, leads) == ["consultant2"] * 3


def test_limit_of_open_leads(office: Office) -> None:
    check_in(office, "consultant1")
    with office.as_("system"):
        ConsultantProfile.objects.create(
            project=office.project, user=office.users["consultant1"], max_open_leads=1
        )
    assert [add(office, phone).state for phone in phones(2)] == ["assigned", "pool"]


def test_rule_may_test_known_fields_only(office: Office) -> None:
    with office.as_("manager") as access, pytest.raises(DomainError, match="rule_condition_wrong"):
        run("add_assignment_rules", access, name="x", conditions={"field": "owner", "op": "eq", "value": 1})


# --- repeats -------------------------------------------------------------------------------------


def test_repeat_enquiry_is_a_touch(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    again = add(office, "+86 138-1229-2302", campaign="直播间", channel="media")
    assert again.pk == lead.pk
    with office.as_("system"):
        touch = Touch.objects.get(lead=lead)
        assert (touch.campaign, touch.channel.code) == ("直播间", "media")
        lead = Lead.objects.get(pk=lead.pk)
        assert (lead.touch_count, lead.campaign, lead.channel.code) == (1, "", "advert")


def test_consultant_does_not_learn_others_leads(office: Office) -> None:
    check_in(office, "consultant1")
    add(office, "13812292302")
    with pytest.raises(DomainError, match="lead_known") as caught:
        add(office, "13812292302", who="consultant5")
    assert caught.value.params == {"owner": "陈强"}
    with office.as_("system"):
        assert not Touch.objects.exists()


def test_customers_lead_goes_to_his_owner(office: Office) -> None:
    check_in(office, "consultant1", "consultant5")
    with office.as_("consultant5") as access:
        customer = run("add_customers", access, name="张三", phone="13812292302")
    leads = [add(office, "13900000001"), add(office, "13812292302")]
    assert owners(office, leads)[1] == "consultant5"
    assert leads[1].customer_id == customer.pk


def test_a_consultant_names_herself_where_the_project_lets_her_but_takes_nobodys_customer(office: Office) -> None:
    check_in(office, "consultant5")
    with office.as_("consultant5") as access:
        run("add_customers", access, name="张三", phone="13812292302")
    me, other = office.users["consultant1"].pk, office.users["consultant5"].pk
    with pytest.raises(DomainError, match="forbidden"):
        add(office, "13900000001", who="consultant1", owner=me)
    set_parameter(office, "crm.keep_entered_leads", True)
    own = add(office, "13900000001", who="consultant1", owner=me)
    kept = add(office, "13812292302", who="consultant1", owner=me)
    assert owners(office, [own, kept]) == ["consultant1", "consultant5"]
    with pytest.raises(DomainError, match="forbidden"):
        add(office, "13900000002", who="consultant1", owner=other)


def test_phone_is_kept_encrypted(office: Office) -> None:
    lead = add(office, "13812292302")
    assert lead.phone_masked == "138****2302"
    assert b"13812292302" not in bytes(lead.phone_cipher)
    assert personal.decrypt(lead.phone_cipher) == "13812292302"
    with office.as_("manager") as access:
        assert run("reveal_lead", access, lead)["phone"] == "13812292302"
        found = reading.list_rows(resources.get("leads"), access, reading.Query(q="2302"))
    assert [item["id"] for item in found.items] == [lead.pk]
    assert found.items[0]["phone"] == "138****2302"


def test_origin_is_not_edited(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        edited = run("edit_lead", access, lead, campaign="别的", channel="media", region="西湖")
    assert (edited.region, edited.campaign) == ("西湖", "")


@pytest.mark.parametrize("bad", ["", "12", "无", "1381229230"])
def test_bad_phone_is_named(office: Office, bad: str) -> None:
    with pytest.raises(DomainError) as caught:
        add(office, bad)
    assert caught.value.status == 422
    assert "phone" in caught.value.fields


# --- pool and claims -----------------------------------------------------------------------------


def test_pool_is_visible_and_claimed(office: Office) -> None:
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        assert not reading.list_rows(resources.get("leads"), access, reading.Query()).items
        rows = reading.list_rows(resources.get("pool"), access, reading.Query()).items
        assert [(r["id"], r["phone"], r["owner"]) for r in rows] == [(lead.pk, "138****2302", None)]
        claimed = run("claim_lead", access, lead)
    assert (claimed.state, claimed.owner_id) == ("assigned", office.users["consultant1"].pk)
    with office.as_("consultant5") as access, pytest.raises(DomainError, match="lead_taken") as caught:
        run("claim_lead", access, lead)
    assert caught.value.status == 409


def test_claims_have_a_daily_quota(office: Office) -> None:
    set_parameter(office, "crm.claims_per_day", 2)
    leads = [add(office, phone) for phone in phones(3)]
    with office.as_("consultant1") as access:
        for lead in leads[:2]:
            run("claim_lead", access, lead)
        with pytest.raises(DomainError, match="claim_quota_used"):
            run("claim_lead", access, leads[2])
    with office.as_("consultant2") as access:
        assert run("claim_lead", access, leads[2]).state == "assigned"


def test_last_owner_is_barred(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        run("recycle_lead", access, lead)
        with pytest.raises(DomainError, match="last_owner_barred"):
            run("claim_lead", access, lead)
    with office.as_("system"):
        Lead.objects.filter(pk=lead.pk).update(
            pool_since=dt.datetime.now(dt.UTC) - dt.timedelta(days=3, minutes=1)
        )
    with office.as_("consultant1") as access:
        assert run("claim_lead", access, lead).state == "assigned"


@pytest.mark.django_db(transaction=True)
def test_claim_has_one_winner() -> None:
    office = make_office()
    lead = add(office, "13812292302")
    outcomes: list[str] = []

    def claim(who: str) -> None:
        from django.db import connections

        try:
            with office.as_(who) as access:
                run("claim_lead", access, lead)
            outcomes.append("won")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim, args=(who,))
               for who in ("consultant1", "consultant2", "consultant5", "consultant6") * 3]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {"won": 1, "lead_taken": 11}
    with office.as_("system"):
        assert LeadTransfer.objects.filter(lead=lead, kind="claimed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_quota_holds_under_concurrency() -> None:
    office = make_office()
    set_parameter(office, "crm.claims_per_day", 3)
    leads = [add(office, phone) for phone in phones(10)]
    outcomes: list[str] = []

    def claim(lead: Lead) -> None:
        from django.db import connections

        try:
            with office.as_("consultant1") as access:
                run("claim_lead", access, lead)
            outcomes.append("won")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim, args=(lead,)) for lead in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {"won": 3, "claim_quota_used": 7}


@pytest.mark.django_db(transaction=True)
def test_concurrent_additions_stay_in_turn() -> None:
    office = make_office()
    check_in(office, "consultant1", "consultant2")

    def enter(phone: str) -> None:
        from django.db import connections

        try:
            add(office, phone)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=enter, args=(p,)) for p in [*phones(8), "13800000001", "13800000001"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with office.as_("system"):
        leads = list(Lead.objects.all())
        assert Counter(owners(office, leads)) == {"consultant1": 4, "consultant2": 4}
        assert Touch.objects.count() == 2


# --- time ----------------------------------------------------------------------------------------


def clock(office: Office, now: dt.datetime) -> int:
    with office.as_("system") as access:
        ctx = Context(access, office.project, now)
        count = recycle_uncontacted(ctx)
        ctx.flush()
    return count


def test_recycled_exactly_after_the_limit(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    end = lead.assigned_at + dt.timedelta(hours=24)
    assert clock(office, end - dt.timedelta(seconds=1)) == 0
    assert clock(office, end) == 1
    assert clock(office, end) == 0
    with office.as_("system"):
        lead = Lead.objects.get(pk=lead.pk)
        assert (lead.state, lead.owner_id, lead.last_owner_id) == (
            "pool",
            None,
            office.users["consultant1"].pk,
        )
        assert lead.barred_until == end + dt.timedelta(days=3)
        assert not Task.objects.filter(resource="leads", record_id=lead.pk, state="open").exists()
        assert LeadTransfer.objects.get(lead=lead, kind="recycled").reason == "no_first_contact"
        assert Notice.objects.filter(code="leads_recycled", user=office.users["consultant1"]).count() == 1


def test_followed_up_lead_stays(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        run(
            "follow_up_lead",
            access,
            lead,
            method="phone",
            content="想看样板间",
            result="answered",
            duration=60,
        )
    assert clock(office, lead.assigned_at + dt.timedelta(days=3)) == 0
    with office.as_("system"):
        lead = Lead.objects.get(pk=lead.pk)
        assert lead.state == "contacted"
        assert lead.customer.owner_id == lead.owner_id
        assert lead.first_contacted_at is not None


def test_only_the_owners_follow_up_counts(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("manager") as access:
        run("follow_up_lead", access, lead, method="phone", content="经理回访")
    with office.as_("system"):
        assert Lead.objects.get(pk=lead.pk).state == "assigned"


def test_opening_hours_stop_the_clock(office: Office) -> None:
    set_parameter(office, "crm.opening_hours", {str(d): [["09:00", "18:00"]] for d in range(7)})
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    assert lead.first_contact_due_at - lead.assigned_at > dt.timedelta(hours=48)


def test_grade_limit_takes_the_owner(office: Office) -> None:
    check_in(office, "consultant1")
    lead, frozen = add(office, "13812292302"), add(office, "13812292303")
    with office.as_("consultant1") as access:
        for each in (lead, frozen):
            run("follow_up_lead", access, each, method="phone", content="有意向", grade="A")
    with office.as_("system"):
        customer = Lead.objects.get(pk=frozen.pk).customer
        Customer.objects.filter(pk=customer.pk).update(state="frozen")
        since = Lead.objects.get(pk=lead.pk).customer.idle_since
    with office.as_("system") as access:
        ctx = Context(access, office.project, since + dt.timedelta(hours=69))
        counts = run_clock(ctx)
        ctx.flush()
        assert (counts["warned_customers"], counts["recycled_customers"]) == (1, 0)
        ctx = Context(access, office.project, since + dt.timedelta(hours=72))
        assert run_clock(ctx)["recycled_customers"] == 1
        ctx.flush()
        lead = Lead.objects.get(pk=lead.pk)
        assert (lead.state, lead.customer.owner_id) == ("pool", None)
        assert Lead.objects.get(pk=frozen.pk).state == "contacted"


# --- judgement and visits ------------------------------------------------------------------------


def test_invalid_and_reopened(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        lead = run("mark_invalid", access, lead, reason="空号，打不通")
        assert (lead.state, lead.valid, lead.invalid_reason, lead.closed_note) == (
            "invalid", False, "other", "空号，打不通")  # fmt: skip
        with pytest.raises(DomainError, match="state_refused"):
            run("mark_invalid", access, lead, reason="wrong_number")
    with office.as_("manager") as access:
        lead = run("reopen_lead", access, lead, user=office.users["consultant2"].pk)
    assert (lead.state, lead.owner_id, lead.valid) == ("assigned", office.users["consultant2"].pk, None)


def test_qualify_passes_contact(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        lead = run("qualify_lead", access, lead)
        assert (lead.state, lead.valid) == ("qualified", True)
        lead = run("appoint_lead", access, lead)
        with pytest.raises(DomainError, match="state_refused"):
            run("qualify_lead", access, lead)
    assert lead.state == "appointed"


def test_visit_ends_the_lead_from_the_pool(office: Office) -> None:
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        visit = run("register_visits", access, phone="13812292302", name="黄勇")
    with office.as_("system"):
        lead = Lead.objects.get(pk=lead.pk)
        assert (lead.state, lead.customer_id, lead.owner_id) == (
            "visited", visit.customer_id, office.users["consultant1"].pk)  # fmt: skip


def test_manager_assigns_and_clock_starts_anew(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("manager") as access:
        moved = run("assign_lead", access, lead, user=office.users["consultant5"].pk)
        with pytest.raises(DomainError, match="same_lead_owner"):
            run("assign_lead", access, lead, user=office.users["consultant5"].pk)
        with pytest.raises(DomainError, match="owner_not_here"):
            run("assign_lead", access, lead, user=office.users["finance"].pk)
    assert moved.team_id == office.teams["B"].pk
    with office.as_("consultant1") as access, pytest.raises(DomainError) as caught:
        run("edit_lead", access, lead, note="我的")
    assert caught.value.status == 404
    with office.as_("system"):
        open_tasks = Task.objects.filter(resource="leads", record_id=lead.pk, state="open")
        assert [t.assignee_id for t in open_tasks] == [office.users["consultant5"].pk]


def test_leaver_hands_over(office: Office) -> None:
    check_in(office, "consultant1")
    leads = [add(office, phone) for phone in phones(3)]
    leaver = office.users["consultant1"]
    with office.as_("admin") as access, pytest.raises(DomainError, match="customers_to_hand_over"):
        run("deactivate_user", access, leaver)
    with office.as_("manager") as access:
        run("hand_over_all", access, leaver=leaver.pk, reason="离职",
            heirs=[office.users["consultant2"].pk, office.users["consultant5"].pk])  # fmt: skip
    with office.as_("system"):
        found = list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]))
    assert Counter(owners(office, found)) == {"consultant2": 2, "consultant5": 1}
    with office.as_("admin") as access:
        assert not run("deactivate_user", access, leaver).is_active


def test_other_projects_see_nothing(office: Office) -> None:
    lead = add(office, "13812292302")
    other = make_office("T9", "t9")
    with other.as_("manager") as access:
        assert not reading.list_rows(resources.get("leads"), access, reading.Query()).items
        with pytest.raises(DomainError) as caught:
            run("assign_lead", access, lead, user=other.users["consultant1"].pk)
    assert caught.value.status == 404



def test_the_pool_is_searched(office: Office) -> None:
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        for word in ("2302", "13812292302", "黄勇", "huangyong"):
            page = reading.list_rows(resources.get("pool"), access, reading.Query(q=word))
            assert [row["id"] for row in page.items] == [lead.pk], word
        assert not reading.list_rows(resources.get("pool"), access, reading.Query(q="张")).items


def test_steps_read_as_words(office: Office) -> None:
    """L14: the record keeps the code of a step's reason; people read words, in the office's language."""
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access, translation.override("zh-hans"):
        run("follow_up_lead", access, lead, method="phone", content="在看")
        run("recycle_lead", access, lead)
        told = {e.name: worded("event." + e.name, e.data) for e in Event.objects.filter(record_id=lead.pk)}
    assert told["lead.state"] == "由“已分配”变为“已首跟”"
    assert told["lead.recycled"] == "回收至公海：手动退回"
    with office.as_("manager") as access, translation.override("zh-hans"):
        where = {"field": "lead", "op": "eq", "value": lead.pk}
        page = reading.list_rows(resources.get("lead-transfers"), access, reading.Query(where=where))
        assert page.items[0]["reason"] == "by_hand"
        assert resources.choices_of(resources.get("lead-transfers").by_name["reason"])["by_hand"] == "手动退回"


# --- customers in the pool -----------------------------------------------------------------------


def lost_to_the_pool(office: Office, phone: str = "13812292302") -> Customer:
    """A customer of consultant 1 whose grade's patience is over."""
    with office.as_("consultant1") as access:
        made = run("add_customers", access, name="孙静伟", phone=phone)
    with office.as_("system") as access:
        ctx = Context(access, office.project, dt.datetime.now(dt.UTC) + dt.timedelta(days=31))
        assert run_clock(ctx)["recycled_customers"] == 1
        ctx.flush()
        Customer.objects.filter(pk=made.pk).update(pool_since=dt.datetime.now(dt.UTC))
    made.refresh_from_db()
    return made


def test_recycled_customers_are_claimed_within_the_quota(office: Office) -> None:
    """L15, BS18: seen masked by all who may claim, one winner, quota shared with leads, last owner barred."""
    set_parameter(office, "crm.claims_per_day", 1)
    customer = lost_to_the_pool(office)
    assert customer.owner_id is None and customer.last_owner_id == office.users["consultant1"].pk
    with office.as_("consultant1") as access, pytest.raises(DomainError, match="last_owner_barred"):
        run("claim_pool_customer", access, customer)
    with office.as_("consultant5") as access:
        page = reading.list_rows(resources.get("pool-customers"), access, reading.Query(q="2302"))
        assert [(row["id"], row["phone"]) for row in page.items] == [(customer.pk, "138****2302")]
        run("claim_pool_customer", access, customer)
        assert reading.get_row(resources.get("customers"), access, customer.pk)["name"] == "孙静伟"
    customer.refresh_from_db()
    assert (customer.owner_id, customer.pool_since) == (office.users["consultant5"].pk, None)
    with office.as_("consultant2") as access, pytest.raises(DomainError) as gone:
        run("claim_pool_customer", access, customer)
    assert gone.value.status == 404
    lead = add(office, "13900000001")
    with office.as_("consultant5") as access, pytest.raises(DomainError, match="claim_quota_used"):
        run("claim_pool_lead", access, lead)


def test_a_grade_may_ask_for_visits_too(office: Office) -> None:
    """BS18: follow-ups alone don't keep a customer whose grade must visit; a new owner has the whole time."""
    set_parameter(office, "crm.grade_visit_days", {"C": 14})
    with office.as_("consultant1") as access:
        made = run("add_customers", access, name="孙静伟", phone="13812292302")
    with office.as_("system") as access:
        now = dt.datetime.now(dt.UTC)
        ago = now - dt.timedelta(days=15)
        Customer.objects.filter(pk=made.pk).update(captured_at=ago, idle_since=now)
        with transaction.atomic():
            assert run_clock(Context(access, office.project, now))["recycled_customers"] == 1
            transaction.set_rollback(True)
        Customer.objects.filter(pk=made.pk).update(last_visit_at=now)
        assert run_clock(Context(access, office.project, now))["recycled_customers"] == 0
        Customer.objects.filter(pk=made.pk).update(last_visit_at=ago)
        ctx = Context(access, office.project, now)
        give(ctx, [(Customer.objects.get(pk=made.pk), office.users["consultant2"].pk)])
        assert run_clock(ctx)["recycled_customers"] == 0


def test_a_customers_leads_leave_the_pool_with_him(office: Office) -> None:
    check_in(office, "consultant1")
    lead = add(office, "13812292302")
    with office.as_("consultant1") as access:
        customer = run("follow_up_lead", access, lead, method="phone", content="在看").customer
    with office.as_("system") as access:
        ctx = Context(access, office.project, dt.datetime.now(dt.UTC) + dt.timedelta(days=31))
        assert run_clock(ctx)["recycled_customers"] == 1
        ctx.flush()
    lead.refresh_from_db()
    assert lead.state == "pool"
    with office.as_("consultant5") as access:
        # He stands in the list of leads, not in both.
        assert not reading.list_rows(resources.get("pool-customers"), access, reading.Query()).items
        run("claim_pool_lead", access, lead)
        customer.refresh_from_db()
        assert customer.owner_id == office.users["consultant5"].pk


def test_who_has_a_deal_or_is_frozen_is_never_in_the_pool(office: Office) -> None:
    customer = lost_to_the_pool(office)
    for change in ({"stage": "subscriber"}, {"state": "frozen"}, {"state": "lost"}):
        with office.as_("system"):
            Customer.objects.filter(pk=customer.pk).update(**({"stage": "visitor", "state": "active"} | change))
        with office.as_("consultant5") as access:
            assert not reading.list_rows(resources.get("pool-customers"), access, reading.Query()).items
            with pytest.raises(DomainError):
                run("claim_pool_customer", access, customer)
