"""Entry criteria of grades (C08) and the limits of each grade (BS18)."""

import datetime as dt
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.crm.commands.claims import claim_pool_customer
from anchang.crm.commands.grades import expire_grades
from anchang.crm.commands.lead_clock import run_clock
from anchang.crm.commands.standing import give
from anchang.crm.models import Channel, Customer, GradeChange, Lead, PoolCustomer, Visit
from anchang.crm.queries.criteria import in_words
from anchang.kernel.errors import DomainError
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import FieldRule, Notice, Parameter, Role, Task
from tests.factories import PASSWORD, Office, make_office, run

pytestmark = pytest.mark.django_db
VISITED = {"field": "visit_count", "op": "gte", "value": 1}


@pytest.fixture
def office() -> Office:
    return make_office()


def add(access, n: int = 1, **data):
    return run("add_customers", access, project="YQ", name=f"客{n}", phone=f"1380000{n:04d}", **data)


def criteria(office, grade: str, condition, who: str = "director", **more):
    with office.as_(who) as access:
        return run("set_grade_criteria", access, project="YQ", grade=grade, condition=condition, **more)


def parameter(office, key: str, value) -> None:
    with office.as_("admin") as access:
        run("set_parameters", access, key=key, value=value, project="YQ", valid_from="2020-01-01")


def unmet(call) -> None:
    with pytest.raises(DomainError) as refused, transaction.atomic():
        call()
    assert refused.value.code == "grade_criteria_unmet" and refused.value.fields["grade"] == "grade_criteria_unmet"
    assert refused.value.params["criteria"]


# --- entry criteria ------------------------------------------------------------------------------


def test_whoever_falls_short_is_not_given_the_grade_by_hand(office):
    criteria(office, "A", VISITED)
    with office.as_("consultant1") as access:
        made = add(access)
        unmet(lambda: run("change_grade", access, made, grade="A", reason="很有诚意"))
        unmet(lambda: run("add_follow_ups", access, customer=made.pk, method="phone", content="谈", grade="A"))
        unmet(lambda: add(access, 2, grade="A"))
        assert not GradeChange.objects.exists() and Customer.objects.count() == 1
        run("change_grade", access, made, grade="B")
        # The visit that is being registered counts.
        run("register_visits", access, project="YQ", phone="13800000001", name="客1", grade="A")
        made.refresh_from_db()
        assert made.grade == "A"


def test_the_contact_that_is_written_counts(office):
    criteria(office, "B", {"field": "last_follow_up_at", "op": "within", "value": "1d"})
    with office.as_("consultant1") as access:
        made = add(access)
        unmet(lambda: run("change_grade", access, made, grade="B"))
        run("add_follow_ups", access, customer=made.pk, method="phone", content="谈", grade="B")
        made.refresh_from_db()
        assert made.grade == "B" and made.grade_until is not None


def test_a_manager_overrides_with_a_reason(office):
    criteria(office, "A", VISITED)
    with office.as_("consultant1") as access:
        made = add(access)
    with office.as_("manager") as access:
        unmet(lambda: run("change_grade", access, made, grade="A"))
        run("change_grade", access, made, grade="A", reason="老业主介绍，已看样板间")
        assert GradeChange.objects.get().reason == "老业主介绍，已看样板间"


def test_a_rule_lifts_nobody_who_falls_short(office):
    criteria(office, "B", VISITED)
    with office.as_("consultant1") as access:
        made = add(access)
        run("add_follow_ups", access, customer=made.pk, method="phone", content="谈", intent="strong")
        made.refresh_from_db()
        assert made.grade == "C"
        run("register_visits", access, project="YQ", phone="13800000001", name="客1")
        run("add_follow_ups", access, customer=made.pk, method="phone", content="谈", intent="strong")
        made.refresh_from_db()
        assert made.grade == "B"


def test_criteria_hold_from_their_day_and_validity_only_takes_away(office):
    tomorrow = timezone.localdate() + dt.timedelta(days=2)
    criteria(office, "A", VISITED, valid_from=tomorrow.isoformat())
    with office.as_("consultant1") as access:
        made = add(access, grade="A")
        other = add(access, 2)
        Customer.objects.filter(pk=made.pk).update(grade_until="2020-01-01")
        Customer.objects.filter(pk=other.pk).update(visit_count=3)
    criteria(office, "A", VISITED)
    with office.as_("system") as access:
        ctx = Context(access, office.project)
        assert expire_grades(ctx) == 1
        ctx.flush()
    made.refresh_from_db()
    other.refresh_from_db()
    assert (made.grade, other.grade) == ("B", "C")  # nobody is lifted by fulfilling the criteria


def test_criteria_are_the_directors_and_within_what_he_sees(office):
    with pytest.raises(DomainError) as refused:
        criteria(office, "A", VISITED, who="consultant1")
    assert refused.value.status == 403
    with pytest.raises(DomainError) as wrong:
        criteria(office, "A", {"field": "no_such", "op": "eq", "value": 1})
    assert wrong.value.code == "bad_condition"
    FieldRule.objects.create(role=Role.objects.get(code="director"), resource="customers", field="note", mode="hide")
    bump_stamp()
    with pytest.raises(DomainError):
        criteria(office, "A", {"field": "note", "op": "contains", "value": "富"})
    assert not Parameter.objects.filter(key="crm.grade_criteria").exists()


def test_grades_without_criteria_cost_nothing(office):
    with office.as_("consultant1") as access:
        made = add(access)
        with CaptureQueriesContext(connection) as plain:
            run("change_grade", access, made, grade="B")
    criteria(office, "D", VISITED)
    with office.as_("consultant1") as access, CaptureQueriesContext(connection) as seen:
        run("change_grade", access, made, grade="C")
    assert len(seen) <= len(plain) + 1


def test_the_page_of_grades_says_criteria_and_limits(office, client):
    criteria(office, "A", VISITED)
    parameter(office, "crm.first_contact_grade_hours", {"A": 5})
    assert client.login(username="director", password=PASSWORD)
    page = client.get("/customers/grades/").content.decode()
    assert in_words(VISITED, office.access("director"), office.project.pk) in page
    assert re.search(r">\s*5\s*<", page) and "set-grade-criteria" in page
    client.logout()
    assert client.login(username="consultant1", password=PASSWORD)
    page = client.get("/customers/grades/").content.decode()
    assert "set-grade-criteria" not in page


# --- limits of each grade ------------------------------------------------------------------------


def clock(office, hours: float) -> dict[str, int]:
    with office.as_("system") as access:
        ctx = Context(access, office.project, dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours))
        counts = run_clock(ctx)
        ctx.flush()
        return counts


def test_each_grade_has_its_own_time_for_the_first_contact(office):
    parameter(office, "crm.first_contact_grade_hours", {"A": 8})
    with office.as_("consultant1") as access:
        hot, warm = add(access, 1, grade="A"), add(access, 2, grade="B")
    assert clock(office, 5)["warned_customers"] == 1  # four hours before
    assert clock(office, 9)["recycled_customers"] == 1
    hot.refresh_from_db()
    warm.refresh_from_db()
    assert hot.owner_id is None and warm.owner_id is not None
    assert Notice.objects.filter(code="customers_recycled", user=office.users["consultant1"]).count() == 1


def test_a_contact_ends_the_time_for_the_first_one_and_a_new_owner_has_it_anew(office):
    parameter(office, "crm.first_contact_grade_hours", {"A": 8})
    with office.as_("consultant1") as access:
        called, came = add(access, 1, grade="A"), add(access, 2, grade="A")
        run("add_follow_ups", access, customer=called.pk, method="phone", content="谈")
        run("register_visits", access, project="YQ", phone="13800000002", name="客2")
    assert clock(office, 9)["recycled_customers"] == 0
    with office.as_("system") as access:
        later = Context(access, office.project, dt.datetime.now(dt.UTC) + dt.timedelta(hours=9))
        give(later, [(Customer.objects.get(pk=called.pk), office.users["consultant2"].pk)])
        later.flush()
    assert clock(office, 16)["recycled_customers"] == 0
    assert clock(office, 18)["recycled_customers"] == 1
    came.refresh_from_db()
    assert came.owner_id is not None


def test_frozen_customers_keep_their_owner_whatever_the_limit(office):
    for key, value in (("crm.first_contact_grade_hours", {"A": 1}), ("crm.grade_limit_hours", {"A": 1}),
                       ("crm.grade_visit_days", {"A": 1})):  # fmt: skip
        parameter(office, key, value)
    with office.as_("manager") as access:
        made = add(access, grade="A", owner=office.users["consultant1"].pk)
        run("freeze_customer", access, made, reason="判客中")
    assert clock(office, 24 * 30)["recycled_customers"] == 0
    with office.as_("manager") as access:
        run("reopen_customer", access, made)
    assert clock(office, 24 * 30)["recycled_customers"] == 1


def test_the_limit_of_visits_is_warned_of_too(office):
    parameter(office, "crm.grade_visit_days", {"C": 14})
    parameter(office, "crm.grade_limit_hours", {})
    with office.as_("consultant1") as access:
        add(access)
    assert clock(office, 14 * 24 - 2)["warned_customers"] == 1
    assert clock(office, 14 * 24 + 1)["recycled_customers"] == 1


def test_a_graded_customers_lead_has_his_grades_time(office):
    parameter(office, "crm.first_contact_grade_hours", {"A": 2})
    with office.as_("manager") as access:
        add(access, grade="A", owner=office.users["consultant1"].pk)
        Channel.objects.create(project=office.project, code="walk", name="自然到访", kind="other")
    with office.as_("consultant1") as access:
        run("check_in", access)
    with office.as_("manager") as access:
        known = run("add_leads", access, project="YQ", name="客1", phone="13800000001", channel="walk")
        fresh = run("add_leads", access, project="YQ", name="新", phone="13900000009", channel="walk")
        hours = [round((one.first_contact_due_at - one.assigned_at).total_seconds() / 3600) for one in (known, fresh)]
        assert hours == [2, 24]
        assert Task.objects.get(code="lead_first_contact", record_id=known.pk).due_at == known.first_contact_due_at
        run("assign_lead", access, known, user=office.users["consultant2"].pk)
        known = Lead.objects.get(pk=known.pk)
        assert round((known.first_contact_due_at - known.assigned_at).total_seconds() / 3600) == 2
        task = Task.objects.get(code="lead_first_contact", record_id=known.pk, state="open")
        assert task.due_at == known.first_contact_due_at


def test_who_lost_a_customer_is_barred_from_him_for_days(office):
    parameter(office, "crm.first_contact_grade_hours", {"A": 1})
    with office.as_("consultant1") as access:
        made = add(access, grade="A")
    assert clock(office, 2)["recycled_customers"] == 1
    with office.as_("consultant1") as access:
        with pytest.raises(DomainError, match="last_owner_barred"):
            run("claim_pool_customer", access, made)
        later = Context(access, office.project, dt.datetime.now(dt.UTC) + dt.timedelta(days=3, hours=3))
        assert claim_pool_customer(later, PoolCustomer.objects.get(pk=made.pk)).owner_id == later.user_id
    assert not Visit.objects.exists()
