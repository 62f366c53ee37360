"""Marketing expenses: target, plan, contract, expense, payment, and the ledger over them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from anchang.finance.models import Expense, ExpensePayment, ExpensePlan, ExpenseTarget, MarketingContract, Voucher
from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.reading import Query
from tests.factories import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(desk):
    return desk.office.access("finance"), desk.office.access("director")


@pytest.fixture
def subject(people):
    return run("create_expense_subjects", people[0], project="YQ", code="MEDIA", name="媒体推广")


def attack(sql, *params, error=IntegrityError):
    with pytest.raises(error), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
        connection.check_constraints()


def refused(code, *args, **data):
    with pytest.raises(DomainError) as error:
        run(*args, **data)
    assert error.value.code == code


def make_target(people, subject, year, **more):
    target = run("add_expense_targets", people[0], project="YQ", year=year, subject=subject.pk, **more)
    run("approve_expense_target", people[1], target)
    return target


def test_target_is_rate_of_planned_sales_and_locked_after_approval(people, subject):
    finance, director = people
    data = {"project": "YQ", "year": 2026, "subject": subject.pk}
    refused("target_amount_missing", "add_expense_targets", finance, **data, rate="0.015")
    target = run("add_expense_targets", finance, **data, rate="0.015", sales_plan="100000001")
    assert target.amount == Decimal("1500000.02")  # 1,500,000.015 half up
    refused("forbidden", "approve_expense_target", finance, target)
    run("approve_expense_target", director, target)
    attack("UPDATE finance_expensetarget SET amount = amount + 1 WHERE id = %s", target.pk)
    attack("DELETE FROM finance_expensetarget WHERE id = %s", target.pk)
    assert ExpenseTarget.objects.get().state == "approved"


def test_plans_stay_within_the_target_unless_approved(people, subject):
    finance, director = people
    plans = [
        run("add_expense_plans", finance, project="YQ", subject=subject.pk, month=f"2026-{m:02d}-15", amount="600")
        for m in (1, 2)
    ]
    refused("target_not_approved", "approve_expense_plan", finance, plans[0])
    make_target(people, subject, 2026, amount="1000")
    run("approve_expense_plan", finance, plans[0])
    refused("expense_over_target", "approve_expense_plan", finance, plans[1])
    attack("UPDATE finance_expenseplan SET state = 'approved' WHERE id = %s", plans[1].pk)
    refused("forbidden", "approve_plan_over_target", finance, plans[1], reason="开盘加推")
    run("approve_plan_over_target", director, plans[1], reason="开盘加推")
    assert list(ExpensePlan.objects.order_by("month").values_list("over_target", flat=True)) == [False, True]


def test_payment_never_exceeds_the_contract(people, subject):
    finance, _director = people
    contract = run(
        "add_marketing_contracts", finance, project="YQ", number="YX-1", title="户外广告", supplier="某广告公司",
        subject=subject.pk, amount="1000", signed_on="2026-01-05",
    )  # fmt: skip
    bought = {"project": "YQ", "contract": contract.pk}
    refused("contract_not_active", "add_expenses", finance, **bought, amount="1")
    run("approve_marketing_contract", finance, contract)
    expense = run("add_expenses", finance, **bought, amount="700")
    assert (expense.subject_id, expense.supplier) == (subject.pk, "某广告公司")
    refused("more_than_contract", "add_expenses", finance, **bought, amount="300.01")
    refused("state_refused", "pay_expense", finance, expense, account="3301")
    run("approve_expense", finance, expense)
    refused("more_than_unpaid", "pay_expense", finance, expense, amount="700.01", account="3301")
    payment = run("pay_expense", finance, expense, amount="500", account="3301")
    contract.refresh_from_db()
    assert (contract.incurred, contract.paid, contract.balance) == (700, 500, 500)
    run("reverse_expense_payment", finance, payment, reason="x")
    refused("state_refused", "reverse_expense_payment", finance, payment, reason="x")
    expense.refresh_from_db()
    assert (expense.paid, expense.unpaid) == (0, 700)
    attack("UPDATE finance_marketingcontract SET paid = 1 WHERE id = %s", contract.pk)
    attack("UPDATE finance_expense SET paid = 1 WHERE id = %s", expense.pk)
    attack("UPDATE finance_expense SET amount = 1 WHERE id = %s", expense.pk)
    attack("UPDATE finance_expensepayment SET amount = 1", error=ProgrammingError)
    insert = (
        "INSERT INTO finance_expensepayment (project_id, expense_id, amount, paid_on, account, reference, reason, at)"
        " SELECT project_id, id, 700.01, current_date, '', '', '', now() FROM finance_expense WHERE id = %s"
    )
    attack(insert, expense.pk)


def test_voiding_gives_the_contract_its_amount_back(people, subject):
    finance, _director = people
    contract = run(
        "add_marketing_contracts", finance, project="YQ", number="YX-1", title="x", supplier="x",
        subject=subject.pk, amount="10", signed_on="2026-01-05",
    )  # fmt: skip
    run("approve_marketing_contract", finance, contract)
    expense = run("add_expenses", finance, project="YQ", contract=contract.pk, amount="10")
    run("void_expense", finance, expense, reason="x")
    assert MarketingContract.objects.get().incurred == 0
    refused("bad_input", "add_expenses", finance, project="YQ", amount="10")  # neither contract nor subject


def test_ledger_and_vouchers(people, subject):
    finance, _director = people
    today = timezone.localdate()
    make_target(people, subject, today.year, amount="1000")
    plan = run("add_expense_plans", finance, project="YQ", subject=subject.pk, month=today.isoformat(), amount="400")
    run("approve_expense_plan", finance, plan)
    expense = run("add_expenses", finance, project="YQ", subject=subject.pk, supplier="某公司", amount="300.05")
    run("approve_expense", finance, expense)
    run("pay_expense", finance, expense, amount="100", account="3301")
    row = reading.list_rows(resources.get("expense-targets"), finance, Query()).items[0]
    assert {k: row[k] for k in ("amount", "planned", "incurred", "paid", "remaining")} == {
        "amount": "1000.00", "planned": "400.00", "incurred": "300.05", "paid": "100.00", "remaining": "699.95",
    }  # fmt: skip
    month = reading.list_rows(resources.get("expense-plans"), finance, Query()).items[0]
    assert (month["amount"], month["incurred"], month["paid"]) == ("400.00", "300.05", "100.00")
    run("set_up_books", finance, project="YQ", bank_account="3301")
    run("open_periods", finance, project="YQ", month=today.isoformat())
    assert run("generate_vouchers", finance, project="YQ") == {"made": 2, "rejected": 0}
    assert Voucher.objects.get(expense=expense).total == Decimal("300.05")
    assert Voucher.objects.get(payment=ExpensePayment.objects.get()).total == Decimal("100.00")
    assert Expense.objects.get().number.startswith(f"FY{today.year}")
