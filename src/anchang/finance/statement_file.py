"""Bank statements and POS lists as files: the columns that banks use, and rows as checked values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial

from django.utils.translation import gettext_lazy as _

from anchang.kernel.money import MAX_AMOUNT, ZERO, yuan
from anchang.platform.importing import cells
from anchang.platform.importing.cells import CellError
from anchang.platform.importing.mapping import ImportField
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, parse_rows

STATEMENT_FIELDS = (
    ImportField("day", _("Day"), ("交易日期", "记账日期", "入账日期", "日期", "清算日期", "date"), required=True),
    ImportField("time", _("Time"), ("交易时间", "记账时间", "时间", "time")),
    ImportField("voucher", _("Bank voucher"), ("凭证号", "流水号", "交易流水号", "参考号", "检索参考号", "凭证号码")),
    ImportField("debit", _("Money out"), ("借方发生额", "借方金额", "支出金额", "支出", "借方", "转出金额")),
    ImportField("credit", _("Money in"), ("贷方发生额", "贷方金额", "收入金额", "收入", "贷方", "转入金额")),
    ImportField("amount", _("Amount"), ("交易金额", "发生额", "金额", "amount")),
    ImportField("fee", _("POS fee"), ("手续费", "交易手续费", "扣率费")),
    ImportField("balance", _("Balance"), ("余额", "账户余额", "本次余额", "balance")),
    ImportField(
        "counterparty", _("Other side"), ("对方户名", "对方名称", "付款人", "付款人名称", "户名", "借款人", "姓名")
    ),
    ImportField(
        "counter_account", _("Other side's account"), ("对方账号", "对方帐号", "付款人账号", "卡号", "交易卡号")
    ),
    ImportField("note", _("Note"), ("摘要", "附言", "用途", "备注", "交易摘要")),
    ImportField("terminal", _("POS terminal"), ("终端号", "终端编号", "商户号", "pos机号")),
    ImportField("account", _("Account"), ("本方账号", "账号", "帐号", "入账账号", "收款账号")),
)  # fmt: skip
_ACCOUNT_FACT = ("账号", "帐号", "账户", "本方账号")
_TIME = re.compile(r"(\d{1,2}):?(\d{2})(?::?(\d{2}))?")
_DIGITS = re.compile(r"[\s-]")


@dataclass(frozen=True)
class StatementRow:
    """A line of the file. Money in is positive; `pos`: of a POS list, not of the bank."""

    row: int
    day: date
    amount: Decimal
    time: str = ""
    voucher: str = ""
    fee: Decimal = ZERO
    balance: Decimal | None = None
    counterparty: str = ""
    counter_account: str = ""
    note: str = ""
    account: str = ""
    pos: bool = False


@dataclass(frozen=True)
class StatementLine:
    row: int
    cells: list[str]
    value: StatementRow | None
    problems: list[Problem]
    sheet: str = ""


def signed_amount(value: str) -> Decimal:
    """Yuan with sign, thousands marks allowed; zero too. Raises not_a_number or too_large."""
    bare = re.sub(r"[\s,，¥￥]", "", value)
    if bare in ("", "-", "--"):
        return ZERO
    try:
        found = Decimal(bare)
    except InvalidOperation as error:
        raise CellError("not_a_number", value) from error
    if not found.is_finite():
        raise CellError("not_a_number", value)
    if abs(found) > MAX_AMOUNT:
        raise CellError("too_large", value)
    return yuan(found)


def clock(value: str) -> str:
    """`082535`, `8:25` as 08:25:35, 08:25:00; other texts are left away."""
    text = value.zfill(6) if value.isdigit() else value
    match = _TIME.search(text)
    if not match:
        return ""
    hour, minute, second = int(match.group(1)), int(match.group(2)), int(match.group(3) or 0)
    return f"{hour:02d}:{minute:02d}:{second:02d}" if hour < 24 and minute < 60 and second < 60 else ""


def account_number(value: str) -> str:
    """An account's number without blanks, as it is compared."""
    return _DIGITS.sub("", value)[:60]


def read_statement(sheets: list[OpenSheet], today: date) -> Iterator[StatementLine]:
    plans = _plans(today)
    for opened in sheets:
        facts = opened.layout.facts
        account = account_number(next((facts[k] for k in _ACCOUNT_FACT if k in facts), ""))
        pos = "terminal" in opened.columns or "POS" in opened.layout.title.upper()
        for parsed in parse_rows(opened, plans, several=len(sheets) > 1):
            yield _line(parsed, opened, account, pos)


def _plans(today: date) -> list[Plan]:
    def day(value: str) -> date:
        found = cells.office_date(value.split(" ")[0].split("T")[0], today)
        if found > today:
            raise CellError("date_in_future", value)
        return found

    short = {"counterparty": 100, "note": 200, "terminal": 40, "account": 60, "counter_account": 60}
    return [
        Plan("day", day, required=True), Plan("time", clock), Plan("voucher", cells.identifier),
        *(Plan(name, signed_amount, strict=True) for name in ("debit", "credit", "amount", "fee", "balance")),
        *(Plan(name, partial(cells.text, longest=size)) for name, size in short.items()),
    ]  # fmt: skip


def _line(parsed: Parsed, opened: OpenSheet, account: str, pos: bool) -> StatementLine:
    problems = list(parsed.problems)
    v = parsed.values
    amount = (v["credit"] or ZERO) - (v["debit"] or ZERO) or v["amount"] or ZERO
    if not amount and not parsed.refused:
        label = opened.label("credit") or opened.label("amount") or opened.label("debit")
        problems.append(Problem(parsed.row, label, "", "required", sheet=parsed.sheet))
    if any(problem.refuses for problem in problems):
        return StatementLine(parsed.row, parsed.cells, None, problems, parsed.sheet)
    row = StatementRow(
        row=parsed.row, day=v["day"], amount=amount, time=v["time"] or "", voucher=v["voucher"] or "",
        fee=abs(v["fee"] or ZERO), balance=v["balance"], counterparty=v["counterparty"] or "",
        counter_account=account_number(v["counter_account"] or ""), note=v["note"] or "",
        account=account_number(v["account"] or "") or account, pos=pos,
    )  # fmt: skip
    if pos and v["terminal"] and not row.account:
        row = replace(row, account=f"POS {v['terminal']}"[:60])
    return StatementLine(parsed.row, parsed.cells, row, problems, parsed.sheet)
