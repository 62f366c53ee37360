"""BS24: the ways of a buyer whose loan was refused, on a page, and each of them taken."""

from __future__ import annotations

import pytest

from anchang.affairs.models import Mortgage
from anchang.deals.models import Contract, DealChange
from tests.factories import PASSWORD, run
from tests.paperwork.test_signing import back

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan(desk):
    """Applied for 1,970,000 at a bank that refuses."""
    clerk = desk.office.access("clerk")
    contract = desk.sign(payment_plan="mortgage", deposit="50000.00")
    made = run("add_mortgages", clerk, contract=contract.pk, bank="工行", amount="1970000")
    run("submit_mortgage", clerk, made)
    return made


def refuse(desk, loan):
    run("refuse_mortgage", desk.office.access("clerk"), loan, reason="征信")


def post(desk, client, loan, who="clerk", **data):
    client.login(username=who, password=PASSWORD)
    done = client.post(f"/deal/loans/{loan.pk}/", data)
    back(desk)
    return done


def test_the_page_tells_what_follows_from_each_way(desk, client, loan):
    client.login(username="clerk", password=PASSWORD)
    waiting = client.get(f"/deal/loans/{loan.pk}/")
    back(desk)
    assert waiting.status_code == 200 and 'name="way"' not in waiting.content.decode()
    refuse(desk, loan)
    unit = Contract.objects.get(pk=loan.contract_id).unit_id
    assert f"/deal/loans/{loan.pk}/" in client.get(f"/deal/{unit}/").content.decode()
    page = client.get(f"/deal/loans/{loan.pk}/").content.decode()
    back(desk)
    assert page.count('name="way"') == 3 and "1,970,000.00" in page and "payment_plan" in page
    client.login(username="consultant5", password=PASSWORD)
    assert client.get(f"/deal/loans/{loan.pk}/").status_code == 404
    back(desk)


def test_another_bank_gets_the_loan(desk, client, loan):
    refuse(desk, loan)
    wrong = post(desk, client, loan, way="other_bank", bank="建行", amount="99999999")
    assert wrong.status_code == 422 and "建行" in wrong.content.decode()
    assert post(desk, client, loan, way="other_bank", bank="建行", amount="1970000").status_code == 302
    assert Mortgage.objects.get(bank="建行").state == "collecting"


def test_a_lowered_loan_is_withdrawn_when_another_bank_lends(desk, client, loan):
    run("approve_mortgage", desk.office.access("clerk"), loan, amount="1500000")
    assert post(desk, client, loan, way="other_bank", bank="建行", amount="1970000").status_code == 302
    loan.refresh_from_db()
    assert (loan.state, Mortgage.objects.count()) == ("withdrawn", 2)


def test_the_payment_changes_by_an_approved_change(desk, client, loan):
    refuse(desk, loan)
    plan = desk.stock and Contract.objects.get(pk=loan.contract_id).payment_plan_id
    lump = type(loan.contract.payment_plan).objects.get(code="lump_sum")
    assert lump.pk != plan
    assert post(desk, client, loan, way="replan", payment_plan=lump.pk).status_code == 302
    change = DealChange.objects.get()
    assert (change.kind, change.payment_plan_id, change.state) == ("plan", lump.pk, "requested")


def test_termination_leaves_nobody_at_fault(desk, client, loan):
    refuse(desk, loan)
    client.login(username="consultant1", password=PASSWORD)
    assert client.post(f"/deal/loans/{loan.pk}/", {"way": "terminate"}).status_code == 403
    back(desk)
    assert post(desk, client, loan, "director", way="terminate", reason="银行拒贷").status_code == 302
    contract = Contract.objects.get(pk=loan.contract_id)
    assert (contract.state, contract.fault, contract.forfeited) == ("terminated", "none", 0)
