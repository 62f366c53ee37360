"""Two files become one (BS17): everything comes along, and the owner is decided anew."""

from __future__ import annotations

import pytest

from anchang.crm.models import Customer, CustomerMerge, Lead, OwnerChange, TruthCheck
from anchang.crm.queries import belonging
from anchang.platform.models import Notice, StoredFile, Task
from tests.factories import Office, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return make_office()


def test_the_first_contact_owns_and_everything_comes_along(office):
    with office.as_("consultant1") as access:
        run("check_in", access)
        lead = run("add_leads", access, name="孙", phone="13900000005", channel="walk_in")
        gone = run("follow_up_lead", access, lead, method="phone", content="先联系").customer
    with office.as_("consultant5") as access:
        kept = run("add_customers", access, name="孙静伟", phone="13812292302")
        run("add_follow_ups", access, customer=kept.pk, method="phone", content="后联系")
    with office.as_("manager") as access:
        here = {"project": office.project}
        check = TruthCheck.objects.create(
            customer=gone, rule_id="sample", user=office.users["consultant1"], follow_up=gone.follow_ups.get(), **here
        )
        paper = StoredFile.objects.create(
            name="身份证.pdf", size=1, content_type="x", sha256="0" * 64, resource="customers", record_id=gone.pk, **here
        )  # fmt: skip
        twin = {"code": "customer_idle", "resource": "customers", "period_key": "x", **here}
        for record in (kept, gone):
            Task.objects.create(assignee=office.users["consultant1"], record_id=record.pk, **twin)
        run("merge_customers", access, kept, other=gone.pk, reason="同一人")
        kept.refresh_from_db()
        first = office.users["consultant1"].pk
        assert kept.owner_id == first and kept.team_id == office.teams["A"].pk
        merge = CustomerMerge.objects.get()
        assert (merge.rule, merge.owner_id) == ("contact", first)
        assert OwnerChange.objects.filter(customer=kept, new=first, reason="merge").count() == 1
        assert Notice.objects.filter(code="customer_merged_away", user=office.users["consultant5"]).count() == 1
        check.refresh_from_db(), paper.refresh_from_db()
        assert (check.customer_id, paper.record_id, Lead.objects.get().customer_id) == (kept.pk,) * 3
        assert Task.objects.filter(code="customer_idle", record_id=kept.pk, state="open").count() == 1
        due = Task.objects.filter(code="follow_up_due", record_id=kept.pk, state="open")
        assert {t.assignee_id for t in due} == {first}
        assert not Task.objects.filter(record_id=gone.pk, resource="customers").exists()


def test_nothing_that_can_move_is_left_behind(office):
    """Every model that points to a customer either moves with him or is a log or a consent."""
    stay = {m.__name__ for m, name in belonging.references() if not belonging.may_change(m, name)}
    assert stay == {"GradeChange", "OwnerChange", "Consent"}
    found = {m.__name__ for m, _name in belonging.references()}
    assert {"Deal", "Hold", "Subscription", "Contract", "Lead", "Visit", "TruthCheck"} <= found
    assert {"Task", "StoredFile", "Notice"} <= {m.__name__ for m in belonging.remarks()}


def test_open_leads_follow_the_new_owner(office):
    with office.as_("consultant5") as access:
        kept = run("add_customers", access, name="孙静伟", phone="13812292302")
        run("add_follow_ups", access, customer=kept.pk, method="phone", content="先联系")
    with office.as_("consultant1") as access:
        run("check_in", access)
        lead = run("add_leads", access, name="孙", phone="13900000005", channel="walk_in")
        gone = run("follow_up_lead", access, lead, method="phone", content="后联系").customer
    with office.as_("manager") as access:
        run("merge_customers", access, kept, other=gone.pk, reason="同一人")
        lead.refresh_from_db()
        assert lead.owner_id == Customer.objects.get(pk=kept.pk).owner_id == office.users["consultant5"].pk
        assert lead.state == "contacted"
