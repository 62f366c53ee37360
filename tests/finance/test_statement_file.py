"""Bank statements as files: what banks write, and a row that can't be read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from anchang.finance.imports import open_statement
from anchang.finance.statement_file import clock, read_statement, signed_amount
from anchang.platform.importing.cells import CellError
from anchang.platform.importing.reader import read_table

TODAY = dt.date(2026, 11, 21)
BANK = """账户明细查询
账号：\t3301 0402 0901 8888 888\t户名：云栖置业有限公司预售资金监管账户
起止日期：2026-10-01至2026-10-31

交易日期,交易时间,凭证号,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要
20261003,82535,\t38839355,,"816,170.00","19,066,170.00",马洋丽,\t6222067710857816,2幢1003购房款
20261024,130120,\t38788449,"1,880,000.00",,"17,186,170.00",滨江区建设局,\t6222851060266445,工程款
20261131,130120,\t1,"1,880,000.00",,"17,186,170.00",x,\t6,工程款
20261025,130120,\t2,,,"17,186,170.00",x,\t6,空
"""
POS = "POS交易明细\n交易日期,交易时间,终端号,卡号,交易金额,手续费,参考号\n2026-10-03,08:25:35,T1,6222,50000.00,25.00,778899\n"


def lines(text: str) -> list:
    return list(read_statement(open_statement(read_table(text.encode("gb18030"), "x.csv")), TODAY))


def test_a_statement_of_a_bank():
    first, second, bad_date, empty = lines(BANK)
    assert first.value.day == dt.date(2026, 10, 3) and first.value.time == "08:25:35"
    assert first.value.amount == Decimal("816170.00") and first.value.balance == Decimal("19066170.00")
    assert first.value.account == "330104020901" + "8888888" and first.value.voucher == "38839355"
    assert first.value.counterparty == "马洋丽" and not first.value.pos
    assert second.value.amount == Decimal("-1880000.00")
    assert bad_date.value is None and [p.code for p in bad_date.problems] == ["date_invalid"]
    assert empty.value is None and [p.code for p in empty.problems] == ["required"]


def test_a_list_of_card_payments():
    (one,) = lines(POS)
    assert one.value.pos and one.value.fee == Decimal("25.00") and one.value.voucher == "778899"
    assert one.value.account == "POS T1"


@pytest.mark.parametrize("text", ["12a", "NaN", "1e400"])
def test_amounts_that_are_none(text):
    with pytest.raises(CellError):
        signed_amount(text)


def test_times():
    assert [clock(t) for t in ("82535", "8:05", "999999", "")] == ["08:25:35", "08:05:00", "", ""]
