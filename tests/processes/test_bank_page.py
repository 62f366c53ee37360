"""The page of bank lines: clear ones together, others one by one; and the reports behind it."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.test import Client

from anchang.finance.models import BankLine, Receipt, Receivable
from anchang.insight.catalogue import REPORTS
from anchang.inventory.models import Licence
from tests.factories import run
from tests.finance.test_banking import ESCROW, line, match

pytestmark = pytest.mark.django_db


@pytest.fixture
def cashier(desk) -> Client:
    Licence.objects.update(escrow_account=ESCROW)
    client = Client(headers={"accept-language": "en"})
    client.force_login(desk.office.users["finance"])
    return client


def test_clear_lines_are_confirmed_together(desk, cashier, django_assert_max_num_queries):
    first = desk.sign(0)
    desk.sign(1, customer=desk.customer("consultant1", 1))
    lines = [line(desk, "50000", "客户0"), line(desk, "50000", "客户1")]
    assert cashier.post("/bank/match").status_code in (200, 204, 302)
    with django_assert_max_num_queries(40):
        page = cashier.get("/bank/").content.decode()
    assert page.count('type="checkbox" name="line"') == 2 and "客户1" in page
    form = {"line": [one.pk for one in lines], "finding": "exact", "idempotency_key": "once"}
    for _again in range(2):  # a double click posts nothing more
        assert cashier.post("/bank/confirm", form).status_code in (200, 204, 302)
    assert Receipt.objects.count() == 2 and not BankLine.objects.exclude(open_amount=0).exists()
    assert Receivable.objects.get(contract=first, item="deposit").balance == 0


def test_an_unclear_line_is_chosen(desk, cashier):
    contract, _other = desk.sign(0), desk.sign(1)
    one = line(desk, "50000")
    match(desk)
    wanted = Receivable.objects.get(contract=contract, item="deposit")
    page = cashier.get("/bank/?finding=ambiguous").content.decode()
    assert f'value="receivable:{wanted.pk}"' in page
    answer = cashier.post("/bank/confirm", {"line": one.pk, "choice": f"receivable:{wanted.pk}"})
    assert answer.status_code in (200, 204, 302) and Receipt.objects.get().contract_id == contract.pk
    again = cashier.post("/bank/confirm", {"line": one.pk, "choice": f"receivable:{wanted.pk}"})
    assert again.status_code == 409 and Receipt.objects.count() == 1


def test_who_may_not_see_the_bank(desk):
    client = Client()
    client.force_login(desk.office.users["consultant1"])
    assert client.get("/bank/").status_code == 403
    assert client.post("/bank/match").status_code == 403


def ask(desk, key: str, who: str = "finance", **given: str):
    report = REPORTS[key]
    answer = report.answer(report.ask(desk.office.access(who), {"project": "YQ", **given}))
    report.blocks(answer)  # the page can be drawn
    return answer


def test_receivables_by_age_add_up_to_the_lines(desk):
    contract = desk.sign(payment_plan="instalment", deposit="0")
    today = desk.office.project.today()
    lines = list(Receivable.objects.filter(contract=contract).order_by("seq"))
    for one, days in zip(lines, (95, 30, -5), strict=True):
        Receivable.objects.filter(pk=one.pk).update(due_on=today - dt.timedelta(days=days))
    desk.receive(contract, "1000")
    answer = ask(desk, "receivables", **{"from": (today - dt.timedelta(days=99)).isoformat(), "to": today.isoformat()})
    buckets = {b["bucket"]: Decimal(b["amount"]) for b in answer["buckets"]}
    assert buckets[">90"] == lines[0].amount - 1000
    assert (buckets["1-30"], buckets["not_due"]) == (lines[1].amount, lines[2].amount)
    assert Decimal(answer["open"]) == sum(buckets.values()) == contract.total - 1000
    assert Decimal(answer["overdue"]) == buckets[">90"] + buckets["1-30"]
    assert Decimal(answer["due"]) == Decimal(answer["due_to_date"]) == lines[0].amount + lines[1].amount
    assert Decimal(answer["net"]) == Decimal(answer["due_paid"]) == Decimal(answer["allocated"]) == 1000
    assert Decimal(answer["agreed"]) == contract.total
    for name, rows in answer["drill"].items():
        if name in buckets:
            client = Client()
            client.force_login(desk.office.users["finance"])
            found = client.get("/api/v1/receivables", {"where": json.dumps(rows["where"])}).json()["items"]
            assert sum(Decimal(r["balance"]) for r in found) == buckets[name], name
    colleague = ask(desk, "receivables", "consultant5")
    assert Decimal(colleague["open"]) == 0 and Decimal(ask(desk, "receivables", "consultant1")["open"]) > 0


def test_house_money_outside_the_escrow_account_is_listed(desk, cashier):
    contract = desk.sign()
    receipt = desk.receive(contract, "50000")
    today = desk.office.project.today()
    span = {"from": (today - dt.timedelta(days=40)).isoformat(), "to": today.isoformat()}
    assert ask(desk, "escrow", **span)["rows"] == []  # of today: it may take a day
    day = (today - dt.timedelta(days=3)).isoformat()
    Licence.objects.update(issued_on=day)
    late = desk.receive(contract, "700", received_on=day)
    answer = ask(desk, "escrow", **span)
    assert [(r["number"], r["problem"]) for r in answer["rows"]] == [(late.number, "late")]
    one = line(desk, "700", day=today)
    run("confirm_bank_line", desk.office.access("finance"), one, receipt=late.pk)
    assert ask(desk, "escrow", **span)["rows"] == []
    other = line(desk, "900", account="999")
    run("confirm_bank_line", desk.office.access("finance"), other, receipt=receipt.pk)
    answer = ask(desk, "escrow", **span)
    assert [(r["number"], r["problem"]) for r in answer["rows"]] == [(receipt.number, "elsewhere")]


def test_a_day_without_unexplained_difference(desk, cashier):
    contract = desk.sign()
    receipt = desk.receive(contract, "50000")
    answer = ask(desk, "bank-day")
    assert (answer["missing"], answer["difference"]) == ("50000.00", "50000.00")
    one, stray = line(desk, "50000"), line(desk, "7.00")
    run("confirm_bank_line", desk.office.access("finance"), one, receipt=receipt.pk)
    assert ask(desk, "bank-day")["difference"] == "7.00"
    run("explain_bank_line", desk.office.access("finance"), stray, note="interest")
    assert ask(desk, "bank-day")["difference"] == "0.00"
