"""Customer files: unique phones, scopes, grades, hand-overs, merging, reveals."""

import datetime as dt

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.crm.commands.grades import expire_grades, recompute_stage
from anchang.crm.commands.standing import remind_idle
from anchang.crm.models import Customer, CustomerPhone, CustomerTag, FollowUp, GradeChange, OwnerChange, Visit
from anchang.crm.queries.customers import customer_360, doubles, timeline
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.context import Context
from anchang.platform.models import Event, Notice, RevealLog, Task
from anchang.platform.stamp import remember_stamp
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return make_office()


def add(access, phone="13812292302", name="孙静伟", **data):
    return run("add_customers", access, name=name, phone=phone, **data)


def names(access, **query) -> list[str]:
    page = reading.list_rows(resources.get("customers"), access, reading.Query(**query))
    return [row["name"] for row in page.items]


def test_new_customer_belongs_to_the_consultant_and_carries_contract_fields(office):
    with office.as_("consultant1") as access:
        made = add(access, "+86 138-1229-2302", need={"budget_low": "2000000", "budget_high": "2600000.00"})
        row = reading.get_row(resources.get("customers"), access, made.pk)
        assert row["phone"] == "138****2302"
        assert row["owner"]["id"] == office.users["consultant1"].pk
        assert row["number"] == f"K{made.pk:09d}"
        assert (row["grade"], row["stage"]) == ("C", "visitor")
        assert made.team_id == office.teams["A"].pk
        assert made.needs.get().budget_high == 2600000
        event = Event.objects.get(name="customer.created")
        assert event.customer_id == made.pk and "13812292302" not in str(event.data)


def test_one_row_costs_few_statements(office):
    with office.as_("consultant1") as access:
        remember_stamp(1)  # as a request does at its start
        try:
            run("add_customers", access, name="先", phone="13800000009")
            with CaptureQueriesContext(connection) as seen:
                add(access)
        finally:
            remember_stamp(0)
        spent = [q["sql"] for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(spent) <= 5, spent


def test_taken_phone_names_only_the_owner(office):
    with office.as_("consultant1") as access:
        add(access, name="孙静伟")
    with office.as_("consultant5") as access:
        with pytest.raises(DomainError) as refused:
            add(access, "138 1229 2302", name="别人")
        assert (refused.value.code, refused.value.status) == ("phone_taken", 409)
        assert refused.value.params == {"owner": "陈强"}
        assert Customer.objects.filter(name="别人").count() == 0


def test_database_refuses_a_second_active_phone(office):
    with office.as_("consultant1") as access:
        made = add(access)
        row = CustomerPhone.objects.get(customer=made)
        with pytest.raises(psycopg.errors.UniqueViolation), connection.cursor() as cursor:
            cursor.connection.execute(
                "INSERT INTO crm_customerphone (project_id, customer_id, cipher, digest, masked, tail, active, added_at,"
                " main) VALUES (%s, %s, '', %s, '', '', true, now(), false)",
                [made.project_id, made.pk, row.digest],
            )
        connection.needs_rollback = True


def test_database_refuses_wrong_grades_and_half_merges(office):
    for change in ("grade = 'E'", "stage = 'king'", "state = 'merged'"):
        with office.as_("consultant1") as access:
            made = Customer.objects.first() or add(access)
            with pytest.raises(psycopg.errors.CheckViolation), connection.cursor() as cursor:
                cursor.connection.execute(f"UPDATE crm_customer SET {change} WHERE id = %s", [made.pk])
            connection.needs_rollback = True


def test_number_that_is_none_is_refused(office):
    with office.as_("consultant1") as access, pytest.raises(DomainError) as refused:
        add(access, "无")
    assert refused.value.fields == {"phone": "not_a_phone"}


def test_a_consultant_never_sees_anothers_customers(office):
    with office.as_("consultant1") as access:
        mine = add(access)
    with office.as_("consultant5") as access:
        add(access, "13900000001", "赵四")
        assert names(access) == ["赵四"]
        page = reading.list_rows(resources.get("customers"), access, reading.Query(count=True))
        assert page.count == 1
        assert names(access, q="2302") == [] and names(access, q="孙静伟") == []
        with pytest.raises(DomainError) as gone:
            reading.get_row(resources.get("customers"), access, mine.pk)
        assert gone.value.status == 404
        with pytest.raises(DomainError) as refused:
            run("add_follow_ups", access, customer=mine.pk, method="phone", content="抢客")
        assert refused.value.status == 422
        with pytest.raises(DomainError) as hidden:
            run("reveal_phone", access, mine)
        assert hidden.value.status == 404
        assert RevealLog.objects.count() == 0 and FollowUp.objects.count() == 0
    with office.as_("manager") as access:
        assert sorted(names(access)) == ["孙静伟", "赵四"]


def test_search_by_pinyin_tail_number_and_whole_phone(office):
    with office.as_("consultant1") as access:
        made = add(access)
        for word in ("sunjing", "2302", "13812292302", f"K{made.pk:09d}", "静伟"):
            assert names(access, q=word) == ["孙静伟"], word
        assert names(access, q="1381229") == []


def test_phones_come_and_go(office):
    with office.as_("consultant1") as access:
        made = add(access)
        run("add_phone", access, made, phone="13900000002")
        assert names(access, q="0002") == ["孙静伟"]
        run("remove_phone", access, made, phone="13812292302")
        made.refresh_from_db()
        assert made.phone_masked == "139****0002"
        assert names(access, q="2302") == []
        with pytest.raises(DomainError) as refused:
            run("remove_phone", access, made, phone="13900000002")
        assert refused.value.code == "last_phone"
        assert add(access, name="新人").phone_masked == "138****2302"


def test_editing_leaves_first_source_alone(office):
    with office.as_("consultant1") as access:
        made = add(access)
        run("edit_customer", access, made, name="孙伟", captured_at="2020-01-01T00:00:00+08:00", owner=1, grade="A")
        made.refresh_from_db()
        assert (made.name, made.grade, made.owner_id) == ("孙伟", "C", office.users["consultant1"].pk)
        assert made.captured_at.year > 2020
        assert names(access, q="sunwei") == ["孙伟"]


def test_grade_change_tells_the_manager_once(office):
    with office.as_("consultant1") as access:
        made = add(access)
        run("change_grade", access, made, grade="B")
        notice = Notice.objects.get(code="customer_grade_changed")
        assert notice.user_id == office.users["manager"].pk
        assert notice.params == {"name": "孙静伟", "old": "C", "new": "B", "by": "陈强"}
        made.refresh_from_db()
        assert made.stage == "prospect" and made.grade_until is not None
        with pytest.raises(DomainError, match="same_grade"):
            run("change_grade", access, made, grade="B")


def test_strong_intent_lifts_c_to_b_by_rule(office):
    with office.as_("consultant1") as access:
        made = add(access)
        run("add_follow_ups", access, customer=made.pk, method="phone", content="想定房", intent="strong")
        log = GradeChange.objects.get()
        assert (log.old, log.new, log.rule_id) == ("C", "B", "strong-intent-lifts-c")
        made.refresh_from_db()
        assert made.grade == "B"
        run("add_follow_ups", access, customer=made.pk, method="phone", content="仍然想", intent="strong")
        assert GradeChange.objects.count() == 1


def test_idle_customers_are_reminded_once_per_period(office):
    with office.as_("consultant1") as access:
        made = add(access, grade="B")
        add(access, "13900000003", "丙", grade="C")
        Customer.objects.update(idle_since=dt.datetime.now(dt.UTC) - dt.timedelta(days=4))
    with office.as_("system") as access:
        ctx = Context(access, office.project)
        assert remind_idle(ctx) == 1
        assert remind_idle(ctx) == 0
        task = Task.objects.get(code="customer_idle")
        assert (task.assignee_id, task.record_id) == (office.users["consultant1"].pk, made.pk)
        copy = Notice.objects.get(code="customer_idle")
        assert copy.user_id == office.users["manager"].pk and copy.params["owner"] == "陈强"
    with office.as_("consultant1") as access:
        run("add_follow_ups", access, customer=made.pk, method="phone", content="打过电话")
        assert Task.objects.get(code="customer_idle").state == "done"
        Customer.objects.filter(pk=made.pk).update(idle_since=dt.datetime.now(dt.UTC) - dt.timedelta(days=3, hours=1))
    with office.as_("system") as access:
        assert remind_idle(Context(access, office.project)) == 1


def test_expired_grade_steps_down(office):
    with office.as_("consultant1") as access:
        made = add(access, grade="A")
        Customer.objects.update(grade_until=dt.date(2020, 1, 1))
    with office.as_("system") as access:
        ctx = Context(access, office.project)
        assert expire_grades(ctx) == 1
        ctx.flush()
        made.refresh_from_db()
        assert made.grade == "B" and made.grade_until > dt.date(2020, 1, 1)
        assert GradeChange.objects.get().rule_id == "grade-expired"


def test_stage_follows_deals_and_steps_back(office):
    with office.as_("manager") as access:
        made = add(access)
        ctx = Context(access, office.project)
        for highest, stage in (("subscriber", "subscriber"), ("buyer", "buyer"), ("", "visitor")):
            recompute_stage(ctx, [made.pk], {made.pk: highest})
            made.refresh_from_db()
            assert made.stage == stage


def test_transfer_moves_rows_tasks_and_sight(office):
    heir = office.users["consultant5"]
    with office.as_("consultant1") as access:
        made = add(access)
        run("add_follow_ups", access, customer=made.pk, method="wechat", content="约看房")
        with pytest.raises(DomainError) as refused:
            run("transfer_customer", access, made, owner=heir.pk)
        assert refused.value.status == 403
    with office.as_("manager") as access:
        run("transfer_customer", access, made, owner=heir.pk, reason="调组")
        assert OwnerChange.objects.get().new_id == heir.pk
        assert Task.objects.get(code="follow_up_due").assignee_id == heir.pk
    with office.as_("consultant5") as access:
        assert names(access) == ["孙静伟"]
    with office.as_("consultant1") as access:
        assert names(access) == []


def test_customers_are_given_to_consultants_of_the_project_only(office):
    with office.as_("consultant1") as access:
        made = add(access)
    outsider = office.users["finance"].pk
    with office.as_("manager") as access:
        for name, subject, data in (
            ("transfer_customer", [made], {"owner": outsider}),
            ("hand_over_all", [], {"leaver": office.users["consultant1"].pk, "heirs": [outsider], "reason": "离职"}),
            ("add_customers", [], {"name": "李", "phone": "13900000099", "owner": outsider}),
        ):
            with pytest.raises(DomainError, match="owner_not_here"):
                run(name, access, *subject, **data)


def test_leavers_customers_are_spread(office):
    with office.as_("consultant1") as access:
        for i in range(5):
            add(access, f"1390000001{i}", f"客{i}")
    with office.as_("manager") as access:
        heirs = [office.users[u].pk for u in ("consultant2", "consultant5")]
        answer = run("hand_over_all", access, project="YQ", leaver=office.users["consultant1"].pk, heirs=heirs,
                     reason="离职")  # fmt: skip
        assert answer == {"handed_over": 5}
        assert Customer.objects.filter(owner=heirs[0]).count() == 3
        assert not Customer.objects.filter(owner=office.users["consultant1"]).exists()


def test_lost_frozen_and_reopened(office):
    with office.as_("consultant1") as access:
        made = add(access)
        run("mark_lost", access, made, reason="price")
        with pytest.raises(DomainError, match="customer_not_active"):
            run("add_follow_ups", access, customer=made.pk, method="phone", content="再试")
    with office.as_("manager") as access:
        assert run("reopen_customer", access, made).state == "active"
        with pytest.raises(DomainError, match="customer_not_lost"):
            run("reopen_customer", access, made)


def test_reveal_is_logged_and_limited(office):
    from anchang.platform import parameters

    with office.as_("consultant1") as access:
        made = add(access)
        answer = run("reveal_phone", access, made, reason="回访")
        assert answer["phone"] == "13812292302"
        log = RevealLog.objects.get()
        assert (log.kind, log.record_id, log.user_id) == ("phone", made.pk, office.users["consultant1"].pk)
        limit = parameters.value("crm.reveals_per_day", office.project, timezone.localdate())
        RevealLog.objects.create(project=office.project, kind="phone", resource="customers", count=limit,
                                 user=office.users["consultant1"])  # fmt: skip
        with pytest.raises(DomainError) as refused:
            run("reveal_phone", access, made)
        assert (refused.value.code, refused.value.status) == ("reveal_quota_used", 429)
        assert RevealLog.objects.count() == 2


def test_identity_is_encrypted_unique_and_found_by_tail(office):
    with office.as_("manager") as access:
        made = add(access)
        run("add_identity", access, made, id_number="330102199003072316")
        other = add(access, "13900000004", "李四")
        with pytest.raises(DomainError, match="identity_taken"):
            run("add_identity", access, other, id_number="330102199003072316")
        assert run("reveal_id", access, made)["identities"][0]["id_number"] == "330102199003072316"
        row = reading.get_row(resources.get("customers"), access, made.pk)
        assert row["identities"][0]["id_number"] == "3301**********2316"
        assert [d["id"] for d in doubles(access, office.project.pk, "2316")] == [made.pk]
        with pytest.raises(DomainError) as refused:
            run("add_identity", access, other, id_number="123")
        assert refused.value.fields == {"id_number": "id_number_invalid"}


def test_consents_are_kept_with_text_and_withdrawal(office):
    with office.as_("consultant1") as access:
        made = add(access)
        consent = run("add_consents", access, customer=made.pk, purpose="marketing", text_version="2026-1")
        with pytest.raises(DomainError, match="consent_exists"):
            run("add_consents", access, customer=made.pk, purpose="marketing", text_version="2026-2")
        run("withdraw_consent", access, consent)
        run("add_consents", access, customer=made.pk, purpose="marketing", text_version="2026-2")
        with pytest.raises(DomainError, match="consent_withdrawn"):
            run("withdraw_consent", access, consent)


def test_merge_keeps_both_histories_phones_and_search(office):
    with office.as_("manager") as access:
        kept = add(access, owner=office.users["consultant1"].pk)
        gone = add(access, "13900000005", "孙伟", owner=office.users["consultant1"].pk, grade="B", tags=["学区"])
        for one in (kept, gone):
            run("add_follow_ups", access, customer=one.pk, method="phone", content=f"与{one.name}通话")
            run("add_contacts", access, customer=one.pk, name="妻", relation="spouse")
        run("register_visits", access, phone="13812292302", name="孙静伟")
        run("register_visits", access, phone="13900000005", name="孙伟")
        run("add_consents", access, customer=gone.pk, purpose="service", text_version="1")
        run("merge_customers", access, kept, other=gone.pk, reason="同一人")
        kept.refresh_from_db()
        gone.refresh_from_db()
        assert (gone.state, gone.merged_into_id) == ("merged", kept.pk)
        assert (kept.grade, kept.visit_count) == ("B", 2)
        assert CustomerTag.objects.get().customer_id == kept.pk
        assert sorted(Visit.objects.filter(customer=kept).values_list("seq", flat=True)) == [1, 2]
        assert FollowUp.objects.filter(customer=kept).count() == 2
        assert names(access, q="0005") == ["孙静伟"]
        with pytest.raises(DomainError, match="phone_taken"):
            add(access, "13900000005", "再来")
        page = customer_360(access, kept.pk)
        assert len(page["contacts"]) == 2 and len(page["consents"]) == 1 and len(page["visits"]) == 2
        sentences = [i["name"] for i in timeline(access, kept.pk)["items"]]
        assert sentences.count("customer.created") == 2 and sentences.count("follow_up.added") == 2
        with pytest.raises(DomainError):
            run("edit_customer", access, gone, name="改")


def test_household_links_relatives(office):
    with office.as_("consultant1") as access:
        one, two = add(access), add(access, "13900000006", "妻")
        run("link_household", access, one, relative=two.pk, relation="spouse")
        one.refresh_from_db()
        two.refresh_from_db()
        assert one.household_id == two.household_id is not None
        assert customer_360(access, one.pk)["household"][0]["relation"] == "spouse"
        run("leave_household", access, two)
        assert customer_360(access, one.pk)["household"] == []


def test_doubles_out_of_scope_show_only_the_owner(office):
    with office.as_("consultant1") as access:
        add(access)
    with office.as_("consultant5") as access:
        found = doubles(access, office.project.pk, "13812292302")
        assert found == [
            {"id": None, "name": "孙**", "phone": "138****2302", "owner": "陈强", "in_scope": False}
        ]


def test_company_needs_its_licence(office):
    with office.as_("consultant1") as access:
        with pytest.raises(DomainError) as refused:
            add(access, kind="company", name="云栖公司")
        assert refused.value.fields == {"licence_number": "licence_needed"}
        assert add(access, kind="company", name="云栖公司", licence_number="91330000MA27").kind == "company"


def test_follow_ups_cannot_be_rewritten_in_the_database(office):
    with office.as_("consultant1") as access:
        made = add(access)
        run("add_follow_ups", access, customer=made.pk, method="phone", content="真话")
        with pytest.raises(psycopg.errors.CheckViolation), connection.cursor() as cursor:
            cursor.connection.execute("UPDATE crm_followup SET content = '假话'")
        connection.needs_rollback = True


def test_follow_ups_cannot_be_deleted_in_the_database(office):
    with office.as_("consultant1") as access:
        made = add(access)
        run("add_follow_ups", access, customer=made.pk, method="phone", content="真话")
        with pytest.raises(psycopg.errors.CheckViolation), connection.cursor() as cursor:
            cursor.connection.execute("DELETE FROM crm_followup")
        connection.needs_rollback = True


def test_doubles_by_masked_number_and_by_a_relatives_phone(office):
    """BS17: channels announce 前三后四; a spouse's number leads to the customer."""
    with office.as_("consultant1") as access:
        made = add(access)
        run("add_contacts", access, customer=made.pk, name="妻", relation="spouse", phone="13900000009")
        for word in ("138****2302", "1381****302", "13900000009", "2302"):
            assert [d["id"] for d in doubles(access, office.project.pk, word)] == [made.pk], word
        for word in ("139****2302", "1382****302"):
            assert doubles(access, office.project.pk, word) == [], word
    with office.as_("consultant5") as access:
        (hit,) = doubles(access, office.project.pk, "13900000009")
        assert (hit["id"], hit["name"], hit["owner"]) == (None, "孙**", "陈强")
