"""House and decoration by two contracts: within the filed list, apart in the plan, in the receivables and on paper."""

from __future__ import annotations

import io
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from anchang.deals import papers, rules
from anchang.deals.models import Contract, PlanLine, Subscription
from anchang.finance.models import Receivable
from anchang.inventory.models import Unit
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.deals.desk import Desk
from tests.factories import PASSWORD, run
from tests.processes.test_changes import approve, check_books, refused, set_parameter

pytestmark = pytest.mark.django_db
LIST, MARKED = D("2828460.00"), D("300000.00")
CENTS = st.decimals("0.01", "9999999.99", places=2)


@given(CENTS, CENTS, CENTS)
def test_the_default_split_of_any_price_stays_within_both_marked_prices(total, listed, marked):
    total, listed, marked = min(total, listed), max(total, listed), min(marked, listed - D("0.01"))
    if marked <= 0:
        return
    share = rules.decoration_share(total, listed, marked)
    assert 0 <= share <= marked and total - share <= listed - marked + D("0.01")


@pytest.mark.parametrize(
    ("decoration", "code"),
    [("0", None), ("300000", None), ("250000", None), ("300000.01", "decoration_above_marked"), ("100000", "house_above_marked")],
)  # fmt: skip
def test_neither_part_is_above_its_marked_price(decoration, code):
    why = rules.why_not_decoration(D(decoration), LIST - 50000, LIST, MARKED)
    assert (why.code if why else None) == code
    assert rules.why_not_decoration(D(1), LIST, LIST, None).code == "decoration_not_marked"  # type: ignore[union-attr]


@pytest.fixture
def decorated(desk) -> Desk:
    Unit.objects.update(decoration_price=MARKED)
    return desk


def lines(**of) -> dict[str, D]:
    return dict(PlanLine.objects.filter(**of).values_list("item", "amount"))


def owed(contract: Contract) -> dict[str, D]:
    found: dict[str, D] = {}
    for line in Receivable.objects.filter(deal=contract.deal_id, voided=False, house=True):
        found[line.item] = found.get(line.item, D(0)) + line.amount
    return found


def test_the_parts_have_lines_and_receivables_of_their_own(decorated):
    desk = decorated
    sub = desk.subscribe(payment_plan="mortgage", decoration="290000", discounts=["F2"])
    assert (sub.total, sub.decoration_total) == (LIST - 20000, D("290000.00"))
    planned = lines(subscription=sub)
    assert planned["decoration"] == D("290000.00") and sum(planned.values()) == sub.total
    assert planned["bank_loan"] == D("1760000.00")  # 70 % of the house's 2,518,460, to 10,000
    contract = run("sign_contract", desk.office.access("clerk"), sub)
    assert contract.decoration_total == D("290000.00") and owed(contract)["decoration"] == D("290000.00")
    check_books()
    facts = papers.price_facts(contract)
    assert (facts.house_total, facts.decoration_total) == (D("2518460.00"), D("290000.00"))
    assert papers.contract_paper(contract, by="签约").startswith(b"%PDF")
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanLine.objects.create(
            project=contract.project, contract=contract, seq=90, item="decoration", money="cash", amount=1,
            due_on=contract.signed_on,
        )  # fmt: skip
        connection.check_constraints()


def test_the_office_splits_by_the_list_and_names_a_wrong_part(decorated):
    desk = decorated
    assert desk.subscribe(2).decoration_total == 0
    set_parameter("deals.decoration_contract", True)
    sub = desk.subscribe(discounts=["D98"])
    assert sub.decoration_total == rules.decoration_share(sub.total, LIST, MARKED)
    assert desk.subscribe(1, "consultant2", decoration="0").decoration_total == 0
    Unit.objects.filter(pk=desk.unit(3).pk).update(decoration_price=None)
    with pytest.raises(Exception) as caught:
        desk.subscribe(3, "consultant5", decoration="1000")
    assert caught.value.fields == {"decoration": "decoration_not_marked"}  # type: ignore[attr-defined]


def test_another_plan_and_price_keep_the_two_apart(decorated):
    desk = decorated
    contract = desk.sign(decoration="300000")
    decoration = Receivable.objects.get(deal=contract.deal_id, item="decoration", voided=False)
    desk.receive(contract, "300000", lines=[decoration.pk])
    change = run("replan_contract", desk.office.access("manager"), contract, payment_plan="instalment", reason="分期")
    approve(desk, change, "admin")
    live = Contract.objects.get(deal=contract.deal_id, state="signed")
    assert owed(live)["decoration"] == D("300000.00") and sum(owed(live).values()) == live.total
    repriced = run("reprice_contract", desk.office.access("manager"), live, discounts=["D98"], reason="改价")
    approve(desk, repriced, "admin")
    live = Contract.objects.get(deal=contract.deal_id, state="signed")
    assert live.decoration_total == rules.decoration_share(live.total, LIST, MARKED) < D("300000.00")
    assert owed(live)["decoration"] == live.decoration_total and sum(owed(live).values()) == live.total
    check_books()


def test_the_desk_shows_both_parts_and_refuses_at_the_field(client, decorated):
    unit = decorated.stock.units[0].pk
    assert client.login(username="consultant1", password=PASSWORD)
    page = client.get(f"/deal/{unit}/").content.decode()
    assert 'name="decoration"' in page
    typed = {"payment_plan": "lump_sum", "decoration": "300,000", "deposit": "0"}
    shown = client.post(f"/deal/{unit}/price", typed, headers={"HX-Request": "true"}).content.decode()
    assert "2,528,460.00" in shown and "300,000.00" in shown
    with decorated.office.as_("system"):
        assert not Subscription.objects.exists()
        refused("house_above_marked", "subscribe_unit", decorated.office.access("consultant1"), unit, status=422,
                customer=decorated.customer("consultant1").pk, buyers=[{"name": "张三", "id_number": "330102199003072316"}],
                payment_plan="lump_sum", deposit="0", decoration="1000")  # fmt: skip


def test_the_decoration_has_a_contract_of_its_own(decorated, client):
    contract = decorated.sign(decoration="300000")
    Parameter.objects.create(
        key="deals.contract_facts", valid_from="2020-01-01", value={"decoration_company": "华阳装饰有限公司"}
    )
    bump_stamp()
    client.login(username="clerk", password=PASSWORD)
    path = f"/papers/contract/{contract.pk}.pdf?form=decoration"
    assert path in client.get(f"/deal/{contract.unit_id}/").content.decode()
    paper = client.post(path)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    said = "".join(text.split())
    for words in ("300,000.00", "叁拾万元整", f"{contract.number}-ZX", "华阳装饰有限公司", "张三", "第1次打印"):
        assert words in said, words
    assert f"{contract.total - 300000:,.2f}" in said, "the house's part stands beside it"
    plain = decorated.sign(1)
    assert client.post(f"/papers/contract/{plain.pk}.pdf?form=decoration").status_code == 409
    plain.refresh_from_db()
    assert plain.prints == 0 and "form=decoration" not in client.get(f"/deal/{plain.unit_id}/").content.decode()
