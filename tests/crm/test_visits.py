"""Reception: who receives, numbering, tours, feedback, calls, follow-ups, appointments, registers."""

import datetime as dt

import pytest

from anchang.crm.commands.appointments import remind_appointments
from anchang.crm.commands.truth import find_doubts
from anchang.crm.commands.visit_import import import_visits, undo_visits
from anchang.crm.models import Appointment, CallIn, Customer, FollowUp, Need, TruthCheck, Visit
from anchang.crm.queries.customers import customer_360
from anchang.crm.visit_file import VisitRow
from anchang.kernel.errors import DomainError
from anchang.org.models import Presence, Turn
from anchang.platform import reading, resources
from anchang.platform.context import Context
from anchang.platform.models import Notice, Task
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db
NOW = dt.datetime.now(dt.UTC)
ZONE = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture
def office() -> Office:
    return make_office()


def come(access, phone="13812292302", name="孙静伟", **data):
    return run("register_visits", access, phone=phone, name=name, **data)


def test_first_and_repeat_visit_of_one_customer(office):
    with office.as_("consultant1") as access:
        first = come(access, purpose="自住", need={"layouts": ["三房"], "budget_high": "3000000"})
        second = come(access, "+86 13812292302")
        assert (first.seq, second.seq) == (1, 2)
        assert first.customer_id == second.customer_id
        row = reading.get_row(resources.get("visits"), access, second.pk)
        assert row["customer"] == {"id": first.customer_id, "label": "孙静伟"}
        assert (row["consultant"]["label"], row["visit_kind"]) == ("陈强", "repeat")
        customer = Customer.objects.get()
        assert (customer.visit_count, customer.stage, customer.source) == (2, "prospect", "visit")
        assert customer.owner_id == office.users["consultant1"].pk
        assert Need.objects.get().layouts == ["三房"]


def test_the_owner_receives_whoever_registers(office):
    with office.as_("consultant1") as access:
        come(access)
    with office.as_("consultant5") as access:
        visit = come(access)
        assert visit.consultant_id == office.users["consultant1"].pk
        assert visit.seq == 2
    with office.as_("consultant1") as access:
        assert Notice.objects.filter(code="visitor_arrived", user=office.users["consultant1"]).count() == 1


def test_reception_sends_to_the_named_or_the_next_in_turn(office):
    with office.as_("manager") as access:
        alone = come(access, "13900000003", "丙")
        assert alone.consultant_id is None and Customer.objects.get(name="丙").owner_id is None
    for who in ("consultant1", "consultant5"):
        with office.as_(who) as access:
            run("check_in", access, project="YQ")
    with office.as_("manager") as access:
        named = come(access, consultant=office.users["consultant6"].pk)
        assert named.consultant_id == office.users["consultant6"].pk
        one, two = come(access, "13900000001", "甲"), come(access, "13900000002", "乙")
        received = {one.consultant_id, two.consultant_id}
        assert received == {office.users["consultant1"].pk, office.users["consultant5"].pk}
        assert Customer.objects.get(name="甲").owner_id == one.consultant_id


def test_own_visits_are_those_received(office):
    with office.as_("consultant1") as access:
        come(access)
    with office.as_("consultant5") as access:
        page = reading.list_rows(resources.get("visits"), access, reading.Query(count=True))
        assert page.items == [] and page.count == 0


def test_grade_before_and_after_and_units_shown(office):
    with office.as_("consultant1") as access:
        visit = come(access)
        run("change_grade", access, visit.customer_id, grade="B")
        run("add_tours", access, visit=visit.pk, place="样板间", reaction="喜欢")
        page = customer_360(access, visit.customer_id)
        assert (page["visits"][0]["grade_before"], page["visits"][0]["grade_after"]) == ("C", "B")
        assert page["visits"][0]["tours"][0]["place"] == "样板间"
        with pytest.raises(DomainError) as refused:
            run("add_tours", access, visit=visit.pk)
        assert refused.value.fields == {"unit": "unit_or_place"}


def test_feedback_keeps_to_the_dictionary(office):
    with office.as_("consultant1") as access:
        visit = come(access)
        run("record_feedback", access, visit, feedback={"price": "high"})
        run("record_feedback", access, visit, feedback={"layout": "liked"})
        visit.refresh_from_db()
        assert visit.feedback == {"price": "high", "layout": "liked"}
        with pytest.raises(DomainError) as refused:
            run("record_feedback", access, visit, feedback={"price": "cheap"})
        assert refused.value.fields == {"feedback.price": "bad_choice"}


def test_mandatory_fields_of_a_first_visit(office):
    from anchang.platform.access import bump_stamp
    from anchang.platform.models import Parameter

    Parameter.objects.create(key="crm.visit_required", value=["budget", "purpose"], valid_from=dt.date(2020, 1, 1),
                             project=office.project)  # fmt: skip
    bump_stamp()
    with office.as_("consultant1") as access:
        with pytest.raises(DomainError) as refused:
            come(access)
        assert refused.value.fields == {"budget": "required", "purpose": "required"}
        assert Customer.objects.count() == 0
        assert come(access, purpose="自住", need={"budget_low": "1"}).seq == 1


def test_call_in_names_the_known_customer(office):
    with office.as_("consultant1") as access:
        visit = come(access)
    with office.as_("service") as access:
        call = run("add_call_ins", access, caller="孙先生", phone="13812292302", question="交房时间")
        assert call.customer_id == visit.customer_id and call.passed_to_id == office.users["consultant1"].pk
        again = run("add_call_ins", access, caller="孙先生", phone="13812292302", question="还问")
        assert (call.first, again.first) == (True, False)
    with office.as_("manager") as access:
        call = run("add_call_ins", access, caller="王女士", phone="13900000009", question="价格",
                   passed_to=office.users["consultant2"].pk)  # fmt: skip
        made = run("call_to_customer", access, call)
        assert made.owner_id == office.users["consultant2"].pk and made.source == "call"
        assert CallIn.objects.get(pk=call.pk).customer_id == made.pk


def test_follow_up_sets_clock_plan_and_todo(office):
    with office.as_("consultant1") as access:
        customer_id = come(access).customer_id
        run("add_follow_ups", access, customer=customer_id, method="phone", content="约周末")
        customer = Customer.objects.get()
        assert customer.last_follow_up_at is not None
        assert (customer.next_follow_at - customer.last_follow_up_at).days == 7  # grade C
        later = (NOW + dt.timedelta(days=2)).isoformat()
        run("add_follow_ups", access, customer=customer_id, method="wechat", content="发图", next_at=later)
        todos = Task.objects.filter(code="follow_up_due").order_by("id")
        assert [t.state for t in todos] == ["done", "open"]
        with pytest.raises(DomainError) as refused:
            run("add_follow_ups", access, customer=customer_id, method="phone", content="", next_at=later)
        assert refused.value.fields == {"content": "required"}
        with pytest.raises(DomainError) as refused:
            run("add_follow_ups", access, customer=customer_id, method="phone", content="x",
                next_at="2020-01-01T00:00:00+08:00")  # fmt: skip
        assert refused.value.fields == {"next_at": "next_in_past"}


def test_a_call_needs_identity_and_next_date(office):
    with office.as_("consultant1") as access:
        customer = come(access).customer
        call = {
            "result": "answered",
            "duration": 20,
            "content": "问候",
            "next_at": (NOW + dt.timedelta(days=1)).isoformat(),
        }
        with pytest.raises(DomainError) as refused:
            run("log_call", access, customer, confirmed=False, **call)
        assert refused.value.fields == {"confirmed": "identity_unconfirmed"}
        logged = run("log_call", access, customer, confirmed=True, **call)
        assert (logged.method, logged.duration, logged.identity_confirmed) == ("phone", 20, True)
        assert logged.effective is False  # shorter than 30 seconds
        with pytest.raises(DomainError) as refused:
            run("log_call", access, customer, confirmed=True, result="answered", duration=9, content="x")
        assert refused.value.fields == {"next_at": "required"}


def test_appointment_is_met_by_the_visit(office):
    with office.as_("consultant1") as access:
        customer_id = come(access).customer_id
        soon = NOW + dt.timedelta(minutes=5)
        made = run("add_appointments", access, customer=customer_id, starts_at=soon.isoformat())
        if made.business_date == dt.datetime.now(ZONE).date():
            come(access)
            made.refresh_from_db()
            assert made.state == "arrived" and made.visit.seq == 2
        else:  # five minutes before midnight
            assert run("cancel_appointment", access, made, reason="晚了").state == "cancelled"
        with pytest.raises(DomainError, match="appointment_closed"):
            run("cancel_appointment", access, made, reason="再来")


def test_appointments_remind_and_end_as_no_show(office):
    with office.as_("consultant1") as access:
        customer_id = come(access).customer_id
        made = run(
            "add_appointments", access, customer=customer_id, starts_at=(NOW + dt.timedelta(hours=3)).isoformat()
        )
        with pytest.raises(DomainError, match="appointment_too_early"):
            run("miss_appointment", access, made)
        moved = run("move_appointment", access, made, starts_at=(NOW + dt.timedelta(hours=5)).isoformat())
        assert moved.moved_times == 1
    with office.as_("system") as access:
        ctx = Context(access, office.project)
        assert remind_appointments(ctx) == 1
        assert remind_appointments(ctx) == 0
        ctx.flush()
        assert Task.objects.get(code="appointment_soon").assignee_id == office.users["consultant1"].pk
        Appointment.objects.update(starts_at=NOW - dt.timedelta(days=1), ends_at=NOW - dt.timedelta(hours=23))
        remind_appointments(ctx)
        assert Appointment.objects.get().state == "no_show"
        assert Task.objects.get(code="appointment_soon").state == "done"


def register(*rows) -> list[VisitRow]:
    return [
        VisitRow(i, dt.datetime(2026, month, day, tzinfo=ZONE), [phone], name=name, consultant=consultant, grade=grade,
                 channel="路过", content=f"{month}月{day}日", region="滨江")
        for i, (month, day, phone, name, consultant, grade) in enumerate(rows, 3)
    ]  # fmt: skip


def test_register_makes_customers_numbers_visits_and_changes_nothing_twice(office):
    rows = register(
        (6, 10, "13966422127", "郭梓宇", "周敏", "B"), (5, 1, "13966422127", "郭梓宇", "周敏", "A"),
        (8, 28, "15016701361", "徐娟", "陈强", "A"), (8, 28, "15016701361", "徐娟", "陈强", "A"),
        (9, 1, "15016701362", "林墨", "不认识", ""),
    )  # fmt: skip
    with office.as_("manager") as access:
        ctx = Context(access, office.project)
        report = import_visits(ctx, rows)
        ctx.flush()
        assert (report["created"], report["unchanged"], report["customers_created"]) == (4, 1, 3)
        assert [w.row for w in report["warnings"]] == [7]
        visits = Visit.objects.filter(customer__name="郭梓宇").order_by("arrived_at")
        assert list(visits.values_list("seq", flat=True)) == [1, 2]
        guo = Customer.objects.get(name="郭梓宇")
        assert (guo.grade, guo.visit_count, guo.stage) == ("B", 2, "prospect")
        assert guo.owner_id == office.users["consultant2"].pk and guo.residence == "滨江"
        assert Customer.objects.get(name="林墨").owner_id is None
        again = import_visits(Context(access, office.project), rows)
        assert (again["created"], again["unchanged"]) == (0, 5)
        assert Visit.objects.count() == 4 and Customer.objects.count() == 3
        early = import_visits(ctx, register((1, 1, "15016701361", "徐娟", "陈强", "C")))
        assert early["created"] == 1
        assert list(
            Visit.objects.filter(customer__name="徐娟").order_by("arrived_at").values_list("seq", flat=True)
        ) == [1, 2]
        assert Customer.objects.get(name="徐娟").grade == "A"


def test_undone_import_frees_phones(office):
    with office.as_("manager") as access:
        ctx = Context(access, office.project)
        import_visits(ctx, register((6, 10, "13966422127", "郭梓宇", "周敏", "B")))
        ctx.flush()
        visit, customer = Visit.objects.get(), Customer.objects.get()
        Visit.objects.update(deleted_at=ctx.now)
        Customer.objects.update(deleted_at=ctx.now)
        undo_visits(ctx, None, {"crm_visit": [visit.pk], "crm_customer": [customer.pk]})
        assert come(access, "13966422127", "郭梓宇").seq == 1


def test_doubtful_visits_and_follow_ups_are_found_once(office):
    with office.as_("consultant1") as access:
        for i in range(3):
            customer_id = come(access, f"1390000010{i}", f"客{i}").customer_id
            run("add_follow_ups", access, customer=customer_id, method="phone", content="已联系")
        assert FollowUp.objects.count() == 3
    with office.as_("manager") as access:
        run("find_doubts", access, project="YQ")
        assert TruthCheck.objects.filter(rule_id="same-words").count() == 3
        before = TruthCheck.objects.count()
        find_doubts(Context(access, office.project))
        assert TruthCheck.objects.count() == before
    with office.as_("admin") as access:
        check = TruthCheck.objects.filter(rule_id="same-words").first()
        assert run("close_check", access, check, state="false", result="没接到电话").state == "false"
        with pytest.raises(DomainError, match="check_closed"):
            run("close_check", access, check, state="true")


def test_a_reception_makes_busy_until_the_last_visitor_left(office):
    """BS08: who receives is passed over, with the reason; the end of the visit gives him back."""
    for who in ("consultant1", "consultant2"):
        with office.as_(who) as access:
            run("check_in", access, project="YQ")
    one, two = office.users["consultant1"].pk, office.users["consultant2"].pk

    def state(user: int) -> str:
        return Presence.objects.get(user=user).state

    with office.as_("manager") as access:
        first = come(access, "13900000001", "甲")
        assert first.consultant_id == one and state(one) == "busy"
        second = come(access, "13900000002", "乙", consultant=two)
        third = come(access, "13900000003", "丙")
        assert third.consultant_id is None  # both are with visitors
        why = Turn.objects.latest("pk").explanation
        assert {(w["user"], w["cause"]) for w in why[1:] if w["reason"] == "busy"} == {
            (one, "visit"), (two, "visit")
        }  # fmt: skip
        again = come(access, "13900000001", "甲")  # his own customer comes back meanwhile
        run("visitor_left", access, first)
        assert state(one) == "busy"
        run("visitor_left", access, again)
        assert state(one) == "present"
        with pytest.raises(DomainError, match="visit_ended"):
            run("visitor_left", access, again)
        assert come(access, "13900000004", "丁").consultant_id == one
    with office.as_("consultant2") as access:
        run("set_busy", access, project="YQ")  # he says so himself: nobody else takes it back
        run("visitor_left", access, second)
        assert state(two) == "busy"


def test_an_absent_owner_and_a_late_entry_change_nobody(office):
    with office.as_("consultant1") as access:
        come(access, arrived_at=(NOW - dt.timedelta(days=2)).isoformat())
        assert not Presence.objects.exists()
    with office.as_("manager") as access:
        come(access)
        assert not Presence.objects.exists()
    with office.as_("consultant1") as access:
        come(access)  # whoever registers is evidently here
        assert Presence.objects.get().state == "busy"
