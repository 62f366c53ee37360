"""The books: standard accounts and templates, vouchers of last month exported and closed, this month's open; and the
marketing expenses of the year."""

from __future__ import annotations

import datetime as dt

from anchang.config.demo.people import Office, given
from anchang.finance.commands.expenses import (
    ExpenseInput,
    MarketingContractInput,
    PayExpenseInput,
    PlanInput,
    TargetInput,
    add_expense_plans,
    add_expense_targets,
    add_expenses,
    add_marketing_contracts,
    approve_expense,
    approve_expense_plan,
    approve_expense_target,
    approve_marketing_contract,
    pay_expense,
)
from anchang.finance.commands.voucher_exports import ExportInput, export_vouchers
from anchang.finance.commands.voucher_templates import SetUpInput, set_up_books
from anchang.finance.commands.vouchers import PeriodInput, close_period, make_vouchers, open_periods
from anchang.finance.models import ExpenseSubject, MarketingContract
from anchang.inventory.models import Licence
from anchang.platform.context import Context

#: Where marketing is paid from.
ACCOUNT = "571900088810801"
#: Code, name, the year's target, what it costs a month, supplier.
SUBJECTS = (
    ("MEDIA", "媒体推广", "1800000", "120000", "杭州新视界传媒有限公司"),
    ("EVENT", "活动展览", "900000", "60000", "杭州乐活会展服务有限公司"),
    ("OFFICE", "售楼处运营", "600000", "45000", "杭州安居物业服务有限公司"),
)
SPENT_MONTHS = 3


def keep_books(office: Office) -> None:
    _spend(office)
    last = (office.today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    ctx = office.context("finance")
    held = Licence.objects.filter(project=office.project).exclude(escrow_account="").order_by("pk").first()
    set_up_books(ctx, SetUpInput(bank_account=held.escrow_account if held else ACCOUNT))
    months = [PeriodInput(month=month) for month in (last, office.today.replace(day=1))]
    closing = open_periods(ctx, months)[0]
    make_vouchers(ctx, last)
    ctx.flush()
    ctx = office.context("finance")
    export_vouchers(ctx, [given(ctx, ExportInput(period=closing.pk, format="kingdee"))])
    close_period(ctx, closing)
    ctx.flush()


def _spend(office: Office) -> None:
    """For each subject the year's approved target, a contract, and the last months planned, spent and paid."""
    new_year = office.today.replace(month=1, day=1)
    for code, name, target, month, supplier in SUBJECTS:
        ctx = office.context("finance")
        subject = ExpenseSubject.objects.create(project=office.project, code=code, name=name)
        wanted = TargetInput(year=new_year.year, subject=subject.pk, amount=target)
        approve_expense_target(office.context("director"), add_expense_targets(ctx, [given(ctx, wanted)])[0])
        paper = MarketingContractInput(
            number=f"YX-{new_year.year}-{code}", title=f"{name}年度框架合同", supplier=supplier, subject=subject.pk,
            amount=target, signed_on=new_year,
        )  # fmt: skip
        contract = add_marketing_contracts(ctx, [given(ctx, paper)])[0]
        approve_marketing_contract(ctx, contract)
        day = office.today.replace(day=1)
        for _ in range(SPENT_MONTHS):
            if day >= new_year:
                _spend_month(ctx, subject, contract, month, day, paid=day.month < office.today.month)
            day = (day - dt.timedelta(days=1)).replace(day=1)
        ctx.flush()


def _spend_month(
    ctx: Context, subject: ExpenseSubject, contract: MarketingContract, amount: str, day: dt.date, paid: bool
) -> None:
    plan = add_expense_plans(ctx, [given(ctx, PlanInput(month=day, subject=subject.pk, amount=amount))])[0]
    approve_expense_plan(ctx, plan)
    wanted = ExpenseInput(contract=contract.pk, amount=amount, incurred_on=day, content=f"{day:%Y-%m}")
    expense = add_expenses(ctx, [given(ctx, wanted)])[0]
    approve_expense(ctx, expense)
    if paid:
        expense.refresh_from_db()
        pay_expense(ctx, expense, PayExpenseInput(account=ACCOUNT, paid_on=day))
