"""Requests about one's own data (BS15, PIPL 45 and 47): limit, to-do, copy, erasure with all that history kept."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
import psycopg
import pytest
from django.db import connection, models
from django.utils import timezone

from anchang.crm.commands.retention import propose_erasure, remind_requests
from anchang.crm.models import Customer, FollowUp, IdleFile, Lead, PersonalRequest, Visit
from anchang.crm.queries import belonging
from anchang.kernel.clock import after_working_days
from anchang.kernel.errors import DomainError
from anchang.platform import files, reading, resources
from anchang.platform.context import Context
from anchang.platform.models import AuditRow, Event, Notice, RevealLog, StoredFile, Task
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db
PHONE = "13812292302"
#: Words that only this person's records hold.
TRACES = ("孙静伟", "孙太太", "想看三房", "学区好", "咨询落户", "邮箱", "孙先生", "138****2302")


@pytest.fixture
def office() -> Office:
    return make_office()


def person(office: Office) -> Customer:
    """A customer who left something everywhere: lead, call, visit with tour, follow-up, contact, file, to-dos."""
    with office.as_("consultant1") as access:
        run("check_in", access)
        run("add_leads", access, name="孙静伟", phone=PHONE, channel="walk_in", note="想看三房")
        visit = run("register_visits", access, phone=PHONE, name="孙静伟", content="咨询落户")
        made = visit.customer
        run("edit_customer", access, made, note="学区好", email="邮箱@example.com")
        run("add_tours", access, visit=visit.pk, place="样板间", reaction="学区好")
        run("add_contacts", access, customer=made.pk, name="孙太太", relation="spouse", phone="13900000009")
        run("add_identity", access, made, id_number="330102199003072316")
        run("add_follow_ups", access, customer=made.pk, method="phone", content="想看三房")
        run("mark_lost", access, made, reason="学区好")
        files.save(office.project, "孙静伟.pdf", b"%PDF", resource="customers", record_id=made.pk)
    with office.as_("manager") as access:
        run("reopen_customer", access, made)
    with office.as_("service") as access:
        run("add_call_ins", access, caller="孙先生", phone=PHONE, question="咨询落户")
    return made


def ask(office: Office, customer: Customer, kind: str, **data) -> PersonalRequest:
    with office.as_("service") as access:
        return run("add_requests", access, customer=customer.pk, kind=kind, **data)


def test_the_limit_counts_working_days():
    friday = dt.date(2026, 9, 25)
    assert after_working_days(friday, 1) == dt.date(2026, 9, 28)
    closed = {dt.date(2026, 10, day) for day in range(1, 8)}
    worked = {dt.date(2026, 9, 27), dt.date(2026, 10, 10)}
    # 27 Sep worked, 28-30 Sep, 8-9 Oct, 10 Oct worked.
    assert after_working_days(friday, 7, closed, worked) == dt.date(2026, 10, 10)


def test_a_request_is_a_todo_until_it_is_answered(office):
    customer = person(office)
    day = timezone.localdate()
    asked = ask(office, customer, "copy", way="电话")
    assert asked.due_on == after_working_days(day, 15)
    with office.as_("manager") as access:
        todo = Task.objects.get(code="personal_request", assignee=office.users["manager"])
        assert todo.state == "open" and todo.due_at.date() == asked.due_on
        with pytest.raises(DomainError, match="request_open"):
            run("add_requests", access, customer=customer.pk, kind="copy")
        with pytest.raises(DomainError, match="request_other_kind"):
            run("erase_person", access, asked, confirmed=True)
        run("refuse_request", access, asked, reason="本人撤回")
        assert not Task.objects.filter(code="personal_request", state="open").exists()
        with pytest.raises(DomainError, match="request_closed"):
            run("make_copy", access, asked)
    for who in ("service", "consultant1"):
        with office.as_(who) as access, pytest.raises(DomainError) as refused:
            run("make_copy", access, asked)
        assert refused.value.status == 403


def test_the_copy_holds_everything_in_full_and_is_on_record(office):
    customer = person(office)
    asked = ask(office, customer, "copy")
    with office.as_("manager") as access:
        run("make_copy", access, asked)
        stored = StoredFile.objects.get(resource="personal-requests")
        book = openpyxl.load_workbook(io.BytesIO(files.open_file(stored).read()))
        said = "\n".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value)
        for word in (PHONE, "330102199003072316", "孙太太", "想看三房", "咨询落户", "样板间"):
            assert word in said, word
        log = RevealLog.objects.get(kind="export")
        assert (log.record_id, log.user_id, log.count > 5) == (customer.pk, office.users["manager"].pk, True)
        asked.refresh_from_db()
        assert (asked.state, asked.closed_by_id) == ("done", office.users["manager"].pk)


def test_erasure_leaves_no_trace_and_says_that_it_ran(office):
    customer = person(office)
    copied = ask(office, customer, "copy")
    with office.as_("manager") as access:
        run("make_copy", access, copied)
    asked = ask(office, customer, "erasure", note="孙先生来电")
    with pytest.raises(AssertionError):
        assert_nowhere(office)  # the search below finds what is there
    with office.as_("manager") as access:
        with pytest.raises(DomainError) as unsure:
            run("erase_person", access, asked, confirmed=False)
        assert unsure.value.fields == {"confirmed": "required"}
        run("erase_person", access, asked, confirmed=True)
        customer.refresh_from_db()
        assert (customer.state, customer.name, customer.email) == ("erased", "***", "")
        assert PersonalRequest.objects.get(pk=asked.pk).erased_rows > 8
        # The figures stay: one lead, one visit, one follow-up of that day.
        assert (Lead.objects.count(), Visit.objects.count(), FollowUp.objects.count()) == (1, 1, 1)
        assert AuditRow.objects.filter(op="E", row_id=customer.pk).count() == 1
        for word in ("孙静伟", PHONE, "2302", "sunjing"):
            for name in ("customers", "leads", "call-ins"):
                assert not reading.list_rows(resources.get(name), access, reading.Query(q=word)).items, (name, word)
        with pytest.raises(DomainError, match="customer_not_active"):
            run("edit_customer", access, customer, name="又来")
    assert_nowhere(office)
    with office.as_("consultant2") as access:  # the number is free again
        assert run("add_customers", access, name="新客", phone=PHONE).pk != customer.pk


def assert_nowhere(office: Office) -> None:
    """No row of any table of the project holds a word of the person, its history and the audit included."""
    with office.as_("system"), connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                       " WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition")  # fmt: skip
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                text = json.dumps(json.loads(row), ensure_ascii=False)
                assert not [w for w in TRACES if w in text], (table, text[:600])


def test_nobody_but_the_function_rewrites_frozen_rows(office):
    customer = person(office)
    with office.as_("manager"), connection.cursor() as cursor:
        follow_up = FollowUp.objects.get(customer=customer)
        with pytest.raises(psycopg.errors.CheckViolation):
            cursor.connection.execute("SELECT set_config('app.erasing', 'on', true)")
            cursor.connection.execute("UPDATE crm_followup SET content = 'x' WHERE id = %s", [follow_up.pk])
        connection.needs_rollback = True


def test_the_function_keeps_to_the_projects_in_scope(office):
    customer = person(office)
    other = make_office("XX", "x.")
    with other.as_("manager"), connection.cursor() as cursor:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            cursor.connection.execute("SELECT anchang_erase(%s, %s)", [office.project.pk, customer.pk])
        connection.needs_rollback = True


def test_every_text_about_a_customer_says_what_erasure_leaves():
    """A new column with free text must say so: otherwise an erasure would forget it."""
    coded = {"campaign", "purpose", "heard_from", "household_relation", "text_version", "rule", "rule_id", "grade",
             "grade_before", "grade_after",
             "old", "new", "result", "intent", "number", "code", "former_state", "fault", "online_number",
             "filing_number", "agency", "deal_stage", "invalid_reason", "bank", "item"}  # fmt: skip
    missing = []
    for model, _name in (*belonging.references(), (Customer, "")):
        if not model.__module__.startswith("anchang.crm") or "*" in model.personal:
            continue
        for field in model._meta.concrete_fields:
            free = isinstance(field, models.CharField | models.TextField | models.BinaryField) and not field.choices
            if free and field.column not in model.personal and field.name not in coded:
                missing.append(f"{model.__name__}.{field.name}")
    assert not missing


def test_events_and_messages_are_redacted_but_stay(office):
    customer = person(office)
    asked = ask(office, customer, "erasure")
    with office.as_("manager") as access:
        before = Event.objects.filter(customer_id=customer.pk).count()
        run("erase_person", access, asked, confirmed=True)
        assert Event.objects.filter(customer_id=customer.pk).count() == before + 1
        assert all("孙" not in json.dumps(n.params, ensure_ascii=False) for n in Notice.objects.all())


# --- the clock of retention ----------------------------------------------------------------------


def on(office: Office, job, days: int = 0) -> object:
    """Run a job's function that many days from now."""
    with office.as_("system") as access:
        ctx = Context(access, office.project, timezone.now() + dt.timedelta(days=days))
        found = job(ctx)
        ctx.flush()
        return found


YEARS = 760


def test_idle_files_are_proposed_and_decided_on(office):
    gone, kept, busy = [_visitor(office, f"1390000000{n}") for n in range(3)]
    assert on(office, propose_erasure) is None
    with office.as_("consultant1") as access:
        start = timezone.now() + dt.timedelta(days=YEARS + 5)
        run("add_appointments", access, customer=busy, starts_at=start.isoformat())
    made = on(office, propose_erasure, YEARS)
    assert on(office, propose_erasure, YEARS) is None, "what waits isn't proposed again"
    with office.as_("manager") as access:
        files_ = {f.customer_id: f for f in IdleFile.objects.all()}
        assert set(files_) == {gone, kept} and made.files == 2
        assert Task.objects.filter(code="idle_files", assignee=office.users["director"], state="open").exists()
        with pytest.raises(DomainError):
            run("erase_idle_file", access, files_[gone], confirmed=False)
        run("erase_idle_file", access, files_[gone], confirmed=True)
        run("keep_idle_file", access, files_[kept], reason="老客户介绍中")
        assert Customer.objects.get(pk=gone).state == "erased" and Customer.objects.get(pk=kept).state == "active"
        made.refresh_from_db()
        assert made.state == "done" and not Task.objects.filter(code="idle_files", state="open").exists()
        with pytest.raises(DomainError):
            run("keep_idle_file", access, files_[gone], reason="x")
    assert on(office, propose_erasure, 100) is None
    with office.as_("consultant1") as access, pytest.raises(DomainError):
        run("erase_idle_file", access, files_[kept], confirmed=True)


def _visitor(office: Office, phone: str) -> int:
    with office.as_("consultant1") as access:
        return run("register_visits", access, phone=phone, name="来客").customer_id


def test_whoever_answers_is_reminded_before_the_limit_and_after(office):
    asked = ask(office, person(office), "copy")
    days = (asked.due_on - timezone.localdate()).days
    assert [on(office, remind_requests, d) for d in (0, days - 3, days - 2, days, days + 1)] == [0, 1, 0, 1, 1]
    with office.as_("manager") as access:
        mine = Task.objects.filter(code="personal_request_due", assignee=office.users["manager"])
        assert mine.filter(state="open").count() == 1 and mine.count() == 3
        run("make_copy", access, asked)
        assert not mine.filter(state="open").exists()
