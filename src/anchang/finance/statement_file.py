"""Bank statements and POS lists as files: the columns that banks use, and rows as checked values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.kernel.money import MAX_AMOUNT, ZERO, yuan
from anchang.platform.importing import cells
from anchang.platform.importing.cells import CellError
from anchang.platform.importing.mapping import ImportField, check
from anchang.platform.importing.reader import Table
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, open_sheets, parse_rows

STATEMENT_FIELDS = (
    ImportField(
        "day", _("Day"),
        ("交易日期", "记账日期", "入账日期", "交易日", "记账日", "入账日", "到账日期", "发生日期", "业务日期", "日期",
         "清算日期", "date"), required=True,
    ),
    ImportField("time", _("Time"), ("交易时间", "记账时间", "入账时间", "发生时间", "时间", "time")),
    ImportField(
        "voucher", _("Bank voucher"),
        ("凭证号", "参考号", "检索参考号", "凭证号码", "reference"),
    ),
    ImportField(
        "serial", _("Bank serial number"),
        ("流水号", "交易流水号", "账户明细编号-交易流水号", "业务流水号", "账户明细编号", "交易编号", "流水"),
    ),
    ImportField(
        "debit", _("Money out"),
        ("借方发生额", "借方金额", "支出金额", "支出", "借方", "转出金额", "付款金额", "借方发生额(支取)", "debit"),
    ),
    ImportField(
        "credit", _("Money in"),
        ("贷方发生额", "贷方金额", "收入金额", "收入", "贷方", "转入金额", "收款金额", "贷方发生额(收入)", "credit"),
    ),
    ImportField("amount", _("Amount"), ("交易金额", "发生额", "金额", "amount")),
    ImportField(
        "direction", _("In or out"),
        ("借贷标志", "借贷方向", "借贷", "借贷标识", "收支方向", "收支类型", "收支标志", "收支", "收付标志", "收付方向",
         "资金流向", "方向", "交易类型", "交易方向"),
    ),
    ImportField("fee", _("POS fee"), ("手续费", "交易手续费", "扣率费")),
    ImportField("balance", _("Balance"), ("余额", "账户余额", "本次余额", "交易后余额", "balance")),
    ImportField(
        "counterparty", _("Other side"),
        ("对方户名", "对方名称", "对方单位名称", "对方账户名称", "对方单位", "收(付)方名称", "收(付)方户名",
         "交易对手名称", "交易对手", "对手户名", "交易对方", "付款人", "付款人名称", "付款方名称", "付款户名", "付款方",
         "户名", "借款人", "姓名", "对方", "payer"),
    ),
    ImportField(
        "counter_account", _("Other side's account"),
        ("对方账号", "对方帐号", "对方账户", "收(付)方账号", "交易对手账号", "对手账号", "付款人账号",
         "付款方账号", "付款账号", "卡号", "交易卡号"),
    ),
    ImportField("payee", _("Payee"), ("收款人名称", "收款人户名", "收款方名称", "收款人", "收款方", "收款户名")),
    ImportField("note", _("Note"), ("摘要", "交易摘要", "附言", "用途", "说明", "备注", "description")),
    ImportField("purpose", _("Purpose"), ("用途", "交易用途", "附言", "交易附言", "交易说明")),
    ImportField("remark", _("Further note"), ("备注", "交易备注", "个性化信息", "留言", "附加信息")),
    ImportField("terminal", _("POS terminal"), ("终端号", "终端编号", "商户号", "pos机号")),
    ImportField("account", _("Account"), ("本方账号", "账号", "帐号", "入账账号", "收款账号", "收款人账号")),
)  # fmt: skip
_ACCOUNT_FACT = ("账号", "帐号", "账户", "本方账号")
_TIME = re.compile(r"(\d{1,2}):?(\d{2})(?::?(\d{2}))?")
_NO_DIGIT = re.compile(r"[\s,，¥￥元]|CNY|RMB|人民币", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[(（](\d+(?:\.\d+)?)[)）]")
_SHORTEST_ACCOUNT = 6
_DIGITS = re.compile(r"[\s-]")
#: A bank's words for money that came (the account's credit side, 贷) and that left (借).
_IN = frozenset(
    ("贷", "贷方", "贷记", "收", "收入", "收款", "入", "转入", "存入", "来账", "进账", "c", "cr", "credit", "in", "+")
)
_OUT = frozenset(
    ("借", "借方", "借记", "支", "支出", "付", "付款", "出", "转出", "支取", "往账", "出账", "退货", "撤销", "消费撤销",
     "退款", "d", "dr", "debit", "out", "-")
)  # fmt: skip


@dataclass(frozen=True)
class StatementRow:
    """A line of the file. Money in is positive; `source`: of which kind of list. `way` and `lender`, where a list of
    payouts says them."""

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
    source: str = "bank"
    way: str = ""
    lender: str = ""


@dataclass(frozen=True)
class StatementLine:
    row: int
    cells: list[str]
    value: StatementRow | None
    problems: list[Problem]
    sheet: str = ""


def signed_amount(value: str) -> Decimal:
    """Yuan with sign, thousands marks and a currency allowed, as bookkeepers write it: `(1,000.00)` is below zero. Zero
    too. Raises not_a_number or too_large."""
    bare = _NO_DIGIT.sub("", value)
    if bare in ("", "-", "--"):
        return ZERO
    if match := _IN_BRACKETS.fullmatch(bare):
        bare = f"-{match.group(1)}"
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
    """`082535`, `8:25`, `2026-10-03 08:25:35` as 08:25:35, 08:25:00, 08:25:35; other texts are left away."""
    text = value.replace("T", " ").rpartition(" ")[2]
    if text.isdigit():
        if len(text) not in (5, 6, 14):
            return ""
        text = text[-6:].zfill(6)
    match = _TIME.fullmatch(text.partition(".")[0])
    if not match:
        return ""
    hour, minute, second = int(match.group(1)), int(match.group(2)), int(match.group(3) or 0)
    return f"{hour:02d}:{minute:02d}:{second:02d}" if hour < 24 and minute < 60 and second < 60 else ""


def direction(value: str) -> int:
    """1 for money that came, -1 for money that left, 0 where the word says neither (a kind of payment)."""
    word = value.strip().casefold()
    return 1 if word in _IN else -1 if word in _OUT else 0


def open_statement(
    table: Table, columns: Mapping[str, int] | None = None, **options: Any
) -> list[OpenSheet]:
    """The sheets with lines of an account. A bank that writes day and time into one column has no column of days:
    then the times say the day. Raises file_empty, file_no_header, mapping_wrong."""
    fields = tuple(replace(one, required=False) for one in STATEMENT_FIELDS)
    opened = [_with_day(one) for one in open_sheets(table, fields, columns, **options)]
    usable = [one for one in opened if "day" in one.columns] or opened[:1]
    for one in usable:
        check(one.columns, one.layout.labels, STATEMENT_FIELDS)
    return usable


def _with_day(opened: OpenSheet) -> OpenSheet:
    columns = dict(opened.columns)
    if "day" not in columns and "time" in columns:
        at = columns["time"]
        values = [row[at] for row in opened.layout.sample() if at < len(row)]
        if any(cells.looks_like_date(_day_part(value)) for value in values):
            columns["day"] = columns.pop("time")
    missing = [] if "day" in columns else ["day"]
    return replace(opened, columns=columns, guess=replace(opened.guess, columns=columns, missing=missing))


def _day_part(value: str) -> str:
    """The day of `2026-10-03 08:25:35` or `20261003082535`."""
    text = value.strip().replace("T", " ").partition(" ")[0]
    return text[:8] if text.isdigit() and len(text) == 14 else text


def account_number(value: str) -> str:
    """An account's number without blanks, as it is compared."""
    return _DIGITS.sub("", value)[:60]


def read_statement(sheets: list[OpenSheet], today: date) -> Iterator[StatementLine]:
    plans = _plans(today)
    for opened in sheets:
        facts = opened.layout.facts
        account = account_number(next((facts[k] for k in _ACCOUNT_FACT if k in facts), "")) or _account_above(opened)
        pos = "terminal" in opened.columns or "POS" in opened.layout.title.upper()
        for parsed in parse_rows(opened, plans, several=len(sheets) > 1):
            yield _line(parsed, opened, account, pos)


def _account_above(opened: OpenSheet) -> str:
    """The account from a row above the header whose cells are `账号` and the number."""
    for number, cells_ in opened.layout.sheet.rows():
        if number >= opened.layout.header_rows[0]:
            break
        for label, value in pairwise(cells_):
            found = account_number(value)
            if label.rstrip(":：") in _ACCOUNT_FACT and found.isdigit() and len(found) >= _SHORTEST_ACCOUNT:
                return found
    return ""


def _plans(today: date) -> list[Plan]:
    def moment(value: str) -> tuple[date, str]:
        found = cells.office_date(_day_part(value), today)
        if found > today:
            raise CellError("date_in_future", value)
        bare = value.strip()
        return found, clock(bare) if bare != _day_part(bare) else ""

    short = {
        "counterparty": 100, "payee": 100, "note": 200, "purpose": 200, "remark": 200, "terminal": 40, "account": 60,
        "counter_account": 60,
    }  # fmt: skip
    return [
        Plan("day", moment, required=True), Plan("time", clock), Plan("voucher", cells.identifier),
        Plan("serial", cells.identifier), Plan("direction", direction),
        *(Plan(name, signed_amount, strict=True) for name in ("debit", "credit", "amount", "fee")),
        Plan("balance", signed_amount),
        *(Plan(name, partial(cells.text, longest=size)) for name, size in short.items()),
    ]  # fmt: skip


def _amount(v: Mapping[str, Any]) -> Decimal:
    """Money in positive: by its own columns, else by the word for its direction, else by its sign."""
    amount: Decimal = (v["credit"] or ZERO) - abs(v["debit"] or ZERO) if _by_sides(v) else v["amount"] or ZERO
    return -abs(amount) if not _by_sides(v) and v["direction"] == -1 else amount


def _by_sides(v: Mapping[str, Any]) -> bool:
    return bool(v["credit"] or v["debit"])


def _note(v: Mapping[str, Any]) -> str:
    """Everything that the bank says about a line, each text once: any of it may name the unit."""
    return " ".join(dict.fromkeys(v[name] for name in ("note", "purpose", "remark") if v[name]))[:200]


def _line(parsed: Parsed, opened: OpenSheet, account: str, pos: bool) -> StatementLine:
    problems = list(parsed.problems)
    v = parsed.values
    amount = _amount(v)
    if not amount and not parsed.refused:
        label = opened.label("credit") or opened.label("amount") or opened.label("debit")
        problems.append(Problem(parsed.row, label, "", "required", sheet=parsed.sheet))
    if any(problem.refuses for problem in problems):
        return StatementLine(parsed.row, parsed.cells, None, problems, parsed.sheet)
    day, at = v["day"]
    row = StatementRow(
        row=parsed.row, day=day, amount=amount, time=v["time"] or at, voucher=v["voucher"] or v["serial"] or "",
        fee=abs(v["fee"] or ZERO), balance=v["balance"], counterparty=v["counterparty"] or "",
        counter_account=account_number(v["counter_account"] or ""), note=_note(v),
        account=account_number(v["account"] or "") or account, source="pos" if pos else "bank",
    )  # fmt: skip
    if amount < 0 and v["payee"]:
        # Payer and payee have columns of their own: what left went to the payee, from our account.
        row = replace(row, counterparty=v["payee"], counter_account=row.account, account=row.counter_account or account)
    if pos and v["terminal"] and not row.account:
        row = replace(row, account=f"POS {v['terminal']}"[:60])
    return StatementLine(parsed.row, parsed.cells, row, problems, parsed.sheet)
