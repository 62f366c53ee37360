"""The pages of pay as a browser asks for them, and who sees whose."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from anchang.commission.models import Earning, Line, Scheme, Statement
from anchang.finance.models import Voucher
from anchang.platform import reading, resources
from anchang.platform.reading import Query
from tests.commission.pay import catch_up, earning_of, make_scheme
from tests.commission.test_following import close_all, confirm_all
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def settled(desk):
    """Two consultants' deals of this month, settled."""
    make_scheme(desk)
    contracts = [desk.sign(0), desk.sign(1, owner="consultant5")]
    for contract in contracts:
        catch_up(desk, contract)
    confirm_all(desk)
    close_all(desk)
    return contracts


def enter(client, who):
    assert client.login(username=who, password=PASSWORD)
    return client


def test_the_settlement_report_and_its_file(desk, client, settled):
    page = enter(client, "finance").get("/commission/")
    assert page.status_code == 200
    text = page.content.decode()
    names = [str(desk.office.users[u]) for u in ("consultant1", "consultant5")]
    assert all(name in text for name in names)
    file = client.get("/commission/?format=xlsx")
    book = load_workbook(io.BytesIO(b"".join(file) if file.streaming else file.content))
    people, deals = (list(book[name].iter_rows(values_only=True)) for name in book.sheetnames)
    assert [row[0] for row in people[1:3]] == sorted(names)
    earned = sum(float(e.amount) for e in Earning.objects.all())
    assert sum(row[6] for row in deals[1:3]) == pytest.approx(earned)


def test_a_consultant_sees_his_own_pay_only(desk, client, settled):
    text = enter(client, "consultant1").get("/commission/").content.decode()
    assert str(desk.office.users["consultant1"]) in text and str(desk.office.users["consultant5"]) not in text
    access = desk.office.access("consultant1")
    for name in ("commission-earnings", "commission-lines", "commission-statements", "commission-payees"):
        page = reading.list_rows(resources.get(name), access, Query(count=True))
        everything = reading.list_rows(resources.get(name), desk.office.access("manager"), Query(count=True))
        assert 0 < page.count < everything.count, name
    theirs = Statement.objects.get(payee__user=desk.office.users["consultant5"])
    assert client.get(f"/commission/statement/{theirs.pk}/").status_code == 404
    assert client.post(f"/commission/statement/{theirs.pk}.pdf").status_code == 404
    assert client.get("/commission/recalculate/").status_code == 403


def test_a_statement_is_printed_and_counted(desk, client, settled):
    statement = Statement.objects.get(payee__user=desk.office.users["consultant1"])
    page = enter(client, "consultant1").get(f"/commission/statement/{statement.pk}/")
    assert statement.number in page.content.decode()
    paper = client.post(f"/commission/statement/{statement.pk}.pdf")
    words = "".join(p.extract_text() for p in PdfReader(io.BytesIO(paper.content)).pages)
    assert statement.number in words and f"{statement.to_pay:,.2f}" in words
    statement.refresh_from_db()
    assert statement.prints == 1


def test_recalculation_looks_before_it_posts(desk, client, settled):
    contract = settled[0]
    make_scheme(desk, name="更高", tiers=[{"up_to": None, "rate": "0.004"}], valid_from="2021-01-01")
    before = earning_of(contract).amount
    day = contract.signed_on.isoformat()
    asked = {"signed_from": day, "signed_to": day}
    page = enter(client, "manager").get("/commission/recalculate/", asked)
    assert "更高" in page.content.decode() and earning_of(contract).amount == before
    form = asked | {"idempotency_key": "k1"}
    assert client.post("/commission/recalculate/", form).status_code == 302
    assert earning_of(contract).amount == before * 2
    assert client.post("/commission/recalculate/", form).status_code == 302
    assert Line.objects.filter(kind="adjustment").count() == 2
    wrong = client.get("/commission/recalculate/", {"signed_from": "2026-02-01", "signed_to": "2026-01-01"})
    assert wrong.status_code == 422


def test_generic_pages_stand(desk, client, settled):
    enter(client, "finance")
    for name in ("schemes", "payees", "splits", "earnings", "lines", "statements", "awards"):
        assert client.get(f"/r/commission-{name}/").status_code == 200, name
    for model, name in ((Earning, "earnings"), (Line, "lines"), (Statement, "statements")):
        assert client.get(f"/r/commission-{name}/{model.objects.first().pk}/").status_code == 200, name


def test_a_schemes_steps_are_typed_line_by_line(desk, client):
    """Tiers and milestones are rows of the form; a mistake keeps what was typed and names its line."""
    enter(client, "director")
    page = client.get("/r/commission-schemes/new").content.decode()
    assert 'name="tiers-0-rate"' in page and 'name="milestones-0-kind"' in page
    form = {
        "name": "按行录入", "role": "consultant", "mode": "segmented", "base": "signed", "scope": "person",
        "period": "month", "valid_from": "2026-01-01", "retention": "10", "retention_days": "90",
        "tiers-0-up_to": "3,000,000", "tiers-0-rate": "0.002", "tiers-1-up_to": "", "tiers-1-rate": "0.003",
        "milestones-0-kind": "signed", "milestones-0-share": "60", "milestones-1-kind": "collected",
        "milestones-1-percent": "30", "milestones-1-share": "30", "milestones-2-kind": "signed",
    }  # fmt: skip
    wrong = client.post("/r/commission-schemes/new", form | {"tiers-1-rate": "一成", "idempotency_key": "w"})
    assert wrong.status_code == 422 and 'value="一成"' in wrong.content.decode() and not Scheme.objects.exists()
    assert client.post("/r/commission-schemes/new", form | {"idempotency_key": "s"}).status_code in (200, 204, 302)
    scheme = Scheme.objects.get()
    assert scheme.tiers == [{"up_to": "3000000", "rate": "0.002"}, {"rate": "0.003"}]
    assert scheme.milestones == [
        {"kind": "signed", "share": "60"}, {"kind": "collected", "percent": "30", "share": "30"},
    ]  # fmt: skip
    edit = client.get(f"/r/commission-schemes/{scheme.pk}/do/edit").content.decode()
    assert 'value="3000000"' in edit or 'value="3,000,000"' in edit


def test_a_statement_shows_its_vouchers_and_they_lead_back(desk, client, settled):
    finance = desk.office.access("finance")
    run("set_up_books", finance, project="YQ", bank_account="3301")
    run("open_periods", finance, project="YQ", month=Statement.objects.earliest("closed_on").closed_on.isoformat())
    run("generate_vouchers", finance, project="YQ")
    statement = Statement.objects.filter(closed_on__isnull=False).first()
    voucher = Voucher.objects.get(event="commission_closed", source_id=statement.pk)
    enter(client, "finance")
    page = client.get(page_of(statement)).content.decode()
    assert f'href="/r/vouchers/{voucher.pk}/"' in page and voucher.number in page
    back = client.get(f"/r/vouchers/{voucher.pk}/").content.decode()
    assert f'href="{page_of(statement)}"' in back and statement.number in back
    owner = enter(client, next(u for u, user in desk.office.users.items() if user.pk == statement.payee.user_id))
    assert f'href="/r/vouchers/{voucher.pk}/"' not in owner.get(page_of(statement)).content.decode()


def page_of(statement) -> str:
    return f"/r/commission-statements/{statement.pk}/"
