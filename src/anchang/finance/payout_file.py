"""Payout lists of lenders as files (按揭放款清单, 公积金放款清单): one row for each loan paid out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.finance.statement_file import StatementLine, StatementRow, account_number
from anchang.kernel.money import yuan
from anchang.platform.importing import cells
from anchang.platform.importing.cells import CellError
from anchang.platform.importing.mapping import ImportField, unit_in
from anchang.platform.importing.reader import Table
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, open_sheets, parse_rows

PAYOUT_FIELDS = (
    ImportField(
        "amount", _("Paid out"),
        ("放款金额", "发放金额", "实际放款金额", "本次放款金额", "贷款发放金额", "放款额", "到账金额", "贷款金额",
         "金额", "amount"),
        required=True,
    ),
    ImportField(
        "borrower", pgettext_lazy("loan", "Borrower"),
        ("借款人", "借款人姓名", "主借款人", "主贷人", "贷款人姓名", "客户姓名", "客户名称", "购房人", "姓名", "户名"),
    ),
    ImportField(
        "contract", _("Contract"),
        ("购房合同编号", "购房合同号", "合同编号", "网签合同号", "网签合同编号", "买卖合同号", "商品房合同号",
         "合同备案号", "网签号", "合同号"),
    ),
    ImportField(
        "unit", _("Unit"),
        ("房号", "楼栋房号", "房屋坐落", "房产坐落", "坐落", "房屋地址", "房产地址", "购房地址", "抵押物",
         "房源"),
    ),
    ImportField(
        "day", _("Day"), ("放款日期", "发放日期", "放款日", "放款时间", "到账日期", "入账日期", "起息日", "日期")
    ),
    ImportField(
        "loan", _("Loan number"),
        ("借据号", "借据编号", "贷款账号", "借款合同号", "贷款合同号", "借款合同编号", "贷款编号", "流水号"),
    ),
    ImportField("lender", _("Lender"), ("放款银行", "贷款银行", "放款机构", "经办机构", "经办行", "贷款行", "银行")),
    ImportField("kind", _("Kind"), ("贷款种类", "贷款类型", "贷款性质", "贷款品种", "业务品种", "产品名称")),
    ImportField("account", _("Account"), ("收款账号", "入账账号", "监管账号", "监管账户", "转入账号", "收款人账号")),
    ImportField("note", _("Note"), ("备注", "说明", "摘要")),
)  # fmt: skip
_DAY_FACTS = ("放款日期", "发放日期", "日期", "放款日", "到账日期")
_LENDER_FACTS = ("放款银行", "贷款银行", "放款机构", "经办行", "经办机构", "银行")
_FUND = "公积金"


def open_payouts(table: Table, columns: Mapping[str, int] | None = None, **options: Any) -> list[OpenSheet]:
    return open_sheets(table, PAYOUT_FIELDS, columns, **options)


def read_payouts(sheets: list[OpenSheet], today: date) -> Iterator[StatementLine]:
    """Each loan as a line of source `loan`. What a row doesn't say is taken from above the header: the day, the lender,
    and that it is a list of the housing fund."""
    for opened in sheets:
        plans = _plans(today, unit_in(opened.label("amount")))
        head = _head(opened, today)
        for parsed in parse_rows(opened, plans, several=len(sheets) > 1):
            yield _line(parsed, opened, head)


def _head(opened: OpenSheet, today: date) -> Mapping[str, Any]:
    facts = opened.layout.facts
    said = next((facts[k] for k in _DAY_FACTS if k in facts), "")
    return {
        "day": _said_day(said, today),
        "lender": next((facts[k] for k in _LENDER_FACTS if k in facts), "")[:60],
        "fund": _FUND in opened.layout.title,
    }  # fmt: skip


def _day(value: str, today: date) -> date:
    found = cells.office_date(value.partition(" ")[0], today)
    if found > today:
        raise CellError("date_in_future", value)
    return found


def _said_day(value: str, today: date) -> date | None:
    try:
        return _day(value, today)
    except CellError:
        return None


def _plans(today: date, unit: str) -> list[Plan]:
    short = {"borrower": 100, "contract": 60, "unit": 100, "loan": 60, "lender": 60, "kind": 60, "note": 100}
    return [
        Plan("amount", partial(cells.amount, unit=unit), required=True),
        Plan("day", partial(_day, today=today), strict=True), Plan("account", account_number),
        *(Plan(name, partial(cells.text, longest=size)) for name, size in short.items()),
    ]  # fmt: skip


def _line(parsed: Parsed, opened: OpenSheet, head: Mapping[str, Any]) -> StatementLine:
    problems = list(parsed.problems)
    v = parsed.values
    if not parsed.refused:
        missing = _missing(v, opened, head)
        problems += [Problem(parsed.row, label, "", "required", sheet=parsed.sheet) for label in missing]
    if any(problem.refuses for problem in problems):
        return StatementLine(parsed.row, parsed.cells, None, problems, parsed.sheet)
    said = [v[name] for name in ("contract", "unit", "kind", "note") if v[name]]
    amount: Decimal = v["amount"]
    row = StatementRow(
        row=parsed.row, day=v["day"] or head["day"], amount=yuan(amount), voucher=v["loan"] or "",
        counterparty=v["borrower"] or "", note=" ".join(dict.fromkeys(said))[:200], account=v["account"] or "",
        source="loan", way="fund" if head["fund"] or _FUND in (v["kind"] or "") else "mortgage",
        lender=v["lender"] or head["lender"],
    )  # fmt: skip
    return StatementLine(parsed.row, parsed.cells, row, problems, parsed.sheet)


def _missing(v: Mapping[str, Any], opened: OpenSheet, head: Mapping[str, Any]) -> list[str]:
    """Columns without which a row is no payout: an amount, a day, and something that names the deal."""
    found = [] if v["amount"] else [opened.label("amount")]
    if not (v["day"] or head["day"]):
        found.append(opened.label("day") or str(_("Day")))
    if not (v["borrower"] or v["contract"] or v["unit"]):
        found.append(opened.label("borrower") or opened.label("contract"))
    return found
