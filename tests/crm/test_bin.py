"""Single customers, visits and leads into the recycle bin by hand, and back with everything."""

import datetime as dt

import pytest
from django.utils import timezone

from anchang.crm.models import (
    Appointment,
    Channel,
    Contact,
    Customer,
    CustomerPhone,
    FollowUp,
    GradeChange,
    Lead,
    LeadTransfer,
    Need,
    Tour,
    Visit,
)
from anchang.crm.queries.customers import doubles
from anchang.deals.models import Hold
from anchang.insight.catalogue import REPORTS
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.models import Event, StoredFile, Task
from tests.factories import PASSWORD, Office, make_office, run
from tests.rows import make_row

pytestmark = pytest.mark.django_db
LISTS = ("customers", "visits", "follow-ups", "appointments", "contacts", "needs", "leads", "lead-transfers", "tours",
         "grade-changes", "owner-changes", "tasks", "files", "tags")  # fmt: skip


@pytest.fixture
def office() -> Office:
    made = make_office()
    with made.as_("system"):
        Channel.objects.create(project=made.project, code="walk", name="自然到访", kind="other")
    return made


def counts(office) -> dict[str, int]:
    with office.as_("admin") as access:
        return {n: reading.list_rows(resources.get(n), access, reading.Query(count=True)).count for n in LISTS}


def file_of(office) -> Customer:
    """A customer with a bit of everything."""
    with office.as_("consultant1") as access:
        run("check_in", access)
    with office.as_("manager") as access:
        lead = run("add_leads", access, project="YQ", name="孙静伟", phone="13812292302", channel="walk")
    with office.as_("consultant1") as access:
        customer = run("follow_up_lead", access, lead, method="phone", content="在看", grade="B").customer
        run("add_contacts", access, customer=customer.pk, name="妻", relation="spouse")
        run("add_need", access, customer, note="三房")
        visit = run("register_visits", access, project="YQ", phone="13812292302", name="孙静伟")
        run("add_tour", access, visit, place="样板间")
        tomorrow = timezone.now() + dt.timedelta(days=1)
        run("add_appointments", access, customer=customer.pk, starts_at=tomorrow.isoformat(),
            ends_at=(tomorrow + dt.timedelta(hours=1)).isoformat())  # fmt: skip
        run("add_follow_ups", access, customer=customer.pk, method="phone", content="约好了")
    with office.as_("manager") as access:
        run("transfer_customer", access, customer, owner=office.users["consultant2"].pk)
        StoredFile.objects.create(
            project=office.project, name="身份证.pdf", size=1, content_type="x", sha256="0" * 64, resource="customers",
            record_id=customer.pk,
        )  # fmt: skip
    return Customer.objects.get(pk=customer.pk)


def reported(office) -> list[object]:
    day = timezone.localdate().isoformat()
    with office.as_("manager") as access:
        found = []
        for key in ("sales-daily", "process", "portrait", "assigning"):
            report = REPORTS[key]
            answer = report.answer(report.ask(access, {"project": "YQ", "date": day, "from": day, "to": day}))
            found.append({k: v for k, v in answer.items() if k not in ("at", "as_of")})
        return found


def test_nothing_of_a_deleted_customer_is_seen_and_all_comes_back(office):
    empty, nothing = counts(office), reported(office)
    customer = file_of(office)
    full, something = counts(office), reported(office)
    assert all(full[n] > empty[n] for n in LISTS if n != "tags") and nothing != something
    with office.as_("manager") as access:
        run("delete_customer", access, customer, reason="重复登记")
        assert Event.objects.get(name="customer.deleted").data["reason"] == "重复登记"
        found = reading.list_rows(resources.get("customers"), access, reading.Query(q="孙静伟"))
        assert not found.items and not doubles(access, office.project.pk, "13812292302")
        with pytest.raises(DomainError) as gone:
            reading.get_row(resources.get("customers"), access, customer.pk)
        assert gone.value.status == 404
        page = reading.list_rows(resources.get("customers"), access, reading.Query(deleted=True))
        assert [row["name"] for row in page.items] == ["孙静伟"]
    assert counts(office) == empty and reported(office) == nothing
    with office.as_("manager") as access:
        run("restore_customer", access, customer)
        found = reading.list_rows(resources.get("customers"), access, reading.Query(q="2302"))
        assert [row["phone"] for row in found.items] == ["138****2302"]
        assert doubles(access, office.project.pk, "13812292302")
    assert counts(office) == full and reported(office) == something


def test_the_number_of_a_deleted_customer_is_free(office):
    with office.as_("manager") as access:
        old = run("add_customers", access, project="YQ", name="旧", phone="13812292302")
        run("delete_customer", access, old)
        new = run("add_customers", access, project="YQ", name="新", phone="13812292302")
        with pytest.raises(DomainError, match="phone_taken"):
            run("restore_customer", access, old)
        run("delete_customer", access, new)
        run("restore_customer", access, old)
        assert CustomerPhone.objects.get(active=True).customer_id == old.pk


def test_deals_keep_their_customer_and_his_leads(office):
    customer = file_of(office)
    with office.as_("system"):
        hold = make_row(Hold, office.project, office.users["consultant1"], {Customer: customer})
        assert hold.customer_id == customer.pk
    with office.as_("manager") as access:
        lead = Lead.objects.get()
        for name, record in (("delete_customer", customer), ("delete_lead", lead)):
            with pytest.raises(DomainError) as refused:
                run(name, access, record)
            assert refused.value.code == "customer_in_use" and refused.value.params["what"]


def test_only_managers_delete_and_restore(office):
    customer = file_of(office)
    with office.as_("consultant2") as access:
        for name, record in (("delete_customer", customer), ("delete_visit", Visit.objects.get()),
                             ("delete_lead", Lead.objects.get())):  # fmt: skip
            with pytest.raises(DomainError) as refused:
                run(name, access, record)
            assert refused.value.status in (403, 404)
    assert customer.deleted_at is None


def test_a_deleted_visit_leaves_the_count_and_comes_back_in_its_place(office):
    with office.as_("manager") as access:
        first = run("register_visits", access, project="YQ", phone="13812292302", name="孙静伟",
                    arrived_at=(timezone.now() - dt.timedelta(days=3)).isoformat())  # fmt: skip
        second = run("register_visits", access, project="YQ", phone="13812292302", name="孙静伟")
        run("add_tour", access, first, place="样板间")
        customer = Customer.objects.get()
        assert (customer.visit_count, customer.stage) == (2, "prospect")
        run("delete_visit", access, first, reason="登记错误")
        customer.refresh_from_db()
        assert (customer.visit_count, customer.stage, Tour.objects.count()) == (1, "visitor", 0)
        assert Visit.objects.get().seq == 1 and Visit.objects.get().pk == second.pk
        run("restore_visit", access, first)
        customer.refresh_from_db()
        assert (customer.visit_count, customer.stage, Tour.objects.count()) == (2, "prospect", 1)
        assert list(Visit.objects.order_by("arrived_at").values_list("seq", flat=True)) == [1, 2]
        run("delete_visit", access, first)
        run("delete_customer", access, customer)
        with pytest.raises(DomainError, match="customer_in_bin"):
            run("restore_visit", access, first)
        run("restore_customer", access, customer)
        # What was deleted before the file stays deleted.
        assert Visit.objects.get().pk == second.pk
        Customer.objects.update(owner=None, team=None)
        run("restore_visit", access, first)
        customer.refresh_from_db()
        assert Visit.objects.count() == 2 and customer.owner_id is None


def test_a_deleted_lead_frees_its_phone_until_it_comes_back(office):
    with office.as_("consultant1") as access:
        run("check_in", access)
    with office.as_("manager") as access:
        add = {"project": "YQ", "phone": "13812292302", "channel": "walk"}
        lead = run("add_leads", access, name="孙", **add)
        assert LeadTransfer.objects.count() == 1 and Task.objects.filter(state="open").count() == 1
        run("delete_lead", access, lead)
        assert LeadTransfer.objects.count() == 0 and not Task.objects.filter(state="open").exists()
        again = run("add_leads", access, name="孙", **add)
        assert again.pk != lead.pk
        with pytest.raises(DomainError, match="phone_has_lead"):
            run("restore_lead", access, lead)
        run("delete_lead", access, again)
        run("restore_lead", access, lead)
        assert Lead.objects.get().pk == lead.pk and LeadTransfer.objects.count() == 1
        assert Task.objects.filter(state="open", record_id=lead.pk).count() == 1


def test_a_lead_comes_back_only_when_no_other_has_one_of_its_phones(office):
    with office.as_("manager") as access:
        add = {"project": "YQ", "channel": "walk", "name": "孙"}
        old = run("add_leads", access, phone="13812292302、13900000001", **add)
        run("delete_lead", access, old)
        newer = run("add_leads", access, phone="13700000001、13900000001", **add)
        with pytest.raises(DomainError, match="phone_has_lead"):
            run("restore_lead", access, old)
        run("delete_lead", access, newer)
        run("restore_lead", access, old)


def test_a_file_stays_while_the_person_waits_for_an_answer(office):
    customer = file_of(office)
    with office.as_("manager") as access:
        request = run("add_requests", access, customer=customer.pk, kind="copy", way="phone")
        with pytest.raises(DomainError, match="customer_has_request"):
            run("delete_customer", access, customer)
        run("refuse_request", access, request, reason="撤回")
        run("delete_customer", access, customer)


def test_the_bin_is_for_those_who_may_bring_back(office, client):
    customer = file_of(office)
    with office.as_("manager") as access:
        run("delete_customer", access, customer)
    assert client.login(username="consultant1", password=PASSWORD)
    assert client.get("/api/v1/customers").status_code == 200
    assert client.get("/api/v1/customers", {"deleted": "true"}).status_code == 403
    assert client.get("/r/customers/?deleted=1").status_code == 403
    assert client.get("/api/v1/contacts", {"deleted": "true"}).status_code == 200


def test_pages_and_api_delete_list_the_bin_and_restore(office, client):
    customer = file_of(office)
    assert client.login(username="manager", password=PASSWORD)
    page = client.get(f"/customers/{customer.pk}/").content.decode()
    assert f"/r/customers/{customer.pk}/do/delete" in page
    client.post(f"/r/customers/{customer.pk}/do/delete", {"reason": "测试"})
    assert client.get(f"/customers/{customer.pk}/").status_code == 404
    assert "孙静伟" in client.get("/r/customers/?deleted=1").content.decode()
    assert "孙静伟" not in client.get("/r/customers/").content.decode()
    client.post("/r/customers/bulk/restore", {"ids": str(customer.pk)})
    assert client.get(f"/customers/{customer.pk}/").status_code == 200
    assert client.delete(f"/api/v1/customers/{customer.pk}").status_code in (200, 204)
    bin_ = client.get("/api/v1/customers", {"deleted": "true"}).json()["items"]
    assert [row["id"] for row in bin_] == [customer.pk]
    assert client.post(f"/api/v1/customers/{customer.pk}/restore", {}, content_type="application/json").status_code == 200
    with office.as_("system"):
        assert (FollowUp.objects.count(), Need.objects.count(), Contact.objects.count()) == (2, 1, 1)
        assert Appointment.objects.count() == 1 and GradeChange.objects.count() == 1
