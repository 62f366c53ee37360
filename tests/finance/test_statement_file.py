"""Bank statements as files: what banks write, and a row that can't be read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from anchang.finance.statement_file import clock, open_statement, read_statement, signed_amount
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
    assert first.value.counterparty == "马洋丽" and first.value.source == "bank"
    assert second.value.amount == Decimal("-1880000.00")
    assert bad_date.value is None and [p.code for p in bad_date.problems] == ["date_invalid"]
    assert empty.value is None and [p.code for p in empty.problems] == ["required"]


def test_a_list_of_card_payments():
    (one,) = lines(POS)
    assert one.value.source == "pos" and one.value.fee == Decimal("25.00") and one.value.voucher == "778899"
    assert one.value.account == "POS T1"


IN, OUT = ["甲乙", "6222017788"], ["丙丁", "6222027788"]
#: How banks write the same two lines: 50,000 in on 3 October, 1,000 out the day after.
OTHERS = {
    "direction in a column": """
账户明细
交易日期,交易时间,交易金额,借贷标志,本次余额,对方账号,对方户名,交易用途,交易摘要
2026-10-03,08:25:35,50000.00,贷,60000.00,6222017788,甲乙,2幢1003定金,转存
2026-10-04,08:25:35,1000.00,借,59000.00,6222027788,丙丁,退款,转支
""",
    "the day only within the time": """
[HISTORYDETAIL]
凭证号,本方账号,对方账号,交易时间,借/贷,借方发生额,贷方发生额,摘要,用途,对方单位名称,余额,个性化信息
100,33010409,6222017788,2026-10-03 08:25:35,贷,,"50,000.00",转账,2幢1003定金,甲乙,"60,000.00",
101,33010409,6222027788,2026-10-04 08:25:35,借,"1,000.00",,转账,退款,丙丁,"59,000.00",
""",
    "the account in a row above, the unit in the remark": """
账号,33010409,,
交易时间,借方发生额（支取）,贷方发生额（收入）,余额,对方户名,对方账号,记账日期,摘要,备注,账户明细编号-交易流水号,凭证号
20261003 08:25:35,0.00,50000.00,60000.00,甲乙,6222017788,20261003,跨行转账,2幢1003定金,1-AB,
20261004 08:25:35,1000.00,0.00,59000.00,丙丁,6222027788,20261004,转账,退款,1-AC,
""",
    "brackets in the names": """
交易日,交易时间,交易类型,借方金额,贷方金额,余额,摘要,流水号,收(付)方名称,收(付)方账号
20261003,08:25:35,汇款,,50000.00,60000.00,2幢1003定金,G1,甲乙,6222017788
20261004,08:25:35,汇款,1000.00,,59000.00,退款,G2,丙丁,6222027788
""",
    "payer and payee": """
交易类型[ Type ],付款人名称[ Payer ],付款人账号,收款人名称[ Payee ],收款人账号,交易日期,交易时间,交易金额,交易后余额,用途
来账,甲乙,6222017788,云栖置业,33010409,20261003,08:25:35,50000.00,60000.00,2幢1003定金
往账,云栖置业,33010409,丙丁,6222027788,20261004,08:25:35,-1000.00,59000.00,退款
""",
    "signs and a total": """
入账时间,收入（+元）,支出（-元）,账户余额（元）,对方名称,对方账户,备注,业务流水号
2026-10-03 08:25:35,50000.00, ,60000.00,甲乙,6222017788,2幢1003定金,X1
2026-10-04 08:25:35, ,-1000.00,59000.00,丙丁,6222027788,退款,X2
合计,50000.00,-1000.00,,,,,
""",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_what_other_banks_write(text):
    came, left = [line.value for line in lines(text.lstrip())]
    for row, day, amount, other in ((came, 3, "50000.00", IN), (left, 4, "-1000.00", OUT)):
        assert (row.day, row.time, row.amount) == (dt.date(2026, 10, day), "08:25:35", Decimal(amount))
        assert [row.counterparty, row.counter_account] == other
        assert row.account in ("", "33010409")
    assert "2幢1003" in came.note
    assert came.account == ("33010409" if "33010409" in text else "")


@pytest.mark.parametrize("text", ["12a", "NaN", "1e400"])
def test_amounts_that_are_none(text):
    with pytest.raises(CellError):
        signed_amount(text)


def test_amounts_as_bookkeepers_write_them():
    texts = ("CNY 1,000.50", "(1,000.00)", "+5", "￥-3", "--", "1，000元")
    assert [str(signed_amount(t)) for t in texts] == ["1000.50", "-1000.00", "5.00", "-3.00", "0.00", "1000.00"]


def test_times():
    assert [clock(t) for t in ("82535", "8:05", "20261003", "20261003082535", "999999", "")] == [
        "08:25:35", "08:05:00", "", "08:25:35", "", "",
    ]  # fmt: skip
